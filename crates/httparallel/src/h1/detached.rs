//! Driver A: a connection that the thread with the request drives itself, in `poll(2)`.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use rustix::event::PollFlags;

use super::connection::{Connection, Ended};
use crate::engine::{Closed, complete};
use crate::net::{Interrupt, SLICE, Waited, wait_ready};
use crate::operation::{Granted, Kept, Op};
use crate::panics::caught;

/// A connection that no thread drives at the moment.
#[derive(Debug)]
pub(crate) struct Parked(Mutex<Option<Connection>>);

impl Parked {
    pub(crate) fn new(connection: Connection) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(connection))))
    }

    pub(crate) fn take(&self) -> Option<Connection> {
        self.0.lock().take()
    }

    /// Ends what the connection was doing. Returns whether it is still good, and here.
    pub(crate) fn abandon(&self) -> bool {
        let mut connection = self.0.lock();
        let good = connection.as_mut().is_some_and(Connection::abandon);
        if !good {
            *connection = None;
        }
        good
    }

    fn put(&self, connection: Connection) {
        *self.0.lock() = Some(connection);
    }
}

/// Serves `op` on the connection granted to this thread, until it is `ready` or the wait ends. If that panics,
/// the connection is given up and the operation fails.
pub(crate) fn drive(
    op: &Arc<Op>,
    granted: Granted,
    ready: &dyn Fn(&Op) -> bool,
    interrupt: Interrupt<'_>,
) -> Waited {
    let id = granted.id;
    caught(|| drive_granted(op, granted, ready, interrupt)).unwrap_or_else(|error| {
        op.shared.forget(id, Closed::Defect);
        op.cancel(error);
        Waited::Ready
    })
}

fn drive_granted(
    op: &Arc<Op>,
    granted: Granted,
    ready: &dyn Fn(&Op) -> bool,
    interrupt: Interrupt<'_>,
) -> Waited {
    let Some(mut connection) = granted.parked.take() else { return Waited::Ready };
    if is_closed(op) {
        return interrupted(op, granted, connection);
    }
    let mut now = Instant::now();
    if !op.begin_driving(granted.id, connection.stream().socket()) {
        return put_back(op, granted, connection, Waited::Ready);
    }
    if !connection.is_serving() {
        let begun = connection.begin(op.clone(), granted.id, None, now);
        if let Some(ended) = begun.or_else(|| connection.send(now)) {
            return finish(granted, connection, ended);
        }
    } else if let Some(ended) = connection.receive(now) {
        return finish(granted, connection, ended);
    }
    let mut asked = now;
    loop {
        if ready(op) {
            return put_back(op, granted, connection, Waited::Ready);
        }
        let mut asks = || if is_closed(op) { Err(()) } else { interrupt() };
        let (waited, read) = wait_for_socket(&mut connection, now, &mut asks);
        if waited == Waited::Interrupted {
            return interrupted(op, granted, connection);
        }
        now = Instant::now();
        let sent = if connection.wants_write() { connection.send(now) } else { None };
        let received = || match read {
            Some(read) => connection.receive_read(read, now),
            None => connection.receive(now),
        };
        let ended = sent.or_else(received).or_else(|| connection.expire(now));
        if let Some(ended) = ended {
            return finish(granted, connection, ended);
        }
        // A socket that is always ready must not keep the caller from being heard.
        if now.duration_since(asked) >= SLICE {
            asked = now;
            if is_closed(op) || interrupt().is_err() {
                return interrupted(op, granted, connection);
            }
        }
    }
}

/// Waits for the socket; or in a read of it, which is then to be received.
fn wait_for_socket(
    connection: &mut Connection,
    now: Instant,
    interrupt: Interrupt<'_>,
) -> (Waited, Option<io::Result<usize>>) {
    let has_more = connection.has_more();
    connection.readable();
    if has_more {
        return (Waited::Ready, None);
    }
    let until = connection.deadline().map(|deadline| deadline.at);
    if until.is_none_or(|until| until > now + SLICE) && connection.can_wait() {
        let read = connection.read_patiently();
        let is_early = read.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        let waited = if is_early && interrupt().is_err() { Waited::Interrupted } else { Waited::Ready };
        return (waited, Some(read));
    }
    let mut events = PollFlags::empty();
    events.set(PollFlags::IN, !connection.is_paused());
    events.set(PollFlags::OUT, connection.wants_write());
    let socket = connection.stream().socket().clone();
    (wait_ready(&*socket, events, until, interrupt), None)
}

/// Ends the wait: by the caller's wish, or because the client was closed.
fn interrupted(op: &Arc<Op>, granted: Granted, connection: Connection) -> Waited {
    put_back(op, granted, connection, Waited::Interrupted);
    if !is_closed(op) {
        return Waited::Interrupted;
    }
    op.cancel(op.shared.why_closed());
    Waited::Ready
}

fn is_closed(op: &Op) -> bool {
    op.shared.check_open().is_err()
}

/// Leaves the connection with the operation, for the next wait; or closes it, if the operation is over.
fn put_back(op: &Arc<Op>, granted: Granted, connection: Connection, waited: Waited) -> Waited {
    granted.parked.put(connection);
    let mut state = op.state.lock();
    state.driving = None;
    if state.outcome.is_none() {
        state.granted = Some(granted);
        return waited;
    }
    drop(state);
    op.shared.give_up(granted);
    waited
}

/// Leaves the connection, then completes the operation.
fn finish(granted: Granted, connection: Connection, ended: Ended) -> Waited {
    // A cancellation meanwhile has closed the connection, and the pool knows.
    if ended.op.end_driving() {
        let fate = ended.fate();
        let parked = fate.is_ok().then(|| {
            granted.parked.put(connection);
            granted.parked
        });
        ended.op.leave(Kept { id: granted.id, parked, fate }, &ended.attempt);
    }
    complete(&ended.op, ended.attempt);
    Waited::Ready
}
