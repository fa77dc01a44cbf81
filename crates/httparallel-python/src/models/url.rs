//! The class `URL`.

use std::borrow::Cow;
use std::sync::OnceLock;

use httparallel_proto::{Error, Phase, Url};
use pyo3::exceptions::{PyTypeError, PyUserWarning};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple, PyType};

use super::components::{from_arguments, with_components};
use super::pickle;
use super::{PyOrigin, PyQueryParams};

static RAW_URL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static COMPONENTS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// A URL or a relative reference, normalised and immutable.
///
///     url = URL("HTTPS://jo%40email.com:a%20secret@müller.de:1234/pa%20th?search=ab#anchor")
///     url.scheme == "https"
///     url.username == "jo@email.com"
///     url.password == "a secret"
///     url.userinfo == b"jo%40email.com:a%20secret"
///     url.host == "müller.de"
///     url.raw_host == b"xn--mller-kva.de"
///     url.port == 1234
///     url.netloc == b"xn--mller-kva.de:1234"
///     url.path == "/pa th"
///     url.query == b"search=ab"
///     url.raw_path == b"/pa%20th?search=ab"
///     url.fragment == "anchor"
///
/// Keyword arguments replace components: scheme, username, password, userinfo, host, port, netloc, path,
/// query, `raw_path`, fragment and params. `InvalidURL` is raised for a text that is no URL, and for a host
/// that could be read in more than one way.
#[pyclass(name = "URL", module = "httparallel", subclass, frozen, weakref)]
#[derive(Default)]
pub(crate) struct PyUrl {
    /// Empty only between `__new__` and `__init__` of a subclass, which may have its own arguments.
    inner: OnceLock<Url>,
}

impl PyUrl {
    /// The URL itself.
    pub(crate) fn url(&self) -> &Url {
        self.inner.get_or_init(Url::default)
    }
}

impl From<Url> for PyUrl {
    fn from(url: Url) -> Self {
        Self { inner: OnceLock::from(url) }
    }
}

#[pymethods]
impl PyUrl {
    #[new]
    #[classmethod]
    #[pyo3(signature = (*args, **kwargs), text_signature = "(url='', **kwargs)")]
    fn new(
        cls: &Bound<'_, PyType>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        if cls.is(cls.py().get_type::<Self>()) {
            Ok(from_arguments(args, kwargs)?.into())
        } else {
            Ok(Self::default())
        }
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __init__(&self, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        if self.inner.get().is_none() {
            let url = from_arguments(args, kwargs)?;
            self.inner.get_or_init(|| url);
        }
        Ok(())
    }

    /// The scheme in lower case, such as "http", or "".
    #[getter]
    fn scheme(&self) -> &str {
        self.url().scheme()
    }

    /// The scheme as bytes.
    #[getter]
    fn raw_scheme(&self) -> &[u8] {
        self.url().scheme().as_bytes()
    }

    /// User name and password as they stand in the URL, such as b"jo%40email.com:a%20secret".
    #[getter]
    fn userinfo(&self) -> &[u8] {
        self.url().userinfo().as_bytes()
    }

