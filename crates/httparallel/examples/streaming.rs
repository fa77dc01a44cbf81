//! Downloads a URL to the standard output, piece by piece, however large it is.
//!
//! `cargo run --example streaming -- https://example.com > page.html`
//!
//! Without an argument it downloads from a test server of its own.

use std::error::Error;
use std::io::Write;

use httparallel::blocking::Client;
use httparallel_testserver::{Options, TestServer};

fn main() -> Result<(), Box<dyn Error>> {
    let server = TestServer::start(Options::default())?;
    let url = std::env::args().nth(1).unwrap_or_else(|| server.http_url() + "/stream/10");

    let mut response = Client::new().get(url).follow_redirects(true).stream()?.error_for_status()?;
    let mut received = 0;
    while let Some(chunk) = response.chunk()? {
        received += chunk.len();
        std::io::stdout().write_all(&chunk)?;
        eprintln!("{received} bytes");
    }
    Ok(())
}
