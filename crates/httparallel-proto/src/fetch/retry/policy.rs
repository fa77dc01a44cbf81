//! What is worth another attempt, and how long to wait before it.

use std::time::Duration;

use crate::fetch::Method;
use crate::{Error, Headers, Kind, Phase};

/// Statuses that say that the request was not carried out, whatever its method.
///
/// RFC 9110 section 15.5.9: after 408 "the client MAY repeat the request", because the server did not receive all of
/// it. RFC 6585 section 4: 429 refuses a request for there having been too many.
const NOT_CARRIED_OUT: [u16; 2] = [408, 429];

/// When a request is sent again.
///
/// A request is sent again only if its content can be had again, and if that is safe: it never reached the server
/// (the connection could not be made), the status says that it was not carried out (408, 429), its method is
/// idempotent, or it has an `Idempotency-Key` header, which is the caller's word for it (RFC 9110 section 9.2.2).
///
/// Only what happens before a response's head is retried: a response that was delivered is not taken back.
///
/// ```
/// use httparallel_proto::fetch::Retry;
/// use std::time::Duration;
///
/// let patient = Retry { attempts: 5, backoff: Duration::from_secs(1), ..Retry::default() };
/// assert_eq!(patient.statuses, [408, 429, 502, 503, 504]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// How often a request is sent at most, the first time included. Each redirect is a request of its own.
    /// Default: 3.
    pub attempts: u32,
    /// The statuses that are worth another attempt. Default: 408, 429, 502, 503, 504.
    pub statuses: Vec<u16>,
    /// The methods that are safe to send again. Default: `None`, the idempotent ones.
    pub methods: Option<Vec<Method>>,
    /// How long to wait before the second attempt at most; twice as long before each further one. The wait is a
    /// random part of that, so that clients which failed together do not come back together. Default: 0.5 s.
    pub backoff: Duration,
    /// What the wait grows to at most. Default: 30 s.
    pub max_backoff: Duration,
    /// How much of a server's `Retry-After` is waited for at most, before `backoff` is added. Default: 6 hours.
    pub max_retry_after: Duration,
    /// How many attempts all requests with one [`RetryBudget`](super::RetryBudget) may add, as a part of their number. `None` for no
    /// bound, which makes an outage worse. Default: 0.2, one for every five requests.
    pub budget: Option<f64>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 3,
            statuses: vec![408, 429, 502, 503, 504],
            methods: None,
            backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(30),
            max_retry_after: Duration::from_secs(6 * 60 * 60),
            budget: Some(0.2),
        }
    }
}

impl Retry {
    /// Whether a response with this status is worth another attempt, and it is safe.
    pub(super) fn covers_status(&self, status: u16, method: &Method, headers: &Headers) -> bool {
        self.statuses.contains(&status)
            && (NOT_CARRIED_OUT.contains(&status) || self.is_safe(method, headers))
    }

    /// Whether a request that failed like this, before there was a response, is worth another attempt, and it is
    /// safe.
    pub(super) fn covers_failure(&self, error: &Error, method: &Method, headers: &Headers) -> bool {
        match (error.kind(), error.phase()) {
            // Nothing of the request was sent.
            (Kind::Network | Kind::Timeout, Phase::Connect) => true,
            // What is wrong with a certificate today is wrong with it in a second.
            (Kind::Tls, Phase::Connect) => is_cut_off(error),
            (
                Kind::Network | Kind::Timeout | Kind::Protocol | Kind::Incomplete,
                Phase::Write | Phase::Read,
            ) => self.is_safe(method, headers),
            _ => false,
        }
    }

    fn is_safe(&self, method: &Method, headers: &Headers) -> bool {
        let safe = match &self.methods {
            None => method.is_idempotent(),
            Some(methods) => methods.contains(method),
        };
        safe || headers.contains("idempotency-key")
    }

    /// How long to wait after so many retries; `random` is from 0 to 1.
    pub(super) fn pause(&self, retries: u32, random: f64) -> Duration {
        let grown = self.backoff.saturating_mul(1 << retries.min(31)).min(self.max_backoff);
        // Every other number would panic or exceed the limit; NaN becomes 0.
        grown.mul_f64(random.clamp(0.0, 1.0).max(0.0))
    }
}

/// Whether a TLS handshake failed because the connection did, and not because of what was said.
fn is_cut_off(error: &Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    source.is_some_and(|source| source.kind() != std::io::ErrorKind::InvalidData)
}
