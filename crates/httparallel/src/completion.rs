//! How whoever waits for an operation is told: a waker, or a token in a queue with a file descriptor.
//!
//! A [`CompletionQueue`] gathers tokens from any thread and makes its file descriptor readable. However
//! many tokens gather before the reader drains them, the descriptor is written once: one wake-up, one
//! drain, one batch.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

use parking_lot::Mutex;

use crate::net::{Waited, wait_readable};
use crate::operation::Interrupted;
use crate::sleepers::Sleeper;
use crate::wakes::wake;

/// A file descriptor that one thread makes readable to wake another one.
#[derive(Debug)]
pub struct Notifier {
    read: OwnedFd,
    /// The writing end, where the system has no `eventfd`.
    #[cfg(not(target_os = "linux"))]
    write: OwnedFd,
}

impl Notifier {
    /// A descriptor that is not readable yet. Fails if the process has no descriptors left.
    pub fn new() -> std::io::Result<Self> {
        #[cfg(target_os = "linux")]
        {
            use rustix::event::{EventfdFlags, eventfd};
            Ok(Self { read: eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)? })
        }
        #[cfg(not(target_os = "linux"))]
        {
            let (read, write) = rustix::pipe::pipe()?;
            for end in [&read, &write] {
                rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC)?;
                rustix::io::ioctl_fionbio(end, true)?;
            }
            Ok(Self { read, write })
        }
    }

    /// Makes the descriptor readable.
    pub fn notify(&self) {
        #[cfg(target_os = "linux")]
        let end = &self.read;
        #[cfg(not(target_os = "linux"))]
        let end = &self.write;
        // A full counter or pipe means that the descriptor is readable already.
        let _ = rustix::io::write(end, &1u64.to_ne_bytes());
    }

    /// Blocks until it is notified. `interrupt` is asked from time to time, and whenever a signal arrives; its
    /// `Err` ends the wait.
    pub fn wait(&self, interrupt: &mut dyn FnMut() -> Result<(), ()>) -> Result<(), Interrupted> {
        match wait_readable(&self.read, None, interrupt) {
            Waited::Interrupted => Err(Interrupted),
            _ => Ok(()),
        }
    }

    /// Makes the descriptor unreadable until the next [`notify`](Self::notify).
    pub fn clear(&self) {
        let mut buffer = [0u8; 64];
        // The descriptor is non-blocking: nothing to read is an error that means it is clear.
        while rustix::io::read(&self.read, &mut buffer).is_ok_and(|read| read == buffer.len()) {}
    }
}

impl AsFd for Notifier {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }
}

impl AsRawFd for Notifier {
    fn as_raw_fd(&self) -> RawFd {
        self.read.as_raw_fd()
    }
}

/// Tokens of finished operations, for one reader: an event loop, or a thread in `poll(2)`.
#[derive(Debug)]
pub struct CompletionQueue {
    notifier: Notifier,
    notified: AtomicBool,
    tokens: Mutex<Vec<u64>>,
}

impl CompletionQueue {
    /// An empty queue. Fails if the process has no descriptors left.
    pub fn new() -> std::io::Result<Self> {
        let notifier = Notifier::new()?;
        Ok(Self { notifier, notified: AtomicBool::new(false), tokens: Mutex::new(Vec::new()) })
    }

    /// The descriptor that is readable while there are tokens.
    pub fn notifier(&self) -> &Notifier {
        &self.notifier
    }

    /// Adds a token; wakes the reader if it has not been woken since its last drain.
    pub fn push(self: &Arc<Self>, token: u64) {
        self.tokens.lock().push(token);
        if !self.notified.swap(true, Ordering::AcqRel) {
            wake(Sleeper::Reader(self.clone()));
        }
    }

    /// Takes all tokens, in the order they came.
    pub fn drain(&self, into: &mut Vec<u64>) {
        // Always: the reader may be told late of tokens that it has taken already.
        self.notifier.clear();
        // Cleared before the tokens are taken: one that comes in between wakes the reader again.
        self.notified.store(false, Ordering::Release);
        into.append(&mut self.tokens.lock());
    }
}

/// Who is told, once, about the next event of an operation.
#[derive(Clone, Debug, Default)]
pub enum Listener {
    /// Nobody.
    #[default]
    Nobody,
    /// A Rust task.
    Waker(Waker),
    /// A token in a queue.
    Queue(Arc<CompletionQueue>, u64),
    /// A thread that waits in `poll(2)`.
    Thread(Arc<Notifier>),
    /// Several, who wait for the same thing.
    Several(Vec<Listener>),
}

impl Listener {
    /// Adds one who waits for the same thing.
    pub(crate) fn add(&mut self, other: Self) {
        *self = match std::mem::take(self) {
            Self::Nobody => other,
            Self::Several(mut listeners) => {
                listeners.push(other);
                Self::Several(listeners)
            }
            one => Self::Several(vec![one, other]),
        };
    }

    /// Tells.
    pub fn notify(self) {
        match self {
            Self::Nobody => {}
            Self::Waker(waker) => wake(Sleeper::Task(waker)),
            Self::Queue(queue, token) => queue.push(token),
            Self::Thread(notifier) => wake(Sleeper::Thread(notifier)),
            Self::Several(listeners) => listeners.into_iter().for_each(Self::notify),
        }
    }
}
