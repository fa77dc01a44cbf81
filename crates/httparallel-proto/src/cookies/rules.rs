//! What a host may set, and what goes to it.

use std::net::Ipv6Addr;

use super::Cookie;
use crate::Url;

/// What a second-level name means below many countries' names: Python's `http.cookiejar` has this list.
const SECOND_LEVEL: [&str; 22] = [
    "co", "ac", "com", "edu", "org", "net", "gov", "mil", "int", "aero", "biz", "cat", "coop", "info",
    "jobs", "mobi", "museum", "name", "pro", "travel", "eu", "or",
];

/// How many cookies of one domain are kept, as browsers do it. RFC 6265bis section 6.1 asks for 50 at least.
const MAX_OF_A_DOMAIN: usize = 180;

/// "a cookie-name-value pair whose lengths sum up to more than 4096 octets" is ignored.
const MAX_SIZE: usize = 4096;

/// A cookie that a response asks to be kept: who asks for it, and what it says itself.
///
/// ```
/// use httparallel_proto::cookies::Offer;
///
/// let offer = Offer { host: "www.example.com", is_secure: true, name: b"id", value: b"7", ..Offer::default() };
/// assert!(Offer { domain: Some("example.com"), ..offer }.may_be_set());
/// assert!(!Offer { domain: Some("com"), ..offer }.may_be_set());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer<'a> {
    /// The host of the request's URL, an IPv6 address without brackets.
    pub host: &'a str,
    /// Whether the response came by `https` or `wss`.
    pub is_secure: bool,
    /// The name; it may be empty.
    pub name: &'a [u8],
    /// The value.
    pub value: &'a [u8],
    /// The attribute `Domain`, with or without a dot in front; `None` if there is none.
    pub domain: Option<&'a str>,
    /// The attribute `Path`; `None` if there is none.
    pub path: Option<&'a str>,
    /// Whether it has the attribute `Secure`.
    pub secure: bool,
}

impl Offer<'_> {
    /// Whether it may be kept, for cookies that were read elsewhere. What else is kept is not looked at: see
    /// [`is_guarded`].
    pub fn may_be_set(&self) -> bool {
        let text =
            [self.name, self.value, self.domain.unwrap_or("").as_bytes(), self.path.unwrap_or("").as_bytes()];
        text.into_iter().all(is_harmless) && is_kept_whole(self.name, self.value) && self.scope().is_some()
    }

    /// The domain that it is for, and whether it is for that host alone. `None` if the host may not set it.
    pub(super) fn scope(&self) -> Option<(String, bool)> {
        // RFC 6265bis section 5.7, step 8: what came in the open cannot be secure.
        let may_be_secure = !self.secure || self.is_secure;
        if may_be_secure && self.keeps_promise() { scope(self.host, self.domain) } else { None }
    }

    /// Whether it is what its name, or the value of one without a name, promises: RFC 6265bis section 5.7,
    /// steps 20 to 22.
    fn keeps_promise(&self) -> bool {
        let text = if self.name.is_empty() { self.value } else { self.name };
        let promises =
            |prefix: &[u8]| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let (secure, host) = (promises(b"__Secure-"), promises(b"__Host-"));
        if self.name.is_empty() && (secure || host) {
            return false;
        }
        let is_whole_host = self.domain.is_none() && self.path == Some("/");
        (!secure || self.secure) && (!host || (self.secure && is_whole_host))
    }
}

/// RFC 6265bis section 5.6: a field with a control character, other than a tab, is ignored.
pub(super) fn is_harmless(text: &[u8]) -> bool {
    !text.iter().any(|&byte| byte.is_ascii_control() && byte != b'\t')
}

/// Whether there is something in a cookie, and not too much.
pub(super) fn is_kept_whole(name: &[u8], value: &[u8]) -> bool {
    (1..=MAX_SIZE).contains(&(name.len() + value.len()))
}

/// Where a cookie belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its domain, in lower case, with or without a dot in front.
    pub domain: &'a str,
    /// Its path.
    pub path: &'a str,
}

/// Whether a secure cookie keeps out another one that came in the open: RFC 6265bis section 5.7, step 9. Nothing
/// that came so replaces or hides a secure cookie.
pub fn is_guarded(secure: Place<'_>, new: Place<'_>) -> bool {
    secure.name == new.name
        && are_related(secure.domain.trim_start_matches('.'), new.domain.trim_start_matches('.'))
        && is_for_path(secure.path, new.path)
}

/// Which cookies of one domain are too many, by their places in ascending order: those that were set the longest
/// time ago, and ones that are not secure first. Of each cookie: whether it is secure, and a number that grows with
/// the time at which it was last set.
pub fn surplus(ages: impl ExactSizeIterator<Item = (bool, u64)>) -> Vec<usize> {
    let count = ages.len().saturating_sub(MAX_OF_A_DOMAIN);
    if count == 0 {
        return Vec::new();
    }
    let mut oldest: Vec<_> = ages.enumerate().map(|(place, age)| (age, place)).collect();
    oldest.sort_unstable();
    let mut places: Vec<_> = oldest.into_iter().take(count).map(|(_, place)| place).collect();
    places.sort_unstable();
    places
}

/// The domain of a cookie that a host sets, and whether it is for that host alone. `None` if the host may not
/// set it.
fn scope(host: &str, domain: Option<&str>) -> Option<(String, bool)> {
    let host = host.to_ascii_lowercase();
    let Some(domain) = domain else { return Some((host, true)) };
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    if domain == host {
        // An address, or a suffix, has no hosts below it that would be its own.
        let host_only = is_address(&host) || is_suffix(&host);
        return Some((host, host_only));
    }
    let may = is_below(&host, &domain) && !is_address(&host) && !is_suffix(&domain);
    may.then_some((domain, false))
}

/// Whether many unrelated hosts lie below a domain.
fn is_suffix(domain: &str) -> bool {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let Some((name, country)) = domain.split_once('.') else { return true };
    country.len() == 2 && SECOND_LEVEL.contains(&name)
}

/// Whether a host is an IP address, or would be read as one: the URL standard takes every host for an IPv4 address
/// whose last part is a number, such as `127.1`.
fn is_address(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let last = host.rsplit('.').next().unwrap_or_default();
    (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())) || host.parse::<Ipv6Addr>().is_ok()
}

/// Whether a host is below a domain. RFC 6265bis section 5.1.3, without the case that both are the same.
fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.') && rest.len() > 1)
}

/// Whether a cookie goes to a URL of this host.
pub(super) fn is_for_host(cookie: &Cookie, host: &str) -> bool {
    cookie.domain == host || (!cookie.host_only && is_below(host, &cookie.domain))
}

/// Whether one domain is the other one, or above or below it.
fn are_related(one: &str, other: &str) -> bool {
    one == other || is_below(one, other) || is_below(other, one)
}

/// RFC 6265bis section 5.1.4: "The cookie-path is a prefix of the request-path", to a slash.
pub(super) fn is_for_path(cookie_path: &str, path: &str) -> bool {
    let Some(rest) = path.strip_prefix(cookie_path) else { return false };
    rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/')
}

/// The path of a request.
pub(super) fn path_of(url: &Url) -> &str {
    if url.path().is_empty() { "/" } else { url.path() }
}

/// RFC 6265bis section 5.1.4, the path of a cookie that names none: that of the request to its last slash.
pub(super) fn default_path(url: &Url) -> &str {
    match path_of(url).rfind('/') {
        None | Some(0) => "/",
        Some(slash) => &path_of(url)[..slash],
    }
}
