//! Sockets, names and TLS.

mod connect;
mod ready;
mod stream;
mod tls;

pub(crate) use connect::{Connected, Connector, within};
pub(crate) use ready::{AsyncStream, Interrupt, SLICE, Waited, register, wait_readable, wait_ready};
pub(crate) use stream::Stream;
