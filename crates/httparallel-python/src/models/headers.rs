//! The class `Headers`.

use std::sync::Arc;

use httparallel_proto::fetch::{Completed, RequestHeaders};
use httparallel_proto::{Headers, Url};
use parking_lot::Mutex;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyIterator, PyList, PyMapping, PyString, PyTuple};

use super::encoding::Encoding;
use super::header_reading::{is_sensitive, look_up_name, lower, matching, sorted};
use super::{header_source, pickle};

/// Headers as a dict without regard to the case of names, in which a name may have several values.
///
/// Made from a mapping or from pairs, of `str` or `bytes`. Reading a name that occurs more than once gives
/// its values joined by commas; `multi_items`, `get_list` and `raw` keep them apart. Order and case are
/// kept as given.
#[pyclass(name = "Headers", module = "httparallel", subclass, frozen, weakref, mapping)]
#[derive(Default)]
pub(crate) struct PyHeaders {
    /// Never held while Python code runs: it could come back here.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Shared with copies until one of them changes.
    headers: Arc<Headers>,
    /// `None` is detected at each use.
    encoding: Option<Encoding>,
    /// What requests make of the headers.
    completed: Completed,
}

impl PyHeaders {
    /// The headers at this moment, shared until either side changes them.
    pub(crate) fn shared(&self) -> Arc<Headers> {
        Arc::clone(&self.state.lock().headers)
    }

    /// The headers as those of a request for `url`: with `Host`, and checked.
    pub(crate) fn complete(&self, url: &Url) -> httparallel::Result<RequestHeaders> {
        let State { headers, completed, .. } = &mut *self.state.lock();
        completed.headers(url, headers)
    }

    fn change<R>(&self, change: impl FnOnce(&mut Headers) -> R) -> R {
        let State { headers, completed, .. } = &mut *self.state.lock();
        *completed = Completed::default();
        change(Arc::make_mut(headers))
    }

    fn explicit_encoding(&self) -> Option<Encoding> {
        self.state.lock().encoding.clone()
    }

    /// The headers and the encoding to read them in.
    pub(super) fn view(&self) -> (Arc<Headers>, Encoding) {
        let state = self.state.lock();
        let headers = Arc::clone(&state.headers);
        let explicit = state.encoding.clone();
        drop(state);
        let encoding = explicit.unwrap_or_else(|| Encoding::detect(&headers));
        (headers, encoding)
    }

    /// The encoding to write in.
    fn encoding_to_write(&self) -> Encoding {
        self.state.lock().encoding.clone().unwrap_or(Encoding::Utf8)
    }
}

impl From<Headers> for PyHeaders {
    fn from(headers: Headers) -> Self {
        Arc::new(headers).into()
    }
}

impl From<Arc<Headers>> for PyHeaders {
    fn from(headers: Arc<Headers>) -> Self {
        Self { state: Mutex::new(State { headers, ..State::default() }) }
    }
}

