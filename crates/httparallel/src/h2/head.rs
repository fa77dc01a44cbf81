//! Heads between this library's types and those of the `http` crate, which `h2` speaks.

use bytes::{Bytes, BytesMut};
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, Uri, Version};
use httparallel_proto::fetch::Request;
use httparallel_proto::{Error, Headers, Result};

use crate::operation::Head;

/// RFC 9113 section 8.2.2: "An endpoint MUST NOT generate an HTTP/2 message containing connection-specific
/// header fields". `Host` becomes `:authority`.
const CONNECTION_SPECIFIC: [&str; 6] =
    ["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade", "host"];

/// The request head for `h2`.
pub(super) fn request(request: &Request) -> Result<http::Request<()>> {
    let host = request.headers.get("host");
    RequestHead {
        method: request.method.as_str().as_bytes(),
        scheme: request.url.scheme().as_bytes(),
        authority: host.map_or_else(|| request.url.host_header(), Bytes::as_ref),
        target: request.target().as_bytes(),
        headers: &request.headers,
    }
    .for_h2()
}

/// What an HTTP/2 request head is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestHead<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) scheme: &'a [u8],
    pub(crate) authority: &'a [u8],
    /// The path with its query.
    pub(crate) target: &'a [u8],
    pub(crate) headers: &'a Headers,
}

impl RequestHead<'_> {
    /// As `h2` takes it. Fails with [`Kind::InvalidRequest`](httparallel_proto::Kind::InvalidRequest) on what
    /// HTTP forbids.
    pub(crate) fn for_h2(self) -> Result<http::Request<()>> {
        self.headers.check()?;
        let uri = Uri::builder()
            .scheme(self.scheme)
            .authority(self.authority)
            .path_and_query(self.target)
            .build()
            .map_err(|error| Error::invalid_request("the URL does not fit HTTP/2").with_source(error))?;
        let method = Method::from_bytes(self.method)
            .map_err(|error| Error::invalid_request("the method does not fit HTTP/2").with_source(error))?;
        let mut head = http::Request::new(());
        *head.method_mut() = method;
        *head.uri_mut() = uri;
        *head.version_mut() = Version::HTTP_2;
        *head.headers_mut() = headers(self.headers)?;
        Ok(head)
    }
}

fn headers(from: &Headers) -> Result<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(from.len());
    for header in from {
        let name = HeaderName::from_bytes(&header.name)
            .map_err(|error| Error::invalid_request("a header's name is invalid").with_source(error))?;
        // RFC 9113 section 8.2.2: TE may be there if it says nothing but "trailers".
        let te = name == http::header::TE && !header.value.eq_ignore_ascii_case(b"trailers");
        if te || CONNECTION_SPECIFIC.contains(&name.as_str()) {
            continue;
        }
        let value = HeaderValue::from_maybe_shared(header.value.clone())
            .map_err(|error| Error::invalid_request("a header's value is invalid").with_source(error))?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// The response head as the rest of the library sees it.
pub(crate) fn response<B>(head: &http::Response<B>, stream_id: u32) -> Head {
    let fields = || head.headers().iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
    // All of them in one allocation.
    let mut bytes = BytesMut::with_capacity(fields().map(|(name, value)| name.len() + value.len()).sum());
    fields().for_each(|(name, value)| {
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(value);
    });
    let mut bytes = bytes.freeze();
    let headers = fields().map(|(name, value)| (bytes.split_to(name.len()), bytes.split_to(value.len())));
    Head {
        version: "HTTP/2",
        status: head.status().as_u16(),
        reason: Bytes::new(),
        headers: headers.collect(),
        stream_id: Some(stream_id),
    }
}
