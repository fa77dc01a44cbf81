//! Responses in the order of their requests.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use httparallel_proto::Result;

use super::{Parallel, Pending};
use crate::api::blocking;
use crate::api::client::Client;
use crate::api::in_flight::InFlight;
use crate::api::response::Response;
use crate::api::wait::block_on;

/// The responses to [`Parallel::map`], in the order of the URLs: an [`Iterator`] for blocking code, a
/// [`Stream`] for async code.
///
/// A request that fails gives its error in its place. Dropping this cancels what has not been delivered.
pub struct Map<'a, C = Client> {
    waiting: Row<C>,
    /// The one that is waited for.
    first: Option<InFlight>,
    parallel: PhantomData<&'a mut Parallel<C>>,
}

/// Requests whose outcomes nobody else is to get.
pub(super) struct Row<C>(VecDeque<Pending<C>>);

impl<C> Row<C> {
    pub(super) fn push(&mut self, pending: Pending<C>) {
        self.0.push_back(pending);
    }
}

impl<C> Default for Row<C> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<C> Drop for Row<C> {
    fn drop(&mut self) {
        // The last first: cancelling one that is on its way starts the next one that waits for its turn.
        self.0.drain(..).rev().for_each(Pending::discard);
    }
}

impl<'a, C> Map<'a, C> {
    /// Holds the block, so that no one else takes its outcomes meanwhile.
    pub(super) fn new(waiting: Row<C>, _parallel: &'a mut Parallel<C>) -> Self {
        Self { waiting, first: None, parallel: PhantomData }
    }

    fn poll_next(&mut self, context: &Context<'_>) -> Poll<Option<Result<Response>>> {
        let first = match self.first.take() {
            Some(first) => first,
            None => match self.waiting.0.pop_front().map(Pending::claim) {
                Some(Ok(first)) => first,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            },
        };
        let first = self.first.insert(first);
        ready!(first.poll_ready(context));
        Poll::Ready(self.first.take().map(InFlight::whole))
    }
}

impl Map<'_, Client> {
    /// Waits for the next response; `None` after the last one. Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Response>> {
        poll_fn(|context| self.poll_next(context)).await
    }
}

impl Stream for Map<'_, Client> {
    type Item = Result<Response>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Map::poll_next(&mut self, context)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left()
    }
}

impl Iterator for Map<'_, blocking::Client> {
    type Item = Result<Response>;

    fn next(&mut self) -> Option<Self::Item> {
        block_on(poll_fn(|context| self.poll_next(context)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left()
    }
}

impl<C> Map<'_, C> {
    fn left(&self) -> (usize, Option<usize>) {
        let left = self.waiting.0.len() + usize::from(self.first.is_some());
        (left, Some(left))
    }
}

impl<C> fmt::Debug for Map<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map").field("left", &self.left().0).finish_non_exhaustive()
    }
}
