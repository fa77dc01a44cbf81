//! Answers without servers, for tests of programs.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use httparallel_proto::fetch::Request;
use httparallel_proto::{Error, Headers, Kind, Phase, Result};
use tokio::sync::oneshot;

use crate::operation::Head;
use crate::panics::{caught_as, caught_in_as};

type Answer = Pin<Box<dyn Future<Output = Result<Reply>> + Send>>;

/// Whose panics are no defect of this crate.
const HANDLER: &str = "the handler of the mock transport panicked";

/// A function that answers the requests of a client, in place of the network; see
/// [`ClientBuilder::transport`](crate::ClientBuilder::transport).
///
/// Only what carries requests is replaced. Redirects and challenges are followed, and each request on the way is one
/// more call; cookies, credentials, retries, rate limits, decoding, hooks and parallel blocks do as they always do.
/// What belongs to connections does not count: their number, proxies, TLS, and all time limits but the total one.
///
/// An error that the function gives is an error of the network: it is retried, or else the caller's. A panic is an
/// error of [`Kind::Internal`] with the panic's text.
///
/// ```
/// use httparallel::blocking::Client;
/// use httparallel::{Error, Kind, MockTransport, Phase, Reply};
///
/// let server = MockTransport::new(|request| match request.url.path().as_ref() {
///     "/old" => Ok(Reply::new(302).header("Location", "/greeting")),
///     "/greeting" => Ok(Reply::new(200).text("Hello!")),
///     "/down" => Err(Error::new(Kind::Network, Phase::Connect, "connection refused")),
///     _ => Ok(Reply::new(404)),
/// });
/// let client = Client::builder()
///     .transport(server)
///     .base_url("https://example.com")
///     .follow_redirects(true)
///     .build()?;
/// assert_eq!(client.get("/old").send()?.text(), "Hello!");
/// assert_eq!(client.get("/down").send().unwrap_err().kind(), Kind::Network);
///
/// let mut parallel = client.parallel();
/// for _ in 0..10 {
///     parallel.get("/greeting")?;
/// }
/// assert_eq!(parallel.outcomes().filter(|outcome| outcome.response.is_ok()).count(), 10);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct MockTransport(Arc<dyn Fn(Request) -> Answer + Send + Sync>);

impl MockTransport {
    /// A transport of a function. Each call has a thread of its own: it may block, and many run at a time.
    ///
    /// The request is complete, and its content at hand: [`Content::bytes`](crate::Content::bytes).
    pub fn new(handler: impl Fn(Request) -> Result<Reply> + Send + Sync + 'static) -> Self {
        let handler = Arc::new(handler);
        Self::new_async(move |request| {
            let handler = handler.clone();
            on_its_own_thread(move || handler(request))
        })
    }

    /// A transport of an async function. Its futures run on the I/O thread, in its tokio runtime: they must not
    /// block. One whose request is given up is dropped.
    ///
    /// ```
    /// use std::time::Duration;
    /// use httparallel::{Client, Kind, MockTransport};
    ///
    /// # futures_lite::future::block_on(async {
    /// let silent = MockTransport::new_async(|_| std::future::pending());
    /// let client = Client::builder().transport(silent).total_timeout(Duration::from_millis(10)).build()?;
    /// assert_eq!(client.get("http://example.com").send().await.unwrap_err().kind(), Kind::Timeout);
    /// # Ok::<(), httparallel::Error>(())
    /// # })?;
    /// # Ok::<(), httparallel::Error>(())
    /// ```
    pub fn new_async<F>(handler: impl Fn(Request) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Reply>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        Self(Arc::new(move |request| {
            let handler = handler.clone();
            Box::pin(async move { handler(request).await })
        }))
    }

    /// The reply to a request, whose content is at hand.
    pub(crate) async fn answer(&self, request: Request) -> Result<Reply> {
        caught_in_as(HANDLER, (self.0)(request)).await?
    }
}

impl fmt::Debug for MockTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockTransport").finish_non_exhaustive()
    }
}

