//! Scenarios in virtual time, a model, and what steps cost.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod ages;
mod cost;
mod deadlines;
mod failures;
mod limits;
mod model;
mod reuse;
mod sharing;

use std::time::{Duration, Instant};

use super::*;

/// Time to wait that is longer than any time limit here.
const LONG: Duration = Duration::from_secs(1000);

type Act = Action<&'static str, u32, u32>;

/// A pool, its clock, and the actions it asked for since they were last taken.
struct Scene {
    pool: Pool<&'static str, u32, u32>,
    now: Instant,
    wish: Wish,
    actions: Vec<Act>,
    handles: u32,
}

impl Scene {
    fn new(max_connections: usize) -> Self {
        let limits = Limits { max_connections: Some(max_connections), ..Limits::default() };
        Self::with_limits(limits)
    }

    fn with_limits(limits: Limits) -> Self {
        let wish = Wish {
            lane: Lane::Attached,
            fresh: false,
            may_share: false,
            connect_limit: None,
            deadline: None,
        };
        let (pool, actions) = (Pool::new(limits), Vec::new());
        Self { pool, now: Instant::now(), wish, actions, handles: 0 }
    }

    fn sharing(max_connections: usize) -> Self {
        let mut scene = Self::new(max_connections);
        scene.wish.may_share = true;
        scene
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    fn request(&mut self, key: &'static str, request: u32) -> Assignment<u32, u32> {
        self.pool.request(&key, request, &self.wish, self.now, &mut self.actions)
    }

    /// A request that has to wait.
    fn queue(&mut self, key: &'static str, request: u32) -> WaiterId {
        match self.request(key, request) {
            Assignment::Queued(id) => id,
            started @ Assignment::Start { .. } => panic!("{started:?}"),
        }
    }

    fn queue_all(&mut self, key: &'static str, requests: std::ops::Range<u32>) {
        for request in requests {
            self.queue(key, request);
        }
    }

    /// The connection a request starts on at once.
    fn start(&mut self, key: &'static str, request: u32) -> ConnId {
        match self.request(key, request) {
            Assignment::Start { conn, .. } => conn,
            Assignment::Queued(_) => panic!("it waits"),
        }
    }

    /// A request for which a connection must be opened, and that connection.
    fn open(&mut self, key: &'static str, request: u32) -> ConnId {
        self.queue(key, request);
        let conn = self.connecting(key);
        self.connected(conn);
        assert_eq!(self.started(), [(conn, request)]);
        conn
    }

    /// An HTTP/2 connection serving one request.
    fn open_http2(&mut self, key: &'static str, request: u32, max_streams: usize) -> ConnId {
        self.queue(key, request);
        let conn = self.connecting(key);
        self.connected_as(conn, Opened::Http2 { max_streams });
        assert_eq!(self.started(), [(conn, request)]);
        conn
    }

    fn connected(&mut self, conn: ConnId) {
        self.connected_as(conn, Opened::Http1(self.wish.lane));
    }

    fn connected_as(&mut self, conn: ConnId, opened: Opened) {
        self.handles += 1;
        self.pool.connected(conn, self.handles, opened, self.now, &mut self.actions);
    }

    fn failed(&mut self, conn: ConnId) -> Vec<u32> {
        self.pool.connect_failed(conn, &mut self.actions)
    }

    fn release(&mut self, conn: ConnId) {
        self.pool.released(conn, None, true, self.now, &mut self.actions);
    }

    fn close(&mut self, conn: ConnId) {
        self.pool.closed(conn, &mut self.actions);
    }

    fn cancel(&mut self, id: WaiterId) -> Option<u32> {
        self.pool.cancel(id, &mut self.actions)
    }

    fn expire(&mut self) -> Vec<u32> {
        self.pool.expire(self.now, &mut self.actions)
    }

    fn take(&mut self) -> Vec<Act> {
        std::mem::take(&mut self.actions)
    }

    /// The attempts that were asked for, as (connection, key). Nothing else may have been.
    fn attempts(&mut self) -> Vec<(ConnId, &'static str)> {
        let attempt = |action| match action {
            Action::Connect { conn, key, .. } => (conn, key),
            other => panic!("{other:?}"),
        };
        self.take().into_iter().map(attempt).collect()
    }

    /// The one attempt that was asked for.
    fn connecting(&mut self, key: &'static str) -> ConnId {
        match self.attempts()[..] {
            [(conn, to)] if to == key => conn,
            ref other => panic!("{other:?}"),
        }
    }

    /// The requests that were started, with their connections. Nothing else may have been asked for.
    fn started(&mut self) -> Vec<(ConnId, u32)> {
        let start = |action| match action {
            Action::Start { conn, request, .. } => (conn, request),
            other => panic!("{other:?}"),
        };
        self.take().into_iter().map(start).collect()
    }

    /// Why connections were closed. Nothing else may have been asked for.
    fn dropped(&mut self) -> Vec<Dropped> {
        let why = |action| match action {
            Action::Close { why, .. } => why,
            other => panic!("{other:?}"),
        };
        self.take().into_iter().map(why).collect()
    }

    fn is_quiet(&mut self) -> bool {
        self.take().is_empty()
    }

    fn states(&self) -> Vec<State> {
        self.pool.connections().map(|(_, _, state, _)| state).collect()
    }
}
