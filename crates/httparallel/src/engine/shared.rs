//! The part of a client that its connections and operations share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use httparallel_proto::fetch::{Http1Origins, Request};
use httparallel_proto::pool::{Action, Assignment, ConnId, Lane, Pool, WaiterId, Wish};
use httparallel_proto::proxy::without_proxy_credentials;
use httparallel_proto::timeouts::Deadline;
use httparallel_proto::url::Origin;
use httparallel_proto::{Error, Kind, Phase, Result};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::admission::{Admission, admission};
use super::answers::Mock;
use super::closings::{Closed, Closings, Fate};
use super::housekeeping::Housekeeper;
use super::opening::Attempts;
use super::pauses::Pauses;
use super::turns::{self, Turn};
use crate::config::Config;
use crate::h1::{Attached, Parked};
use crate::h2::Http2;
use crate::net::{Connector, Destination};
use crate::operation::{Attempt, Granted, Op};
use crate::panics::caught;
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

type Actions = Vec<Action<Destination, Handle, Arc<Op>>>;

/// One generation of a client: everything that a forked child must not share with its parent.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) generation: u64,
    pub(crate) io: &'static IoThread,
    pub(crate) config: Arc<Config>,
    pub(super) places: Admission,
    pub(super) pool: Mutex<Pool<Destination, Handle, Arc<Op>>>,
    /// Set under the pool's lock, so that no request enters a closed pool; read without it to give up early.
    pub(super) closed: AtomicBool,
    /// Wakes the housekeeper, when it sleeps without an end or too long.
    pub(super) chores: Notify,
    pub(super) housekeeper: super::housekeeping::Alarm,
    pub(super) closings: Closings,
    pub(super) pauses: Pauses,
    pub(super) mock: Option<Mock>,
    pub(super) connector: Connector,
    /// `None` as long as there are none, which is nearly always.
    http1_origins: OnceLock<Mutex<Http1Origins>>,
    pub(super) attempts: Attempts,
}

impl Shared {
    pub(crate) fn new(config: Arc<Config>) -> Result<Arc<Self>> {
        let shared = Arc::new(Self {
            generation: runtime::generation(),
            io: runtime::io_thread()?,
            places: admission(&config),
            pool: Mutex::new(Pool::new(config.limits)),
            closed: AtomicBool::new(false),
            chores: Notify::new(),
            housekeeper: super::housekeeping::Alarm::new(),
            closings: Closings::default(),
            pauses: Pauses::default(),
            mock: config.mock.clone().map(Mock::new),
            connector: Connector::new(config.clone()),
            http1_origins: OnceLock::new(),
            attempts: Attempts::default(),
            config,
        });
        shared.io.handle().spawn(super::housekeeping::run(Housekeeper(Arc::downgrade(&shared))));
        Ok(shared)
    }

    /// Whether this is the state of the process that this one was forked from: not to be touched here.
    pub(crate) fn is_foreign(&self) -> bool {
        self.generation != runtime::generation()
    }

    /// Finds a connection for an operation.
    pub(crate) fn assign(self: &Arc<Self>, op: &Arc<Op>) {
        if self.mock.is_some() {
            return self.answer(op);
        }
        let now = Instant::now();
        let (request, fresh) = {
            let mut state = op.state.lock();
            state.course.wants(now);
            (state.request.clone(), Op::wants_fresh(&state))
        };
        let destination = match Destination::of(&request, &self.config) {
            Ok(to) if self.wants_http1(to.origin()) => to.over_http1(),
            Ok(destination) => destination,
            Err(error) => return op.complete(Attempt::Failed(error)),
        };
        if let Some(cleared) =
            destination.is_tunnelled().then(|| without_proxy_credentials(&request)).flatten()
        {
            op.state.lock().request = Arc::new(cleared);
        }
        let deadline = Deadline::of(Phase::Pool, &op.settings.timeouts, now, op.total());
        let wish = Wish {
            lane: op.lane(),
            fresh,
            may_share: destination.may_share(self.config.protocols),
            connect_limit: op.settings.timeouts.connect,
            deadline: deadline.map(|deadline| deadline.at),
        };
        let assignment = self.change(|pool, actions| {
            let open = !self.closed.load(Ordering::Acquire);
            open.then(|| pool.request(&destination, op.clone(), &wish, now, actions))
        });
        match assignment {
            None => op.complete(Attempt::Failed(self.why_closed())),
            Some(Assignment::Start { conn, handle, request }) => self.start(conn, handle, request),
            Some(Assignment::Queued(id)) => {
                if !op.queued(id) {
                    self.leave_queue(id);
                }
            }
        }
    }

