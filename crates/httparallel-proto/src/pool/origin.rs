//! Origins: what the pool keeps for each key, and which of its waiting requests still need a connection
//! attempt.
//!
//! An attempt is *for* the request that it was opened for, but serves whoever has waited longest. So with
//! `n` attempts under way the `n` oldest requests are covered, and [`Origin::cursor`] points behind them.
//! While a connection may turn out to be HTTP/2, one attempt covers all.

use std::collections::BTreeSet;
use std::hash::Hash;

use foldhash::{HashMap, HashMapExt};

use super::connection::{ConnId, Shelf};
use super::list::List;
use super::queue::{WaiterId, Waiters};

#[derive(Debug)]
pub(super) struct Origin<K> {
    pub(super) key: K,
    idle: [List; 2],
    /// HTTP/2 connections with room for another stream.
    room: List,
    pub(super) connecting: List,
    /// HTTP/2 connections whose peer allows no stream at the moment. While there is one, no other is opened:
    /// it would be told the same. RFC 9113 section 6.5.2: "Servers SHOULD only set a zero value for short
    /// durations".
    pub(super) stalled: Vec<ConnId>,
    pub(super) waiting: List,
    /// The oldest request that is not covered by one attempt of its own.
    cursor: Option<WaiterId>,
    /// How many requests stand before the cursor.
    covered: usize,
    /// Connections of any state.
    pub(super) connections: usize,
    /// Whether connections may turn out to be HTTP/2, so that one attempt at a time is enough.
    pub(super) may_share: bool,
    /// Covered requests whose deadline passed meanwhile. If they lose their cover it counts again.
    pub(super) lapsed: BTreeSet<WaiterId>,
    /// Under which request this origin is on the list of those that want a connection.
    pub(super) listed: Option<WaiterId>,
}

impl<K> Origin<K> {
    fn new(key: K, may_share: bool) -> Self {
        Self {
            key,
            idle: [List::default(); 2],
            room: List::default(),
            connecting: List::default(),
            stalled: Vec::new(),
            waiting: List::default(),
            cursor: None,
            covered: 0,
            connections: 0,
            may_share,
            lapsed: BTreeSet::new(),
            listed: None,
        }
    }

    pub(super) fn list_of(&mut self, filed: Shelf) -> &mut List {
        match filed {
            Shelf::Connecting => &mut self.connecting,
            Shelf::Idle(lane) => &mut self.idle[lane as usize],
            Shelf::Room => &mut self.room,
        }
    }

    /// The oldest request that no attempt is under way for.
    pub(super) fn uncovered(&self) -> Option<WaiterId> {
        let shared = self.may_share && !self.connecting.is_empty();
        self.cursor.filter(|_| !shared)
    }

    pub(super) fn is_covered(&self, id: WaiterId) -> bool {
        self.uncovered().is_none_or(|uncovered| id < uncovered)
    }

    /// The request that the next attempt would be for, if one should be started.
    pub(super) fn want(&self) -> Option<WaiterId> {
        self.uncovered().filter(|_| self.stalled.is_empty())
    }

    /// A request was added to the back of the line.
    pub(super) fn joined(&mut self, id: WaiterId) {
        self.cursor = self.cursor.or(Some(id));
    }

    /// A request is about to leave the line.
    pub(super) fn leaves<W>(&mut self, id: WaiterId, waiters: &Waiters<W>) {
        self.lapsed.remove(&id);
        match self.cursor {
            Some(cursor) if id > cursor => {}
            Some(cursor) if id == cursor => self.cursor = waiters.after(id),
            _ => self.covered -= 1,
        }
    }

    /// Those whose deadline counts again, because they have lost their cover.
    pub(super) fn take_uncovered_lapsed(&mut self) -> BTreeSet<WaiterId> {
        match self.uncovered() {
            Some(uncovered) if self.lapsed.last() >= Some(&uncovered) => self.lapsed.split_off(&uncovered),
            _ => BTreeSet::new(),
        }
    }

    /// Moves the cursor behind as many requests as there are attempts.
    pub(super) fn recount<W>(&mut self, waiters: &Waiters<W>) {
        let attempts = self.connecting.len();
        while self.covered > attempts {
            self.cursor = match self.cursor {
                Some(cursor) => waiters.before(cursor),
                None => waiters.last(&self.waiting),
            };
            self.covered -= 1;
        }
        while let Some(cursor) = self.cursor.filter(|_| self.covered < attempts) {
            self.cursor = waiters.after(cursor);
            self.covered += 1;
        }
    }
}

/// All origins that have a connection or a waiting request.
#[derive(Debug)]
pub(super) struct Origins<K> {
    by_key: HashMap<K, usize>,
    slots: Vec<Option<Origin<K>>>,
    vacant: Vec<usize>,
}

impl<K: Clone + Eq + Hash> Origins<K> {
    pub(super) fn new() -> Self {
        Self { by_key: HashMap::new(), slots: Vec::new(), vacant: Vec::new() }
    }

    pub(super) fn find(&self, key: &K) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    /// The origin of that key, made if there is none yet.
    pub(super) fn get_or_insert(&mut self, key: &K, may_share: bool) -> (usize, &mut Origin<K>) {
        let index = self.find(key).unwrap_or_else(|| self.insert(key));
        let origin = self.slots[index].get_or_insert_with(|| Origin::new(key.clone(), may_share));
        (index, origin)
    }

    fn insert(&mut self, key: &K) -> usize {
        let index = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.by_key.insert(key.clone(), index);
        index
    }

    pub(super) fn get(&self, index: usize) -> Option<&Origin<K>> {
        self.slots.get(index)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut Origin<K>> {
        self.slots.get_mut(index)?.as_mut()
    }

    /// Forgets an origin that nothing belongs to any more. Its index is not used again before the next
    /// request comes in, so within one step it is safe to hold.
    pub(super) fn drop_unused(&mut self, index: usize) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        let unused = slot.take_if(|origin| origin.connections == 0 && origin.waiting.is_empty());
        if let Some(origin) = unused {
            self.by_key.remove(&origin.key);
            self.vacant.push(index);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }
}
