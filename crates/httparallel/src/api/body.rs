//! Bodies while they arrive: piece by piece, their content codings undone.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use futures_core::Stream;
use httparallel_proto::Result;
use httparallel_proto::decode::{Decoder, Progress};
use parking_lot::Mutex;

use super::client::Client;
use super::in_flight::InFlight;
use super::response::Response;
use crate::Timings;
use crate::net::recycle;

/// The most bytes that one decoded chunk has.
const CHUNK: usize = 64 * 1024;

/// The body of a streamed response.
///
/// The network is read only as fast as the body is: about 256 KiB are held for the reader. Over HTTP/1.1 the body
/// has its connection to itself until it is read or dropped, except in a parallel block, which starts the next
/// request as soon as all of the body has arrived. Dropping the body before its end cancels the request: over
/// HTTP/1.1 its connection is closed, over HTTP/2 its stream is reset.
///
/// It is a [`Stream`] of chunks; for blocking code it is an [`Iterator`] of chunks and a [`std::io::Read`].
pub struct Body<C = Client> {
    in_flight: InFlight,
    /// As they came from the network.
    pieces: VecDeque<Bytes>,
    /// Behind a lock that nobody ever waits for: it makes the body `Sync`, which a decoder is not.
    decoder: Option<Mutex<Decoder>>,
    /// The decoder may hold more than it has given out.
    more: bool,
    /// Bytes of an uncoded body given out so far.
    given: u64,
    over: Option<Result<()>>,
    /// What [`std::io::Read`] has not taken of the last chunk.
    pub(super) rest: Bytes,
    face: PhantomData<fn() -> C>,
}

/// What a body has at the moment.
enum Step {
    Chunk(Bytes),
    Wait,
    End,
}

impl InFlight {
    /// The response with its body, which arrives while it is read.
    pub(super) fn streamed<C>(mut self) -> Result<Response<Body<C>>> {
        let (response, decoder) = self.opened()?;
        let body = Body {
            in_flight: self,
            pieces: VecDeque::new(),
            decoder: decoder.map(Mutex::new),
            more: false,
            given: 0,
            over: None,
            rest: Bytes::new(),
            face: PhantomData,
        };
        Ok(response.with_body(body))
    }

    /// The response with its whole body, which has arrived.
    pub(super) fn whole(self) -> Result<Response> {
        let (response, mut body) = self.streamed::<Client>()?.replace_body(());
        let mut chunks = Vec::new();
        if let Some(decoder) = body.decoder.take() {
            let mut pieces = Vec::new();
            while let Some(more) = body.in_flight.operation().take_body()?.filter(|more| !more.is_empty()) {
                pieces.extend(more);
            }
            chunks.push(decoder.into_inner().decode_whole(&pieces, &body.in_flight.guard())?.into());
            pieces.into_iter().for_each(recycle);
        }
        while let Step::Chunk(chunk) = body.step()? {
            chunks.push(chunk);
        }
        Ok(body.finish(response, chunks))
    }
}

impl<C> Body<C> {
    fn step(&mut self) -> Result<Step> {
        if let Some(over) = &self.over {
            return over.clone().map(|()| Step::End);
        }
        let step = self.advance();
        match &step {
            Ok(Step::End) => self.over = Some(Ok(())),
            Ok(_) => {}
            Err(error) => {
                self.over = Some(Err(error.clone()));
                self.in_flight.operation().cancel();
            }
        }
        step
    }

    fn advance(&mut self) -> Result<Step> {
        loop {
            if let Some(chunk) = self.unpack()? {
                return Ok(Step::Chunk(chunk));
            }
            match self.in_flight.operation().take_body()? {
                Some(pieces) if pieces.is_empty() => return Ok(Step::Wait),
                Some(pieces) => self.pieces.extend(pieces),
                None => {
                    self.decoder.as_mut().map_or(Ok(()), |decoder| decoder.get_mut().finish())?;
                    return Ok(Step::End);
                }
            }
        }
    }

