//! A request on its way that somebody waits for: given up when nobody does any more.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use httparallel_proto::decode::{Decoder, Guard};
use httparallel_proto::{Result, Url};

use super::response::Response;
use super::setup::Setup;
use super::upload::{self, Detached, Feed, Source};
use super::wait::Relay;
use crate::{Hop, Operation, Upload};

/// An operation with its client, which must not close its connections meanwhile. Dropping it cancels the
/// operation if that is not over.
pub(super) struct InFlight {
    operation: Operation,
    setup: Arc<Setup>,
    history: Vec<Hop>,
    relay: Relay,
    /// Content that is sent while the response is waited for.
    feed: Option<Feed>,
}

impl InFlight {
    pub(super) fn new(operation: Operation, setup: Arc<Setup>) -> Self {
        Self { operation, setup, history: Vec::new(), relay: Relay::default(), feed: None }
    }

    /// Sees to it that the content is read: all of it here and now, if this thread may block.
    pub(super) fn attend(&mut self, source: Source, upload: Arc<Upload>, blocking: bool) {
        match source {
            Source::Read(reader) if blocking => upload::read(&reader, &upload, &self.operation),
            Source::Read(reader) => Detached(reader).attend(&upload, &self.operation),
            Source::Stream(stream) => self.feed = Some(Feed::new(stream, upload)),
        }
    }

    pub(super) fn operation(&self) -> &Operation {
        &self.operation
    }

    pub(super) fn guard(&self) -> Guard {
        self.operation.guard()
    }

    /// The URL of the first request, before any redirect.
    pub(super) fn requested_url(&mut self) -> Url {
        self.history.extend(self.operation.take_history());
        self.history.first().map_or_else(|| self.operation.url(), |hop| hop.request.url.clone())
    }

    /// Ready when the response is: whole, or for a streamed one its head.
    pub(super) fn poll_ready(&mut self, context: &Context<'_>) -> Poll<()> {
        self.look_after(context);
        self.relay.poll(context, |listener| self.operation.listen(listener))
    }

    /// Ready when more of the body has arrived, or no more will.
    pub(super) fn poll_body(&mut self, context: &Context<'_>) -> Poll<()> {
        self.look_after(context);
        self.relay.poll(context, |listener| self.operation.listen_body(listener))
    }

    /// What is done at each poll: others are woken, and content is sent.
    fn look_after(&mut self, context: &Context<'_>) {
        self.operation.help_to_wake();
        let Some(feed) = &mut self.feed else { return };
        if feed.poll(&mut Context::from_waker(context.waker()), &self.operation).is_ready() {
            self.feed = None;
        }
    }

    pub(super) async fn ready(&mut self) {
        poll_fn(|context| self.poll_ready(context)).await;
    }

    /// Blocks until the response is ready.
    pub(super) fn wait(&self) {
        // Only the interrupt check or a lack of file descriptors end the wait early, and both cancel the
        // operation, which then says so itself.
        let _ = self.operation.wait(&mut || Ok(()));
    }

    /// Blocks until more of the body has arrived, or no more will.
    pub(super) fn wait_body(&self) {
        // As in `wait`.
        let _ = self.operation.wait_body(&mut || Ok(()));
    }

    /// The response without its body, and what undoes the body's content codings.
    pub(super) fn opened(&mut self) -> Result<(Response<()>, Option<Decoder>)> {
        let head = self.operation.head()?;
        let decoder = Decoder::for_headers(&head.headers)?;
        self.history.extend(self.operation.take_history());
        let history = self.history.drain(..).map(redirected).collect::<Result<_>>()?;
        let url = self.operation.url();
        let (elapsed, course) = (self.operation.elapsed(), self.operation.course());
        let charset = self.setup.defaults.charset.clone();
        let response = Response::new(head, url, history, elapsed, course, charset)?;
        self.setup.defaults.hooks.response(&response);
        Ok((response, decoder))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.operation.cancel();
    }
}

fn redirected(hop: Hop) -> Result<Response<()>> {
    Response::new(hop.head, hop.request.url.clone(), Vec::new(), hop.elapsed, hop.course, None)
}
