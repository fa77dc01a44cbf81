//! A request as the routes see it, whichever protocol it came by.

/// The head of a request: names and values as received.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The request target as received: `/path?query`, or the absolute form.
    pub(crate) target: String,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`.
    pub(crate) version: &'static str,
    /// In the received order, and for HTTP/1.1 in the received case.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

impl Request {
    /// The path, percent-encoded as received.
    pub(crate) fn path(&self) -> &str {
        let target = self.origin_form();
        target.split_once('?').map_or(target, |(path, _)| path)
    }

    fn query(&self) -> &str {
        self.origin_form().split_once('?').map_or("", |(_, query)| query)
    }

    /// The target without scheme and authority, which a client sends when it takes this server for a proxy.
    fn origin_form(&self) -> &str {
        let Some((_, rest)) = self.target.split_once("://").filter(|_| !self.target.starts_with('/')) else {
            return &self.target;
        };
        rest.find('/').map_or("/", |slash| &rest[slash..])
    }

    /// The query parameters in order, decoded.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (String, String)> {
        self.query().split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decoded(name), percent_decoded(value))
        })
    }

    /// The first query parameter of that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// A query parameter that is a number, or what stands in for it.
    pub(crate) fn number(&self, name: &str, default: u64) -> u64 {
        self.parameter(name).and_then(|value| value.parse().ok()).unwrap_or(default)
    }

    /// The first header of that name, in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        let found = self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_slice())
    }

    /// The same request for another target.
    pub(crate) fn retargeted(&self, target: String) -> Self {
        Self { target, ..self.clone() }
    }
}

/// Decodes `%XX`, and `+` as a space as forms do. What is not valid stays as it is.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let pair = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let decoded = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()).filter(|_| first == b'%');
        let literal = if first == b'+' { b' ' } else { first };
        bytes.push(decoded.unwrap_or(literal));
        rest = if decoded.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A request's body, as far as the route wanted it.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// The bytes, if the route keeps them.
    pub(crate) bytes: Vec<u8>,
    /// How many bytes came.
    pub(crate) length: u64,
    /// The sum of all bytes modulo 2^32.
    pub(crate) sum: u32,
    /// Whether `bytes` is filled.
    pub(crate) keep: bool,
}

impl Received {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        self.sum = bytes.iter().fold(self.sum, |sum, &byte| sum.wrapping_add(u32::from(byte)));
        if self.keep {
            self.bytes.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str) -> Request {
        Request { method: "GET".into(), target: target.into(), version: "HTTP/1.1", headers: Vec::new() }
    }

    #[test]
    fn reads_path_and_parameters() {
        let request = request("/a/b?x=1&y=a%20b+c&z");
        assert_eq!(request.path(), "/a/b");
        assert_eq!(request.number("x", 9), 1);
        assert_eq!(request.parameter("y").as_deref(), Some("a b c"));
        assert_eq!(request.parameter("z").as_deref(), Some(""));
        assert_eq!(request.number("missing", 9), 9);
    }

    #[test]
    fn takes_the_path_of_an_absolute_target() {
        assert_eq!(request("http://example.test:80/a?u=http://b/c").path(), "/a");
        assert_eq!(request("http://example.test").path(), "/");
        assert_eq!(request("/redirect-to?url=http://b/c").path(), "/redirect-to");
    }

    #[test]
    fn leaves_a_broken_escape_alone() {
        assert_eq!(percent_decoded("100%&%zz%41"), "100%&%zzA");
    }
}
