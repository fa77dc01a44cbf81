//! hyper without a client around it: the limit for Rust. Each task has a connection, or a share of the one that
//! HTTP/2 needs.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::Error;
use crate::job::{Job, Operation};
use crate::load::Client;

#[derive(Clone)]
pub(crate) struct Hyper {
    tls: Option<TlsConnector>,
    connection: Connection,
}

enum Connection {
    None,
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Clone for Connection {
    /// An HTTP/1.1 connection cannot be shared: the clone makes one of its own.
    fn clone(&self) -> Self {
        match self {
            Self::Http2(sender) => Self::Http2(sender.clone()),
            _ => Self::None,
        }
    }
}

impl Hyper {
    pub(crate) async fn new(job: &Job) -> Result<Self, Error> {
        let mut client = Self { tls: connector(job)?, connection: Connection::None };
        if job.http2 {
            client.connect(job, &job.url.parse()?).await?;
        }
        Ok(client)
    }

    async fn connect(&mut self, job: &Job, url: &hyper::Uri) -> Result<(), Error> {
        let host = url.host().ok_or("no host")?;
        let stream = TcpStream::connect((host, url.port_u16().ok_or("no port")?)).await?;
        stream.set_nodelay(true)?;
        self.connection = match &self.tls {
            Some(tls) => {
                open(job, tls.connect(ServerName::try_from(host.to_owned())?, stream).await?).await?
            }
            None => open(job, stream).await?,
        };
        Ok(())
    }

    async fn exchange(&mut self, job: &Job, request: Request<Full<Bytes>>) -> Result<Incoming, Error> {
        let is_usable = match &mut self.connection {
            Connection::None => false,
            Connection::Http1(sender) => sender.ready().await.is_ok(),
            Connection::Http2(sender) => sender.ready().await.is_ok(),
        };
        if !is_usable {
            self.connect(job, &job.url.parse()?).await?;
        }
        let response = match &mut self.connection {
            Connection::Http1(sender) => sender.send_request(request).await?,
            Connection::Http2(sender) => sender.send_request(request).await?,
            Connection::None => return Err("not connected".into()),
        };
        Ok(response.into_body())
    }
}

fn connector(job: &Job) -> Result<Option<TlsConnector>, Error> {
    let Some(pem) = &job.ca else { return Ok(None) };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![if job.http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    Ok(Some(TlsConnector::from(Arc::new(config))))
}

async fn open<S>(job: &Job, stream: S) -> Result<Connection, Error>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    if job.http2 {
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        return Ok(Connection::Http2(sender));
    }
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(Connection::Http1(sender))
}

fn request(job: &Job, url: &hyper::Uri) -> Result<Request<Full<Bytes>>, Error> {
    let is_upload = matches!(job.operation, Operation::Upload);
    let content = if is_upload { job.content.clone() } else { Bytes::new() };
    let method = if is_upload { "POST" } else { "GET" };
    let target = if job.http2 { url.clone() } else { url.path().parse()? };
    let authority = url.authority().ok_or("no authority")?.as_str();
    let mut request = Request::builder().method(method).uri(target);
    if !job.http2 {
        request = request.header("host", authority);
    }
    Ok(request.header("accept", "*/*").body(Full::new(content))?)
}

impl Client for Hyper {
    async fn perform(&mut self, job: &Job, url: &str) -> Result<u64, Error> {
        if job.operation == Operation::UploadStream {
            return Err("cannot stream uploads".into());
        }
        let request = request(job, &url.parse()?)?;
        let mut body = self.exchange(job, request).await?;
        if job.operation == Operation::Download {
            let mut size = 0;
            while let Some(frame) = body.frame().await {
                size += frame?.data_ref().map_or(0, Bytes::len) as u64;
            }
            return Ok(size);
        }
        let content = body.collect().await?.to_bytes();
        Ok(match job.operation {
            Operation::Json => serde_json::from_slice::<Vec<serde_json::Value>>(&content)?.len() as u64,
            Operation::Upload => std::str::from_utf8(&content)?.parse()?,
            _ => content.len() as u64,
        })
    }
}
