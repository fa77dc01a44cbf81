//! A header list that keeps the case, order and duplicates it was given.
//!
//! `http::HeaderMap` lowers names and loses their order; users of httpx and httpcore see both, so the
//! list is a plain vector. Requests and responses have few headers: a linear search over them beats
//! hashing.

use bytes::Bytes;

use crate::{Error, Result};

/// One header field: its name as written, and its value without surrounding white space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name in the case it was given.
    pub name: Bytes,
    /// The value.
    pub value: Bytes,
}

/// Header fields in order. Names compare without regard to ASCII case.
///
/// ```
/// use httparallel_proto::Headers;
///
/// let mut headers = Headers::new();
/// headers.append("Accept", "text/html");
/// headers.append("ACCEPT", "text/plain");
/// assert_eq!(headers.get("accept").unwrap(), "text/html");
/// assert_eq!(headers.get_all("accept").count(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<Header>);

impl Headers {
    /// An empty list.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// An empty list with room for `capacity` fields.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// Adds a field after the others, keeping any of the same name.
    pub fn append(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.0.push(Header { name: name.into(), value: value.into() });
    }

    /// Replaces the first field of that name where it stands and removes the others; appends if there is none.
    pub fn set(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        let (name, value) = (name.into(), value.into());
        let Some(first) = self.position(&name) else {
            self.0.push(Header { name, value });
            return;
        };
        let mut index = 0;
        self.0.retain(|header| {
            index += 1;
            index - 1 <= first || !header.name.eq_ignore_ascii_case(&name)
        });
        self.0[first] = Header { name, value };
    }

    /// Removes every field of that name; says whether there was one.
    pub fn remove(&mut self, name: impl AsRef<[u8]>) -> bool {
        let before = self.0.len();
        self.0.retain(|header| !header.name.eq_ignore_ascii_case(name.as_ref()));
        self.0.len() != before
    }

    /// The value of the first field of that name.
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&Bytes> {
        self.position(name.as_ref()).map(|index| &self.0[index].value)
    }

    /// The values of all fields of that name, in order.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Bytes> + 'a {
        let matches = move |header: &&Header| header.name.eq_ignore_ascii_case(name.as_bytes());
        self.0.iter().filter(matches).map(|header| &header.value)
    }

    /// Whether there is a field of that name.
    pub fn contains(&self, name: impl AsRef<[u8]>) -> bool {
        self.position(name.as_ref()).is_some()
    }

    /// Whether a field of that name lists `token`, as `Connection: keep-alive, upgrade` does.
    pub fn lists_token(&self, name: &str, token: &str) -> bool {
        self.get_all(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    }

    /// The fields in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Header> {
        self.0.iter()
    }

    /// The number of fields.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fails on the first field that HTTP forbids: see [`check_name`] and [`check_value`].
    pub fn check(&self) -> Result<()> {
        self.0.iter().try_for_each(|header| {
            check_name(&header.name)?;
            check_value(&header.name, &header.value)
        })
    }

    fn position(&self, name: &[u8]) -> Option<usize> {
        self.0.iter().position(|header| header.name.eq_ignore_ascii_case(name))
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a Header;
    type IntoIter = std::slice::Iter<'a, Header>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl IntoIterator for Headers {
    type Item = Header;
    type IntoIter = std::vec::IntoIter<Header>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<N: Into<Bytes>, V: Into<Bytes>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| Header { name: name.into(), value: value.into() })
                .collect(),
        )
    }
}

/// Fails unless `name` is a token (RFC 9110 section 5.6.2).
pub fn check_name(name: &[u8]) -> Result<()> {
    if is_token(name) {
        return Ok(());
    }
    Err(Error::invalid_request(format!("Illegal header name {}", quoted(name))))
}

/// Fails if `value` holds NUL, CR, LF or another control byte, or surrounding white space
/// (RFC 9110 section 5.5). Only the name of a bad field is told, for its value may be a secret; unless that is
/// nothing but control bytes and white space.
pub fn check_value(name: &[u8], value: &[u8]) -> Result<()> {
    let padded =
        value.first().is_some_and(|&byte| is_blank(byte)) || value.last().is_some_and(|&byte| is_blank(byte));
    // Every byte is looked at, whatever is found: without a way out the loop becomes vector instructions.
    if !padded && value.iter().fold(true, |legal, &byte| legal & is_value_byte(byte)) {
        return Ok(());
    }
    if value.iter().all(|&byte| is_blank(byte) || !is_value_byte(byte)) {
        return Err(Error::invalid_request(format!("Illegal header value {}", quoted(value))));
    }
    Err(Error::invalid_request(format!(
        "Illegal header value for {}: control characters and surrounding white space are not allowed",
        quoted(name)
    )))
}

/// Whether this is a token: a header name or a method.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| is_token_byte(byte))
}

/// Whether a byte may stand in a token.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    TOKEN_BYTES[usize::from(byte)]
}

/// Which bytes may stand in a token.
const TOKEN_BYTES: [bool; 256] = {
    let mut allowed = [false; 256];
    let marks = b"!#$%&'*+-.^_`|~";
    let (mut byte, mut mark) = (0_u8, 0);
    while byte < 128 {
        allowed[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    while mark < marks.len() {
        allowed[marks[mark] as usize] = true;
        mark += 1;
    }
    allowed
};

fn is_value_byte(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Bytes as a Python byte string, cut to a length that fits a message.
fn quoted(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(64)];
    format!("b'{}'", shown.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Headers {
        [("A", "1"), ("b", "2"), ("a", "3")].into_iter().collect()
    }

    #[test]
    fn set_keeps_the_place_of_the_first_and_drops_the_rest() {
        let mut headers = sample();
        headers.set("a", "9");
        let all: Vec<_> = headers.iter().map(|h| (&h.name[..], &h.value[..])).collect();
        assert_eq!(all, [(&b"a"[..], &b"9"[..]), (b"b", b"2")]);
    }

    #[test]
    fn names_compare_without_case() {
        let mut headers = sample();
        assert!(headers.contains("B"));
        assert_eq!(headers.get_all("a").count(), 2);
        assert!(headers.remove("A"));
        assert_eq!(headers.len(), 1);
        assert!(!headers.remove("A"));
    }

    #[test]
    fn tokens_are_found_in_lists() {
        let headers: Headers = [("Connection", "Keep-Alive, Upgrade")].into_iter().collect();
        assert!(headers.lists_token("connection", "upgrade"));
        assert!(!headers.lists_token("connection", "close"));
    }

    #[test]
    fn injection_is_refused() {
        for name in ["", "a b", "a:", "a\r\n", "ä"] {
            assert!(check_name(name.as_bytes()).is_err(), "{name:?}");
        }
        for value in ["a\r\nb", "a\nb", "a\0", " a", "a\t", "\x7f"] {
            assert!(check_value(b"x", value.as_bytes()).is_err(), "{value:?}");
        }
        let message = |value| check_value(b"x", value).map_err(|error| error.message().to_owned());
        assert_eq!(message(b"\0"), Err(r"Illegal header value b'\x00'".to_owned()));
        assert!(message(b"secret\0").is_err_and(|message| !message.contains("secret")));
        assert!(check_value(b"x", "tab\there ä".as_bytes()).is_ok());
        assert!(check_value(b"x", b"").is_ok());
    }
}
