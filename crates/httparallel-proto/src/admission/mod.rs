//! When a request may ask for a connection: not too many at one origin, and not too many in a stretch of time.
//!
//! ```text
//!   request ──► a place at its origin? ──no──► waits there, first come, first served
//!                    │ yes
//!               its time has come? ──no──► waits until it has, first come, first served
//!                    │ yes
//!                    └──► asks the pool
//! ```
//!
//! Whoever waits here has asked the pool for nothing yet, so that no pool timeout runs. A place is kept until the
//! request is over; time is spent by each attempt.

mod line;
mod pace;
mod places;

#[cfg(test)]
mod tests;

pub use line::Ticket;
pub use pace::{Pace, RateLimit};
pub use places::Places;
