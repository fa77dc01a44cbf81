//! One request's way through a policy and a budget.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::after::retry_after;
use super::{Retry, RetryBudget};
use crate::fetch::{Method, Request};
use crate::{Error, Headers};

/// A policy, and the budget that it draws on: what requests with retries share.
#[derive(Clone, Debug)]
pub struct Retries {
    /// What is retried, and when.
    pub policy: Retry,
    /// How much is retried. Usually that of a whole client, whichever policies its requests have.
    pub budget: Arc<RetryBudget>,
}

/// What was sent, as far as sending it again depends on that.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// The method.
    pub method: &'a Method,
    /// The header fields.
    pub headers: &'a Headers,
    /// Whether its content can be had again, in full.
    pub replayable: bool,
}

impl<'a> Sent<'a> {
    /// What was sent with `request`. `untouched`: nothing was taken yet of content that exists only once.
    pub fn of(request: &'a Request, untouched: bool) -> Self {
        let replayable = untouched || request.content.is_replayable();
        Self { method: &request.method, headers: &request.headers, replayable }
    }
}

/// When a decision is made, and with what luck.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now.
    pub now: Instant,
    /// Now, by the calendar.
    pub date: SystemTime,
    /// When the time for the whole request is up.
    pub deadline: Option<Instant>,
    /// From 0 to 1, a new one for each decision.
    pub random: f64,
}

/// The attempts of one request.
///
/// ```
/// use std::sync::Arc;
/// use std::time::{Duration, Instant, SystemTime};
/// use httparallel_proto::Headers;
/// use httparallel_proto::fetch::{Attempts, Method, Moment, Retries, Retry, RetryBudget, Sent};
///
/// let now = Instant::now();
/// let moment = Moment { now, date: SystemTime::now(), deadline: None, random: 1.0 };
/// let budget = Arc::new(RetryBudget::new(now));
/// let retries = Arc::new(Retries { policy: Retry { attempts: 2, ..Retry::default() }, budget });
///
/// let mut attempts = Attempts::new(retries);
/// attempts.begin(now);
/// let sent = Sent { method: &Method::GET, headers: &Headers::new(), replayable: true };
/// let answer: Headers = [("Retry-After", "3")].into_iter().collect();
/// let wait = attempts.after_response(sent, 503, &answer, || moment);
/// assert_eq!(wait, Some(Duration::from_millis(3_500)));
/// assert_eq!(attempts.after_response(sent, 503, &answer, || moment), None);
/// ```
#[derive(Clone, Debug)]
pub struct Attempts {
    retries: Arc<Retries>,
    made: u32,
}

impl Attempts {
    /// For a request that has yet to begin.
    pub fn new(retries: Arc<Retries>) -> Self {
        Self { retries, made: 0 }
    }

    /// The request begins, and pays into the budget; or the next one with the same policy does, at a redirect.
    pub fn begin(&mut self, now: Instant) {
        let Retries { policy, budget } = &*self.retries;
        if let Some(part) = policy.budget {
            budget.deposit(part, now);
        }
        self.made = 0;
    }

    /// How long to wait before the request is sent again, after a response with this head. `None` if the response is
    /// to be delivered. `moment` is asked for only where it matters.
    pub fn after_response(
        &mut self,
        sent: Sent<'_>,
        status: u16,
        headers: &Headers,
        moment: impl FnOnce() -> Moment,
    ) -> Option<Duration> {
        let policy = &self.retries.policy;
        if !sent.replayable || !policy.covers_status(status, sent.method, sent.headers) {
            return None;
        }
        let moment = moment();
        let asked = retry_after(headers, moment.date).unwrap_or_default();
        let asked = asked.min(policy.max_retry_after);
        self.again(asked, &moment)
    }

    /// The same after a failure before there was a response. `None` if the error is to be raised.
    pub fn after_failure(
        &mut self,
        sent: Sent<'_>,
        error: &Error,
        moment: impl FnOnce() -> Moment,
    ) -> Option<Duration> {
        let policy = &self.retries.policy;
        if !sent.replayable || !policy.covers_failure(error, sent.method, sent.headers) {
            return None;
        }
        self.again(Duration::ZERO, &moment())
    }

    /// Makes a retry of it if there is one left, time to wait for it, and a budget.
    fn again(&mut self, asked: Duration, moment: &Moment) -> Option<Duration> {
        let Retries { policy, budget } = &*self.retries;
        if self.made.saturating_add(1) >= policy.attempts {
            return None;
        }
        let wait = asked.saturating_add(policy.pause(self.made, moment.random));
        let end = moment.now.checked_add(wait)?;
        // What is at hand now is worth more than the time limit's error later.
        if moment.deadline.is_some_and(|deadline| end >= deadline) {
            return None;
        }
        // Last, so that only what is made is paid for.
        if policy.budget.is_some() && !budget.withdraw(moment.now) {
            return None;
        }
        self.made += 1;
        Some(wait)
    }
}
