//! A response as the engine delivers it; everything in it becomes Python objects only when asked for.

use std::ffi::c_void;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use httparallel::{Content, Course, Exchange, Head, Headers, Hop, Operation, Request, Room, recycle};
use httparallel_proto::decode::{Decoder, Guard};
use parking_lot::Mutex;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple, PyType};
use pyo3::{ffi, intern};

use super::errors::exception;
use super::facts::extra_info;
use super::memory::unfilled;
use super::room::content;
use super::timings::{Fields, fields};
use crate::models::{PyHeaders, PyUrl};

/// Bodies larger than this are decoded without holding up other Python threads.
const DETACH_ABOVE: usize = 64 * 1024;

/// So are those that say that they will be larger than this.
const DETACH_ABOVE_DECODED: usize = 512 * 1024;

/// A response: status, headers and, unless it is streamed, the whole body.
#[pyclass(frozen, module = "httparallel._native")]
pub(crate) struct Reply {
    head: Arc<Head>,
    request: Arc<Request>,
    body: Mutex<Body>,
    received: usize,
    elapsed: Duration,
    course: Course,
    guard: Guard,
    history: Mutex<Vec<Hop>>,
}

enum Body {
    /// As sent: in the room that was given for it, or in pieces.
    Sent(Option<Box<dyn Room>>, Vec<Bytes>),
    /// Decoded.
    Decoded(Vec<u8>),
    /// As Python has it.
    Whole(Py<PyBytes>),
}

impl Reply {
    /// The reply of an operation that is ready; its error otherwise.
    pub(super) fn of(py: Python<'_>, operation: &Operation) -> PyResult<Self> {
        let taken = operation.take_exchange().map_err(|error| exception(py, &error))?;
        let Exchange { request, head, body, room, elapsed, course, history, .. } = taken;
        Self::new(py, Hop { request, head, body, elapsed, course }, room, operation.guard(), history)
    }

    fn new(
        py: Python<'_>,
        hop: Hop,
        mut room: Option<Box<dyn Room>>,
        guard: Guard,
        history: Vec<Hop>,
    ) -> PyResult<Self> {
        let Hop { request, head, body: sent, elapsed, course } = hop;
        let received = match &mut room {
            Some(room) => room.all().len(),
            None => sent.iter().map(Bytes::len).sum(),
        };
        // No room is asked for a body that is coded.
        let coded = received > 0 && room.is_none() && head.headers.contains("content-encoding");
        let body = if coded { decode(py, &head, sent, &guard)? } else { Body::Sent(room, sent) };
        let (body, history) = (Mutex::new(body), Mutex::new(history));
        Ok(Self { head, request, body, received, elapsed, course, guard, history })
    }
}

/// The body without its content codings: where it says how large that is, decoded into the object that Python will
/// have, which nobody sees before it is whole.
fn decode(py: Python<'_>, head: &Head, sent: Vec<Bytes>, guard: &Guard) -> PyResult<Body> {
    let refused = |error: httparallel::Error| exception(py, &error);
    let Some(mut decoder) = Decoder::for_headers(&head.headers).map_err(refused)? else {
        return Ok(Body::Sent(None, sent));
    };
    let received: usize = sent.iter().map(Bytes::len).sum();
    let (object, room) = unfilled(py, decoder.announced(&sent, guard))?;
    let large = received > DETACH_ABOVE || room.len() > DETACH_ABOVE_DECODED;
    let mut decode = || decoder.decode_whole_into(&sent, room, guard);
    let apart = if large { py.detach(decode) } else { decode() }.map_err(refused)?;
    sent.into_iter().for_each(recycle);
    Ok(apart.map_or_else(|| Body::Whole(object.unbind()), Body::Decoded))
}

#[pymethods]
impl Reply {
    #[getter]
    fn status(&self) -> u16 {
        self.head.status
    }

