//! One request on an HTTP/2 connection, from its head to the end of its response.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, RecvStream, SendStream};
use httparallel_proto::fetch::{Content, Refusal, Request, may_retry_lost};
use httparallel_proto::timeouts::Deadline;
use httparallel_proto::{Error, Phase};
use tokio::sync::Notify;

use super::connection::Http2;
use super::errors::{describe, refusal};
use super::head;
use super::interims::Interims;
use crate::engine::{Shared, complete};
use crate::operation::{Answered, Attempt, Op, UNWANTED_BYTES, UNWANTED_TIME};
use crate::panics::caught_in;

/// Pieces of content below this size are put together, up to about the other one.
const SMALL_PIECE: usize = 256;
const MAX_GATHERED: usize = 16 * 1024;

/// Serves one operation; the task of one stream.
pub(super) async fn run(
    connection: Arc<Http2>,
    shared: Arc<Shared>,
    op: Arc<Op>,
    request: Arc<Request>,
    send: SendRequest<Bytes>,
    resumed: Arc<Notify>,
) {
    let attempt = match caught_in(exchange(&op, &request, &connection, send, &resumed)).await {
        Ok(Ok(())) => Some(Attempt::Done),
        Ok(Err(Failure::NoRoom)) => None,
        Ok(Err(failure)) => Some(failure.into_attempt(&request, &connection, &shared)),
        Err(panic) => {
            // What the connection's other streams have in common with this one may be inconsistent.
            shared.retire(connection.id);
            Some(Attempt::Failed(panic))
        }
    };
    if connection.take(&op) {
        shared.release(connection.id, None, Ok(()));
        match attempt {
            Some(attempt) => complete(&op, attempt),
            None => shared.assign(&op),
        }
    }
}

/// Why an exchange failed.
enum Failure {
    /// By a rule or a limit of ours.
    Ours(Error),
    /// By HTTP/2, in that phase.
    Stream(h2::Error, Phase),
    /// The peer takes no more streams on this connection. Nothing was sent.
    NoRoom,
}

impl Failure {
    fn into_attempt(self, request: &Request, connection: &Http2, shared: &Arc<Shared>) -> Attempt {
        let (error, phase) = match self {
            Self::Ours(error) => return Attempt::Failed(error),
            Self::Stream(error, phase) => (error, phase),
            Self::NoRoom => (h2::Error::from(Reason::REFUSED_STREAM), Phase::Pool),
        };
        if error.is_go_away() {
            shared.retire(connection.id);
        }
        let lost = error.is_io() && may_retry_lost(request, connection.is_reused(), phase != Phase::Pool);
        let progress = error.is_go_away() && connection.has_answered();
        let refused = refusal(&error);
        let described = describe(error, phase);
        // A server that ends each connection after a few requests makes progress; one that never answers
        // does not.
        match refused {
            Refusal::Http1Required => Attempt::Http1Required(described),
            Refusal::Unprocessed if progress => Attempt::Bounced(described),
            Refusal::Unprocessed => Attempt::Lost(described),
            Refusal::Failed if lost => Attempt::Lost(described),
            Refusal::Failed => Attempt::Failed(described),
        }
    }
}

async fn exchange(
    op: &Arc<Op>,
    request: &Arc<Request>,
    connection: &Http2,
    send: SendRequest<Bytes>,
    resumed: &Notify,
) -> Result<(), Failure> {
    let head = head::request(request).map_err(Failure::Ours)?;
    let empty = matches!(&request.content, Content::Empty)
        || matches!(&request.content, Content::Bytes(bytes) if bytes.is_empty());
    if !within(op, Phase::Pool, async { Ok(connection.admits(op).await) }).await? {
        return Err(Failure::NoRoom);
    }
    let mut send = within(op, Phase::Pool, send.ready()).await?;
    let given = Instant::now();
    let (response, stream) =
        send.send_request(head, empty).map_err(|error| Failure::Stream(error, Phase::Write))?;
    let stream_id = response.stream_id().as_u32();
    let mut response = pin!(final_response(response));
    let mut upload = pin!(send_content(op, request, connection, (!empty).then_some(stream)));
    // RFC 9113 section 8.1: a response may come, in part or whole, before the request has been sent. The limit
    // on waiting for it counts from the end of the request.
    let mut uploaded = None;
    let response = tokio::select! {
        biased;
        response = &mut response => response.map_err(|error| Failure::Stream(error, Phase::Read))?,
        done = &mut upload => {
            done?;
            uploaded = Some(Instant::now());
            within(op, Phase::Read, response).await?
        }
    };
    connection.settle();
    connection.answered();
    connection.noise.got_on();
    let answered = Answered { given: Some(given), sent: uploaded, at: Instant::now() };
    let wanted = op.on_head(head::response(&response, stream_id), answered).map_err(Failure::Ours)?;
    let mut body = response.into_body();
    if !wanted {
        // What is left of it then is reset. How it ended matters to nobody.
        let _ = tokio::time::timeout(UNWANTED_TIME, skip_content(&mut body)).await;
        return Ok(());
    }
    if uploaded.is_none() {
        tokio::select! {
            biased;
            received = receive_content(op, &mut body, connection, resumed, Phase::Total) => return received,
            // If the server does not want the rest, its response says why.
            _ = &mut upload => {}
        }
    }
    receive_content(op, &mut body, connection, resumed, Phase::Read).await
}

