"""httparallel's parallel block in Rust; see `rust/src/block.rs`."""

TITLE = "httparallel parallel (Rust)"
KIND = "ours"
PROGRAM = "parallel"
BACKENDS = ("rust",)
PROTOCOLS = ("http/1.1", "h2c", "h2")
OPERATIONS = ("get", "gzip", "json")
