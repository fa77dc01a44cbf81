//! A whole gzip body at once, into memory of the size that it says it has.
//!
//! libdeflate does that in three quarters of the time that a decoder for streams takes, for it stops nowhere in
//! between. Whatever is not one sound member that fills the memory is left to the decoder for streams, which knows of
//! more members, padding and limits, and names the error.
//!
//! One difference is left: where a table of codes is one that zlib refuses, for it has symbols without a meaning or
//! none for the end, libdeflate goes on. A body like that passes if its length and checksum are right all the same.

use std::cell::OnceCell;
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null_mut};

use libdeflate_sys::{
    libdeflate_alloc_decompressor, libdeflate_decompressor, libdeflate_free_decompressor,
    libdeflate_gzip_decompress_ex, libdeflate_result_LIBDEFLATE_SUCCESS as SUCCESS,
};

/// RFC 1952 section 2.3.1: the flags of a member, and the one that says that its header has a checksum, at which
/// libdeflate does not look.
const FLAGS: usize = 3;
const HAS_HEADER_CHECKSUM: u8 = 1 << 1;

thread_local! {
    /// Kept, because what small bodies need of it takes longer to make than those to decode; 11 KiB. `None` if there
    /// was no memory.
    static DECOMPRESSOR: OnceCell<Option<Decompressor>> = const { OnceCell::new() };
}

/// Whether `coded` is one gzip member, and nothing else, that stands for as many bytes as there is room for. They are
/// in `room` then, all of it; otherwise what is in there means nothing.
pub(super) fn gzip(coded: &[u8], room: &mut [MaybeUninit<u8>]) -> bool {
    if coded.get(FLAGS).is_none_or(|flags| flags & HAS_HEADER_CHECKSUM != 0) {
        return false;
    }
    // A thread that ends may have none any more.
    let decoded = DECOMPRESSOR.try_with(|kept| {
        let decompressor = kept.get_or_init(Decompressor::new).as_ref();
        decompressor.is_some_and(|decompressor| decompressor.gzip(coded, room))
    });
    decoded.unwrap_or(false)
}

/// One of libdeflate's, which belongs to its thread.
struct Decompressor(NonNull<libdeflate_decompressor>);

impl Decompressor {
    fn new() -> Option<Self> {
        // SAFETY: it may be called at any time, and returns null or a decompressor that belongs to the caller.
        NonNull::new(unsafe { libdeflate_alloc_decompressor() }).map(Self)
    }

    fn gzip(&self, coded: &[u8], room: &mut [MaybeUninit<u8>]) -> bool {
        let mut consumed = 0;
        // SAFETY: the decompressor is alive, and of this thread alone, as a pointer is not `Sync`, so that nobody uses
        // it meanwhile. From the first pointer as many bytes are read as are told, to the second as many written, and
        // none read there that were not. With a null pointer in place of the number of bytes written, success says
        // that all of the room has been.
        let result = unsafe {
            libdeflate_gzip_decompress_ex(
                self.0.as_ptr(),
                coded.as_ptr().cast(),
                coded.len(),
                room.as_mut_ptr().cast(),
                room.len(),
                &raw mut consumed,
                null_mut(),
            )
        };
        result == SUCCESS && consumed == coded.len()
    }
}

impl Drop for Decompressor {
    fn drop(&mut self) {
        // SAFETY: it was made by libdeflate, and nobody has it any more.
        unsafe { libdeflate_free_decompressor(self.0.as_ptr()) }
    }
}
