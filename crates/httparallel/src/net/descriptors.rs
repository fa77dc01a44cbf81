//! Room in the process's table of file descriptors.
//!
//! Linux makes the table twice as large when it is full, and in a process with several threads waits each time until
//! no processor can still be looking at the old one: 8 to 10 ms, in which the thread that opens a socket does nothing.
//! A client that opens a thousand connections at once would stop for four or five of them. So the table is made large
//! in one step: while the process has one thread, which takes a few microseconds; else when its first table, of 64, is
//! nearly full.

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::runtime;

/// For how many descriptors room is made, if the process may have so many: 16 KiB.
const MANY: u64 = 2048;

/// Numbers from this one on are near the end of the first table.
const FIRST_TABLE: RawFd = 56;

/// The last generation that has made room: a forked child has a table of its own.
static MADE_IN: AtomicU64 = AtomicU64::new(u64::MAX);

/// Makes room if that costs nothing. Called before this library starts threads.
pub(crate) fn make_room_early() {
    if is_alone() {
        make_room_once();
    }
}

/// Makes room if `opened`, which was opened just now, says that it will soon be wanted.
pub(super) fn make_room_late(opened: RawFd) {
    if opened >= FIRST_TABLE {
        make_room_once();
    }
}

fn make_room_once() {
    let generation = runtime::generation();
    if MADE_IN.swap(generation, Ordering::Relaxed) != generation {
        make_room();
    }
}

/// Whether the process has one thread. `false` where that cannot be told.
#[cfg(target_os = "linux")]
fn is_alone() -> bool {
    use std::os::unix::fs::MetadataExt;
    // proc(5): a directory with one subdirectory for each thread.
    std::fs::metadata("/proc/self/task").is_ok_and(|tasks| tasks.nlink() == 3)
}

#[cfg(target_os = "linux")]
fn make_room() {
    use rustix::event::{EventfdFlags, eventfd};
    use rustix::process::{Resource, getrlimit};

    let last = getrlimit(Resource::Nofile).current.unwrap_or(MANY).min(MANY).saturating_sub(1);
    // The number of a descriptor that is closed at once. It was an attempt: nothing depends on it.
    if let (Ok(any), Ok(last)) = (eventfd(0, EventfdFlags::CLOEXEC), RawFd::try_from(last)) {
        drop(rustix::io::fcntl_dupfd_cloexec(&any, last));
    }
}

/// Elsewhere nothing waits.
#[cfg(not(target_os = "linux"))]
fn is_alone() -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn make_room() {
    let _ = MANY;
}
