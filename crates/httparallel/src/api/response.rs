//! Responses: their head, whatever their body is.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use httparallel_proto::links::{self, Link};
use httparallel_proto::{Error, Headers, Result, Url};

use super::charset;
use super::status_error::StatusError;
use crate::{ConnectionFacts, Course, Head, Timings};

/// A response. What `B` is says how much of the body is there:
///
/// | type | body |
/// |---|---|
/// | `Response` | whole and decoded: [`bytes`](Response::bytes), [`text`](Response::text) |
/// | `Response<`[`Body`](crate::Body)`>` | arriving: [`chunk`](Response::chunk) |
/// | `Response<()>` | not kept: an entry of [`history`](Response::history) |
///
/// ```
/// # let server = httparallel_testserver::TestServer::start(Default::default())?;
/// # let url = server.http_url() + "/json";
/// let client = httparallel::blocking::Client::new();
/// let response = client.get(url).send()?;
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.header("content-type"), Some("application/json"));
/// assert!(response.text().starts_with('['));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Response<B = Bytes> {
    head: Arc<Head>,
    status: StatusCode,
    url: Url,
    history: Vec<Response<()>>,
    elapsed: Duration,
    course: Course,
    /// The charset of a body whose headers name none; `None` for UTF-8.
    charset: Option<Arc<str>>,
    body: B,
}

impl Response<()> {
    pub(super) fn new(
        head: Arc<Head>,
        url: Url,
        history: Vec<Response<()>>,
        elapsed: Duration,
        course: Course,
        charset: Option<Arc<str>>,
    ) -> Result<Self> {
        let status = StatusCode::from_u16(head.status)
            .map_err(|error| Error::protocol("The status code is not one").with_source(error))?;
        Ok(Self { head, status, url, history, elapsed, course, charset, body: () })
    }

    /// The same response when all of its body is there.
    pub(super) fn completed(self, body: Bytes, elapsed: Duration, course: Course) -> Response {
        Response { elapsed, course, ..self.with_body(body) }
    }
}

impl<B> Response<B> {
    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The version of HTTP it came by.
    pub fn version(&self) -> Version {
        match self.head.version {
            "HTTP/1.0" => Version::HTTP_10,
            "HTTP/2" => Version::HTTP_2,
            _ => Version::HTTP_11,
        }
    }

