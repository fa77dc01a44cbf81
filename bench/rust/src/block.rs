//! httparallel's parallel block: a response makes room for a request, as in the tasks that keep the others busy.

use httparallel::blocking::Client;

use crate::Error;
use crate::job::{Job, Operation};
use crate::ours::settings;
use crate::resources::{Measurement, Outcome};

/// One run.
pub(crate) fn run(job: &Job) -> Result<(), Error> {
    let new = || settings(Client::builder(), job).build();
    let mut client = new()?;
    block(job, &job.warm_url, &client, job.in_flight.min(job.most))?;
    let mut trials = job.trials();
    for number in &mut trials {
        block(job, &job.warm_url, &client, number)?;
    }
    let count = trials.count;
    let measurement = Measurement::begin()?;
    if job.fresh {
        client = new()?;
    }
    let outcome = block(job, &job.url, &client, count)?;
    measurement.end(count, outcome);
    Ok(())
}

fn block(job: &Job, url: &str, client: &Client, count: usize) -> Result<Outcome, Error> {
    let mut parallel = client.parallel_limited(job.in_flight);
    let mut urls = std::iter::repeat_n(url, count);
    for url in urls.by_ref().take(job.in_flight) {
        parallel.get(url)?;
    }
    let mut size = 0;
    while let Some(outcome) = parallel.next_response() {
        if let Some(url) = urls.next() {
            parallel.get(url)?;
        }
        let response = outcome.response?;
        size += match job.operation {
            Operation::Json => response.json::<Vec<serde_json::Value>>()?.len(),
            _ => response.bytes().len(),
        } as u64;
    }
    Ok(Outcome { size, seconds: Vec::new() })
}
