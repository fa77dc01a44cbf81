//! The I/O thread's side of a connection: a task that waits for its socket and its time limit.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::time::Sleep;

use super::attached::{Attached, Inner};
use super::connection::Ended;
use crate::engine::{Closed, Shared};
use crate::net::Watched;
use crate::panics::caught;

/// The I/O thread's side of a connection.
pub(super) struct Task {
    pub(super) attached: Arc<Attached>,
    pub(super) shared: Arc<Shared>,
    pub(super) ready: Watched,
    pub(super) sleep: Pin<Box<Sleep>>,
}

/// What a look at the connection found.
enum Found {
    /// Nothing to do until something happens.
    Nothing,
    /// An exchange is over.
    Ended(Ended),
    /// There is more to do at once.
    Again,
    /// There is more to do in the next round.
    Later,
    /// The idle connection died.
    Died,
    /// The connection was closed.
    Closed,
}

impl Future for Task {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        caught(|| this.run(cx)).unwrap_or_else(|error| {
            this.attached.give_up(&this.shared, error);
            Poll::Ready(())
        })
    }
}

impl Task {
    fn run(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut now = Instant::now();
        loop {
            match self.look(cx, now) {
                Found::Nothing => return Poll::Pending,
                Found::Again => now = Instant::now(),
                Found::Later => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Found::Ended(ended) => {
                    let op = ended.op.clone();
                    if let Err(error) = caught(|| self.attached.finish(ended)) {
                        self.attached.give_up(&self.shared, error.clone());
                        op.cancel(error);
                        return Poll::Ready(());
                    }
                }
                Found::Closed => return Poll::Ready(()),
                Found::Died => {
                    self.shared.release(self.attached.id, None, Err(Closed::Stale));
                    return Poll::Ready(());
                }
            }
        }
    }

    fn look(&mut self, cx: &mut Context<'_>, now: Instant) -> Found {
        let mut inner = self.attached.inner.lock();
        if !inner.task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            inner.task = Some(cx.waker().clone());
        }
        let Some(connection) = &mut inner.connection else { return Found::Closed };
        if connection.is_behind() && !connection.is_paused() {
            // What was read before the pause is delivered first; the socket may have nothing more to say.
            if let Some(ended) = connection.receive(now) {
                return Found::Ended(ended);
            }
        }
        if !connection.is_paused()
            && let Poll::Ready(ready) = self.ready.poll_read_ready(cx)
        {
            let mut ready = match ready {
                Ok(ready) => ready,
                Err(error) => return inner.unwatched(&error),
            };
            connection.readable();
            if connection.is_serving() {
                if let Some(ended) = connection.receive(now) {
                    if connection.is_drained() {
                        ready.clear_ready();
                    }
                    return Found::Ended(ended);
                }
            } else if !connection.is_fresh() {
                inner.connection = None;
                return Found::Died;
            }
            if connection.is_drained() {
                ready.clear_ready();
                return Found::Again;
            }
            if connection.asks_for_room() {
                return Found::Later;
            }
            if connection.has_more() {
                // After the others have had their turn.
                cx.waker().wake_by_ref();
            }
        }
        if let Some(upload) = connection.awaited_upload() {
            upload.set_consumer(cx.waker());
            upload.set_sender(&self.attached);
            if let Some(ended) = inner.send(now) {
                return Found::Ended(ended);
            }
        }
        if inner.wants_write()
            && let Poll::Ready(ready) = self.ready.poll_write_ready(cx)
        {
            let mut ready = match ready {
                Ok(ready) => ready,
                Err(error) => return inner.unwatched(&error),
            };
            if let Some(ended) = inner.send(now) {
                return Found::Ended(ended);
            }
            if inner.wants_write() {
                if inner.has_yielded() {
                    return Found::Later;
                }
                ready.clear_ready();
            }
            return Found::Again;
        }
        Self::watch_time(&mut self.sleep, &mut inner, cx, now)
    }

    /// Sets the timer to the connection's deadline if that is earlier; a later one waits for the timer to ring,
    /// so that a timer is set once per time limit and not once per request.
    fn watch_time(
        sleep: &mut Pin<Box<Sleep>>,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        now: Instant,
    ) -> Found {
        let Some(connection) = &mut inner.connection else { return Found::Closed };
        if let Some(ended) = connection.expire(now) {
            return Found::Ended(ended);
        }
        if let Some(deadline) = connection.deadline()
            && inner.armed.is_none_or(|armed| deadline.at < armed)
        {
            sleep.as_mut().reset(deadline.at.into());
            inner.armed = Some(deadline.at);
        }
        if inner.armed.is_some() && sleep.as_mut().poll(cx).is_ready() {
            inner.armed = None;
            return Found::Again;
        }
        Found::Nothing
    }
}

impl Inner {
    /// The socket can be watched no longer: what is served is lost, and nothing else can be served.
    fn unwatched(&mut self, error: &std::io::Error) -> Found {
        if let Some(ended) = self.connection.as_mut().and_then(|connection| connection.lose(error)) {
            return Found::Ended(ended);
        }
        self.connection = None;
        Found::Died
    }
}