    #[getter]
    fn reason<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.head.reason)
    }

    #[getter]
    fn version<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.head.version.as_bytes())
    }

    #[getter]
    fn stream_id(&self) -> Option<u32> {
        self.head.stream_id
    }

    #[getter]
    fn headers(&self) -> PyHeaders {
        self.head.headers.clone().into()
    }

    /// Whether a header `Set-Cookie` is there.
    #[getter]
    fn sets_cookies(&self) -> bool {
        self.head.headers.contains("set-cookie")
    }

    /// Whether this is a redirect that says where to go.
    #[getter]
    fn is_redirect(&self) -> bool {
        httparallel_proto::fetch::is_redirect(self.head.status, &self.head.headers)
    }

    #[getter]
    fn url(&self) -> PyUrl {
        self.request.url.clone().into()
    }

    #[getter]
    fn method(&self) -> &str {
        self.request.method.as_str()
    }

    #[getter]
    fn request_headers(&self) -> PyHeaders {
        Headers::clone(&self.request.headers).into()
    }

    /// `None` if the content was a stream.
    #[getter]
    fn request_content<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        match &self.request.content {
            Content::Empty => Some(PyBytes::new(py, b"")),
            Content::Bytes(bytes) => Some(PyBytes::new(py, bytes)),
            Content::Stream => None,
        }
    }

    /// Seconds from the start of the request to the end of the response.
    #[getter]
    fn elapsed(&self) -> f64 {
        self.elapsed.as_secs_f64()
    }

    /// How long the parts of the exchange took; of a streamed response, up to its head.
    #[getter]
    fn timings(&self) -> Fields {
        fields(&self.course.timings())
    }

    /// What is known of the connection it came over, by the names that httpcore has for it.
    fn extra_info<'py>(&self, py: Python<'py>, info: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        extra_info(py, self.course.connection(), info)
    }

    /// Bytes of the body as it was sent.
    #[getter]
    fn num_bytes_downloaded(&self) -> usize {
        self.received
    }

    /// The responses that were redirected on the way, the oldest first.
    #[getter]
    fn history(&self, py: Python<'_>) -> PyResult<Vec<Reply>> {
        let hops = self.history.lock().clone();
        hops.into_iter().map(|hop| Self::new(py, hop, None, self.guard, Vec::new())).collect()
    }

    /// A response of the class `kind` for it: what `Response._from_reply` makes. Everything else is computed when
    /// it is asked for.
    pub(super) fn response<'py>(
        slf: &Bound<'py, Self>,
        kind: &Bound<'py, PyType>,
        client: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let response = bare(kind)?;
        response.setattr(intern!(py, "status_code"), slf.get().status())?;
        response.setattr(intern!(py, "_reply"), slf)?;
        response.setattr(intern!(py, "_defaults"), client)?;
        Ok(response)
    }

    /// The whole body, decoded.
    fn content<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        // Nothing below detaches, so that no thread holds this lock and waits to be attached.
        let mut body = self.body.lock();
        let whole = match &mut *body {
            Body::Whole(whole) => return Ok(whole.bind(py).clone()),
            Body::Decoded(decoded) => PyBytes::new(py, &std::mem::take(decoded)),
            Body::Sent(room, pieces) => content(py, room.take(), std::mem::take(pieces))?,
        };
        *body = Body::Whole(whole.clone().unbind());
        Ok(whole)
    }
}

/// An instance of a class whose attributes are still to be set: `kind.__new__(kind)`, for a third of its cost.
pub(super) fn bare<'py>(kind: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyAny>> {
    let py = kind.py();
    let none = PyTuple::empty(py);
    // SAFETY: attached. The slot of a class that is made in Python is never empty (`object` has one, and classes
    // inherit it) and has the type of its number. It takes a class, a tuple, and a dictionary or null, and returns a
    // new reference, or null with an exception set.
    unsafe {
        let new = ffi::PyType_GetSlot(kind.as_type_ptr(), ffi::Py_tp_new);
        let new = std::mem::transmute::<*mut c_void, Option<ffi::newfunc>>(new);
        let new = new.ok_or_else(|| PyTypeError::new_err("instances of this class cannot be made"))?;
        Bound::from_owned_ptr_or_err(py, new(kind.as_type_ptr(), none.as_ptr(), std::ptr::null_mut()))
    }
}
