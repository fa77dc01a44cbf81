//! What follows a response, or a lost connection: deliver, redirect, or try again.
//!
//! [`Fetch`] is the memory of one request over all its hops. It is driven by the engine for requests that
//! need nothing from outside, and step by step by callers with auth flows, cookies or hooks of their own.

mod describe;
mod memory;
mod redirect;
mod request;
mod retry;

#[cfg(test)]
mod tests;

pub use describe::{METHODS_WITH_CONTENT, complete};
pub use memory::{CookieJar, Memory};
pub use redirect::{is_redirect, redirect};
pub use request::{Content, Method, Overrides, Request, check_url};
pub use retry::{may_resend, may_retry_lost};

use crate::{Error, Headers, Kind, Phase, Result};

/// What to do with a response whose head has arrived.
#[derive(Debug)]
pub enum Next {
    /// It is the answer.
    Deliver,
    /// Read its body to the end, then send this request.
    Follow(Request),
}

/// How redirects are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether redirects are followed. Default: no, as in httpx.
    pub follow_redirects: bool,
    /// How many in a row. Default: 20.
    pub max_redirects: usize,
    /// Whether a redirect that sets cookies is delivered to the caller, who keeps the cookies and goes on
    /// from there. Default: no.
    pub cookies_elsewhere: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { follow_redirects: false, max_redirects: 20, cookies_elsewhere: false }
    }
}

/// The hops of one request.
#[derive(Clone, Copy, Debug)]
pub struct Fetch {
    policy: Policy,
    hops: usize,
    /// How many challenges were answered since the last redirect.
    answers: u8,
    /// A redirect has led away from the origin that was asked for.
    has_left: bool,
}

impl Fetch {
    /// Before the first hop.
    pub fn new(policy: Policy) -> Self {
        Self { policy, hops: 0, answers: 0, has_left: false }
    }

    /// Decides on the head of a response to `request`.
    ///
    /// Fails if the redirect's target is not allowed or there were too many, and on a challenge that cannot be
    /// answered although it should be.
    pub fn on_head(&mut self, request: &Request, status: u16, headers: &Headers) -> Result<Next> {
        if let Some(memory) = &request.memory {
            if let Some(cookies) = &memory.cookies {
                cookies.store(&request.url, headers);
            }
            if status == 401
                && !self.has_left
                && let Some(answer) = memory.answer(request, headers, self.answers)?
            {
                self.answers += 1;
                return Ok(Next::Follow(answer));
            }
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
        self.hops += 1;
        let mut next = redirect(request, status, headers)?;
        if let Some(memory) = &request.memory {
            self.answers = 0;
            self.has_left |= request.url.origin() != next.url.origin();
            memory.redirected(&mut next, self.has_left);
        }
        Ok(Next::Follow(next))
    }
}
