"""httparallel's blocking client for Rust; see `rust/src/ours.rs`."""

TITLE = "httparallel blocking (Rust)"
KIND = "ours"
PROGRAM = "blocking"
BACKENDS = ("rust-sync", "rust-threads")
PROTOCOLS = ("http/1.1", "h2c", "h2")
OPERATIONS = ("get", "gzip", "json", "download", "upload")
