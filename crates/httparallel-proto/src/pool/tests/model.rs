//! Random events against a model that knows only which requests, attempts and connections there are.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const KEYS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// A small generator (xorshift), so that a failure comes again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, from: impl IntoIterator<Item = T>) -> Option<T> {
        let all: Vec<T> = from.into_iter().collect();
        if all.is_empty() { None } else { Some(all[self.below(all.len())]) }
    }
}

struct Model {
    random: Random,
    pool: Pool<&'static str, u32, u32>,
    now: Instant,
    limits: Limits,
    actions: Vec<Act>,
    next: u32,
    /// Requests that wait, with their ids and origins.
    waiting: BTreeMap<u32, (WaiterId, &'static str)>,
    connecting: BTreeMap<ConnId, &'static str>,
    /// Attempts that were abandoned and have not noticed yet.
    abandoned: BTreeSet<ConnId>,
    /// Open connections: their origin, handle, and the requests on them.
    open: BTreeMap<ConnId, (&'static str, u32, Vec<u32>)>,
    /// HTTP/2 connections: the limit on streams, `None` once retired.
    streams: BTreeMap<ConnId, Option<usize>>,
    /// When connections were opened, and those that are too old.
    born: BTreeMap<ConnId, Instant>,
    old: BTreeSet<ConnId>,
    lent: BTreeSet<ConnId>,
    /// Requests that must not start on a connection that served before.
    fresh: BTreeSet<u32>,
    served: usize,
}

impl Model {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let limits = Limits {
            max_connections: Some(1 + random.below(6)),
            max_keepalive_connections: random.chance(50).then(|| random.below(4)),
            keepalive_expiry: random.chance(70).then(|| Duration::from_secs(random.below(6) as u64)),
            surplus_expiry: Duration::ZERO,
            max_connection_age: random.chance(40).then(|| Duration::from_secs(1 + random.below(9) as u64)),
        };
        Self {
            random,
            pool: Pool::new(limits),
            now: Instant::now(),
            limits,
            actions: Vec::new(),
            next: 0,
            waiting: BTreeMap::new(),
            connecting: BTreeMap::new(),
            abandoned: BTreeSet::new(),
            open: BTreeMap::new(),
            streams: BTreeMap::new(),
            born: BTreeMap::new(),
            old: BTreeSet::new(),
            lent: BTreeSet::new(),
            fresh: BTreeSet::new(),
            served: 0,
        }
    }

    fn step(&mut self) {
        match self.random.below(100) {
            0..35 => self.request(),
            35..50 => self.connect(60),
            50..74 => self.release(),
            74..82 => self.cancel(),
            82..86 => self.die(),
            86..91 => self.change_streams(),
            91..93 => self.settle_abandoned(),
            93..95 => self.come_late(),
            _ => {
                let time = self.moment();
                self.pass(time);
            }
        }
        self.perform();
        self.check();
    }

    fn request(&mut self) {
        let (key, request) = (KEYS[self.random.below(KEYS.len())], self.next);
        self.next += 1;
        let patience = Duration::from_secs(self.random.below(8) as u64);
        let wish = Wish {
            lane: self.lane(),
            fresh: self.random.chance(10),
            may_share: key < "c",
            connect_limit: self.random.chance(50).then_some(patience),
            deadline: self.random.chance(50).then(|| self.now + patience),
        };
        if wish.fresh {
            self.fresh.insert(request);
        }
        match self.pool.request(&key, request, &wish, self.now, &mut self.actions) {
            Assignment::Queued(id) => drop(self.waiting.insert(request, (id, key))),
            Assignment::Start { conn, handle, request } => self.start(conn, handle, key, request),
        }
    }

    fn lane(&mut self) -> Lane {
        if self.random.chance(50) { Lane::Attached } else { Lane::Detached }
    }

    fn connect(&mut self, success: usize) {
        let Some(conn) = self.random.pick(self.connecting.keys().copied()) else { return };
        let key = self.connecting.remove(&conn).unwrap();
        if !self.random.chance(success) {
            for request in self.pool.connect_failed(conn, &mut self.actions) {
                assert_eq!(self.waiting.remove(&request).unwrap().1, key);
            }
            return;
        }
        let max_streams = self.random.below(4);
        let opened = if key < "c" && self.random.chance(70) {
            self.streams.insert(conn, Some(max_streams));
            Opened::Http2 { max_streams }
        } else {
            Opened::Http1(self.lane())
        };
        self.next += 1;
        self.open.insert(conn, (key, self.next, Vec::new()));
        self.born.insert(conn, self.now);
        self.pool.connected(conn, self.next, opened, self.now, &mut self.actions);
    }

    fn release(&mut self) {
        let busy = self.open.iter().filter(|(_, (_, _, on))| !on.is_empty()).map(|(&conn, _)| conn);
        let Some(conn) = self.random.pick(busy) else { return };
        let shared = self.streams.contains_key(&conn);
        let reusable = self.random.chance(85);
        let (_, handle, on) = self.open.get_mut(&conn).unwrap();
        on.pop();
        let gone = !reusable && on.is_empty();
        let lent = self.lent.remove(&conn).then_some(*handle);
        if gone {
            self.open.remove(&conn);
            self.streams.remove(&conn);
        } else if !reusable && shared {
            self.streams.insert(conn, None);
        }
        let handle = self.pool.released(conn, lent, reusable, self.now, &mut self.actions);
        assert_eq!(handle.is_some(), gone);
    }

    fn cancel(&mut self) {
        let Some(request) = self.random.pick(self.waiting.keys().copied()) else { return };
        let (id, _) = self.waiting.remove(&request).unwrap();
        assert_eq!(self.pool.cancel(id, &mut self.actions), Some(request));
        assert_eq!(self.pool.cancel(id, &mut self.actions), None);
    }

    fn die(&mut self) {
        let Some(conn) = self.random.pick(self.open.keys().copied()) else { return };
        let (_, handle, _) = self.open.remove(&conn).unwrap();
        self.streams.remove(&conn);
        let held = (!self.lent.remove(&conn)).then_some(handle);
        assert_eq!(self.pool.closed(conn, &mut self.actions), held);
    }

    fn change_streams(&mut self) {
        let Some(conn) = self.random.pick(self.streams.keys().copied()) else { return };
        if self.random.chance(30) {
            self.streams.insert(conn, None);
            return self.pool.retire(conn, self.now, &mut self.actions);
        }
        let max_streams = self.random.below(4);
        let known = self.streams.get_mut(&conn).unwrap();
        *known = known.map(|_| max_streams);
        self.pool.set_max_streams(conn, max_streams, self.now, &mut self.actions);
    }

    /// Attempts that were abandoned end, one way or the other; the pool knows nothing of them.
    fn settle_abandoned(&mut self) {
        for conn in std::mem::take(&mut self.abandoned) {
            assert!(self.pool.connect_failed(conn, &mut self.actions).is_empty());
            self.pool.connected(conn, 0, Opened::Http1(Lane::Attached), self.now, &mut self.actions);
            assert_eq!(self.actions.pop(), Some(Action::Close { handle: 0, why: Dropped::Unwanted }));
        }
    }

    fn moment(&mut self) -> Duration {
        Duration::from_millis(self.random.below(3000) as u64)
    }

    /// Something happens before anybody has told the pool that time has passed.
    fn come_late(&mut self) {
        let time = self.moment();
        self.now += time;
        self.count_ages();
        match self.random.below(4) {
            0 => self.request(),
            1 => self.connect(60),
            2 => self.release(),
            _ => self.change_streams(),
        }
        self.pass(Duration::ZERO);
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.count_ages();
        for request in self.pool.expire(self.now, &mut self.actions) {
            self.waiting.remove(&request).unwrap();
        }
        assert!(self.pool.next_deadline().is_none_or(|at| at > self.now));
    }

    /// Finds the connections that are too old by now.
    fn count_ages(&mut self) {
        let Some(most) = self.limits.max_connection_age else { return };
        let old = self.born.iter().filter(|&(_, &born)| born + most <= self.now);
        for (&conn, _) in old {
            self.old.insert(conn);
            self.streams.entry(conn).and_modify(|limit| *limit = None);
        }
    }

    fn perform(&mut self) {
        for action in std::mem::take(&mut self.actions) {
            match action {
                Action::Connect { conn, key, .. } => drop(self.connecting.insert(conn, key)),
                Action::Abandon { conn } => {
                    self.connecting.remove(&conn).unwrap();
                    self.abandoned.insert(conn);
                }
                Action::Close { handle, .. } => {
                    let closed = self.open.iter().find(|(_, open)| open.1 == handle).map(|(&conn, _)| conn);
                    let (_, _, on) = self.open.remove(&closed.unwrap()).unwrap();
                    assert!(on.is_empty(), "a busy connection was closed");
                    self.streams.remove(&closed.unwrap());
                }
                Action::Start { conn, handle, request } => {
                    let (_, key) = self.waiting.remove(&request).unwrap();
                    self.start(conn, handle, key, request);
                }
            }
        }
    }

    fn start(&mut self, conn: ConnId, handle: u32, key: &str, request: u32) {
        let (origin, known, on) = self.open.get_mut(&conn).unwrap();
        assert_eq!((*origin, *known), (key, handle));
        assert!(!self.old.contains(&conn), "a request on a connection that is too old");
        on.push(request);
        match self.streams.get(&conn) {
            Some(limit) => assert!(on.len() <= limit.unwrap(), "more streams than allowed"),
            None => assert_eq!(on.len(), 1, "two requests on an HTTP/1.1 connection"),
        }
        let known = self.pool.connections.get(conn).unwrap();
        let first = known.requests == 1 || self.streams.contains_key(&conn);
        assert!(first || !self.fresh.contains(&request), "a stale connection where a fresh one was due");
        let detached = known.opened == Some(Opened::Http1(Lane::Detached));
        if detached {
            assert!(self.lent.insert(conn), "one handle was lent twice");
        }
        self.served += 1;
    }

    fn check(&mut self) {
        let max = self.limits.max_connections.unwrap();
        assert!(self.pool.connection_count() <= max);
        assert_eq!(self.pool.connection_count(), self.connecting.len() + self.open.len());
        assert_eq!(self.pool.waiting_count(), self.waiting.len());
        let idle = self.open.iter().filter(|(conn, (_, _, on))| on.is_empty() && !self.is_stalled(**conn));
        assert_eq!(self.pool.connections.idle_count(), idle.count());
        assert!(
            self.limits
                .max_keepalive_connections
                .is_none_or(|most| self.pool.connections.idle_count() <= most)
        );
        for key in KEYS {
            self.check_origin(key, self.pool.connection_count() == max);
        }
    }

    fn is_stalled(&self, conn: ConnId) -> bool {
        matches!(self.streams.get(&conn), Some(None | Some(0)))
    }

    /// No lost wake-up: a request that waits has an attempt, or there is neither room nor anything to evict.
    fn check_origin(&self, key: &str, full: bool) {
        let waiting = self.waiting.values().filter(|(_, origin)| *origin == key).count();
        if waiting == 0 {
            return;
        }
        let stalled =
            self.open.keys().any(|conn| self.open[conn].0 == key && self.streams.get(conn) == Some(&Some(0)));
        let attempts = self.connecting.values().filter(|origin| **origin == key).count();
        let index = self.pool.origins.find(&key_of(key)).unwrap();
        let shares = self.pool.origins.get(index).unwrap().may_share && attempts > 0;
        let wants = attempts < waiting && !shares && !stalled;
        assert!(
            !wants || (full && self.pool.connections.idle_count() == 0),
            "{key} waits and could be served"
        );
        let patient = |(request, (_, origin)): (&u32, &(WaiterId, &'static str))| {
            *origin == key && !self.fresh.contains(request)
        };
        let only_fresh = !self.waiting.iter().any(patient);
        let has_room = |(conn, open): (&ConnId, &(&str, u32, Vec<u32>))| {
            let limit = match self.streams.get(conn) {
                Some(limit) => limit.unwrap_or(0),
                None => usize::from(!only_fresh),
            };
            open.0 == key && open.2.len() < limit
        };
        assert!(!self.open.iter().any(has_room), "{key} waits beside a connection with room");
    }

    /// Lets everything come to its end: every request that is left must be served.
    fn finish(mut self) -> usize {
        for _ in 0..100_000 {
            if self.waiting.is_empty() && self.connecting.is_empty() {
                break;
            }
            for conn in self.streams.keys().copied().collect::<Vec<_>>() {
                if self.streams[&conn] == Some(0) {
                    self.streams.insert(conn, Some(1));
                    self.pool.set_max_streams(conn, 1, self.now, &mut self.actions);
                    self.perform();
                }
            }
            self.connect(100);
            self.perform();
            self.release();
            self.perform();
            self.check();
        }
        assert!(self.waiting.is_empty(), "{:?} waits for ever", self.waiting);
        while self.open.values().any(|(_, _, on)| !on.is_empty()) {
            self.release();
            self.perform();
        }
        for conn in self.open.keys().copied().collect::<Vec<_>>() {
            self.pool.closed(conn, &mut self.actions);
        }
        assert_eq!((self.pool.connection_count(), self.pool.waiting_count()), (0, 0));
        assert_eq!((self.pool.connections.idle_count(), self.pool.origins.len()), (0, 0));
        assert_eq!((self.pool.wants.len(), self.pool.next_deadline()), (0, None));
        self.served
    }
}

fn key_of(key: &str) -> &'static str {
    KEYS.into_iter().find(|known| *known == key).unwrap()
}

#[test]
fn no_request_is_lost_whatever_happens() {
    let mut served = 0;
    for seed in 1..=40_u64 {
        let mut model = Model::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for _ in 0..1500 {
            model.step();
        }
        served += model.finish();
    }
    assert!(served > 5_000, "the events should let requests be served: {served}");
}
