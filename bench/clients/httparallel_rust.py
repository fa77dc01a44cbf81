"""httparallel's async client for Rust; see `rust/src/ours.rs`."""

TITLE = "httparallel Client (Rust)"
KIND = "ours"
PROGRAM = "client"
BACKENDS = ("rust",)
PROTOCOLS = ("http/1.1", "h2c", "h2")
OPERATIONS = ("get", "gzip", "json", "download", "upload")
