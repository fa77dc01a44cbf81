//! The server's life: endpoints, threads, and what all connections share.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread::JoinHandle;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::json;
use crate::listen::{self, Endpoint, Speaking};
use crate::script::ScriptedServer;
use crate::stats::{Counters, Stats};
use crate::tls::{Authority, Certificate};

/// How a [`TestServer`] is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Port for plain HTTP on 127.0.0.1, and on `::1` where there is one. Default: 0, any free port.
    pub port: u16,
    /// The same for TLS with a good certificate. Default: 0, any free port.
    pub tls_port: u16,
    /// A Unix socket to serve plain HTTP on as well. Must not exist yet. Default: none.
    pub uds: Option<PathBuf>,
    /// Threads that serve connections. Default: 1.
    pub threads: usize,
    /// `SETTINGS_MAX_CONCURRENT_STREAMS` of all endpoints. Default: none is sent.
    pub max_streams: Option<u32>,
    /// The same for the endpoint [`TestServer::limited_url`]. Default: 2.
    pub limited_streams: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 0, tls_port: 0, uds: None, threads: 1, max_streams: None, limited_streams: 2 }
    }
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) counters: Arc<Counters>,
    /// JSON documents by size, made once.
    pub(crate) documents: Mutex<HashMap<u64, Bytes>>,
    /// Requests seen by target, for the routes that fail at first.
    pub(crate) attempts: Mutex<HashMap<String, u64>>,
    /// Scripted servers by port, started by `POST /script`.
    pub(crate) scripts: Mutex<HashMap<u16, ScriptedServer>>,
    pub(crate) authority: Authority,
}

/// A running server; dropping it closes its connections and stops it.
///
/// ```
/// use std::io::{Read, Write};
/// use httparallel_testserver::{Options, TestServer};
///
/// # fn main() -> std::io::Result<()> {
/// let server = TestServer::start(Options::default())?;
/// let mut stream = std::net::TcpStream::connect(server.http_addr())?;
/// stream.write_all(b"GET /close HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
/// let mut answer = String::new();
/// stream.read_to_string(&mut answer)?;
/// assert!(answer.ends_with("Hello, world!"));
/// assert_eq!(server.stats().requests, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TestServer {
    http: SocketAddr,
    limited: SocketAddr,
    proxy: SocketAddr,
    tls: Vec<(Certificate, u16)>,
    uds: Option<PathBuf>,
    directory: PathBuf,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

