//! Which request gets which connection: the pool's decisions, for whoever carries requests itself.
//!
//! [`Client`](crate::Client) has all of this inside. A transport of your own, with connections of [`pump`](crate::pump)
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

pub use crate::engine::ConnectionInfo;
