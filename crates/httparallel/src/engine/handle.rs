//! The client: a handle on an engine that survives forks.

use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

use httparallel_proto::fetch::Request;
use httparallel_proto::pool::{Opened, State};
use httparallel_proto::timeouts::Deadline;
use httparallel_proto::{Error, Kind, Phase, Result};

use super::closings::Closed;
use super::shared::Shared;
use crate::config::Config;
use crate::operation::{Op, Operation, Settings, Upload};
use crate::panics::caught;
use crate::runtime;

/// What one connection of a client is doing.
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    /// `https://example.com:443`.
    pub origin: String,
    /// `HTTP/1.1`, `HTTP/2`; `None` while connecting.
    pub protocol: Option<&'static str>,
    /// `CONNECTING`, `IDLE` or `ACTIVE`.
    pub state: &'static str,
    /// How many requests it has been given.
    pub requests: u64,
}

/// A client: settings, and the pool of connections made with them.
///
/// Requests may be started from any thread. In a forked child the client starts afresh: connections are
/// never shared with the parent.
#[derive(Debug)]
pub struct Engine {
    config: Arc<Config>,
    /// From `Arc::into_raw`; null before the first request. Replaced only in a forked child, which leaks
    /// what it replaces: its locks may be held by threads the child does not have.
    shared: AtomicPtr<Shared>,
}

impl Engine {
    /// A client with these settings. Opens nothing yet.
    pub fn new(config: Config) -> Self {
        Self { config: Arc::new(config), shared: AtomicPtr::new(std::ptr::null_mut()) }
    }

    /// The client's settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Starts a request. Failures of the request, an invalid one included, are the operation's outcome.
    ///
    /// Fails if the I/O thread cannot be started or was [shut down](crate::shut_down).
    pub fn start(
        &self,
        request: Request,
        settings: Settings,
        upload: Option<Arc<Upload>>,
    ) -> Result<Operation> {
        let shared = self.shared()?;
        let op = Op::new(shared.clone(), request, settings, upload, None);
        shared.launch(&op);
        Ok(Operation(op))
    }

    /// Closes all connections. Requests on their way fail, and so do later ones.
    pub fn close(&self) {
        if let Some(shared) = self.current() {
            shared.close();
        } else if let Ok(shared) = self.shared() {
            shared.close();
        }
    }

    /// The connections at the moment.
    pub fn connections(&self) -> Vec<ConnectionInfo> {
        let Some(shared) = self.current() else { return Vec::new() };
        let pool = shared.pool.lock();
        pool.connections()
            .map(|(origin, opened, state, requests)| ConnectionInfo {
                origin: origin.to_string(),
                protocol: opened.map(|opened| match opened {
                    Opened::Http1(_) => "HTTP/1.1",
                    Opened::Http2 { .. } => "HTTP/2",
                }),
                state: match state {
                    State::Connecting => "CONNECTING",
                    State::Idle(_) => "IDLE",
                    State::Active(_) => "ACTIVE",
                },
                requests,
            })
            .collect()
    }

    /// How many connections were closed so far, by reason, in no order.
    pub fn closings(&self) -> Vec<(Closed, u64)> {
        self.current().map(|shared| shared.closings.list()).unwrap_or_default()
    }

    /// The state of this process's generation, made if there is none yet.
    pub(crate) fn shared(&self) -> Result<Arc<Shared>> {
        if let Some(shared) = self.current() {
            return Ok(shared);
        }
        let replaced = self.shared.load(Ordering::Acquire);
        let made = Arc::into_raw(Shared::new(self.config.clone())?).cast_mut();
        match self.shared.compare_exchange(replaced, made, Ordering::AcqRel, Ordering::Acquire) {
            // `replaced`, if not null, is leaked on purpose: it belongs to the parent's generation.
            Ok(_) => {}
            // SAFETY: `made` comes from `Arc::into_raw` above and was not published.
            Err(_) => drop(unsafe { Arc::from_raw(made) }),
        }
        self.current().ok_or_else(|| {
            Error::new(Kind::Internal, Phase::Build, "the process forked while a request was started")
        })
    }

    fn current(&self) -> Option<Arc<Shared>> {
        let pointer = self.shared.load(Ordering::Acquire);
        // SAFETY: the pointer is null or from `Arc::into_raw`, and what it points to lives as long as `self`.
        let shared = unsafe { pointer.as_ref() }?;
        if shared.generation != runtime::generation() {
            return None;
        }
        // SAFETY: as above; the count is raised before the second owner is made.
        Some(unsafe {
            Arc::increment_strong_count(pointer);
            Arc::from_raw(pointer)
        })
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let pointer = *self.shared.get_mut();
        if let Some(shared) = self.current() {
            shared.close();
            // SAFETY: the reference that `self.shared` holds is given up here, once.
            drop(unsafe { Arc::from_raw(pointer) });
        }
    }
}

impl Shared {
    /// Starts an operation, and its total deadline.
    pub(crate) fn launch(self: &Arc<Self>, op: &Arc<Op>) {
        if self.places.is_some() && op.has_place() {
            // It was started before, and has waited for its turn in its block once more.
            return self.start_dispatch(op);
        }
        let started = op.started();
        if op.settings.retries.is_some() {
            op.state.lock().fetch.begin(started);
        }
        if let Some(total) = op.total() {
            let weak = Arc::downgrade(op);
            let timer = self.io.handle().spawn(async move {
                tokio::time::sleep_until(total.into()).await;
                if let Some(op) = weak.upgrade() {
                    op.cancel(Deadline { at: total, phase: Phase::Total }.error());
                }
            });
            op.timed_by(timer.abort_handle());
        }
        self.start_dispatch(op);
    }

    fn start_dispatch(self: &Arc<Self>, op: &Arc<Op>) {
        if let Err(error) = caught(|| self.dispatch(op)) {
            // Leaves the pool's queue, too, if it had got there.
            op.cancel(error);
        }
    }

    /// Fails unless requests may be started.
    pub(crate) fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) { Err(self.why_closed()) } else { Ok(()) }
    }
}
