//! The header fields that HTTP wants of every request, and how long its content is.

use bytes::Bytes;

use super::request::Method;
use crate::{Headers, Url};

/// The methods that anticipate content: its absence is said with `Content-Length: 0` (RFC 9110 section 8.6).
/// RFC 10008 adds QUERY to them.
pub const METHODS_WITH_CONTENT: [&str; 4] = ["POST", "PUT", "PATCH", "QUERY"];

impl Method {
    /// Whether it anticipates content.
    pub fn anticipates_content(&self) -> bool {
        METHODS_WITH_CONTENT.contains(&self.as_str())
    }
}

/// `headers` with what they lack: the fields of `content`, which describe a body, and those that HTTP wants.
///
/// What is there stays as it is. `Host` comes first, and then `Content-Length: 0` for a [method that anticipates
/// content](METHODS_WITH_CONTENT) and has none; the fields of `content` come last.
///
/// ```
/// use httparallel_proto::fetch::complete;
/// use httparallel_proto::{Headers, Url};
///
/// let own = Headers::from_iter([("Accept", "*/*")]);
/// let headers = complete("POST", &Url::parse("http://a.test/")?, &own, &Headers::new());
/// let names: Vec<_> = headers.iter().map(|header| &header.name[..]).collect();
/// assert_eq!(names, [&b"Host"[..], b"Content-Length", b"Accept"]);
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
pub fn complete(method: &str, url: &Url, headers: &Headers, content: &Headers) -> Headers {
    let is_framed =
        |headers: &Headers| headers.contains("content-length") || headers.contains("transfer-encoding");
    let own_framing = is_framed(headers);
    let mut complete = Headers::with_capacity(headers.len() + content.len() + 2);
    if let Some(host) = missing_host(url, headers) {
        complete.append("Host", host);
    }
    if METHODS_WITH_CONTENT.contains(&method) && !own_framing && !is_framed(content) {
        complete.append("Content-Length", "0");
    }
    for field in headers {
        complete.append(field.name.clone(), field.value.clone());
    }
    for field in content {
        // RFC 9112 section 6.2: never both a length and chunks.
        let is_framing = [&b"content-length"[..], b"transfer-encoding"]
            .iter()
            .any(|name| field.name.eq_ignore_ascii_case(name));
        let is_taken = headers.contains(&field.name) || (is_framing && own_framing);
        if !is_taken {
            complete.append(field.name.clone(), field.value.clone());
        }
    }
    complete
}

/// The value of `Host`, if `headers` lack it.
///
/// RFC 9110 section 7.2: a user agent "SHOULD send Host as the first field in the header section".
pub(super) fn missing_host(url: &Url, headers: &Headers) -> Option<Bytes> {
    let is_missing = !url.raw_host().is_empty() && !headers.contains("host");
    is_missing.then(|| Bytes::copy_from_slice(url.host_header()))
}
