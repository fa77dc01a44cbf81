//! Many futures of asyncio resolved at once.
//!
//! Each one would have the loop call what waits for it with a handle of its own, which is most of what asyncio does for
//! a request. What waits for the futures of one batch is called one after the other, as the loop would have done, with
//! one handle for all.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use pyo3::{intern, wrap_pyfunction};

/// Resolves those that are not done yet.
pub(super) fn resolve(py: Python<'_>, futures: Vec<Py<PyAny>>) -> PyResult<()> {
    let together = match &futures[..] {
        [] | [_] => None,
        [first, ..] => loop_for_all(first.bind(py))?,
    };
    let waiting = PyList::empty(py);
    for future in futures {
        let future = future.into_bound(py);
        if future.call_method0(intern!(py, "done"))?.is_truthy()? {
            continue;
        }
        let waits = if together.is_some() { take_waiting(&future)? } else { None };
        future.call_method1(intern!(py, "set_result"), (py.None(),))?;
        if let Some((callback, context)) = waits {
            waiting.append((callback, future, context))?;
        }
    }
    match together {
        Some(event_loop) if !waiting.is_empty() => call_soon(&event_loop, &waiting),
        _ => Ok(()),
    }
}

/// The loop of a future; `None` if it is being debugged, and so wants to see every single call.
fn loop_for_all<'py>(future: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = future.py();
    let event_loop = future.call_method0(intern!(py, "get_loop"))?;
    let debugs = event_loop.call_method0(intern!(py, "get_debug"))?.is_truthy()?;
    Ok((!debugs).then_some(event_loop))
}

/// Takes what waits for a future, and its context, away from it; `None` if that cannot be done, or several do.
fn take_waiting<'py>(future: &Bound<'py, PyAny>) -> PyResult<Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
    let py = future.py();
    let Ok(callbacks) = future.getattr(intern!(py, "_callbacks")) else { return Ok(None) };
    let Ok(callbacks) = callbacks.cast_into::<PyList>() else { return Ok(None) };
    if callbacks.len() != 1 {
        return Ok(None);
    }
    let (callback, context): (Bound<'py, PyAny>, Bound<'py, PyAny>) = callbacks.get_item(0)?.extract()?;
    future.call_method1(intern!(py, "remove_done_callback"), (&callback,))?;
    Ok(Some((callback, context)))
}

fn call_soon(event_loop: &Bound<'_, PyAny>, waiting: &Bound<'_, PyList>) -> PyResult<()> {
    let py = waiting.py();
    let wake = wrap_pyfunction!(wake, py)?;
    event_loop.call_method1(intern!(py, "call_soon"), (wake, event_loop, waiting))?;
    Ok(())
}

/// Calls what waited, as the loop would have called it. When it ends with an exception, which is one that ends the loop,
/// the others are called when the loop goes on.
#[pyfunction]
fn wake(event_loop: &Bound<'_, PyAny>, waiting: &Bound<'_, PyList>) -> PyResult<()> {
    let py = waiting.py();
    for (index, each) in waiting.iter().enumerate() {
        let each = each.cast_into::<PyTuple>()?;
        let (callback, future, context) = (each.get_item(0)?, each.get_item(1)?, each.get_item(2)?);
        if let Err(error) = context.call_method1(intern!(py, "run"), (callback, future)) {
            let others = waiting.get_slice(index + 1, waiting.len());
            if !others.is_empty() {
                call_soon(event_loop, &others)?;
            }
            return Err(error);
        }
    }
    Ok(())
}
