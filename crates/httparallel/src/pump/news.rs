//! Which streams have news, so that nobody has to ask them all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

use parking_lot::Mutex;

/// The streams that `h2` has woken since somebody looked. Clones share one list.
#[derive(Clone, Debug, Default)]
pub(super) struct News(Arc<Mutex<Vec<Arc<Listed>>>>);

impl News {
    /// What `h2` wakes when there is something to know about a stream.
    pub(super) fn waker(&self, id: u32) -> Waker {
        let stream = Arc::new(Listed { id, is_listed: AtomicBool::new(false) });
        Waker::from(Arc::new(Lister { stream, news: self.clone() }))
    }

    /// Takes out the numbers of the streams.
    pub(super) fn take(&self) -> Vec<u32> {
        let listed = std::mem::take(&mut *self.0.lock());
        let unlisted = |stream: Arc<Listed>| {
            stream.is_listed.store(false, Ordering::Relaxed);
            stream.id
        };
        listed.into_iter().map(unlisted).collect()
    }
}

#[derive(Debug)]
struct Listed {
    id: u32,
    is_listed: AtomicBool,
}

struct Lister {
    stream: Arc<Listed>,
    news: News,
}

impl Wake for Lister {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Once in the list is enough.
        if !self.stream.is_listed.swap(true, Ordering::Relaxed) {
            self.news.0.lock().push(self.stream.clone());
        }
    }
}
