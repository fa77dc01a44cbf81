//! Accepting connections and giving each to its protocol.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::h1::{self, Outcome};
use crate::h2;
use crate::rewind::Rewind;
use crate::server::Shared;

/// Benchmarks open many connections at once.
const BACKLOG: i32 = 4096;

/// What is spoken on an endpoint.
#[derive(Clone)]
pub(crate) struct Speaking {
    /// TLS first, if there is a certificate.
    pub(crate) tls: Option<TlsAcceptor>,
    /// `SETTINGS_MAX_CONCURRENT_STREAMS`, if it is sent.
    pub(crate) max_streams: Option<u32>,
    /// Whether HTTP/1.1 requests need proxy credentials.
    pub(crate) proxy_auth: bool,
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

pub(crate) struct Endpoint {
    listener: Listener,
    speaking: Speaking,
}

impl Endpoint {
    pub(crate) fn tcp(listener: TcpListener, speaking: Speaking) -> Self {
        Self { listener: Listener::Tcp(listener), speaking }
    }

    pub(crate) fn unix(path: &Path, speaking: Speaking) -> io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener: Listener::Unix(listener), speaking })
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        let listener = match &self.listener {
            Listener::Tcp(listener) => Listener::Tcp(listener.try_clone()?),
            Listener::Unix(listener) => Listener::Unix(listener.try_clone()?),
        };
        Ok(Self { listener, speaking: self.speaking.clone() })
    }
}

/// A listener for tokio.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// A thread that serves all endpoints until it is told to stop.
pub(crate) fn spawn(
    endpoints: Vec<Endpoint>,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("testserver".to_owned()).spawn(move || {
        runtime.block_on(async {
            for endpoint in endpoints {
                tokio::spawn(accept(endpoint, Arc::clone(&shared)));
            }
            // An error means that the sender is gone, which is a reason to stop as well.
            let _ = stopped.wait_for(|stop| *stop).await;
        });
    })
}

async fn accept(endpoint: Endpoint, shared: Arc<Shared>) -> io::Result<()> {
    let speaking = endpoint.speaking;
    match endpoint.listener {
        Listener::Tcp(listener) => {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            loop {
                if let Some((stream, _)) = accepted(listener.accept().await).await {
                    let _ = stream.set_nodelay(true);
                    tokio::spawn(serve(stream, speaking.clone(), Arc::clone(&shared)));
                }
            }
        }
        Listener::Unix(listener) => {
            let listener = tokio::net::UnixListener::from_std(listener)?;
            loop {
                if let Some((stream, _)) = accepted(listener.accept().await).await {
                    tokio::spawn(serve(stream, speaking.clone(), Arc::clone(&shared)));
                }
            }
        }
    }
}

/// Out of file descriptors, accepting fails until one is closed: waiting keeps the server from spinning.
async fn accepted<T>(result: io::Result<T>) -> Option<T> {
    if result.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    result.ok()
}

async fn serve<S>(stream: S, speaking: Speaking, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _open = shared.counters.connection();
    let Some(tls) = &speaking.tls else { return plain(stream, &speaking, shared).await };
    let Ok(stream) = tls.accept(stream).await else { return };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        let _ = h2::serve(stream, shared, speaking.max_streams).await;
    } else {
        plain(stream, &speaking, shared).await;
    }
}

/// HTTP/1.1, unless the client begins with the preface of HTTP/2.
async fn plain<S>(stream: S, speaking: &Speaking, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // Errors are the peer's doing, and part of what tests provoke.
    if let Ok(Outcome::Http2(stream, received)) =
        h1::serve(stream, Arc::clone(&shared), speaking.proxy_auth).await
    {
        let _ = h2::serve(Rewind::new(stream, received), shared, speaking.max_streams).await;
    }
}
