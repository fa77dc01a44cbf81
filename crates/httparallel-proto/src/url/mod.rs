//! URLs: parsing, components, joining, origins, query strings.
//!
//! The rules are those of httpx: RFC 3986 with the percent-encoding of browsers and IDNA 2008 host names.
//! It is not the URL standard of browsers: an absent query differs from an empty one, relative references
//! are URLs too, and a path is not completed to `/`.
//!
//! A URL is kept as its normalised text and the offsets of its components, so that every part of the
//! client reads the same host from it: routing, TLS, the `Host` header, cookies. A host that resolvers,
//! proxies or browsers could read in another way is an error for the schemes that lead to a connection.
//!
//! ```text
//!   https://jo%40email.com:a%20secret@xn--mller-kva.de:1234/pa%20th?search=ab#anchor
//!   scheme  [      userinfo         ] [   raw_host  ][port][ path ][ query ][fragment]
//!                                     [      netloc       ][    raw_path   ]
//! ```

mod builder;
mod host;
mod join;
mod origin;
mod parse;
mod path;
mod percent;
pub mod query;
mod quoted;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

pub use builder::Builder;
pub use origin::Origin;

use crate::{Error, Kind, Phase, Result};

/// A URL or a relative reference. Immutable; a clone shares the text.
///
/// ```
/// use httparallel_proto::Url;
///
/// # fn main() -> httparallel_proto::Result<()> {
/// let url = Url::parse("HTTPS://jo:secret@Müller.de:443/a/../pa th?q=1")?;
/// assert_eq!(url.as_str(), "https://jo:secret@xn--mller-kva.de/pa%20th?q=1");
/// assert_eq!(url.host(), "müller.de");
/// assert_eq!(url.port_or_default(), Some(443));
/// assert_eq!(url.raw_path(), "/pa%20th?q=1");
/// assert_eq!(url.join("../x")?.raw_path(), "/x");
/// assert_eq!(url.redacted().to_string(), "https://xn--mller-kva.de/pa%20th");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Url {
    text: Arc<str>,
    layout: Layout,
}

/// Where the components are in the text. Delimiters stand between them, not in them.
#[derive(Clone, Copy, Default)]
struct Layout {
    scheme_end: u32,
    userinfo_start: u32,
    userinfo_end: u32,
    host_start: u32,
    host_end: u32,
    path_start: u32,
    path_end: u32,
    query_end: u32,
    port: Option<u16>,
}

impl Url {
    /// Parses a URL or a relative reference and normalises it.
    ///
    /// Fails with [`Kind::InvalidUrl`] on control characters, more than 65,536 characters, a port or
    /// host that is none, and a host that could be read in more than one way.
    pub fn parse(text: &str) -> Result<Self> {
        parse::parse(text)
    }

