//! The time limits of one request, by phase, and the deadlines they give at a moment.

use std::time::{Duration, Instant};

use crate::{Error, Kind, Phase};

/// Time limits. `None` means no limit.
///
/// The first four are the limits of httpx: each restarts whenever there is progress in its phase. `total`
/// is one deadline over the whole request: redirects, retries and reading the body included.
///
/// ```
/// use httparallel_proto::Timeouts;
/// use std::time::Duration;
///
/// let timeouts = Timeouts { total: Some(Duration::from_secs(30)), ..Timeouts::default() };
/// assert_eq!(timeouts.read, Some(Duration::from_secs(5)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Resolving, connecting and the TLS handshake together. Default: 5 s.
    pub connect: Option<Duration>,
    /// Between two pieces of the response. Default: 5 s.
    pub read: Option<Duration>,
    /// Between two pieces of the request that the network takes. Default: 5 s.
    pub write: Option<Duration>,
    /// Waiting for a connection or an HTTP/2 stream. Default: 5 s.
    pub pool: Option<Duration>,
    /// The whole request. Default: no limit.
    pub total: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        let phase = Some(Duration::from_secs(5));
        Self { connect: phase, read: phase, write: phase, pool: phase, total: None }
    }
}

impl Timeouts {
    /// No limit at all.
    pub const NONE: Self = Self { connect: None, read: None, write: None, pool: None, total: None };

    /// The same limit for every phase, none for the whole.
    pub fn phases(limit: Duration) -> Self {
        let limit = Some(limit);
        Self { connect: limit, read: limit, write: limit, pool: limit, total: None }
    }

    /// The limit of a phase.
    pub fn of(&self, phase: Phase) -> Option<Duration> {
        match phase {
            Phase::Build => None,
            Phase::Pool => self.pool,
            Phase::Connect => self.connect,
            Phase::Write => self.write,
            Phase::Read => self.read,
            Phase::Total => self.total,
        }
    }
}

/// The moment a phase must be over, and which limit set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// When the limit is reached.
    pub at: Instant,
    /// The limit that is reached first: the phase itself, or [`Phase::Total`].
    pub phase: Phase,
}

impl Deadline {
    /// The earlier of the phase's own limit counted from `now`, and the total deadline.
    ///
    /// A limit too long for the clock to represent is no limit.
    pub fn of(phase: Phase, limits: &Timeouts, now: Instant, total: Option<Instant>) -> Option<Self> {
        let own = limits.of(phase).and_then(|limit| now.checked_add(limit));
        match (own, total) {
            (Some(own), Some(total)) if total < own => Some(Self { at: total, phase: Phase::Total }),
            (Some(own), _) => Some(Self { at: own, phase }),
            (None, Some(total)) => Some(Self { at: total, phase: Phase::Total }),
            (None, None) => None,
        }
    }

    /// The error of a deadline that has passed.
    pub fn error(&self) -> Error {
        let message = match self.phase {
            Phase::Pool => "timed out waiting for a connection from the pool",
            Phase::Connect => "timed out connecting",
            Phase::Write => "timed out sending the request",
            Phase::Build | Phase::Read => "timed out waiting for the response",
            Phase::Total => "the request's total time limit was reached",
        };
        Error::new(Kind::Timeout, self.phase, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_limit_wins() {
        let now = Instant::now();
        let limits = Timeouts::phases(Duration::from_secs(5));
        let late = Deadline::of(Phase::Read, &limits, now, Some(now + Duration::from_secs(9)));
        assert_eq!(late.map(|d| d.phase), Some(Phase::Read));
        let early = Deadline::of(Phase::Read, &limits, now, Some(now + Duration::from_secs(1)));
        assert_eq!(early.map(|d| d.phase), Some(Phase::Total));
        assert_eq!(Deadline::of(Phase::Read, &Timeouts::NONE, now, None), None);
    }

    #[test]
    fn an_endless_limit_is_no_limit() {
        let limits = Timeouts::phases(Duration::MAX);
        assert_eq!(Deadline::of(Phase::Read, &limits, Instant::now(), None), None);
    }
}
