//! Requests that a mock transport answers, in place of connections.

use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use httparallel_proto::Result;
use httparallel_proto::fetch::{Content, Request};
use httparallel_proto::h1::{RequestBody, RequestFraming};
use tokio::sync::Notify;

use super::admission::Awaited;
use super::shared::{Shared, complete};
use crate::mock::MockTransport;
use crate::operation::{Answered, Attempt, Op, Upload};
use crate::panics::caught_in;

/// A client's mock transport.
#[derive(Debug)]
pub(super) struct Mock {
    transport: MockTransport,
    /// Told when the client is closed.
    pub(super) closing: Notify,
}

impl Mock {
    pub(super) fn new(transport: MockTransport) -> Self {
        Self { transport, closing: Notify::new() }
    }
}

impl Shared {
    /// Has the client's mock transport answer an operation.
    pub(super) fn answer(self: &Arc<Self>, op: &Arc<Op>) {
        let given_up = Arc::new(Notify::new());
        if !op.waits_for(Awaited::Answer(given_up.clone())) {
            return;
        }
        let mut unanswered = Unanswered(Some(op.clone()));
        self.io.handle().spawn(async move {
            let Some(op) = unanswered.0.clone() else { return };
            let attempt = op.shared.attempt(&op, &given_up).await;
            // What comes of it may be another attempt.
            unanswered.0.take();
            if let Some(attempt) = attempt {
                complete(&op, attempt);
            }
        });
    }

    /// Asks for an answer, and delivers it. `None` if the operation is over meanwhile.
    async fn attempt(&self, op: &Arc<Op>, given_up: &Notify) -> Option<Attempt> {
        let mock = self.mock.as_ref()?;
        // Closing sets the flag, and then tells who listens.
        let closing = mock.closing.notified();
        if let Err(error) = self.check_open() {
            return Some(Attempt::Failed(error));
        }
        let delivered = caught_in(deliver(op, &mock.transport));
        tokio::select! {
            biased;
            () = given_up.notified() => None,
            () = closing => Some(Attempt::Failed(self.why_closed())),
            delivered = delivered => match delivered.and_then(|delivered| delivered) {
                Ok(()) => Some(Attempt::Done),
                Err(error) => Some(Attempt::Failed(error)),
            },
        }
    }
}

async fn deliver(op: &Arc<Op>, transport: &MockTransport) -> Result<()> {
    let request = op.state.lock().request.clone();
    let request = complete_request(&request, op.upload.as_deref()).await?;
    let method = request.method.clone();
    let sent = Instant::now();
    let (head, body, failure) = transport.answer(request).await?.into_parts()?;
    let has_content = method.is_answered_with_content(head.status);
    let answered = Answered { given: None, sent: Some(sent), at: Instant::now() };
    if op.on_head(head, answered)? && has_content {
        // Whoever reads slowly need not be waited for: all of it is in memory anyway.
        body.into_iter().try_for_each(|piece| op.on_body(piece).map(drop))?;
    }
    failure.map_or(Ok(()), Err)
}

/// The request with all of its content.
async fn complete_request(request: &Request, upload: Option<&Upload>) -> Result<Request> {
    let content = match (&request.content, upload) {
        (Content::Stream, Some(upload)) => Content::Bytes(collect(request, upload).await?.freeze()),
        (content, _) => content.clone(),
    };
    // What a client remembers is its own.
    Ok(Request { content, memory: None, ..request.clone() })
}

/// The content that is produced while it is sent. Fails if it has another length than the head says.
async fn collect(request: &Request, upload: &Upload) -> Result<BytesMut> {
    let announced = RequestFraming::of_headers(&request.headers)?;
    // Without a length it would go in chunks, which a handler does not see.
    let mut counted = matches!(announced, RequestFraming::Length(_)).then(|| RequestBody::new(announced));
    let mut content = BytesMut::new();
    while let Some(piece) = upload.next().await {
        match &mut counted {
            Some(body) => body.encode(&mut content, &piece)?,
            None => content.extend_from_slice(&piece),
        }
    }
    counted.map_or(Ok(()), |mut body| body.finish(&mut content))?;
    Ok(content)
}

/// An operation whose answer is on its way. If its task is dropped before, with the I/O thread, nobody else would
/// end it.
struct Unanswered(Option<Arc<Op>>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        if let Some(op) = self.0.take() {
            op.cancel(op.shared.why_closed());
        }
    }
}
