//! What a host may set, and what goes to it.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Cookie;
use crate::Url;

/// What a second-level name means below many countries' names: Python's `http.cookiejar` has this list.
const SECOND_LEVEL: [&str; 22] = [
    "co", "ac", "com", "edu", "org", "net", "gov", "mil", "int", "aero", "biz", "cat", "coop", "info",
    "jobs", "mobi", "museum", "name", "pro", "travel", "eu", "or",
];

/// The domain of a cookie that a host sets, and whether it is for that host alone. `None` if the host may not
/// set it.
pub(super) fn scope(host: &str, domain: Option<String>) -> Option<(String, bool)> {
    let host = host.to_ascii_lowercase();
    let Some(domain) = domain else { return Some((host, true)) };
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

fn is_address(host: &str) -> bool {
    host.parse::<Ipv4Addr>().is_ok() || host.parse::<Ipv6Addr>().is_ok()
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
pub(super) fn are_related(one: &str, other: &str) -> bool {
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

/// Whether a cookie is what its name, or the value of one without a name, promises: RFC 6265bis section 5.7,
/// steps 20 to 22.
pub(super) fn keeps_promise(cookie: &Cookie, is_whole_host: bool) -> bool {
    let text = if cookie.name.is_empty() { &cookie.value } else { &cookie.name };
    let promises =
        |prefix: &[u8]| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let (secure, host) = (promises(b"__Secure-"), promises(b"__Host-"));
    if cookie.name.is_empty() && (secure || host) {
        return false;
    }
    (!secure || cookie.secure) && (!host || (cookie.secure && is_whole_host))
}
