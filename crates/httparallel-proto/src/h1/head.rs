//! Complete response heads and trailers, parsed by httparse into slices of one allocation.

use std::mem::MaybeUninit;
use std::time::Duration;

use bytes::Bytes;
use httparse::{Error as ParseError, ParserConfig, Response, Status};

use super::framing;
use crate::headers::Headers;
use crate::{Error, Result};

/// Most heads have fewer fields than this; they are parsed on the stack.
const USUAL_FIELDS: usize = 48;

/// The version a response names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
}

/// The status line and header fields of a response.
///
/// The reason and all names and values are slices of one allocation that holds just the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// The version the server speaks.
    pub version: Version,
    /// The status code, 100 to 999.
    pub status: u16,
    /// The reason phrase; often empty, and free of meaning.
    pub reason: Bytes,
    /// The fields, in the order and case they came in.
    pub headers: Headers,
}

impl ResponseHead {
    /// How long the server keeps the connection when idle, if a `Keep-Alive` field tells (`timeout=5`).
    pub fn keep_alive_timeout(&self) -> Option<Duration> {
        const NAME: &[u8] = b"timeout=";
        let mut items = self.headers.get_all("keep-alive").flat_map(|value| framing::list(value));
        let item =
            items.find(|item| item.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)))?;
        framing::decimal(&item[NAME.len()..]).map(Duration::from_secs)
    }
}

/// Parses a complete head of `lines` lines, its empty line included.
pub(super) fn parse_head(raw: &[u8], lines: usize, folded: bool) -> Result<ResponseHead> {
    let raw = own(raw, folded);
    let mut usual = [const { MaybeUninit::uninit() }; USUAL_FIELDS];
    if lines <= USUAL_FIELDS {
        return parse_into(&raw, &mut usual);
    }
    parse_into(&raw, &mut vec![MaybeUninit::uninit(); lines])
}

/// Parses a complete, not empty trailer section of `lines` lines, its empty line included.
pub(super) fn parse_trailers(raw: &[u8], lines: usize) -> Result<Headers> {
    let raw = own(raw, false);
    let mut fields = vec![httparse::EMPTY_HEADER; lines];
    match httparse::parse_headers(&raw, &mut fields) {
        Ok(Status::Complete((_, fields))) => Ok(to_headers(&raw, fields)),
        Ok(Status::Partial) => Err(Error::protocol("The trailer section has an empty line within")),
        Err(error) => Err(explain("trailer section", error)),
    }
}

/// A copy that lives on its own: slices of the read buffer would keep all of it, body included, in memory.
fn own(raw: &[u8], folded: bool) -> Bytes {
    if !folded {
        return Bytes::copy_from_slice(raw);
    }
    let mut raw = raw.to_vec();
    unfold(&mut raw);
    raw.into()
}

/// RFC 9112 section 5.2: "MUST replace each received obs-fold with one or more SP octets".
fn unfold(raw: &mut [u8]) {
    for index in 1..raw.len() {
        if matches!(raw[index], b' ' | b'\t') && raw[index - 1] == b'\n' {
            raw[index - 1] = b' ';
            if index > 1 && raw[index - 2] == b'\r' {
                raw[index - 2] = b' ';
            }
        }
    }
}

fn parse_into<'a>(raw: &'a Bytes, fields: &mut [MaybeUninit<httparse::Header<'a>>]) -> Result<ResponseHead> {
    let mut response = Response::new(&mut []);
    let parsed = ParserConfig::default().parse_response_with_uninit_headers(&mut response, raw, fields);
    match parsed {
        Ok(Status::Complete(length)) if length == raw.len() => {}
        Ok(_) => return Err(Error::protocol("The response head has an empty line within")),
        Err(error) => return Err(explain("response head", error)),
    }
    let (Some(version), Some(status)) = (response.version, response.code) else {
        return Err(Error::protocol("The response has no status line"));
    };
    // RFC 9110 section 15: a status code is "a three-digit integer code", and its first digit is a class.
    if status < 100 {
        return Err(Error::protocol(format!("The response's status {status} is no status code")));
    }
    Ok(ResponseHead {
        version: if version == 0 { Version::Http10 } else { Version::Http11 },
        status,
        reason: reason(raw),
        headers: to_headers(raw, response.headers),
    })
}

/// The reason phrase as sent; httparse drops one that is not ASCII.
fn reason(raw: &Bytes) -> Bytes {
    const BEFORE: usize = b"HTTP/1.1 200".len();
    let end = memchr::memchr2(b'\r', b'\n', raw).unwrap_or(raw.len());
    let text = raw.get(BEFORE..end).unwrap_or_default().trim_ascii();
    if text.is_empty() { Bytes::new() } else { raw.slice_ref(text) }
}

fn to_headers(raw: &Bytes, fields: &[httparse::Header<'_>]) -> Headers {
    let mut headers = Headers::with_capacity(fields.len());
    for field in fields {
        headers.append(raw.slice_ref(field.name.as_bytes()), raw.slice_ref(field.value));
    }
    headers
}

fn explain(section: &str, error: ParseError) -> Error {
    let what = match error {
        ParseError::HeaderName => "an illegal header name",
        ParseError::HeaderValue => "an illegal header value",
        ParseError::NewLine => "a bare CR or LF",
        ParseError::Status => "an illegal status code or reason",
        ParseError::Token => "an illegal character",
        ParseError::TooManyHeaders => "too many header fields",
        ParseError::Version => "a version that is not HTTP/1.0 or HTTP/1.1",
    };
    Error::protocol(format!("The {section} has {what}")).with_source(error)
}
