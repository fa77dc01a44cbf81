//! Why a connection does not serve another request.

use std::fmt;

/// Whether the connection may serve another request once an exchange is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reuse {
    /// It may.
    Yes,
    /// It must be closed.
    No(CloseReason),
}

impl Reuse {
    /// Whether this is [`Reuse::Yes`].
    pub fn is_yes(self) -> bool {
        self == Self::Yes
    }
}

/// What makes an HTTP/1.1 connection unfit for another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// The response, or the request, says `Connection: close`.
    ConnectionClose,
    /// The server speaks HTTP/1.0 and did not offer to keep the connection.
    Http10,
    /// The body's end was the end of the connection.
    UntilClose,
    /// The server closed the connection after the response.
    ClosedByPeer,
    /// Bytes follow the end of the response.
    ExtraBytes,
    /// The response had both `Content-Length` and `Transfer-Encoding`.
    BothLengthAndChunked,
    /// A `Transfer-Encoding` came from an HTTP/1.0 server, so its framing cannot be trusted.
    ChunkedFromHttp10,
    /// The connection is a tunnel now, or speaks another protocol.
    UpgradedOrTunnel,
    /// The response ended before the request was wholly sent.
    RequestUnfinished,
    /// The exchange failed, or was given up, before the end of the response.
    ResponseUnfinished,
}

impl CloseReason {
    /// The reason in words, for logs.
    pub fn explain(self) -> &'static str {
        match self {
            Self::ConnectionClose => "one side asked for it with Connection: close",
            Self::Http10 => "the server speaks HTTP/1.0 and did not offer to keep it",
            Self::UntilClose => "the end of the body was the end of the connection",
            Self::ClosedByPeer => "the server closed it",
            Self::ExtraBytes => "bytes followed the end of the response",
            Self::BothLengthAndChunked => "the response had both Content-Length and Transfer-Encoding",
            Self::ChunkedFromHttp10 => "an HTTP/1.0 response had a Transfer-Encoding",
            Self::UpgradedOrTunnel => "it carries another protocol now",
            Self::RequestUnfinished => "the response ended before the request was wholly sent",
            Self::ResponseUnfinished => "the response was not read to its end",
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.explain())
    }
}
