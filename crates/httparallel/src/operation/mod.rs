//! One request on its way: what it asks for, what has arrived, who is told.
//!
//! ```text
//!   new ─► queued ─► on a connection ─► head ─► body ─► over
//!            ▲  └───────────┴── cancelled, failed ──────►│
//!            └── redirect, lost connection, retry ───────┘
//! ```
//!
//! An operation is shared by its owner and by the connection that serves it. Connections report through
//! `on_head`, `on_body` and `complete`; they never call the owner while they hold a lock.

mod admission;
mod again;
mod body;
mod events;
mod kept;
mod outcome;
mod owner;
mod room;
mod state;
mod timings;
mod wait;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use httparallel_proto::decode::Guard;
use httparallel_proto::fetch::{Attempts, Fetch, Policy, Request, Retries};
use httparallel_proto::h1::ResponseHead;
use httparallel_proto::pool::Lane;
use httparallel_proto::{Error, Headers, Result, Timeouts, Url};
use parking_lot::Mutex;

pub(crate) use body::Pulled;
pub use body::Upload;
pub(crate) use kept::Kept;
pub(crate) use outcome::Attempt;
pub use room::Room;
pub(crate) use room::{Answer, Filling, Lodging};
pub(crate) use state::{Granted, OpState};
pub(crate) use timings::{Answered, Opening};
pub use timings::{Course, Timings};
pub use wait::Interrupted;
pub(crate) use wait::ThreadNotifier;

use crate::completion::Listener;
use crate::engine::{BlockLink, Shared};
use crate::pace::Pace;

/// How much of a streamed body is held for its reader before the connection stops reading.
const STREAM_BUFFER: usize = 256 * 1024;

/// What is read of a streamed body at once. Memory of this size is used again, whoever allocates it; pieces twice as
/// large come from the system page by page, and go back to it, which costs more than to make twice as many.
pub(crate) const PIECE: usize = 64 * 1024;

/// How much of a body that nobody wants is read, so that its connection can be used again.
pub(crate) const UNWANTED_BYTES: usize = 64 * 1024;

/// How long that may take. The wait for the next attempt goes on meanwhile.
pub(crate) const UNWANTED_TIME: Duration = Duration::from_millis(250);

/// When an operation counts as ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// When the whole body is there.
    #[default]
    Buffered,
    /// When the head is there; the body is taken piece by piece, and read from the network only as fast.
    Streaming,
}

/// How a request is carried out.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Time limits.
    pub timeouts: Timeouts,
    /// Redirects.
    pub policy: Policy,
    /// What is sent again, and out of which budget. Default: nothing but what was lost with an idle connection.
    pub retries: Option<Arc<Retries>>,
    /// How large bodies may become, those of redirects included.
    pub guard: Guard,
    /// What each attempt waits for before it asks for a connection.
    pub pace: Option<Pace>,
    /// Whether the body is gathered or streamed.
    pub mode: Mode,
    /// Whether the caller will block in [`Operation::wait`] and may drive the connection itself, which is
    /// faster than a hand-over to the I/O thread when nothing else happens meanwhile.
    pub blocking: bool,
    /// Whether the caller answers when the operation asks for room for a large body:
    /// [`Operation::give_room`]. Otherwise the engine has memory of its own for it.
    pub gives_room: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let (timeouts, policy, guard) = (Timeouts::default(), Policy::default(), Guard::default());
        let mode = Mode::Buffered;
        Self { timeouts, policy, retries: None, guard, pace: None, mode, blocking: false, gives_room: false }
    }
}

