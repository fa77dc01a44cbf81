//! Who gets which place: what every event of the pool ends with.

use std::hash::Hash;
use std::time::{Duration, Instant};

use super::Dropped;
use super::action::{Action, Wish};
use super::assign::Pool;
use super::connection::{Attempt, ConnId, Lane, Opened, Shelf, State};
use super::queue::WaiterId;

/// How often a request that wants a connection may see a freed connection serve a younger request of that
/// connection's own origin, which it cannot take itself. Reuse is cheaper than reconnecting; this bounds what it costs others.
pub(super) const MAX_PASSED_OVER: u32 = 16;

impl<K: Clone + Eq + Hash, C: Clone, W> Pool<K, C, W> {
    /// A connection of this origin that can take a request now, marked as serving it.
    pub(super) fn take_free(&mut self, origin: usize, wish: &Wish) -> Option<(ConnId, C)> {
        let other = match wish.lane {
            Lane::Attached => Lane::Detached,
            Lane::Detached => Lane::Attached,
        };
        let entry = self.origins.get_mut(origin)?;
        let shelves = [Shelf::Idle(wish.lane), Shelf::Idle(other), Shelf::Room];
        // HTTP/2 has PING and GOAWAY against stale connections.
        let allowed = if wish.fresh { &shelves[2..] } else { &shelves[..] };
        let slot = allowed.iter().copied().find_map(|shelf| entry.list_of(shelf).last());
        let id = self.connections.id_at(slot)?;
        self.start_on(id).map(|handle| (id, handle))
    }

    /// Marks one more request on a connection and gives its handle.
    fn start_on(&mut self, id: ConnId) -> Option<C> {
        let conn = self.connections.get(id)?;
        let handle = match conn.opened {
            Some(Opened::Http1(Lane::Detached)) => conn.handle.take(),
            _ => conn.handle.clone(),
        };
        conn.requests += 1;
        conn.state = match conn.state {
            State::Active(count) => State::Active(count + 1),
            State::Connecting | State::Idle(_) => State::Active(1),
        };
        self.reshelve(id);
        handle
    }

    /// Gives waiting requests to a connection that may have room. One that then idles stays so, or is dropped
    /// if it must not.
    pub(super) fn settle(&mut self, id: ConnId, now: Instant, actions: &mut Vec<Action<K, C, W>>) {
        while let Some(conn) = self.connections.get(id).filter(|conn| conn.has_room()) {
            let (origin, is_idle, is_fresh) = (conn.origin, conn.is_idle(), conn.is_fresh());
            let taker = self.first_taker(origin, is_fresh);
            if is_idle && self.must_yield(origin, taker) {
                return self.drop_idle(id, Dropped::Evicted, actions);
            }
            let Some(request) = taker.and_then(|taker| self.leave(taker)) else { break };
            if let Some(handle) = self.start_on(id) {
                actions.push(Action::Start { conn: id, handle, request });
            }
        }
        self.keep_or_drop(id, now, actions);
    }

    /// Who has waited longest for this origin of those that may take a connection: a fresh one, or not.
    fn first_taker(&self, origin: usize, is_fresh: bool) -> Option<WaiterId> {
        let first = self.waiters.first(&self.origins.get(origin)?.waiting);
        let mut line = std::iter::successors(first, |&id| self.waiters.after(id));
        line.find(|&id| is_fresh || !self.wants_fresh(id))
    }

    fn wants_fresh(&self, id: WaiterId) -> bool {
        self.waiters.get(id).is_some_and(|waiter| waiter.wish.fresh)
    }

    /// Whether the place of an idle connection of this origin, which `taker` could have, belongs to a request of
    /// another one: it has waited longest, and nobody here could take it or it was passed over too often. The
    /// same goes for a request of this origin that wants a fresh connection. Whoever is listed in `wants` at this
    /// point wants a place that there is no room for.
    fn must_yield(&mut self, origin: usize, taker: Option<WaiterId>) -> bool {
        let Some(&(wanting, other)) = self.wants.first() else { return false };
        if other == origin && (taker == Some(wanting) || !self.wants_fresh(wanting)) {
            return false;
        }
        let Some(next) = taker else { return true };
        let Some(waiter) = self.waiters.get_mut(wanting).filter(|_| wanting < next) else { return false };
        waiter.passed_over += 1;
        waiter.passed_over > MAX_PASSED_OVER
    }

