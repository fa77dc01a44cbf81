//! Linked lists over slots: what is in order, and must leave it from anywhere, in constant time.
//!
//! A slot's links are kept apart from what the slot holds, so that one slot can be on several lists, one
//! for each [`Links`].

/// The ends of one list.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct List {
    first: Option<usize>,
    last: Option<usize>,
    len: usize,
}

impl List {
    pub(super) fn first(&self) -> Option<usize> {
        self.first
    }

    pub(super) fn last(&self) -> Option<usize> {
        self.last
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Link {
    before: Option<usize>,
    after: Option<usize>,
}

/// The neighbours of every slot, on whichever list it is: at most one.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<Link>);

impl Links {
    /// The neighbour towards the front.
    pub(super) fn before(&self, slot: usize) -> Option<usize> {
        count_visit();
        self.0.get(slot)?.before
    }

    /// The neighbour towards the back.
    pub(super) fn after(&self, slot: usize) -> Option<usize> {
        count_visit();
        self.0.get(slot)?.after
    }

    /// Adds a slot that is on no list at the back.
    pub(super) fn push(&mut self, list: &mut List, slot: usize) {
        count_visit();
        if self.0.len() <= slot {
            self.0.resize(slot + 1, Link::default());
        }
        self.0[slot] = Link { before: list.last, after: None };
        match list.last {
            Some(before) => self.0[before].after = Some(slot),
            None => list.first = Some(slot),
        }
        list.last = Some(slot);
        list.len += 1;
    }

    /// Takes a slot out of the list it is on.
    pub(super) fn remove(&mut self, list: &mut List, slot: usize) {
        count_visit();
        let Link { before, after } = std::mem::take(&mut self.0[slot]);
        match before {
            Some(before) => self.0[before].after = after,
            None => list.first = after,
        }
        match after {
            Some(after) => self.0[after].before = before,
            None => list.last = before,
        }
        list.len -= 1;
    }
}

#[cfg(test)]
thread_local! {
    /// How many slots this thread has looked at: what a step costs, in a unit that is the same on every machine.
    pub(super) static VISITS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Counts a look at a slot, in tests.
pub(super) fn count_visit() {
    #[cfg(test)]
    VISITS.set(VISITS.get() + 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwards_and_backwards(links: &Links, list: &List) -> (Vec<usize>, Vec<usize>) {
        let forwards = std::iter::successors(list.first(), |&slot| links.after(slot));
        let backwards = std::iter::successors(list.last(), |&slot| links.before(slot));
        (forwards.collect(), backwards.collect())
    }

    #[test]
    fn a_slot_leaves_from_the_front_the_middle_and_the_back() {
        for leaving in 0..4 {
            let (mut links, mut list) = (Links::default(), List::default());
            (0..4).for_each(|slot| links.push(&mut list, slot));
            links.remove(&mut list, leaving);
            let left: Vec<usize> = (0..4).filter(|&slot| slot != leaving).collect();
            let (forwards, mut backwards) = forwards_and_backwards(&links, &list);
            backwards.reverse();
            assert_eq!((forwards, backwards, list.len()), (left.clone(), left, 3));
        }
    }

    #[test]
    fn the_last_slot_to_leave_empties_the_list() {
        let (mut links, mut list) = (Links::default(), List::default());
        links.push(&mut list, 7);
        assert!(!list.is_empty());
        links.remove(&mut list, 7);
        assert_eq!((list.first(), list.last(), list.is_empty()), (None, None, true));
    }
}
