//! The assignment itself: events in, actions out.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::{Duration, Instant};

use super::connection::{ConnId, Connections, Lane, Opened, State};
use super::queue::{WaiterId, Waiters};
use super::{Dropped, Limits};

/// How often a request that waits for a new connection may see a freed connection serve a younger request
/// of that connection's own origin. Reuse is cheaper than reconnecting; this bounds what it costs others.
const MAX_PASSED_OVER: u32 = 16;

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
    /// Open a connection to `key`; then call [`Pool::connected`] or [`Pool::connect_failed`].
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
    /// Stop opening this connection: nobody waits for it any more.
    Abandon {
        /// The connection.
        conn: ConnId,
    },
}

#[derive(Debug)]
struct Origin<K> {
    key: K,
    idle: [Vec<ConnId>; 2],
    /// HTTP/2 connections, newest last. There are few: a new one opens only when the others are full.
    shared: Vec<ConnId>,
    waiting: VecDeque<WaiterId>,
    waiting_count: usize,
    connecting: Vec<ConnId>,
    connections: usize,
    /// Whether connections may turn out to be HTTP/2, so that one attempt at a time is enough.
    may_share: bool,
    /// The connect limit of the newest request.
    connect_limit: Option<Duration>,
    /// The lane of the newest request.
    lane: Lane,
}

/// What the pool has to know of a request.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// The lane it prefers.
    pub lane: Lane,
    /// Whether a new connection could turn out to be HTTP/2.
    pub may_share: bool,
    /// The time limit of a connection that is opened for it.
    pub connect_limit: Option<Duration>,
    /// When waiting for a connection is given up.
    pub deadline: Option<Instant>,
}

/// A pool over keys `K` (an origin and all that separates connections to it), connection handles `C` and
/// requests `W`.
#[derive(Debug)]
pub struct Pool<K, C, W> {
    limits: Limits,
    by_key: HashMap<K, usize>,
    origins: Vec<Option<Origin<K>>>,
    vacant_origins: Vec<usize>,
    connections: Connections<C>,
    waiters: Waiters<W>,
}