    fn keep_or_drop(&mut self, id: ConnId, now: Instant, actions: &mut Vec<Action<K, C, W>>) {
        let Some(conn) = self.connections.get(id).filter(|conn| conn.is_idle()) else { return };
        let (origin, retired, is_stalled) = (conn.origin, conn.retired, conn.is_stalled());
        if is_stalled && self.origins.get(origin).is_some_and(|entry| !entry.waiting.is_empty()) {
            return;
        }
        if let Some(why) = retired.or(is_stalled.then_some(Dropped::Retired)) {
            return self.drop_idle(id, why, actions);
        }
        // An expiry of zero ends it here.
        self.drop_expired(now, actions);
    }

    /// Opens connections for the requests that want one, oldest first, as far as the limits allow.
    pub(super) fn open_wanted(&mut self, actions: &mut Vec<Action<K, C, W>>) {
        while let Some(&(wanting, origin)) = self.wants.first() {
            if self.is_full() {
                let Some((victim, _)) = self.connections.oldest_idle() else { return };
                self.drop_idle(victim, Dropped::Evicted, actions);
            }
            let Some(waiter) = self.waiters.get(wanting) else { return };
            let attempt = Attempt { owner: wanting, limit: waiter.wish.connect_limit };
            let lane = waiter.wish.lane;
            let conn = self.connections.insert(origin, attempt);
            if let Some(entry) = self.origins.get_mut(origin) {
                entry.connections += 1;
                actions.push(Action::Connect { conn, key: entry.key.clone(), limit: attempt.limit, lane });
            }
            self.reshelve(conn);
        }
    }

    fn is_full(&self) -> bool {
        self.limits.max_connections.is_some_and(|max| self.connections.len() >= max)
    }

    /// The requests of an origin that allow connecting no more time than an attempt had.
    pub(super) fn no_more_patient(&self, origin: usize, attempt: &Attempt) -> Vec<WaiterId> {
        let first = self.origins.get(origin).and_then(|entry| self.waiters.first(&entry.waiting));
        let line = std::iter::successors(first, |&id| self.waiters.after(id));
        let patience = |id: WaiterId| self.waiters.get(id).and_then(|waiter| waiter.wish.connect_limit);
        match attempt.limit {
            None => line.collect(),
            Some(had) => line.filter(|&id| patience(id).is_some_and(|limit| limit <= had)).collect(),
        }
    }

    /// Takes a request out of its line. Its origin stays, even if nothing else belongs to it.
    pub(super) fn leave(&mut self, id: WaiterId) -> Option<W> {
        let origin = self.waiters.get(id)?.origin;
        let entry = self.origins.get_mut(origin)?;
        entry.leaves(id, &self.waiters);
        let waiter = self.waiters.remove(&mut entry.waiting, id)?;
        self.review(origin);
        Some(waiter.payload)
    }

    /// Takes a request out that was cancelled or is overdue, with what only it was for.
    pub(super) fn give_up(&mut self, id: WaiterId, actions: &mut Vec<Action<K, C, W>>) -> Option<W> {
        let origin = self.waiters.get(id)?.origin;
        let request = self.leave(id);
        let entry = self.origins.get(origin)?;
        let surplus = entry.connecting.len() > entry.waiting.len();
        let newest = self.connections.id_at(entry.connecting.last());
        let stalled = if entry.waiting.is_empty() { entry.stalled.clone() } else { Vec::new() };
        // Nobody is left for the newest attempt: its place is free at once.
        if let Some(conn) = newest.filter(|_| surplus) {
            actions.push(Action::Abandon { conn });
            self.unlink(conn);
        }
        for id in stalled {
            if self.connections.get(id).is_some_and(|conn| conn.is_idle()) {
                self.drop_idle(id, Dropped::Retired, actions);
            }
        }
        self.origins.drop_unused(origin);
        request
    }

    /// Lets no new request start on a connection.
    pub(super) fn stop_assigning(&mut self, id: ConnId, why: Dropped) {
        self.connections.retire(id, why);
        let Some(conn) = self.connections.get(id) else { return };
        let origin = conn.origin;
        if let Some(entry) = self.origins.get_mut(origin) {
            entry.stalled.retain(|&other| other != id);
        }
        self.reshelve(id);
        self.review(origin);
    }

