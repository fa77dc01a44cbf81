//! The I/O thread: one per process, started at the first use, and again in a forked child.
//!
//! The thread runs a single-threaded tokio runtime. It owns no Python object and blocks all signals, so
//! that they reach the threads whose business they are.
//!
//! After `fork()` the child has none of the parent's threads. A handler that touches only an atomic counts
//! generations; whoever next asks for the I/O thread finds its generation old and starts another one. The
//! old runtime is leaked, never dropped: dropping it would touch the epoll instance the parent still uses.
//!
//! [`shut_down`] is for good: no other thread is started in this process, but one may be in a forked child.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use httparallel_proto::{Error, Kind, Phase, Result};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::inbox::Inbox;
use crate::net::make_room_early;
use crate::sleepers::Sleepers;
use crate::wakes::RoundEnds;

static GENERATION: AtomicU64 = AtomicU64::new(0);
static CURRENT: AtomicPtr<IoThread> = AtomicPtr::new(std::ptr::null_mut());
/// The generation that was shut down last, which no process reaches before it is.
static SHUT_DOWN: AtomicU64 = AtomicU64::new(u64::MAX);

/// How many threads may resolve names at once.
const RESOLVER_THREADS: usize = 8;

/// The running I/O thread.
#[derive(Debug)]
pub(crate) struct IoThread {
    generation: u64,
    handle: Handle,
    inbox: Arc<Inbox>,
    sleepers: Arc<Sleepers>,
    stop: Mutex<Option<(oneshot::Sender<Ending>, JoinHandle<()>)>>,
}

impl IoThread {
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(crate) fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    pub(crate) fn sleepers(&self) -> &Sleepers {
        &self.sleepers
    }

    /// Whether what is given to it would never run.
    pub(crate) fn is_shut_down(&self) -> bool {
        SHUT_DOWN.load(Ordering::SeqCst) == self.generation
    }
}

/// The error of requests that come after [`shut_down`], or were on their way then.
pub(crate) fn exiting() -> Error {
    Error::new(Kind::Closed, Phase::Build, "the process is exiting: its I/O thread has been stopped")
}

/// Counts the forks that led to this process.
pub(crate) fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// The I/O thread of this process. Fails if it was shut down.
pub(crate) fn io_thread() -> Result<&'static IoThread> {
    if SHUT_DOWN.load(Ordering::Acquire) == generation() {
        return Err(exiting());
    }
    let current = CURRENT.load(Ordering::Acquire);
    // SAFETY: `CURRENT` holds null or a pointer from `Box::into_raw` that is never freed.
    if let Some(thread) = unsafe { current.as_ref() }
        && thread.generation == generation()
    {
        return Ok(thread);
    }
    start(current)
}

fn start(replaced: *mut IoThread) -> Result<&'static IoThread> {
    count_forks();
    let started = Box::into_raw(Box::new(spawn().map_err(|error| {
        Error::new(Kind::Internal, Phase::Build, "could not start the I/O thread").with_source(error)
    })?));
    let exchanged = CURRENT.compare_exchange(replaced, started, Ordering::SeqCst, Ordering::Acquire);
    if exchanged.is_ok() {
        // SAFETY: `started` comes from `Box::into_raw` and is never freed once it is published.
        let started = unsafe { &*started };
        if started.is_shut_down() {
            started.join(Ending::Close, Duration::from_secs(1));
            return Err(exiting());
        }
        return Ok(started);
    }
    // Another thread was first; ours serves nobody.
    // SAFETY: `started` comes from `Box::into_raw` above and was not published.
    unsafe { Box::from_raw(started) }.join(Ending::Close, Duration::from_secs(1));
    io_thread()
}

fn spawn() -> std::io::Result<IoThread> {
    make_room_early();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(RESOLVER_THREADS)
        .thread_keep_alive(Duration::from_secs(2))
        .build()?;
    let handle = runtime.handle().clone();
    let (inbox, sleepers) = (Arc::<Inbox>::default(), Arc::<Sleepers>::default());
    let round_ends = (inbox.clone(), sleepers.clone());
    let (stop, stopped) = oneshot::channel();
    let thread = with_signals_blocked(|| {
        std::thread::Builder::new().name("httparallel-io".into()).spawn(move || {
            drop(runtime.spawn(RoundEnds::new(round_ends.0, round_ends.1)));
            match runtime.block_on(stopped) {
                // Nothing is dropped, so nobody is told.
                Ok(Ending::Freeze) => std::mem::forget(runtime),
                // Name resolution may hang for long; its threads are not waited for.
                Ok(Ending::Close) | Err(_) => runtime.shutdown_background(),
            }
        })
    })?;
    Ok(IoThread { generation: generation(), handle, inbox, sleepers, stop: Mutex::new(Some((stop, thread))) })
}