/// Awaits the response, and forgets the interim ones before it.
async fn final_response(mut response: ResponseFuture) -> Result<http::Response<RecvStream>, h2::Error> {
    let mut interims = Interims::default();
    poll_fn(|cx| {
        while let Poll::Ready(interim) = interims.poll(&mut response, cx) {
            interim?;
        }
        Pin::new(&mut response).poll(cx)
    })
    .await
}

/// Delivers the response's content; `limit` is the limit on waiting for each piece. May be dropped between two
/// pieces and called again.
async fn receive_content(
    op: &Arc<Op>,
    body: &mut RecvStream,
    connection: &Http2,
    resumed: &Notify,
    limit: Phase,
) -> Result<(), Failure> {
    loop {
        while op.is_paused() {
            resumed.notified().await;
        }
        let piece = within(op, limit, piece(body)).await?;
        let Some(piece) = piece else { return Ok(()) };
        connection.noise.got_on();
        let size = piece.len();
        op.on_body(piece).map_err(Failure::Ours)?;
        // The window opens again as fast as the body is taken.
        body.flow_control().release_capacity(size).map_err(|error| Failure::Stream(error, Phase::Read))?;
    }
}

/// The next piece of the content. Small ones that are there already are put together: each that is held holds
/// the memory of its frame, too, and takes a place in a list.
async fn piece(body: &mut RecvStream) -> Result<Option<Bytes>, h2::Error> {
    let Some(first) = body.data().await.transpose()? else { return Ok(None) };
    if first.len() >= SMALL_PIECE {
        return Ok(Some(first));
    }
    let mut gathered = BytesMut::new();
    poll_fn(|cx| {
        // An end, or an error, is told again to whoever asks next.
        while gathered.len() < MAX_GATHERED
            && let Poll::Ready(Some(Ok(next))) = body.poll_data(cx)
        {
            if gathered.is_empty() {
                gathered.extend_from_slice(&first);
            }
            gathered.extend_from_slice(&next);
        }
        Poll::Ready(())
    })
    .await;
    Ok(Some(if gathered.is_empty() { first } else { gathered.freeze() }))
}

/// Reads a little content for nobody, so that the stream need not be reset.
async fn skip_content(body: &mut RecvStream) {
    let mut left = UNWANTED_BYTES;
    while let Some(Ok(piece)) = body.data().await {
        let size = piece.len();
        let Some(rest) = left.checked_sub(size) else { return };
        left = rest;
        if body.flow_control().release_capacity(size).is_err() {
            return;
        }
    }
}

/// Sends the content, if there is a stream to send it on.
async fn send_content(
    op: &Arc<Op>,
    request: &Request,
    connection: &Http2,
    stream: Option<SendStream<Bytes>>,
) -> Result<(), Failure> {
    let Some(mut stream) = stream else { return Ok(()) };
    match (&request.content, &op.upload) {
        (Content::Bytes(bytes), _) => send_piece(op, connection, &mut stream, bytes.clone()).await?,
        (Content::Stream, Some(upload)) => {
            while let Some(piece) = upload.next().await {
                send_piece(op, connection, &mut stream, piece).await?;
            }
        }
        _ => {}
    }
    stream.send_data(Bytes::new(), true).map_err(|error| Failure::Stream(error, Phase::Write))
}

/// Sends a piece as the peer's window allows.
async fn send_piece(
    op: &Arc<Op>,
    connection: &Http2,
    stream: &mut SendStream<Bytes>,
    mut piece: Bytes,
) -> Result<(), Failure> {
    while !piece.is_empty() {
        stream.reserve_capacity(piece.len());
        let granted = within(op, Phase::Write, async {
            poll_fn(|cx| stream.poll_capacity(cx)).await.unwrap_or(Err(Reason::CANCEL.into()))
        })
        .await?;
        connection.noise.got_on();
        let part = piece.split_to(granted.min(piece.len()));
        stream.send_data(part, false).map_err(|error| Failure::Stream(error, Phase::Write))?;
    }
    Ok(())
}

/// Awaits a step within its phase's time limit.
async fn within<T>(
    op: &Op,
    phase: Phase,
    step: impl Future<Output = Result<T, h2::Error>>,
) -> Result<T, Failure> {
    let failed = |error| Failure::Stream(error, phase);
    let mut step = pin!(step);
    // Most steps are done at once; the others get a timer.
    if let Poll::Ready(result) = poll_fn(|cx| Poll::Ready(step.as_mut().poll(cx))).await {
        return result.map_err(failed);
    }
    match Deadline::of(phase, &op.settings.timeouts, Instant::now(), op.total()) {
        None => step.await.map_err(failed),
        Some(deadline) => match tokio::time::timeout_at(deadline.at.into(), step).await {
            Ok(result) => result.map_err(failed),
            Err(_) => Err(Failure::Ours(deadline.error())),
        },
    }
}
