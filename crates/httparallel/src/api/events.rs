//! Server-sent events: a streamed body as a sequence of events.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use httparallel_proto::Result;
use httparallel_proto::sse::{DEFAULT_MAX_EVENT_SIZE, Event, MEDIA_TYPE, Parser, check_content_type};

use super::blocking;
use super::body::Body;
use super::client::Client;
use super::request::RequestBuilder;
use super::response::Response;

/// The events of a response, from [`RequestBuilder::events`] or [`Response::events`]: a [`Stream`] for async
/// code, an [`Iterator`] for blocking code. After an error there are no more.
///
/// It ends with the response. Connecting again is left to the caller, who has the
/// [last identifier](Self::last_event_id) to begin from. Dropping it cancels the request.
pub struct Events<C = Client> {
    response: Response<Body<C>>,
    parser: Parser,
    failed: bool,
}

impl<C> Response<Body<C>> {
    /// The events of this response, each of 1 MiB at most.
    ///
    /// Fails with [`Kind::EventStream`](crate::Kind::EventStream) unless its `Content-Type` is
    /// `text/event-stream`.
    pub fn events(self) -> Result<Events<C>> {
        check_content_type(self.headers())?;
        Ok(Events { response: self, parser: Parser::new(Some(DEFAULT_MAX_EVENT_SIZE)), failed: false })
    }
}

impl<C> RequestBuilder<C> {
    fn accepting_events(self) -> Self {
        self.header_if_absent("Accept", MEDIA_TYPE).header_if_absent("Cache-Control", "no-store")
    }
}

impl RequestBuilder<Client> {
    /// Sends the request, which asks for an event stream, and waits for the head of the response.
    ///
    /// Fails as [`stream`](Self::stream) does, and with [`Kind::EventStream`](crate::Kind::EventStream) if the
    /// response is no event stream. For its status see [`Events::response`].
    ///
    /// ```
    /// # use httparallel_testserver::{Options, TestServer};
    /// # let server = TestServer::start(Options::default())?;
    /// # let url = format!("{}/events/3", server.http_url());
    /// # futures_lite::future::block_on(async {
    /// let client = httparallel::Client::new();
    /// let mut events = client.get(url).events().await?;
    /// while let Some(event) = events.next_event().await? {
    ///     println!("{}: {}", event.event, event.data);
    /// }
    /// assert_eq!(events.last_event_id(), "3");
    /// # Ok::<(), httparallel::Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn events(self) -> Result<Events> {
        self.accepting_events().stream().await?.events()
    }
}

impl RequestBuilder<blocking::Client> {
    /// Sends the request, which asks for an event stream, and blocks until the head of the response is there.
    ///
    /// Fails as [`stream`](Self::stream) does, and with [`Kind::EventStream`](crate::Kind::EventStream) if the
    /// response is no event stream. For its status see [`Events::response`].
    ///
    /// ```
    /// # use httparallel_testserver::{Options, TestServer};
    /// # let server = TestServer::start(Options::default())?;
    /// # let url = format!("{}/events/3", server.http_url());
    /// let client = httparallel::blocking::Client::new();
    /// for event in client.get(url).events()? {
    ///     println!("{}", event?.data);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn events(self) -> Result<Events<blocking::Client>> {
        self.accepting_events().stream()?.events()
    }
}

impl<C> Events<C> {
    /// Sets the most bytes that an event may have, to be called before the first one is taken. `None` sets no
    /// bound. Default: 1 MiB.
    #[must_use]
    pub fn max_event_size(self, bytes: impl Into<Option<usize>>) -> Self {
        Self { parser: Parser::new(bytes.into()), ..self }
    }

    /// The response that the events come from.
    pub fn response(&self) -> &Response<Body<C>> {
        &self.response
    }

    /// The identifier that the events so far named last; empty if none did. To go on behind it, connect again
    /// with this as the header `Last-Event-ID`.
    pub fn last_event_id(&self) -> &str {
        self.parser.last_event_id()
    }

    /// The next event out of the bytes at hand.
    fn parsed(&mut self) -> Result<Option<Event>> {
        let event = self.parser.next_event();
        self.failed |= event.is_err();
        event
    }
}

impl Events<Client> {
    /// The next event; `None` at the end of the response.
    ///
    /// Fails as [`Body::chunk`] does, and with [`Kind::EventStream`](crate::Kind::EventStream) for an event that
    /// is too large. Dropping this future loses nothing: the next call goes on.
    pub async fn next_event(&mut self) -> Result<Option<Event>> {
        poll_fn(|context| self.poll_event(context)).await
    }

    fn poll_event(&mut self, context: &Context<'_>) -> Poll<Result<Option<Event>>> {
        loop {
            if let Some(event) = self.parsed()? {
                return Poll::Ready(Ok(Some(event)));
            }
            match ready!(self.response.body_mut().poll_chunk(context)) {
                Ok(Some(chunk)) => self.parser.feed(&chunk),
                Ok(None) => return Poll::Ready(Ok(None)),
                Err(error) => {
                    self.failed = true;
                    return Poll::Ready(Err(error));
                }
            }
        }
    }
}

impl Events<blocking::Client> {
    /// Blocks until there is a next event; `None` at the end of the response.
    ///
    /// Fails as [`Body::chunk`] does, and with [`Kind::EventStream`](crate::Kind::EventStream) for an event that
    /// is too large.
    pub fn next_event(&mut self) -> Result<Option<Event>> {
        loop {
            if let Some(event) = self.parsed()? {
                return Ok(Some(event));
            }
            let chunk = self.response.chunk();
            self.failed |= chunk.is_err();
            let Some(chunk) = chunk? else { return Ok(None) };
            self.parser.feed(&chunk);
        }
    }
}

impl Stream for Events<Client> {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.failed {
            return Poll::Ready(None);
        }
        self.poll_event(context).map(Result::transpose)
    }
}

impl Iterator for Events<blocking::Client> {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed { None } else { self.next_event().transpose() }
    }
}

impl<C> fmt::Debug for Events<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("response", &self.response).finish_non_exhaustive()
    }
}
