//! Opening connections on the I/O thread: name, addresses (RFC 8305), TLS.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use httparallel_proto::url::Origin;
use httparallel_proto::{Error, Kind, Phase, Result};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpSocket;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use super::ready::AsyncStream;
use super::stream::Stream;
use super::tls;
use crate::config::Config;
use crate::panics::caught;

/// RFC 8305 section 5: the delay between two attempts to connect.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// A connection that is open, TLS included, and still registered with the I/O thread.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) stream: AsyncStream,
    pub(crate) http2: bool,
    /// When the time for connecting is up.
    pub(crate) deadline: Option<Instant>,
}

/// Opens connections for one client.
#[derive(Debug)]
pub(crate) struct Connector {
    config: Arc<Config>,
    tls: OnceCell<Result<Arc<ClientConfig>>>,
}

impl Connector {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self { config, tls: OnceCell::new() }
    }

    /// Opens a connection to `origin`, within `limit`, repeating failed attempts as configured.
    pub(crate) async fn connect(&self, origin: &Origin, limit: Option<Duration>) -> Result<Connected> {
        let mut retries = 0;
        loop {
            let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
            match within(deadline, self.attempt(origin)).await {
                Err(_) if retries < self.config.connect_retries => {
                    tokio::time::sleep(backoff(retries)).await;
                    retries += 1;
                }
                Ok((stream, http2)) => return Ok(Connected { stream, http2, deadline }),
                Err(error) => return Err(error),
            }
        }
    }

    async fn attempt(&self, origin: &Origin) -> Result<(AsyncStream, bool)> {
        let opening = async { self.open_socket(origin).await.map_err(|error| failed(&error)) };
        let stream = if origin.scheme() == "https" {
            let (socket, session) = tokio::try_join!(opening, self.session(origin))?;
            Stream::tls(Arc::new(socket), session)
        } else {
            Stream::plain(Arc::new(opening.await?))
        };
        let mut stream = AsyncStream::new(stream).map_err(|error| failed(&error))?;
        stream.handshake().await.map_err(handshake_failed)?;
        let http2 = match stream.stream().session() {
            Some(session) => session.alpn_protocol() == Some(b"h2"),
            None => self.config.protocols.http2 && !self.config.protocols.http1,
        };
        Ok((stream, http2))
    }

    async fn session(&self, origin: &Origin) -> Result<rustls::ClientConnection> {
        let config = self.tls.get_or_init(|| self.make_tls()).await.clone()?;
        let host = origin.host().trim_end_matches('.').to_owned();
        let name = ServerName::try_from(host).map_err(|error| {
            Error::new(Kind::InvalidUrl, Phase::Build, "the URL's host is no TLS server name")
                .with_source(error)
        })?;
        rustls::ClientConnection::new(config, name)
            .map_err(|error| Error::new(Kind::Tls, Phase::Connect, "could not start TLS").with_source(error))
    }

    /// Reading and parsing certificates takes long enough to hold up the other requests of the I/O thread.
    async fn make_tls(&self) -> Result<Arc<ClientConfig>> {
        let config = self.config.clone();
        let made = tokio::task::spawn_blocking(move || caught(|| tls::client_config(&config)));
        let made = made.await.unwrap_or_else(|error| {
            let message = "the TLS settings could not be made";
            Err(Error::new(Kind::Internal, Phase::Build, message).with_source(error))
        });
        made?
    }

    async fn open_socket(&self, origin: &Origin) -> io::Result<OwnedFd> {
        if let Some(path) = &self.config.uds {
            let stream = tokio::net::UnixStream::connect(path).await?.into_std()?;
            return Ok(stream.into());
        }
        let addresses = self.resolve(origin).await?;
        let stream = race(addresses, self.config.local_address).await?;
        stream.set_nodelay(true)?;
        Ok(stream.into())
    }

    async fn resolve(&self, origin: &Origin) -> io::Result<Vec<SocketAddr>> {
        let port = origin.port().unwrap_or(80);
        let host = origin.host();
        let mut addresses: Vec<SocketAddr> = match host.parse::<IpAddr>() {
            Ok(ip) => vec![SocketAddr::new(ip, port)],
            Err(_) => tokio::net::lookup_host((host, port)).await?.collect(),
        };
        if let Some(local) = self.config.local_address {
            addresses.retain(|address| address.is_ipv4() == local.is_ipv4());
        }
        Ok(alternate_families(addresses))
    }
}

