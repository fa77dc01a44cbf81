//! What is known of a connection, for whoever asks, also when it is closed.

use std::fmt;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Weak};

use httparallel_proto::pool::ConnId;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::{ClientConnection, ProtocolVersion};

use super::stream::Stream;
use crate::operation::Opening;

/// What is known of a connection: its ends, and its TLS. Noted when it is opened.
///
/// ```
/// # let server = httparallel_testserver::TestServer::start(Default::default())?;
/// # let url = server.http_url();
/// let client = httparallel::blocking::Client::new();
/// let response = client.get(&url).send()?;
/// let connection = response.connection().ok_or("it came over one")?;
/// assert!(connection.server_addr().is_some_and(|address| url.ends_with(&address.to_string())));
/// assert!(connection.tls().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ConnectionFacts {
    number: u64,
    client_addr: Option<SocketAddr>,
    server_addr: Option<SocketAddr>,
    tls: Option<TlsFacts>,
    /// Known, and not kept open.
    socket: Weak<OwnedFd>,
    pub(crate) opening: Opening,
}

/// What is known of a connection's TLS.
#[derive(Clone)]
#[non_exhaustive]
pub struct TlsFacts {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// The cipher suite, as `TLS13_AES_256_GCM_SHA384`.
    pub cipher: Option<String>,
    /// What was agreed on by ALPN, as `http/1.1`.
    pub alpn_protocol: Option<Vec<u8>>,
    /// The server's certificates in DER, its own first.
    pub certificates: Vec<Vec<u8>>,
}

impl ConnectionFacts {
    pub(crate) fn of(id: ConnId, stream: &Stream, opening: Opening) -> Self {
        let socket = stream.socket();
        Self {
            number: id.number(),
            client_addr: rustix::net::getsockname(socket).ok().and_then(|address| address.try_into().ok()),
            server_addr: rustix::net::getpeername(socket)
                .ok()
                .flatten()
                .and_then(|address| address.try_into().ok()),
            tls: stream.session().and_then(TlsFacts::of),
            socket: Arc::downgrade(socket),
            opening,
        }
    }

    #[cfg(test)]
    pub(crate) fn opened(opening: Opening) -> Self {
        Self { number: 0, client_addr: None, server_addr: None, tls: None, socket: Weak::new(), opening }
    }

    /// A number that no other connection of this client has; in a forked child they are counted anew.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Our end. `None` if it is a Unix socket.
    pub fn client_addr(&self) -> Option<SocketAddr> {
        self.client_addr
    }

    /// The other end: the server, or the proxy. `None` if it is a Unix socket.
    pub fn server_addr(&self) -> Option<SocketAddr> {
        self.server_addr
    }

    /// Its TLS with the server; with the proxy, where that takes requests as they are. `None` without TLS.
    pub fn tls(&self) -> Option<&TlsFacts> {
        self.tls.as_ref()
    }

    /// Whether something has come that is not read yet, or the connection is closed, by either side.
    pub fn is_readable(&self) -> bool {
        let Some(socket) = self.socket.upgrade() else { return true };
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut polled = [PollFd::new(&socket, PollFlags::IN)];
        poll(&mut polled, Some(&at_once)).map_or(true, |ready| ready > 0)
    }
}

impl TlsFacts {
    fn of(session: &ClientConnection) -> Option<Self> {
        let version = match session.protocol_version()? {
            ProtocolVersion::TLSv1_2 => "TLSv1.2",
            ProtocolVersion::TLSv1_3 => "TLSv1.3",
            _ => "unknown",
        };
        let suite = session.negotiated_cipher_suite().map(|suite| suite.suite());
        let certificates = session.peer_certificates().unwrap_or_default();
        Some(Self {
            version,
            cipher: suite.and_then(|suite| suite.as_str()).map(str::to_owned),
            alpn_protocol: session.alpn_protocol().map(<[u8]>::to_vec),
            certificates: certificates.iter().map(|certificate| certificate.to_vec()).collect(),
        })
    }
}

impl fmt::Debug for ConnectionFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionFacts")
            .field("number", &self.number)
            .field("client_addr", &self.client_addr)
            .field("server_addr", &self.server_addr)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// Without the certificates, which nobody can read.
impl fmt::Debug for TlsFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsFacts")
            .field("version", &self.version)
            .field("cipher", &self.cipher)
            .finish_non_exhaustive()
    }
}
