//! What the owner of an operation asks of it.

use std::sync::Arc;

use bytes::Bytes;
use httparallel_proto::Result;

use super::{Exchange, Head, Mode, Op, STREAM_BUFFER};
use crate::completion::Listener;

impl Op {
    pub(super) fn is_ready(&self) -> bool {
        let state = self.state.lock();
        state.outcome.is_some() || state.is_announced(self.settings.mode)
    }

    /// Whether its owner has something to do: it is ready, or asks for room.
    pub(super) fn has_news(&self) -> bool {
        self.state.lock().has_news(self.settings.mode)
    }

    pub(super) fn listen(&self, listener: Listener) -> bool {
        let mut state = self.state.lock();
        if state.has_news(self.settings.mode) {
            return false;
        }
        state.listener.add(listener);
        let lifts = self.block.is_some() && !std::mem::replace(&mut state.lifts, true);
        drop(state);
        if let Some(link) = self.block.as_ref().filter(|_| lifts) {
            link.awaited();
        }
        true
    }

    pub(super) fn head(&self) -> Result<Arc<Head>> {
        self.state.lock().ready_head(self.settings.mode)
    }

    pub(super) fn take_exchange(&self) -> Result<Exchange> {
        let mut state = self.state.lock();
        let head = state.ready_head(self.settings.mode)?;
        let body = match self.settings.mode {
            Mode::Buffered => std::mem::take(&mut state.body).into(),
            Mode::Streaming => Vec::new(),
        };
        let room = state.take_room();
        let (request, history) = (state.request.clone(), std::mem::take(&mut state.history));
        let (elapsed, course) = (self.elapsed(state.ended), state.course());
        Ok(Exchange { request, head, body, room, history, elapsed, course })
    }

    pub(super) fn listen_body(&self, listener: Listener) -> bool {
        let mut state = self.state.lock();
        if state.outcome.is_some() || !state.body.is_empty() {
            return false;
        }
        state.listener.add(listener);
        true
    }

    pub(super) fn take_body(&self, limit: usize) -> Result<Option<Vec<Bytes>>> {
        let mut state = self.state.lock();
        if state.body.is_empty() {
            return match &state.outcome {
                Some(Ok(())) => Ok(None),
                Some(Err(error)) => Err(error.clone()),
                None => Ok(Some(Vec::new())),
            };
        }
        let pieces = state.take_pieces(limit);
        let kept = if state.body.is_empty() { state.kept.take() } else { None };
        // With half of it still to be read, whoever fills it is woken half as often as piece by piece.
        let goes_on = state.buffered <= STREAM_BUFFER / 2;
        drop(state);
        match kept {
            Some(kept) => kept.give_back(&self.shared),
            None if goes_on => self.resume(),
            None => {}
        }
        Ok(Some(pieces))
    }
}
