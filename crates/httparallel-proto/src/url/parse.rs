//! Text to [`Url`]: one pass over a URL that is already in normal form, and the general way for the rest.

use std::borrow::Cow;

use super::host;
use super::percent::{self, Safe};
use super::quoted::quoted;
use super::{Layout, Url, invalid, path};
use crate::{Error, Kind, Phase, Result};

/// The longest URL and the longest component, in characters; the same as httpx's.
pub(super) const MAX_LENGTH: usize = 65_536;

/// The components of a URL before they are normalised. `None` is an absent component.
#[derive(Clone, Default)]
pub(super) struct Raw<'a> {
    pub(super) scheme: &'a str,
    pub(super) userinfo: Cow<'a, str>,
    /// An IPv6 address is in brackets.
    pub(super) host: Cow<'a, str>,
    pub(super) port: Cow<'a, str>,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) fragment: Option<&'a str>,
}

impl<'a> Raw<'a> {
    /// User information, host and port of a URL, and nothing else.
    pub(super) fn authority_of(url: &'a Url) -> Self {
        Self {
            userinfo: url.userinfo().into(),
            host: bracketed(url.raw_host()),
            port: url.port().map(|port| port.to_string()).unwrap_or_default().into(),
            ..Self::default()
        }
    }
}

/// The host with the brackets that an IPv6 address has in a URL.
fn bracketed(host: &str) -> Cow<'_, str> {
    if host.contains(':') { Cow::Owned(format!("[{host}]")) } else { Cow::Borrowed(host) }
}

/// Parses any URL or reference.
pub(super) fn parse(text: &str) -> Result<Url> {
    if let Some(layout) = scan(text) {
        return Ok(Url { text: text.into(), layout });
    }
    check_text(text, None)?;
    assemble(&split(text))
}

/// Fails if the text is too long or holds a control character. `component` names a part given alone.
pub(super) fn check_text(text: &str, component: Option<&str>) -> Result<()> {
    if text.len() > MAX_LENGTH && text.chars().count() > MAX_LENGTH {
        return Err(invalid(match component {
            None => "URL too long".to_owned(),
            Some(name) => format!("URL component '{name}' too long"),
        }));
    }
    let Some((index, character)) = text.chars().enumerate().find(|(_, c)| c.is_ascii_control()) else {
        return Ok(());
    };
    let component = component.map(|name| format!(" {name} component")).unwrap_or_default();
    Err(invalid(format!(
        "Invalid non-printable ASCII character in URL{component}, {} at position {index}.",
        quoted(character.encode_utf8(&mut [0; 4]))
    )))
}

/// The layout of an `http` or `https` URL that needs no normalisation; `None` sends it the general way.
pub(super) fn scan(text: &str) -> Option<Layout> {
    let bytes = text.as_bytes();
    if bytes.len() > MAX_LENGTH {
        return None;
    }
    let rest = bytes.strip_prefix(b"http")?;
    let secure = rest.first() == Some(&b's');
    let scheme_end = if secure { 5 } else { 4 };
    if !bytes[scheme_end..].starts_with(b"://") {
        return None;
    }
    let host_start = scheme_end + 3;
    let host_end = skip(bytes, host_start, Safe::PLAIN_HOST);
    if host_end == host_start || !host::is_plain(&text[host_start..host_end]) {
        return None;
    }
    let (port, path_start) = scan_port(bytes, host_end, if secure { 443 } else { 80 })?;
    let path_end = scan_path(bytes, path_start)?;
    let query_end = match bytes.get(path_end) {
        Some(b'?') => skip(bytes, path_end + 1, Safe::QUERY),
        _ => path_end,
    };
    let end = match bytes.get(query_end) {
        Some(b'#') => skip(bytes, query_end + 1, Safe::FRAGMENT),
        _ => query_end,
    };
    (end == bytes.len()).then(|| Layout {
        scheme_end: offset(scheme_end),
        userinfo_start: offset(host_start),
        userinfo_end: offset(host_start),
        host_start: offset(host_start),
        host_end: offset(host_end),
        path_start: offset(path_start),
        path_end: offset(path_end),
        query_end: offset(query_end),
        port,
    })
}

/// The first index from `at` on whose byte is not safe.
fn skip(bytes: &[u8], at: usize, safe: Safe) -> usize {
    bytes[at..].iter().position(|&byte| !safe.has(byte)).map_or(bytes.len(), |length| at + length)
}

/// The port after a host in normal form, and where the path starts.
fn scan_port(bytes: &[u8], at: usize, default: u16) -> Option<(Option<u16>, usize)> {
    if bytes.get(at) != Some(&b':') {
        return Some((None, at));
    }
    let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=5).contains(&digits) || bytes[at + 1] == b'0' {
        return None;
    }
    let end = at + 1 + digits;
    let port = bytes[at + 1..end].iter().fold(0u32, |port, digit| port * 10 + u32::from(digit - b'0'));
    let port = u16::try_from(port).ok().filter(|&port| port != default)?;
    Some((Some(port), end))
}

/// The end of a path without dot segments; `None` if it has one or does not follow an authority.
fn scan_path(bytes: &[u8], start: usize) -> Option<usize> {
    if !matches!(bytes.get(start), None | Some(b'/' | b'?' | b'#')) {
        return None;
    }
    let mut end = start;
    while let Some(&byte) = bytes.get(end) {
        if !Safe::PATH.has(byte) {
            break;
        }
        if byte == b'.' && bytes[end - 1] == b'/' {
            return None;
        }
        end += 1;
    }
    Some(end)
}

