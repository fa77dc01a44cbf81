//! Content that is read while it is sent.
//!
//! Whoever can wait reads it: the calling thread of a blocking request, the future of an async one, and for all
//! that can do neither, a thread that is started when the request has its connection.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use httparallel_proto::{Error, Kind, Phase, Result};
use parking_lot::Mutex;

use super::wait::{Relay, block_on};
use crate::panics::caught;
use crate::{Listener, Operation, Upload};

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// What a reader of the caller's says went wrong.
type Failure = Box<dyn std::error::Error + Send + Sync>;

type BoxRead = Box<dyn Read + Send>;
type BoxStream = Pin<Box<dyn Stream<Item = Result<Bytes, Failure>> + Send>>;

/// The content of a request in the making.
pub(super) enum Payload {
    Empty,
    Bytes(Bytes),
    /// What is read while it is sent, and its length if that is known.
    Source(Source, Option<u64>),
}

/// Where content comes from that is not at hand. The locks, which nobody ever waits for, make it `Sync`.
pub(super) enum Source {
    Read(Mutex<BoxRead>),
    Stream(Mutex<BoxStream>),
}

impl Source {
    pub(super) fn reader(reader: impl Read + Send + 'static) -> Self {
        Self::Read(Mutex::new(Box::new(reader)))
    }

    pub(super) fn stream<S, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<Failure>,
    {
        Self::Stream(Mutex::new(Box::pin(Boxed(Box::pin(stream)))))
    }

    /// Has it read by a thread of its own, for a request that nobody waits for yet.
    ///
    /// Fails for a stream, which only the task that owns it can read.
    pub(super) fn detach(self) -> Result<Detached> {
        match self {
            Self::Read(reader) => Ok(Detached(reader)),
            Self::Stream(_) => Err(Error::invalid_request(
                "A stream as content cannot be sent in a parallel block: give it a reader, or bytes",
            )),
        }
    }
}

/// A stream whose errors are boxed.
struct Boxed<S>(Pin<Box<S>>);

impl<S: Stream<Item = Result<Bytes, E>>, E: Into<Failure>> Stream for Boxed<S> {
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context).map(|item| item.map(|item| item.map_err(Into::into)))
    }
}

/// Reads all content on this thread, as fast as it is sent, until the end or the request's.
pub(super) fn read(reader: &Mutex<BoxRead>, upload: &Upload, operation: &Operation) {
    let mut reader = reader.lock();
    let read = caught(|| -> io::Result<()> {
        while let Some(piece) = next_piece(&mut **reader)? {
            if !upload.push(piece) {
                return Ok(());
            }
            wait_for_room(upload);
        }
        upload.end();
        Ok(())
    });
    match read {
        Ok(Ok(())) => {}
        Ok(Err(error)) => fail(operation, error.into()),
        Err(panic) => operation.0.cancel(panic),
    }
}

/// A reader that a thread of its own will read.
pub(super) struct Detached(pub(super) Mutex<BoxRead>);

impl Detached {
    /// Starts the thread as soon as the content is wanted.
    pub(super) fn attend(self, upload: &Arc<Upload>, operation: &Operation) {
        let job = Job { reader: self.0, upload: upload.clone(), operation: operation.clone() };
        let starter = Arc::new(Starter(Mutex::new(Some(job))));
        if !upload.listen_wanted(Listener::Waker(Waker::from(starter.clone()))) {
            starter.wake();
        }
    }
}

struct Job {
    reader: Mutex<BoxRead>,
    upload: Arc<Upload>,
    operation: Operation,
}

/// Starts the thread when it is woken: so there are no more of them than requests with a connection.
struct Starter(Mutex<Option<Job>>);

impl Wake for Starter {
    fn wake(self: Arc<Self>) {
        let Some(job) = self.0.lock().take() else { return };
        let operation = job.operation.clone();
        let run = move || read(&job.reader, &job.upload, &job.operation);
        let thread = std::thread::Builder::new().name("httparallel-upload".to_owned());
        if let Err(error) = thread.spawn(run) {
            // Later: who wakes is the connection, which has to do with the end of the request, too.
            let io = operation.0.shared.io.handle().clone();
            io.spawn(async move { fail(&operation, error.into()) });
        }
    }
}

fn next_piece(reader: &mut dyn Read) -> io::Result<Option<Bytes>> {
    let mut piece = BytesMut::zeroed(CHUNK);
    let length = loop {
        match reader.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    // A short piece must not keep a whole buffer.
    let is_short = length < CHUNK / 4;
    piece.truncate(length);
    let piece = if is_short { Bytes::copy_from_slice(&piece) } else { piece.freeze() };
    Ok(Some(piece).filter(|piece| !piece.is_empty()))
}

fn wait_for_room(upload: &Upload) {
    let mut relay = Relay::default();
    block_on(poll_fn(|context| relay.poll(context, |listener| upload.listen(listener))));
}

/// A stream that is sent by whoever polls for the response.
pub(super) struct Feed {
    stream: Mutex<BoxStream>,
    upload: Arc<Upload>,
    relay: Relay,
}

impl Feed {
    pub(super) fn new(stream: Mutex<BoxStream>, upload: Arc<Upload>) -> Self {
        Self { stream, upload, relay: Relay::default() }
    }

    /// Sends what the stream has and the connection takes. Ready when there is nothing more to do.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, operation: &Operation) -> Poll<()> {
        loop {
            ready!(self.relay.poll(context, |listener| self.upload.listen(listener)));
            match ready!(self.stream.get_mut().as_mut().poll_next(context)) {
                Some(Ok(piece)) => {
                    if !self.upload.push(piece) {
                        return Poll::Ready(());
                    }
                }
                Some(Err(error)) => {
                    fail(operation, error);
                    return Poll::Ready(());
                }
                None => {
                    self.upload.end();
                    return Poll::Ready(());
                }
            }
        }
    }
}

/// Ends a request whose content cannot be had.
fn fail(operation: &Operation, error: Failure) {
    let message = "The content of the request could not be read";
    operation
        .0
        .cancel(Error::new(Kind::InvalidRequest, Phase::Write, message).with_source(Unreadable(error)));
}

/// A boxed error as a cause.
#[derive(Debug)]
struct Unreadable(Failure);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Unreadable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
