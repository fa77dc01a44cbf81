//! The bytes of HTTP/1.1, client side: request heads and bodies out, responses in. No socket, no clock.
//!
//! Whoever owns the socket owns a `BytesMut` for each direction, and moves bytes between the two:
//!
//! ```text
//!   encode_head ─► RequestBody::encode… ─► finish          (bytes to write)
//!
//!   ResponseReader::read(input, eof):
//!
//!            ┌─────────── Interim (1xx but 101), at most Limits::interim_count
//!            ▼           │
//!   ──► reading the head ┴─► Head ─┬─► Body… ──► End        framed by Content-Length, chunked, or until close
//!                                  ├─► End                  no body: HEAD, 204, 304, length 0
//!                                  └─► End (is_upgraded)    101, or 2xx to CONNECT: the rest is a tunnel
//! ```
//!
//! `End` carries the verdict on the connection: [`Reuse::Yes`], or [`Reuse::No`] with a [`CloseReason`].
//! Two readings of one response are how responses get smuggled. So what could be read in two ways is refused;
//! two exceptions are read as RFC 9112 says, for servers in use need them: `Transfer-Encoding` beside
//! `Content-Length` (chunked counts, and the connection is closed), and heads whose lines all end in a bare LF.

mod chunked;
mod close;
mod encode;
mod framing;
mod head;
mod limits;
mod reader;
mod request_body;
mod scan;

#[cfg(test)]
mod tests;

pub use close::{CloseReason, Reuse};
pub use encode::{HeaderLines, RequestFraming, encode_chunk, encode_end, encode_head, encode_lines};
pub use head::{ResponseHead, Version};
pub use limits::Limits;
pub use reader::{Event, ResponseReader};
pub use request_body::RequestBody;
