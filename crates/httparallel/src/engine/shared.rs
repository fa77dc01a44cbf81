//! The part of a client that its connections and operations share.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use httparallel_proto::fetch::check_url;
use httparallel_proto::pool::{Action, Assignment, ConnId, Lane, Opened, Pool, WaiterId, Wish};
use httparallel_proto::timeouts::Deadline;
use httparallel_proto::url::Origin;
use httparallel_proto::{Error, Kind, Phase, Result, Url};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::turns::{self, Turn};
use crate::config::Config;
use crate::h1::{Attached, Connection, Parked};
use crate::h2::Http2;
use crate::net::{Connected, Connector};
use crate::operation::{Attempt, Granted, Op};
use crate::runtime::{self, IoThread};

/// What a connection is reached by.
#[derive(Clone, Debug)]
pub(crate) enum Handle {
    /// HTTP/1.1, read by the I/O thread.
    Attached(Arc<Attached>),
    /// HTTP/1.1, driven by whoever holds it.
    Detached(Arc<Parked>),
    /// HTTP/2.
    Http2(Arc<Http2>),
}

type Actions = Vec<Action<Origin, Handle, Arc<Op>>>;

/// One generation of a client: everything that a forked child must not share with its parent.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) generation: u64,
    pub(crate) io: &'static IoThread,
    pub(crate) config: Arc<Config>,
    pub(super) pool: Mutex<Pool<Origin, Handle, Arc<Op>>>,
    pub(super) closed: AtomicBool,
    /// Wakes the housekeeper, when it sleeps without an end or too long.
    pub(super) chores: Notify,
    pub(super) housekeeper: super::housekeeping::Alarm,
    connector: Connector,
    /// Attempts to connect, so that one nobody waits for any more can be stopped.
    attempts: Mutex<HashMap<ConnId, AbortHandle>>,
}

impl Shared {
    pub(crate) fn new(config: Arc<Config>) -> Result<Arc<Self>> {
        let shared = Arc::new(Self {
            generation: runtime::generation(),
            io: runtime::io_thread()?,
            pool: Mutex::new(Pool::new(config.limits)),
            closed: AtomicBool::new(false),
            chores: Notify::new(),
            housekeeper: super::housekeeping::Alarm::new(),
            connector: Connector::new(config.clone()),
            attempts: Mutex::new(HashMap::new()),
            config,
        });
        shared.io.handle().spawn(super::housekeeping::run(Arc::downgrade(&shared)));
        Ok(shared)
    }

    /// Finds a connection for an operation: for a new one, or for its next attempt.
    pub(crate) fn dispatch(self: &Arc<Self>, op: &Arc<Op>) {
        if self.closed.load(Ordering::Acquire) {
            return op.complete(Attempt::Failed(closed()));
        }
        let url = op.state.lock().request.url.clone();
        if let Err(error) = check_url(&url) {
            return op.complete(Attempt::Failed(error));
        }
        let now = Instant::now();
        let deadline = Deadline::of(Phase::Pool, &op.settings.timeouts, now, op.total());
        let wish = Wish {
            lane: op.lane(),
            may_share: self.may_share(&url),
            connect_limit: op.settings.timeouts.connect,
            deadline: deadline.map(|deadline| deadline.at),
        };
        let mut actions = Vec::new();
        let assignment = self.pool.lock().request(&url.origin(), op.clone(), &wish, now, &mut actions);
        match assignment {
            Assignment::Start { conn, handle, request } => self.start(conn, handle, request),
            Assignment::Queued(id) => {
                self.watch(deadline.map(|deadline| deadline.at));
                if !op.queued(id) {
                    self.leave_queue(id);
                }
            }
        }
        self.perform(actions);
    }

    /// Whether a new connection for this URL could turn out to be HTTP/2.
    fn may_share(&self, url: &Url) -> bool {
        let protocols = self.config.protocols;
        protocols.http2 && (url.scheme() == "https" || !protocols.http1)
    }

    /// A request on this connection is over.
    pub(crate) fn release(self: &Arc<Self>, id: ConnId, parked: Option<Arc<Parked>>, reusable: bool) {
        let mut actions = Vec::new();
        let now = Instant::now();
        let handle = parked.map(Handle::Detached);
        let mut pool = self.pool.lock();
        let closed = pool.released(id, handle, reusable, now, &mut actions);
        let next = pool.next_deadline();
        drop(pool);
        drop(closed);
        self.watch(next);
        self.perform(actions);
    }

    /// Takes back a connection that was granted to a thread whose operation is over. It is closed, unless
    /// nothing was sent on it.
    pub(crate) fn give_up(self: &Arc<Self>, granted: Granted) {
        if granted.parked.abandon() {
            self.release(granted.id, Some(granted.parked), true);
        } else {
            self.forget(granted.id);
        }
    }

    /// A connection is gone, whatever it was doing.
    pub(crate) fn forget(self: &Arc<Self>, id: ConnId) {
        let mut actions = Vec::new();
        let handle = self.pool.lock().closed(id, &mut actions);
        drop(handle);
        self.perform(actions);
    }

    /// A queued operation no longer wants a connection.
    pub(crate) fn leave_queue(self: &Arc<Self>, id: WaiterId) {
        let mut actions = Vec::new();
        let op = self.pool.lock().cancel(id, &mut actions);
        drop(op);
        self.perform(actions);
    }

