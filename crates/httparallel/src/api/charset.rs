//! From bytes to text, by the charset that `Content-Type` names.
//!
//! UTF-8 (and its subset ASCII) and latin-1 are known. Bytes in any other charset are read as UTF-8, which
//! is what most of them turn out to be.

use std::borrow::Cow;

use httparallel_proto::Headers;

/// The text of a body with these headers. Bytes that are not in the charset become U+FFFD.
pub(super) fn decode<'a>(headers: &Headers, body: &'a [u8]) -> Cow<'a, str> {
    if charset(headers).is_some_and(is_latin1) {
        return body.iter().map(|&byte| char::from(byte)).collect::<String>().into();
    }
    // A byte order mark is a signature, not text (RFC 3629 section 6).
    String::from_utf8_lossy(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body))
}

fn is_latin1(charset: &str) -> bool {
    ["iso-8859-1", "iso8859-1", "latin-1", "latin1", "l1"]
        .into_iter()
        .any(|name| charset.eq_ignore_ascii_case(name))
}

/// The parameter `charset` of `Content-Type`.
fn charset(headers: &Headers) -> Option<&str> {
    let content_type = std::str::from_utf8(headers.get("content-type")?).ok()?;
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(content_type: &'static str, body: &[u8]) -> String {
        let headers: Headers = [("Content-Type", content_type)].into_iter().collect();
        decode(&headers, body).into_owned()
    }

    #[test]
    fn latin_1_is_read_byte_by_byte() {
        assert_eq!(decoded("text/plain; Charset=\"ISO-8859-1\"", b"\xfcber"), "über");
    }

    #[test]
    fn utf_8_is_the_default() {
        assert_eq!(decoded("text/plain", "über".as_bytes()), "über");
        assert_eq!(decoded("text/plain; charset=koi8-r", "über".as_bytes()), "über");
        assert_eq!(decode(&Headers::new(), b"\xff"), "\u{fffd}");
    }

    #[test]
    fn a_byte_order_mark_is_no_text() {
        assert_eq!(decoded("text/plain; charset=utf-8", b"\xef\xbb\xbfa"), "a");
    }
}
