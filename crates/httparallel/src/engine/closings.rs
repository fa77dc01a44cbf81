//! Why connections were closed, counted.

use std::collections::HashMap;
use std::fmt;

use httparallel_proto::h1::CloseReason;
use httparallel_proto::pool::Dropped;
use parking_lot::Mutex;

/// Why a client closed a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Closed {
    /// After its last HTTP/1.1 exchange it was not fit for another one.
    Unfit(CloseReason),
    /// It was open, and the pool had no more use for it.
    Dropped(Dropped),
    /// It died while it idled: the server closed it, or sent what nobody had asked for.
    Stale,
    /// Its request was cancelled when some of it was sent. HTTP/2 connections survive that.
    Cancelled,
    /// An HTTP/2 connection ended: by GOAWAY, by its server, or by the network.
    Ended,
    /// A defect of this library was caught.
    Defect,
}

impl Closed {
    /// One sentence for logs.
    pub fn explain(self) -> &'static str {
        match self {
            Self::Unfit(reason) => reason.explain(),
            Self::Dropped(reason) => reason.explain(),
            Self::Stale => "the idle connection was closed by the server, or received what nobody asked for",
            Self::Cancelled => "its request was cancelled",
            Self::Ended => "the HTTP/2 connection ended",
            Self::Defect => "a defect of the client was caught",
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.explain())
    }
}

/// Whether a connection stays open after a request, or else why it is closed.
pub(crate) type Fate = Result<(), Closed>;

/// How many connections were closed for which reason.
#[derive(Debug, Default)]
pub(super) struct Closings(Mutex<HashMap<Closed, u64>>);

impl Closings {
    pub(super) fn count(&self, why: Closed) {
        *self.0.lock().entry(why).or_default() += 1;
    }

    pub(super) fn list(&self) -> Vec<(Closed, u64)> {
        self.0.lock().iter().map(|(&why, &count)| (why, count)).collect()
    }
}
