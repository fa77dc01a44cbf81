//! Reading headers: look-up by name, views as dicts, comparison, and what is not shown.

use std::borrow::Cow;

use httparallel_proto::Headers;
use pyo3::exceptions::PyUnicodeEncodeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::PyHeaders;
use super::encoding::Encoding;

impl PyHeaders {
    /// The value of a name, several joined by commas.
    pub(super) fn look_up<'py>(&self, key: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyString>>> {
        let (headers, encoding) = self.view();
        let mut values = matching(&headers, key, &encoding)?;
        let Some(first) = values.next() else { return Ok(None) };
        let mut value = encoding.decode(key.py(), first)?;
        for other in values {
            let other = encoding.decode(key.py(), other)?;
            value = value.add(", ")?.add(other)?.cast_into()?;
        }
        Ok(Some(value))
    }

    /// The names in lower case, as the keys of a dict.
    pub(super) fn names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (headers, encoding) = self.view();
        let names = PyDict::new(py);
        for field in headers.iter() {
            names.set_item(encoding.decode(py, &lower(&field.name))?, py.None())?;
        }
        Ok(names)
    }

    /// Names and values, the values of one name joined by commas.
    pub(super) fn joined<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (headers, encoding) = self.view();
        let joined = PyDict::new(py);
        for field in headers.iter() {
            let name = encoding.decode(py, &lower(&field.name))?;
            let value = encoding.decode(py, &field.value)?;
            match joined.get_item(&name)? {
                Some(before) => joined.set_item(name, before.add(", ")?.add(value)?)?,
                None => joined.set_item(name, value)?,
            }
        }
        Ok(joined)
    }
}

/// The values of the fields of a name.
pub(super) fn matching<'a>(
    headers: &'a Headers,
    key: &Bound<'_, PyString>,
    encoding: &Encoding,
) -> PyResult<impl Iterator<Item = &'a [u8]> + use<'a>> {
    let name = look_up_name(key, encoding)?.map(Cow::into_owned);
    let is_match = move |given: &[u8]| name.as_ref().is_some_and(|name| given.eq_ignore_ascii_case(name));
    Ok(headers.iter().filter(move |field| is_match(&field.name)).map(|field| &field.value[..]))
}

/// The name to look for; names compare without regard to ASCII case. `None` is a name that cannot be in
/// the headers, because their encoding does not have its characters.
pub(super) fn look_up_name<'a>(
    key: &'a Bound<'_, PyString>,
    encoding: &Encoding,
) -> PyResult<Option<Cow<'a, [u8]>>> {
    match encoding.encode(key) {
        Ok(name) if name.is_ascii() => Ok(Some(name)),
        Ok(_) => {
            let lower = key.call_method0("lower")?.cast_into::<PyString>()?;
            Ok(Some(Cow::Owned(encoding.encode(&lower)?.into_owned())))
        }
        Err(error) if error.is_instance_of::<PyUnicodeEncodeError>(key.py()) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The name in lower case.
pub(super) fn lower(name: &[u8]) -> Cow<'_, [u8]> {
    if name.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// The fields in an order that does not depend on the order given.
pub(super) fn sorted(headers: &Headers) -> Vec<(Cow<'_, [u8]>, &[u8])> {
    let mut fields: Vec<_> = headers.iter().map(|field| (lower(&field.name), &field.value[..])).collect();
    fields.sort_unstable();
    fields
}

/// Headers whose values are never shown.
pub(super) fn is_sensitive(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"authorization") || name.eq_ignore_ascii_case(b"proxy-authorization")
}