/// Splits as RFC 3986 appendix B does; every text matches.
pub(super) fn split(text: &str) -> Raw<'_> {
    let (scheme, rest) = split_scheme(text);
    let (rest, fragment) = split_at(rest, '#');
    let (rest, query) = split_at(rest, '?');
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    let (userinfo, host, port) = split_authority(authority);
    let (userinfo, host, port) = (userinfo.into(), host.into(), port.into());
    Raw { scheme, userinfo, host, port, path, query, fragment }
}

/// The scheme may be empty: `://host` has one, followed by its colon.
fn split_scheme(text: &str) -> (&str, &str) {
    match text.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
        _ => ("", text),
    }
}

/// Whether the text is a scheme (RFC 3986 section 3.1) or empty.
pub(super) fn is_scheme(text: &str) -> bool {
    text.bytes().next().is_none_or(|first| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// Splits at the first delimiter, which is dropped.
pub(super) fn split_at(text: &str, delimiter: char) -> (&str, Option<&str>) {
    text.split_once(delimiter).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// User information ends at the last `@`, as browsers read it.
fn split_authority(authority: &str) -> (&str, &str, &str) {
    let (userinfo, rest) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (host, port) = split_host(rest);
    (userinfo, host, port)
}

/// An IP literal ends at its last bracket, any other host at its first colon. What follows is the port;
/// a bracket without a colon after it leaves a port that starts with `]` and is refused as one.
pub(super) fn split_host(netloc: &str) -> (&str, &str) {
    let (host, port) = match netloc.rfind(']') {
        Some(bracket) if netloc.starts_with('[') => netloc.split_at(bracket + 1),
        _ => netloc.split_at(netloc.find(':').unwrap_or(netloc.len())),
    };
    match port.strip_prefix(':') {
        Some(port) => (host, port),
        None if port.is_empty() => (host, port),
        None => netloc.split_at(host.len() - 1),
    }
}

/// Normalises each component and writes them into one text.
pub(super) fn assemble(raw: &Raw<'_>) -> Result<Url> {
    let scheme = raw.scheme.to_ascii_lowercase();
    let strict = is_strict(&scheme);
    // Browsers take a backslash for a slash, so `http://a\@b` would lead them to another host.
    if strict && raw.userinfo.contains('\\') {
        return Err(invalid("Invalid URL component 'userinfo'"));
    }
    let host = host::encode(&raw.host, strict)?;
    let port = port(&raw.port, &scheme)?;
    let has_authority = !raw.userinfo.is_empty() || !host.is_empty() || port.is_some();
    path::check(raw.path, !scheme.is_empty(), has_authority)?;
    let path =
        if !scheme.is_empty() || has_authority { path::normalise(raw.path) } else { Cow::Borrowed(raw.path) };
    // Written out, `http:` and `//x` would read as an authority.
    if strict && !has_authority && path.starts_with("//") {
        return Err(invalid("URLs without a host cannot have a path starting with '//'"));
    }
    let parts = Parts { scheme: &scheme, host: &host, port, has_authority, path: &path };
    Ok(write(raw, &parts))
}

/// Components in normal form.
struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
    has_authority: bool,
    path: &'a str,
}

fn write(raw: &Raw<'_>, parts: &Parts<'_>) -> Url {
    let mut text = String::with_capacity(parts.host.len() + parts.path.len() + 32);
    let mut layout = Layout { port: parts.port, ..Layout::default() };
    text.push_str(parts.scheme);
    layout.scheme_end = offset(text.len());
    if !parts.scheme.is_empty() {
        text.push(':');
    }
    if parts.has_authority {
        text.push_str("//");
    }
    write_authority(&mut text, &mut layout, &raw.userinfo, parts);
    layout.path_start = offset(text.len());
    percent::quote_into(&mut text, parts.path, Safe::PATH);
    layout.path_end = offset(text.len());
    if let Some(query) = raw.query {
        text.push('?');
        percent::quote_into(&mut text, query, Safe::QUERY);
    }
    layout.query_end = offset(text.len());
    if let Some(fragment) = raw.fragment {
        text.push('#');
        percent::quote_into(&mut text, fragment, Safe::FRAGMENT);
    }
    Url { text: text.into(), layout }
}

fn write_authority(text: &mut String, layout: &mut Layout, userinfo: &str, parts: &Parts<'_>) {
    layout.userinfo_start = offset(text.len());
    percent::quote_into(text, userinfo, Safe::USERINFO);
    layout.userinfo_end = offset(text.len());
    if !userinfo.is_empty() {
        text.push('@');
    }
    let host = bracketed(parts.host);
    let bracket = host.len() > parts.host.len();
    layout.host_start = offset(text.len() + usize::from(bracket));
    text.push_str(&host);
    layout.host_end = offset(text.len() - usize::from(bracket));
    if let Some(port) = parts.port {
        text.push(':');
        text.push_str(&port.to_string());
    }
}

/// An empty port and the scheme's default are no port. One that is a number but no port of TCP is an error of the
/// phase in which others would find out.
fn port(text: &str, scheme: &str) -> Result<Option<u16>> {
    if text.is_empty() {
        return Ok(None);
    }
    let message = || format!("Invalid port: {}", quoted(text));
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid(message()));
    }
    let port = text.parse().map_err(|_| Error::new(Kind::InvalidUrl, Phase::Connect, message()))?;
    Ok(Some(port).filter(|&port| default_port(scheme) != Some(port)))
}

/// The port a scheme implies.
pub(super) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "ftp" => Some(21),
        _ => None,
    }
}

/// Whether a URL of this scheme leads to a connection, so that its host must be unambiguous.
fn is_strict(scheme: &str) -> bool {
    default_port(scheme).is_some()
}

/// Every text is at most nine times [`MAX_LENGTH`] characters per component, far below 4 GiB.
fn offset(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