    /// The user name, decoded.
    #[getter]
    fn username(&self) -> Cow<'_, str> {
        self.url().username()
    }

    /// The password, decoded.
    #[getter]
    fn password(&self) -> Cow<'_, str> {
        self.url().password()
    }

    /// The host in lower case, international names in Unicode.
    #[getter]
    fn host(&self) -> Cow<'_, str> {
        self.url().host()
    }

    /// The host in lower case, international names as they are sent (IDNA).
    #[getter]
    fn raw_host(&self) -> &[u8] {
        self.url().raw_host().as_bytes()
    }

    /// The port; None if it is absent or the default of the scheme.
    #[getter]
    fn port(&self) -> Option<u16> {
        self.url().port()
    }

    /// The host, with the port if it is not the default: what the Host header says.
    #[getter]
    fn netloc(&self) -> &[u8] {
        self.url().netloc().as_bytes()
    }

    /// The path, decoded, without the query. At least "/".
    #[getter]
    fn path(&self) -> Cow<'_, str> {
        self.url().decoded_path()
    }

    /// The query as it stands in the URL, without its "?".
    #[getter]
    fn query(&self) -> &[u8] {
        self.url().query().unwrap_or_default().as_bytes()
    }

    /// The query, decoded.
    #[getter]
    fn params(&self, py: Python<'_>) -> PyResult<PyQueryParams> {
        PyQueryParams::parse(py, self.url().query().unwrap_or_default())
    }

    /// Path and query as in the request line.
    #[getter]
    fn raw_path<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.url().raw_path().as_bytes())
    }

    /// The fragment, decoded, without its "#".
    #[getter]
    fn fragment(&self) -> Cow<'_, str> {
        self.url().decoded_fragment()
    }

    /// Whether there is a scheme and a host.
    #[getter]
    fn is_absolute_url(&self) -> bool {
        self.url().is_absolute()
    }

    /// Whether the scheme or the host is missing.
    #[getter]
    fn is_relative_url(&self) -> bool {
        !self.url().is_absolute()
    }

    /// Scheme, host and effective port. `ValueError` for a relative URL.
    #[getter]
    fn origin(&self) -> PyResult<PyOrigin> {
        PyOrigin::of(self.url())
    }

    /// Deprecated: scheme, host, port and target as a tuple.
    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        PyErr::warn(py, &py.get_type::<PyUserWarning>(), c"URL.raw is deprecated.", 1)?;
        let class = named_tuple(py, &RAW_URL, "RawURL", &["raw_scheme", "raw_host", "port", "raw_path"])?;
        let bytes = |text: &str| PyBytes::new(py, text.as_bytes());
        let url = self.url();
        class.call1((bytes(url.scheme()), bytes(url.raw_host()), url.port(), bytes(&url.raw_path())))
    }

    /// The normalised components as text: where a name is private in httpx, packages still read it.
    #[getter]
    fn _uri_reference<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let fields = ["scheme", "userinfo", "host", "port", "path", "query", "fragment"];
        let class = named_tuple(py, &COMPONENTS, "ParseResult", &fields)?;
        let url = self.url();
        let (scheme, userinfo, host, port) = (url.scheme(), url.userinfo(), url.raw_host(), url.port());
        class.call1((scheme, userinfo, host, port, url.path(), url.query(), url.fragment()))
    }

    /// A copy with some components changed; the arguments are those of the class.
    #[pyo3(signature = (**kwargs))]
    fn copy_with(&self, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        with_components(self.url(), kwargs).map(Self::from)
    }

    /// A copy whose query has this value for the key, and no other.
    #[pyo3(signature = (key, value=None))]
    fn copy_set_param(&self, key: &Bound<'_, PyAny>, value: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        self.with_params(&self.params(key.py())?.set(key, value)?, key.py())
    }

    /// A copy whose query has this value for the key besides the others.
    #[pyo3(signature = (key, value=None))]
    fn copy_add_param(&self, key: &Bound<'_, PyAny>, value: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        self.with_params(&self.params(key.py())?.add(key, value)?, key.py())
    }

    /// A copy whose query does not have the key.
    fn copy_remove_param(&self, key: &Bound<'_, PyAny>) -> PyResult<Self> {
        self.with_params(&self.params(key.py())?.remove(key)?, key.py())
    }

    /// A copy whose query has the given parameters in place of those with the same keys.
    fn copy_merge_params(&self, params: &Bound<'_, PyAny>) -> PyResult<Self> {
        self.with_params(&self.params(params.py())?.merge(params.py(), Some(params))?, params.py())
    }

    /// The URL that a reference means when it is found at this URL (RFC 3986 section 5).
    fn join(&self, url: &Bound<'_, PyAny>) -> PyResult<Self> {
        let joined = match url.cast::<Self>() {
            Ok(reference) => self.url().join_url(reference.get().url()),
            Err(_) => self.url().join_url(&parse_object(url)?),
        };
        joined.map(Self::from).map_err(|error| invalid_url(url.py(), &error))
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        // A URL equals its text, so it must hash as its text does.
        PyString::new(py, self.url().as_str()).hash()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        let text = self.url().as_str();
        if let Ok(other) = other.cast::<Self>() {
            return text == other.get().url().as_str();
        }
        let Ok(other) = other.cast::<PyString>().map(PyStringMethods::to_cow) else { return false };
        other.is_ok_and(|other| text == other || Url::parse(&other).is_ok_and(|url| text == url.as_str()))
    }

    fn __str__(&self) -> &str {
        self.url().as_str()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let shown = PyString::new(slf.py(), &slf.get().url().masked()).repr()?;
        Ok(format!("{}({shown})", slf.get_type().name()?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        pickle::reduce(slf, (slf.get().url().as_str(),))
    }
}

impl PyUrl {
    fn with_params(&self, params: &PyQueryParams, py: Python<'_>) -> PyResult<Self> {
        let query = params.encode(py)?;
        let query = Some(query.as_str()).filter(|query| !query.is_empty());
        self.url().with().query(query).build().map(Self::from).map_err(|error| invalid_url(py, &error))
    }
}

/// Parses a `str`; any other object is a `TypeError`.
pub(super) fn parse_object(object: &Bound<'_, PyAny>) -> PyResult<Url> {
    let py = object.py();
    let Ok(text) = object.cast::<PyString>() else {
        let message = format!(
            "Invalid type for url.  Expected str or httparallel.URL, got {}: {}",
            object.get_type().repr()?,
            object.repr()?
        );
        return Err(PyTypeError::new_err(message));
    };
    Url::parse(text.to_cow()?.as_ref()).map_err(|error| invalid_url(py, &error))
}

/// The exception `InvalidURL` for an error of parsing, or `InvalidPort`, which is one.
pub(crate) fn invalid_url(py: Python<'_>, error: &Error) -> PyErr {
    static CLASSES: [PyOnceLock<Py<PyType>>; 2] = [const { PyOnceLock::new() }; 2];
    let (class, name) = if error.phase() == Phase::Connect {
        (&CLASSES[1], "InvalidPort")
    } else {
        (&CLASSES[0], "InvalidURL")
    };
    match class.import(py, "httparallel._exceptions", name) {
        Ok(class) => PyErr::from_type(class.clone(), error.to_string()),
        Err(failure) => failure,
    }
}

/// A `collections.namedtuple`, made once.
fn named_tuple<'py>(
    py: Python<'py>,
    cell: &'static PyOnceLock<Py<PyAny>>,
    name: &str,
    fields: &[&str],
) -> PyResult<&'py Bound<'py, PyAny>> {
    let make = || Ok(py.import("collections")?.call_method1("namedtuple", (name, fields))?.unbind());
    cell.get_or_try_init(py, make).map(|class| class.bind(py))
}
