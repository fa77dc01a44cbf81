//! From bytes to text, by the charset that `Content-Type` names.

use std::borrow::Cow;

use httparallel_proto::content_type::charset;
use httparallel_proto::{Error, Headers};

use super::builder::ClientBuilder;

/// The text of a body with these headers, or with another charset if they name none. Bytes that are not in the
/// charset become U+FFFD.
pub(super) fn decode<'a>(headers: &Headers, body: &'a [u8], default: &str) -> Cow<'a, str> {
    let content_type = headers.get("content-type").and_then(|value| std::str::from_utf8(value).ok());
    let named = content_type.and_then(charset);
    // A byte order mark is a signature, not text (RFC 3629 section 6).
    if let Some(text) = body.strip_prefix(b"\xef\xbb\xbf") {
        return String::from_utf8_lossy(text);
    }
    known(named.unwrap_or(default), body).unwrap_or_else(|| String::from_utf8_lossy(body))
}

impl<C> ClientBuilder<C> {
    /// The charset of text whose `Content-Type` names none, for [`Response::text`](crate::Response::text). Default:
    /// UTF-8.
    ///
    /// `build` fails if it is not known: UTF-8, ASCII and latin-1 are; with the feature `charset`, those of the web.
    ///
    /// ```
    /// use httparallel::blocking::Client;
    /// use httparallel::{MockTransport, Reply};
    ///
    /// let old_server = MockTransport::new(|_| Ok(Reply::new(200).body(&b"\xfcber"[..])));
    /// let client = Client::builder().default_encoding("latin-1").transport(old_server).build()?;
    /// assert_eq!(client.get("http://example.com").send()?.text(), "über");
    /// # Ok::<(), httparallel::Error>(())
    /// ```
    pub fn default_encoding(self, charset: impl AsRef<str>) -> Self {
        let charset = charset.as_ref();
        self.change(|defaults| {
            if !is_known(charset) {
                return Err(Error::invalid_request(format!("There is no charset {charset:?} known here")));
            }
            defaults.charset = Some(charset.into());
            Ok(())
        })
    }
}

/// Whether the charset is known here, under this name.
fn is_known(label: &str) -> bool {
    let of_unicode = ["utf-8", "utf8", "us-ascii", "ascii"];
    of_unicode.into_iter().any(|name| label.eq_ignore_ascii_case(name)) || known(label, b"").is_some()
}

/// The text; `None` if the charset is not known. Most of those turn out to be UTF-8.
fn known<'a>(label: &str, body: &'a [u8]) -> Option<Cow<'a, str>> {
    #[cfg(feature = "charset")]
    if let Some(encoding) = encoding_rs::Encoding::for_label(label.as_bytes()) {
        return Some(encoding.decode(body).0);
    }
    let is_latin1 = ["iso-8859-1", "iso8859-1", "latin-1", "latin1", "l1"]
        .into_iter()
        .any(|name| label.eq_ignore_ascii_case(name));
    is_latin1.then(|| body.iter().map(|&byte| char::from(byte)).collect::<String>().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(content_type: &'static str, body: &[u8]) -> String {
        let headers: Headers = [("Content-Type", content_type)].into_iter().collect();
        decode(&headers, body, "utf-8").into_owned()
    }

    #[test]
    fn latin_1_is_read_byte_by_byte() {
        assert_eq!(decoded("text/plain; Charset=\"ISO-8859-1\"", b"\xfcber"), "über");
        let headers = Headers::new();
        assert_eq!(decode(&headers, b"\xfcber", "latin1"), "über");
    }

    #[test]
    fn utf_8_is_the_default() {
        assert_eq!(decoded("text/plain", "über".as_bytes()), "über");
        assert_eq!(decoded("text/plain; charset=x-unknown", "über".as_bytes()), "über");
        assert_eq!(decode(&Headers::new(), b"\xff", "utf-8"), "\u{fffd}");
    }

    #[test]
    fn a_byte_order_mark_is_no_text() {
        assert_eq!(decoded("text/plain; charset=utf-8", b"\xef\xbb\xbfa"), "a");
    }

    #[cfg(feature = "charset")]
    #[test]
    fn other_charsets_are_known() {
        assert_eq!(decoded("text/plain; charset=windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2"), "Привет");
        assert_eq!(decoded("text/plain; charset=shift_jis", b"\x82\xa0"), "あ");
        assert_eq!(decoded("text/plain; charset=utf-16le", b"a\0b\0"), "ab");
    }
}
