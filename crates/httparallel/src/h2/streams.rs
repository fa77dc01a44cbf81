//! The requests of one HTTP/2 connection.
//!
//! The pool may give a connection more requests than the peer takes: before it knows the peer's limit, and when
//! the limit shrinks. So a request is listed when it is given, and admitted when it may open a stream.

use std::sync::Arc;
use std::task::Waker;

use foldhash::HashMap;
use httparallel_proto::fetch::Request;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::operation::Op;

/// Requests by the address of their operation, which the entry keeps alive.
#[derive(Debug, Default)]
pub(super) struct Streams {
    listed: HashMap<usize, Stream>,
    /// Those that have not been started.
    given: Vec<Given>,
    /// The task that starts them.
    driver: Option<Waker>,
    admitted: usize,
    /// How many were ever listed.
    served: u64,
    /// Nobody starts requests any more.
    over: bool,
}

/// One request.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) op: Arc<Op>,
    /// `None` until it has been started on the I/O thread.
    task: Option<AbortHandle>,
    pub(super) resumed: Arc<Notify>,
    admitted: bool,
}

impl Stream {
    pub(super) fn abort(&self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// A request to be started on the I/O thread.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) op: Arc<Op>,
    pub(super) request: Arc<Request>,
    pub(super) resumed: Arc<Notify>,
}

impl Streams {
    /// Adds a request. Returns who is to be woken to start it, but if that was done for another one already.
    pub(super) fn list(&mut self, op: Arc<Op>, request: Arc<Request>) -> Option<Waker> {
        self.served += 1;
        let resumed = Arc::new(Notify::new());
        let stream = Stream { op: op.clone(), task: None, resumed: resumed.clone(), admitted: false };
        self.listed.insert(key(&op), stream);
        self.given.push(Given { op, request, resumed });
        self.driver.take()
    }

    /// Starts those that were given, but for those that were cancelled meanwhile.
    pub(super) fn start(&mut self, driver: &Waker, mut spawn: impl FnMut(Given) -> AbortHandle) {
        self.driver.get_or_insert_with(|| driver.clone());
        for given in self.given.drain(..) {
            if let Some(stream) = self.listed.get_mut(&key(&given.op)) {
                stream.task = Some(spawn(given));
            }
        }
    }

    /// From here on nobody starts requests. Takes out those that nobody has started.
    pub(super) fn end(&mut self) -> Vec<Arc<Op>> {
        self.over = true;
        let given = std::mem::take(&mut self.given).into_iter();
        given.filter(|given| self.remove(&given.op).is_some()).map(|given| given.op).collect()
    }

    /// Whether a request that is listed now would never be started.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Lets a request open a stream, if fewer than `limit` are open.
    pub(super) fn admit(&mut self, op: &Op, limit: usize) -> bool {
        let Some(stream) = self.listed.get_mut(&key(op)).filter(|_| self.admitted < limit) else {
            return false;
        };
        stream.admitted = true;
        self.admitted += 1;
        true
    }

    /// Whether none has been admitted.
    pub(super) fn is_idle(&self) -> bool {
        self.admitted == 0
    }

    /// Whether any request was given.
    pub(super) fn has_served(&self) -> bool {
        self.served > 0
    }

    /// Whether a request was given before the one at hand.
    pub(super) fn is_reused(&self) -> bool {
        self.served > 1
    }

    pub(super) fn of(&self, op: &Op) -> Option<&Stream> {
        self.listed.get(&key(op))
    }

    pub(super) fn remove(&mut self, op: &Op) -> Option<Stream> {
        let removed = self.listed.remove(&key(op))?;
        self.admitted -= usize::from(removed.admitted);
        Some(removed)
    }

    pub(super) fn clear(&mut self) -> Vec<Stream> {
        self.over = true;
        self.admitted = 0;
        self.given.clear();
        self.listed.drain().map(|(_, stream)| stream).collect()
    }
}

fn key(op: &Op) -> usize {
    std::ptr::from_ref(op) as usize
}
