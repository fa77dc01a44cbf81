//! Driver B: a connection that the I/O thread reads.
//!
//! A thread that has a request for an idle connection writes it to the socket itself, under the connection's lock,
//! unless many are on their way: see `wakes`. The I/O thread is not woken for that. It wakes when the response
//! arrives, for the connection's task always waits for its socket. The task is woken by hand only if the socket did
//! not take everything, or if the new deadline is earlier than the one its timer is set to.

use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use httparallel_proto::Error;
use httparallel_proto::pool::ConnId;
use parking_lot::{Mutex, MutexGuard};

use super::connection::{Connection, Ended};
use super::task::Task;
use crate::engine::{Closed, Handle, Shared, complete};
use crate::net::{Watched, register};
use crate::operation::{Kept, Op, Upload};
use crate::panics::caught;
use crate::wakes;

/// A connection that the I/O thread reads and any thread may start a request on.
#[derive(Debug)]
pub(crate) struct Attached {
    pub(super) id: ConnId,
    pub(super) inner: Mutex<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    /// `None` once closed.
    pub(super) connection: Option<Connection>,
    pub(super) task: Option<Waker>,
    /// What the task's timer is set to.
    pub(super) armed: Option<Instant>,
    /// Whether a request is written only at the end of the round.
    pub(super) corked: bool,
}

impl Attached {
    /// Gives a connection to the I/O thread, which watches its socket already.
    pub(crate) fn spawn(
        shared: &Arc<Shared>,
        id: ConnId,
        connection: Connection,
        socket: Watched,
    ) -> Arc<Self> {
        let runtime = shared.io.handle();
        let _inside = runtime.enter();
        let inner = Inner { connection: Some(connection), task: None, armed: None, corked: false };
        let attached = Arc::new(Self { id, inner: Mutex::new(inner) });
        let sleep = Box::pin(tokio::time::sleep_until(Instant::now().into()));
        let task = Task { attached: attached.clone(), shared: shared.clone(), ready: socket, sleep };
        runtime.spawn(task);
        attached
    }

    /// Gives the I/O thread a connection that another thread has driven.
    pub(crate) fn adopt(
        shared: &Arc<Shared>,
        id: ConnId,
        connection: Connection,
    ) -> std::io::Result<Arc<Self>> {
        let watched = {
            let _inside = shared.io.handle().enter();
            register(connection.stream().socket().clone())?
        };
        Ok(Self::spawn(shared, id, connection, watched))
    }

    /// Starts a request that the pool assigned to this connection.
    pub(crate) fn start(self: &Arc<Self>, op: Arc<Op>, shared: &Arc<Shared>) {
        let now = Instant::now();
        let mut inner = self.inner.lock();
        // It was closed after the pool chose it.
        let Some(connection) = &mut inner.connection else {
            drop(inner);
            shared.forget(self.id, Closed::Stale);
            return shared.assign(&op);
        };
        let handle = Some(Handle::Attached(self.clone()));
        let ended = connection.begin(op, self.id, handle, now);
        if ended.is_none() && !inner.corked {
            inner.corked = wakes::cork(self, shared);
        }
        self.go_on(inner, ended, now);
    }

    /// Writes what was held back to the end of a round.
    pub(crate) fn uncork(&self, shared: &Arc<Shared>, now: Instant) {
        let written = caught(|| {
            let mut inner = self.inner.lock();
            inner.corked = false;
            self.go_on(inner, None, now);
        });
        if let Err(error) = written {
            self.give_up(shared, error);
        }
    }

    /// Writes what may be written, and sees to it that the task does the rest.
    fn go_on(&self, mut inner: MutexGuard<'_, Inner>, ended: Option<Ended>, now: Instant) {
        let ended = ended.or_else(|| inner.send(now));
        let task = if ended.is_none() { inner.attention() } else { None };
        drop(inner);
        if let Some(task) = task {
            task.wake();
        }
        if let Some(ended) = ended {
            self.finish(ended);
        }
    }

