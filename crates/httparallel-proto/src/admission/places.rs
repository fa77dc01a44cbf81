//! So many requests at a time at each origin.

use std::collections::HashMap;
use std::hash::Hash;

use super::line::{Line, Ticket};

/// Who is at work at each origin `K`, at most so many at a time, and who waits.
///
/// ```
/// use httparallel_proto::admission::Places;
///
/// let mut places = Places::new(1);
/// assert!(places.enter(&"a.example"));
/// assert!(!places.enter(&"a.example") && places.enter(&"b.example"));
/// let ticket = places.wait(&"a.example", "GET /");
/// assert_eq!(places.leave(&"a.example"), Some("GET /"));
/// assert_eq!(places.cancel(&"a.example", ticket), None);
/// ```
#[derive(Debug)]
pub struct Places<K, R> {
    limit: usize,
    origins: HashMap<K, At<R>>,
}

#[derive(Debug)]
struct At<R> {
    taken: usize,
    line: Line<R>,
}

impl<K: Eq + Hash + Clone, R> Places<K, R> {
    /// At most `limit` requests at one origin, one at least.
    pub fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), origins: HashMap::new() }
    }

    /// Takes a place, if one is free.
    pub fn enter(&mut self, origin: &K) -> bool {
        if let Some(at) = self.origins.get_mut(origin) {
            let free = at.taken < self.limit;
            at.taken += usize::from(free);
            return free;
        }
        self.origins.insert(origin.clone(), At { taken: 1, line: Line::new() });
        true
    }

    /// Waits for a place, after [`enter`](Self::enter) found none.
    pub fn wait(&mut self, origin: &K, request: R) -> Ticket {
        let at = self.origins.entry(origin.clone()).or_insert_with(|| At { taken: 0, line: Line::new() });
        at.line.push(request)
    }

    /// Gives a place up; whoever has waited longest takes it over.
    pub fn leave(&mut self, origin: &K) -> Option<R> {
        let at = self.origins.get_mut(origin)?;
        let next = at.line.pop();
        if next.is_none() {
            at.taken = at.taken.saturating_sub(1);
            self.tidy(origin);
        }
        next
    }

    /// Waits no longer. `None` if it does not wait.
    pub fn cancel(&mut self, origin: &K, ticket: Ticket) -> Option<R> {
        let request = self.origins.get_mut(origin)?.line.remove(ticket);
        self.tidy(origin);
        request
    }

    /// Takes out all who wait.
    pub fn clear(&mut self) -> Vec<R> {
        self.origins.values_mut().flat_map(|at| at.line.drain()).collect()
    }

    /// How many places of an origin are taken.
    pub fn taken(&self, origin: &K) -> usize {
        self.origins.get(origin).map_or(0, |at| at.taken)
    }

    /// Whether nobody is anywhere.
    pub fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// Nothing is remembered of origins that nobody is at.
    fn tidy(&mut self, origin: &K) {
        if self.origins.get(origin).is_some_and(|at| at.taken == 0 && at.line.is_empty()) {
            self.origins.remove(origin);
        }
    }
}
