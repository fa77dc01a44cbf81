//! Fetches many URLs at once, from plain blocking code.
//!
//! `cargo run --example parallel -- https://example.com https://example.org`
//!
//! Without arguments it fetches from a test server of its own.

use std::error::Error;
use std::time::Instant;

use httparallel::blocking::Client;
use httparallel_testserver::{Options, TestServer};

fn main() -> Result<(), Box<dyn Error>> {
    let server = TestServer::start(Options::default())?;
    let client = Client::builder().base_url(server.http_url()).follow_redirects(true).build()?;
    let started = Instant::now();

    let mut parallel = client.parallel();
    for url in urls() {
        parallel.get(url)?;
    }
    for outcome in &mut parallel {
        let took = started.elapsed();
        match outcome.response {
            Ok(response) => println!("{took:>10.1?}  {}  {}", response.status(), outcome.url.redacted()),
            Err(error) => println!("{took:>10.1?}  {error}  {}", outcome.url.redacted()),
        }
    }
    Ok(())
}

fn urls() -> Vec<String> {
    let given: Vec<_> = std::env::args().skip(1).collect();
    if !given.is_empty() {
        return given;
    }
    let sites = ["webcode.me", "httpbin.org", "google.com", "stackoverflow.com", "github.com", "clojure.org"];
    sites.map(|site| format!("/site/{site}")).into()
}
