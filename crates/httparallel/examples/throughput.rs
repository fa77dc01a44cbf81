//! What the engine costs without any binding: many small GETs in one parallel block, then one after another.
//!
//! `cargo run --release --example throughput -- http://127.0.0.1:8000/small 100000 100`

use std::time::Instant;

use httparallel::{Block, Config, Content, Engine, Headers, Method, Request, Settings, Url};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = Url::parse(&arguments.next().ok_or("usage: throughput URL [REQUESTS] [IN_FLIGHT]")?)?;
    let requests: usize = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let in_flight: usize = arguments.next().map_or(Ok(100), |text| text.parse())?;

    let request = Request::new(Method::GET, url, &Headers::new(), Content::Empty)?;
    let engine = Engine::new(Config::default());

    let started = Instant::now();
    let block = Block::new(&engine, Some(in_flight))?;
    for _ in 0..requests {
        block.submit(request.clone(), Settings::default(), None)?;
    }
    let mut answered = 0;
    while let Ok(Some(outcome)) = block.next(&mut || Ok(())) {
        outcome.operation.head()?;
        answered += 1;
    }
    report("parallel", answered, started);

    let started = Instant::now();
    let sequential = requests / 10;
    for _ in 0..sequential {
        let settings = Settings { blocking: true, ..Settings::default() };
        let operation = engine.start(request.clone(), settings, None)?;
        operation.wait(&mut || Ok(())).map_err(|_| "interrupted")?;
        operation.head()?;
    }
    report("sequential", sequential, started);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a rate is told to a few digits")]
fn report(what: &str, requests: usize, started: Instant) {
    let elapsed = started.elapsed();
    let rate = requests as f64 / elapsed.as_secs_f64();
    println!("{what}: {requests} requests in {elapsed:.3?}, {rate:.0} per second");
}
