"""reqwest; see `rust/src/reqwest_client.rs`."""

TITLE = "reqwest (Rust)"
KIND = "rust"
PROGRAM = "reqwest"
BACKENDS = ("rust",)
PROTOCOLS = ("http/1.1", "h2c", "h2")
OPERATIONS = ("get", "gzip", "json", "download", "upload", "upload_stream")
