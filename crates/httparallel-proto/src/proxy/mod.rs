//! Proxies: which URL is requested through which proxy, and what is said to it.
//!
//! ```text
//!   URL       proxy              the request goes
//!   http://   http, https        to the proxy, in absolute form                     Route::Forward
//!   https://  http, https        to the origin, inside a tunnel made by CONNECT     Route::Tunnel
//!   both      socks5, socks5h    to the origin, through a relay made by SOCKS       Route::Tunnel
//! ```
//!
//! Credentials for a proxy go to that proxy: in the CONNECT request that opens a tunnel, and in each request
//! that is forwarded. What travels in a tunnel never holds them.

mod bypass;
mod connect;
mod environment;
mod forward;
mod pattern;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

pub use bypass::Bypass;
pub use connect::Connect;
pub use environment::{Environment, Proxies};
pub use forward::{forwarded, without_proxy_credentials};
pub use pattern::{Pattern, Priority};

use crate::auth;
use crate::headers::{check_name, check_value};
use crate::url::Origin;
use crate::{Error, Headers, Kind, Phase, Result, Url};

/// The header that credentials for a proxy travel in.
const AUTHORIZATION: &str = "Proxy-Authorization";

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// HTTP.
    Http,
    /// HTTP, over TLS with the proxy.
    Https,
    /// SOCKS 5; names are resolved here.
    Socks5,
    /// SOCKS 5; names are resolved by the proxy.
    Socks5h,
}

/// What a proxy does for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// It takes the request in absolute form and makes its own.
    Forward,
    /// It connects to the origin and relays bytes.
    Tunnel,
}

/// What a single request has to say about its proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyChoice {
    /// None, whatever the client has.
    Direct,
    /// This one.
    Through(Arc<Proxy>),
}

/// A proxy: where it is, and what it is told.
///
/// ```
/// use httparallel_proto::proxy::{Proxy, Route};
/// use httparallel_proto::Url;
///
/// let proxy = Proxy::new("http://user:secret@proxy.test:3128")?;
/// assert_eq!((proxy.host(), proxy.port()), ("proxy.test", 3128));
/// assert_eq!(proxy.route(&Url::parse("https://example.com/")?.origin()), Route::Tunnel);
/// assert_eq!(format!("{proxy:?}"), "Proxy(http://proxy.test:3128)");
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    scheme: Scheme,
    /// Without user information.
    url: Url,
    credentials: Option<(String, String)>,
    /// The value of `Proxy-Authorization` that the credentials make.
    authorization: Option<Bytes>,
    headers: Headers,
}

impl Proxy {
    /// A proxy by its URL: `http`, `https`, `socks5` or `socks5h`. User name and password may stand in it.
    ///
    /// Fails with [`Kind::InvalidUrl`] if the text is no URL or has no host, and with
    /// [`Kind::UnsupportedScheme`] on another scheme.
    pub fn new(url: &str) -> Result<Self> {
        let url = Url::parse(url)?;
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            "socks5" => Scheme::Socks5,
            "socks5h" => Scheme::Socks5h,
            other => {
                let message = format!("Unknown scheme for a proxy: {other:?}");
                return Err(Error::new(Kind::UnsupportedScheme, Phase::Build, message));
            }
        };
        if url.raw_host().is_empty() {
            return Err(Error::new(Kind::InvalidUrl, Phase::Build, "The proxy's URL has no host"));
        }
        let (username, password) = (url.username().into_owned(), url.password().into_owned());
        let bare = url.with().credentials("", "").path("").query(None).fragment(None).build()?;
        let proxy =
            Self { scheme, url: bare, credentials: None, authorization: None, headers: Headers::new() };
        if url.userinfo().is_empty() { Ok(proxy) } else { proxy.with_credentials(&username, &password) }
    }

    /// With user name and password: Basic credentials for HTTP, those of RFC 1929 for SOCKS. Replaces those of
    /// the URL.
    ///
    /// Fails with [`Kind::InvalidRequest`] if they cannot be sent: a user name with a colon to an HTTP proxy.
    pub fn with_credentials(mut self, username: &str, password: &str) -> Result<Self> {
        if !self.is_socks() {
            // RFC 7617 section 2: "a user-id containing a colon character is invalid".
            if username.contains(':') {
                return Err(Error::invalid_request("A proxy's user name must not contain ':'"));
            }
            self.authorization = Some(auth::basic(username, password).into());
        }
        self.credentials = Some((username.to_owned(), password.to_owned()));
        Ok(self)
    }

    /// With a header field for the proxy. A `Proxy-Authorization` counts instead of the credentials. SOCKS
    /// has no headers.
    ///
    /// Fails with [`Kind::InvalidRequest`] if HTTP forbids the field.
    pub fn with_header(mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) -> Result<Self> {
        let (name, value) = (name.into(), value.into());
        check_name(&name)?;
        check_value(&name, &value)?;
        if name.eq_ignore_ascii_case(AUTHORIZATION.as_bytes()) {
            self.authorization = None;
        }
        self.headers.append(name, value);
        Ok(self)
    }

    /// How it is spoken to.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host as it is resolved: ASCII, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        self.url.raw_host()
    }

    /// The port, which is the scheme's if the URL has none: 80, 443, or 1080 for SOCKS.
    pub fn port(&self) -> u16 {
        self.url.port_or_default().unwrap_or(1080)
    }

    /// User name and password.
    pub fn credentials(&self) -> Option<(&str, &str)> {
        self.credentials.as_ref().map(|(username, password)| (username.as_str(), password.as_str()))
    }

    /// The proxy's own origin.
    pub fn origin(&self) -> Origin {
        self.url.origin()
    }

    /// What it does for requests to `origin`.
    pub fn route(&self, origin: &Origin) -> Route {
        if self.is_socks() || origin.is_secure() { Route::Tunnel } else { Route::Forward }
    }

    /// Whether it speaks SOCKS.
    pub fn is_socks(&self) -> bool {
        matches!(self.scheme, Scheme::Socks5 | Scheme::Socks5h)
    }

    /// The header fields for the proxy, credentials included.
    fn fields(&self) -> impl Iterator<Item = (Bytes, Bytes)> {
        let credentials = self
            .authorization
            .iter()
            .map(|value| (Bytes::from_static(AUTHORIZATION.as_bytes()), value.clone()));
        credentials.chain(self.headers.iter().map(|header| (header.name.clone(), header.value.clone())))
    }
}

/// Without credentials and headers: debug output ends up in logs.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({})", self.url.redacted())
    }
}

/// A failure of a proxy, while a connection through it is made.
fn failed(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Kind::Proxy, Phase::Connect, message)
}
