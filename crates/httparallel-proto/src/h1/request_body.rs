//! A request body on its way out, held to the framing its head announced.

use bytes::BytesMut;

use super::encode::{RequestFraming, encode_chunk, encode_chunk_size, encode_end};
use crate::{Error, Kind, Phase, Result};

/// Encodes the body of one request as [`RequestFraming`] says.
///
/// More or fewer bytes than `Content-Length` announced would be read as part of the next request, or leave
/// the server waiting; both are errors here.
///
/// ```
/// use bytes::BytesMut;
/// use httparallel_proto::h1::{RequestBody, RequestFraming};
///
/// let mut out = BytesMut::new();
/// let mut body = RequestBody::new(RequestFraming::Chunked);
/// body.encode(&mut out, b"hello")?;
/// body.finish(&mut out)?;
/// assert_eq!(out, "5\r\nhello\r\n0\r\n\r\n");
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RequestBody {
    framing: RequestFraming,
}

impl RequestBody {
    /// A body of which nothing is sent yet.
    pub fn new(framing: RequestFraming) -> Self {
        Self { framing }
    }

    /// Appends `data` to `out`, framed. Fails with [`Kind::InvalidRequest`], writing nothing, if it is more
    /// than was announced.
    pub fn encode(&mut self, out: &mut BytesMut, data: &[u8]) -> Result<()> {
        match &mut self.framing {
            RequestFraming::Chunked => encode_chunk(out, data),
            RequestFraming::None if data.is_empty() => {}
            RequestFraming::None => return Err(violated("Too much data: no body was announced")),
            RequestFraming::Length(remaining) => {
                *remaining = remaining
                    .checked_sub(data.len() as u64)
                    .ok_or_else(|| violated("Too much data for declared Content-Length"))?;
                out.extend_from_slice(data);
            }
        }
        Ok(())
    }

    /// Appends to `out` what goes before `length` bytes of data, which the caller writes to the socket itself, without
    /// a copy through `out`; returns what has to follow them. Fails as [`encode`](Self::encode) does.
    ///
    /// ```
    /// use bytes::BytesMut;
    /// use httparallel_proto::h1::{RequestBody, RequestFraming};
    ///
    /// let mut before = BytesMut::new();
    /// let after = RequestBody::new(RequestFraming::Chunked).encode_around(&mut before, 5)?;
    /// assert_eq!([&before[..], b"hello", after].concat(), b"5\r\nhello\r\n");
    /// # Ok::<(), httparallel_proto::Error>(())
    /// ```
    pub fn encode_around(&mut self, out: &mut BytesMut, length: usize) -> Result<&'static [u8]> {
        match self.framing {
            RequestFraming::Chunked if length > 0 => {
                encode_chunk_size(out, length);
                Ok(b"\r\n")
            }
            RequestFraming::Length(_) => self.advance(length as u64).map(|()| &b""[..]),
            RequestFraming::None if length > 0 => Err(violated("Too much data: no body was announced")),
            RequestFraming::Chunked | RequestFraming::None => Ok(b""),
        }
    }

    /// Counts `n` bytes that the caller writes to the socket itself, without a copy through a buffer. Only
    /// bodies framed by length can be sent so: see [`is_raw`](Self::is_raw).
    pub fn advance(&mut self, n: u64) -> Result<()> {
        match &mut self.framing {
            RequestFraming::Length(remaining) if n <= *remaining => {
                *remaining -= n;
                Ok(())
            }
            _ => Err(violated("Too much data for declared Content-Length")),
        }
    }

    /// Whether the bytes on the wire are the body's own.
    pub fn is_raw(&self) -> bool {
        matches!(self.framing, RequestFraming::Length(_))
    }

    /// Whether all that was announced has been encoded or counted. A body in chunks has to be ended for that.
    pub fn is_complete(&self) -> bool {
        matches!(self.framing, RequestFraming::None | RequestFraming::Length(0))
    }

    /// Ends the body. Fails with [`Kind::InvalidRequest`] if less was sent than announced; the connection must
    /// then be closed.
    pub fn finish(&mut self, out: &mut BytesMut) -> Result<()> {
        match self.framing {
            RequestFraming::Chunked => encode_end(out),
            RequestFraming::None | RequestFraming::Length(0) => {}
            RequestFraming::Length(_) => {
                return Err(violated("Too little data for declared Content-Length"));
            }
        }
        self.framing = RequestFraming::None;
        Ok(())
    }
}

fn violated(message: &'static str) -> Error {
    Error::new(Kind::InvalidRequest, Phase::Write, message)
}
