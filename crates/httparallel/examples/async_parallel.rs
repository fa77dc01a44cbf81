//! Fetches many URLs at once from async code. The executor is of no importance; this one is `futures_lite`'s.
//!
//! `cargo run --example async_parallel -- https://example.com https://example.org`
//!
//! Without arguments it fetches from a test server of its own.

use std::error::Error;

use httparallel::Client;
use httparallel_testserver::{Options, TestServer};

fn main() -> Result<(), Box<dyn Error>> {
    futures_lite::future::block_on(fetch())
}

async fn fetch() -> Result<(), Box<dyn Error>> {
    let server = TestServer::start(Options::default())?;
    let client = Client::builder().base_url(server.http_url()).follow_redirects(true).build()?;
    let mut parallel = client.parallel();

    // One response in particular …
    let echo = parallel.submit(client.post("/echo").form([("name", "value")]))?;
    // … and others as they come.
    for url in urls() {
        parallel.get(url)?;
    }
    println!("{}", echo.response().await?.text());
    while let Some(outcome) = parallel.next_response().await {
        let response = outcome.response?.error_for_status()?;
        println!("{} bytes from {}", response.bytes().len(), response.url().redacted());
    }

    // Or all of them in order.
    let mut responses = parallel.map(["/bytes/1", "/bytes/2", "/bytes/3"])?;
    while let Some(response) = responses.next().await {
        println!("{}", response?.text());
    }
    Ok(())
}

fn urls() -> Vec<String> {
    let given: Vec<_> = std::env::args().skip(1).collect();
    if given.is_empty() { (1..=10).map(|size| format!("/bytes/{size}000")).collect() } else { given }
}
