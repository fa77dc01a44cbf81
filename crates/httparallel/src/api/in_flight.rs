//! A request on its way that somebody waits for: given up when nobody does any more.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use httparallel_proto::Result;
use httparallel_proto::decode::{Decoder, Guard};

use super::response::Response;
use super::setup::Setup;
use crate::{Hop, Listener, Operation};

/// An operation with its client, which must not close its connections meanwhile. Dropping it cancels the
/// operation if that is not over.
pub(super) struct InFlight {
    operation: Operation,
    setup: Arc<Setup>,
}

impl InFlight {
    pub(super) fn new(operation: Operation, setup: Arc<Setup>) -> Self {
        Self { operation, setup }
    }

    pub(super) fn operation(&self) -> &Operation {
        &self.operation
    }

    pub(super) fn guard(&self) -> Guard {
        self.setup.guard
    }

    /// Ready when the response is: whole, or for a streamed one its head.
    pub(super) fn poll_ready(&self, context: &Context<'_>) -> Poll<()> {
        pending_if(self.operation.listen(Listener::Waker(context.waker().clone())))
    }

    /// Ready when more of the body has arrived, or no more will.
    pub(super) fn poll_body(&self, context: &Context<'_>) -> Poll<()> {
        pending_if(self.operation.listen_body(Listener::Waker(context.waker().clone())))
    }

    pub(super) async fn ready(&self) {
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
    pub(super) fn opened(&self) -> Result<(Response<()>, Option<Decoder>)> {
        let head = self.operation.head()?;
        let decoder = Decoder::for_headers(&head.headers)?;
        let history = self.operation.take_history().into_iter().map(redirected).collect::<Result<_>>()?;
        let url = self.operation.url();
        Ok((Response::new(head, url, history, self.operation.elapsed())?, decoder))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.operation.cancel();
    }
}

fn redirected(hop: Hop) -> Result<Response<()>> {
    Response::new(hop.head, hop.request.url.clone(), Vec::new(), hop.elapsed)
}

fn pending_if(listening: bool) -> Poll<()> {
    if listening { Poll::Pending } else { Poll::Ready(()) }
}
