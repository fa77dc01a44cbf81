//! What a server means that does not answer a request where, or how, it was sent.

use crate::url::Origin;

/// What the end of an HTTP/2 stream, or connection, says about a request on it that has no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing was done about it, so that even a POST may be sent again.
    Unprocessed,
    /// It is to be sent over HTTP/1.1.
    Http1Required,
    /// It failed.
    Failed,
}

impl Refusal {
    /// By the error code of the server's `RST_STREAM`, or of its `GOAWAY` if that does not cover the request's
    /// stream.
    ///
    /// ```
    /// use httparallel_proto::fetch::Refusal;
    ///
    /// assert_eq!(Refusal::of(7, false), Refusal::Unprocessed);
    /// assert_eq!(Refusal::of(0, false), Refusal::Failed);
    /// assert_eq!(Refusal::of(0, true), Refusal::Unprocessed);
    /// ```
    pub fn of(code: u32, goaway: bool) -> Self {
        // RFC 9113 section 7.
        const REFUSED_STREAM: u32 = 7;
        const ENHANCE_YOUR_CALM: u32 = 11;
        const HTTP_1_1_REQUIRED: u32 = 13;
        match code {
            // RFC 9113 section 8.7: these were not processed.
            REFUSED_STREAM => Self::Unprocessed,
            HTTP_1_1_REQUIRED => Self::Http1Required,
            // Whoever asks for calm is not to be asked once more at once.
            ENHANCE_YOUR_CALM => Self::Failed,
            // RFC 9113 section 6.8: neither were those above the last stream that GOAWAY names, whatever it says.
            _ if goaway => Self::Unprocessed,
            _ => Self::Failed,
        }
    }
}

/// Whether a request may silently be sent once more, on another connection, after a response with this status.
///
/// RFC 9110 section 15.5.20: after 421 "the client MAY retry the request, whether or not the request method is
/// idempotent, over a different connection". `reused` says whether the connection had served a request before. A
/// fresh one would be no different from the next: connections are shared within an origin only, so that no
/// certificate has led the request astray, and what has may be what came before on this connection.
///
/// ```
/// use httparallel_proto::fetch::is_misdirected;
///
/// assert!(is_misdirected(421, true, true));
/// assert!(!is_misdirected(421, false, true));
/// ```
pub fn is_misdirected(status: u16, reused: bool, replayable: bool) -> bool {
    status == 421 && reused && replayable
}

/// How many origins are remembered.
const MAX_ORIGINS: usize = 64;

/// The origins that asked for HTTP/1.1, of those that asked last.
///
/// Few servers do, so that a list is as quick as anything. `O` is what stands for an origin.
#[derive(Debug)]
pub struct Http1Origins<O = Origin>(Vec<O>);

impl<O> Default for Http1Origins<O> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<O: PartialEq> Http1Origins<O> {
    /// Remembers an origin, and forgets the one that asked longest ago if there are more than 64.
    pub fn insert(&mut self, origin: O) {
        if self.contains(&origin) {
            return;
        }
        if self.0.len() == MAX_ORIGINS {
            self.0.remove(0);
        }
        self.0.push(origin);
    }

    /// Whether an origin is remembered.
    pub fn contains<Q: ?Sized>(&self, origin: &Q) -> bool
    where
        O: PartialEq<Q>,
    {
        self.0.iter().any(|known| known == origin)
    }
}
