//! Waiting requests: first come, first served within an origin, with deadlines.

use std::collections::BTreeSet;
use std::time::Instant;

use super::action::Wish;
use super::list::{Links, List, count_visit};

/// Names a waiting request. Never used twice by one pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaiterId {
    /// Grows with every request, so that ids sort by age.
    pub(super) serial: u64,
    pub(super) slot: usize,
}

/// One waiting request.
#[derive(Debug)]
pub(super) struct Waiter<W> {
    pub(super) id: WaiterId,
    pub(super) origin: usize,
    pub(super) payload: W,
    pub(super) wish: Wish,
    /// How often a connection of another origin was freed and served a younger request.
    pub(super) passed_over: u32,
}

/// All waiting requests of a pool, in slots that are reused.
#[derive(Debug)]
pub(super) struct Waiters<W> {
    slots: Vec<Option<Waiter<W>>>,
    vacant: Vec<usize>,
    next_serial: u64,
    links: Links,
    deadlines: BTreeSet<(Instant, WaiterId)>,
}

impl<W> Waiters<W> {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            vacant: Vec::new(),
            next_serial: 0,
            links: Links::default(),
            deadlines: BTreeSet::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    /// Adds a request to the back of its origin's `line`.
    pub(super) fn push(&mut self, line: &mut List, origin: usize, payload: W, wish: &Wish) -> WaiterId {
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let id = WaiterId { serial: self.next_serial, slot };
        self.next_serial += 1;
        if let Some(at) = wish.deadline {
            self.deadlines.insert((at, id));
        }
        self.slots[slot] = Some(Waiter { id, origin, payload, wish: *wish, passed_over: 0 });
        self.links.push(line, slot);
        id
    }

    pub(super) fn get(&self, id: WaiterId) -> Option<&Waiter<W>> {
        count_visit();
        self.slots.get(id.slot)?.as_ref().filter(|waiter| waiter.id == id)
    }

    pub(super) fn get_mut(&mut self, id: WaiterId) -> Option<&mut Waiter<W>> {
        self.slots.get_mut(id.slot)?.as_mut().filter(|waiter| waiter.id == id)
    }

    /// Takes a request out of its origin's `line`.
    pub(super) fn remove(&mut self, line: &mut List, id: WaiterId) -> Option<Waiter<W>> {
        self.get(id)?;
        let waiter = self.slots[id.slot].take()?;
        self.vacant.push(id.slot);
        self.links.remove(line, id.slot);
        if let Some(at) = waiter.wish.deadline {
            self.deadlines.remove(&(at, id));
        }
        Some(waiter)
    }

    /// Who has waited longest in a line.
    pub(super) fn first(&self, line: &List) -> Option<WaiterId> {
        self.id_at(line.first())
    }

    /// Who waits last in a line.
    pub(super) fn last(&self, line: &List) -> Option<WaiterId> {
        self.id_at(line.last())
    }

    /// The next younger one in the line.
    pub(super) fn after(&self, id: WaiterId) -> Option<WaiterId> {
        self.id_at(self.links.after(id.slot))
    }

    /// The next older one in the line.
    pub(super) fn before(&self, id: WaiterId) -> Option<WaiterId> {
        self.id_at(self.links.before(id.slot))
    }

    fn id_at(&self, slot: Option<usize>) -> Option<WaiterId> {
        self.slots.get(slot?)?.as_ref().map(|waiter| waiter.id)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(at, _)| at)
    }

    /// A request whose deadline has passed at `now`, if any.
    pub(super) fn overdue(&self, now: Instant) -> Option<WaiterId> {
        self.deadlines.first().filter(|&&(at, _)| at <= now).map(|&(_, id)| id)
    }

    /// Watches a request's deadline no longer.
    pub(super) fn disarm(&mut self, id: WaiterId) {
        if let Some(at) = self.get(id).and_then(|waiter| waiter.wish.deadline) {
            self.deadlines.remove(&(at, id));
        }
    }

    /// Watches a request's deadline again.
    pub(super) fn arm(&mut self, id: WaiterId) {
        if let Some(at) = self.get(id).and_then(|waiter| waiter.wish.deadline) {
            self.deadlines.insert((at, id));
        }
    }

    pub(super) fn drain(&mut self) -> Vec<W> {
        self.deadlines.clear();
        self.vacant.clear();
        self.links = Links::default();
        let mut waiting: Vec<_> = self.slots.drain(..).flatten().collect();
        waiting.sort_unstable_by_key(|waiter| waiter.id);
        waiting.into_iter().map(|waiter| waiter.payload).collect()
    }
}
