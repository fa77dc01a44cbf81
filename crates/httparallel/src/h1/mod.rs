//! HTTP/1.1 connections: one non-blocking state machine, and the two that drive it.
//!
//! [`Connection`] moves bytes between a socket, the codec and the operation it serves, and never waits.
//! [`Attached`] drives it on the I/O thread, [`drive`] on the thread that makes the request.

mod attached;
mod connection;
mod detached;
mod intake;
mod outgoing;
mod receiving;
mod task;

pub(crate) use attached::Attached;
pub(crate) use connection::Connection;
pub(crate) use detached::{Parked, drive};
