//! Sockets, names, proxies and TLS.

mod buffers;
mod connect;
mod descriptors;
mod destination;
mod facts;
mod pages;
mod proxy;
mod ready;
mod records;
mod segments;
mod sockets;
mod stream;
mod tls;

pub use buffers::recycle;
pub(crate) use buffers::{LARGE_READ, free_buffer};
pub(crate) use connect::{Connected, Connector, within};
pub(crate) use descriptors::make_room_early;
pub(crate) use destination::Destination;
pub use facts::{ConnectionFacts, TlsFacts};
pub use pages::prefer_large_pages;
pub(crate) use ready::{AsyncStream, Interrupt, SLICE, Waited, Watched, register, wait_readable, wait_ready};
pub(crate) use stream::Stream;