    /// Retires the connections that are too old by now, and closes those of them that idle.
    pub(super) fn retire_aged(&mut self, now: Instant, actions: &mut Vec<Action<K, C, W>>) {
        let mut any = false;
        while let Some((id, _)) = self.next_too_old().filter(|&(_, at)| at <= now) {
            any = true;
            self.stop_assigning(id, Dropped::TooOld);
            self.keep_or_drop(id, now, actions);
        }
        // Requests that waited for one of them, stalled by its peer, want another one now.
        if any {
            self.open_wanted(actions);
        }
    }

    /// The connection that gets too old next, and when.
    pub(super) fn next_too_old(&self) -> Option<(ConnId, Instant)> {
        let most = self.limits.max_connection_age?;
        let (id, born) = self.connections.oldest()?;
        Some((id, born.checked_add(most)?))
    }

    pub(super) fn drop_expired(&mut self, now: Instant, actions: &mut Vec<Action<K, C, W>>) {
        while let Some((id, _, why)) = self.next_expiry().filter(|&(_, at, _)| at <= now) {
            self.drop_idle(id, why, actions);
        }
    }

    /// The connection that is dropped next if nothing happens, when, and why.
    pub(super) fn next_expiry(&self) -> Option<(ConnId, Instant, Dropped)> {
        let (id, since) = self.connections.oldest_idle()?;
        let most = self.limits.max_keepalive_connections.unwrap_or(usize::MAX);
        let surplus = match most {
            0 => Some(Duration::ZERO),
            most => (self.connections.idle_count() > most).then_some(self.limits.surplus_expiry),
        };
        let limits = [(surplus, Dropped::TooManyIdle), (self.limits.keepalive_expiry, Dropped::Expired)];
        let (at, why) = limits
            .into_iter()
            .filter_map(|(limit, why)| Some((since.checked_add(limit?)?, why)))
            .min_by_key(|&(at, _)| at)?;
        Some((id, at, why))
    }

    fn drop_idle(&mut self, id: ConnId, why: Dropped, actions: &mut Vec<Action<K, C, W>>) {
        if let Some(handle) = self.unlink(id) {
            actions.push(Action::Close { handle, why });
        }
    }

    /// Takes a connection out of all books, and gives its handle.
    pub(super) fn unlink(&mut self, id: ConnId) -> Option<C> {
        let conn = self.connections.get(id)?;
        let (origin, filed) = (conn.origin, conn.shelf.take());
        if let Some(entry) = self.origins.get_mut(origin) {
            if let Some(filed) = filed {
                self.connections.shelved.remove(entry.list_of(filed), id.slot);
            }
            entry.stalled.retain(|&other| other != id);
            entry.connections -= 1;
        }
        let conn = self.connections.remove(id)?;
        self.review(origin);
        self.origins.drop_unused(origin);
        conn.handle
    }

    /// Files a connection where its state belongs. To be called whenever that has changed.
    pub(super) fn reshelve(&mut self, id: ConnId) {
        self.connections.age(id);
        let Some(conn) = self.connections.get(id) else { return };
        let (proper, origin) = (conn.proper_shelf(), conn.origin);
        let present = std::mem::replace(&mut conn.shelf, proper);
        let Some(entry) = self.origins.get_mut(origin).filter(|_| present != proper) else { return };
        if let Some(shelf) = present {
            self.connections.shelved.remove(entry.list_of(shelf), id.slot);
        }
        if let Some(shelf) = proper {
            self.connections.shelved.push(entry.list_of(shelf), id.slot);
        }
        if [present, proper].contains(&Some(Shelf::Connecting)) {
            self.review(origin);
        }
    }

    /// Finds out anew which request of an origin wants a connection opened. To be called whenever its line, its
    /// attempts or its stalled connections have changed.
    pub(super) fn review(&mut self, origin: usize) {
        let Some(entry) = self.origins.get_mut(origin) else { return };
        entry.recount(&self.waiters);
        let want = entry.want();
        if want != entry.listed {
            if let Some(listed) = std::mem::replace(&mut entry.listed, want) {
                self.wants.remove(&(listed, origin));
            }
            if let Some(want) = want {
                self.wants.insert((want, origin));
            }
        }
        for id in entry.take_uncovered_lapsed() {
            self.waiters.arm(id);
        }
    }
}
