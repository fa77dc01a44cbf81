//! Room for a large body, in the `bytes` object that the caller will have.
//!
//! The engine asks for it when a response's head announces such a body. The object is made and given away by
//! whoever is attached to Python; in between, the engine writes to its memory from any thread, which needs no
//! attachment.

use std::any::Any;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use bytes::Bytes;
use httparallel::{Operation, Room};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::memory::{join, unfilled};
use super::operation::block;

/// A `bytes` that nobody knows yet.
#[derive(Debug)]
struct Unfinished {
    object: Py<PyBytes>,
    /// The content of `object`.
    start: NonNull<MaybeUninit<u8>>,
    length: usize,
}

// SAFETY: the memory that `start` points to belongs to `object`, which may be sent and is known to nobody else.
unsafe impl Send for Unfinished {}

impl Room for Unfinished {
    fn all(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: `object` is alive and has that much content at `start`. There is no other reference to it, so nobody
        // reads or writes there but who has borrowed `self`, mutably. CPython allows writing to a `bytes` that has
        // just been made without content.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

/// Gives the operation the room that it asks for, if it does. Where there is no memory for it, its body comes in
/// pieces.
pub(super) fn give_room(py: Python<'_>, operation: &Operation) {
    operation.give_room(|bytes| Some(Box::new(Unfinished::new(py, bytes).ok()?)));
}

/// Blocks until the operation is ready, and gives it the room that it asks for meanwhile.
pub(super) fn wait(py: Python<'_>, operation: &Operation) -> PyResult<()> {
    while !operation.is_ready() {
        give_room(py, operation);
        block(py, |interrupt| operation.wait(interrupt))?;
    }
    Ok(())
}

/// A body as one `bytes`: the room that it is in, or its pieces.
pub(super) fn content(
    py: Python<'_>,
    room: Option<Box<dyn Room>>,
    pieces: Vec<Bytes>,
) -> PyResult<Bound<'_, PyBytes>> {
    let Some(room) = room else { return join(py, pieces) };
    let room: Box<dyn Any> = room;
    let finished = room.downcast::<Unfinished>();
    let finished = finished.map_err(|_| PyRuntimeError::new_err("the body is in a room of another kind"))?;
    Ok(finished.object.into_bound(py))
}

impl Unfinished {
    fn new(py: Python<'_>, length: usize) -> PyResult<Self> {
        let (object, room) = unfilled(py, length)?;
        let start = NonNull::from(room).cast();
        Ok(Self { object: object.unbind(), start, length })
    }
}
