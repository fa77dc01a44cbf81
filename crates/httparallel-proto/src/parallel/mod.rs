//! The plan of a parallel block: which requests are in flight, and which wait their turn.
//!
//! A request of a block that has no turn yet has not asked the pool for anything, so waiting here never
//! uses up a pool timeout.

#[cfg(test)]
mod tests;

mod budget;

pub use budget::Budget;

use std::collections::VecDeque;

/// Who may start, at most `limit` at a time.
///
/// ```
/// use httparallel_proto::parallel::Plan;
///
/// let mut plan = Plan::new(Some(1));
/// assert_eq!(plan.submit("a"), Some("a"));
/// assert_eq!(plan.submit("b"), None);
/// assert_eq!(plan.finished(), Some("b"));
/// assert_eq!(plan.finished(), None);
/// ```
#[derive(Debug)]
pub struct Plan<R> {
    limit: usize,
    in_flight: usize,
    waiting: VecDeque<R>,
}

impl<R> Plan<R> {
    /// A plan with at most `limit` requests in flight, one at least. `None`: no limit.
    pub fn new(limit: Option<usize>) -> Self {
        Self { limit: limit.unwrap_or(usize::MAX).max(1), in_flight: 0, waiting: VecDeque::new() }
    }

    /// A new request; given back if it may start now.
    pub fn submit(&mut self, request: R) -> Option<R> {
        if self.in_flight < self.limit {
            self.in_flight += 1;
            return Some(request);
        }
        self.waiting.push_back(request);
        None
    }

    /// A request that had started, and gave its turn away with [`finished`](Self::finished), wants one again; given
    /// back if it may go on now. Otherwise it is the next one.
    pub fn resume(&mut self, request: R) -> Option<R> {
        if self.in_flight < self.limit {
            self.in_flight += 1;
            return Some(request);
        }
        self.waiting.push_front(request);
        None
    }

    /// A request that had started is over; gives the next one to start.
    pub fn finished(&mut self) -> Option<R> {
        let next = self.waiting.pop_front();
        if next.is_none() {
            self.in_flight = self.in_flight.saturating_sub(1);
        }
        next
    }

    /// Requests that have started and are not over.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Takes out all requests that wait.
    pub fn clear(&mut self) -> VecDeque<R> {
        std::mem::take(&mut self.waiting)
    }
}
