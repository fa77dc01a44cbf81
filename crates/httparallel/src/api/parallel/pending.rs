//! One request of a parallel block.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use httparallel_proto::{Error, Kind, Phase, Result, Url};

use crate::api::blocking;
use crate::api::client::Client;
use crate::api::in_flight::InFlight;
use crate::api::response::Response;
use crate::api::setup::{Ready, Setup};
use crate::api::upload::Source;
use crate::api::wait::block_on;
use crate::{Block, Operation, Upload};

/// A request of a parallel block.
///
/// It may be dropped: the request goes on, and its outcome is delivered by
/// [`next_response`](crate::Parallel::next_response).
pub struct Pending<C = Client> {
    setup: Arc<Setup>,
    block: Arc<Block>,
    operation: Operation,
    number: u64,
    url: Url,
    face: PhantomData<fn() -> C>,
}

impl<C> Pending<C> {
    pub(super) fn submit(setup: &Arc<Setup>, block: &Arc<Block>, ready: Ready) -> Result<Self> {
        let Ready { request, settings, source } = ready;
        let url = request.url.clone();
        let source = source.map(Source::detach).transpose()?;
        let upload = source.as_ref().map(|_| Arc::new(Upload::default()));
        let (number, operation) = block.submit(request, settings, upload.clone())?;
        if let (Some(source), Some(upload)) = (source, upload) {
            source.attend(&upload, &operation);
        }
        Ok(Self { setup: setup.clone(), block: block.clone(), operation, number, url, face: PhantomData })
    }

    /// The request's number in its block, counted from 0; [`Outcome::number`](super::Outcome::number).
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The URL that was asked for.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether the outcome is there, so that taking it does not wait.
    pub fn is_done(&self) -> bool {
        self.operation.is_ready()
    }

    /// Gives the request up, at once, unless it is done: one that waits for its turn or for a connection
    /// leaves the queue; over HTTP/1.1 its connection is closed, over HTTP/2 its stream is reset.
    ///
    /// Its outcome, still delivered once, is an error of [`Kind::Cancelled`].
    pub fn cancel(&self) {
        self.operation.cancel();
    }

    /// Takes the outcome over from the block, arrived or not.
    pub(super) fn claim(self) -> Result<InFlight> {
        if self.block.take(self.number) {
            return Ok(InFlight::new(self.operation, self.setup));
        }
        // Cancelled with its block: the operation says so.
        self.operation.head()?;
        let message = "The response was delivered before, or its parallel block has ended";
        Err(Error::new(Kind::Closed, Phase::Total, message))
    }

    /// Gives the request up, and forgets its outcome.
    pub(super) fn discard(self) {
        self.block.take(self.number);
        self.operation.cancel();
    }
}

impl Pending<Client> {
    /// Waits for this request's response.
    ///
    /// Fails with what went wrong with the request; with [`Kind::Closed`] if
    /// [`next_response`](crate::Parallel::next_response) delivered it; and with [`Kind::Cancelled`] if the
    /// block was dropped before it was done. Dropping this future, once polled, cancels the request.
    pub async fn response(self) -> Result<Response> {
        let mut in_flight = self.claim()?;
        in_flight.ready().await;
        in_flight.whole()
    }
}

impl Pending<blocking::Client> {
    /// Blocks until this request's response is there.
    ///
    /// Fails with what went wrong with the request; with [`Kind::Closed`] if
    /// [`next_response`](crate::Parallel::next_response) delivered it; and with [`Kind::Cancelled`] if the
    /// block was dropped before it was done.
    pub fn response(self) -> Result<Response> {
        let mut in_flight = self.claim()?;
        block_on(in_flight.ready());
        in_flight.whole()
    }
}

impl<C> fmt::Debug for Pending<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("number", &self.number)
            .field("url", &self.url)
            .field("is_done", &self.is_done())
            .finish_non_exhaustive()
    }
}
