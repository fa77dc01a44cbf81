//! Request heads and chunks as bytes. Everything is checked before the first byte is written.

use bytes::{Bytes, BytesMut};

use super::framing::{self, RequestTraits};
use crate::headers::{Headers, is_token};
use crate::{Error, Result};

/// How the end of a request body is known to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestFraming {
    /// There is no body, and no header speaks of one.
    None,
    /// The body has this many bytes: `Content-Length`.
    Length(u64),
    /// The body comes in chunks: `Transfer-Encoding: chunked`.
    Chunked,
}

impl RequestFraming {
    /// The framing that request headers announce; [`None`](RequestFraming::None) if they announce none.
    ///
    /// Fails with [`Kind::InvalidRequest`](crate::Kind::InvalidRequest) on a `Content-Length` that is not one
    /// number, on a `Transfer-Encoding` that does not end in `chunked`, and on both together.
    pub fn of_headers(headers: &Headers) -> Result<Self> {
        let length = announced_length(headers)?;
        match (length, announces_chunked(headers)?) {
            (Some(_), true) => {
                Err(Error::invalid_request("Content-Length and Transfer-Encoding exclude each other"))
            }
            (_, true) => Ok(Self::Chunked),
            (Some(length), false) => Ok(Self::Length(length)),
            (None, false) => Ok(Self::None),
        }
    }
}

/// Header fields on the wire, checked, and what they say that matters to the exchange.
#[derive(Clone, Debug)]
pub struct HeaderLines {
    /// The lines, without the empty one that ends them.
    bytes: Bytes,
    framing: RequestFraming,
    expects_continue: bool,
    /// Of no method in particular.
    pub(super) traits: RequestTraits,
}

impl HeaderLines {
    /// Fails with [`Kind::InvalidRequest`](crate::Kind::InvalidRequest) if a field is illegal, `Host` is missing or
    /// repeated, or the framing is [ambiguous](RequestFraming::of_headers).
    pub fn of(headers: &Headers) -> Result<Self> {
        headers.check()?;
        check_host(headers)?;
        let framing = RequestFraming::of_headers(headers)?;
        let length = headers.iter().map(|header| header.name.len() + header.value.len() + 4).sum();
        let mut bytes = Vec::with_capacity(length);
        for header in headers {
            for part in [&header.name[..], b": ", &header.value, b"\r\n"] {
                bytes.extend_from_slice(part);
            }
        }
        Ok(Self {
            bytes: bytes.into(),
            framing,
            expects_continue: headers.lists_token("expect", "100-continue"),
            traits: RequestTraits::of(b"", headers),
        })
    }

    /// The lines, without the empty one that ends them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The framing that they announce; [`None`](RequestFraming::None) if they announce none.
    pub fn framing(&self) -> RequestFraming {
        self.framing
    }

    /// Whether the content waits for 100 (Continue).
    pub fn expects_continue(&self) -> bool {
        self.expects_continue
    }
}

/// Appends a request head to `out`: request line, `headers` as given, and the framing field they lack.
///
/// `target` goes on the wire as it is: `/path?query`, an absolute URL for a proxy, or `host:port` for
/// CONNECT. The caller provides `Host`.
///
/// Fails with [`Kind::InvalidRequest`](crate::Kind::InvalidRequest), leaving `out` as it was, if the method is
/// not a token, the target holds a space, a control character or anything but ASCII, a field is illegal,
/// `Host` is missing or repeated, or the headers contradict `framing`.
///
/// ```
/// use bytes::{Bytes, BytesMut};
/// use httparallel_proto::{Headers, h1};
///
/// let headers: Headers = [("Host", "example.org")].into_iter().collect();
/// let mut out = BytesMut::new();
/// h1::encode_head(&mut out, b"POST", b"/items", &headers, h1::RequestFraming::Length(2))?;
/// assert_eq!(out, "POST /items HTTP/1.1\r\nHost: example.org\r\nContent-Length: 2\r\n\r\n");
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
pub fn encode_head(
    out: &mut BytesMut,
    method: &[u8],
    target: &[u8],
    headers: &Headers,
    framing: RequestFraming,
) -> Result<()> {
    encode_lines(out, method, target, &HeaderLines::of(headers)?, framing)
}

