//! Pickling: class, arguments, and what a subclass keeps in its `__dict__`.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// The result of `__reduce__` for an object that its class makes again from `arguments`.
pub(super) fn reduce<'py>(
    object: &Bound<'py, PyAny>,
    arguments: impl IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error = PyErr>,
) -> PyResult<Bound<'py, PyTuple>> {
    let state = object.getattr_opt("__dict__")?;
    (object.get_type(), arguments.into_pyobject(object.py())?, state).into_pyobject(object.py())
}
