//! A request as the decisions see it: method, URL, headers, content.

use bytes::Bytes;

use crate::headers::is_token_byte;
use crate::{Error, Headers, Kind, Phase, Result, Url};

/// A request method: a token, upper case by custom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Method(Bytes);

impl Method {
    /// GET.
    pub const GET: Self = Self(Bytes::from_static(b"GET"));
    /// HEAD.
    pub const HEAD: Self = Self(Bytes::from_static(b"HEAD"));

    /// Fails unless `name` is a token. Common methods do not allocate.
    pub fn new(name: &str) -> Result<Self> {
        const COMMON: [&str; 9] =
            ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "CONNECT"];
        if let Some(common) = COMMON.into_iter().find(|common| *common == name) {
            return Ok(Self(Bytes::from_static(common.as_bytes())));
        }
        if name.is_empty() || !name.bytes().all(is_token_byte) {
            let shown: String = name.chars().take(64).collect();
            return Err(Error::invalid_request(format!("Illegal method {shown:?}")));
        }
        Ok(Self(Bytes::copy_from_slice(name.as_bytes())))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        // Only tokens, which are ASCII, get in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether sending it twice is as good as once (RFC 9110 section 9.2.2).
    pub fn is_idempotent(&self) -> bool {
        matches!(self.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE" | "QUERY")
    }
}

/// Fails unless `url` is one that can be requested: `http` or `https`, with a host.
pub fn check_url(url: &Url) -> Result<()> {
    let unsupported = |message| Err(Error::new(Kind::UnsupportedScheme, Phase::Build, message));
    match (url.scheme(), url.raw_host()) {
        ("http" | "https", host) if !host.is_empty() => Ok(()),
        ("http" | "https", _) => unsupported("Request URL has no host.".to_owned()),
        ("", _) => unsupported("Request URL is missing an 'http://' or 'https://' protocol.".to_owned()),
        (scheme, _) => unsupported(format!("Request URL has an unsupported protocol '{scheme}://'.")),
    }
}

/// A request's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// None.
    Empty,
    /// All of it at hand, so it can be sent again.
    Bytes(Bytes),
    /// Produced while it is sent, once.
    Stream,
}

impl Content {
    /// Whether it can be sent a second time.
    pub fn is_replayable(&self) -> bool {
        !matches!(self, Self::Stream)
    }
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// An absolute `http` or `https` URL.
    pub url: Url,
    /// The header fields, `Host` included.
    pub headers: Headers,
    /// The content.
    pub content: Content,
}
