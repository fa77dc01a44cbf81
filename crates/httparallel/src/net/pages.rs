//! What the system is told about memory.

use std::mem::MaybeUninit;

/// Memory from this size on is worth it.
const LARGE: usize = 4 * 1024 * 1024;

/// Asks for the memory to be backed by large pages, where the system has them: to map it page by page costs more
/// than to fill it. Where it has none, nothing changes.
#[cfg(target_os = "linux")]
pub fn prefer_large_pages(memory: &mut [MaybeUninit<u8>]) {
    if memory.len() < LARGE {
        return;
    }
    // SAFETY: no pointer is involved.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096);
    let start = memory.as_mut_ptr();
    // All of the first and the last page, so that what an allocator has mapped for this memory alone stays one
    // mapping, which can grow without being copied.
    let before = start.addr() % page;
    let length = (before + memory.len()).next_multiple_of(page);
    // SAFETY: the pages are mapped, for the memory lies in them. The advice changes how they are backed, and nothing
    // of what they hold.
    let _ = unsafe { libc::madvise(start.wrapping_byte_sub(before).cast(), length, libc::MADV_HUGEPAGE) };
}

/// Elsewhere there is nothing to ask for.
#[cfg(not(target_os = "linux"))]
pub fn prefer_large_pages(memory: &mut [MaybeUninit<u8>]) {
    let _ = (memory, LARGE);
}
