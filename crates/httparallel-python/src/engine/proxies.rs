//! Which URL goes through which proxy: patterns, and the rules of the environment.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use httparallel::{Kind, Proxies, Proxy};
use httparallel_proto::proxy::{Environment, Pattern, Priority};
use pyo3::basic::CompareOp;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::errors::exception;
use super::request::url as url_of;
use crate::models::invalid_url;

/// URL, user name and password, header fields.
pub(super) type ProxyArgument = (String, Option<(String, String)>, Vec<(Vec<u8>, Vec<u8>)>);

pub(super) fn proxy((url, credentials, headers): ProxyArgument) -> httparallel::Result<Proxy> {
    let mut proxy = Proxy::new(&url)?;
    if let Some((username, password)) = credentials {
        proxy = proxy.with_credentials(&username, &password)?;
    }
    for (name, value) in headers {
        proxy = proxy.with_header(name, value)?;
    }
    Ok(proxy)
}

/// URL, user name and password.
type Named = (String, Option<(String, String)>);

/// The proxies of an engine: none, one, or what rules say.
pub(super) fn proxies(py: Python<'_>, argument: Option<&Bound<'_, PyAny>>) -> PyResult<Proxies> {
    let Some(argument) = argument else { return Ok(Proxies::default()) };
    if let Ok(rules) = argument.cast::<ProxyRules>() {
        return Ok(rules.get().proxies.clone());
    }
    let one = proxy(argument.extract()?).map_err(|error| exception(py, &error))?;
    Ok(Proxies::all(one))
}

/// Which URL is requested through which proxy, by variables that are called as those of the environment.
#[pyclass(frozen, module = "httparallel._native")]
pub(crate) struct ProxyRules {
    environment: Environment,
    proxies: Proxies,
}

impl From<Environment> for ProxyRules {
    fn from(environment: Environment) -> Self {
        Self { proxies: environment.clone().into(), environment }
    }
}

#[pymethods]
impl ProxyRules {
    #[new]
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over arguments this way")]
    fn new(variables: HashMap<String, String>) -> Self {
        Environment::read(|name| variables.get(name).cloned()).into()
    }

    /// The rules of this process's environment.
    #[staticmethod]
    fn of_environment() -> Self {
        // What is not text names no proxy, and is refused as such.
        let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        Environment::read(variable).into()
    }

    /// Whether some URL is to go through a proxy.
    #[getter]
    fn names_a_proxy(&self) -> bool {
        self.environment.names_a_proxy()
    }

    /// The URLs of proxies, by the pattern of the URLs that they are for; `None` for those that need none.
    fn routes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let routes = PyDict::new(py);
        for (pattern, proxy) in self.environment.routes() {
            routes.set_item(pattern, proxy)?;
        }
        Ok(routes)
    }

    /// The proxy for a URL: its own URL, and user name and password.
    fn proxy_of(&self, py: Python<'_>, url: &Bound<'_, PyAny>) -> PyResult<Option<Named>> {
        let found = self.proxies.of(&url_of(url)?).map_err(|error| exception(py, &error))?;
        Ok(found.map(|proxy| {
            let credentials = proxy.credentials();
            (proxy.origin().to_string(), credentials.map(|(name, password)| (name.into(), password.into())))
        }))
    }
}

/// A pattern that URLs match, such as `all://*.example.org`. The most specific one is the smallest.
#[pyclass(frozen, module = "httparallel._native", name = "URLPattern")]
pub(crate) struct PyPattern {
    inner: Pattern,
}

#[pymethods]
impl PyPattern {
    #[new]
    fn new(py: Python<'_>, pattern: &str) -> PyResult<Self> {
        let inner = Pattern::parse(pattern).map_err(|error| match error.kind() {
            Kind::InvalidUrl => invalid_url(py, &error),
            _ => PyValueError::new_err(error.message().to_owned()),
        })?;
        Ok(Self { inner })
    }

    /// The text it was read from.
    #[getter]
    fn pattern(&self) -> &str {
        self.inner.as_str()
    }

    /// The scheme, empty for all.
    #[getter]
    fn scheme(&self) -> &str {
        self.inner.scheme()
    }

    /// The host with its stars, empty for all.
    #[getter]
    fn host(&self) -> &str {
        self.inner.host()
    }

    /// The port, if it counts.
    #[getter]
    fn port(&self) -> Option<u16> {
        self.inner.port()
    }

    /// What patterns are sorted by. Smaller is more specific.
    #[getter]
    fn priority(&self) -> Priority {
        self.inner.priority()
    }

    /// Whether it covers a URL.
    fn matches(&self, url: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.inner.matches(&url_of(url)?))
    }

    /// Whether it covers every URL of a scheme.
    fn covers_scheme(&self, scheme: &str) -> bool {
        self.inner.covers_scheme(scheme)
    }

    fn __richcmp__(&self, other: &Bound<'_, PyAny>, operation: CompareOp) -> PyResult<Py<PyAny>> {
        let py = other.py();
        let Ok(other) = other.cast::<Self>() else { return Ok(py.NotImplemented()) };
        let (one, other) = (&self.inner, &other.get().inner);
        let result = match operation {
            CompareOp::Eq => one == other,
            CompareOp::Ne => one != other,
            // As a sort key alone: patterns that say as much as each other keep their order.
            _ => operation.matches(one.priority().cmp(&other.priority())),
        };
        Ok(result.into_pyobject(py)?.to_owned().into_any().unbind())
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.inner.hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        format!("URLPattern('{}')", self.inner.as_str())
    }
}
