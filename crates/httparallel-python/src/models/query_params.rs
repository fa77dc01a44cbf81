//! The class `QueryParams`.

use std::sync::OnceLock;

use httparallel_proto::url::query;
use pyo3::exceptions::{PyAssertionError, PyKeyError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyIterator, PyList, PyString, PyTuple, PyType};

use super::pickle;

/// The parameters of a query: an immutable dict of strings in which a key may have several values.
///
/// Made from a query string, a mapping (whose values may be lists), a list of pairs, or keyword arguments.
/// True, False and None become "true", "false" and "".
#[pyclass(name = "QueryParams", module = "httparallel", subclass, frozen, weakref, mapping)]
#[derive(Default)]
pub(crate) struct PyQueryParams {
    /// `dict[str, list[str]]`, never changed once set. Empty only until a subclass calls `__init__`.
    values: OnceLock<Py<PyDict>>,
}

impl PyQueryParams {
    /// The parameters of a query string.
    pub(super) fn parse(py: Python<'_>, text: &str) -> PyResult<Self> {
        let values = PyDict::new(py);
        for (key, value) in query::parse(text) {
            add_to(&values, &PyString::new(py, &key), PyString::new(py, &value).as_any())?;
        }
        Ok(values.into())
    }

    /// The parameters that any of the accepted objects means.
    pub(super) fn from_object(source: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = source.py();
        if source.is_none() {
            return Ok(PyDict::new(py).into());
        }
        if let Ok(params) = source.cast::<Self>() {
            return Ok(params.get().dict(py).copy()?.into());
        }
        if let Ok(text) = source.cast::<PyString>() {
            return Self::parse(py, &text.to_cow()?);
        }
        if source.is_instance_of::<PyBytes>() {
            return Self::parse(py, &source.call_method1("decode", ("ascii",))?.extract::<String>()?);
        }
        if source.is_instance_of::<PyList>() || source.is_instance_of::<PyTuple>() {
            return from_pairs(source);
        }
        from_mapping(source)
    }

    /// The query string.
    pub(super) fn encode(&self, py: Python<'_>) -> PyResult<String> {
        let mut text = String::new();
        for (key, values) in self.dict(py) {
            let key = key.cast::<PyString>()?;
            for value in values.cast::<PyList>()? {
                query::append(&mut text, &key.to_cow()?, &value.cast::<PyString>()?.to_cow()?);
            }
        }
        Ok(text)
    }

    fn dict<'py>(&self, py: Python<'py>) -> &Bound<'py, PyDict> {
        let values = self.values.get().unwrap_or_else(|| {
            // Made before the lock is asked for: making it can run Python code.
            let empty = PyDict::new(py).unbind();
            self.values.get_or_init(|| empty)
        });
        values.bind(py)
    }

    fn first_values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let first = PyDict::new(py);
        for (key, values) in self.dict(py) {
            first.set_item(key, values.get_item(0)?)?;
        }
        Ok(first)
    }
}

impl From<Bound<'_, PyDict>> for PyQueryParams {
    fn from(values: Bound<'_, PyDict>) -> Self {
        Self { values: OnceLock::from(values.unbind()) }
    }
}

#[pymethods]
impl PyQueryParams {
    #[new]
    #[classmethod]
    #[pyo3(signature = (*args, **kwargs), text_signature = "(*args, **kwargs)")]
    fn new(
        cls: &Bound<'_, PyType>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        if cls.is(cls.py().get_type::<Self>()) { from_arguments(args, kwargs) } else { Ok(Self::default()) }
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __init__(&self, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        if self.values.get().is_none() {
            let given = from_arguments(args, kwargs)?;
            let given = given.dict(args.py()).clone().unbind();
            self.values.get_or_init(|| given);
        }
        Ok(())
    }

    /// The keys, each once.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.dict(py).call_method0("keys")
    }