/// [`encode_head`] with header fields that are encoded already.
pub fn encode_lines(
    out: &mut BytesMut,
    method: &[u8],
    target: &[u8],
    lines: &HeaderLines,
    framing: RequestFraming,
) -> Result<()> {
    check_request_line(method, target)?;
    let announced = check_framing(lines.framing, framing)?;
    write_head(out, method, target, lines, if announced { RequestFraming::None } else { framing });
    Ok(())
}

/// Appends one chunk holding `data`. Empty data writes nothing, for an empty chunk would end the body.
pub fn encode_chunk(out: &mut BytesMut, data: &[u8]) {
    if data.is_empty() {
        return;
    }
    out.reserve(data.len() + 20);
    encode_chunk_size(out, data.len());
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

/// Appends the first line of a chunk that holds so many bytes, at least one.
pub(super) fn encode_chunk_size(out: &mut BytesMut, length: usize) {
    let digits = 16 - (length as u64).leading_zeros() as usize / 4;
    for index in (0..digits).rev() {
        out.extend_from_slice(&[b"0123456789abcdef"[length >> (4 * index) & 0xf]]);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends what ends a chunked body: the empty chunk, without trailers.
pub fn encode_end(out: &mut BytesMut) {
    out.extend_from_slice(b"0\r\n\r\n");
}

fn check_request_line(method: &[u8], target: &[u8]) -> Result<()> {
    if !is_token(method) {
        return Err(Error::invalid_request("The method is not a token"));
    }
    // The target may hold secrets, so the message does not show it.
    if target.is_empty() || !target.iter().all(u8::is_ascii_graphic) {
        return Err(Error::invalid_request(
            "The request target is empty, or holds a space, a control character or a non-ASCII byte",
        ));
    }
    Ok(())
}

/// RFC 9112 section 3.2: "A client MUST send a Host header field […] in all HTTP/1.1 request messages."
fn check_host(headers: &Headers) -> Result<()> {
    match headers.get_all("host").count() {
        1 => Ok(()),
        0 => Err(Error::invalid_request("The Host header is missing")),
        _ => Err(Error::invalid_request("There is more than one Host header")),
    }
}

/// Whether `framing` is announced already; fails if another one is.
fn check_framing(announced: RequestFraming, framing: RequestFraming) -> Result<bool> {
    match (announced, framing) {
        (RequestFraming::None, _) => Ok(false),
        (announced, framing) if announced == framing => Ok(true),
        (RequestFraming::Length(0), RequestFraming::None) => Ok(true),
        (RequestFraming::Length(_), _) => {
            Err(Error::invalid_request("The Content-Length header contradicts the body"))
        }
        (RequestFraming::Chunked, _) => {
            Err(Error::invalid_request("The Transfer-Encoding header contradicts the body"))
        }
    }
}

fn announced_length(headers: &Headers) -> Result<Option<u64>> {
    let mut values = headers.get_all("content-length");
    let Some(value) = values.next() else { return Ok(None) };
    match framing::decimal(value) {
        Some(length) if values.next().is_none() => Ok(Some(length)),
        _ => Err(Error::invalid_request("The Content-Length header is not one number")),
    }
}

fn announces_chunked(headers: &Headers) -> Result<bool> {
    let mut codings = framing::transfer_codings(headers).peekable();
    if codings.peek().is_none() {
        return Ok(false);
    }
    while let Some(coding) = codings.next() {
        let is_last = codings.peek().is_none();
        // RFC 9112 section 6.1: "A sender MUST NOT apply the chunked transfer coding more than once", and
        // chunked is the final coding of a request.
        if coding.eq_ignore_ascii_case(b"chunked") != is_last {
            return Err(Error::invalid_request("The Transfer-Encoding header does not end in one chunked"));
        }
    }
    Ok(true)
}

fn write_head(
    out: &mut BytesMut,
    method: &[u8],
    target: &[u8],
    lines: &HeaderLines,
    framing_field: RequestFraming,
) {
    out.reserve(method.len() + target.len() + lines.bytes.len() + 64);
    for part in [method, b" ", target, b" HTTP/1.1\r\n", &lines.bytes] {
        out.extend_from_slice(part);
    }
    match framing_field {
        RequestFraming::None => {}
        RequestFraming::Length(length) => {
            out.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes());
        }
        RequestFraming::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
    }
    out.extend_from_slice(b"\r\n");
}
