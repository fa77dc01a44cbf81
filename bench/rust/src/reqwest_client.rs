//! reqwest.

use futures_util::stream;

use crate::Error;
use crate::job::{Job, Operation};
use crate::load::Client;

/// What is made at a time for a streamed upload.
const PIECE: usize = 64 * 1024;

#[derive(Clone)]
pub(crate) struct Reqwest(reqwest::Client);

impl Reqwest {
    #[expect(clippy::unused_async, reason = "others have to connect")]
    pub(crate) async fn new(job: &Job) -> Result<Self, Error> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder().no_proxy();
        if let Some(pem) = &job.ca {
            builder = builder.tls_certs_only([reqwest::Certificate::from_pem(pem)?]);
        }
        builder = if job.http2 { builder.http2_prior_knowledge() } else { builder.http1_only() };
        Ok(Self(builder.build()?))
    }
}

impl Client for Reqwest {
    async fn perform(&mut self, job: &Job, url: &str) -> Result<u64, Error> {
        Ok(match job.operation {
            Operation::Get => self.0.get(url).send().await?.bytes().await?.len() as u64,
            Operation::Json => {
                self.0.get(url).send().await?.json::<Vec<serde_json::Value>>().await?.len() as u64
            }
            Operation::Download => {
                let mut response = self.0.get(url).send().await?;
                let mut size = 0;
                while let Some(chunk) = response.chunk().await? {
                    size += chunk.len() as u64;
                }
                size
            }
            Operation::Upload => {
                self.0.post(url).body(job.content.clone()).send().await?.text().await?.parse()?
            }
            Operation::UploadStream => {
                let lengths: Vec<usize> = job.content.chunks(PIECE).map(<[u8]>::len).collect();
                let pieces = lengths.into_iter().map(|length| Ok::<_, Error>(vec![b'x'; length]));
                let body = reqwest::Body::wrap_stream(stream::iter(pieces));
                self.0.post(url).body(body).send().await?.text().await?.parse()?
            }
        })
    }
}
