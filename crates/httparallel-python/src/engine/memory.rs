//! Bytes that pass between Python and the engine: copied where they are few, lent or moved piece by piece where they
//! are many.

use std::mem::MaybeUninit;

use bytes::Bytes;
use httparallel::{prefer_large_pages, recycle};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use pyo3::{PyErr, ffi};

/// A body of no more than this comes in no large buffer.
const SMALL: usize = 8 * 1024;

/// Content from this size on is lent to the engine.
const LEND_FROM: usize = 64 * 1024;

/// The bytes of a Python object for the engine.
///
/// The engine only reads what it is lent, which needs no attachment. It may be the I/O thread that is done with it
/// last: then the object is left to whoever is attached to Python next, and not touched.
pub(super) fn content(bytes: &Bound<'_, PyBytes>) -> Bytes {
    if bytes.as_bytes().len() < LEND_FROM {
        return Bytes::copy_from_slice(bytes.as_bytes());
    }
    Bytes::from_owner(PyBackedBytes::from(bytes.clone()))
}

/// Pieces as one `bytes`, copied once.
pub(super) fn join(py: Python<'_>, mut pieces: Vec<Bytes>) -> PyResult<Bound<'_, PyBytes>> {
    if let [piece] = &pieces[..] {
        let whole = PyBytes::new(py, piece);
        pieces.into_iter().filter(|piece| piece.len() > SMALL).for_each(recycle);
        return Ok(whole);
    }
    let length = pieces.iter().map(Bytes::len).sum();
    let (joined, room) = unfilled(py, length)?;
    fill(room, &mut pieces);
    Ok(joined)
}

/// Fills the room from its end, and lets go of each piece once it is there: the last ones were allocated last, so
/// their memory can go back to the system at once, and not all of it is needed twice.
fn fill(mut room: &mut [MaybeUninit<u8>], pieces: &mut Vec<Bytes>) {
    while let Some(piece) = pieces.pop() {
        let (before, place) = room.split_at_mut(room.len() - piece.len());
        place.iter_mut().zip(&*piece).for_each(|(to, &from)| {
            to.write(from);
        });
        recycle(piece);
        room = before;
    }
    debug_assert!(room.is_empty(), "the room is as large as the pieces together");
}

/// A `bytes` whose content is still to be written: all of the room has to be, before anybody sees the object.
pub(super) fn unfilled(
    py: Python<'_>,
    length: usize,
) -> PyResult<(Bound<'_, PyBytes>, &mut [MaybeUninit<u8>])> {
    let size = ffi::Py_ssize_t::try_from(length)?;
    // SAFETY: attached. With a null pointer this returns a new reference to a `bytes` with that much room of its own,
    // or null with an exception set.
    unsafe {
        let object = ffi::PyBytes_FromStringAndSize(std::ptr::null(), size);
        if object.is_null() {
            return Err(PyErr::fetch(py));
        }
        let object = Bound::from_owned_ptr(py, object).cast_into_unchecked::<PyBytes>();
        let room = ffi::PyBytes_AsString(object.as_ptr()).cast::<MaybeUninit<u8>>();
        // SAFETY: nobody else knows the object, which the caller keeps for as long as it writes there. CPython allows
        // writing to a `bytes` that has just been made so.
        let room = std::slice::from_raw_parts_mut(room, length);
        prefer_large_pages(room);
        Ok((object, room))
    }
}
