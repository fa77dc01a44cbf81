//! So many requests in a stretch of time: the generic cell rate algorithm.
//!
//! A request may start if the *theoretical time* has come, less what a burst may run ahead of it. Each start moves
//! that time on by the interval between two requests. Nothing is counted and nothing has to be refilled.

use std::time::{Duration, Instant};

use super::line::{Line, Ticket};
use crate::{Error, Result};

/// How late a timer may be without slowing the pace down. Whoever waits starts that much closer to the one before.
const TIMER_SLACK: Duration = Duration::from_millis(5);

/// At most so many requests in so much time.
///
/// In any stretch of time of length `t`, at most `burst + t * requests / per` requests start; where they had to wait
/// for their time, up to 5 ms earlier or later than they should.
///
/// ```
/// use std::time::Duration;
/// use httparallel_proto::admission::RateLimit;
///
/// let limit = RateLimit::new(100.0, Duration::from_secs(60))?.with_burst(10)?;
/// assert_eq!(limit.interval(), Duration::from_millis(600));
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    interval: Duration,
    burst: u32,
}

impl RateLimit {
    /// So many requests in each `per`, evenly spaced.
    ///
    /// Fails with [`Kind::InvalidRequest`](crate::Kind::InvalidRequest) unless both are more than nothing.
    pub fn new(requests: f64, per: Duration) -> Result<Self> {
        let interval = (requests > 0.0 && !per.is_zero())
            .then(|| Duration::try_from_secs_f64(per.as_secs_f64() / requests).ok())
            .flatten();
        let message = "A rate limit is a number of requests above 0 in a time above 0";
        interval.map(|interval| Self { interval, burst: 1 }).ok_or_else(|| Error::invalid_request(message))
    }

    /// So many requests in each second, as with [`new`](Self::new).
    pub fn per_second(requests: f64) -> Result<Self> {
        Self::new(requests, Duration::from_secs(1))
    }

    /// So many requests may start at once, after a time without any. Default: 1.
    ///
    /// Fails with [`Kind::InvalidRequest`](crate::Kind::InvalidRequest) on 0.
    pub fn with_burst(self, burst: u32) -> Result<Self> {
        if burst == 0 {
            return Err(Error::invalid_request("The burst of a rate limit is 1 at least"));
        }
        Ok(Self { burst, ..self })
    }

    /// The time between two requests.
    pub fn interval(&self) -> Duration {
        self.interval
    }
}

/// When requests may start, and those that wait for their time.
#[derive(Debug)]
pub struct Pace<R> {
    limit: RateLimit,
    /// When the next request would start if all were evenly spaced. `None` before the first.
    theoretical: Option<Instant>,
    line: Line<R>,
}

impl<R> Pace<R> {
    /// A pace that nobody has spent anything of.
    pub fn new(limit: RateLimit) -> Self {
        Self { limit, theoretical: None, line: Line::new() }
    }

    /// Whether a request may start now. If so, it counts as started.
    pub fn start(&mut self, now: Instant) -> bool {
        let starts = self.line.is_empty() && self.next_start().is_none_or(|at| at <= now);
        if starts {
            self.advance(now);
        }
        starts
    }

    /// Waits, after [`start`](Self::start) said no.
    pub fn wait(&mut self, request: R) -> Ticket {
        self.line.push(request)
    }

    /// Whoever has waited longest, if its time has come; it counts as started. To be called until it gives nobody.
    pub fn due(&mut self, now: Instant) -> Option<R> {
        if self.next_start().is_some_and(|at| at > now) {
            return None;
        }
        let request = self.line.pop()?;
        // Not from now on: the next one shall not wait for the timer's lateness.
        self.advance(now.checked_sub(TIMER_SLACK).unwrap_or(now));
        Some(request)
    }

    /// Waits no longer. `None` if it does not wait.
    pub fn cancel(&mut self, ticket: Ticket) -> Option<R> {
        self.line.remove(ticket)
    }

    /// Takes out all who wait.
    pub fn clear(&mut self) -> Vec<R> {
        self.line.drain()
    }

    /// When [`due`](Self::due) is to be called. `None` while nobody waits.
    pub fn wakes_at(&self) -> Option<Instant> {
        self.next_start().filter(|_| !self.line.is_empty())
    }

    /// When a request may start. `None`: at any time.
    fn next_start(&self) -> Option<Instant> {
        let ahead = self.limit.interval.saturating_mul(self.limit.burst - 1);
        self.theoretical?.checked_sub(ahead)
    }

    /// Counts a start, which was at `now` at the earliest.
    fn advance(&mut self, now: Instant) {
        let from = self.theoretical.map_or(now, |theoretical| theoretical.max(now));
        // A time that the clock cannot tell never comes; one that is far away does as well.
        let never = Duration::from_secs(u64::from(u32::MAX));
        self.theoretical = from.checked_add(self.limit.interval).or_else(|| from.checked_add(never));
    }
}
