//! What a client is made of: limits, protocols, TLS, addresses, proxies.

use std::net::IpAddr;
use std::path::PathBuf;

pub use httparallel_proto::Verify;
use httparallel_proto::pool::Limits;
use httparallel_proto::proxy::Proxies;

use crate::mock::MockTransport;

/// Settings of a client. They apply to all its connections.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Limits of the pool.
    pub limits: Limits,
    /// How many requests may be on their way to one origin at a time; others wait, without using up a pool timeout.
    /// Default: no limit.
    pub max_concurrency_per_host: Option<usize>,
    /// Which protocols may be spoken.
    pub protocols: Protocols,
    /// How servers are verified.
    pub verify: Verify,
    /// Certificate chain and private key (PEM) that the client shows, if a server asks.
    pub client_cert: Option<(Vec<u8>, Vec<u8>)>,
    /// A Unix socket that all connections go to, whatever the URL's host.
    pub uds: Option<PathBuf>,
    /// The address connections come from. An unspecified address chooses only the address family.
    pub local_address: Option<IpAddr>,
    /// How often a failed attempt to connect is repeated, with growing pauses. Default: 0.
    pub connect_retries: u32,
    /// Which requests go through which proxy. With a Unix socket, that is where the proxy listens.
    pub proxies: Proxies,
    /// How `https` proxies are verified. They are shown no client certificate.
    pub proxy_verify: Verify,
    /// Whether the environment may name the authorities of [`Verify::Platform`] (`SSL_CERT_FILE`, `SSL_CERT_DIR`),
    /// and a file for the keys of TLS connections, those to proxies included (`SSLKEYLOGFILE`): who has that file can
    /// read the connections. Default: no.
    pub trust_env: bool,
    /// What answers in place of the network. Default: nothing.
    pub mock: Option<MockTransport>,
    /// Options that are set on each TCP socket before it connects.
    pub socket_options: Vec<SocketOption>,
}

/// An option of a socket, as `setsockopt(2)` takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketOption {
    /// The protocol level, such as `SOL_SOCKET`.
    pub level: i32,
    /// The option.
    pub name: i32,
    /// The value in memory.
    pub value: Vec<u8>,
}

impl SocketOption {
    /// An option whose value is a C `int`.
    pub fn int(level: i32, name: i32, value: i32) -> Self {
        Self { level, name, value: value.to_ne_bytes().to_vec() }
    }
}

/// Which protocols a client may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocols {
    /// HTTP/1.1. Default: yes.
    pub http1: bool,
    /// HTTP/2: by ALPN for `https`; for `http` only if HTTP/1.1 is off (prior knowledge). Default: no.
    pub http2: bool,
}

impl Default for Protocols {
    fn default() -> Self {
        Self { http1: true, http2: false }
    }
}
