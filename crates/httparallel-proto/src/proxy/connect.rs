//! Opening a tunnel: the CONNECT request, and what the proxy answers (RFC 9110 section 9.3.6).

use bytes::BytesMut;

use super::{Proxy, failed};
use crate::h1::{Event, Limits, RequestFraming, ResponseReader, encode_head};
use crate::url::Origin;
use crate::{Error, Headers, Result};

/// A tunnel in the making.
///
/// ```
/// use bytes::BytesMut;
/// use httparallel_proto::proxy::{Connect, Proxy};
/// use httparallel_proto::Url;
///
/// let proxy = Proxy::new("http://user:secret@proxy.test:3128")?;
/// let mut out = BytesMut::new();
/// let mut connect = Connect::new(&proxy, &Url::parse("https://example.com/")?.origin(), &mut out)?;
/// assert!(out.starts_with(b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n"));
///
/// let mut input = BytesMut::from("HTTP/1.1 200 OK\r\n");
/// assert!(!connect.read(&mut input, false)?);
/// input.extend_from_slice(b"\r\n");
/// assert!(connect.read(&mut input, false)?);
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
#[derive(Debug)]
pub struct Connect {
    reader: ResponseReader,
}

impl Connect {
    /// Asks `proxy` for a tunnel to `origin`: appends the request to `out`.
    pub fn new(proxy: &Proxy, origin: &Origin, out: &mut BytesMut) -> Result<Self> {
        let target = authority(origin);
        let mut headers = Headers::new();
        headers.append("Host", target.clone());
        for (name, value) in proxy.fields() {
            // What the proxy's settings say of `Host` is for the proxy's eyes, and it sees one.
            if name.eq_ignore_ascii_case(b"host") {
                headers.set(name, value);
            } else {
                headers.append(name, value);
            }
        }
        encode_head(out, b"CONNECT", target.as_bytes(), &headers, RequestFraming::None)?;
        Ok(Self { reader: ResponseReader::new(b"CONNECT", &headers, &Limits::default()) })
    }

    /// Reads the answer. `Ok(true)` when the tunnel is open: what is left in `input` came out of it.
    ///
    /// Fails with [`Kind::Proxy`](crate::Kind::Proxy): with status and reason if the proxy refuses.
    pub fn read(&mut self, input: &mut BytesMut, eof: bool) -> Result<bool> {
        loop {
            match self.reader.read(input, eof).map_err(|error| unreadable(&error, eof))? {
                Event::NeedMore => return Ok(false),
                Event::Interim(_) => {}
                Event::Head(_) if self.reader.is_upgraded() => return Ok(true),
                Event::Head(head) => return Err(refused(head.status, &head.reason)),
                Event::Body(_) | Event::End { .. } => return Err(failed("The proxy did not open a tunnel")),
            }
        }
    }
}

/// RFC 9110 section 9.3.6: the target is "only the host and port number of the tunnel destination, separated by a
/// colon", and the port is never left out.
fn authority(origin: &Origin) -> String {
    let (host, port) = (origin.host(), origin.port().unwrap_or(80));
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// `407 Proxy Authentication Required`. The reason is the proxy's text and may hold anything.
fn refused(status: u16, reason: &[u8]) -> Error {
    let reason: String =
        reason.iter().filter(|byte| (b' '..0x7f).contains(byte)).map(|&byte| char::from(byte)).collect();
    failed(format!("{status} {reason}").trim_end().to_owned())
}

fn unreadable(error: &Error, eof: bool) -> Error {
    if eof {
        return failed("The proxy closed the connection without opening a tunnel").with_source(error.clone());
    }
    failed(format!("The proxy's answer to CONNECT is not HTTP: {error}")).with_source(error.clone())
}
