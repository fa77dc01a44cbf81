//! The client for blocking code. It has the words of the async one, without `.await`.
//!
//! It needs no async runtime, starts none, and works inside of one, where it blocks the thread like any other
//! blocking call. A plain request is driven by the thread that makes it; requests of a parallel block are
//! driven by the I/O thread, while their block's thread goes on with its own work.
//!
//! ```
//! # let server = httparallel_testserver::TestServer::start(Default::default())?;
//! # let url = server.http_url();
//! use httparallel::blocking::Client;
//!
//! let client = Client::new();
//! let response = client.get(url).send()?.error_for_status()?;
//! println!("{}", response.text());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use httparallel_proto::Result;

use super::client::client;
use super::response::Response;
use super::setup::Setup;
use crate::Mode;

/// An HTTP client for blocking code: settings, and the pool of connections made with them.
///
/// A clone is cheap and shares the pool; one client serves all threads. The connections are closed when the
/// last clone is gone, and the last request made with it.
#[derive(Clone)]
pub struct Client(Arc<Setup>);

/// Settings for a [`Client`].
pub type ClientBuilder = super::builder::ClientBuilder<Client>;

/// A request in the making.
pub type RequestBuilder = super::request::RequestBuilder<Client>;

/// The body of a streamed response.
pub type Body = super::body::Body<Client>;

/// The events of a response.
pub type Events = super::events::Events<Client>;

/// Requests that run side by side.
pub type Parallel = super::parallel::Parallel<Client>;

/// A request of a parallel block.
pub type Pending = super::parallel::Pending<Client>;

client!(Client);

impl RequestBuilder {
    /// Sends the request and blocks until the whole response is there, decoded.
    ///
    /// The wait cannot be broken off from outside; it ends by the request's time limits. Fails with what is
    /// wrong with the request, with what goes wrong on the way, and if the body does not decode. A status of
    /// 400 or higher is no error: see [`error_for_status`](Response::error_for_status).
    pub fn send(self) -> Result<Response> {
        let in_flight = self.start(Mode::Buffered, true)?;
        in_flight.wait();
        in_flight.whole()
    }

    /// Sends the request and blocks until the head of the response is there; the body is read with
    /// [`chunk`](Response::chunk), or as a [`Read`].
    ///
    /// Dropping the response before its body's end cancels the request: over HTTP/1.1 its connection is
    /// closed, over HTTP/2 its stream is reset.
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let url = server.http_url() + "/bytes/1000000";
    /// let client = httparallel::blocking::Client::new();
    /// let response = client.get(url).stream()?;
    /// let copied = std::io::copy(&mut response.into_body(), &mut std::io::sink())?;
    /// assert_eq!(copied, 1_000_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stream(self) -> Result<Response<Body>> {
        let in_flight = self.start(Mode::Streaming, true)?;
        in_flight.wait();
        in_flight.streamed()
    }
}

impl Body {
    /// Blocks until there is a next chunk of the body, decoded, at least one byte; `None` at the end.
    ///
    /// Fails if the connection does, if a time limit is reached, if the body does not decode, and with
    /// [`Kind::BodyTooLarge`](crate::Kind::BodyTooLarge) past the client's
    /// [limits](crate::ClientBuilder::max_body).
    pub fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.wait_chunk()
    }
}

impl Response<Body> {
    /// Blocks until there is a next chunk of the body; see [`Body::chunk`].
    pub fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.body_mut().chunk()
    }

    /// Blocks until the rest of the body is there.
    pub fn collect(self) -> Result<Response> {
        let (response, mut body) = self.replace_body(());
        let mut chunks = Vec::new();
        while let Some(chunk) = body.chunk()? {
            chunks.push(chunk);
        }
        Ok(body.finish(response, chunks))
    }
}

impl Response<Body> {
    /// Writes the rest of the body, decoded, and says how many bytes that were.
    ///
    /// Fails if the writer does, and as [`Body::chunk`] does, with that error as the source of the [`io::Error`].
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let url = server.http_url() + "/bytes/1000000";
    /// let client = httparallel::blocking::Client::new();
    /// let mut copy = Vec::new();
    /// assert_eq!(client.get(url).stream()?.copy_to(&mut copy)?, 1_000_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn copy_to(self, writer: &mut (impl io::Write + ?Sized)) -> io::Result<u64> {
        let mut copied = 0;
        for chunk in self.into_body() {
            let chunk = chunk.map_err(io::Error::other)?;
            writer.write_all(&chunk)?;
            copied += chunk.len() as u64;
        }
        Ok(copied)
    }
}

impl Iterator for Body {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        self.chunk().transpose()
    }
}

/// Errors are those of [`Body::chunk`], as the source of an [`io::Error`].
impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            self.rest = self.chunk().map_err(io::Error::other)?.unwrap_or_default();
        }
        let read = buffer.len().min(self.rest.len());
        self.rest.copy_to_slice(&mut buffer[..read]);
        Ok(read)
    }
}
