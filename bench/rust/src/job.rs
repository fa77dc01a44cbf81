//! What a run is asked to do; `bench/job.py` says what the words mean.

use std::collections::HashMap;
use std::time::Instant;

use bytes::Bytes;

use crate::Error;

/// How much of a run's time a trial takes at the least.
const TRIAL: f64 = 0.2;

/// What is done with each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// GET, the body in one piece, decoded if it is coded.
    Get,
    /// The same, parsed.
    Json,
    /// GET, the body piece by piece.
    Download,
    /// POST of bytes that are in memory.
    Upload,
    /// POST of bytes that are made while they are sent.
    UploadStream,
}

/// One run's arguments.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) operation: Operation,
    pub(crate) url: String,
    pub(crate) warm_url: String,
    /// Whether one request follows the other, in the calling thread.
    pub(crate) sequential: bool,
    pub(crate) in_flight: usize,
    /// How long the run should take, within these numbers of requests.
    pub(crate) seconds: f64,
    pub(crate) least: usize,
    pub(crate) most: usize,
    /// The authority to trust (PEM).
    pub(crate) ca: Option<Vec<u8>>,
    pub(crate) http2: bool,
    /// Whether the client is made anew after the warm-up.
    pub(crate) fresh: bool,
    /// What is uploaded.
    pub(crate) content: Bytes,
}

impl Job {
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self, Error> {
        let words: HashMap<String, String> = words
            .filter_map(|word| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
            .collect();
        let word = |name: &str| words.get(name).map(String::as_str).ok_or_else(|| format!("{name}: missing"));
        let operation = match word("operation")? {
            "get" | "gzip" => Operation::Get,
            "json" => Operation::Json,
            "download" => Operation::Download,
            "upload" => Operation::Upload,
            "upload_stream" => Operation::UploadStream,
            other => return Err(format!("no such operation: {other}").into()),
        };
        let ca = match word("ca")? {
            "" => None,
            path => Some(std::fs::read(path)?),
        };
        Ok(Self {
            operation,
            url: word("url")?.to_owned(),
            warm_url: word("warm_url")?.to_owned(),
            sequential: word("backend")? == "rust-sync",
            in_flight: word("in_flight")?.parse()?,
            seconds: word("seconds")?.parse()?,
            least: word("least")?.parse()?,
            most: word("most")?.parse()?,
            ca,
            http2: word("http2")? == "1",
            fresh: word("fresh")? == "1",
            content: vec![b'x'; word("size")?.parse()?].into(),
        })
    }

    /// What tells how many requests fill the run.
    pub(crate) fn trials(&self) -> Trials {
        let first = (2 * self.in_flight).clamp(20, 200).min(self.most);
        Trials {
            next: (self.least < self.most).then_some(first),
            running: None,
            seconds: self.seconds,
            range: (self.least, self.most),
            count: self.least,
        }
    }
}

/// Numbers of requests to try, one after the other, until one of them takes long enough to tell, as in `bench/job.py`.
#[derive(Debug)]
pub(crate) struct Trials {
    next: Option<usize>,
    running: Option<(usize, Instant)>,
    seconds: f64,
    range: (usize, usize),
    /// How many requests the run has, once all trials are made.
    pub(crate) count: usize,
}

impl Iterator for Trials {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if let Some((number, started)) = self.running.take() {
            let (took, enough) = (started.elapsed().as_secs_f64(), TRIAL * self.seconds);
            let (least, most) = self.range;
            if took >= enough || number == most {
                self.count = times(number, self.seconds / took).clamp(least, most);
            } else {
                self.next = Some(times(number, (enough / took).clamp(2.0, 10.0)).min(most));
            }
        }
        let number = self.next.take()?;
        self.running = Some((number, Instant::now()));
        Some(number)
    }
}

fn times(number: usize, factor: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "counts of requests are small"
    )]
    let product = (number as f64 * factor) as usize;
    product
}
