//! One error for everything that can go wrong with a request: what ([`Kind`]) and when ([`Phase`]).
//!
//! An error is named where it happens, by the code that knows the phase. Its message says what happened
//! in this layer only; causes are reached through [`std::error::Error::source`]. Messages never hold a
//! password, a query string or the value of a credential header.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The text is not a URL.
    InvalidUrl,
    /// The URL's scheme is missing or is neither `http` nor `https`.
    UnsupportedScheme,
    /// The request breaks HTTP's rules; nothing was sent.
    InvalidRequest,
    /// A time limit was reached; the phase says which.
    Timeout,
    /// The network failed: refused, reset, unreachable, name not resolved.
    Network,
    /// The TLS handshake or the peer's certificate failed.
    Tls,
    /// The server's bytes are not HTTP, or break its rules.
    Protocol,
    /// The response ended before its announced end.
    Incomplete,
    /// The body does not decode as its `Content-Encoding` says.
    Decode,
    /// The body, as sent or decoded, is larger than the limit set for it.
    BodyTooLarge,
    /// The response is no stream of server-sent events, or one of them is too large.
    EventStream,
    /// More redirects than allowed.
    TooManyRedirects,
    /// A proxy refused or failed.
    Proxy,
    /// The client, or the parallel block, is closed.
    Closed,
    /// The request was cancelled by its owner.
    Cancelled,
    /// A defect in this library (a caught panic).
    Internal,
}

impl Kind {
    /// Every kind, for tables that must name all of them.
    pub const ALL: [Kind; 16] = [
        Kind::InvalidUrl,
        Kind::UnsupportedScheme,
        Kind::InvalidRequest,
        Kind::Timeout,
        Kind::Network,
        Kind::Tls,
        Kind::Protocol,
        Kind::Incomplete,
        Kind::Decode,
        Kind::BodyTooLarge,
        Kind::EventStream,
        Kind::TooManyRedirects,
        Kind::Proxy,
        Kind::Closed,
        Kind::Cancelled,
        Kind::Internal,
    ];
}

/// When it went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Before anything was sent: building the request.
    Build,
    /// Waiting for a connection, or for a stream of an HTTP/2 connection.
    Pool,
    /// Resolving the name, connecting, TLS handshake.
    Connect,
    /// Sending the request.
    Write,
    /// Waiting for, or reading, the response.
    Read,
    /// The whole request: only the total deadline belongs here.
    Total,
}

impl Phase {
    /// Every phase, for tables that must name all of them.
    pub const ALL: [Phase; 6] =
        [Phase::Build, Phase::Pool, Phase::Connect, Phase::Write, Phase::Read, Phase::Total];
}

/// An error of one request: [`kind`](Error::kind), [`phase`](Error::phase), a message and a cause.
///
/// ```
/// use httparallel_proto::{Error, Kind, Phase};
///
/// let error = Error::new(Kind::Timeout, Phase::Read, "no data for 5 s");
/// assert_eq!(error.kind(), Kind::Timeout);
/// assert_eq!(error.to_string(), "no data for 5 s");
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    phase: Phase,
    message: Cow<'static, str>,
    source: Option<std::sync::Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error without a cause.
    pub fn new(kind: Kind, phase: Phase, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind, phase, message: message.into(), source: None }))
    }

    /// The request breaks HTTP's rules; nothing was sent.
    pub fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::InvalidRequest, Phase::Build, message)
    }

    /// The server broke HTTP's rules.
    pub fn protocol(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Protocol, Phase::Read, message)
    }

    /// Names the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(std::sync::Arc::new(source));
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// When it went wrong.
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// The message of this layer, without causes; the same text as `Display`.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &self.0.kind).field("phase", &self.0.phase);
        debug.field("message", &self.0.message);
        if let Some(source) = &self.0.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