impl TestServer {
    /// Starts a server on threads of its own; it is ready when this returns.
    ///
    /// Fails if a port or the Unix socket is taken, or if the temporary directory cannot be written.
    pub fn start(options: Options) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            counters: Arc::default(),
            documents: Mutex::default(),
            attempts: Mutex::default(),
            scripts: Mutex::default(),
            authority: Authority::new("httparallel test authority")?,
        });
        let mut endpoints = Vec::new();
        let plain = Speaking { tls: None, max_streams: options.max_streams, proxy_auth: false };
        let limited = Speaking { tls: None, max_streams: Some(options.limited_streams), ..plain.clone() };
        let proxy = Speaking { proxy_auth: true, ..plain.clone() };
        let http = open(options.port, &plain, &mut endpoints)?;
        let limited = open(0, &limited, &mut endpoints)?;
        let proxy = open(0, &proxy, &mut endpoints)?;
        let mut tls = Vec::new();
        for certificate in Certificate::ALL {
            let port = if certificate == Certificate::Good { options.tls_port } else { 0 };
            let acceptor = Some(shared.authority.acceptor(certificate)?);
            let speaking = Speaking { tls: acceptor, ..plain.clone() };
            tls.push((certificate, open(port, &speaking, &mut endpoints)?.port()));
        }
        if let Some(path) = &options.uds {
            endpoints.push(Endpoint::unix(path, plain)?);
        }
        let directory = write_certificates(&shared.authority)?;
        let (stop, stopped) = watch::channel(false);
        let mut server = Self {
            http,
            limited,
            proxy,
            tls,
            uds: options.uds,
            directory,
            shared,
            stop,
            threads: Vec::new(),
        };
        for _ in 0..options.threads.max(1) {
            let endpoints = endpoints.iter().map(Endpoint::try_clone).collect::<io::Result<Vec<_>>>()?;
            server.threads.push(listen::spawn(endpoints, Arc::clone(&server.shared), stopped.clone())?);
        }
        Ok(server)
    }

    /// `http://127.0.0.1:PORT`, for HTTP/1.1 and for HTTP/2 with prior knowledge.
    pub fn http_url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// The address behind [`TestServer::http_url`].
    pub fn http_addr(&self) -> SocketAddr {
        self.http
    }

    /// Plain HTTP again, on a port where HTTP/2 is limited to [`Options::limited_streams`] streams.
    pub fn limited_url(&self) -> String {
        format!("http://{}", self.limited)
    }

    /// Plain HTTP again, on a port where every HTTP/1.1 request needs the proxy credentials `proxy:secret`.
    pub fn proxy_url(&self) -> String {
        format!("http://{}", self.proxy)
    }

    /// `https://localhost:PORT`, with `h2` and `http/1.1` in ALPN and a good certificate.
    pub fn https_url(&self) -> String {
        self.https_url_of(Certificate::Good)
    }

    /// `https://localhost:PORT` of the endpoint with this kind of certificate.
    pub fn https_url_of(&self, certificate: Certificate) -> String {
        let port = self.tls.iter().find(|(kind, _)| *kind == certificate).map_or(0, |(_, port)| *port);
        format!("https://localhost:{port}")
    }

    /// The path of the Unix socket, if one was asked for.
    pub fn uds_path(&self) -> Option<&Path> {
        self.uds.as_deref()
    }

    /// The certificate of the server's authority in PEM.
    pub fn ca_pem(&self) -> String {
        self.shared.authority.pem()
    }

    /// The same in DER.
    pub fn ca_der(&self) -> Vec<u8> {
        self.shared.authority.der().to_vec()
    }

    /// A file with [`TestServer::ca_pem`]; it exists as long as the server.
    pub fn ca_pem_path(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// A file with a client certificate that [`Certificate::ClientRequired`] takes, and its key.
    pub fn client_pem_path(&self) -> PathBuf {
        self.directory.join("client.pem")
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.shared.authority
    }

    /// What the server has seen so far.
    pub fn stats(&self) -> Stats {
        self.shared.counters.snapshot()
    }

    /// Sets to zero what [`Stats`] accumulates, and forgets earlier attempts at `/flaky` and `/refuse-first`.
    pub fn reset_stats(&self) {
        self.shared.reset_stats();
    }

    /// All addresses as one JSON object on one line: what the program prints.
    pub fn to_json(&self) -> String {
        let path = |path: &Path| json::string(&path.to_string_lossy());
        let mut fields = vec![("http", json::string(&self.http_url()))];
        for certificate in Certificate::ALL {
            fields.push((certificate.name(), json::string(&self.https_url_of(certificate))));
        }
        fields.push(("h2c", json::string(&self.http_url())));
        fields.push(("h2c_limited", json::string(&self.limited_url())));
        fields.push(("proxy", json::string(&self.proxy_url())));
        fields.push(("uds", self.uds_path().map_or_else(|| "null".to_owned(), path)));
        fields.push(("ca_pem", path(&self.ca_pem_path())));
        fields.push(("client_pem", path(&self.client_pem_path())));
        fields.push(("pid", std::process::id().to_string()));
        json::object(fields)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for thread in self.threads.drain(..) {
            // A panic there has been printed; the tests that caused it fail by themselves.
            let _ = thread.join();
        }
        let _ = std::fs::remove_dir_all(&self.directory);
        if let Some(path) = &self.uds {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Shared {
    pub(crate) fn reset_stats(&self) {
        self.counters.reset();
        self.attempts.lock().clear();
    }
}

/// Listens on 127.0.0.1 and, where available, on the same port of `::1`.
fn open(port: u16, speaking: &Speaking, endpoints: &mut Vec<Endpoint>) -> io::Result<SocketAddr> {
    let first = listen::bind((Ipv4Addr::LOCALHOST, port).into())?;
    let address = first.local_addr()?;
    let second = listen::bind((Ipv6Addr::LOCALHOST, address.port()).into());
    let both: [Option<TcpListener>; 2] = [Some(first), second.ok()];
    endpoints.extend(both.into_iter().flatten().map(|listener| Endpoint::tcp(listener, speaking.clone())));
    Ok(address)
}

/// Certificates for clients that want files. One process may run several servers.
fn write_certificates(authority: &Authority) -> io::Result<PathBuf> {
    static SERVERS: AtomicU32 = AtomicU32::new(0);
    let name = format!("httparallel-testserver-{}-{}", std::process::id(), SERVERS.fetch_add(1, Relaxed));
    let directory = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&directory)?;
    std::fs::write(directory.join("ca.pem"), authority.pem())?;
    std::fs::write(directory.join("client.pem"), authority.client()?.pem())?;
    Ok(directory)
}
