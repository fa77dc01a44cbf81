//! Opening connections on the I/O thread: socket, proxy, TLS.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use httparallel_proto::proxy::Proxy;
use httparallel_proto::{Error, Kind, Phase, Result, Verify};
use parking_lot::Mutex;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::sync::OnceCell;

use super::destination::{Destination, Via};
use super::ready::AsyncStream;
use super::{proxy, sockets, tls};
use crate::config::{Config, Protocols};
use crate::operation::Opening;
use crate::panics::caught;

/// A connection that is open, TLS included, and still registered with the I/O thread.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) stream: AsyncStream,
    pub(crate) http2: bool,
    /// How long it took.
    pub(crate) opening: Opening,
    /// When the time for connecting is up.
    pub(crate) deadline: Option<Instant>,
}

/// Opens connections for one client.
#[derive(Debug)]
pub(crate) struct Connector {
    pub(super) config: Arc<Config>,
    tls: Tls,
    proxy_tls: Tls,
    /// Those of requests that are verified otherwise, the oldest first. A server is not told by a session ticket of
    /// one what it was told by another.
    other_tls: Mutex<Vec<(Arc<Verify>, Arc<Tls>)>>,
}

/// How many of the other TLS settings are kept. What is dropped is made again, with sessions of its own.
const MAX_OTHERS: usize = 16;

/// TLS settings, made when they are needed first.
type Tls = OnceCell<Result<Arc<ClientConfig>>>;

impl Connector {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self { config, tls: OnceCell::new(), proxy_tls: OnceCell::new(), other_tls: Mutex::default() }
    }

    /// Opens a connection to `to`, within `limit`, repeating failed attempts as configured.
    pub(crate) async fn connect(&self, to: &Destination, limit: Option<Duration>) -> Result<Connected> {
        let mut retries = 0;
        let mut opening = Opening::new(Instant::now());
        loop {
            let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
            match within(deadline, self.attempt(to, &mut opening)).await {
                // A proxy that refuses will refuse again.
                Err(error) if retries < self.config.connect_retries && error.kind() != Kind::Proxy => {
                    tokio::time::sleep(backoff(retries)).await;
                    retries += 1;
                    opening.attempt(Instant::now());
                }
                Ok((stream, http2)) => return Ok(Connected { stream, http2, opening, deadline }),
                Err(error) => return Err(error),
            }
        }
    }

    async fn attempt(&self, to: &Destination, opening: &mut Opening) -> Result<(AsyncStream, bool)> {
        if !to.is_secure() {
            let (stream, http2) = (self.open(to, opening).await?, to.may_share(self.config.protocols));
            // An HTTP/2 server may begin at once; HTTP/1.1 knows no response without a request.
            return if http2 { Ok((stream, true)) } else { check_silent(&stream).map(|()| (stream, false)) };
        }
        let (mut stream, session) = tokio::try_join!(self.open(to, opening), self.session(to))?;
        check_silent(&stream)?;
        stream.start_tls(session).await.map_err(|error| handshake_failed(error, "server"))?;
        opening.secured(Instant::now());
        let http2 = stream.stream().session().is_some_and(|session| session.alpn_protocol() == Some(b"h2"));
        Ok((stream, http2))
    }

    /// A connection for plain bytes, through the proxy if there is one.
    async fn open(&self, to: &Destination, opening: &mut Opening) -> Result<AsyncStream> {
        let origin = to.origin();
        let stream = match to.via() {
            None => {
                let port = origin.port().unwrap_or(80);
                let opened = sockets::open(&self.config, origin.host(), port, opening).await;
                AsyncStream::new(opened.map_err(|error| failed(&error, "connect"))?)
            }
            Some(Via::Forward(proxy)) => self.open_proxy(proxy, opening).await?,
            Some(Via::Tunnel(proxy)) => {
                let mut stream = self.open_proxy(proxy, opening).await?;
                proxy::open_tunnel(&mut stream, proxy, origin).await?;
                stream
            }
        };
        opening.connected(Instant::now());
        Ok(stream)
    }

    /// A connection to a proxy, with TLS if it is an `https` one.
    async fn open_proxy(&self, proxy: &Proxy, opening: &mut Opening) -> Result<AsyncStream> {
        let opened = sockets::open(&self.config, proxy.host(), proxy.port(), opening).await;
        let mut stream = AsyncStream::new(opened.map_err(|error| failed(&error, "connect to the proxy"))?);
        if proxy.origin().is_secure() {
            let settings = self.proxy_tls.get_or_init(|| self.make_proxy_tls()).await.clone()?;
            let session = session(settings, proxy.host(), Protocols::default())?;
            stream.start_tls(session).await.map_err(|error| handshake_failed(error, "proxy"))?;
        }
        Ok(stream)
    }

    async fn session(&self, to: &Destination) -> Result<rustls::ClientConnection> {
        let settings = match to.verify() {
            None => self.tls.get_or_init(|| self.make_tls(None)).await.clone(),
            Some(verify) => {
                let other = self.other_tls(verify);
                other.get_or_init(|| self.make_tls(Some(verify.clone()))).await.clone()
            }
        };
        session(settings?, to.server_name(), to.protocols(self.config.protocols))
    }

    fn other_tls(&self, verify: &Arc<Verify>) -> Arc<Tls> {
        let mut others = self.other_tls.lock();
        if let Some((_, tls)) = others.iter().find(|(known, _)| known == verify) {
            return tls.clone();
        }
        if others.len() == MAX_OTHERS {
            others.remove(0);
        }
        let tls = Arc::new(OnceCell::new());
        others.push((verify.clone(), tls.clone()));
        tls
    }

    /// `verify` counts instead of the client's.
    async fn make_tls(&self, verify: Option<Arc<Verify>>) -> Result<Arc<ClientConfig>> {
        let config = self.config.clone();
        aside(move || {
            let verify = verify.as_deref().unwrap_or(&config.verify);
            tls::client_config(verify, config.client_cert.as_ref(), config.trust_env)
        })
        .await
    }

    async fn make_proxy_tls(&self) -> Result<Arc<ClientConfig>> {
        let config = self.config.clone();
        aside(move || tls::client_config(&config.proxy_verify, None, config.trust_env)).await
    }
}