impl IoThread {
    /// Stops the thread and waits for its end, at most that long.
    fn join(&self, ending: Ending, limit: Duration) {
        let Some((stop, thread)) = self.stop.lock().take() else { return };
        let _ = stop.send(ending);
        let deadline = std::time::Instant::now() + limit;
        while !thread.is_finished() && std::time::Instant::now() < deadline {
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }
}

/// A value of which a forked child makes one of its own, and leaks its parent's: locks in it may be held by threads
/// that the child does not have.
pub(crate) struct PerProcess<T>(AtomicPtr<(u64, Arc<T>)>);

impl<T> PerProcess<T> {
    pub(crate) fn new() -> Self {
        Self(AtomicPtr::new(std::ptr::null_mut()))
    }

    /// The value of this process, made if there is none yet.
    pub(crate) fn get(&self, init: impl Fn() -> T) -> Arc<T> {
        loop {
            let current = self.0.load(Ordering::Acquire);
            // SAFETY: null or from `Box::into_raw` below, and freed only by `drop`.
            if let Some((made_in, value)) = unsafe { current.as_ref() }
                && *made_in == generation()
            {
                return value.clone();
            }
            count_forks();
            let made = Box::into_raw(Box::new((generation(), Arc::new(init()))));
            if self.0.compare_exchange(current, made, Ordering::AcqRel, Ordering::Acquire).is_err() {
                // SAFETY: `made` comes from `Box::into_raw` above and was not published.
                drop(unsafe { Box::from_raw(made) });
            }
        }
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        let current = *self.0.get_mut();
        // SAFETY: as in `get`; nobody else has a reference to `self` any more.
        if unsafe { current.as_ref() }.is_some_and(|(made_in, _)| *made_in == generation()) {
            // SAFETY: it comes from `Box::into_raw` and is freed once, here.
            drop(unsafe { Box::from_raw(current) });
        }
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for PerProcess<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PerProcess").finish_non_exhaustive()
    }
}

/// What becomes of requests in flight when the I/O thread stops.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// Their clients are closed, and they fail.
    Close,
    /// Nothing: who waits for them waits on.
    Freeze,
}

/// Stops the I/O thread, if it runs, and waits a second at most for its end. All clients are closed, so that
/// requests in flight fail, and later ones fail too, with [`Kind::Closed`]. A process that is forked from this
/// one afterwards may make requests again.
pub fn shut_down() {
    stop(Ending::Close);
}

/// Stops the I/O thread like [`shut_down`], but leaves everything in flight as it is. For the exit of an
/// interpreter, whose daemon threads must not be woken to report what they waited for.
pub fn freeze() {
    stop(Ending::Freeze);
}

fn stop(ending: Ending) {
    // Without this, a child forked later could not be told from this process.
    count_forks();
    // First, so that whoever publishes a thread just now finds it.
    SHUT_DOWN.store(generation(), Ordering::SeqCst);
    let current = CURRENT.load(Ordering::SeqCst);
    // SAFETY: `CURRENT` holds null or a pointer from `Box::into_raw` that is never freed.
    if let Some(thread) = unsafe { current.as_ref() }
        && thread.generation == generation()
    {
        thread.join(ending, Duration::from_secs(1));
    }
}

fn count_forks() {
    // No `Once`: a child forked while another thread is inside it would wait for ever. Two threads that
    // register both do no harm: generations are only compared.
    static REGISTERED: AtomicBool = AtomicBool::new(false);
    extern "C" fn in_child() {
        GENERATION.fetch_add(1, Ordering::AcqRel);
    }
    if !REGISTERED.load(Ordering::Acquire) {
        // SAFETY: the handler touches one atomic, which is all that a forked child of a threaded process may do.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        REGISTERED.store(true, Ordering::Release);
    }
}

/// Runs `spawn` with all signals blocked; a thread it starts inherits that.
fn with_signals_blocked<T>(spawn: impl FnOnce() -> T) -> T {
    let mut all = std::mem::MaybeUninit::uninit();
    let mut before = std::mem::MaybeUninit::uninit();
    // SAFETY: `sigfillset` initialises `all`; `pthread_sigmask` reads it and initialises `before`.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
    }
    let spawned = spawn();
    // SAFETY: `before` was initialised by the call above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    spawned
}