    /// Remembers that the origin of a request wants HTTP/1.1 from now on. `false` if the client does not speak it.
    pub(crate) fn speak_http1(&self, request: &Request) -> bool {
        if self.config.protocols.http1 {
            self.http1_origins.get_or_init(Mutex::default).lock().insert(request.url.origin());
        }
        self.config.protocols.http1
    }

    fn wants_http1(&self, origin: &Origin) -> bool {
        self.http1_origins.get().is_some_and(|origins| origins.lock().contains(origin))
    }

    /// Tells the pool an event, and does what the pool answers. Every event goes this way, for each may bring the
    /// pool's next deadline forward.
    pub(super) fn change<T>(
        self: &Arc<Self>,
        event: impl FnOnce(&mut Pool<Destination, Handle, Arc<Op>>, &mut Actions) -> T,
    ) -> T {
        let (answer, actions, next) = self.tell(event);
        self.watch(next);
        self.perform(actions);
        answer
    }

    /// Tells the pool an event. Gives its answer, what is to be done, and its next deadline.
    pub(super) fn tell<T>(
        &self,
        event: impl FnOnce(&mut Pool<Destination, Handle, Arc<Op>>, &mut Actions) -> T,
    ) -> (T, Actions, Option<Instant>) {
        let mut actions = Vec::new();
        let mut pool = self.pool.lock();
        let answer = event(&mut pool, &mut actions);
        let next = pool.next_deadline();
        (answer, actions, next)
    }

    /// A request on this connection is over.
    pub(crate) fn release(self: &Arc<Self>, id: ConnId, parked: Option<Arc<Parked>>, fate: Fate) {
        let handle = parked.map(Handle::Detached);
        let now = Instant::now();
        if let Err(why) = fate {
            self.closings.count(why);
        }
        drop(self.change(|pool, actions| pool.released(id, handle, fate.is_ok(), now, actions)));
    }

    /// Takes back a connection that was granted to a thread whose operation is over. It is closed, unless
    /// nothing was sent on it.
    pub(crate) fn give_up(self: &Arc<Self>, granted: Granted) {
        if granted.parked.abandon() {
            self.release(granted.id, Some(granted.parked), Ok(()));
        } else {
            self.forget(granted.id, Closed::Cancelled);
        }
    }

    /// A connection is gone, whatever it was doing.
    pub(crate) fn forget(self: &Arc<Self>, id: ConnId, why: Closed) {
        self.closings.count(why);
        drop(self.change(|pool, actions| pool.closed(id, actions)));
    }

    /// A queued operation no longer wants a connection.
    pub(crate) fn leave_queue(self: &Arc<Self>, id: WaiterId) {
        drop(self.change(|pool, actions| pool.cancel(id, actions)));
    }

    /// An HTTP/2 connection takes that many requests at a time from now on.
    pub(crate) fn limit_streams(self: &Arc<Self>, id: ConnId, max_streams: usize) {
        self.change(|pool, actions| pool.set_max_streams(id, max_streams, Instant::now(), actions));
    }

    /// An HTTP/2 connection takes no new request.
    pub(crate) fn retire(self: &Arc<Self>, id: ConnId) {
        self.change(|pool, actions| pool.retire(id, Instant::now(), actions));
    }

