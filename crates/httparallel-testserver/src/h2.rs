//! Serving HTTP/2 on one connection: the same routes, a task per stream.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::h2::server::{Connection, SendResponse};
use ::h2::{Error, Reason, RecvStream, SendStream};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time;

use crate::reply::{self as replies, Body, Fault, Reply};
use crate::request::{Received, Request};
use crate::routes::{self, BodyUse};
use crate::server::Shared;

const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;

/// Serves a connection until it ends.
pub(crate) async fn serve<S>(io: S, shared: Arc<Shared>, max_streams: Option<u32>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut builder = ::h2::server::Builder::new();
    builder.initial_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
    // Tests cancel thousands of requests at once and must not be taken for an attack.
    builder.max_concurrent_reset_streams(10_000).max_pending_accept_reset_streams(10_000);
    if let Some(max) = max_streams {
        builder.max_concurrent_streams(max);
    }
    let mut connection: Connection<S, Bytes> = builder.handshake(io).await?;
    shared.counters.h2_connection();
    while let Some(accepted) = connection.accept().await {
        let (request, respond) = accepted?;
        shared.counters.h2_stream();
        let (head, body) = request.into_parts();
        let request = request_of(&head);
        if request.parameter("goaway").is_some() {
            connection.graceful_shutdown();
        }
        let stream = Stream { shared: Arc::clone(&shared), request, respond };
        tokio::spawn(stream.serve(body));
    }
    Ok(())
}

fn request_of(head: &http::request::Parts) -> Request {
    let target = head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let authority =
        head.uri.authority().map(|authority| (":authority".to_owned(), authority.as_str().into()));
    let fields =
        head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
    Request {
        method: head.method.to_string(),
        target: target.to_owned(),
        version: "HTTP/2",
        headers: authority.into_iter().chain(fields).collect(),
    }
}

struct Stream {
    shared: Arc<Shared>,
    request: Request,
    respond: SendResponse<Bytes>,
}

impl Stream {
    async fn serve(mut self, body: RecvStream) {
        let active = routes::is_counted(&self.request).then(|| self.shared.counters.request());
        match self.exchange(body).await {
            Ok(()) => active.into_iter().for_each(crate::stats::ActiveRequest::finish),
            Err(Gone::Reset) => self.shared.counters.rst_received(),
            // The connection's own task sees that as well.
            Err(Gone::Connection) => {}
        }
    }

    async fn exchange(&mut self, mut body: RecvStream) -> Result<(), Gone> {
        let body_use = routes::body_use(&self.request);
        let mut received = Received { keep: body_use == BodyUse::Keep, ..Received::default() };
        if body_use != BodyUse::Leave {
            if routes::wants_continue(&self.request) && !body.is_end_stream() {
                self.respond.send_informational(interim(100))?;
            }
            while let Some(data) = body.data().await {
                let data = data?;
                received.push(&data);
                body.flow_control().release_capacity(data.len())?;
            }
        }
        let reply = routes::answer(&self.shared, &self.request, &received);
        self.send(reply).await
    }

    async fn send(&mut self, reply: Reply) -> Result<(), Gone> {
        for status in &reply.interim {
            self.respond.send_informational(interim(*status))?;
        }
        if !reply.delay.is_zero() {
            self.pause(reply.delay).await?;
        }
        match reply.fault {
            Some(Fault::Refuse) => {
                self.respond.send_reset(Reason::REFUSED_STREAM);
                return Ok(());
            }
            Some(Fault::Hang) => return self.pause(Duration::MAX / 4).await,
            _ => {}
        }
        let content = reply.has_content(&self.request.method) && reply.body.content_length() != Some(0);
        let mut stream = self.respond.send_response(head_of(&reply), !content)?;
        if reply.fault == Some(Fault::CloseAfterHead) {
            stream.send_reset(Reason::INTERNAL_ERROR);
            return Ok(());
        }
        if content { send_content(&mut stream, &reply).await } else { Ok(()) }
    }

    /// Waits, but not longer than the stream lives.
    async fn pause(&mut self, duration: Duration) -> Result<(), Gone> {
        pause(duration, |context| self.respond.poll_reset(context)).await
    }
}

async fn pause(
    duration: Duration,
    poll_reset: impl FnMut(&mut Context<'_>) -> Poll<Result<Reason, Error>>,
) -> Result<(), Gone> {
    match time::timeout(duration, poll_fn(poll_reset)).await {
        Ok(Ok(_)) => Err(Gone::Reset),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Ok(()),
    }
}

/// Why a stream ended before its answer did.
#[derive(Debug)]
enum Gone {
    /// The client sent `RST_STREAM`.
    Reset,
    /// The connection ended, or refused what the server tried to send.
    Connection,
}

impl From<Error> for Gone {
    fn from(error: Error) -> Self {
        if error.is_reset() && error.is_remote() { Self::Reset } else { Self::Connection }
    }
}

fn interim(status: u16) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::EARLY_HINTS);
    response
}

fn head_of(reply: &Reply) -> Response<()> {
    let mut response = interim(reply.status);
    *response.headers_mut() = fields(&reply.headers);
    if let Some(length) = reply.body.content_length().filter(|_| reply.may_announce_length()) {
        response.headers_mut().insert(http::header::CONTENT_LENGTH, length.into());
    }
    response
}

/// RFC 9113 8.2.2: "An endpoint MUST NOT generate an HTTP/2 message containing connection-specific header
/// fields." What cannot be sent is left out.
fn fields(list: &[(String, Vec<u8>)]) -> HeaderMap {
    let allowed = list.iter().filter(|(name, _)| {
        let specific = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];
        !specific.iter().any(|forbidden| name.eq_ignore_ascii_case(forbidden))
    });
    let parsed = allowed.filter_map(|(name, value)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value).ok()?))
    });
    let mut map = HeaderMap::new();
    for (name, value) in parsed {
        map.append(name, value);
    }
    map
}

async fn send_content(stream: &mut SendStream<Bytes>, reply: &Reply) -> Result<(), Gone> {
    let trailers = !reply.trailers.is_empty();
    match &reply.body {
        Body::Full(bytes) => send_data(stream, bytes.clone(), !trailers).await?,
        Body::Pattern { total, piece, interval, .. } => {
            let mut sent = 0;
            while sent < *total {
                let left = *total - sent;
                let bytes = replies::pattern(sent, (*piece).min(left));
                sent += bytes.len() as u64;
                send_data(stream, bytes, sent == *total && !trailers).await?;
                if !interval.is_zero() && sent < *total {
                    pause(*interval, |context| stream.poll_reset(context)).await?;
                }
            }
        }
    }
    if trailers {
        stream.send_trailers(fields(&reply.trailers))?;
    }
    Ok(())
}

/// Sends as the client's windows allow.
async fn send_data(stream: &mut SendStream<Bytes>, mut bytes: Bytes, end: bool) -> Result<(), Gone> {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        let Some(capacity) = poll_fn(|context| stream.poll_capacity(context)).await else {
            return pause(Duration::MAX / 4, |context| stream.poll_reset(context)).await;
        };
        let part = bytes.split_to(capacity?.min(bytes.len()));
        if !part.is_empty() {
            stream.send_data(part, end && bytes.is_empty())?;
        }
    }
    Ok(())
}