async fn on_its_own_thread(answer: impl FnOnce() -> Result<Reply> + Send + 'static) -> Result<Reply> {
    let failed = || Error::new(Kind::Internal, Phase::Total, "a thread for the mock transport ended");
    let (tell, told) = oneshot::channel();
    // Nobody is told if the request was given up meanwhile.
    let run = move || drop(tell.send(caught_as(HANDLER, answer)));
    let thread = std::thread::Builder::new().name("httparallel-mock".to_owned());
    thread.spawn(run).map_err(|error| failed().with_source(error))?;
    told.await.map_err(|error| failed().with_source(error))??
}

/// What a [`MockTransport`] says to a request. Also made from an `http::Response`.
///
/// A body whose headers do not tell its length gets `Content-Length`, one in [`chunks`](Self::chunks)
/// `Transfer-Encoding: chunked`. Content codings are up to the headers: a body that they call `gzip` has to be that.
///
/// ```
/// use httparallel::Reply;
///
/// let missing = Reply::new(404).header("Cache-Control", "no-store").json_text(r#"{"error": "no such user"}"#);
/// let same = http::Response::builder().status(404).body("no such user")?;
/// let same = Reply::from(same);
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone)]
pub struct Reply {
    status: u16,
    headers: Headers,
    body: Vec<Bytes>,
    /// The body is one whose length is not known when it begins.
    in_chunks: bool,
    failure: Option<Error>,
}

impl Reply {
    /// A reply with this status and without a body. A request that is given a status below 200 fails.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Headers::new(), body: Vec::new(), in_chunks: false, failure: None }
    }

    /// Adds a header field. One that HTTP forbids fails the request.
    #[must_use]
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
        let (name, value) = (name.as_ref().as_bytes(), value.as_ref());
        self.headers.append(Bytes::copy_from_slice(name), Bytes::copy_from_slice(value));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        Self { body: vec![body.into()], in_chunks: false, ..self }
    }

    /// Sets the body to these pieces, which arrive one after another. All of them are there at once: a slow server
    /// is a slow function.
    #[must_use]
    pub fn chunks<B: Into<Bytes>>(self, pieces: impl IntoIterator<Item = B>) -> Self {
        Self { body: pieces.into_iter().map(Into::into).collect(), in_chunks: true, ..self }
    }

    /// Sets the body to text, and `Content-Type: text/plain; charset=utf-8`.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.typed("text/plain; charset=utf-8", text.into().into())
    }

    /// Sets the body to text that is JSON already, and `Content-Type: application/json`.
    #[must_use]
    pub fn json_text(self, json: impl Into<Bytes>) -> Self {
        self.typed("application/json", json.into())
    }

    /// Has the body fail where it would end, as with a connection that is lost.
    #[must_use]
    pub fn then_fail(self, error: Error) -> Self {
        Self { failure: Some(error), ..self }
    }

    fn typed(mut self, content_type: &'static str, body: Bytes) -> Self {
        self.headers.set("Content-Type", content_type);
        self.body(body)
    }

    /// Its head, its body, and how that fails.
    pub(crate) fn into_parts(mut self) -> Result<(Head, Vec<Bytes>, Option<Error>)> {
        let status = StatusCode::from_u16(self.status).ok().filter(|status| !status.is_informational());
        let Some(status) = status else {
            return Err(Error::protocol(format!(
                "A mock transport has replied with the status {}",
                self.status
            )));
        };
        self.headers.check()?;
        if !self.headers.contains("content-length") && !self.headers.contains("transfer-encoding") {
            if self.in_chunks {
                self.headers.append("Transfer-Encoding", "chunked");
            } else {
                let length: usize = self.body.iter().map(Bytes::len).sum();
                self.headers.append("Content-Length", length.to_string());
            }
        }
        let reason = Bytes::from_static(status.canonical_reason().unwrap_or_default().as_bytes());
        let head =
            Head { version: "HTTP/1.1", status: self.status, reason, headers: self.headers, stream_id: None };
        Ok((head, self.body, self.failure))
    }
}

impl<B: Into<Bytes>> From<http::Response<B>> for Reply {
    fn from(response: http::Response<B>) -> Self {
        let (parts, body) = response.into_parts();
        let reply = parts
            .headers
            .iter()
            .fold(Self::new(parts.status.as_u16()), |reply, (name, value)| reply.header(name, value));
        reply.body(body)
    }
}

/// Without what a test may hold for secret.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).finish_non_exhaustive()
    }
}
