//! The pool's events: what callers tell it, and what it answers.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::time::Instant;

use super::action::{Action, Assignment, Wish};
use super::connection::{ConnId, Connection, Connections, Lane, Opened, State};
use super::origin::Origins;
use super::queue::{WaiterId, Waiters};
use super::{Dropped, Limits};

/// A pool over keys `K` (an origin and all that separates connections to it), connection handles `C` and
/// requests `W`.
///
/// After every step: while a request wants a connection opened, there is neither room for one nor an idle
/// connection that could make room.
///
/// ```
/// use httparallel_proto::pool::{Action, Assignment, Lane, Limits, Opened, Pool, Wish};
/// use std::time::Instant;
///
/// let (now, mut actions) = (Instant::now(), Vec::new());
/// let mut pool: Pool<&str, &str, &str> = Pool::new(Limits::default());
/// let wish = Wish {
///     lane: Lane::Attached,
///     fresh: false,
///     may_share: false,
///     connect_limit: None,
///     deadline: None,
/// };
///
/// let first = pool.request(&"example.com", "GET /", &wish, now, &mut actions);
/// assert!(matches!(first, Assignment::Queued(_)));
/// let Some(Action::Connect { conn, .. }) = actions.pop() else { panic!() };
///
/// pool.connected(conn, "socket", Opened::Http1(Lane::Attached), now, &mut actions);
/// assert_eq!(actions.pop(), Some(Action::Start { conn, handle: "socket", request: "GET /" }));
///
/// pool.released(conn, None, true, now, &mut actions);
/// let second = pool.request(&"example.com", "GET /next", &wish, now, &mut actions);
/// assert_eq!(second, Assignment::Start { conn, handle: "socket", request: "GET /next" });
/// ```
#[derive(Debug)]
pub struct Pool<K, C, W> {
    pub(super) limits: Limits,
    pub(super) origins: Origins<K>,
    pub(super) connections: Connections<C>,
    pub(super) waiters: Waiters<W>,
    /// Origins that want a connection opened, by the oldest request that wants it.
    pub(super) wants: BTreeSet<(WaiterId, usize)>,
}