    /// The first value of each key.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.first_values(py)?.call_method0("values")
    }

    /// Each key with its first value.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.first_values(py)?.call_method0("items")
    }

    /// Each key with each of its values.
    fn multi_items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let items = PyList::empty(py);
        for (key, values) in self.dict(py) {
            for value in values.cast::<PyList>()? {
                items.append((&key, value))?;
            }
        }
        Ok(items)
    }

    /// The first value of a key, or the default.
    #[pyo3(signature = (key, default=None))]
    fn get<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.dict(key.py()).get_item(key)? {
            Some(values) => values.get_item(0).map(Some),
            None => Ok(default),
        }
    }

    /// All values of a key.
    fn get_list<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = key.py();
        match self.dict(py).get_item(key.str()?)? {
            Some(values) => values.call_method0("copy"),
            None => Ok(PyList::empty(py).into_any()),
        }
    }

    /// A copy in which the key has this value, and no other.
    #[pyo3(signature = (key, value=None))]
    pub(super) fn set(&self, key: &Bound<'_, PyAny>, value: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let values = self.dict(key.py()).copy()?;
        values.set_item(key.str()?, [optional_to_str(key.py(), value)?])?;
        Ok(values.into())
    }

    /// A copy in which the key has this value besides the others.
    #[pyo3(signature = (key, value=None))]
    pub(super) fn add(&self, key: &Bound<'_, PyAny>, value: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let values = self.dict(key.py()).copy()?;
        let list = self.get_list(key)?;
        list.call_method1("append", (optional_to_str(key.py(), value)?,))?;
        values.set_item(key.str()?, list)?;
        Ok(values.into())
    }

    /// A copy without the key.
    pub(super) fn remove(&self, key: &Bound<'_, PyAny>) -> PyResult<Self> {
        let values = self.dict(key.py()).copy()?;
        let key = key.str()?;
        if values.contains(&key)? {
            values.del_item(key)?;
        }
        Ok(values.into())
    }

    /// A copy with the given parameters in place of those with the same keys.
    #[pyo3(signature = (params=None))]
    pub(super) fn merge(&self, py: Python<'_>, params: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let values = self.dict(py).copy()?;
        if let Some(params) = params {
            values.update(Self::from_object(params)?.dict(py).as_mapping())?;
        }
        Ok(values.into())
    }

    fn __getitem__<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match self.dict(key.py()).get_item(key)? {
            Some(values) => values.get_item(0),
            None => Err(PyKeyError::new_err(key.clone().unbind())),
        }
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.dict(key.py()).contains(key)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.dict(py).try_iter()
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.dict(py).len()
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        // Equality does not regard the order, so the hash must not either.
        PyTuple::new(py, self.sorted_items(py)?)?.hash()
    }

    fn __eq__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        if !other.is_instance(&slf.get_type())? {
            return Ok(false);
        }
        let other = other.cast::<Self>()?.get().sorted_items(slf.py())?;
        slf.get().sorted_items(slf.py())?.eq(other)
    }

    fn __str__(&self, py: Python<'_>) -> PyResult<String> {
        self.encode(py)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let shown = PyString::new(slf.py(), &slf.get().encode(slf.py())?).repr()?;
        Ok(format!("{}({shown})", slf.get_type().name()?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        pickle::reduce(slf, (slf.get().multi_items(slf.py())?,))
    }

    /// Always a `RuntimeError`: parameters do not change. Use `merge`.
    #[pyo3(signature = (params=None))]
    fn update(slf: &Bound<'_, Self>, params: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let _ = (slf, params);
        Err(immutable("q.merge(...)"))
    }

    fn __setitem__(
        _slf: &Bound<'_, Self>,
        _key: &Bound<'_, PyAny>,
        _value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        Err(immutable("q.set(key, value)"))
    }
}

impl PyQueryParams {
    fn sorted_items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let items = self.multi_items(py)?;
        items.sort()?;
        Ok(items)
    }
}

fn from_arguments(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<PyQueryParams> {
    let kwargs = kwargs.filter(|kwargs| !kwargs.is_empty());
    match (args.len(), kwargs) {
        (0, None) => Ok(PyDict::new(args.py()).into()),
        (0, Some(kwargs)) => from_mapping(kwargs),
        (1, None) => PyQueryParams::from_object(&args.get_item(0)?),
        (1, Some(_)) => Err(PyAssertionError::new_err("Cannot mix named and unnamed arguments.")),
        _ => Err(PyAssertionError::new_err("Too many arguments.")),
    }
}

fn from_pairs(pairs: &Bound<'_, PyAny>) -> PyResult<PyQueryParams> {
    let values = PyDict::new(pairs.py());
    for pair in pairs.try_iter()? {
        let pair = pair?;
        add_to(&values, &pair.get_item(0)?.str()?, to_str(&pair.get_item(1)?)?.as_any())?;
    }
    Ok(values.into())
}

fn from_mapping(mapping: &Bound<'_, PyAny>) -> PyResult<PyQueryParams> {
    let py = mapping.py();
    let values = PyDict::new(py);
    for item in mapping.call_method0("items")?.try_iter()? {
        let (key, value) = item?.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
        let list = PyList::empty(py);
        if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
            for value in value.try_iter()? {
                list.append(to_str(&value?)?)?;
            }
        } else {
            list.append(to_str(&value)?)?;
        }
        // A key without values would be found by `in` and fail on look-up.
        if !list.is_empty() {
            values.set_item(key.str()?, list)?;
        }
    }
    Ok(values.into())
}

fn add_to(values: &Bound<'_, PyDict>, key: &Bound<'_, PyString>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    match values.get_item(key)? {
        Some(list) => list.cast::<PyList>()?.append(value),
        None => values.set_item(key, [value]),
    }
}

fn optional_to_str<'py>(
    py: Python<'py>,
    value: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyString>> {
    value.map_or_else(|| Ok(PyString::new(py, "")), to_str)
}

/// As JSON writes the values that are not text or numbers.
fn to_str<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    let py = value.py();
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(PyString::new(py, if flag.is_true() { "true" } else { "false" }));
    }
    if value.is_none() { Ok(PyString::new(py, "")) } else { value.str() }
}

fn immutable(instead: &str) -> PyErr {
    PyRuntimeError::new_err(format!("QueryParams are immutable: make a changed copy with `q = {instead}`."))
}
