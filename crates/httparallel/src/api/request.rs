//! Requests in the making.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use httparallel_proto::decode::Guard;
use httparallel_proto::headers::{check_name, check_value};
use httparallel_proto::url::query;
use httparallel_proto::{Headers, Result, Timeouts, Url};

use super::body::Body;
use super::client::Client;
use super::in_flight::InFlight;
use super::response::Response;
use super::setup::{Draft, Setup};
use super::upload::Payload;
use crate::{Mode, Overrides, Proxy, ProxyChoice, Retry, Verify};

/// A request in the making, from [`Client::get`] and its like.
///
/// What is wrong with it is told when it is sent, or submitted to a parallel block: the first mistake, before
/// anything goes out. The client's default headers are added where the request has none of that name.
///
/// ```
/// # let server = httparallel_testserver::TestServer::start(Default::default())?;
/// # let url = server.http_url() + "/echo?a=1";
/// # futures_lite::future::block_on(async {
/// let client = httparallel::Client::new();
/// let response = client
///     .post(url)
///     .query([("b", "2 3")])
///     .header("X-Colour", "blue")
///     .bearer_auth("token")
///     .form([("name", "value")])
///     .send()
///     .await?;
/// let echo = response.text();
/// assert!(echo.contains("/echo?a=1&b=2+3"));
/// assert!(echo.contains("name=value"));
/// # Ok::<(), httparallel::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a request is not sent until `send`, `stream` or `Parallel::submit` is called"]
pub struct RequestBuilder<C = Client> {
    setup: Arc<Setup>,
    draft: Result<Draft>,
    face: PhantomData<fn() -> C>,
}

impl<C> RequestBuilder<C> {
    pub(super) fn new(setup: &Arc<Setup>, method: &str, url: Result<Url>) -> Self {
        let draft = url.and_then(|url| setup.draft(method, url));
        Self { setup: setup.clone(), draft, face: PhantomData }
    }

    /// Adds a header field, keeping any of the same name in this request.
    ///
    /// A field of the client's defaults with that name is left out.
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
        self.change(|draft| append(&mut draft.headers, name.as_ref(), value.as_ref()))
    }

    /// Adds header fields: pairs, or a reference to an `http::HeaderMap`.
    pub fn headers<N: AsRef<str>, V: AsRef<[u8]>>(self, fields: impl IntoIterator<Item = (N, V)>) -> Self {
        self.change(|draft| {
            let mut fields = fields.into_iter();
            fields.try_for_each(|(name, value)| append(&mut draft.headers, name.as_ref(), value.as_ref()))
        })
    }

    /// Adds pairs to the URL's query, encoded as forms do it.
    pub fn query<N: AsRef<str>, V: AsRef<str>>(self, pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        self.change(|draft| {
            let mut text = draft.url.query().unwrap_or_default().to_owned();
            for (name, value) in pairs {
                query::append(&mut text, name.as_ref(), value.as_ref());
            }
            draft.url =
                draft.url.with().query(Some(&text).filter(|text| !text.is_empty()).map(|x| &**x)).build()?;
            Ok(())
        })
    }

    /// Sets the content. `Content-Type` is up to the caller; `Content-Length` is added.
    pub fn body(self, content: impl Into<Bytes>) -> Self {
        self.change(|draft| {
            draft.payload = Payload::Bytes(content.into());
            Ok(())
        })
    }

    /// Sets the content to a form of these pairs, and `Content-Type: application/x-www-form-urlencoded`.
    pub fn form<N: AsRef<str>, V: AsRef<str>>(self, pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        self.typed_body("application/x-www-form-urlencoded", query::encode(pairs))
    }

    /// Sets the content to text that is JSON already, and `Content-Type: application/json`.
    pub fn json_text(self, json: impl Into<Bytes>) -> Self {
        self.typed_body("application/json", json)
    }

    /// Sets the content to a value in JSON, and `Content-Type: application/json`.
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => self.json_text(json),
            Err(error) => self.change(|_| {
                Err(crate::Error::invalid_request("The value cannot be written as JSON").with_source(error))
            }),
        }
    }

    /// Sets all time limits.
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        self.change(|draft| {
            draft.timeouts = timeouts;
            Ok(())
        })
    }

    /// Sets the same limit for each phase: waiting for a connection, connecting, and each pause while sending
    /// or receiving. `None` is no limit. It does not bound the whole request:
    /// [`total_timeout`](Self::total_timeout) does.
    pub fn timeout(self, limit: impl Into<Option<Duration>>) -> Self {
        self.change(|draft| {
            draft.timeouts = phases(draft.timeouts, limit.into());
            Ok(())
        })
    }

    /// Limits the whole request: redirects, retries and reading the body included. `None` is no limit.
    pub fn total_timeout(self, limit: impl Into<Option<Duration>>) -> Self {
        self.change(|draft| {
            draft.timeouts.total = limit.into();
            Ok(())
        })
    }

    /// The most bytes that the body may have, as sent and decoded; `None` is no bound. See
    /// [`ClientBuilder::max_body`](crate::ClientBuilder::max_body).
    pub fn max_body(self, bytes: impl Into<Option<u64>>) -> Self {
        self.change(|draft| {
            draft.guard = Guard::for_limit(bytes.into());
            Ok(())
        })
    }

    /// Whether redirects are followed.
    pub fn follow_redirects(self, follow: bool) -> Self {
        self.change(|draft| {
            draft.policy.follow_redirects = follow;
            Ok(())
        })
    }

    /// The proxy of this request, or `None` for no proxy, whatever the client and the environment say. Redirects
    /// keep it. A connection serves only requests that agree in proxy and its credentials.
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let (proxy_url, url) = (server.proxy_url(), server.http_url());
    /// use httparallel::{Proxy, blocking::Client};
    ///
    /// let client = Client::new();
    /// let proxy = Proxy::new(&proxy_url)?.with_credentials("proxy", "secret")?;
    /// assert_eq!(client.get(&url).proxy(proxy).send()?.status(), 200);
    /// assert_eq!(client.get(&url).proxy(None).send()?.status(), 200);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn proxy(self, proxy: impl Into<Option<Proxy>>) -> Self {
        let choice = match proxy.into() {
            Some(proxy) => ProxyChoice::Through(Arc::new(proxy)),
            None => ProxyChoice::Direct,
        };
        self.overriding(|overrides| overrides.with_proxy(choice))
    }

    /// How the server of this request is verified, in place of what the client says. Redirects keep it. A
    /// connection serves only requests that agree in how it was verified.
    ///
    /// Roots that cannot be used are an error of [`Kind::Tls`](crate::Kind::Tls), before anything is sent. Equal
    /// ways to verify are prepared once: the client keeps 16 of them.
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let (url, ca) = (server.https_url(), server.ca_pem());
    /// use httparallel::{Verify, blocking::Client};
    ///
    /// let client = Client::new();
    /// let internal = client.get(&url).verify(Verify::Roots(ca.into_bytes()));
    /// assert_eq!(internal.send()?.status(), 200);
    /// assert!(client.get(&url).send().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify(self, verify: Verify) -> Self {
        self.overriding(|overrides| overrides.with_verify(Arc::new(verify)))
    }

    fn overriding(self, change: impl FnOnce(Overrides) -> Overrides) -> Self {
        self.change(|draft| {
            let overrides = draft.overrides.take().map_or_else(Overrides::default, |overrides| *overrides);
            draft.overrides = Some(Box::new(change(overrides)));
            Ok(())
        })
    }

    pub(super) fn header_if_absent(self, name: &'static str, value: &'static str) -> Self {
        self.change(|draft| {
            if !draft.headers.contains(name) {
                draft.headers.append(name, value);
            }
            Ok(())
        })
    }

    /// When this request is sent again, in place of what the client says. `None` for not at all. Content that is
    /// produced while it is sent is not sent again.
    pub fn retries(self, policy: impl Into<Option<Retry>>) -> Self {
        let retries = self.setup.defaults.bound(policy.into());
        self.change(|draft| {
            draft.retries = retries;
            Ok(())
        })
    }

    pub(super) fn typed_body(self, content_type: &'static str, content: impl Into<Bytes>) -> Self {
        self.change(|draft| {
            draft.headers.set("Content-Type", content_type);
            draft.payload = Payload::Bytes(content.into());
            Ok(())
        })
    }

    pub(super) fn change(mut self, change: impl FnOnce(&mut Draft) -> Result<()>) -> Self {
        self.draft = self.draft.and_then(|mut draft| change(&mut draft).map(|()| draft));
        self
    }

    pub(super) fn into_parts(self) -> (Arc<Setup>, Result<Draft>) {
        (self.setup, self.draft)
    }

    pub(super) fn start(self, mode: Mode, blocking: bool) -> Result<InFlight> {
        self.setup.start(self.draft?, mode, blocking)
    }
}

