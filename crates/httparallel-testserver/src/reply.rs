//! A response as the routes describe it, before a protocol gives it bytes.

use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;

/// One period of the pattern that bodies of `/bytes/N` and its relatives are made of.
const ALPHABET: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";

/// Whole periods, close to 64 KiB: large bodies are cut from it without copying.
static PATTERN: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(ALPHABET.repeat(2520)));

/// At most `length` bytes of the pattern, from where a body stands after `offset` bytes.
pub(crate) fn pattern(offset: u64, length: u64) -> Bytes {
    let start = usize::try_from(offset % ALPHABET.len() as u64).unwrap_or(0);
    let room = PATTERN.len() - start;
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(room);
    PATTERN.slice(start..start + length)
}

/// A whole response.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Status codes of interim responses to send first.
    pub(crate) interim: Vec<u16>,
    /// Waited before the first byte.
    pub(crate) delay: Duration,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Body,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
    pub(crate) fault: Option<Fault>,
}

/// The content of a response.
#[derive(Debug)]
pub(crate) enum Body {
    /// Known bytes, with `Content-Length`.
    Full(Bytes),
    /// The pattern, in pieces.
    Pattern {
        /// Bytes in all.
        total: u64,
        /// Bytes in one piece, which is one chunk or one `DATA` frame where it fits.
        piece: u64,
        /// Waited between pieces.
        interval: Duration,
        /// Chunked instead of `Content-Length`.
        chunked: bool,
    },
}

impl Body {
    /// Whether the length is announced in the head.
    pub(crate) fn content_length(&self) -> Option<u64> {
        match self {
            Self::Full(bytes) => Some(bytes.len() as u64),
            Self::Pattern { total, chunked: false, .. } => Some(*total),
            Self::Pattern { chunked: true, .. } => None,
        }
    }
}

/// What the server does instead of behaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Announces `Connection: close` and keeps its word.
    Close,
    /// Closes after the head, whatever the head promised.
    CloseAfterHead,
    /// Answers as if to keep the connection, and closes it after this time.
    CloseSilently(Duration),
    /// Answers without having read the request's body, ends its side, and closes after this time.
    CloseUnread(Duration),
    /// Closes without a byte of an answer; in HTTP/2 resets the stream with `REFUSED_STREAM`.
    Refuse,
    /// Never answers.
    Hang,
}

impl Reply {
    pub(crate) fn new(status: u16) -> Self {
        Self {
            interim: Vec::new(),
            delay: Duration::ZERO,
            status,
            headers: Vec::new(),
            body: Body::Full(Bytes::new()),
            trailers: Vec::new(),
            fault: None,
        }
    }

    pub(crate) fn text(status: u16, text: impl Into<Bytes>) -> Self {
        Self::new(status).header("Content-Type", "text/plain").full(text)
    }

    pub(crate) fn json(text: String) -> Self {
        Self::new(200).header("Content-Type", "application/json").full(text)
    }

    pub(crate) fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn full(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Body::Full(body.into());
        self
    }

    pub(crate) fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    pub(crate) fn fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    pub(crate) fn delayed(mut self, delay: Duration) -> Self {
        self.delay += delay;
        self
    }

    /// Whether a body may follow the head.
    ///
    /// RFC 9110 6.4.1: "Responses to the HEAD request method ... never include content"; "All 1xx
    /// (Informational), 204 (No Content), and 304 (Not Modified) responses do not include content."
    pub(crate) fn has_content(&self, method: &str) -> bool {
        method != "HEAD" && self.may_announce_length()
    }

    pub(crate) fn may_announce_length(&self) -> bool {
        !matches!(self.status, 100..=199 | 204 | 304)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_continues_where_it_stopped() {
        let mut joined = Vec::new();
        while joined.len() < 100_000 {
            let wanted = 100_000 - joined.len() as u64;
            joined.extend_from_slice(&pattern(joined.len() as u64, wanted.min(7919)));
        }
        assert!(joined.iter().enumerate().all(|(index, byte)| *byte == ALPHABET[index % 26]));
    }

    #[test]
    fn no_content_where_http_allows_none() {
        assert!(!Reply::new(204).has_content("GET"));
        assert!(!Reply::new(200).has_content("HEAD"));
        assert!(Reply::new(200).may_announce_length());
    }
}
