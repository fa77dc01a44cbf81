//! Whether, and when, a request is sent again.
//!
//! Two different things go by that name. A request that is [lost](lost) with an idle connection is sent again at
//! once and silently, for that is a race which every client with a pool loses now and then. So is one that a server
//! [refused](refused) to answer where, or how, it was sent. All other failures, and statuses such as 503, are retried by a policy that the user chose, [`Retry`]:
//!
//! ```text
//!   Retry        what is worth another attempt, and how long to wait before
//!   RetryBudget  how many attempts a client may add to the load it makes anyway
//!   Attempts     one request's way through both: after_response, after_failure
//! ```

mod after;
mod attempts;
mod budget;
mod date;
mod lost;
mod policy;
mod refused;

pub use attempts::{Attempts, Moment, Retries, Sent};
pub use budget::RetryBudget;
pub use lost::{may_resend, may_retry_lost};
pub use policy::Retry;
pub use refused::{Http1Origins, Refusal, is_misdirected};
