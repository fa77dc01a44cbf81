//! HTTP decisions and bytes, without a clock, a socket, async or Python.
//!
//! Everything here is a pure function or a state machine: bytes and events go in, bytes and events
//! come out, and `now` is an argument. Each rule of HTTP that the client follows is written once, in
//! this crate, and serves blocking and async callers, Rust and Python.
//!
//! | module | decides |
//! |---|---|
//! | [`url`] | what a URL means: parsing, joining, percent-encoding, IDNA |
//! | [`headers`] | a header list that keeps case, order and duplicates |
//! | [`h1`] | the bytes of HTTP/1.1: heads, framing, chunked bodies, interim responses |
//! | [`decode`] | content codings: gzip, deflate, br, zstd |
//! | [`auth`] | credentials as header values, and answers to challenges |
//! | [`multipart`] | the bytes of forms with files |
//! | [`content_type`], [`links`] | what two headers of a response say |
//! | [`cookies`] | which cookies may be set by whom, and go where |
//! | [`fetch`] | what follows a response: redirect, credentials, retry |
//! | [`pool`] | which request gets which connection |
//! | [`socks`] | the bytes of a SOCKS5 handshake |
//! | [`admission`] | when a request may start: places at an origin, requests in a stretch of time |
//! | [`parallel`] | which requests of a block are in flight, and whose outcome is next |
//! | [`proxy`] | which URL goes through which proxy, and what is said to it |
//! | [`sse`] | the events of an event stream |
//! | [`timeouts`] | deadlines of the phases of an exchange |
//! | [`Verify`] | how servers' certificates are verified |
//! | [`error`] | what can go wrong, and in which phase |

pub mod admission;
pub mod auth;
pub mod content_type;
pub mod cookies;
pub mod decode;
pub mod error;
pub mod fetch;
pub mod h1;
pub mod headers;
pub mod links;
pub mod multipart;
pub mod parallel;
pub mod pool;
pub mod proxy;
pub mod socks;
pub mod sse;
pub mod timeouts;
pub mod url;
mod verify;

pub use error::{Error, Kind, Phase, Result};
pub use headers::Headers;
pub use timeouts::Timeouts;
pub use url::Url;
pub use verify::Verify;