/// The head of a response.
#[derive(Clone, Debug)]
pub struct Head {
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`.
    pub version: &'static str,
    /// The status code.
    pub status: u16,
    /// The reason phrase; empty for HTTP/2.
    pub reason: Bytes,
    /// The header fields.
    pub headers: Headers,
    /// The stream it came on, for HTTP/2.
    pub stream_id: Option<u32>,
}

impl From<ResponseHead> for Head {
    fn from(head: ResponseHead) -> Self {
        let version = match head.version {
            httparallel_proto::h1::Version::Http10 => "HTTP/1.0",
            httparallel_proto::h1::Version::Http11 => "HTTP/1.1",
        };
        Self { version, status: head.status, reason: head.reason, headers: head.headers, stream_id: None }
    }
}

/// A response that was redirected: its request, head and body.
#[derive(Clone, Debug)]
pub struct Hop {
    /// The request it answered.
    pub request: Arc<Request>,
    /// Its head.
    pub head: Arc<Head>,
    /// Its body as sent, in pieces.
    pub body: Vec<Bytes>,
    /// From the start of the request to the end of this response.
    pub elapsed: Duration,
    /// How long its parts took, to be worked out.
    pub course: Course,
}

/// A request and its response, taken from an operation in one step.
#[derive(Debug)]
#[non_exhaustive]
pub struct Exchange {
    /// The request of the last hop, as sent.
    pub request: Arc<Request>,
    /// The response's head.
    pub head: Arc<Head>,
    /// The whole body as sent, in pieces; empty if it is streamed.
    pub body: Vec<Bytes>,
    /// The room that its owner gave, if the body is in there, and not in pieces.
    pub room: Option<Box<dyn Room>>,
    /// The responses that were redirected on the way.
    pub history: Vec<Hop>,
    /// See [`Operation::elapsed`].
    pub elapsed: Duration,
    /// What [`Operation::timings`] is worked out from.
    pub course: Course,
}

/// A request on its way, and then its response.
///
/// Dropping it does not cancel it; [`cancel`](Self::cancel) does.
#[derive(Clone, Debug)]
pub struct Operation(pub(crate) Arc<Op>);

#[derive(Debug)]
pub(crate) struct Op {
    pub(crate) shared: Arc<Shared>,
    pub(crate) settings: Settings,
    pub(crate) block: Option<BlockLink>,
    pub(crate) upload: Option<Arc<Upload>>,
    /// When its turn came; until then no time limit runs.
    started: OnceLock<Instant>,
    pub(crate) state: Mutex<OpState>,
}

impl Op {
    pub(crate) fn new(
        shared: Arc<Shared>,
        request: Request,
        settings: Settings,
        upload: Option<Arc<Upload>>,
        block: Option<BlockLink>,
    ) -> Arc<Self> {
        let attempts = settings.retries.clone().map(Attempts::new);
        let state = Mutex::new(OpState::new(request, Fetch::new(settings.policy.clone(), attempts)));
        Arc::new(Self { shared, settings, block, upload, started: OnceLock::new(), state })
    }

    /// When it was started, or now.
    pub(crate) fn started(&self) -> Instant {
        *self.started.get_or_init(Instant::now)
    }

    fn elapsed(&self, ended: Option<Instant>) -> Duration {
        ended.unwrap_or_else(Instant::now).saturating_duration_since(self.started())
    }

    /// When its total time is up.
    pub(crate) fn total(&self) -> Option<Instant> {
        let total = self.settings.timeouts.total?;
        self.started().checked_add(total)
    }

    pub(crate) fn lane(&self) -> Lane {
        // A produced body goes on while its producer, not the waiting thread, makes progress.
        if self.settings.blocking && self.upload.is_none() { Lane::Detached } else { Lane::Attached }
    }
}

impl Operation {
    /// Whether the response is ready to be taken: complete, or for a streamed one its head. Failed and
    /// cancelled operations are ready.
    pub fn is_ready(&self) -> bool {
        self.0.is_ready()
    }

    /// Whether nothing more will happen.
    pub fn is_over(&self) -> bool {
        self.0.state.lock().outcome.is_some()
    }

    /// Names who is told, once, when the operation becomes ready, or asks for room. Returns `false`, telling nobody,
    /// if that is so already.
    pub fn listen(&self, listener: Listener) -> bool {
        self.0.listen(listener)
    }

    /// The outcome of a ready operation: its response's head, or its error.
    pub fn head(&self) -> Result<Arc<Head>> {
        self.0.head()
    }

    /// Everything about a ready operation's response, or its error. What it gives is taken out of the operation:
    /// body and history come once. The body of a streamed response stays, for [`take_body`](Self::take_body).
    pub fn take_exchange(&self) -> Result<Exchange> {
        self.0.take_exchange()
    }

    /// The request of the last hop, as sent.
    pub fn request(&self) -> Arc<Request> {
        self.0.state.lock().request.clone()
    }

    /// The URL of the last hop.
    pub fn url(&self) -> Url {
        self.0.state.lock().request.url.clone()
    }

    /// How large its bodies may become when they are decoded.
    pub fn guard(&self) -> Guard {
        self.0.settings.guard
    }

    /// The responses that were redirected on the way.
    pub fn take_history(&self) -> Vec<Hop> {
        std::mem::take(&mut self.0.state.lock().history)
    }

    /// From the start, in a block its turn, to the end of the response, or to now.
    pub fn elapsed(&self) -> Duration {
        let ended = self.0.state.lock().ended;
        self.0.elapsed(ended)
    }

    /// How long the parts of the last hop took so far; those of the others are in
    /// [`take_history`](Self::take_history).
    pub fn timings(&self) -> Timings {
        self.course().timings()
    }

    /// What [`timings`](Self::timings) is worked out from.
    pub fn course(&self) -> Course {
        self.0.state.lock().course()
    }

    /// Takes what has arrived of the body, in pieces. `Ok(None)` when all of it was taken.
    ///
    /// An empty list means that more is to come: [`listen_body`](Self::listen_body), then call again.
    pub fn take_body(&self) -> Result<Option<Vec<Bytes>>> {
        self.0.take_body(usize::MAX)
    }

    /// [`take_body`](Self::take_body) for one `bytes` of Python: pieces of at most 64 KiB together, or a single one.
    pub fn take_piece(&self) -> Result<Option<Vec<Bytes>>> {
        self.0.take_body(PIECE)
    }

    /// Names who is told, once, when more of the body has arrived. Returns `false` if there is something.
    pub fn listen_body(&self, listener: Listener) -> bool {
        self.0.listen_body(listener)
    }

    /// Wakes who is still to be woken with the task that asks: it runs already.
    pub(crate) fn help_to_wake(&self) {
        self.0.shared.io.sleepers().help();
    }

    /// Gives the request up: a queued one leaves the queue, on HTTP/1.1 the connection is closed (unless
    /// nothing was sent), on HTTP/2 the stream is reset and the connection goes on. Its place in the pool is
    /// free when this returns. An operation that is over stays as it is, and so does one that was started
    /// before this process forked: it is the parent's.
    pub fn cancel(&self) {
        if self.0.shared.is_foreign() {
            return;
        }
        self.0.cancel(Error::new(
            httparallel_proto::Kind::Cancelled,
            httparallel_proto::Phase::Total,
            "the request was cancelled",
        ));
    }
}
