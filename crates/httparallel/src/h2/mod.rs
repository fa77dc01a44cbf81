//! HTTP/2 connections, on the `h2` crate, all on the I/O thread.
//!
//! A thread that has requests only lists them, and wakes the connection's task for the first one. The task starts
//! all that are listed by the time it runs, so that they leave together; each is a task of its own from then on.
//! Whoever takes a request's entry out of the connection's list (its task when it is done, or a cancellation) gives
//! its place back to the pool; so it is given back once.

mod connection;
pub(crate) mod errors;
mod exchange;
pub(crate) mod head;
pub(crate) mod interims;
pub(crate) mod noise;
pub(crate) mod settings;
mod streams;
#[cfg(test)]
mod tests;

pub(crate) use connection::Http2;