impl RequestBuilder<Client> {
    /// Sends the request and waits for the whole response, decoded.
    ///
    /// Nothing is sent before the future is first polled. It runs on any executor.
    ///
    /// Dropping the future cancels the request, at once: one that waits for a connection leaves the queue; over
    /// HTTP/1.1 the connection is closed, unless nothing had been written, and over HTTP/2 the stream is reset
    /// while the connection goes on. What had been written by then may have reached the server, and the server
    /// may act on it.
    ///
    /// Fails with what is wrong with the request, with what goes wrong on the way, and if the body does not
    /// decode. A status of 400 or higher is no error: see
    /// [`error_for_status`](Response::error_for_status).
    pub async fn send(self) -> Result<Response> {
        let mut in_flight = self.start(Mode::Buffered, false)?;
        in_flight.ready().await;
        in_flight.whole()
    }

    /// Sends the request and waits for the head of the response; the body is read with
    /// [`chunk`](Response::chunk).
    ///
    /// Dropping the future, or later the response before its body's end, cancels the request as described at
    /// [`send`](Self::send).
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let url = server.http_url() + "/bytes/1000000";
    /// # futures_lite::future::block_on(async {
    /// let client = httparallel::Client::new();
    /// let mut response = client.get(url).stream().await?;
    /// let mut received = 0;
    /// while let Some(chunk) = response.chunk().await? {
    ///     received += chunk.len();
    /// }
    /// assert_eq!(received, 1_000_000);
    /// # Ok::<(), httparallel::Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn stream(self) -> Result<Response<Body>> {
        let mut in_flight = self.start(Mode::Streaming, false)?;
        in_flight.ready().await;
        in_flight.streamed()
    }
}

/// Without headers and content: they may hold secrets.
impl<C> fmt::Debug for RequestBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RequestBuilder");
        match &self.draft {
            Ok(draft) => debug.field("method", &draft.method).field("url", &draft.url),
            Err(error) => debug.field("error", error),
        };
        debug.finish_non_exhaustive()
    }
}

/// Adds a field if HTTP allows it.
pub(super) fn append(headers: &mut Headers, name: &str, value: &[u8]) -> Result<()> {
    check_name(name.as_bytes())?;
    check_value(name.as_bytes(), value)?;
    headers.append(Bytes::copy_from_slice(name.as_bytes()), Bytes::copy_from_slice(value));
    Ok(())
}

/// The same limit for every phase; the total deadline stays.
pub(super) fn phases(timeouts: Timeouts, limit: Option<Duration>) -> Timeouts {
    Timeouts { connect: limit, read: limit, write: limit, pool: limit, total: timeouts.total }
}
