//! Origins: scheme, host and port.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::{Url, parse};

/// The scheme, host and port of a URL: what a connection leads to and credentials belong to.
///
/// Cheap to make, clone, hash and compare: it shares the URL's text. IPv6 addresses compare as written, so
/// two spellings of one address are two origins, which costs a connection and never leaks a credential.
///
/// ```
/// use httparallel_proto::Url;
///
/// let a = Url::parse("http://example.com/a")?.origin();
/// let b = Url::parse("http://EXAMPLE.com:80/b?c")?.origin();
/// assert_eq!(a, b);
/// assert_eq!(a.to_string(), "http://example.com");
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
#[derive(Clone)]
pub struct Origin(Url);

impl Origin {
    pub(super) fn of(url: &Url) -> Self {
        Self(url.clone())
    }

    /// The scheme in lower case.
    pub fn scheme(&self) -> &str {
        self.0.scheme()
    }

    /// The host as it is resolved: ASCII, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        self.0.raw_host()
    }

    /// The port, the scheme's default included; `None` if there is none and the scheme implies none.
    pub fn port(&self) -> Option<u16> {
        self.0.port_or_default()
    }

    /// Whether the exchange is encrypted by the scheme: `https` or `wss`.
    pub fn is_secure(&self) -> bool {
        parse::default_port(self.scheme()) == Some(443)
    }

    /// Host and port, brackets around IPv6, no default port.
    pub fn netloc(&self) -> &str {
        self.0.netloc()
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        // A default port is never written, so equal schemes make equal written ports equal ports.
        self.0.port() == other.0.port() && self.host() == other.host() && self.scheme() == other.scheme()
    }
}

impl Eq for Origin {}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.scheme().hash(state);
        self.host().hash(state);
        self.0.port().hash(state);
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.netloc())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}
