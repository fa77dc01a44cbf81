//! One run of one Rust client: what `bench/worker.py` does for a Python client, with the same arguments and the same
//! JSON at the end.
//!
//! `httparallel-bench-clients CLIENT name=value …` warms up, prints `ready`, waits for a line on standard input, runs,
//! and prints its figures.

mod block;
mod hyper_client;
mod job;
mod load;
mod ours;
mod reqwest_client;
mod resources;

use std::process::ExitCode;

use job::Job;

/// Whatever a client fails with: it ends the run.
type Error = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Error> {
    let mut words = std::env::args().skip(1);
    let client = words.next().ok_or("no client named")?;
    let job = Job::parse(words)?;
    match client.as_str() {
        "hyper" => load::asynchronous(&job, &hyper_client::Hyper::new),
        "reqwest" => load::asynchronous(&job, &reqwest_client::Reqwest::new),
        "client" => load::asynchronous(&job, &ours::Async::new),
        "blocking" => load::blocking(&job, &ours::Blocking::new),
        "parallel" => block::run(&job),
        _ => Err(format!("no such client: {client}").into()),
    }
}
