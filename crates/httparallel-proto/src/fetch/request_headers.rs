//! The header fields of requests, which many requests have in common.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::describe::missing_host;
use crate::h1::HeaderLines;
use crate::{Headers, Result, Url};

/// The header fields of a request. Clones share them, and their bytes on the wire, until one of them is changed.
///
/// ```
/// use httparallel_proto::Headers;
/// use httparallel_proto::fetch::RequestHeaders;
///
/// let first = RequestHeaders::from(Headers::from_iter([("Host", "a.test")]));
/// let mut second = first.clone();
/// second.set("Accept", "*/*");
/// assert_eq!(first.len(), 1);
/// assert_eq!(second.lines()?.as_bytes(), b"Host: a.test\r\nAccept: */*\r\n");
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct RequestHeaders(Arc<Shared>);

#[derive(Default)]
struct Shared {
    fields: Headers,
    lines: OnceLock<Result<HeaderLines>>,
}

/// For a change, after which there are other lines.
impl Clone for Shared {
    fn clone(&self) -> Self {
        self.fields.clone().into()
    }
}

impl From<Headers> for Shared {
    fn from(fields: Headers) -> Self {
        Self { fields, lines: OnceLock::new() }
    }
}

impl RequestHeaders {
    /// The fields as HTTP/1.1 has them, checked and encoded the first time.
    ///
    /// Fails as [`HeaderLines::of`] does.
    pub fn lines(&self) -> Result<&HeaderLines> {
        self.0.lines.get_or_init(|| HeaderLines::of(&self.0.fields)).as_ref().map_err(Clone::clone)
    }

    /// `own` and, in front of them, the `Host` field if they lack it. Fails if a field is illegal.
    pub(super) fn complete(url: &Url, own: &Headers) -> Result<Self> {
        let mut complete = Headers::with_capacity(own.len() + 1);
        if let Some(host) = missing_host(url, own) {
            complete.append("Host", host);
        }
        for field in own {
            complete.append(field.name.clone(), field.value.clone());
        }
        complete.check()?;
        Ok(complete.into())
    }
}

impl From<Headers> for RequestHeaders {
    fn from(fields: Headers) -> Self {
        Self(Arc::new(fields.into()))
    }
}

impl Deref for RequestHeaders {
    type Target = Headers;

    fn deref(&self) -> &Headers {
        &self.0.fields
    }
}

impl DerefMut for RequestHeaders {
    fn deref_mut(&mut self) -> &mut Headers {
        let shared = Arc::make_mut(&mut self.0);
        shared.lines.take();
        &mut shared.fields
    }
}

impl PartialEq for RequestHeaders {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for RequestHeaders {}

impl std::fmt::Debug for RequestHeaders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fields.fmt(f)
    }
}

/// As for a list of headers: hooks go through them.
impl<'a> IntoIterator for &'a RequestHeaders {
    type Item = &'a crate::headers::Header;
    type IntoIter = std::slice::Iter<'a, crate::headers::Header>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.fields.iter()
    }
}

/// What requests make of one and the same list of fields: complete for the host that was asked last, which nearly
/// always is the one that is asked next. Whoever changes the list begins anew with [`default`](Default::default).
#[derive(Clone, Debug, Default)]
pub struct Completed(Option<(Bytes, RequestHeaders)>);

impl Completed {
    /// `own`, which is the list of this memory, with the `Host` field for `url` in front if it lacks one.
    ///
    /// Fails if a field is illegal.
    pub fn headers(&mut self, url: &Url, own: &Headers) -> Result<RequestHeaders> {
        let host = url.host_header();
        if let Some((_, headers)) = self.0.as_ref().filter(|(latest, _)| latest[..] == *host) {
            return Ok(headers.clone());
        }
        let headers = RequestHeaders::complete(url, own)?;
        self.0 = Some((Bytes::copy_from_slice(host), headers.clone()));
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_change_is_nobody_elses_and_makes_other_lines() {
        let first = RequestHeaders::from(Headers::from_iter([("Host", "a.test")]));
        assert_eq!(first.lines().unwrap().as_bytes(), b"Host: a.test\r\n");
        let mut second = first.clone();
        second.append("X", "1");
        assert_eq!(first.lines().unwrap().as_bytes(), b"Host: a.test\r\n");
        assert_eq!(second.lines().unwrap().as_bytes(), b"Host: a.test\r\nX: 1\r\n");
        // Nobody shares them, so they are changed where they are.
        second.set("X", "2");
        assert_eq!(second.lines().unwrap().as_bytes(), b"Host: a.test\r\nX: 2\r\n");
    }

    #[test]
    fn illegal_fields_have_no_lines_until_they_are_mended() {
        let mut headers = RequestHeaders::from(Headers::from_iter([("Host", "a.test"), ("X", "1\r\n")]));
        assert!(headers.lines().is_err());
        assert!(headers.lines().is_err());
        headers.set("X", "1");
        assert!(headers.lines().is_ok());
    }

    #[test]
    fn one_list_is_completed_for_each_host() {
        let own = Headers::from_iter([("Accept", "*/*")]);
        let mut completed = Completed::default();
        let first = completed.headers(&url("http://a.test/1"), &own).unwrap();
        let again = completed.headers(&url("http://a.test/2"), &own).unwrap();
        assert!(Arc::ptr_eq(&first.0, &again.0));
        for other in ["http://a.test:81/", "http://b.test/"] {
            let headers = completed.headers(&url(other), &own).unwrap();
            assert_eq!(headers.get("host").unwrap(), url(other).host_header());
            assert_eq!(headers.len(), 2);
        }
        let back = completed.headers(&url("http://a.test/1"), &own).unwrap();
        assert_eq!(back, first);
    }

    #[test]
    fn illegal_fields_are_refused_each_time() {
        let own = Headers::from_iter([("X", "\0")]);
        let mut completed = Completed::default();
        assert!(completed.headers(&url("http://a.test/"), &own).is_err());
        assert!(completed.headers(&url("http://a.test/"), &own).is_err());
    }
}
