//! Connection pools: one that opens its connections itself, and the decisions alone.
//!
//! A [`ConnectionPool`] is what [`Client`](crate::Client) has inside: requests as they are sent, with nothing added but
//! `Host`; its connections, and why they were closed.
//!
//! ```no_run
//! use httparallel::pool::ConnectionPool;
//! use httparallel::{Config, Content, Headers, Method, Request, Settings, Url};
//!
//! let pool = ConnectionPool::new(Config::default());
//! let url = Url::parse("https://www.example.com/")?;
//! let request = Request::new(Method::GET, url, &Headers::new(), Content::Empty)?;
//! let operation = pool.start(request, Settings { blocking: true, ..Settings::default() }, None)?;
//! operation.wait(&mut || Ok(())).ok();
//! println!("{}", operation.head()?.status);
//! for connection in pool.connections() {
//!     println!("{} {:?} {}", connection.origin, connection.protocol, connection.state);
//! }
//! for (why, count) in pool.closings() {
//!     println!("{count} connections closed: {why}");
//! }
//! # Ok::<(), httparallel::Error>(())
//! ```
//!
//! A transport of your own, with connections of [`pump`](crate::pump)
//! over streams of your own, decides with the same [`Pool`]: tell it what happened, and do what it answers.
//!
//! ```
//! use std::time::Instant;
//! use httparallel::pool::{Action, Assignment, Lane, Limits, Opened, Pool, Wish};
//!
//! let mut pool: Pool<&str, u32, &str> = Pool::new(Limits { max_connections: Some(1), ..Limits::default() });
//! let wish =
//!     Wish { lane: Lane::Attached, fresh: false, may_share: false, connect_limit: None, deadline: None };
//! let (now, mut actions) = (Instant::now(), Vec::new());
//! assert!(matches!(pool.request(&"a.example", "GET /", &wish, now, &mut actions), Assignment::Queued(_)));
//! let Some(Action::Connect { conn, key: "a.example", .. }) = actions.pop() else { panic!() };
//!
//! pool.connected(conn, 7, Opened::Http1(Lane::Attached), now, &mut actions);
//! assert_eq!(actions.pop(), Some(Action::Start { conn, handle: 7, request: "GET /" }));
//! ```

pub use httparallel_proto::h1::CloseReason;
pub use httparallel_proto::pool::{
    Action, Assignment, ConnId, Dropped, Lane, Limits, Opened, Pool, State, WaiterId, Wish,
};

pub use crate::engine::{Closed, ConnectionInfo, Engine as ConnectionPool};