/// Awaits a step of connecting.
pub(crate) async fn within<T>(deadline: Option<Instant>, step: impl Future<Output = Result<T>>) -> Result<T> {
    match deadline {
        None => step.await,
        Some(at) => tokio::time::timeout_at(at.into(), step)
            .await
            .unwrap_or_else(|_| Err(Error::new(Kind::Timeout, Phase::Connect, "timed out connecting"))),
    }
}

/// RFC 8305 section 4: the families take turns, beginning with the one the resolver prefers.
fn alternate_families(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first().map(SocketAddr::is_ipv4) else { return addresses };
    let (preferred, other): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|a| a.is_ipv4() == first);
    let mut other = other.into_iter();
    let mut ordered = Vec::new();
    for address in preferred {
        ordered.push(address);
        ordered.extend(other.next());
    }
    ordered.extend(other);
    ordered
}

/// RFC 8305 section 5: starts an attempt every 250 ms, or when one fails, and keeps the first that succeeds.
/// The others are dropped, which closes their sockets.
async fn race(addresses: Vec<SocketAddr>, local: Option<IpAddr>) -> io::Result<std::net::TcpStream> {
    let mut addresses = addresses.into_iter();
    let mut attempts = JoinSet::new();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    loop {
        if let Some(address) = addresses.next() {
            attempts.spawn(connect_to(address, local));
        }
        if attempts.is_empty() {
            return Err(last);
        }
        let more = addresses.len() > 0;
        tokio::select! {
            Some(ended) = attempts.join_next() => match ended {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(error) => last = io::Error::other(error),
            },
            () = tokio::time::sleep(ATTEMPT_DELAY), if more => {}
        }
    }
}

async fn connect_to(address: SocketAddr, local: Option<IpAddr>) -> io::Result<std::net::TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    match local {
        Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED) | IpAddr::V6(Ipv6Addr::UNSPECIFIED)) | None => {}
        Some(local) => socket.bind(SocketAddr::new(local, 0))?,
    }
    socket.connect(address).await?.into_std()
}

/// 0, 0.5, 1, 2, 4 … seconds, half a minute at most.
fn backoff(retries: u32) -> Duration {
    match retries {
        0 => Duration::ZERO,
        _ => Duration::from_millis(500 << (retries - 1).min(6)).min(Duration::from_secs(30)),
    }
}

fn failed(error: &io::Error) -> Error {
    let source = io::Error::new(error.kind(), error.to_string());
    Error::new(Kind::Network, Phase::Connect, format!("could not connect: {error}")).with_source(source)
}

fn handshake_failed(error: io::Error) -> Error {
    let message = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the server closed the connection during the TLS handshake".into(),
        _ => format!("the TLS handshake failed: {error}"),
    };
    Error::new(Kind::Tls, Phase::Connect, message).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let parse = |list: &[&str]| -> Vec<SocketAddr> {
            list.iter().filter_map(|address| address.parse().ok()).collect()
        };
        let mixed = parse(&["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1"]);
        let wanted = parse(&["[::1]:1", "127.0.0.1:1", "[::2]:1", "[::3]:1"]);
        assert_eq!(alternate_families(mixed), wanted);
    }

    #[test]
    fn an_address_that_does_not_answer_holds_up_the_next_for_a_quarter_second() -> io::Result<()> {
        // Linux drops every SYN to a listener whose queue is full.
        let silent = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
        silent.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        silent.listen(0)?;
        let silent_address = silent.local_addr()?.as_socket().ok_or(io::ErrorKind::InvalidData)?;
        let limit = Duration::from_millis(200);
        let queued: Vec<_> =
            std::iter::from_fn(|| std::net::TcpStream::connect_timeout(&silent_address, limit).ok())
                .collect();
        let good = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addresses = vec![silent_address, good.local_addr()?];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let started = std::time::Instant::now();
        let connected = runtime.block_on(race(addresses, None))?;
        assert_eq!(connected.peer_addr()?, good.local_addr()?);
        assert!(started.elapsed() >= ATTEMPT_DELAY && started.elapsed() < 4 * ATTEMPT_DELAY);
        drop(queued);
        Ok(())
    }

    #[test]
    fn pauses_between_retries_grow_to_a_limit() {
        assert_eq!(backoff(0), Duration::ZERO);
        assert_eq!(backoff(2), Duration::from_secs(1));
        assert_eq!(backoff(99), Duration::from_secs(30));
    }
}
