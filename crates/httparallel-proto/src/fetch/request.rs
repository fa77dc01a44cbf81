//! A request as the decisions see it: method, URL, headers, content.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use super::Memory;
use super::request_headers::RequestHeaders;
use crate::headers::is_token;
use crate::proxy::ProxyChoice;
use crate::{Error, Headers, Kind, Phase, Result, Url, Verify};

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
        if !is_token(name.as_bytes()) {
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

    /// Whether a response with this status has content (RFC 9110 section 6.4.1); if not, its headers tell of what it
    /// would be otherwise.
    pub fn is_answered_with_content(&self, status: u16) -> bool {
        *self != Self::HEAD && !matches!(status, 204 | 304)
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

    /// All of it, if it is at hand: empty for [`Empty`](Self::Empty), and for what is produced while it is sent.
    pub fn bytes(&self) -> &[u8] {
        if let Self::Bytes(bytes) = self { bytes } else { &[] }
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
    pub headers: RequestHeaders,
    /// The content.
    pub content: Content,
    /// What is not as the URL says. `None` for nearly all requests.
    pub overrides: Option<Box<Overrides>>,
    /// What its client remembers. `None` if that is nothing, or if others see to it.
    pub memory: Option<Arc<Memory>>,
}

impl Request {
    /// A request with the `headers` as given and, in front of them, the `Host` field if they lack it.
    ///
    /// Fails if the URL is none that can be requested (see [`check_url`]) or a field is illegal.
    ///
    /// ```
    /// use httparallel_proto::fetch::{Content, Method, Request};
    /// use httparallel_proto::{Headers, Url};
    ///
    /// let url = Url::parse("https://example.org/items")?;
    /// let request = Request::new(Method::GET, url, &Headers::new(), Content::Empty)?;
    /// assert_eq!(request.headers.get("host").map(|host| &host[..]), Some(&b"example.org"[..]));
    /// # Ok::<(), httparallel_proto::Error>(())
    /// ```
    pub fn new(method: Method, url: Url, headers: &Headers, content: Content) -> Result<Self> {
        check_url(&url)?;
        let headers = RequestHeaders::complete(&url, headers)?;
        Ok(Self { method, url, headers, content, overrides: None, memory: None })
    }

    /// A request with `headers` that are complete already. Fails if the URL is none that can be requested.
    pub fn prepared(method: Method, url: Url, headers: RequestHeaders, content: Content) -> Result<Self> {
        check_url(&url)?;
        Ok(Self { method, url, headers, content, overrides: None, memory: None })
    }

    /// The request target as sent to the origin: path and query, or what was asked for instead.
    pub fn target(&self) -> Cow<'_, str> {
        match self.overrides.as_ref().and_then(|overrides| overrides.target.as_deref()) {
            None => self.url.raw_path(),
            Some(target) => Cow::Borrowed(target),
        }
    }

    /// The name to ask for, and to verify, in the TLS handshake, if it is not the URL's host.
    pub fn sni_hostname(&self) -> Option<&Arc<str>> {
        self.overrides.as_ref()?.sni_hostname.as_ref()
    }

    /// Which proxy it goes through, if not as the client says.
    pub fn proxy(&self) -> Option<&ProxyChoice> {
        self.overrides.as_ref()?.proxy.as_ref()
    }

    /// How the server is verified, if not as the client says.
    pub fn verify(&self) -> Option<&Arc<Verify>> {
        self.overrides.as_ref()?.verify.as_ref()
    }
}

/// What a request does otherwise than its URL, or its client, says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    target: Option<Box<str>>,
    sni_hostname: Option<Arc<str>>,
    proxy: Option<ProxyChoice>,
    verify: Option<Arc<Verify>>,
}

impl Overrides {
    /// Overrides with a request target, such as `*`, and with a name for the TLS handshake. `None` if there is
    /// neither.
    ///
    /// Fails with [`Kind::InvalidRequest`] on empty text, white space, control characters and what is not ASCII.
    pub fn new(target: Option<&str>, sni_hostname: Option<&str>) -> Result<Option<Box<Self>>> {
        let check = |what: &str, text: &str| {
            if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Ok(());
            }
            // The target may hold secrets, so the message does not show it.
            Err(Error::invalid_request(format!(
                "The {what} is empty, or holds a space, a control character or a non-ASCII character"
            )))
        };
        target.map_or(Ok(()), |text| check("request target", text))?;
        sni_hostname.map_or(Ok(()), |text| check("TLS server name", text))?;
        if target.is_none() && sni_hostname.is_none() {
            return Ok(None);
        }
        let (target, sni_hostname) = (target.map(Box::from), sni_hostname.map(Arc::from));
        Ok(Some(Box::new(Self { target, sni_hostname, proxy: None, verify: None })))
    }

    /// The same, with another choice of a proxy than the client's.
    #[must_use]
    pub fn with_proxy(self, proxy: ProxyChoice) -> Self {
        Self { proxy: Some(proxy), ..self }
    }

    /// The same, with another way to verify the server than the client's.
    #[must_use]
    pub fn with_verify(self, verify: Arc<Verify>) -> Self {
        Self { verify: Some(verify), ..self }
    }

    /// What is left after a redirect: how connections are made. The target was another resource's; the name was
    /// another host's, unless the origin is the same.
    pub(super) fn after_redirect(&self, same_origin: bool) -> Option<Box<Self>> {
        let kept = Self {
            target: None,
            sni_hostname: self.sni_hostname.clone().filter(|_| same_origin),
            proxy: self.proxy.clone(),
            verify: self.verify.clone(),
        };
        (kept != Self::default()).then(|| Box::new(kept))
    }
}