impl<K: Clone + Eq + Hash, C: Clone, W> Pool<K, C, W> {
    /// An empty pool.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            by_key: HashMap::new(),
            origins: Vec::new(),
            vacant_origins: Vec::new(),
            connections: Connections::new(),
            waiters: Waiters::new(),
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
        let origin = self.origin(key, wish);
        if let Some((conn, handle)) = self.take_free(origin, wish.lane, now, actions) {
            return Assignment::Start { conn, handle, request };
        }
        // Expired connections may have been dropped on the way, and the origin with the last of them.
        let origin = self.origin(key, wish);
        let id = self.waiters.push(origin, request, wish.deadline);
        if let Some(entry) = self.origins[origin].as_mut() {
            entry.waiting.push_back(id);
            entry.waiting_count += 1;
            entry.connect_limit = wish.connect_limit;
            entry.lane = wish.lane;
        }
        self.open_for(origin, actions);
        Assignment::Queued(id)
    }

    /// A connection that was to be opened is ready. Starts waiting requests on it, or lets it idle.
    pub fn connected(
        &mut self,
        id: ConnId,
        handle: C,
        opened: Opened,
        now: Instant,
        actions: &mut Vec<Action<K, C, W>>,
    ) {
        let Some(conn) = self.connections.get(id) else {
            return actions.push(Action::Close { handle, why: Dropped::PoolClosed });
        };
        conn.opened = Some(opened);
        conn.handle = Some(handle);
        let origin = conn.origin;
        if let Some(entry) = self.origins[origin].as_mut() {
            entry.connecting.retain(|&other| other != id);
            match opened {
                Opened::Http2 { .. } => entry.shared.push(id),
                Opened::Http1(_) => entry.may_share = false,
            }
        }
        self.connections.set_idle(id, now);
        self.serve(id, now, actions);
        self.open_for(origin, actions);
    }

    /// A connection could not be opened. Gives back the requests that fail with it: the one that has waited
    /// longest for this origin, unless other attempts are enough for all; or, where one attempt was made for
    /// all of them, all.
    pub fn connect_failed(&mut self, id: ConnId, actions: &mut Vec<Action<K, C, W>>) -> Vec<W> {
        let mut failed = Vec::new();
        let Some(origin) = self.connections.get(id).map(|conn| conn.origin) else { return failed };
        if let Some(entry) = self.origins[origin].as_ref() {
            let fails = match entry.may_share {
                true => entry.waiting_count,
                false => usize::from(entry.waiting_count >= entry.connecting.len()),
            };
            failed.extend((0..fails).map_while(|_| self.next_waiting(origin)));
        }
        self.forget(id, actions);
        failed
    }

    /// A request on this connection is over. `reusable` says whether the connection can serve another one.
    /// `handle` gives a detached connection back. A connection that is not reusable is forgotten, and its
    /// handle dropped or returned for the caller to close.
    pub fn released(
        &mut self,
        id: ConnId,
        handle: Option<C>,
        reusable: bool,
        now: Instant,
        actions: &mut Vec<Action<K, C, W>>,
    ) -> Option<C> {
        let Some(conn) = self.connections.get(id) else { return handle };
        if handle.is_some() {
            conn.handle = handle;
        }
        match conn.state {
            State::Active(count) if count > 1 => conn.state = State::Active(count - 1),
            _ if !reusable => return self.forget(id, actions),
            _ => self.connections.set_idle(id, now),
        }
        self.serve(id, now, actions);
        None
    }

    /// A busy HTTP/1.1 connection changed its lane, and its handle with it.
    pub fn replace(&mut self, id: ConnId, handle: C, lane: Lane) {
        if let Some(conn) = self.connections.get(id) {
            conn.handle = Some(handle);
            conn.opened = Some(Opened::Http1(lane));
        }
    }

    /// A connection died or was closed, whatever it was doing. Gives back its handle, if the pool held it.
    pub fn closed(&mut self, id: ConnId, actions: &mut Vec<Action<K, C, W>>) -> Option<C> {
        self.forget(id, actions)
    }

    /// No new request may start on this HTTP/2 connection (the peer said GOAWAY); those on it go on.
    pub fn retire(&mut self, id: ConnId, now: Instant, actions: &mut Vec<Action<K, C, W>>) {
        self.set_max_streams(id, 0, now, actions);
        let origin = self.connections.get(id).map(|conn| conn.origin);
        if let Some(entry) = origin.and_then(|origin| self.origins[origin].as_mut()) {
            entry.shared.retain(|&other| other != id);
        }
        if let Some(origin) = origin {
            self.open_for(origin, actions);
        }
    }

    /// The peer of an HTTP/2 connection changed its limit on concurrent streams.
    pub fn set_max_streams(
        &mut self,
        id: ConnId,
        max_streams: usize,
        now: Instant,
        actions: &mut Vec<Action<K, C, W>>,
    ) {
        let Some(conn) = self.connections.get(id) else { return };
        if matches!(conn.opened, Some(Opened::Http2 { .. })) {
            conn.opened = Some(Opened::Http2 { max_streams });
            self.serve(id, now, actions);
        }
    }

    /// A waiting request is given up by its owner; returns it if it was still waiting.
    pub fn cancel(&mut self, id: WaiterId, actions: &mut Vec<Action<K, C, W>>) -> Option<W> {
        let waiter = self.waiters.remove(id)?;
        let origin = waiter.origin;
        if let Some(entry) = self.origins[origin].as_mut() {
            entry.waiting_count -= 1;
            if entry.waiting.len() > 64 && entry.waiting.len() > 2 * entry.waiting_count {
                entry.waiting.retain(|&id| self.waiters.contains(id));
            }
            // Nobody is left for the newest attempt: stop it, so that its slot is free at once.
            if entry.connecting.len() > entry.waiting_count {
                if let Some(conn) = entry.connecting.last().copied() {
                    actions.push(Action::Abandon { conn });
                    self.forget(conn, actions);
                }
            }
        }
        self.drop_unused_origin(origin);
        Some(waiter.payload)
    }

    /// Closes what has idled too long and gives back requests whose deadline has passed. A request that a
    /// connection is being opened for is past waiting for the pool: the connect limit governs it.
    pub fn expire(&mut self, now: Instant, actions: &mut Vec<Action<K, C, W>>) -> Vec<W> {
        while let Some((id, since)) = self.connections.oldest_idle() {
            if !self.is_expired(since, now) {
                break;
            }
            self.drop_idle(id, Dropped::Expired, actions);
        }
        let mut overdue = Vec::new();
        while let Some(id) = self.waiters.overdue(now) {
            if self.is_being_connected(id) {
                self.waiters.clear_deadline(id);
            } else {
                overdue.extend(self.cancel(id, actions));
            }
        }
        overdue
    }

    /// When [`expire`](Self::expire) next has something to do.
    pub fn next_deadline(&mut self) -> Option<Instant> {
        let idle = self.connections.oldest_idle().map(|(_, since)| since);
        let expiry =
            idle.zip(self.limits.keepalive_expiry).and_then(|(since, limit)| since.checked_add(limit));
        [expiry, self.waiters.next_deadline()].into_iter().flatten().min()
    }

    /// Forgets everything: gives the handles to close and the requests that still waited.
    pub fn close(&mut self, actions: &mut Vec<Action<K, C, W>>) -> Vec<W> {
        let ids: Vec<ConnId> = self.connections.iter().map(|conn| conn.id).collect();
        for id in ids {
            let connecting = self.connections.get(id).is_some_and(|conn| conn.state == State::Connecting);
            if connecting {
                actions.push(Action::Abandon { conn: id });
            }
            if let Some(handle) = self.connections.remove(id).and_then(|conn| conn.handle) {
                actions.push(Action::Close { handle, why: Dropped::PoolClosed });
            }
        }
        self.by_key.clear();
        self.origins.clear();
        self.vacant_origins.clear();
        self.waiters.drain()
    }

    /// Each connection: where to, what it speaks, its state, and how many requests it has served.
    pub fn connections(&self) -> impl Iterator<Item = (&K, Option<Opened>, State, u64)> {
        self.connections.iter().filter_map(|conn| {
            let key = &self.origins.get(conn.origin)?.as_ref()?.key;
            Some((key, conn.opened, conn.state, conn.requests))
        })
    }

    /// Connections of any state.
    pub fn connection_count(&self) -> usize {
        self.connections.len()
    }

    /// Requests that wait for a connection.
    pub fn waiting_count(&self) -> usize {
        self.waiters.len()
    }

    fn is_being_connected(&self, id: WaiterId) -> bool {
        let origin = self.waiters.origin_of(id).and_then(|origin| self.origins[origin].as_ref());
        let Some(entry) = origin else { return false };
        if entry.may_share {
            return !entry.connecting.is_empty();
        }
        let waiting = entry.waiting.iter().filter(|&&other| self.waiters.contains(other));
        waiting.take(entry.connecting.len()).any(|&other| other == id)
    }

    fn origin(&mut self, key: &K, wish: &Wish) -> usize {
        if let Some(&index) = self.by_key.get(key) {
            return index;
        }
        let entry = Origin {
            key: key.clone(),
            idle: [Vec::new(), Vec::new()],
            shared: Vec::new(),
            waiting: VecDeque::new(),
            waiting_count: 0,
            connecting: Vec::new(),
            connections: 0,
            may_share: wish.may_share,
            connect_limit: wish.connect_limit,
            lane: wish.lane,
        };
        let index = self.vacant_origins.pop().unwrap_or_else(|| {
            self.origins.push(None);
            self.origins.len() - 1
        });
        self.origins[index] = Some(entry);
        self.by_key.insert(key.clone(), index);
        index
    }

    /// A connection of this origin that can take a request now. Those that idled too long are closed.
    fn take_free(
        &mut self,
        origin: usize,
        lane: Lane,
        now: Instant,
        actions: &mut Vec<Action<K, C, W>>,
    ) -> Option<(ConnId, C)> {
        let lanes = match lane {
            Lane::Attached => [Lane::Attached, Lane::Detached],
            Lane::Detached => [Lane::Detached, Lane::Attached],
        };
        for lane in lanes {
            while let Some(id) = self.origins[origin].as_mut()?.idle[lane as usize].pop() {
                // Entries of connections that were closed or taken meanwhile are stale.
                let Some(State::Idle(since)) = self.connections.get(id).map(|conn| conn.state) else {
                    continue;
                };
                if self.is_expired(since, now) {
                    self.drop_idle(id, Dropped::Expired, actions);
                    continue;
                }
                return self.start_on(id).map(|handle| (id, handle));
            }
        }
        let shared = &self.origins[origin].as_ref()?.shared;
        let connections = &mut self.connections;
        let id =
            shared.iter().rev().copied().find(|&id| connections.get(id).is_some_and(|c| c.has_room()))?;
        self.start_on(id).map(|handle| (id, handle))
    }

    /// Marks one more request on a connection and gives its handle.
    fn start_on(&mut self, id: ConnId) -> Option<C> {
        self.connections.begin(id);
        let conn = self.connections.get(id)?;
        match conn.opened {
            Some(Opened::Http1(Lane::Detached)) => conn.handle.take(),
            _ => conn.handle.clone(),
        }
    }

    /// Gives waiting requests to a connection that may have room; files it among the idle ones otherwise.
    fn serve(&mut self, id: ConnId, now: Instant, actions: &mut Vec<Action<K, C, W>>) {
        while let Some(conn) = self.connections.get(id) {
            if !conn.has_room() {
                return;
            }
            let (origin, idle) = (conn.origin, matches!(conn.state, State::Idle(_)));
            if idle && self.must_yield(origin) {
                self.drop_idle(id, Dropped::Evicted, actions);
                return;
            }
            let Some(request) = self.next_waiting(origin) else {
                if idle {
                    self.file_idle(id, now, actions);
                }
                return;
            };
            if let Some(handle) = self.start_on(id) {
                actions.push(Action::Start { conn: id, handle, request });
            }
        }
    }

    /// Whether the request that has waited longest is of another origin and was passed over too often.
    fn must_yield(&mut self, origin: usize) -> bool {
        let full = self.limits.max_connections.is_some_and(|max| self.connections.len() >= max);
        let Some(oldest) = self.waiters.oldest() else { return false };
        if !full || oldest.origin == origin {
            return false;
        }
        oldest.passed_over += 1;
        oldest.passed_over > MAX_PASSED_OVER
            || self.origins[origin].as_ref().is_none_or(|entry| entry.waiting_count == 0)
    }

    fn file_idle(&mut self, id: ConnId, now: Instant, actions: &mut Vec<Action<K, C, W>>) {
        let Some(conn) = self.connections.get(id) else { return };
        let (origin, opened) = (conn.origin, conn.opened);
        if let (Some(Opened::Http1(lane)), Some(entry)) = (opened, self.origins[origin].as_mut()) {
            entry.idle[lane as usize].push(id);
        }
        let limit = self.limits.max_keepalive_connections.unwrap_or(usize::MAX);
        while self.connections.idle_count > limit {
            let Some((oldest, _)) = self.connections.oldest_idle() else { break };
            self.drop_idle(oldest, Dropped::TooManyIdle, actions);
        }
        if self.is_expired(now, now) {
            self.drop_idle(id, Dropped::Expired, actions);
        }
    }

    /// Opens connections for the requests that wait for this origin, as far as the limits allow.
    fn open_for(&mut self, origin: usize, actions: &mut Vec<Action<K, C, W>>) {
        loop {
            let Some(entry) = self.origins[origin].as_ref() else { return };
            let attempts = entry.connecting.len();
            if attempts >= entry.waiting_count || (entry.may_share && attempts > 0) {
                return;
            }
            if self.limits.max_connections.is_some_and(|max| self.connections.len() >= max) {
                let Some((victim, _)) = self.connections.oldest_idle() else { return };
                // The freed place is ours: forgetting the victim must not hand it to somebody else.
                if let Some(handle) = self.unlink(victim).and_then(|conn| conn.handle) {
                    actions.push(Action::Close { handle, why: Dropped::Evicted });
                }
            }
            let conn = self.connections.insert(origin);
            if let Some(entry) = self.origins[origin].as_mut() {
                entry.connecting.push(conn);
                entry.connections += 1;
                let (key, limit, lane) = (entry.key.clone(), entry.connect_limit, entry.lane);
                actions.push(Action::Connect { conn, key, limit, lane });
            }
        }
    }

    fn next_waiting(&mut self, origin: usize) -> Option<W> {
        let entry = self.origins[origin].as_mut()?;
        while let Some(id) = entry.waiting.pop_front() {
            if let Some(waiter) = self.waiters.remove(id) {
                entry.waiting_count -= 1;
                return Some(waiter.payload);
            }
        }
        None
    }

    fn drop_idle(&mut self, id: ConnId, why: Dropped, actions: &mut Vec<Action<K, C, W>>) {
        if let Some(handle) = self.forget(id, actions) {
            actions.push(Action::Close { handle, why });
        }
    }

    /// Takes a connection out of all books and gives its place to the request that has waited longest.
    fn forget(&mut self, id: ConnId, actions: &mut Vec<Action<K, C, W>>) -> Option<C> {
        let conn = self.unlink(id)?;
        if let Some(origin) = self.waiters.oldest().map(|waiter| waiter.origin) {
            self.open_for(origin, actions);
        }
        conn.handle
    }

    fn unlink(&mut self, id: ConnId) -> Option<super::connection::Connection<C>> {
        let conn = self.connections.remove(id)?;
        if let Some(entry) = self.origins.get_mut(conn.origin).and_then(Option::as_mut) {
            entry.connections -= 1;
            entry.connecting.retain(|&other| other != id);
            entry.shared.retain(|&other| other != id);
        }
        self.drop_unused_origin(conn.origin);
        Some(conn)
    }

    fn drop_unused_origin(&mut self, origin: usize) {
        let Some(slot) = self.origins.get_mut(origin) else { return };
        if slot.as_ref().is_some_and(|entry| entry.connections == 0 && entry.waiting_count == 0) {
            if let Some(entry) = slot.take() {
                self.by_key.remove(&entry.key);
                self.vacant_origins.push(origin);
            }
        }
    }

    fn is_expired(&self, since: Instant, now: Instant) -> bool {
        self.limits.keepalive_expiry.is_some_and(|expiry| now.saturating_duration_since(since) >= expiry)
    }
}
