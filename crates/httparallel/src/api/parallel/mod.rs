//! Parallel blocks: requests that run side by side, and whose responses are taken as they come.
//!
//! ```
//! # let server = httparallel_testserver::TestServer::start(Default::default())?;
//! # let base = server.http_url();
//! use httparallel::blocking::Client;
//!
//! let client = Client::builder().base_url(base).build()?;
//! let mut parallel = client.parallel();
//! let first = parallel.get("/delay/20")?;
//! for size in 1..=10 {
//!     parallel.get(format!("/bytes/{size}"))?;
//! }
//! parallel.submit(client.post("/echo").body("hello"))?;
//!
//! assert_eq!(first.response()?.status(), 200); // this one
//! for outcome in &mut parallel {               // then the others, the fastest first
//!     let response = outcome.response?;
//!     println!("{} {}", response.status(), outcome.url.as_str());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod map;
mod pending;

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use httparallel_proto::{Error, Result, Url};

pub use map::Map;
pub use pending::Pending;

use super::blocking;
use super::client::Client;
use super::in_flight::InFlight;
use super::into_url::IntoUrl;
use super::request::RequestBuilder;
use super::response::Response;
use super::setup::{Draft, Setup};
use super::wait::{Relay, block_on};
use crate::Block;

/// Requests that run side by side, from [`Client::parallel`] or
/// [`blocking::Client::parallel`](crate::blocking::Client::parallel).
///
/// They start at once, or in their order as soon as there is room, and run while the caller does other
/// things. Each outcome is delivered once: by [`Pending::response`], or by
/// [`next_response`](Self::next_response) to whoever asks for the next one of all.
///
/// A request that cannot be built fails at the call that adds it. One that fails later fails where its
/// response is taken; the others go on.
///
/// Dropping it cancels whatever has not finished: over HTTP/1.1 the connection is closed, over HTTP/2 the
/// stream is reset. When the drop returns, no request of the block is on its way.
pub struct Parallel<C = Client> {
    setup: Arc<Setup>,
    block: Result<Arc<Block>>,
    relay: Relay,
    face: PhantomData<fn() -> C>,
}

/// How a request of a parallel block ended.
#[derive(Debug)]
pub struct Outcome {
    /// The request's number: [`Pending::number`]. Numbers count from 0 in each block.
    pub number: u64,
    /// The URL that was asked for; redirects are in the response.
    pub url: Url,
    /// The response, or what went wrong.
    pub response: Result<Response>,
}

/// The outcomes of a parallel block as they come, until none is pending: an [`Iterator`] for blocking code, a
/// [`Stream`] for async code. Dropping it leaves what is pending in the block.
#[derive(Debug)]
pub struct Outcomes<'a, C = Client>(&'a mut Parallel<C>);

impl<C> Parallel<C> {
    pub(super) fn new(setup: &Arc<Setup>, max_concurrency: Option<usize>) -> Self {
        // A block of a closed client says so when it is given a request.
        let block = Block::new(&setup.engine, max_concurrency).map(Arc::new);
        Self { setup: setup.clone(), block, relay: Relay::default(), face: PhantomData }
    }

    /// Adds a GET request.
    ///
    /// Fails if it cannot be sent, as with an invalid URL, or if the client is closed.
    pub fn get(&self, url: impl IntoUrl) -> Result<Pending<C>> {
        self.start(self.setup.draft("GET", url.into_url()?)?)
    }

    /// Adds any request of this block's client.
    ///
    /// Fails if it cannot be sent, if it was built by another client, or if the client is closed.
    pub fn submit(&self, request: RequestBuilder<C>) -> Result<Pending<C>> {
        let (setup, draft) = request.into_parts();
        if !Arc::ptr_eq(&setup, &self.setup) {
            return Err(Error::invalid_request("The request was built by another client"));
        }
        self.start(draft?)
    }