    /// Runs an HTTP/2 connection's report through the pool.
    pub(crate) fn report(
        self: &Arc<Self>,
        report: impl FnOnce(&mut Pool<Origin, Handle, Arc<Op>>, &mut Actions),
    ) {
        let mut actions = Vec::new();
        report(&mut self.pool.lock(), &mut actions);
        self.perform(actions);
    }

    /// Closes all connections and fails all operations.
    pub(crate) fn close(self: &Arc<Self>) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut actions = Vec::new();
        let waiting = self.pool.lock().close(&mut actions);
        self.perform(actions);
        for op in waiting {
            op.cancel(closed());
        }
        self.chores.notify_one();
    }

    pub(super) fn perform(self: &Arc<Self>, actions: Actions) {
        for action in actions {
            match action {
                Action::Start { conn, handle, request } => self.start(conn, handle, request),
                Action::Connect { conn, key, limit, lane } => {
                    let shared = self.clone();
                    // Held until the attempt is listed, so that it cannot end before.
                    let mut attempts = self.attempts.lock();
                    let attempt = self.io.handle().spawn(async move {
                        shared.connect(conn, &key, limit, lane).await;
                    });
                    attempts.insert(conn, attempt.abort_handle());
                }
                Action::Close { handle, .. } => shut(&handle),
                Action::Abandon { conn } => {
                    let attempt = self.attempts.lock().remove(&conn);
                    if let Some(attempt) = attempt {
                        attempt.abort();
                    }
                }
            }
        }
    }

    fn start(self: &Arc<Self>, id: ConnId, handle: Handle, op: Arc<Op>) {
        turns::take(Turn::Serve(self.clone(), id, handle, op));
    }

    /// Starts an operation on the connection that the pool gave it.
    pub(super) fn serve(self: &Arc<Self>, id: ConnId, handle: Handle, op: Arc<Op>) {
        match handle {
            Handle::Attached(connection) => connection.start(op, self),
            Handle::Http2(connection) => connection.start(op, self),
            Handle::Detached(parked) if op.lane() == Lane::Detached => op.grant(id, parked),
            Handle::Detached(parked) => self.attach(id, &parked, op),
        }
    }

    /// Gives a connection that a thread drove before to the I/O thread, for an operation nobody blocks on.
    fn attach(self: &Arc<Self>, id: ConnId, parked: &Arc<Parked>, op: Arc<Op>) {
        let reusable =
            parked.take().and_then(|mut connection| connection.is_reusable().then_some(connection));
        let attached = reusable.and_then(|connection| Attached::spawn(self, id, connection).ok());
        if let Some(attached) = attached {
            self.pool.lock().replace(id, Handle::Attached(attached.clone()), Lane::Attached);
            attached.start(op, self);
        } else {
            self.forget(id);
            self.dispatch(&op);
        }
    }

    async fn connect(
        self: Arc<Self>,
        id: ConnId,
        origin: &Origin,
        limit: Option<std::time::Duration>,
        lane: Lane,
    ) {
        let opened = match self.connector.connect(origin, limit).await {
            Ok(connected) => self.admit(id, connected, lane).await,
            Err(error) => Err(error),
        };
        self.attempts.lock().remove(&id);
        let mut actions = Vec::new();
        match opened {
            Ok((handle, opened)) => {
                let now = Instant::now();
                let mut pool = self.pool.lock();
                pool.connected(id, handle, opened, now, &mut actions);
                let next = pool.next_deadline();
                drop(pool);
                self.watch(next);
            }
            Err(error) => {
                let failed = self.pool.lock().connect_failed(id, &mut actions);
                for op in failed {
                    op.complete(Attempt::Failed(error.clone()));
                }
            }
        }
        self.perform(actions);
    }

    /// Makes a handle of a new connection.
    async fn admit(
        self: &Arc<Self>,
        id: ConnId,
        connected: Connected,
        lane: Lane,
    ) -> Result<(Handle, Opened)> {
        if connected.http2 {
            let connection = Http2::open(self, id, connected.stream).await?;
            return Ok((Handle::Http2(connection), Opened::Http2 { max_streams: usize::MAX }));
        }
        let connection = Connection::new(connected.stream.into_stream());
        let handle = match lane {
            Lane::Detached => Handle::Detached(Parked::new(connection)),
            Lane::Attached => {
                let attached = Attached::spawn(self, id, connection).map_err(|error| {
                    Error::new(Kind::Network, Phase::Connect, "could not watch the socket").with_source(error)
                })?;
                Handle::Attached(attached)
            }
        };
        Ok((handle, Opened::Http1(lane)))
    }
}

/// Closes a connection; what it still serves fails.
fn shut(handle: &Handle) {
    let served = match handle {
        Handle::Attached(connection) => connection.close().into_iter().collect(),
        Handle::Detached(parked) => {
            drop(parked.take());
            Vec::new()
        }
        Handle::Http2(connection) => connection.close(),
    };
    for op in served {
        op.cancel(closed());
    }
}

pub(crate) fn closed() -> Error {
    Error::new(Kind::Closed, Phase::Build, "the client has been closed")
}
