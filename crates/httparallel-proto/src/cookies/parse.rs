//! `Set-Cookie`, as RFC 6265bis section 5.6 reads it.

use super::{date, rules};

/// Attributes with longer values are ignored.
const MAX_ATTRIBUTE: usize = 1024;

/// "The limit … SHOULD NOT be greater than 400 days."
const MAX_AGE: u64 = 400 * 24 * 60 * 60;

/// What a server asks to be kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SetCookie<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
    /// When it ends, in seconds since 1970.
    pub(super) expires: Option<u64>,
    pub(super) domain: Option<String>,
    pub(super) path: Option<String>,
    pub(super) secure: bool,
}

/// The cookie of a field's value; `None` if it is to be ignored.
pub(super) fn parse(field: &[u8], now: u64) -> Option<SetCookie<'_>> {
    if !rules::is_harmless(field) {
        return None;
    }
    let mut parts = field.split(|&byte| byte == b';');
    let pair = parts.next().unwrap_or_default();
    let (name, value) = split(pair).unwrap_or((b"", pair.trim_ascii()));
    if !rules::is_kept_whole(name, value) {
        return None;
    }
    let mut cookie = SetCookie { name, value, ..SetCookie::default() };
    let mut max_age = None;
    for part in parts {
        let (name, value) = split(part).unwrap_or((part.trim_ascii(), b""));
        if value.len() > MAX_ATTRIBUTE {
            continue;
        }
        let text = || String::from_utf8_lossy(value).into_owned();
        // Of attributes that are there twice the last one counts.
        match &*name.to_ascii_lowercase() {
            b"expires" => {
                let last = now.saturating_add(MAX_AGE);
                cookie.expires = date::parse(value).map(|expires| expires.min(last)).or(cookie.expires);
            }
            b"max-age" => max_age = age(value).map(|age| now_and(now, age)).or(max_age),
            b"domain" => {
                let domain = value.strip_prefix(b".").unwrap_or(value);
                cookie.domain = (!domain.is_empty()).then(text);
            }
            b"path" => cookie.path = value.starts_with(b"/").then(text),
            b"secure" => cookie.secure = true,
            _ => {}
        }
    }
    // "If the cookie-attribute-list contains an attribute with an attribute-name of "Max-Age"": it wins.
    cookie.expires = max_age.or(cookie.expires);
    Some(cookie)
}

/// Name and value around the first `=`, without the white space around them.
fn split(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = pair.iter().position(|&byte| byte == b'=')?;
    Some((pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii()))
}

/// Digits, perhaps with a minus sign, which means that it is over.
fn age(value: &[u8]) -> Option<u64> {
    let (is_negative, digits) = match value.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, value),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let age = std::str::from_utf8(digits).ok()?.parse().unwrap_or(u64::MAX);
    Some(if is_negative { 0 } else { age.min(MAX_AGE) })
}

/// When an age is reached; an age of nothing was reached long ago.
fn now_and(now: u64, age: u64) -> u64 {
    if age == 0 { 0 } else { now.saturating_add(age) }
}