    /// Requests these URLs with GET, and gives their responses in the same order.
    ///
    /// Fails if one of them cannot be requested; then none is.
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let base = server.http_url();
    /// let client = httparallel::blocking::Client::builder().base_url(base).build()?;
    /// let mut parallel = client.parallel();
    /// let mut sizes = Vec::new();
    /// for response in parallel.map(["/bytes/3", "/bytes/1", "/bytes/2"])? {
    ///     sizes.push(response?.bytes().len());
    /// }
    /// assert_eq!(sizes, [3, 1, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn map<U: IntoUrl>(&mut self, urls: impl IntoIterator<Item = U>) -> Result<Map<'_, C>> {
        let urls = urls.into_iter();
        let requests: Vec<_> = urls
            .map(|url| self.setup.finish(self.setup.draft("GET", url.into_url()?)?))
            .collect::<Result<_>>()?;
        let block = self.block()?;
        let mut pending = map::Row::default();
        for request in requests {
            pending.push(Pending::submit(&self.setup, block, request)?);
        }
        Ok(Map::new(pending, self))
    }

    /// Whether there are requests whose outcome has not been delivered.
    pub fn has_pending_responses(&self) -> bool {
        self.pending_responses() > 0
    }

    /// The number of requests whose outcome has not been delivered.
    pub fn pending_responses(&self) -> usize {
        self.block.as_ref().map_or(0, |block| block.pending())
    }

    /// The outcomes as they come, until none is pending.
    pub fn outcomes(&mut self) -> Outcomes<'_, C> {
        Outcomes(self)
    }

    fn start(&self, draft: Draft) -> Result<Pending<C>> {
        Pending::submit(&self.setup, self.block()?, self.setup.finish(draft)?)
    }

    fn block(&self) -> Result<&Arc<Block>> {
        self.block.as_ref().map_err(Clone::clone)
    }

    fn poll_next(&mut self, context: &Context<'_>) -> Poll<Option<Outcome>> {
        let Ok(block) = &self.block else { return Poll::Ready(None) };
        loop {
            if let Some(crate::Outcome { number, operation }) = block.try_next() {
                let mut in_flight = InFlight::new(operation, self.setup.clone());
                let url = in_flight.requested_url();
                return Poll::Ready(Some(Outcome { number, url, response: in_flight.whole() }));
            }
            if block.pending() == 0 {
                return Poll::Ready(None);
            }
            ready!(self.relay.poll(context, |listener| block.listen(listener)));
        }
    }
}

impl Parallel<Client> {
    /// Waits for the outcome that comes first, of all that have not been delivered; `None` if there is none.
    ///
    /// Dropping this future loses nothing: the next call goes on.
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let url = server.http_url();
    /// # futures_lite::future::block_on(async {
    /// let client = httparallel::Client::new();
    /// let mut parallel = client.parallel();
    /// for _ in 0..10 {
    ///     parallel.get(&url)?;
    /// }
    /// while let Some(outcome) = parallel.next_response().await {
    ///     assert_eq!(outcome.response?.text(), "Hello, world!");
    /// }
    /// # Ok::<(), httparallel::Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn next_response(&mut self) -> Option<Outcome> {
        poll_fn(|context| self.poll_next(context)).await
    }
}

impl Parallel<blocking::Client> {
    /// Blocks until the first outcome comes, of all that have not been delivered; `None` if there is none.
    ///
    /// The block may be given more requests between two calls, which a `for` loop over it does not allow.
    pub fn next_response(&mut self) -> Option<Outcome> {
        block_on(poll_fn(|context| self.poll_next(context)))
    }
}

impl Stream for Outcomes<'_, Client> {
    type Item = Outcome;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Outcome>> {
        self.0.poll_next(context)
    }
}

impl Iterator for Outcomes<'_, blocking::Client> {
    type Item = Outcome;

    fn next(&mut self) -> Option<Outcome> {
        self.0.next_response()
    }
}

#[expect(clippy::into_iter_without_iter, reason = "`outcomes` says what is iterated over")]
impl<'a> IntoIterator for &'a mut Parallel<blocking::Client> {
    type Item = Outcome;
    type IntoIter = Outcomes<'a, blocking::Client>;

    fn into_iter(self) -> Self::IntoIter {
        self.outcomes()
    }
}

impl<C> Drop for Parallel<C> {
    fn drop(&mut self) {
        // Those that wait for a response of their own may outlive the block, and must not keep it open.
        if let Ok(block) = &self.block {
            block.close();
        }
    }
}

impl<C> fmt::Debug for Parallel<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parallel")
            .field("pending_responses", &self.pending_responses())
            .finish_non_exhaustive()
    }
}
