//! A queue that may be left from anywhere.

use std::collections::BTreeMap;

/// Names a place in a queue. Never used twice by one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// First come, first served.
#[derive(Debug)]
pub(super) struct Line<R> {
    waiting: BTreeMap<Ticket, R>,
    next: u64,
}

impl<R> Line<R> {
    pub(super) fn new() -> Self {
        Self { waiting: BTreeMap::new(), next: 0 }
    }

    pub(super) fn push(&mut self, request: R) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.waiting.insert(ticket, request);
        ticket
    }

    pub(super) fn pop(&mut self) -> Option<R> {
        self.waiting.pop_first().map(|(_, request)| request)
    }

    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<R> {
        self.waiting.remove(&ticket)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn drain(&mut self) -> Vec<R> {
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}