#[pymethods]
impl PyHeaders {
    /// Empty: `__init__` fills it, so that a subclass may have its own arguments.
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(headers=None, encoding=None)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::default()
    }

    #[pyo3(signature = (headers=None, encoding=None))]
    fn __init__(&self, headers: Option<&Bound<'_, PyAny>>, encoding: Option<&str>) -> PyResult<()> {
        let encoding = encoding.map(Encoding::from_name);
        let headers = match headers {
            Some(source) => header_source::read(source, encoding.as_ref().unwrap_or(&Encoding::Ascii))?,
            None => Arc::default(),
        };
        *self.state.lock() = State { headers, encoding, ..State::default() };
        Ok(())
    }

    /// The encoding of names and values: the one set, or else the first of ascii, utf-8 and iso-8859-1 in
    /// which all fields can be read.
    #[getter]
    fn encoding(&self) -> String {
        self.view().1.name().to_owned()
    }

    #[setter]
    fn set_encoding(&self, encoding: Option<&str>) {
        self.state.lock().encoding = encoding.map(Encoding::from_name);
    }

    /// The fields as pairs of bytes, as they are sent.
    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let headers = self.shared();
        PyList::new(
            py,
            headers.iter().map(|field| (PyBytes::new(py, &field.name), PyBytes::new(py, &field.value))),
        )
    }

    /// The names in lower case, each once.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.names(py)?.call_method0("keys")
    }

    /// The values by name, those of one name joined by commas.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.joined(py)?.call_method0("values")
    }

    /// Names and values, the values of one name joined by commas.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.joined(py)?.call_method0("items")
    }

    /// Names and values of all fields, in order.
    fn multi_items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let (headers, encoding) = self.view();
        let items = PyList::empty(py);
        for field in headers.iter() {
            let name = encoding.decode(py, &lower(&field.name))?;
            items.append((name, encoding.decode(py, &field.value)?))?;
        }
        Ok(items)
    }

    /// The value of a name, several joined by commas, or the default.
    #[pyo3(signature = (key, default=None))]
    fn get<'py>(
        &self,
        key: &Bound<'py, PyString>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.look_up(key)?.map(Bound::into_any).or(default))
    }

    /// All values of a name. With `split_commas`, the items of each value that is a list.
    #[pyo3(signature = (key, split_commas=false))]
    fn get_list<'py>(&self, key: &Bound<'py, PyString>, split_commas: bool) -> PyResult<Bound<'py, PyList>> {
        let py = key.py();
        let (headers, encoding) = self.view();
        let values = PyList::empty(py);
        for value in matching(&headers, key, &encoding)? {
            let value = encoding.decode(py, value)?;
            if split_commas {
                value.to_cow()?.split(',').try_for_each(|item| values.append(item.trim()))?;
            } else {
                values.append(value)?;
            }
        }
        Ok(values)
    }

    /// Takes the given headers in place of those with the same names.
    #[pyo3(signature = (headers=None))]
    fn update(&self, headers: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let Some(source) = headers else { return Ok(()) };
        let given = header_source::read(source, &Encoding::Ascii)?;
        self.change(|headers| {
            for field in given.iter() {
                headers.remove(&field.name);
            }
            for field in given.iter() {
                headers.append(field.name.clone(), field.value.clone());
            }
        });
        Ok(())
    }

    /// A copy that can be changed on its own.
    fn copy(&self) -> Self {
        let (headers, encoding) = (self.shared(), self.explicit_encoding());
        Self { state: Mutex::new(State { headers, encoding, ..State::default() }) }
    }

    /// The value of a name, with the default set if there is none.
    #[pyo3(signature = (key, default))]
    fn setdefault<'py>(
        &self,
        key: &Bound<'py, PyString>,
        default: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Some(value) = self.look_up(key)? {
            return Ok(value.into_any());
        }
        self.__setitem__(key.as_any(), &default)?;
        Ok(default)
    }

    /// Removes a name and gives its value, or the default if there is none.
    #[pyo3(signature = (key, *default))]
    fn pop<'py>(
        &self,
        key: &Bound<'py, PyString>,
        default: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.look_up(key)? {
            Some(value) => {
                self.__delitem__(key)?;
                Ok(value.into_any())
            }
            None => default.get_item(0).map_err(|_| missing(key)),
        }
    }

    /// Removes the first name and gives it with its value. `KeyError` if there is none.
    fn popitem<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let (headers, encoding) = self.view();
        let Some(first) = headers.iter().next() else {
            return Err(PyKeyError::new_err("popitem(): the headers are empty"));
        };
        let name = encoding.decode(py, &lower(&first.name))?;
        let value = self.pop(&name, &PyTuple::empty(py))?;
        (name, value).into_pyobject(py)
    }

    /// Removes all headers.
    fn clear(&self) {
        self.change(|headers| *headers = Headers::new());
    }

    fn __getitem__<'py>(&self, key: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
        self.look_up(key)?.ok_or_else(|| missing(key))
    }

    fn __setitem__(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let encoding = self.encoding_to_write();
        let (name, value) = header_source::read_field(key, value, &encoding)?;
        self.change(|headers| headers.set(name, value));
        Ok(())
    }

    fn __delitem__(&self, key: &Bound<'_, PyString>) -> PyResult<()> {
        let name = look_up_name(key, &self.view().1)?;
        let removed = name.is_some_and(|name| self.change(|headers| headers.remove(name)));
        if removed { Ok(()) } else { Err(missing(key)) }
    }

    fn __contains__(&self, key: &Bound<'_, PyString>) -> PyResult<bool> {
        let (headers, encoding) = self.view();
        Ok(look_up_name(key, &encoding)?.is_some_and(|name| headers.contains(name)))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.names(py)?.try_iter()
    }

    fn __len__(&self) -> usize {
        self.state.lock().headers.len()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        // What cannot be read as headers is different from any headers.
        header_source::read(other, &Encoding::Ascii)
            .is_ok_and(|other| sorted(&self.shared()) == sorted(&other))
    }

    fn __or__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        if other.cast::<PyMapping>().is_err() {
            return Ok(py.NotImplemented().into_bound(py));
        }
        let merged = self.copy();
        merged.update(Some(other))?;
        Ok(Bound::new(py, merged)?.into_any())
    }

    fn __ror__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        if other.cast::<PyMapping>().is_err() {
            return Ok(py.NotImplemented().into_bound(py));
        }
        let merged = Self::from(header_source::read(other, &Encoding::Ascii)?);
        merged.update(Some(slf.as_any()))?;
        Ok(Bound::new(py, merged)?.into_any())
    }

    fn __ior__(&self, other: &Bound<'_, PyAny>) -> PyResult<()> {
        self.update(Some(other))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let py = slf.py();
        let (headers, encoding) = slf.get().view();
        let (list, dict) = (PyList::empty(py), PyDict::new(py));
        for field in headers.iter() {
            let name = encoding.decode(py, &lower(&field.name))?;
            let shown = if is_sensitive(&field.name) { b"[secure]" } else { &field.value[..] };
            let value = encoding.decode(py, shown)?;
            dict.set_item(&name, &value)?;
            list.append((name, value))?;
        }
        let fields = if dict.len() == list.len() { dict.repr()? } else { list.repr()? };
        let class = slf.get_type().name()?;
        if encoding == Encoding::Ascii {
            return Ok(format!("{class}({fields})"));
        }
        Ok(format!("{class}({fields}, encoding={})", PyString::new(py, encoding.name()).repr()?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let explicit = slf.get().explicit_encoding().map(|encoding| encoding.name().to_owned());
        pickle::reduce(slf, (slf.get().raw(slf.py())?, explicit))
    }
}

fn missing(key: &Bound<'_, PyString>) -> PyErr {
    PyKeyError::new_err(key.clone().unbind())
}
