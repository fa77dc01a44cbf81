//! One request on an HTTP/2 connection, polled by hand.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{Reason, RecvStream, SendStream};
use httparallel_proto::fetch::Refusal;
use httparallel_proto::h1::Reuse;
use httparallel_proto::{Error, Kind, Phase, Result};

use super::Event;
use crate::h2::errors::{describe, refusal};
use crate::h2::head;
use crate::h2::interims::Interims;

/// A stream that was opened.
pub(super) struct Stream {
    id: u32,
    /// Whoever polls a stream may wait until this is woken.
    waker: Waker,
    /// `None` once the stream is over: `h2` keeps what somebody could still use.
    send: Option<SendStream<Bytes>>,
    /// The request was wholly given.
    complete: bool,
    response: Response,
    /// What was taken from `h2` before it was asked for.
    collected: VecDeque<Event>,
    refusal: Refusal,
}

enum Response {
    Awaited(ResponseFuture, Interims),
    Body(RecvStream),
    Ended,
    Failed(Error),
}

impl Stream {
    pub(super) fn new(
        id: u32,
        waker: Waker,
        response: ResponseFuture,
        send: SendStream<Bytes>,
        complete: bool,
    ) -> Self {
        let response = Response::Awaited(response, Interims::default());
        let refusal = Refusal::Failed;
        Self { id, waker, send: Some(send), complete, response, collected: VecDeque::new(), refusal }
    }

    /// Whether the peer counts it.
    pub(super) fn is_open(&self) -> bool {
        match self.response {
            Response::Awaited(..) | Response::Body(_) => true,
            Response::Ended => !self.complete,
            Response::Failed(_) => false,
        }
    }

    pub(super) fn refusal(&self) -> Refusal {
        self.refusal
    }

    /// How much of `wanted` may be sent.
    pub(super) fn capacity(&mut self, wanted: usize) -> Result<usize> {
        if self.complete {
            return Err(Error::new(Kind::InvalidRequest, Phase::Write, "The request has ended already"));
        }
        let Some(send) = &mut self.send else { return Err(unwanted()) };
        // Until it is pending, nobody would be woken when there is more.
        while let Poll::Ready(more) = send.poll_capacity(&mut Context::from_waker(&self.waker)) {
            // Nothing: no more can be sent on this stream.
            if !matches!(more, Some(Ok(_))) {
                return Err(unwanted());
            }
        }
        send.reserve_capacity(wanted);
        Ok(send.capacity().min(wanted))
    }

    /// Gives what may be sent of `piece` to `h2`; says how much.
    pub(super) fn send(&mut self, piece: &[u8], end: bool) -> Result<usize> {
        let taken = self.capacity(piece.len())?;
        let ends = end && taken == piece.len();
        if let Some(send) = self.send.as_mut().filter(|_| taken > 0 || ends) {
            let data = Bytes::copy_from_slice(&piece[..taken]);
            send.send_data(data, ends).map_err(|error| describe(error, Phase::Write))?;
        }
        self.complete = ends;
        Ok(taken)
    }

    /// What comes next.
    pub(super) fn event(&mut self) -> Result<Option<Event>> {
        let event = match self.collected.pop_front() {
            Some(event) => event,
            None => match self.poll() {
                Poll::Ready(event) => event?,
                Poll::Pending => return Ok(None),
            },
        };
        if let (Event::Body(piece), Response::Body(body)) = (&event, &mut self.response) {
            // A connection that is over has no window to open.
            let _ = body.flow_control().release_capacity(piece.len());
        }
        Ok(Some(event))
    }

    /// Takes what has come of the response out of `h2`.
    pub(super) fn collect(&mut self) {
        while matches!(self.response, Response::Awaited(..) | Response::Body(_)) {
            let Poll::Ready(Ok(event)) = self.poll() else { return };
            self.collected.push_back(event);
        }
    }

    /// Resets the stream unless it is over; it then fails with this error.
    pub(super) fn cancel(&mut self, error: Error) {
        if !self.is_open() {
            return;
        }
        if let Some(mut send) = self.send.take() {
            send.send_reset(Reason::CANCEL);
        }
        self.collected.clear();
        self.response = Response::Failed(error);
    }

    fn poll(&mut self) -> Poll<Result<Event>> {
        let mut context = Context::from_waker(&self.waker);
        let polled = match &mut self.response {
            Response::Awaited(response, interims) => poll_head(response, interims, self.id, &mut context),
            Response::Body(body) => poll_body(body, &mut context),
            Response::Ended => return Poll::Ready(Ok(Event::End { reuse: Reuse::Yes })),
            Response::Failed(error) => return Poll::Ready(Err(error.clone())),
        };
        let Poll::Ready(step) = polled else { return Poll::Pending };
        Poll::Ready(match step {
            Ok(Step::Body(head, body)) => {
                self.response = Response::Body(body);
                Ok(head)
            }
            Ok(Step::Piece(event)) => {
                if matches!(event, Event::End { .. }) {
                    self.response = Response::Ended;
                }
                Ok(event)
            }
            Err(error) => {
                // Of a response that has begun, nobody may have another one.
                if matches!(self.response, Response::Awaited(..)) {
                    self.refusal = refusal(&error);
                }
                let error = if error.is_io() { closed() } else { describe(error, Phase::Read) };
                self.send = None;
                self.response = Response::Failed(error.clone());
                Err(error)
            }
        })
    }
}

enum Step {
    Body(Event, RecvStream),
    Piece(Event),
}

fn poll_head(
    response: &mut ResponseFuture,
    interims: &mut Interims,
    id: u32,
    cx: &mut Context<'_>,
) -> Poll<Result<Step, h2::Error>> {
    if let Poll::Ready(interim) = interims.poll(response, cx) {
        return Poll::Ready(interim.map(|interim| Step::Piece(Event::Interim(head::response(&interim, id)))));
    }
    Pin::new(response).poll(cx).map_ok(|response| {
        let head = head::response(&response, id);
        Step::Body(Event::Head(head), response.into_body())
    })
}

fn poll_body(body: &mut RecvStream, cx: &mut Context<'_>) -> Poll<Result<Step, h2::Error>> {
    loop {
        let Poll::Ready(piece) = body.poll_data(cx) else { return Poll::Pending };
        return Poll::Ready(match piece {
            Some(Ok(piece)) if piece.is_empty() => continue,
            Some(Ok(piece)) => Ok(Step::Piece(Event::Body(piece))),
            Some(Err(error)) => Err(error),
            None => Ok(Step::Piece(Event::End { reuse: Reuse::Yes })),
        });
    }
}

/// The stream of bytes cannot fail, only end.
fn closed() -> Error {
    let message = "The server closed the HTTP/2 connection before the response was complete";
    Error::new(Kind::Incomplete, Phase::Read, message)
}

fn unwanted() -> Error {
    Error::new(Kind::Protocol, Phase::Write, "The server takes no more of the request")
}
