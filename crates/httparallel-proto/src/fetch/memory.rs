//! What a client remembers from one exchange to the next: cookies, and answers to challenges.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::Request;
use crate::auth::HEADER;
use crate::auth::digest::{Offer, Session, Unanswerable};
use crate::url::Origin;
use crate::{Headers, Result, Url};

/// How often a request is sent with another answer to a challenge: once, and once more if that came too late.
const MAX_ANSWERS: u8 = 2;

/// Cookies of a client. It knows the rules of RFC 6265: which cookie may be set by whom, and goes where.
pub trait CookieJar: fmt::Debug + Send + Sync {
    /// Keeps what a response sets.
    fn store(&self, url: &Url, headers: &Headers);

    /// The value of `Cookie` for a request; `None` if there is nothing to send.
    fn cookie(&self, url: &Url) -> Option<Bytes>;
}

/// What a client remembers. Shared by its requests.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Where cookies are kept, if they are.
    pub cookies: Option<Arc<dyn CookieJar>>,
    /// Who answers the challenges of which origin.
    pub sessions: Vec<(Origin, Arc<Session>)>,
}

impl Memory {
    /// Whether there is nothing to remember.
    pub fn is_empty(&self) -> bool {
        self.cookies.is_none() && self.sessions.is_empty()
    }

    /// Who answers the challenges of a URL's origin.
    pub fn session(&self, url: &Url) -> Option<&Session> {
        if self.sessions.is_empty() {
            return None;
        }
        let origin = url.origin();
        self.sessions.iter().find(|(known, _)| *known == origin).map(|(_, session)| &**session)
    }

    /// Adds the cookies, and the answer to a challenge that is known, to a request that is about to be sent.
    /// A `Cookie` or `Authorization` field that it has stays.
    pub fn prepare(&self, request: &mut Request) {
        if let Some(session) = self.session(&request.url)
            && !request.headers.contains(HEADER)
        {
            let answer = session.authorize(request.method.as_str(), &request.target());
            if let Some(answer) = answer {
                request.headers.append(HEADER, answer);
            }
        }
        if !request.headers.contains("cookie") {
            self.set_cookies(request);
        }
    }

    /// The request with an answer to the challenge of a 401; `None` if there is nothing to answer with.
    ///
    /// Fails if none of the challenges of a known scheme can be answered.
    pub(super) fn answer(
        &self,
        request: &Request,
        headers: &Headers,
        answers: u8,
    ) -> Result<Option<Request>> {
        let Some(session) = self.session(&request.url) else { return Ok(None) };
        if answers >= MAX_ANSWERS || !request.content.is_replayable() {
            return Ok(None);
        }
        let Some(offer) = Offer::choose(headers).map_err(Unanswerable::into_error)? else { return Ok(None) };
        if answers > 0 && !offer.is_stale() {
            return Ok(None);
        }
        let target = request.target();
        let Some(answer) = session.challenged(offer, request.method.as_str(), &target) else {
            return Ok(None);
        };
        let mut next = request.clone();
        next.headers.set(HEADER, answer);
        // A server that keeps its nonces in a session expects that session's cookie with the answer.
        if headers.contains("set-cookie") {
            self.set_cookies(&mut next);
        }
        Ok(Some(next))
    }

    /// A request that follows a redirect, with what belongs to its URL.
    pub(super) fn redirected(&self, next: &mut Request, has_left: bool) {
        if !self.sessions.is_empty() && is_digest(next) {
            // An answer is for one target.
            next.headers.remove(HEADER);
        }
        if has_left {
            self.set_cookies(next);
        } else {
            self.prepare(next);
        }
    }

    fn set_cookies(&self, request: &mut Request) {
        if let Some(value) = self.cookies.as_ref().and_then(|jar| jar.cookie(&request.url)) {
            request.headers.set("Cookie", value);
        }
    }
}

fn is_digest(request: &Request) -> bool {
    request.headers.get(HEADER).is_some_and(|value| value.starts_with(b"Digest "))
}
