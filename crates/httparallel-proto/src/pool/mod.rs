//! Which request gets which connection: the pool as a pure state machine.
//!
//! The pool owns no socket. Callers tell it what happened (a request came, a connection opened, was
//! released, died) and do what it answers. No step gets slower with the number of connections: they are found
//! through their origin, on linked lists that they leave in constant time. Requests that have to wait are
//! also in two trees, by deadline and by what they want, so that a step costs the logarithm of how many wait.
//!
//! ```text
//!            request ──► idle connection? ──yes──► Start on it
//!                             │ no
//!                        open HTTP/2 with room? ──yes──► Start on it
//!                             │ no
//!                        room below max_connections,          ──yes──► Connect, and queue
//!                        or an idle one elsewhere to evict?
//!                             │ no
//!                             └──► queue (first come, first served)
//!
//!   connecting ──connected──► active ◄──Start── idle ──expired, evicted, died──► closed
//!        └──failed──► closed     └──released───►─┘
//! ```
//!
//! A connection being opened belongs to nobody: when it is ready it serves the first request waiting for
//! its origin, and a request is never held up by a slow connection attempt while another one is free.

mod action;
mod assign;
mod connection;
mod list;
mod origin;
mod places;
mod queue;

#[cfg(test)]
mod tests;

pub use action::{Action, Assignment, Wish};
pub use assign::Pool;
pub use connection::{ConnId, Lane, Opened, State};
pub use queue::WaiterId;

use std::time::Duration;

/// Limits of a pool. The defaults are httpx's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections of any state, over all origins. Default: 100. `None`: no limit.
    pub max_connections: Option<usize>,
    /// Connections that may idle. Default: 20. `None`: no limit.
    pub max_keepalive_connections: Option<usize>,
    /// How long a connection may idle. Default: 5 s. `None`: no limit.
    pub keepalive_expiry: Option<Duration>,
    /// How long connections above `max_keepalive_connections` idle all the same, unless that is 0: between two
    /// batches of requests they are worth keeping. Closing them at once made 100 requests in flight over the
    /// default limit of 20 cost 2.8 times as much. Default: 250 ms.
    pub surplus_expiry: Duration,
    /// How long a connection takes new requests, counted from when it was opened. An older one is closed when it
    /// idles, and as soon as what is on it is over. So a client that never rests notices new addresses of a name,
    /// and new servers behind a balancer. Default: `None`, no limit.
    pub max_connection_age: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: Some(100),
            max_keepalive_connections: Some(20),
            keepalive_expiry: Some(Duration::from_secs(5)),
            surplus_expiry: Duration::from_millis(250),
            max_connection_age: None,
        }
    }
}

/// Why the pool lets go of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dropped {
    /// It idled longer than `keepalive_expiry`.
    Expired,
    /// More connections idled than `max_keepalive_connections`.
    TooManyIdle,
    /// It idled while a request to another origin needed its place.
    Evicted,
    /// The peer takes no more requests on it, and the last one is over.
    Retired,
    /// It was opened longer ago than `max_connection_age`, and nothing is on it any more.
    TooOld,
    /// It was opened after all, when nobody waited for it any more.
    Unwanted,
    /// The pool was closed.
    PoolClosed,
}

impl Dropped {
    /// One sentence for logs.
    pub fn explain(self) -> &'static str {
        match self {
            Self::Expired => "the connection idled longer than keepalive_expiry",
            Self::TooManyIdle => "more connections idled than max_keepalive_connections",
            Self::Evicted => "a request to another origin needed the idle connection's place",
            Self::Retired => "the peer takes no more requests on the connection",
            Self::TooOld => "the connection was older than max_connection_age",
            Self::Unwanted => "nobody waits for the new connection any more",
            Self::PoolClosed => "the pool was closed",
        }
    }
}
