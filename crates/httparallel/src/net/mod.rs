//! Sockets, names, proxies and TLS.

mod connect;
mod destination;
mod proxy;
mod ready;
mod records;
mod sockets;
mod stream;
mod tls;

pub(crate) use connect::{Connected, Connector, within};
pub(crate) use destination::Destination;
pub(crate) use ready::{AsyncStream, Interrupt, SLICE, Waited, register, wait_readable, wait_ready};
pub(crate) use stream::Stream;
