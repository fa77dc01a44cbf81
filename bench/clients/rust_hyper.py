"""hyper's connections without a client around them: the limit for Rust; see `rust/src/hyper_client.rs`."""

TITLE = "raw hyper (Rust)"
KIND = "limit"
PROGRAM = "hyper"
BACKENDS = ("rust",)
PROTOCOLS = ("http/1.1", "h2c", "h2")
OPERATIONS = ("get", "json", "download", "upload")
