//! Percent-encoding: which characters stand for themselves in which component.
//!
//! A `%` always stands for itself: text that is already encoded is not encoded twice, so quoting is
//! idempotent. (RFC 3986 section 2.4 forbids encoding "the same string more than once".)

use std::borrow::Cow;

/// Characters that stand for themselves in one component, as a bit of [`CLASSES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Safe(u8);

impl Safe {
    pub(super) const FRAGMENT: Self = Self(1);
    pub(super) const QUERY: Self = Self(1 << 1);
    pub(super) const PATH: Self = Self(1 << 2);
    /// A user name and a password with the `:` between them.
    pub(super) const USERINFO: Self = Self(1 << 3);
    /// A user name or a password alone: a `:` in it is encoded.
    pub(super) const CREDENTIAL: Self = Self(1 << 4);
    /// RFC 3986's `reg-name` and the characters that browsers let stand in a host name.
    pub(super) const HOST: Self = Self(1 << 5);
    /// Names and values of a form; a space becomes `+`.
    pub(super) const FORM: Self = Self(1 << 6);
    /// A host name that needs no normalisation: lower-case letters, digits and `-._`.
    pub(super) const PLAIN_HOST: Self = Self(1 << 7);

    pub(super) const fn has(self, byte: u8) -> bool {
        CLASSES[byte as usize] & self.0 != 0
    }
}

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0x20u8;
    while byte < 0x7f {
        table[byte as usize] = class(byte);
        byte += 1;
    }
    table
}

/// The sets of the URL standard (<https://url.spec.whatwg.org/#percent-encoded-bytes>), each built on
/// the one before; only the host follows RFC 3986 section 3.2.2.
const fn class(byte: u8) -> u8 {
    let mut class = 0;
    let common = !matches!(byte, b' ' | b'"' | b'<' | b'>');
    if common && byte != b'`' {
        class |= Safe::FRAGMENT.0;
    }
    if common && byte != b'#' {
        class |= Safe::QUERY.0;
        if !matches!(byte, b'?' | b'`' | b'{' | b'}') {
            class |= Safe::PATH.0;
            if !matches!(byte, b'/' | b';' | b'=' | b'@' | b'['..=b'^' | b'|') {
                class |= Safe::USERINFO.0;
                if byte != b':' {
                    class |= Safe::CREDENTIAL.0;
                }
            }
        }
    }
    let unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let sub_delims =
        matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=');
    if unreserved {
        class |= Safe::FORM.0;
        if !byte.is_ascii_uppercase() && byte != b'~' {
            class |= Safe::PLAIN_HOST.0;
        }
    }
    if unreserved || sub_delims || matches!(byte, b'"' | b'`' | b'{' | b'}' | b'%' | b'|' | b'\\') {
        class |= Safe::HOST.0;
    }
    class
}

/// Appends `text`, with every byte that is not safe as `%XX`.
pub(super) fn quote_into(out: &mut String, text: &str, safe: Safe) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !safe.has(byte)) {
        out.push_str(&rest[..at]);
        let width = rest[at..].chars().next().map_or(1, char::len_utf8);
        for &byte in &rest.as_bytes()[at..at + width] {
            push_encoded(out, byte);
        }
        rest = &rest[at + width..];
    }
    out.push_str(rest);
}

/// `text` with every byte that is not safe as `%XX`.
pub(super) fn quote(text: &str, safe: Safe) -> Cow<'_, str> {
    if text.bytes().all(|byte| safe.has(byte)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    quote_into(&mut out, text, safe);
    Cow::Owned(out)
}

/// Appends `text` as a form writes it: a space is `+`, only RFC 3986's unreserved characters stand.
pub(super) fn quote_form_into(out: &mut String, text: &str) {
    for &byte in text.as_bytes() {
        match byte {
            b' ' => out.push('+'),
            _ if Safe::FORM.has(byte) => out.push(char::from(byte)),
            _ => push_encoded(out, byte),
        }
    }
}

/// Decodes every `%XX`; bytes that are not UTF-8 become U+FFFD. A stray `%` stays.
pub(super) fn unquote(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'%', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let decoded = decode(text);
    Cow::Owned(match String::from_utf8(decoded) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// The bytes that `text` stands for.
pub(super) fn decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if let Some(byte) = escape_at(bytes, at) {
            out.push(byte);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}

/// The byte that an escape sequence starting at `at` stands for.
fn escape_at(bytes: &[u8], at: usize) -> Option<u8> {
    let [b'%', high, low] = *bytes.get(at..at + 3)? else { return None };
    let high = char::from(high).to_digit(16)?;
    let low = char::from(low).to_digit(16)?;
    u8::try_from(high << 4 | low).ok()
}

fn push_encoded(out: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(HEX[usize::from(byte >> 4)]));
    out.push(char::from(HEX[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_is_idempotent() {
        for text in ["a b", "%zz", "ü/🌟", "a%20b", "\"<>`{}"] {
            let once = quote(text, Safe::PATH).into_owned();
            assert_eq!(quote(&once, Safe::PATH), once, "{text:?}");
        }
    }

    #[test]
    fn quotes_each_byte_of_a_character() {
        assert_eq!(quote("/ /🌟/", Safe::PATH), "/%20/%F0%9F%8C%9F/");
        assert_eq!(quote("a:b@c", Safe::USERINFO), "a:b%40c");
        assert_eq!(quote("a:b@c", Safe::CREDENTIAL), "a%3Ab%40c");
    }

    #[test]
    fn unquoting_keeps_what_is_no_escape() {
        assert_eq!(unquote("a%20b%zz%4"), "a b%zz%4");
        assert_eq!(unquote("%C3%BC%ff"), "ü\u{fffd}");
        assert_eq!(unquote("%+1%-1"), "%+1%-1");
    }
}
