//! What headers may be made of: headers, mappings, iterables of pairs; names and values as `str` or `bytes`.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use httparallel_proto::Headers;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyIterator, PyList, PyMapping, PyString, PyTuple};

use super::PyHeaders;
use super::encoding::Encoding;

/// Reads a list of headers; text in it is encoded as `encoding` says.
pub(super) fn read(source: &Bound<'_, PyAny>, encoding: &Encoding) -> PyResult<Arc<Headers>> {
    if source.is_none() {
        return Ok(Arc::default());
    }
    if let Ok(headers) = source.cast::<PyHeaders>() {
        return Ok(headers.get().shared());
    }
    if let Ok(dict) = source.cast_exact::<PyDict>() {
        let mut fields = Fields::with_capacity(dict.len(), encoding);
        for (name, value) in dict {
            fields.append(&name, &value)?;
        }
        return Ok(Arc::new(fields.headers));
    }
    let mut fields = Fields::with_capacity(source.len().unwrap_or_default(), encoding);
    for pair in pairs_of(source)? {
        let (name, value) = unpack(&pair?)?;
        fields.append(&name, &value)?;
    }
    Ok(Arc::new(fields.headers))
}

fn pairs_of<'py>(source: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyIterator>> {
    // Whether a list is a mapping is a slow question to `collections.abc`.
    if !source.is_exact_instance_of::<PyList>()
        && let Ok(mapping) = source.cast::<PyMapping>()
    {
        return mapping.call_method0("items")?.try_iter();
    }
    source.try_iter()
}

/// Headers being read. All names and values are parts of one buffer: an allocation for each of them would
/// be most of the time that making headers takes.
struct Fields<'a> {
    headers: Headers,
    buffer: BytesMut,
    encoding: &'a Encoding,
}

impl<'a> Fields<'a> {
    fn with_capacity(fields: usize, encoding: &'a Encoding) -> Self {
        const USUAL_FIELD: usize = 48;
        let buffer = BytesMut::with_capacity(fields.min(64) * USUAL_FIELD);
        Self { headers: Headers::with_capacity(fields.min(64)), buffer, encoding }
    }

    fn append(&mut self, name: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let (name, value) = (self.take(name, "name")?, self.take(value, "value")?);
        self.headers.append(name, value);
        Ok(())
    }

    fn take(&mut self, object: &Bound<'_, PyAny>, what: &str) -> PyResult<Bytes> {
        if let Ok(text) = object.cast::<PyString>() {
            self.buffer.extend_from_slice(&self.encoding.encode(text)?);
        } else if let Ok(bytes) = object.cast::<PyBytes>() {
            self.buffer.extend_from_slice(bytes.as_bytes());
        } else {
            let seen = object.get_type().repr()?;
            return Err(PyTypeError::new_err(format!("Header {what} must be str or bytes, not {seen}")));
        }
        Ok(self.buffer.split().freeze())
    }
}

/// One name and value as bytes.
pub(super) fn read_field(
    name: &Bound<'_, PyAny>,
    value: &Bound<'_, PyAny>,
    encoding: &Encoding,
) -> PyResult<(Bytes, Bytes)> {
    let mut fields = Fields { headers: Headers::new(), buffer: BytesMut::new(), encoding };
    Ok((fields.take(name, "name")?, fields.take(value, "value")?))
}

type Pair<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// Two items of any iterable, with the errors of Python's own unpacking.
fn unpack<'py>(pair: &Bound<'py, PyAny>) -> PyResult<Pair<'py>> {
    if let Ok(pair) = pair.cast::<PyTuple>()
        && pair.len() == 2
    {
        return Ok((pair.get_item(0)?, pair.get_item(1)?));
    }
    let mut items = pair.try_iter()?;
    let (first, second) = (items.next().transpose()?, items.next().transpose()?);
    match (first, second, items.next().transpose()?) {
        (Some(first), Some(second), None) => Ok((first, second)),
        (Some(_), Some(_), Some(_)) => Err(PyValueError::new_err("too many values to unpack (expected 2)")),
        (first, ..) => Err(PyValueError::new_err(format!(
            "not enough values to unpack (expected 2, got {})",
            usize::from(first.is_some())
        ))),
    }
}
