//! The arguments of `URL`: which there are, their types, and which of them overlap.

use httparallel_proto::{Result, Url};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyString, PyTuple};

use super::url::{invalid_url, parse_object};
use super::{PyQueryParams, PyUrl};

/// The arguments of the class: `(url="", **components)`.
pub(super) fn from_arguments(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Url> {
    if args.len() > 1 {
        return Err(PyTypeError::new_err(format!(
            "URL() takes at most 1 positional argument ({} given)",
            args.len()
        )));
    }
    let (url, kwargs) = split_url(args, kwargs)?;
    let Some(url) = url else { return with_components(&Url::default(), kwargs.as_ref()) };
    if let Ok(url) = url.cast::<PyUrl>() {
        return with_components(url.get().url(), kwargs.as_ref());
    }
    let url = parse_object(&url)?;
    if kwargs.is_none() { Ok(url) } else { with_components(&url, kwargs.as_ref()) }
}

type UrlAndComponents<'py> = (Option<Bound<'py, PyAny>>, Option<Bound<'py, PyDict>>);

/// `url` may be given by position or by name.
fn split_url<'py>(
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<UrlAndComponents<'py>> {
    let url = if args.is_empty() { None } else { Some(args.get_item(0)?) };
    let Some(kwargs) = kwargs.filter(|kwargs| !kwargs.is_empty()) else { return Ok((url, None)) };
    match (url, kwargs.get_item("url")?) {
        (Some(_), Some(_)) => Err(PyTypeError::new_err("URL() got multiple values for argument 'url'")),
        (None, Some(url)) => {
            let kwargs = kwargs.copy()?;
            kwargs.del_item("url")?;
            Ok((Some(url), Some(kwargs)))
        }
        (url, None) => Ok((url, Some(kwargs.clone()))),
    }
}

/// The URL with the components that keyword arguments name.
pub(super) fn with_components(url: &Url, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Url> {
    let Some(kwargs) = kwargs else { return Ok(url.clone()) };
    let components = Components::from_kwargs(kwargs)?;
    components.apply_to(url).map_err(|error| invalid_url(kwargs.py(), &error))
}

/// Components to replace. `Some("")` and `Some(None)` remove one; `None` leaves it.
#[derive(Default)]
#[expect(clippy::option_option, reason = "an absent argument and the argument None differ")]
struct Components {
    scheme: Option<String>,
    credentials: Option<(String, String)>,
    userinfo: Option<String>,
    host: Option<String>,
    port: Option<String>,
    netloc: Option<String>,
    path: Option<String>,
    query: Option<Option<String>>,
    raw_path: Option<String>,
    fragment: Option<Option<String>>,
}

impl Components {
    /// Reads the arguments; an unknown name or a wrong type is a `TypeError`.
    fn from_kwargs(kwargs: &Bound<'_, PyDict>) -> PyResult<Self> {
        let mut components = Self::default();
        for (key, value) in kwargs {
            let key = key.extract::<String>()?;
            components.set(&key, &value)?;
        }
        // Both name the query; the parameters are the last word, wherever they stand.
        if let Some(params) = kwargs.get_item("params")? {
            components.query = Some(encode_params(&params)?);
        }
        Ok(components)
    }

    fn set(&mut self, key: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        match key {
            "scheme" => self.scheme = Some(text(key, value)?.unwrap_or_default()),
            "username" => {
                self.credentials.get_or_insert_default().0 = text(key, value)?.unwrap_or_default();
            }
            "password" => {
                self.credentials.get_or_insert_default().1 = text(key, value)?.unwrap_or_default();
            }
            "userinfo" => self.userinfo = Some(ascii(key, value)?.unwrap_or_default()),
            "host" => self.host = Some(text(key, value)?.unwrap_or_default()),
            "port" => self.port = Some(integer(key, value)?.unwrap_or_default()),
            "netloc" => self.netloc = Some(ascii(key, value)?.unwrap_or_default()),
            "path" => self.path = Some(text(key, value)?.unwrap_or_default()),
            "query" => self.query = Some(ascii(key, value)?),
            "raw_path" => self.raw_path = Some(ascii(key, value)?.unwrap_or_default()),
            "fragment" => self.fragment = Some(text(key, value)?),
            "params" => {}
            _ => {
                let key = PyString::new(value.py(), key).repr()?;
                return Err(PyTypeError::new_err(format!("{key} is an invalid keyword argument for URL()")));
            }
        }
        Ok(())
    }

    /// The URL with these components. Where two arguments overlap, the wider one counts.
    fn apply_to(&self, url: &Url) -> Result<Url> {
        let mut builder = url.with();
        if let Some(scheme) = &self.scheme {
            builder = builder.scheme(scheme);
        }
        if let Some(userinfo) = &self.userinfo {
            builder = builder.userinfo(userinfo);
        }
        if let Some((username, password)) = &self.credentials {
            builder = builder.credentials(username, password);
        }
        if let Some(host) = &self.host {
            builder = builder.host(host);
        }
        if let Some(port) = &self.port {
            builder = builder.port_text(port);
        }
        if let Some(netloc) = &self.netloc {
            builder = builder.netloc(netloc);
        }
        if let Some(path) = &self.path {
            builder = builder.path(path);
        }
        if let Some(query) = &self.query {
            builder = builder.query(query.as_deref());
        }
        if let Some(raw_path) = &self.raw_path {
            builder = builder.raw_path(raw_path);
        }
        if let Some(fragment) = &self.fragment {
            builder = builder.fragment(fragment.as_deref());
        }
        builder.build()
    }
}

/// No parameters remove the query instead of leaving an empty one, so that no stray `?` is sent.
fn encode_params(params: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    if !params.is_truthy()? {
        return Ok(None);
    }
    let query = PyQueryParams::from_object(params)?.encode(params.py())?;
    Ok(Some(query).filter(|query| !query.is_empty()))
}

fn text(key: &str, value: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    if value.is_none() {
        return Ok(None);
    }
    let Ok(value) = value.cast::<PyString>() else { return Err(wrong_type(key, "str", value)) };
    Ok(Some(value.to_cow()?.into_owned()))
}

fn integer(key: &str, value: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    if value.is_none() {
        return Ok(None);
    }
    let Ok(value) = value.cast::<PyInt>() else { return Err(wrong_type(key, "int", value)) };
    Ok(Some(value.str()?.to_cow()?.into_owned()))
}

fn ascii(key: &str, value: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    if value.is_none() {
        return Ok(None);
    }
    let Ok(value) = value.cast::<PyBytes>() else { return Err(wrong_type(key, "bytes", value)) };
    // Python's own decoding, for its own error.
    Ok(Some(value.call_method1("decode", ("ascii",))?.extract()?))
}

fn wrong_type(key: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    match value.get_type().name() {
        Ok(seen) => PyTypeError::new_err(format!("Argument '{key}' must be {expected} but got {seen}")),
        Err(error) => error,
    }
}
