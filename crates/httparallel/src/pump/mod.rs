//! Connections over bytes that somebody else carries: a socket of another library, a TLS session, a mock.
//!
//! [`Http1`] and [`Http2`] do no I/O, own no thread and need no runtime. Whoever owns the stream moves the bytes:
//!
//! ```text
//!                ┌────────────────────────────┐  what was read ─► receive ─┐
//!   the stream ◄─┤ outgoing, start, data, end ◄────────────── connection ◄─┘
//!                └────────────────────────────┘                   │
//!                                              event ◄────────────┘  heads, pieces of bodies, ends
//! ```
//!
//! Ask for [`Event`]s until there is none; then read more, and [`receive`](Http1::receive) it. An empty `receive`
//! says that the peer has closed its side. Dropping a connection sends nothing.

mod http1;
mod http2;
mod news;
mod stream;
mod wire;

#[cfg(test)]
mod tests;

use bytes::Bytes;

pub use http1::Http1;
pub use http2::Http2;
pub use httparallel_proto::fetch::Refusal;
pub use httparallel_proto::h1::{Limits as Http1Limits, Reuse};

use crate::Head;

/// What came next in a response.
#[derive(Clone, Debug)]
pub enum Event {
    /// An interim response: any 1xx but 101.
    Interim(Head),
    /// The head of the response.
    Head(Head),
    /// A piece of its body, never empty.
    Body(Bytes),
    /// Its end.
    End {
        /// Whether the connection may serve another request.
        reuse: Reuse,
    },
}
