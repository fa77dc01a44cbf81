//! What goes into the pool with a request, and what comes out.

use std::time::{Duration, Instant};

use super::Dropped;
use super::connection::{ConnId, Lane};
use super::queue::WaiterId;

/// What the pool has to know of a request.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// The lane it prefers.
    pub lane: Lane,
    /// Whether it must not start on an HTTP/1.1 connection that served before: it was lost on one already.
    pub fresh: bool,
    /// Whether a new connection could turn out to be HTTP/2.
    pub may_share: bool,
    /// The time limit of a connection that is opened for it.
    pub connect_limit: Option<Duration>,
    /// When waiting for a connection is given up.
    pub deadline: Option<Instant>,
}

/// The answer to a new request.
#[derive(Debug, PartialEq, Eq)]
pub enum Assignment<C, W> {
    /// Start it on this connection now.
    Start {
        /// The connection.
        conn: ConnId,
        /// Its handle (moved out for a detached connection, cloned otherwise).
        handle: C,
        /// The request, given back.
        request: W,
    },
    /// It waits; an [`Action::Start`] will follow. Actions may include connecting.
    Queued(WaiterId),
}

/// Something the caller must now do, outside any lock it holds for the pool.
#[derive(Debug, PartialEq, Eq)]
pub enum Action<K, C, W> {
    /// Open a connection to `key`; then call [`Pool::connected`](super::Pool::connected) or
    /// [`Pool::connect_failed`](super::Pool::connect_failed).
    Connect {
        /// The connection's name from now on.
        conn: ConnId,
        /// Where to.
        key: K,
        /// The time limit of the request it is opened for.
        limit: Option<Duration>,
        /// The lane that request prefers.
        lane: Lane,
    },
    /// Start this request on this connection.
    Start {
        /// The connection.
        conn: ConnId,
        /// Its handle.
        handle: C,
        /// The request.
        request: W,
    },
    /// Close this connection; the pool has forgotten it.
    Close {
        /// Its handle.
        handle: C,
        /// Why.
        why: Dropped,
    },
    /// Stop opening this connection: nobody waits for it any more. Its place is free already, so an attempt
    /// that goes on all the same is one more than `max_connections` allows.
    Abandon {
        /// The connection.
        conn: ConnId,
    },
}
