//! Strings that a document has more than once, made once.
//!
//! Records repeat their keys, and many of them a few short values. To find such a string again costs less than to make
//! another one, and a key that is the same object knows its hash already.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// How many strings are kept. Each has one place where it may be, and takes it from the string that is there.
const PLACES: usize = 128;

/// Shorter documents, in bytes, repeat too little to pay for the places.
const SHORTEST_DOCUMENT: usize = 512;

/// Strings of one document.
pub(super) struct Texts<'py> {
    py: Python<'py>,
    /// Longer strings, in bytes, are not kept.
    longest: usize,
    /// None for a short document.
    places: Vec<Option<Bound<'py, PyString>>>,
}

impl<'py> Texts<'py> {
    pub(super) fn new(py: Python<'py>, document: &[u8], longest: usize) -> Self {
        let places = if document.len() < SHORTEST_DOCUMENT { 0 } else { PLACES };
        Self { py, longest, places: vec![const { None }; places] }
    }

    /// The text as a Python string: the one that is kept, or a new one.
    pub(super) fn string(&mut self, text: &str) -> Bound<'py, PyString> {
        if text.len() > self.longest || self.places.is_empty() {
            return PyString::new(self.py, text);
        }
        let place = &mut self.places[place(text)];
        match place {
            Some(kept) if kept.to_str().is_ok_and(|kept| kept == text) => kept.clone(),
            _ => place.insert(PyString::new(self.py, text)).clone(),
        }
    }
}

fn place(text: &str) -> usize {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(text.as_bytes());
    usize::try_from(hasher.finish() % PLACES as u64).unwrap_or_default()
}