    /// Writes content that has just been produced, unless the socket is full: then the task does when it no longer is.
    /// Returns whether this connection is the one that sends it.
    pub(crate) fn send_produced(&self, upload: &Upload) -> bool {
        let sent = caught(|| {
            let mut inner = self.inner.lock();
            let awaited = inner.connection.as_ref().and_then(Connection::awaited_upload);
            if !awaited.is_some_and(|awaited| std::ptr::eq(awaited, upload)) {
                return false;
            }
            if inner.wants_write() {
                return true;
            }
            let ended = inner.send(Instant::now());
            let needed = ended.is_none() && (inner.wants_write() || inner.is_due_earlier());
            let task = if needed { inner.task.take() } else { None };
            drop(inner);
            if let Some(task) = task {
                task.wake();
            }
            if let Some(ended) = ended {
                self.finish(ended);
            }
            true
        });
        // After a panic the task finds the connection as it is, and gives it up if it panics in its turn.
        sent.unwrap_or(false)
    }

    /// Stops serving `op`, if it still does. Closes the connection unless nothing was sent.
    pub(crate) fn abort(self: &Arc<Self>, op: &Arc<Op>, shared: &Arc<Shared>) {
        let mut inner = self.inner.lock();
        let Some(connection) = inner.connection.as_mut().filter(|connection| connection.serves(op)) else {
            return;
        };
        let reusable = connection.abandon();
        let closed = if reusable { None } else { inner.connection.take() };
        let task = inner.task.take();
        drop(inner);
        if let Some(task) = task {
            task.wake();
        }
        drop(closed);
        shared.release(self.id, None, if reusable { Ok(()) } else { Err(Closed::Cancelled) });
    }

    /// Closes the connection, whatever it is doing. Returns the operation it served, which is not told.
    pub(crate) fn close(&self) -> Option<Arc<Op>> {
        let mut inner = self.inner.lock();
        let connection = inner.connection.take();
        let task = inner.task.take();
        drop(inner);
        if let Some(task) = task {
            task.wake();
        }
        let mut connection = connection?;
        let op = connection.operation().cloned();
        connection.abandon();
        op
    }

    /// Makes the task look at the connection again.
    pub(crate) fn wake(&self) {
        let task = self.inner.lock().task.take();
        if let Some(task) = task {
            task.wake();
        }
    }

    /// After a panic: the connection's state is unknown, so it goes, and what it served fails.
    pub(super) fn give_up(&self, shared: &Arc<Shared>, error: Error) {
        let served = caught(|| self.close()).ok().flatten();
        shared.forget(self.id, Closed::Defect);
        if let Some(op) = served {
            op.cancel(error);
        }
    }

    /// Leaves the connection, then completes the operation, which may start the next one right here.
    pub(super) fn finish(&self, ended: Ended) {
        let fate = ended.fate();
        if fate.is_err() {
            // The task holds the socket too: it must see that the connection is gone.
            self.close();
        }
        ended.op.leave(Kept { id: self.id, parked: None, fate }, &ended.attempt);
        complete(&ended.op, ended.attempt);
    }
}

impl Inner {
    pub(super) fn send(&mut self, now: Instant) -> Option<Ended> {
        self.connection.as_mut().filter(|_| !self.corked)?.send(now)
    }

    /// Whether sending waits for the socket.
    pub(super) fn wants_write(&self) -> bool {
        !self.corked && self.connection.as_ref().is_some_and(Connection::wants_write)
    }

    /// Whether sending is to go on in the next round, whatever the socket says.
    pub(super) fn has_yielded(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::has_yielded)
    }

    /// The task's waker, if the task has something to do that its socket will not tell it.
    fn attention(&mut self) -> Option<Waker> {
        let connection = self.connection.as_ref()?;
        let awaits = connection.awaited_upload().is_some();
        let needed = awaits || self.wants_write() || self.is_due_earlier();
        if needed { self.task.take() } else { None }
    }

    /// Whether something is due before the task's timer rings.
    fn is_due_earlier(&self) -> bool {
        let deadline = self.connection.as_ref().and_then(Connection::deadline);
        match (deadline, self.armed) {
            (Some(deadline), Some(armed)) => deadline.at < armed,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}
