//! Waiting requests: first come, first served within an origin and over all origins, with deadlines.

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

/// Names a waiting request. Never used twice by one pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaiterId {
    pub(super) slot: usize,
    pub(super) serial: u64,
}

/// One waiting request.
#[derive(Debug)]
pub(super) struct Waiter<W> {
    pub(super) id: WaiterId,
    pub(super) origin: usize,
    pub(super) payload: W,
    /// How often a connection of another origin was freed and served a younger request.
    pub(super) passed_over: u32,
    deadline: Option<Instant>,
}

/// All waiting requests of a pool, in slots that are reused.
#[derive(Debug)]
pub(super) struct Waiters<W> {
    slots: Vec<Option<Waiter<W>>>,
    vacant: Vec<usize>,
    next_serial: u64,
    /// Arrival order over all origins. Entries whose waiter has gone are skipped and, once they are the
    /// majority, swept: O(1) amortised.
    arrivals: VecDeque<WaiterId>,
    deadlines: BTreeSet<(Instant, WaiterId)>,
}

impl<W> Waiters<W> {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            vacant: Vec::new(),
            next_serial: 0,
            arrivals: VecDeque::new(),
            deadlines: BTreeSet::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    pub(super) fn push(&mut self, origin: usize, payload: W, deadline: Option<Instant>) -> WaiterId {
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let id = WaiterId { slot, serial: self.next_serial };
        self.next_serial += 1;
        self.slots[slot] = Some(Waiter { id, origin, payload, passed_over: 0, deadline });
        self.arrivals.push_back(id);
        if let Some(at) = deadline {
            self.deadlines.insert((at, id));
        }
        id
    }

    pub(super) fn contains(&self, id: WaiterId) -> bool {
        self.slots.get(id.slot).and_then(Option::as_ref).is_some_and(|waiter| waiter.id == id)
    }

    pub(super) fn origin_of(&self, id: WaiterId) -> Option<usize> {
        self.slots.get(id.slot)?.as_ref().filter(|waiter| waiter.id == id).map(|waiter| waiter.origin)
    }

    pub(super) fn clear_deadline(&mut self, id: WaiterId) {
        let waiter = self.slots.get_mut(id.slot).and_then(Option::as_mut).filter(|waiter| waiter.id == id);
        if let Some(at) = waiter.and_then(|waiter| waiter.deadline.take()) {
            self.deadlines.remove(&(at, id));
        }
    }

    pub(super) fn remove(&mut self, id: WaiterId) -> Option<Waiter<W>> {
        if !self.contains(id) {
            return None;
        }
        let waiter = self.slots[id.slot].take()?;
        self.vacant.push(id.slot);
        if let Some(at) = waiter.deadline {
            self.deadlines.remove(&(at, id));
        }
        self.sweep();
        Some(waiter)
    }

    /// The request that has waited longest, whatever its origin.
    pub(super) fn oldest(&mut self) -> Option<&mut Waiter<W>> {
        while let Some(&id) = self.arrivals.front() {
            if self.contains(id) {
                return self.slots[id.slot].as_mut();
            }
            self.arrivals.pop_front();
        }
        None
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(at, _)| at)
    }

    /// A request whose deadline has passed at `now`, if any.
    pub(super) fn overdue(&self, now: Instant) -> Option<WaiterId> {
        self.deadlines.first().filter(|&&(at, _)| at <= now).map(|&(_, id)| id)
    }

    pub(super) fn drain(&mut self) -> Vec<W> {
        self.arrivals.clear();
        self.deadlines.clear();
        self.vacant.clear();
        self.slots.drain(..).flatten().map(|waiter| waiter.payload).collect()
    }

    fn sweep(&mut self) {
        if self.arrivals.len() > 64 && self.arrivals.len() > 2 * self.len() {
            let slots = &self.slots;
            self.arrivals.retain(|id| slots[id.slot].as_ref().is_some_and(|waiter| waiter.id == *id));
        }
    }
}
