//! A client's engine: its pool, and what is done about the pool's answers.

mod admission;
mod answers;
mod block;
mod closings;
mod handle;
mod housekeeping;
mod opening;
mod pauses;
mod shared;
mod turns;

pub(crate) use admission::Awaited;
pub(crate) use block::BlockLink;
pub use block::{Block, Outcome};
pub use closings::Closed;
pub(crate) use closings::Fate;
pub use handle::{ConnectionInfo, Engine};
pub(crate) use pauses::Pause;
pub(crate) use shared::{Handle, Shared, complete};
