//! What follows a response, or a failure: deliver, redirect, or try again.
//!
//! [`Fetch`] is the memory of one request over all its hops. It is driven by the engine for requests that
//! need nothing from outside, and step by step by callers with auth flows, cookies or hooks of their own.

mod credentials;
mod describe;
mod memory;
mod redirect;
mod request;
mod request_headers;
mod retry;

#[cfg(test)]
mod tests;

pub use credentials::SensitiveHeaders;
pub use describe::{METHODS_WITH_CONTENT, complete};
pub use memory::{CookieJar, Memory};
pub use redirect::{is_redirect, keeps_credentials, redirect};
pub use request::{Content, Method, Overrides, Request, check_url};
pub use request_headers::{Completed, RequestHeaders};
pub use retry::{
    Attempts, Http1Origins, Moment, Refusal, Retries, Retry, RetryBudget, Sent, is_misdirected, may_resend,
    may_retry_lost,
};

use std::time::{Duration, Instant};

use crate::{Error, Headers, Kind, Phase, Result};

/// What to do with a response whose head has arrived.
#[derive(Debug)]
pub enum Next {
    /// It is the answer.
    Deliver,
    /// Read its body to the end, then send this request.
    Follow(Request),
    /// Forget it, and send the request again after that time.
    Retry(Duration),
    /// Forget it, and send the request again at once, on another connection: this one leads to the wrong place. No
    /// other request should begin on it, either, if it takes several at a time.
    Afresh,
}

/// How redirects are treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether redirects are followed. Default: no, as in httpx.
    pub follow_redirects: bool,
    /// How many in a row. Default: 20.
    pub max_redirects: usize,
    /// Whether a redirect that sets cookies is delivered to the caller, who keeps the cookies and goes on
    /// from there. Default: no.
    pub cookies_elsewhere: bool,
    /// Headers that do not follow a redirect to another origin, besides those that never do. Default: none.
    pub sensitive: SensitiveHeaders,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            follow_redirects: false,
            max_redirects: 20,
            cookies_elsewhere: false,
            sensitive: SensitiveHeaders::default(),
        }
    }
}

/// The hops of one request, and the attempts of each.
#[derive(Clone, Debug)]
pub struct Fetch {
    policy: Policy,
    hops: usize,
    /// How many challenges were answered since the last redirect.
    answers: u8,
    /// A redirect has led away from the origin that was asked for.
    has_left: bool,
    /// It was sent again because its connection was the wrong one.
    is_afresh: bool,
    attempts: Option<Attempts>,
}

impl Fetch {
    /// Before the first hop. Without `attempts` nothing is retried.
    pub fn new(policy: Policy, attempts: Option<Attempts>) -> Self {
        Self { policy, hops: 0, answers: 0, has_left: false, is_afresh: false, attempts }
    }

    /// Whether the request at hand goes on another connection than the one that it was sent on first.
    pub fn is_afresh(&self) -> bool {
        self.is_afresh
    }

    /// The first hop begins.
    pub fn begin(&mut self, now: Instant) {
        if let Some(attempts) = &mut self.attempts {
            attempts.begin(now);
        }
    }

    /// Decides on the head of a response to `request`. `untouched`: nothing was taken yet of content that exists only
    /// once. `reused`: its connection had served a request before. `moment` is asked for only where it matters.
    ///
    /// Fails if the redirect's target is not allowed or there were too many, and on a challenge that cannot be
    /// answered although it should be.
    pub fn on_head(
        &mut self,
        request: &Request,
        untouched: bool,
        reused: bool,
        status: u16,
        headers: &Headers,
        moment: impl Fn() -> Moment,
    ) -> Result<Next> {
        if let Some(memory) = &request.memory {
            if let Some(cookies) = &memory.cookies {
                cookies.store(&request.url, headers);
            }
            if status == 401
                && !self.has_left
                && let Some(answer) = memory.answer(request, headers, self.answers)?
            {
                self.answers += 1;
                return Ok(self.follow(answer, moment));
            }
        }
        let replayable = untouched || request.content.is_replayable();
        if is_misdirected(status, reused, replayable) && !std::mem::replace(&mut self.is_afresh, true) {
            return Ok(Next::Afresh);
        }
        if let Some(attempts) = &mut self.attempts
            && let Some(wait) =
                attempts.after_response(Sent::of(request, untouched), status, headers, &moment)
        {
            return Ok(Next::Retry(wait));
        }
        if !self.policy.follow_redirects || !is_redirect(status, headers) {
            return Ok(Next::Deliver);
        }
        if self.policy.cookies_elsewhere && headers.contains("set-cookie") {
            return Ok(Next::Deliver);
        }
        if self.hops >= self.policy.max_redirects {
            let message = "Exceeded maximum allowed redirects.";
            return Err(Error::new(Kind::TooManyRedirects, Phase::Read, message));
        }
        let mut next = redirect(request, status, headers, &self.policy.sensitive)?;
        self.hops += 1;
        if let Some(memory) = &request.memory {
            self.answers = 0;
            self.has_left |= request.url.origin() != next.url.origin();
            memory.redirected(&mut next, self.has_left);
        }
        Ok(self.follow(next, moment))
    }

    /// What follows has attempts of its own.
    fn follow(&mut self, next: Request, moment: impl Fn() -> Moment) -> Next {
        self.is_afresh = false;
        if let Some(attempts) = &mut self.attempts {
            attempts.begin(moment().now);
        }
        Next::Follow(next)
    }

    /// Decides on a failure before there was a response: how long to wait before `request` is sent again. `None` if
    /// the error is the outcome.
    pub fn on_failure(
        &mut self,
        request: &Request,
        untouched: bool,
        error: &Error,
        moment: impl FnOnce() -> Moment,
    ) -> Option<Duration> {
        self.attempts.as_mut()?.after_failure(Sent::of(request, untouched), error, moment)
    }
}
