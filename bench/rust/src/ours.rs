//! httparallel's two Rust clients.

use std::time::Duration;

use httparallel::{Body, Client as AsyncClient, ClientBuilder, Limits, Protocols, Verify, blocking};

use crate::Error;
use crate::job::{Job, Operation};
use crate::load::{BlockingClient, Client};

/// The settings that a job asks for, for either client.
pub(crate) fn settings<C>(builder: ClientBuilder<C>, job: &Job) -> ClientBuilder<C> {
    let limits = Limits { max_connections: None, max_keepalive_connections: None, ..Limits::default() };
    let verify = job.ca.clone().map_or(Verify::Platform, Verify::Roots);
    builder
        .no_proxy()
        .limits(limits)
        .verify(verify)
        .protocols(Protocols { http1: !job.http2, http2: job.http2 })
        .timeout(Duration::from_secs(60))
}

#[derive(Clone)]
pub(crate) struct Async(AsyncClient);

impl Async {
    #[expect(clippy::unused_async, reason = "others have to connect")]
    pub(crate) async fn new(job: &Job) -> Result<Self, Error> {
        Ok(Self(settings(AsyncClient::builder(), job).build()?))
    }
}

impl Client for Async {
    async fn perform(&mut self, job: &Job, url: &str) -> Result<u64, Error> {
        Ok(match job.operation {
            Operation::Get => self.0.get(url).send().await?.bytes().len() as u64,
            Operation::Json => self.0.get(url).send().await?.json::<Vec<serde_json::Value>>()?.len() as u64,
            Operation::Download => {
                let mut body: Body = self.0.get(url).stream().await?.into_body();
                let mut size = 0;
                while let Some(chunk) = body.chunk().await? {
                    size += chunk.len() as u64;
                }
                size
            }
            Operation::Upload => self.0.post(url).body(job.content.clone()).send().await?.text().parse()?,
            Operation::UploadStream => return Err("cannot stream uploads".into()),
        })
    }
}

pub(crate) struct Blocking(blocking::Client);

impl Blocking {
    pub(crate) fn new(job: &Job) -> Result<Self, Error> {
        Ok(Self(settings(blocking::Client::builder(), job).build()?))
    }
}

impl BlockingClient for Blocking {
    fn perform(&self, job: &Job, url: &str) -> Result<u64, Error> {
        Ok(match job.operation {
            Operation::Get => self.0.get(url).send()?.bytes().len() as u64,
            Operation::Json => self.0.get(url).send()?.json::<Vec<serde_json::Value>>()?.len() as u64,
            Operation::Download => {
                let mut body = self.0.get(url).stream()?.into_body();
                let mut size = 0;
                while let Some(chunk) = body.chunk()? {
                    size += chunk.len() as u64;
                }
                size
            }
            Operation::Upload => self.0.post(url).body(job.content.clone()).send()?.text().parse()?,
            Operation::UploadStream => return Err("cannot stream uploads".into()),
        })
    }
}