/// Reading and parsing certificates takes long enough to hold up the other requests of the I/O thread.
async fn aside(
    make: impl FnOnce() -> Result<Arc<ClientConfig>> + Send + 'static,
) -> Result<Arc<ClientConfig>> {
    let result = tokio::task::spawn_blocking(move || caught(make)).await.unwrap_or_else(|error| {
        let message = "the TLS settings could not be made";
        Err(Error::new(Kind::Internal, Phase::Build, message).with_source(error))
    });
    result?
}

fn session(
    settings: Arc<ClientConfig>,
    name: &str,
    protocols: Protocols,
) -> Result<rustls::ClientConnection> {
    let name = ServerName::try_from(name.to_owned()).map_err(|error| {
        Error::new(Kind::InvalidUrl, Phase::Build, "the URL's host is no TLS server name").with_source(error)
    })?;
    rustls::ClientConnection::new_with_alpn(settings, name, tls::alpn(protocols))
        .map_err(|error| Error::new(Kind::Tls, Phase::Connect, "could not start TLS").with_source(error))
}

/// Nobody speaks before the client does. What comes out of a tunnel sooner is the proxy's, and taken for the
/// server's it would be an answer to what was not asked.
fn check_silent(stream: &AsyncStream) -> Result<()> {
    if stream.has_buffered() {
        let message = "the proxy sent bytes into the tunnel that nobody had asked for";
        return Err(Error::new(Kind::Proxy, Phase::Connect, message));
    }
    Ok(())
}

/// Awaits a step of connecting.
pub(crate) async fn within<T>(deadline: Option<Instant>, step: impl Future<Output = Result<T>>) -> Result<T> {
    let Some(at) = deadline else { return step.await };
    match tokio::time::timeout_at(at.into(), step).await {
        // The timer is coarser than the clock, and a step that ends at once never looks at it.
        Ok(Ok(done)) if Instant::now() < at => Ok(done),
        Ok(Err(error)) => Err(error),
        _ => Err(Error::new(Kind::Timeout, Phase::Connect, "timed out connecting")),
    }
}

/// 0, 0.5, 1, 2, 4 … seconds, half a minute at most.
fn backoff(retries: u32) -> Duration {
    match retries {
        0 => Duration::ZERO,
        _ => Duration::from_millis(500 << (retries - 1).min(6)).min(Duration::from_secs(30)),
    }
}

/// The error of something that could not be done with the network.
pub(super) fn failed(error: &io::Error, what: &str) -> Error {
    let source = io::Error::new(error.kind(), error.to_string());
    Error::new(Kind::Network, Phase::Connect, format!("could not {what}: {error}")).with_source(source)
}

fn handshake_failed(error: io::Error, peer: &str) -> Error {
    let message = match error.kind() {
        io::ErrorKind::UnexpectedEof => format!("the {peer} closed the connection during the TLS handshake"),
        _ if peer == "proxy" => format!("the TLS handshake with the proxy failed: {error}"),
        _ => format!("the TLS handshake failed: {error}"),
    };
    Error::new(Kind::Tls, Phase::Connect, message).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_between_retries_grow_to_a_limit() {
        assert_eq!(backoff(0), Duration::ZERO);
        assert_eq!(backoff(2), Duration::from_secs(1));
        assert_eq!(backoff(99), Duration::from_secs(30));
    }
}
