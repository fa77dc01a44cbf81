//! What steps cost, counted in slots looked at and keys and handles cloned, not in time.

use std::cell::Cell;
use std::hash::{Hash, Hasher};

use super::*;
use crate::pool::list::VISITS;

thread_local! {
    static CLONED: Cell<u64> = const { Cell::new(0) };
}

#[derive(Debug, PartialEq, Eq)]
struct Counted(usize);

impl Clone for Counted {
    fn clone(&self) -> Self {
        CLONED.set(CLONED.get() + 1);
        Self(self.0)
    }
}

impl Hash for Counted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

struct Crowd {
    pool: Pool<Counted, (), usize>,
    now: Instant,
    wish: Wish,
    actions: Vec<Action<Counted, (), usize>>,
}

/// A pool with that many busy connections, spread over so many origins.
fn crowd(connections: usize, origins: usize) -> (Crowd, Vec<ConnId>) {
    let limits = Limits {
        max_connections: Some(connections),
        max_keepalive_connections: None,
        keepalive_expiry: None,
        ..Limits::default()
    };
    let now = Instant::now();
    let wish = Wish {
        lane: Lane::Attached,
        fresh: false,
        may_share: false,
        connect_limit: None,
        deadline: Some(now + LONG),
    };
    let mut crowd = Crowd { pool: Pool::new(limits), now, wish, actions: Vec::new() };
    for request in 0..connections {
        crowd.request(request % origins, request);
    }
    let connect = |action| match action {
        Action::Connect { conn, .. } => conn,
        other => panic!("{other:?}"),
    };
    let ids: Vec<ConnId> = std::mem::take(&mut crowd.actions).into_iter().map(connect).collect();
    for &id in &ids {
        crowd.pool.connected(id, (), Opened::Http1(Lane::Attached), now, &mut crowd.actions);
    }
    crowd.actions.clear();
    (crowd, ids)
}

impl Crowd {
    fn request(&mut self, key: usize, request: usize) -> Assignment<(), usize> {
        self.pool.request(&Counted(key), request, &self.wish, self.now, &mut self.actions)
    }

    fn release(&mut self, conn: ConnId) {
        self.pool.released(conn, None, true, self.now, &mut self.actions);
    }
}

/// Slots looked at, and keys cloned, in `steps`.
fn cost(steps: impl FnOnce()) -> (u64, u64) {
    let before = (VISITS.get(), CLONED.get());
    steps();
    (VISITS.get() - before.0, CLONED.get() - before.1)
}

fn reuse(connections: usize, origins: usize) -> (u64, u64) {
    let (mut crowd, ids) = crowd(connections, origins);
    for &id in &ids {
        crowd.release(id);
    }
    cost(|| {
        let Assignment::Start { conn, .. } = crowd.request(0, 1) else { panic!("it waits") };
        crowd.release(conn);
    })
}

fn hand_over(connections: usize, origins: usize, waiting: usize) -> (u64, u64) {
    let (mut crowd, ids) = crowd(connections, origins);
    for request in 0..waiting {
        crowd.request(0, request);
    }
    cost(|| {
        crowd.release(ids[0]);
        crowd.request(0, waiting);
    })
}

fn churn(connections: usize, origins: usize, waiting: usize) -> (u64, u64) {
    let (mut crowd, ids) = crowd(connections, origins);
    let queued: Vec<_> = (0..waiting).map(|request| crowd.request(request % origins, request)).collect();
    let Assignment::Queued(middle) = queued[waiting / 2] else { panic!("it started") };
    cost(|| {
        crowd.pool.cancel(middle, &mut crowd.actions).unwrap();
        crowd.pool.closed(ids[connections / 2], &mut crowd.actions);
    })
}

#[test]
fn reusing_a_connection_costs_the_same_however_many_there_are() {
    let (visits, cloned) = reuse(10, 2);
    assert_eq!(reuse(1000, 2), (visits, 0));
    assert_eq!(reuse(1000, 500), (visits, 0));
    assert_eq!(cloned, 0);
}

#[test]
fn handing_a_connection_to_the_next_request_costs_the_same_however_many_wait() {
    let few = hand_over(10, 2, 10);
    assert_eq!(hand_over(1000, 2, 10), few);
    assert_eq!(hand_over(1000, 2, 2000), few);
    assert_eq!(few.1, 0);
}

#[test]
fn giving_up_and_closing_cost_the_same_however_many_there_are() {
    let few = churn(10, 2, 20);
    assert_eq!(churn(1000, 2, 20), few);
    assert_eq!(churn(1000, 2, 2000), few);
    // The key of the connection that is opened in place of the closed one.
    assert_eq!(few.1, 1);
}