    /// The next chunk out of the pieces at hand.
    fn unpack(&mut self) -> Result<Option<Bytes>> {
        let guard = self.in_flight.guard();
        let Some(decoder) = &mut self.decoder else {
            let Some(piece) = self.pieces.pop_front() else { return Ok(None) };
            self.given += piece.len() as u64;
            guard.check(self.given, self.given)?;
            return Ok(Some(piece));
        };
        let decoder = decoder.get_mut();
        while self.more || !self.pieces.is_empty() {
            let mut piece = self.pieces.pop_front().unwrap_or_default();
            let mut coded = &piece[..];
            let mut chunk = Vec::new();
            self.more = decoder.decode_some(&mut coded, &mut chunk, CHUNK)? == Progress::OutputFull;
            let left = coded.len();
            guard.check(decoder.total_in(), decoder.total_out())?;
            if left > 0 {
                piece.advance(piece.len() - left);
                self.pieces.push_front(piece);
            }
            if !chunk.is_empty() {
                return Ok(Some(chunk.into()));
            }
        }
        Ok(None)
    }

    /// The whole response, of which these are all chunks.
    pub(super) fn finish(self, response: Response<()>, chunks: Vec<Bytes>) -> Response {
        let operation = self.in_flight.operation();
        response.completed(joined(chunks), operation.elapsed(), operation.course())
    }

    /// How long the parts of the exchange took so far: `receive` and `total` are there when all of the body has
    /// come from the network, which may be before it is read here.
    pub fn timings(&self) -> Timings {
        self.in_flight.operation().timings()
    }

    /// Blocks until there is a chunk; `None` at the end.
    pub(super) fn wait_chunk(&mut self) -> Result<Option<Bytes>> {
        loop {
            match self.step()? {
                Step::Chunk(chunk) => return Ok(Some(chunk)),
                Step::End => return Ok(None),
                Step::Wait => self.in_flight.wait_body(),
            }
        }
    }

    pub(super) fn poll_chunk(&mut self, context: &Context<'_>) -> Poll<Result<Option<Bytes>>> {
        loop {
            match self.step()? {
                Step::Chunk(chunk) => return Poll::Ready(Ok(Some(chunk))),
                Step::End => return Poll::Ready(Ok(None)),
                Step::Wait => ready!(self.in_flight.poll_body(context)),
            }
        }
    }
}

impl Body<Client> {
    /// The next chunk of the body, decoded, at least one byte; `None` at the end.
    ///
    /// Fails if the connection does, if a time limit is reached, if the body does not decode, and with
    /// [`Kind::BodyTooLarge`](crate::Kind::BodyTooLarge) past the client's
    /// [limits](crate::ClientBuilder::max_body). Dropping this future loses nothing: the next call goes on.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        poll_fn(|context| self.poll_chunk(context)).await
    }
}

impl Response<Body<Client>> {
    /// The next chunk of the body; see [`Body::chunk`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.body_mut().chunk().await
    }

    /// Reads the rest of the body. Dropping this future cancels the request.
    pub async fn collect(self) -> Result<Response> {
        let (response, mut body) = self.replace_body(());
        let mut chunks = Vec::new();
        while let Some(chunk) = body.chunk().await? {
            chunks.push(chunk);
        }
        Ok(body.finish(response, chunks))
    }
}

impl Stream for Body<Client> {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_chunk(context).map(Result::transpose)
    }
}

impl<C> fmt::Debug for Body<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("over", &self.over.is_some()).finish_non_exhaustive()
    }
}

/// The chunks as one; without a copy if there is only one.
fn joined(mut chunks: Vec<Bytes>) -> Bytes {
    if chunks.len() <= 1 {
        return chunks.pop().unwrap_or_default();
    }
    let mut whole = BytesMut::with_capacity(chunks.iter().map(Bytes::len).sum());
    for chunk in chunks {
        whole.extend_from_slice(&chunk);
        recycle(chunk);
    }
    whole.freeze()
}
