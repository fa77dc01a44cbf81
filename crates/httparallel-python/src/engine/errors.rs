//! Engine errors as Python exceptions, through the package's one table.

use httparallel::{Error, Kind, Phase};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The exception for an error: chosen by `httparallel._errors.exception_for`, by kind and phase.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    static TABLE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let made = TABLE
        .get_or_try_init(py, || {
            Ok::<_, PyErr>(py.import("httparallel._errors")?.getattr("exception_for")?.unbind())
        })
        .and_then(|table| table.call1(py, (kind(error.kind()), phase(error.phase()), describe(error))));
    match made {
        Ok(exception) => PyErr::from_value(exception.into_bound(py)),
        Err(failure) => failure,
    }
}

/// The message, with that of its cause if it adds something.
fn describe(error: &Error) -> String {
    let message = error.message();
    match std::error::Error::source(error).map(ToString::to_string) {
        Some(cause) if !message.contains(&cause) => format!("{message}: {cause}"),
        _ => message.to_owned(),
    }
}

/// The kind of that name.
pub(super) fn kind_named(name: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|&each| kind(each) == name)
}

/// The phase of that name.
pub(super) fn phase_named(name: &str) -> Option<Phase> {
    Phase::ALL.into_iter().find(|&each| phase(each) == name)
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::InvalidUrl => "invalid_url",
        Kind::UnsupportedScheme => "unsupported_scheme",
        Kind::InvalidRequest => "invalid_request",
        Kind::Timeout => "timeout",
        Kind::Network => "network",
        Kind::Tls => "tls",
        Kind::Protocol => "protocol",
        Kind::Incomplete => "incomplete",
        Kind::Decode => "decode",
        Kind::BodyTooLarge => "body_too_large",
        Kind::EventStream => "event_stream",
        Kind::TooManyRedirects => "too_many_redirects",
        Kind::Proxy => "proxy",
        Kind::Closed => "closed",
        Kind::Cancelled => "cancelled",
        _ => "internal",
    }
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Build => "build",
        Phase::Pool => "pool",
        Phase::Connect => "connect",
        Phase::Write => "write",
        Phase::Read => "read",
        _ => "total",
    }
}
