//! HTTP/2 connections, on the `h2` crate, all on the I/O thread.
//!
//! Each request is a task of its own. Whoever takes a request's entry out of the connection's list (its task
//! when it is done, or a cancellation) gives its place back to the pool; so it is given back once.

mod connection;
pub(crate) mod errors;
mod exchange;
pub(crate) mod head;
pub(crate) mod settings;
mod streams;

pub(crate) use connection::Http2;
