//! A URL with some components changed.

use std::borrow::Cow;
use std::fmt;

use super::parse::{self, Raw, assemble, check_text};
use super::percent::{self, Safe};
use super::{Url, invalid};
use crate::{Error, Result};

/// Changes components of a URL, or makes a URL of components. Components that are not named stay.
///
/// Text is percent-encoded where needed; escape sequences in it are kept.
///
/// ```
/// use httparallel_proto::Url;
///
/// let url = Url::parse("https://example.org/a?b#c")?;
/// let url = url.with().credentials("tom@example.org", "x y").port(Some(444)).path("/").query(None).build()?;
/// assert_eq!(url.as_str(), "https://tom%40example.org:x%20y@example.org:444/#c");
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct Builder<'a> {
    raw: Raw<'a>,
    /// The first component that was refused; told by `build`.
    refused: Option<Error>,
}

/// Without the password, nor anything else that is not public in a URL.
impl fmt::Debug for Builder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Raw { scheme, host, port, path, .. } = &self.raw;
        let mut shown = f.debug_struct("Builder");
        shown.field("scheme", scheme).field("host", host).field("port", port).field("path", path);
        shown.finish_non_exhaustive()
    }
}

impl Default for Builder<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> Builder<'a> {
    /// Starts from nothing.
    pub fn new() -> Self {
        Self { raw: Raw::default(), refused: None }
    }

    pub(super) fn from_url(url: &'a Url) -> Self {
        let raw = Raw {
            scheme: url.scheme(),
            path: url.path(),
            query: url.query(),
            fragment: url.fragment(),
            ..Raw::authority_of(url)
        };
        Self { raw, refused: None }
    }

    /// Sets the scheme, `""` for none. A port that is the new scheme's default disappears.
    pub fn scheme(mut self, scheme: &'a str) -> Self {
        self.raw.scheme = scheme;
        self.check("scheme", scheme, parse::is_scheme);
        self
    }

    /// Sets user name and password, not encoded; two empty texts remove both.
    pub fn credentials(mut self, username: &str, password: &str) -> Self {
        let username = percent::quote(username, Safe::CREDENTIAL);
        let password = percent::quote(password, Safe::CREDENTIAL);
        let colon = if password.is_empty() { "" } else { ":" };
        let userinfo = format!("{username}{colon}{password}");
        self.check("userinfo", &userinfo, |_| true);
        self.raw.userinfo = Cow::Owned(userinfo);
        self
    }

    /// Sets user name and password as they stand in a URL, `""` to remove both.
    pub fn userinfo(mut self, userinfo: &'a str) -> Self {
        self.raw.userinfo = Cow::Borrowed(userinfo);
        self.check("userinfo", userinfo, |text| !text.contains('@'));
        self
    }

    /// Sets the host; an IPv6 address may be in brackets.
    pub fn host(mut self, host: &'a str) -> Self {
        let bracketed = host.starts_with('[') && host.ends_with(']');
        self.raw.host = if host.contains(':') && !bracketed {
            Cow::Owned(format!("[{host}]"))
        } else {
            Cow::Borrowed(host)
        };
        self.check("host", host, |_| true);
        self
    }

    /// Sets or removes the port.
    pub fn port(mut self, port: Option<u16>) -> Self {
        self.raw.port = Cow::Owned(port.map(|port| port.to_string()).unwrap_or_default());
        self
    }

    /// Sets the port from text, `""` for none. A text that is no port fails in [`build`](Self::build).
    pub fn port_text(mut self, port: &'a str) -> Self {
        self.raw.port = Cow::Borrowed(port);
        self.check("port", port, |_| true);
        self
    }

    /// Sets host and port together, from `host` or `host:port`.
    pub fn netloc(self, netloc: &'a str) -> Self {
        let (host, port) = parse::split_host(netloc);
        self.host(host).port_text(port)
    }

    /// Sets the path.
    pub fn path(mut self, path: &'a str) -> Self {
        self.raw.path = path;
        self.check("path", path, |text| !text.contains(['?', '#']));
        self
    }

    /// Sets or removes the query, without its `?`.
    pub fn query(mut self, query: Option<&'a str>) -> Self {
        self.raw.query = query;
        self.check("query", query.unwrap_or_default(), |text| !text.contains('#'));
        self
    }

    /// Sets path and query together; without a `?` the query is removed.
    pub fn raw_path(self, raw_path: &'a str) -> Self {
        let (path, query) = parse::split_at(raw_path, '?');
        self.path(path).query(query)
    }

    /// Sets or removes the fragment, without its `#`.
    pub fn fragment(mut self, fragment: Option<&'a str>) -> Self {
        self.raw.fragment = fragment;
        self.check("fragment", fragment.unwrap_or_default(), |_| true);
        self
    }

    /// Makes the URL. Fails with the first component that was refused.
    pub fn build(&self) -> Result<Url> {
        match &self.refused {
            Some(error) => Err(error.clone()),
            None => assemble(&self.raw),
        }
    }

    /// A component must not contain what would start the next one: that would move text into it.
    fn check(&mut self, name: &str, text: &str, allowed: impl Fn(&str) -> bool) {
        if self.refused.is_some() {
            return;
        }
        self.refused = match check_text(text, Some(name)) {
            Err(error) => Some(error),
            Ok(()) if !allowed(text) => Some(invalid(format!("Invalid URL component '{name}'"))),
            Ok(()) => None,
        };
    }
}
