//! How much of a block's bodies is held in memory.
//!
//! Bodies that nobody has collected yet count against a limit. At the limit no request of the block starts,
//! and none reads on, with two exceptions that keep it from standing still:
//!
//! - While no response is ready to be collected, one request, the leader, reads on to its end.
//! - While somebody waits for one certain response, the limit is lifted: that response may be any of them.

/// The budget of one block. Requests are known by their numbers.
///
/// ```
/// use httparallel_proto::parallel::Budget;
///
/// let mut budget = Budget::new(100);
/// budget.hold(150);
/// assert!(!budget.may_read(1, true), "a response is ready: let it be collected first");
/// assert!(budget.may_read(1, false), "nothing is ready: request 1 leads");
/// assert!(!budget.may_read(2, false), "and no other one");
/// budget.collect(150);
/// assert!(budget.may_read(2, false));
/// ```
#[derive(Debug)]
pub struct Budget {
    limit: usize,
    held: usize,
    leader: Option<u64>,
    awaited: usize,
}

impl Budget {
    /// A budget of that many bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, held: 0, leader: None, awaited: 0 }
    }

    /// Bytes of a body have arrived.
    pub fn hold(&mut self, bytes: usize) {
        self.held = self.held.saturating_add(bytes);
    }

    /// Bytes of a body were collected, or dropped.
    pub fn collect(&mut self, bytes: usize) {
        self.held = self.held.saturating_sub(bytes);
    }

    /// Bytes held now.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Somebody waits for a certain response.
    pub fn lift(&mut self) {
        self.awaited += 1;
    }

    /// Somebody who did no longer does.
    pub fn settle(&mut self) {
        self.awaited = self.awaited.saturating_sub(1);
    }

    /// Whether another request may start.
    pub fn may_start(&self) -> bool {
        self.has_room()
    }

    /// Whether a request may go on reading. `ready`: whether a response is there to be collected.
    pub fn may_read(&mut self, number: u64, ready: bool) -> bool {
        if self.has_room() || self.leader == Some(number) {
            return true;
        }
        let leads = self.leader.is_none() && !ready;
        if leads {
            self.leader = Some(number);
        }
        leads
    }

    /// A request is over: if it led, another one may.
    pub fn over(&mut self, number: u64) {
        if self.leader == Some(number) {
            self.leader = None;
        }
    }

    fn has_room(&self) -> bool {
        self.held < self.limit || self.awaited > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_the_limit_everybody_reads_and_starts() {
        let mut budget = Budget::new(10);
        budget.hold(9);
        assert!(budget.may_read(1, true) && budget.may_read(2, false) && budget.may_start());
    }

    #[test]
    fn at_the_limit_nothing_starts() {
        let mut budget = Budget::new(10);
        budget.hold(10);
        assert!(!budget.may_start());
        budget.collect(1);
        assert!(budget.may_start());
    }

    #[test]
    fn another_one_leads_when_the_leader_is_over() {
        let mut budget = Budget::new(10);
        budget.hold(20);
        assert!(budget.may_read(1, false));
        assert!(!budget.may_read(2, false));
        budget.over(1);
        assert!(!budget.may_read(2, true), "the leader's response is to be collected first");
        assert!(budget.may_read(2, false));
    }

    #[test]
    fn the_limit_is_lifted_while_a_certain_response_is_awaited() {
        let mut budget = Budget::new(10);
        budget.hold(20);
        budget.lift();
        assert!(budget.may_start() && budget.may_read(7, true));
        budget.settle();
        assert!(!budget.may_start() && !budget.may_read(7, true));
    }

    #[test]
    fn collecting_more_than_was_held_is_no_underflow() {
        let mut budget = Budget::new(10);
        budget.hold(1);
        budget.collect(5);
        budget.settle();
        assert_eq!(budget.held(), 0);
    }
}
