//! Raw bytes by script: servers that misbehave in ways no route can.
//!
//! A [`Script`] is what one connection sees, step by step; a [`ScriptedServer`] plays it. After the last step
//! the connection is closed. A peer that ends the connection ends its script.

mod connection;
mod player;
mod server;
mod text;

use std::time::Duration;

pub use server::{ScriptedServer, Transport};
pub(crate) use text::Description;

/// The steps of one connection.
///
/// ```
/// use httparallel_testserver::{Script, ScriptedServer};
///
/// let truncated = Script::new()
///     .expect_request()
///     .send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
///     .close();
/// let server = ScriptedServer::start(truncated)?;
/// assert_eq!(server.received().len(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    steps: Vec<Step>,
    forever: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    ExpectHead,
    ExpectRequest,
    ExpectBytes(usize),
    ExpectFrame(u8),
    ReadToEnd,
    Send(Vec<u8>),
    SendRepeated(Vec<u8>, u64),
    SendSlowly(Vec<u8>, Duration),
    Pause(Duration),
    Wait(String),
    Finish,
    Close,
    Cut,
    Reset,
    Hang,
}

impl Script {
    /// A script without steps: the connection is accepted and closed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a request's head, up to and including its empty line.
    #[must_use]
    pub fn expect_head(self) -> Self {
        self.then(Step::ExpectHead)
    }

    /// Reads a whole request: its head, and its body by `Content-Length` or chunks.
    #[must_use]
    pub fn expect_request(self) -> Self {
        self.then(Step::ExpectRequest)
    }

    /// Reads so many bytes. The HTTP/2 connection preface has 24.
    #[must_use]
    pub fn expect_bytes(self, count: usize) -> Self {
        self.then(Step::ExpectBytes(count))
    }

    /// Reads HTTP/2 frames up to and including the next one of this type.
    #[must_use]
    pub fn expect_frame(self, kind: u8) -> Self {
        self.then(Step::ExpectFrame(kind))
    }

    /// Reads until the peer ends its side.
    #[must_use]
    pub fn read_to_end(self) -> Self {
        self.then(Step::ReadToEnd)
    }

    /// Sends these bytes in one write.
    #[must_use]
    pub fn send(self, bytes: impl AsRef<[u8]>) -> Self {
        self.then(Step::Send(bytes.as_ref().to_vec()))
    }

    /// Sends these bytes so many times, as fast as they are taken.
    #[must_use]
    pub fn send_repeated(self, bytes: impl AsRef<[u8]>, times: u64) -> Self {
        self.then(Step::SendRepeated(bytes.as_ref().to_vec(), times))
    }

    /// Sends one byte at a time, waiting before each but the first.
    #[must_use]
    pub fn send_slowly(self, bytes: impl AsRef<[u8]>, each: Duration) -> Self {
        self.then(Step::SendSlowly(bytes.as_ref().to_vec(), each))
    }

    /// Sends one HTTP/2 frame: RFC 9113 4.1, with the length filled in.
    #[must_use]
    pub fn send_frame(self, kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Self {
        let payload = payload.as_ref();
        let length = u32::try_from(payload.len()).unwrap_or(0).to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(payload);
        self.send(frame)
    }

    /// Waits for this time.
    #[must_use]
    pub fn pause(self, duration: Duration) -> Self {
        self.then(Step::Pause(duration))
    }

    /// Waits until [`ScriptedServer::signal`] has been called with this name. Signals are remembered.
    #[must_use]
    pub fn wait(self, signal: impl Into<String>) -> Self {
        self.then(Step::Wait(signal.into()))
    }

    /// Ends the server's side of the stream and goes on with the script.
    #[must_use]
    pub fn finish(self) -> Self {
        self.then(Step::Finish)
    }

    /// Closes the connection; with TLS, after `close_notify`.
    #[must_use]
    pub fn close(self) -> Self {
        self.then(Step::Close)
    }

    /// Closes the connection; with TLS, without `close_notify`.
    #[must_use]
    pub fn cut(self) -> Self {
        self.then(Step::Cut)
    }

    /// Resets the connection: the peer sees "connection reset" instead of an end.
    #[must_use]
    pub fn reset(self) -> Self {
        self.then(Step::Reset)
    }

    /// Reads and never answers, until the peer leaves.
    #[must_use]
    pub fn hang(self) -> Self {
        self.then(Step::Hang)
    }

    /// Begins again after the last step, on the same connection, instead of closing it.
    #[must_use]
    pub fn forever(mut self) -> Self {
        self.forever = true;
        self
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}
