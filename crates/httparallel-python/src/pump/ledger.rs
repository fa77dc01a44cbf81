//! The numbers by which Python knows connections and requests of a pool.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use bytes::Bytes;
use httparallel::pool::{
    Action, Assignment, ConnId, Dropped, Lane, Limits, Opened, Pool, State, WaiterId, Wish,
};

/// Why a connection that is no longer reusable is to be closed.
const NOT_REUSABLE: &str = "the connection cannot serve another request";

/// Something to be done now.
#[derive(Debug)]
pub(super) enum Step {
    Connect { connection: u64, origin: Bytes },
    Start { connection: u64, request: u64 },
    Close { connection: u64, why: &'static str },
    Abandon { connection: u64 },
}

/// A pool of numbered requests and connections. Numbers it does not know are no error: two sides may notice the
/// end of a connection.
#[derive(Debug)]
pub(super) struct Ledger {
    pool: Pool<Bytes, u64, u64>,
    last_number: u64,
    /// By number, so in the order they were opened.
    connections: BTreeMap<u64, (ConnId, Bytes)>,
    numbers: HashMap<ConnId, u64>,
    /// Requests that wait.
    waiters: HashMap<u64, WaiterId>,
    /// Requests that were started, with their connection.
    started: HashMap<u64, u64>,
}

type Acts = Vec<Action<Bytes, u64, u64>>;

impl Ledger {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            pool: Pool::new(limits),
            last_number: 0,
            connections: BTreeMap::new(),
            numbers: HashMap::new(),
            waiters: HashMap::new(),
            started: HashMap::new(),
        }
    }

    pub(super) fn request(
        &mut self,
        origin: &[u8],
        may_share: bool,
        fresh: bool,
        now: Instant,
    ) -> (u64, Vec<Step>) {
        let number = self.next_number();
        let origin = Bytes::copy_from_slice(origin);
        let wish = Wish { lane: Lane::Attached, fresh, may_share, connect_limit: None, deadline: None };
        let mut actions = Vec::new();
        match self.pool.request(&origin, number, &wish, now, &mut actions) {
            Assignment::Start { conn, handle, request } => {
                actions.push(Action::Start { conn, handle, request });
            }
            Assignment::Queued(id) => {
                self.waiters.insert(number, id);
            }
        }
        (number, self.steps(actions))
    }

    /// `max_streams` makes it an HTTP/2 connection.
    pub(super) fn connected(&mut self, number: u64, max_streams: Option<usize>, now: Instant) -> Vec<Step> {
        let opened =
            max_streams.map_or(Opened::Http1(Lane::Attached), |max_streams| Opened::Http2 { max_streams });
        let known = self.id(number);
        let Some(id) = known else {
            // It was abandoned: see `Pool::connected`.
            return vec![Step::Close { connection: number, why: Dropped::Unwanted.explain() }];
        };
        self.act(|pool, actions| pool.connected(id, number, opened, now, actions)).1
    }

    pub(super) fn connect_failed(&mut self, number: u64) -> (Vec<u64>, Vec<Step>) {
        let Some(id) = self.id(number) else { return Default::default() };
        let (failed, steps) = self.act(|pool, actions| pool.connect_failed(id, actions));
        self.forget(number);
        for request in &failed {
            self.waiters.remove(request);
        }
        (failed, steps)
    }

    pub(super) fn released(&mut self, number: u64, request: u64, reusable: bool, now: Instant) -> Vec<Step> {
        // Told twice, the pool would take it for another request on the same connection.
        if self.started.get(&request) != Some(&number) {
            return Vec::new();
        }
        self.started.remove(&request);
        let Some(id) = self.id(number) else { return Vec::new() };
        let (handle, mut steps) = self.act(|pool, actions| pool.released(id, None, reusable, now, actions));
        if handle.is_some() {
            self.forget(number);
            steps.insert(0, Step::Close { connection: number, why: NOT_REUSABLE });
        }
        steps
    }

    pub(super) fn closed(&mut self, number: u64) -> Vec<Step> {
        let Some(id) = self.id(number) else { return Vec::new() };
        let (_, steps) = self.act(|pool, actions| pool.closed(id, actions));
        self.forget(number);
        steps
    }

    pub(super) fn retire(&mut self, number: u64, now: Instant) -> Vec<Step> {
        let Some(id) = self.id(number) else { return Vec::new() };
        self.act(|pool, actions| pool.retire(id, now, actions)).1
    }

    pub(super) fn set_max_streams(&mut self, number: u64, count: usize, now: Instant) -> Vec<Step> {
        let Some(id) = self.id(number) else { return Vec::new() };
        self.act(|pool, actions| pool.set_max_streams(id, count, now, actions)).1
    }

    pub(super) fn cancel(&mut self, request: u64) -> Vec<Step> {
        let Some(id) = self.waiters.remove(&request) else { return Vec::new() };
        self.act(|pool, actions| pool.cancel(id, actions)).1
    }

    pub(super) fn expire(&mut self, now: Instant) -> Vec<Step> {
        self.act(|pool, actions| pool.expire(now, actions)).1
    }

    pub(super) fn close(&mut self) -> (Vec<u64>, Vec<Step>) {
        let closed = self.act(Pool::close);
        self.connections.clear();
        self.numbers.clear();
        self.waiters.clear();
        self.started.clear();
        closed
    }

    /// Number, origin, state, and how many requests were served.
    pub(super) fn connections(&self) -> Vec<(u64, Bytes, &'static str, u64)> {
        let shown = self.connections.iter().filter_map(|(&number, (id, origin))| {
            let (state, requests) = self.pool.connection(*id)?;
            let state = match state {
                State::Connecting => "CONNECTING",
                State::Idle(_) => "IDLE",
                State::Active(_) => "ACTIVE",
            };
            Some((number, origin.clone(), state, requests))
        });
        shown.collect()
    }

    pub(super) fn waiting(&self) -> usize {
        self.pool.waiting_count()
    }

    fn act<T>(&mut self, event: impl FnOnce(&mut Pool<Bytes, u64, u64>, &mut Acts) -> T) -> (T, Vec<Step>) {
        let mut actions = Vec::new();
        let told = event(&mut self.pool, &mut actions);
        (told, self.steps(actions))
    }

    fn steps(&mut self, actions: Acts) -> Vec<Step> {
        actions.into_iter().filter_map(|action| self.step(action)).collect()
    }

    fn step(&mut self, action: Action<Bytes, u64, u64>) -> Option<Step> {
        Some(match action {
            Action::Connect { conn, key, .. } => {
                let connection = self.next_number();
                self.connections.insert(connection, (conn, key.clone()));
                self.numbers.insert(conn, connection);
                Step::Connect { connection, origin: key }
            }
            Action::Start { handle: connection, request, .. } => {
                self.waiters.remove(&request);
                self.started.insert(request, connection);
                Step::Start { connection, request }
            }
            Action::Close { handle: connection, why } => {
                self.forget(connection);
                Step::Close { connection, why: why.explain() }
            }
            Action::Abandon { conn } => {
                let connection = *self.numbers.get(&conn)?;
                self.forget(connection);
                Step::Abandon { connection }
            }
        })
    }

    fn id(&self, number: u64) -> Option<ConnId> {
        self.connections.get(&number).map(|(id, _)| *id)
    }

    fn forget(&mut self, number: u64) {
        if let Some((id, _)) = self.connections.remove(&number) {
            self.numbers.remove(&id);
        }
    }

    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}
