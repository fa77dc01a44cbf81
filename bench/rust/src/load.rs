//! Keeping a client busy: as many tasks or threads as requests in flight, each of which takes the next number.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use crate::Error;
use crate::job::Job;
use crate::resources::{Measurement, Outcome};

/// More threads than this make a blocking client slower.
const THREADS: usize = 32;

/// A client for async code; each task has its own clone.
pub(crate) trait Client: Clone + 'static {
    /// Does what the job says with one request, and returns the size of what came back.
    async fn perform(&mut self, job: &Job, url: &str) -> Result<u64, Error>;
}

/// A client for blocking code, shared by threads.
pub(crate) trait BlockingClient: Sync {
    /// As [`Client::perform`].
    fn perform(&self, job: &Job, url: &str) -> Result<u64, Error>;
}

/// One run of an async client on one thread.
pub(crate) fn asynchronous<C: Client>(
    job: &Job,
    new: &impl AsyncFn(&Job) -> Result<C, Error>,
) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let mut clients = clones(job, new).await?;
        warm_up_tasks(job, &mut clients, job.in_flight.min(job.most)).await?;
        let mut trials = job.trials();
        for number in &mut trials {
            warm_up_tasks(job, &mut clients, number).await?;
        }
        let count = trials.count;
        let measurement = Measurement::begin()?;
        if job.fresh {
            clients = clones(job, new).await?;
        }
        let outcome = tasks(job, &job.url, &mut clients, count).await?;
        measurement.end(count, outcome);
        Ok(())
    })
}

async fn clones<C: Client>(job: &Job, new: &impl AsyncFn(&Job) -> Result<C, Error>) -> Result<Vec<C>, Error> {
    let client = new(job).await?;
    Ok(vec![client; job.in_flight])
}

async fn warm_up_tasks<C: Client>(job: &Job, clients: &mut Vec<C>, count: usize) -> Result<(), Error> {
    tasks(job, &job.warm_url, clients, count).await.map(drop)
}

async fn tasks<C: Client>(
    job: &Job,
    url: &str,
    clients: &mut Vec<C>,
    count: usize,
) -> Result<Outcome, Error> {
    let left = Rc::new(Cell::new(count));
    let running: Vec<_> = clients
        .drain(..)
        .map(|mut client| {
            let (left, job, url) = (Rc::clone(&left), job.clone(), url.to_owned());
            tokio::task::spawn_local(async move {
                let mut outcome = Outcome::default();
                while left.get() > 0 {
                    left.set(left.get() - 1);
                    let start = Instant::now();
                    outcome.size += client.perform(&job, &url).await?;
                    outcome.seconds.push(start.elapsed().as_secs_f64());
                }
                Ok::<_, Error>((client, outcome))
            })
        })
        .collect();
    let mut total = Outcome::default();
    for task in running {
        let (client, outcome) = task.await??;
        clients.push(client);
        total.add(outcome);
    }
    Ok(total)
}

/// One run of a blocking client, in this thread or in several.
pub(crate) fn blocking<C: BlockingClient>(
    job: &Job,
    new: &impl Fn(&Job) -> Result<C, Error>,
) -> Result<(), Error> {
    let mut client = new(job)?;
    threads(job, &job.warm_url, &client, job.in_flight.min(job.most))?;
    let mut trials = job.trials();
    for number in &mut trials {
        threads(job, &job.warm_url, &client, number)?;
    }
    let count = trials.count;
    let measurement = Measurement::begin()?;
    if job.fresh {
        client = new(job)?;
    }
    let outcome = threads(job, &job.url, &client, count)?;
    measurement.end(count, outcome);
    Ok(())
}

fn threads<C: BlockingClient>(job: &Job, url: &str, client: &C, count: usize) -> Result<Outcome, Error> {
    let started = AtomicUsize::new(0);
    let work = || {
        let mut outcome = Outcome::default();
        while started.fetch_add(1, Relaxed) < count {
            let start = Instant::now();
            outcome.size += client.perform(job, url)?;
            outcome.seconds.push(start.elapsed().as_secs_f64());
        }
        Ok::<_, Error>(outcome)
    };
    if job.sequential {
        return work();
    }
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..job.in_flight.min(THREADS)).map(|_| scope.spawn(work)).collect();
        let mut total = Outcome::default();
        for thread in running {
            total.add(thread.join().map_err(|_| "a thread panicked")??);
        }
        Ok(total)
    })
}
