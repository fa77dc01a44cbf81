//! Buffers that large bodies are read into, used again.
//!
//! An allocator gives memory of this size back to the system when it is freed, and to read the next body into new pages
//! costs more than all the rest of it. How much is kept is bounded.

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;

/// Room for a read within a large body that is gathered.
pub(crate) const LARGE_READ: usize = 128 * 1024;

/// How many buffers are kept: as many as a processor's second cache may hold.
const KEPT: usize = 16;

static BUFFERS: Buffers = Buffers(Mutex::new(Vec::new()));

/// Gives up a piece of a response's body. If it is the last one in a large buffer, the buffer is used again for another
/// body; otherwise it is dropped.
///
/// Who copies bodies out of pieces and gives them up so, spares the pages that the next ones would need.
///
/// ```
/// httparallel::recycle(bytes::Bytes::from_static(b"a piece"));
/// ```
pub fn recycle(piece: Bytes) {
    BUFFERS.give(piece);
}

/// A buffer with room for [`LARGE_READ`] bytes, if one is free.
pub(crate) fn free_buffer() -> Option<BytesMut> {
    BUFFERS.take()
}

/// Free buffers. Nobody waits for them: the lock may be another thread's, or that of a process that was forked.
struct Buffers(Mutex<Vec<BytesMut>>);

impl Buffers {
    fn take(&self) -> Option<BytesMut> {
        self.0.try_lock()?.pop()
    }

    fn give(&self, piece: Bytes) {
        let Ok(mut buffer) = piece.try_into_mut() else { return };
        buffer.clear();
        if buffer.try_reclaim(LARGE_READ)
            && let Some(mut free) = self.0.try_lock()
            && free.len() < KEPT
        {
            free.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn pieces() -> (Bytes, Bytes) {
        let mut buffer = BytesMut::with_capacity(LARGE_READ);
        buffer.resize(LARGE_READ, b'x');
        (buffer.split_to(1_000).freeze(), buffer.freeze())
    }

    #[test]
    fn a_buffer_is_used_again_when_its_last_piece_is_given_up() {
        let buffers = Buffers(Mutex::new(Vec::new()));
        let (first, second) = pieces();
        let place = first.as_ptr();
        buffers.give(second);
        assert!(buffers.take().is_none(), "the first piece is still there");
        buffers.give(first);
        let buffer = buffers.take().unwrap();
        assert_eq!((buffer.as_ptr(), buffer.len(), buffer.capacity()), (place, 0, LARGE_READ));
        assert!(buffers.take().is_none());
    }

    #[test]
    fn a_piece_that_somebody_else_has_too_stays_as_it_is() {
        let buffers = Buffers(Mutex::new(Vec::new()));
        let (first, _) = pieces();
        buffers.give(first.clone());
        assert!(buffers.take().is_none());
        assert!(first.iter().all(|&byte| byte == b'x'));
    }

    #[test]
    fn small_and_foreign_memory_is_not_kept() {
        let buffers = Buffers(Mutex::new(Vec::new()));
        buffers.give(BytesMut::with_capacity(LARGE_READ / 2).freeze());
        buffers.give(Bytes::from_static(b"static"));
        buffers.give(Bytes::from_owner(vec![0; LARGE_READ]));
        assert!(buffers.take().is_none());
    }

    #[test]
    fn no_more_is_kept_than_that() {
        let buffers = Buffers(Mutex::new(Vec::new()));
        for pieces in [(); KEPT + 3].map(|()| pieces()) {
            buffers.give(pieces.0);
            buffers.give(pieces.1);
        }
        assert_eq!(std::iter::from_fn(|| buffers.take()).count(), KEPT);
    }
}