    /// The URL with some components changed; see [`Builder`].
    pub fn with(&self) -> Builder<'_> {
        Builder::from_url(self)
    }

    /// The URL that `reference` means when it is found in the resource of this URL (RFC 3986 section 5).
    ///
    /// ```
    /// # use httparallel_proto::Url;
    /// let base = Url::parse("http://example.com/b/c/d;p?q")?;
    /// assert_eq!(base.join("../g")?.as_str(), "http://example.com/b/g");
    /// assert_eq!(base.join("//g")?.as_str(), "http://g");
    /// # Ok::<(), httparallel_proto::Error>(())
    /// ```
    pub fn join(&self, reference: &str) -> Result<Self> {
        self.join_url(&Self::parse(reference)?)
    }

    /// As [`join`](Self::join), with a reference that is already parsed.
    pub fn join_url(&self, reference: &Self) -> Result<Self> {
        join::join(self, reference)
    }

    /// The whole URL in normal form. It holds the password, if any: see [`redacted`](Self::redacted).
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme in lower case, `""` if there is none.
    pub fn scheme(&self) -> &str {
        self.slice(0, self.layout.scheme_end)
    }

    /// User name and password as in the URL, percent-encoded, with the `:` between them.
    pub fn userinfo(&self) -> &str {
        self.slice(self.layout.userinfo_start, self.layout.userinfo_end)
    }

    /// The user name, decoded.
    pub fn username(&self) -> Cow<'_, str> {
        let userinfo = self.userinfo();
        percent::unquote(userinfo.split_once(':').map_or(userinfo, |(username, _)| username))
    }

    /// The password, decoded.
    pub fn password(&self) -> Cow<'_, str> {
        percent::unquote(self.userinfo().split_once(':').map_or("", |(_, password)| password))
    }

    /// The host as it is shown: international names in Unicode, an IPv6 address without brackets.
    pub fn host(&self) -> Cow<'_, str> {
        host::to_unicode(self.raw_host())
    }

    /// The host as it is sent and resolved: ASCII, an IPv6 address without brackets.
    pub fn raw_host(&self) -> &str {
        self.slice(self.layout.host_start, self.layout.host_end)
    }

    /// The port, `None` if it is the scheme's default.
    pub fn port(&self) -> Option<u16> {
        self.layout.port
    }

    /// The port to connect to, `None` if there is none and the scheme implies none.
    pub fn port_or_default(&self) -> Option<u16> {
        self.layout.port.or_else(|| parse::default_port(self.scheme()))
    }

    /// Host and port as the `Host` header has them: brackets around IPv6, no default port.
    pub fn netloc(&self) -> &str {
        let Layout { userinfo_start, userinfo_end, path_start, .. } = self.layout;
        let at_sign = u32::from(userinfo_start != userinfo_end);
        self.slice(userinfo_end + at_sign, path_start)
    }

    /// The value of the `Host` header: [`netloc`](Self::netloc) as bytes.
    pub fn host_header(&self) -> &[u8] {
        self.netloc().as_bytes()
    }

    /// The path as in the URL, percent-encoded. It may be empty; see [`raw_path`](Self::raw_path).
    pub fn path(&self) -> &str {
        self.slice(self.layout.path_start, self.layout.path_end)
    }

    /// The path, decoded, `/` if it is empty.
    pub fn decoded_path(&self) -> Cow<'_, str> {
        match self.path() {
            "" => Cow::Borrowed("/"),
            path => percent::unquote(path),
        }
    }

    /// The query as in the URL, `None` if there is no `?`.
    pub fn query(&self) -> Option<&str> {
        let Layout { path_end, query_end, .. } = self.layout;
        (path_end < query_end).then(|| self.slice(path_end + 1, query_end))
    }

    /// Path and query as in the request line, `/` for an empty path.
    pub fn raw_path(&self) -> Cow<'_, str> {
        let Layout { path_start, path_end, query_end, .. } = self.layout;
        let target = self.slice(path_start, query_end);
        if path_start == path_end { Cow::Owned(format!("/{target}")) } else { Cow::Borrowed(target) }
    }

    /// The fragment as in the URL, `None` if there is no `#`.
    pub fn fragment(&self) -> Option<&str> {
        self.text[self.layout.query_end as usize..].strip_prefix('#')
    }

    /// The fragment, decoded, `""` if there is none.
    pub fn decoded_fragment(&self) -> Cow<'_, str> {
        percent::unquote(self.fragment().unwrap_or_default())
    }

    /// Whether there is a scheme and a host: whether the URL alone says where to connect.
    pub fn is_absolute(&self) -> bool {
        self.layout.scheme_end != 0 && self.layout.host_start != self.layout.host_end
    }

    /// Scheme, host and port: what decides about connections and credentials.
    pub fn origin(&self) -> Origin {
        Origin::of(self)
    }

    /// Shows the URL without user information, query and fragment, for messages and logs.
    pub fn redacted(&self) -> impl fmt::Display + use<> {
        let Layout { userinfo_start, path_end, .. } = self.layout;
        let mut shown = self.slice(0, userinfo_start).to_owned();
        shown.push_str(self.netloc());
        shown.push_str(self.slice(self.layout.path_start, path_end));
        shown
    }

    /// The whole URL with `[secure]` in place of a password; the user name and the query are shown.
    pub fn masked(&self) -> Cow<'_, str> {
        let Layout { userinfo_start, userinfo_end, .. } = self.layout;
        let Some((username, _)) = self.userinfo().split_once(':') else { return Cow::Borrowed(&self.text) };
        let before = self.slice(0, userinfo_start);
        Cow::Owned(format!("{before}{username}:[secure]{}", &self.text[userinfo_end as usize..]))
    }

    fn has_authority(&self) -> bool {
        self.layout.userinfo_start < self.layout.path_start
    }

    fn slice(&self, start: u32, end: u32) -> &str {
        &self.text[start as usize..end as usize]
    }
}

/// The empty reference: no component at all.
impl Default for Url {
    fn default() -> Self {
        Self { text: Arc::from(""), layout: Layout::default() }
    }
}

impl PartialEq for Url {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Url {}

impl Hash for Url {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl FromStr for Url {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

/// Redacted: debug output ends up in logs.
impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({})", self.redacted())
    }
}

fn invalid(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Kind::InvalidUrl, Phase::Build, message)
}
