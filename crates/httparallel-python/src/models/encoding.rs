//! Text and bytes of headers: which encoding, and how to convert.
//!
//! HTTP says ASCII; servers send UTF-8 and ISO-8859-1 too. Without an explicit encoding the first of the
//! three in which all fields can be read is taken, so that reading never fails.

use std::borrow::Cow;
use std::sync::Arc;

use httparallel_proto::Headers;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// An encoding of header text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Ascii,
    Utf8,
    Latin1,
    /// Any other name that Python's codecs know.
    Named(Arc<str>),
}

impl Encoding {
    pub(super) fn from_name(name: &str) -> Self {
        match name {
            "ascii" => Self::Ascii,
            "utf-8" => Self::Utf8,
            "iso-8859-1" => Self::Latin1,
            _ => Self::Named(name.into()),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Ascii => "ascii",
            Self::Utf8 => "utf-8",
            Self::Latin1 => "iso-8859-1",
            Self::Named(name) => name,
        }
    }

    /// The narrowest encoding in which every field can be read.
    pub(super) fn detect(headers: &Headers) -> Self {
        let fields = || headers.iter().flat_map(|header| [&header.name, &header.value]);
        if fields().all(|field| field.is_ascii()) {
            Self::Ascii
        } else if fields().all(|field| std::str::from_utf8(field).is_ok()) {
            Self::Utf8
        } else {
            Self::Latin1
        }
    }

    /// Bytes as text. A byte that the encoding does not have is a `UnicodeDecodeError`.
    pub(super) fn decode<'py>(&self, py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyString>> {
        match (self, std::str::from_utf8(bytes)) {
            (Self::Utf8, Ok(text)) => return Ok(PyString::new(py, text)),
            (Self::Ascii | Self::Latin1, Ok(text)) if text.is_ascii() => return Ok(PyString::new(py, text)),
            (Self::Latin1, _) => {
                let text: String = bytes.iter().copied().map(char::from).collect();
                return Ok(PyString::new(py, &text));
            }
            _ => {}
        }
        Ok(PyBytes::new(py, bytes).call_method1("decode", (self.name(),))?.cast_into()?)
    }

    /// Text as bytes. A character that the encoding does not have is a `UnicodeEncodeError`.
    pub(super) fn encode<'a>(&self, text: &'a Bound<'_, PyString>) -> PyResult<Cow<'a, [u8]>> {
        if !matches!(self, Self::Named(_))
            && let Ok(utf8) = text.to_cow()
            && (*self == Self::Utf8 || utf8.is_ascii())
        {
            return Ok(match utf8 {
                Cow::Borrowed(utf8) => Cow::Borrowed(utf8.as_bytes()),
                Cow::Owned(utf8) => Cow::Owned(utf8.into_bytes()),
            });
        }
        let encoded = text.call_method1("encode", (self.name(),))?.cast_into::<PyBytes>()?;
        Ok(Cow::Owned(encoded.as_bytes().to_vec()))
    }
}