impl<K: Clone + Eq + Hash, C: Clone, W> Pool<K, C, W> {
    /// An empty pool.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            origins: Origins::new(),
            connections: Connections::new(),
            waiters: Waiters::new(),
            wants: BTreeSet::new(),
        }
    }

    /// A request to `key`. If it has to wait past its deadline, [`expire`](Self::expire) gives it back.
    pub fn request(
        &mut self,
        key: &K,
        request: W,
        wish: &Wish,
        now: Instant,
        actions: &mut Vec<Action<K, C, W>>,
    ) -> Assignment<C, W> {
        self.retire_aged(now, actions);
        self.drop_expired(now, actions);
        let known = self.origins.find(key);
        if let Some((conn, handle)) = known.and_then(|origin| self.take_free(origin, wish)) {
            return Assignment::Start { conn, handle, request };
        }
        let id = self.join(key, request, wish);
        self.open_wanted(actions);
        Assignment::Queued(id)
    }

    /// A connection that was to be opened is ready. Starts waiting requests on it, or lets it idle. If nobody
    /// waits for it any more, because the attempt was abandoned or the pool closed, it is to be closed.
    pub fn connected(
        &mut self,
        id: ConnId,
        handle: C,
        opened: Opened,
        now: Instant,
        actions: &mut Vec<Action<K, C, W>>,
    ) {
        let Some(conn) = self.connections.get(id).filter(|conn| conn.state == State::Connecting) else {
            return actions.push(Action::Close { handle, why: Dropped::Unwanted });
        };
        conn.opened = Some(opened);
        conn.handle = Some(handle);
        conn.state = State::Idle(now);
        let (origin, is_stalled) = (conn.origin, conn.is_stalled());
        if let Some(entry) = self.origins.get_mut(origin) {
            entry.may_share = matches!(opened, Opened::Http2 { .. });
            if is_stalled {
                entry.stalled.push(id);
            }
        }
        if self.limits.max_connection_age.is_some() {
            self.connections.born(id, now);
        }
        self.reshelve(id);
        self.settle(id, now, actions);
        self.open_wanted(actions);
    }

    /// A connection could not be opened. Gives back the requests that fail with it: the one that it was opened
    /// for, if that still waits; or, where one attempt was made for all of them and they have no other
    /// connection to hope for, all that allow connecting no more time than this attempt had.
    pub fn connect_failed(&mut self, id: ConnId, actions: &mut Vec<Action<K, C, W>>) -> Vec<W> {
        let Some(conn) = self.connections.get(id).filter(|conn| conn.state == State::Connecting) else {
            return Vec::new();
        };
        let (origin, attempt) = (conn.origin, conn.attempt);
        let for_all = self.origins.get(origin).is_some_and(|entry| entry.may_share && entry.connections == 1);
        let failing = if for_all { self.no_more_patient(origin, &attempt) } else { vec![attempt.owner] };
        let failed = failing.into_iter().filter_map(|id| self.leave(id)).collect();
        self.unlink(id);
        self.open_wanted(actions);
        failed
    }

    /// A request on this connection is over. `reusable` says whether the connection can serve another one.
    /// `handle` gives a detached connection back. A connection that is not reusable is forgotten, or, while
    /// other requests are on it, given no new ones; its handle is dropped or returned for the caller to close.
    pub fn released(
        &mut self,
        id: ConnId,
        handle: Option<C>,
        reusable: bool,
        now: Instant,
        actions: &mut Vec<Action<K, C, W>>,
    ) -> Option<C> {
        self.retire_aged(now, actions);
        let Some(conn) = self.connections.get(id) else { return handle };
        let count = match conn.state {
            State::Active(count) => count,
            // Nothing was on it, so there is no news but that it died.
            _ if reusable => return handle,
            _ => return self.closed(id, actions),
        };
        if handle.is_some() {
            conn.handle = handle;
        }
        if count > 1 {
            conn.state = State::Active(count - 1);
            if !reusable {
                self.stop_assigning(id, Dropped::Retired);
            }
        } else if reusable {
            conn.state = State::Idle(now);
        } else {
            return self.closed(id, actions);
        }
        self.reshelve(id);
        self.settle(id, now, actions);
        self.open_wanted(actions);
        None
    }

    /// A busy HTTP/1.1 connection changed its lane, and its handle with it. `false` if the pool has forgotten
    /// the connection, so that it is the caller's to close.
    #[must_use]
    pub fn replace(&mut self, id: ConnId, handle: C, lane: Lane) -> bool {
        let busy = self.connections.get(id).filter(|conn| matches!(conn.state, State::Active(_)));
        let Some(conn) = busy else { return false };
        conn.handle = Some(handle);
        conn.opened = Some(Opened::Http1(lane));
        true
    }

    /// A connection died or was closed, whatever it was doing. Gives back its handle, if the pool held it.
    pub fn closed(&mut self, id: ConnId, actions: &mut Vec<Action<K, C, W>>) -> Option<C> {
        let handle = self.unlink(id);
        self.open_wanted(actions);
        handle
    }

    /// No new request may start on this HTTP/2 connection (the peer said GOAWAY); those on it go on. It is
    /// closed when the last of them is over.
    pub fn retire(&mut self, id: ConnId, now: Instant, actions: &mut Vec<Action<K, C, W>>) {
        let shared = |conn: &Connection<C>| matches!(conn.opened, Some(Opened::Http2 { .. }));
        if self.connections.peek(id).is_some_and(shared) {
            self.stop_assigning(id, Dropped::Retired);
        }
        self.settle(id, now, actions);
        self.open_wanted(actions);
    }

    /// The peer of an HTTP/2 connection changed its limit on concurrent streams. A connection that allows none
    /// is held while requests wait for it, and closed when none does.
    pub fn set_max_streams(
        &mut self,
        id: ConnId,
        max_streams: usize,
        now: Instant,
        actions: &mut Vec<Action<K, C, W>>,
    ) {
        self.retire_aged(now, actions);
        let Some(conn) = self.connections.get(id) else { return };
        if conn.retired.is_some() || !matches!(conn.opened, Some(Opened::Http2 { .. })) {
            return;
        }
        conn.opened = Some(Opened::Http2 { max_streams });
        let (origin, is_stalled) = (conn.origin, conn.is_stalled());
        if let Some(entry) = self.origins.get_mut(origin) {
            entry.stalled.retain(|&other| other != id);
            if is_stalled {
                entry.stalled.push(id);
            }
        }
        self.reshelve(id);
        self.review(origin);
        self.settle(id, now, actions);
        self.open_wanted(actions);
    }

    /// A waiting request is given up by its owner; returns it if it was still waiting.
    pub fn cancel(&mut self, id: WaiterId, actions: &mut Vec<Action<K, C, W>>) -> Option<W> {
        let given_up = self.give_up(id, actions);
        self.open_wanted(actions);
        given_up
    }

    /// Closes what has idled too long or is too old, and gives back requests whose deadline has passed. A request that a
    /// connection is being opened for is past waiting for the pool: the connect limit governs it, unless that
    /// connection goes to somebody else.
    pub fn expire(&mut self, now: Instant, actions: &mut Vec<Action<K, C, W>>) -> Vec<W> {
        self.retire_aged(now, actions);
        self.drop_expired(now, actions);
        let mut overdue = Vec::new();
        while let Some(id) = self.waiters.overdue(now) {
            let Some(origin) = self.waiters.get(id).map(|waiter| waiter.origin) else { break };
            match self.origins.get_mut(origin).filter(|entry| entry.is_covered(id)) {
                Some(entry) => {
                    entry.lapsed.insert(id);
                    self.waiters.disarm(id);
                }
                None => overdue.extend(self.give_up(id, actions)),
            }
        }
        self.open_wanted(actions);
        overdue
    }

    /// When [`expire`](Self::expire) next has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        let expiry = self.next_expiry().map(|(_, at, _)| at);
        let too_old = self.next_too_old().map(|(_, at)| at);
        earlier(earlier(expiry, too_old), self.waiters.next_deadline())
    }

    /// Forgets everything: gives the handles to close and the requests that still waited, oldest first.
    pub fn close(&mut self, actions: &mut Vec<Action<K, C, W>>) -> Vec<W> {
        for conn in self.connections.drain() {
            if conn.state == State::Connecting {
                actions.push(Action::Abandon { conn: conn.id });
            }
            if let Some(handle) = conn.handle {
                actions.push(Action::Close { handle, why: Dropped::PoolClosed });
            }
        }
        self.origins.clear();
        self.wants.clear();
        self.waiters.drain()
    }

    /// Each connection: where to, what it speaks, its state, and how many requests it has served.
    pub fn connections(&self) -> impl Iterator<Item = (&K, Option<Opened>, State, u64)> {
        self.connections.iter().filter_map(|conn| {
            let key = &self.origins.get(conn.origin)?.key;
            Some((key, conn.opened, conn.state, conn.requests))
        })
    }

    /// The state of one connection, and how many requests it has served; `None` once it is forgotten.
    pub fn connection(&self, id: ConnId) -> Option<(State, u64)> {
        self.connections.peek(id).map(|conn| (conn.state, conn.requests))
    }

    /// Connections of any state.
    pub fn connection_count(&self) -> usize {
        self.connections.len()
    }

    /// Requests that wait for a connection.
    pub fn waiting_count(&self) -> usize {
        self.waiters.len()
    }

    fn join(&mut self, key: &K, request: W, wish: &Wish) -> WaiterId {
        let (origin, entry) = self.origins.get_or_insert(key, wish.may_share);
        let id = self.waiters.push(&mut entry.waiting, origin, request, wish);
        entry.joined(id);
        self.review(origin);
        id
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