    /// The reason phrase as the server wrote it; empty for HTTP/2.
    pub fn reason(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.head.reason)
    }

    /// The header fields as sent: in their order and case, `Content-Encoding` included although the body is
    /// decoded.
    pub fn headers(&self) -> &Headers {
        &self.head.headers
    }

    /// The first field of that name. `None` also if its value is not UTF-8; see [`headers`](Self::headers).
    pub fn header(&self, name: impl AsRef<str>) -> Option<&str> {
        self.headers().get(name.as_ref()).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The header fields as a map of the `http` crate, names in lower case.
    pub fn header_map(&self) -> HeaderMap {
        let fields = self.headers().iter().filter_map(|header| {
            // Both were checked when they were read.
            let name = HeaderName::from_bytes(&header.name).ok()?;
            Some((name, HeaderValue::from_maybe_shared(header.value.clone()).ok()?))
        });
        let mut map = HeaderMap::with_capacity(self.headers().len());
        for (name, value) in fields {
            map.append(name, value);
        }
        map
    }

    /// The length of the body as it is sent, before its content codings are undone; `None` if the response does
    /// not say.
    pub fn content_length(&self) -> Option<u64> {
        self.header("content-length")?.parse().ok()
    }

    /// The links of the header `Link`.
    pub fn links(&self) -> Vec<Link> {
        self.headers()
            .get_all("link")
            .flat_map(|value| links::parse(&String::from_utf8_lossy(value)))
            .collect()
    }

    /// Where the first link leads that is related in this way, such as `next` to the next page of a list. `None`
    /// if there is none, or if it is no URL.
    pub fn link(&self, relation: &str) -> Option<Url> {
        let link = self.links().into_iter().find(|link| link.has_relation(relation))?;
        self.url.join(&link.target).ok()
    }

    /// The URL that gave this response: the last one, if redirects were followed.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The responses on the way to this one, the first one first: redirects, and challenges that were answered.
    pub fn history(&self) -> &[Response<()>] {
        &self.history
    }

    /// From the start of the request to the end of the response; to its head, if the body is streamed. Time
    /// in a parallel block before the request's turn counts.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How long the parts of this exchange took, and which connection it went over. If the body is streamed, that
    /// is up to its head; [`Body::timings`](crate::Body::timings) knows what came later. Each entry of
    /// [`history`](Self::history) has its own.
    pub fn timings(&self) -> Timings {
        self.course.timings()
    }

    /// What is known of the connection it came over: addresses, TLS.
    pub fn connection(&self) -> Option<&ConnectionFacts> {
        self.course.connection()
    }

    /// The body.
    pub fn body(&self) -> &B {
        &self.body
    }

    /// The body.
    pub fn into_body(self) -> B {
        self.body
    }

    /// The response itself, or an error that holds it if the status is 400 or higher.
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let url = server.http_url() + "/status/404";
    /// let client = httparallel::blocking::Client::new();
    /// let error = client.get(url).send()?.error_for_status().unwrap_err();
    /// assert_eq!(error.status(), 404);
    /// assert_eq!(error.response().text(), "404\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn error_for_status(self) -> Result<Self, StatusError<B>> {
        let failed = self.status.as_u16() >= 400;
        if failed { Err(StatusError::new(self)) } else { Ok(self) }
    }

    /// An error if the status is 400 or higher, for a response that goes on being used.
    ///
    /// The error does not hold the body: see [`error_for_status`](Self::error_for_status).
    pub fn error_for_status_ref(&self) -> Result<(), StatusError<()>> {
        if self.status.as_u16() < 400 {
            return Ok(());
        }
        Err(StatusError::new(self.without_body()))
    }

    fn without_body(&self) -> Response<()> {
        Response {
            head: self.head.clone(),
            status: self.status,
            url: self.url.clone(),
            history: self.history.clone(),
            elapsed: self.elapsed,
            course: self.course.clone(),
            charset: self.charset.clone(),
            body: (),
        }
    }

    pub(super) fn body_mut(&mut self) -> &mut B {
        &mut self.body
    }

    pub(super) fn with_body<N>(self, body: N) -> Response<N> {
        self.replace_body(body).0
    }

    pub(super) fn replace_body<N>(self, body: N) -> (Response<N>, B) {
        let Self { head, status, url, history, elapsed, course, charset, body: replaced } = self;
        (Response { head, status, url, history, elapsed, course, charset, body }, replaced)
    }
}

impl Response {
    /// The body, its content codings undone.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as text, in the charset of `Content-Type`: UTF-8, ASCII or latin-1; with the feature `charset`,
    /// any of the web. Others are read as UTF-8. Bytes that are not in the charset become U+FFFD.
    ///
    /// Where no charset is named it is the client's
    /// [`default_encoding`](crate::ClientBuilder::default_encoding).
    pub fn text(&self) -> Cow<'_, str> {
        self.text_with_charset(self.charset.as_deref().unwrap_or("utf-8"))
    }

    /// The body as [`text`](Self::text), in this charset if `Content-Type` names none.
    pub fn text_with_charset(&self, default: &str) -> Cow<'_, str> {
        charset::decode(self.headers(), &self.body, default)
    }

    /// The value that the body describes in JSON. Fails with [`Kind::Decode`](crate::Kind::Decode).
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Error::new(crate::Kind::Decode, crate::Phase::Read, "The body is not the expected JSON")
                .with_source(error)
        })
    }
}

/// Without headers and body: they may hold secrets, and debug output ends up in logs.
impl<B> fmt::Debug for Response<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("url", &self.url)
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}
