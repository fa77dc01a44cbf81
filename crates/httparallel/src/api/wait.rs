//! From the engine's listeners to futures, and from futures to blocked threads, without any runtime.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::{Condvar, Mutex};

use crate::Listener;

/// Stands between a listener, which is told once, and a task, which may poll any number of times with any
/// number of wakers: the engine knows one listener at a time, and the last waker is woken.
#[derive(Default)]
pub(super) struct Relay(Option<Arc<Slot>>);

#[derive(Default)]
struct Slot(Mutex<Option<Waker>>);

impl Wake for Slot {
    fn wake(self: Arc<Self>) {
        let waker = self.0.lock().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Relay {
    /// Pending until the listener given to `listen` was told, or at once ready if `listen` returns `false`.
    ///
    /// After a wake-up the caller looks again; there may be nothing to see.
    pub(super) fn poll(&mut self, context: &Context<'_>, listen: impl FnOnce(Listener) -> bool) -> Poll<()> {
        let slot = self.0.get_or_insert_default();
        // A waker in the slot means that the listener has not been told yet. What is told from here on wakes
        // the new waker; what was told before has emptied the slot.
        let is_listening = slot.0.lock().replace(context.waker().clone()).is_some();
        if is_listening || listen(Listener::Waker(Waker::from(slot.clone()))) {
            return Poll::Pending;
        }
        slot.0.lock().take();
        Poll::Ready(())
    }
}

/// Wakes the one thread that waits. A thread's own `park` would do, but would swallow wake-ups that the
/// caller's code sends to the same thread.
#[derive(Default)]
struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.rung.lock() = true;
        self.changed.notify_one();
    }
}

/// Blocks until the future is done. The future must be woken from another thread, as those of this crate
/// are.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(bell.clone());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        let mut rung = bell.rung.lock();
        while !*rung {
            bell.changed.wait(&mut rung);
        }
        *rung = false;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Woken {
        fn times(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn many_polls_listen_once_and_the_last_waker_is_woken() {
        let (first, last) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
        let mut relay = Relay::default();
        let mut listeners = Vec::new();
        for woken in [&first, &first, &last] {
            let waker = Waker::from(woken.clone());
            let polled = relay.poll(&Context::from_waker(&waker), |listener| {
                listeners.push(listener);
                true
            });
            assert!(polled.is_pending());
        }
        assert_eq!(listeners.len(), 1);
        listeners.remove(0).notify();
        assert_eq!((first.times(), last.times()), (0, 1));
    }

    #[test]
    fn a_poll_after_the_wake_up_looks_again() {
        let waker = Waker::from(Arc::new(Woken::default()));
        let context = Context::from_waker(&waker);
        let mut relay = Relay::default();
        let polled = relay.poll(&context, |listener| {
            listener.notify();
            true
        });
        assert!(polled.is_pending());
        assert!(relay.poll(&context, |_| false).is_ready());
        assert!(relay.poll(&context, |_| true).is_pending());
    }

    #[test]
    fn blocks_until_another_thread_wakes_it() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || sender.send(7));
        assert_eq!(block_on(receiver), Ok(7));
        assert_eq!(thread.join().ok(), Some(Ok(())));
    }
}
