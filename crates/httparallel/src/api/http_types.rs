//! Requests, responses and bodies of the `http` crate.

use bytes::Bytes;
use httparallel_proto::Result;

use super::blocking;
use super::client::Client;
use super::request::RequestBuilder;
use super::response::Response;

impl<C> RequestBuilder<C> {
    /// What the other kinds of requests say, in place of what this one says: header fields and body.
    pub(super) fn with_http<B: Into<Bytes>>(self, parts: &http::request::Parts, body: B) -> Self {
        self.headers(&parts.headers).non_empty_body(body.into())
    }

    fn non_empty_body(self, body: Bytes) -> Self {
        if body.is_empty() { self } else { self.body(body) }
    }
}

macro_rules! from_http {
    ($client:ty) => {
        /// Begins a request with the method, the URL, the header fields and the body of an `http::Request`. Its
        /// version is not looked at: see [`ClientBuilder::protocols`](crate::ClientBuilder::protocols).
        pub fn from_http<B: Into<Bytes>>(&self, request: http::Request<B>) -> RequestBuilder<$client> {
            let (parts, body) = request.into_parts();
            self.request(&parts.method, &parts.uri).with_http(&parts, body)
        }
    };
}

impl Client {
    from_http!(Client);

    /// Sends an `http::Request` and waits for the whole response: [`from_http`](Self::from_http), then
    /// [`send`](RequestBuilder::send).
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let url = server.http_url() + "/echo-body";
    /// # futures_lite::future::block_on(async {
    /// let request = http::Request::put(url).header("Content-Type", "text/plain").body("hello")?;
    /// let response: http::Response<_> = httparallel::Client::new().execute(request).await?.into();
    /// assert_eq!((response.status().as_u16(), &response.body()[..]), (200, &b"hello"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn execute<B: Into<Bytes>>(&self, request: http::Request<B>) -> Result<Response> {
        self.from_http(request).send().await
    }
}

impl blocking::Client {
    from_http!(blocking::Client);

    /// Sends an `http::Request` and blocks until the whole response is there: [`from_http`](Self::from_http), then
    /// [`send`](RequestBuilder::send).
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let url = server.http_url() + "/echo-body";
    /// let request = http::Request::put(url).header("Content-Type", "text/plain").body("hello")?;
    /// let response = httparallel::blocking::Client::new().execute(request)?;
    /// assert_eq!(response.text(), "hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn execute<B: Into<Bytes>>(&self, request: http::Request<B>) -> Result<Response> {
        self.from_http(request).send()
    }
}

/// Status, version, headers and body. The [`Url`](crate::Url) is among the extensions; the history stays behind.
impl<B> From<Response<B>> for http::Response<B> {
    fn from(response: Response<B>) -> Self {
        let (status, version, headers) = (response.status(), response.version(), response.header_map());
        let url = response.url().clone();
        let mut converted = Self::new(response.into_body());
        *converted.status_mut() = status;
        *converted.version_mut() = version;
        *converted.headers_mut() = headers;
        converted.extensions_mut().insert(url);
        converted
    }
}

/// Chunks of data; there are no trailers.
#[cfg(feature = "http-body")]
impl http_body::Body for super::body::Body<Client> {
    type Data = Bytes;
    type Error = crate::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>>>> {
        self.poll_chunk(context).map(|chunk| chunk.transpose().map(|chunk| chunk.map(http_body::Frame::data)))
    }
}