    /// Closes all connections and fails all operations.
    pub(crate) fn close(self: &Arc<Self>) {
        let waiting = self.change(|pool, actions| {
            if self.closed.swap(true, Ordering::AcqRel) { Vec::new() } else { pool.close(actions) }
        });
        let placeless = self.places.as_ref().map(|places| places.lock().clear());
        let waiting = waiting.into_iter().chain(self.end_pauses());
        for op in waiting.chain(placeless.unwrap_or_default()) {
            // One whose listener panics is over all the same, and must not keep the others waiting.
            let _ = caught(|| op.cancel(self.why_closed()));
        }
        if let Some(mock) = &self.mock {
            mock.closing.notify_waiters();
        }
        self.chores.notify_one();
    }

    /// The error of requests on a closed client.
    pub(crate) fn why_closed(&self) -> Error {
        if self.io.is_shut_down() {
            return runtime::exiting();
        }
        Error::new(Kind::Closed, Phase::Build, "the client has been closed")
    }

    pub(super) fn perform(self: &Arc<Self>, actions: Actions) {
        for action in actions {
            match action {
                Action::Start { conn, handle, request } => self.start(conn, handle, request),
                Action::Connect { conn, key, limit, lane } => self.connect(conn, key, limit, lane),
                Action::Close { handle, why } => {
                    self.closings.count(Closed::Dropped(why));
                    self.shut(&handle);
                }
                Action::Abandon { conn } => self.abandon(conn),
            }
        }
    }

    fn start(self: &Arc<Self>, id: ConnId, handle: Handle, op: Arc<Op>) {
        turns::take(Turn::Serve(self.clone(), id, handle, op));
    }

    /// Starts an operation on the connection that the pool gave it. If that panics, both are given up.
    pub(super) fn serve(self: &Arc<Self>, id: ConnId, handle: Handle, op: Arc<Op>) {
        let (kept, served) = (handle.clone(), op.clone());
        if let Err(error) = caught(|| self.hand_over(id, handle, op)) {
            let _ = caught(|| served.cancel(error));
            self.forget(id, Closed::Defect);
            let _ = caught(|| self.shut(&kept));
        }
    }

    fn hand_over(self: &Arc<Self>, id: ConnId, handle: Handle, op: Arc<Op>) {
        match handle {
            Handle::Attached(connection) => connection.start(op, self),
            Handle::Http2(connection) => connection.start(op, self),
            Handle::Detached(parked) if op.lane() == Lane::Detached => op.grant(id, parked),
            Handle::Detached(parked) => self.attach(id, &parked, op),
        }
    }

    /// Gives a connection that a thread drove before to the I/O thread, for an operation nobody blocks on.
    fn attach(self: &Arc<Self>, id: ConnId, parked: &Arc<Parked>, op: Arc<Op>) {
        let connection = parked.take();
        if let Some(attached) = connection.and_then(|connection| Attached::adopt(self, id, connection).ok()) {
            let handle = Handle::Attached(attached.clone());
            if !self.change(|pool, _| pool.replace(id, handle, Lane::Attached)) {
                // The pool was closed meanwhile and knows nothing of it.
                attached.close();
            }
            attached.start(op, self);
        } else {
            self.forget(id, Closed::Stale);
            self.assign(&op);
        }
    }

    /// Closes a connection; what it still serves fails.
    fn shut(&self, handle: &Handle) {
        let served = match handle {
            Handle::Attached(connection) => connection.close().into_iter().collect(),
            Handle::Detached(parked) => {
                drop(parked.take());
                Vec::new()
            }
            Handle::Http2(connection) => connection.close(),
        };
        for op in served {
            // One whose listener panics is over all the same, and must not keep the others waiting.
            let _ = caught(|| op.cancel(self.why_closed()));
        }
    }
}

/// Completes an operation whose connection has been released. A panic here, of its owner's waker say, is no fault
/// of the connection, which may serve another request by now.
pub(crate) fn complete(op: &Arc<Op>, attempt: Attempt) {
    if let Err(error) = caught(|| op.complete(attempt)) {
        let _ = caught(|| op.cancel(error));
    }
}
