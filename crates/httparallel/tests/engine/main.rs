//! The engine over real sockets, against servers that behave and servers that do not.
//!
//! What holds for any request is tested with both drivers: the calling thread ([`Driver::Caller`]) and the I/O
//! thread ([`Driver::IoThread`]).
//!
//! [`Driver::Caller`]: common::Driver::Caller
//! [`Driver::IoThread`]: common::Driver::IoThread
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod addresses;
mod admission;
mod block;
mod body_limits;
mod budget;
mod cancel;
mod closings;
mod common;
mod early_answers;
mod extra_bytes;
mod frames;
mod framing;
mod http2;
mod http2_faults;
mod overrides;
mod panics;
mod pool;
mod proxies;
mod redirects;
mod refusals;
mod retries;
mod retry_waits;
mod rooms;
mod socks;
mod stale;
mod streaming;
mod timeouts;
mod timings;
mod tls;
mod uploads;
