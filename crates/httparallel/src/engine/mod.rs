//! A client's engine: its pool, and what is done about the pool's answers.

mod block;
mod client;
mod housekeeping;
mod shared;

pub(crate) use block::BlockLink;
pub use block::{Block, Outcome};
pub use client::{Client, ConnectionInfo};
pub(crate) use shared::{Handle, Shared};
