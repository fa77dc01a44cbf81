//! The server over HTTP/2 and TLS, seen through the `h2` crate.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use http::{Request, Response};
use httparallel_testserver::{Certificate, Options, TestServer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

fn start() -> TestServer {
    TestServer::start(Options::default()).unwrap()
}

async fn client<S>(stream: S) -> SendRequest<Bytes>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (send, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    send
}

async fn plain(url: &str) -> SendRequest<Bytes> {
    client(TcpStream::connect(url.trim_start_matches("http://")).await.unwrap()).await
}

async fn get(send: &SendRequest<Bytes>, target: &str) -> Result<Response<RecvStream>, h2::Error> {
    let request = Request::get(format!("http://localhost{target}")).body(()).unwrap();
    let mut send = send.clone().ready().await?;
    send.send_request(request, true)?.0.await
}

async fn body(mut response: Response<RecvStream>) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(data) = response.body_mut().data().await {
        let data = data.unwrap();
        bytes.extend_from_slice(&data);
        response.body_mut().flow_control().release_capacity(data.len()).unwrap();
    }
    bytes
}

async fn tls(
    server: &TestServer,
    certificate: Certificate,
    protocol: &[u8],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(server.ca_der())).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let url = server.https_url_of(certificate);
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

#[tokio::test]
async fn recognises_prior_knowledge_on_the_plain_port() {
    let server = start();
    let send = plain(&server.http_url()).await;
    let response = get(&send, "/bytes/200000").await.unwrap();
    assert_eq!(response.headers()["content-length"], "200000");
    assert_eq!(body(response).await.len(), 200_000);
    assert_eq!(body(get(&send, "/small").await.unwrap()).await, b"Hello, world!");
    assert_eq!((server.stats().h2_connections, server.stats().h2_streams), (1, 2));
}

#[tokio::test]
async fn offers_both_protocols_over_tls() {
    let server = start();
    let stream = tls(&server, Certificate::Good, b"h2").await.unwrap();
    let send = client(stream).await;
    assert!(body(get(&send, "/echo").await.unwrap()).await.starts_with(br#"{"method": "GET""#));
    let mut stream = tls(&server, Certificate::Good, b"http/1.1").await.unwrap();
    stream.write_all(b"GET /close HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // An error here would be a missing close_notify.
    tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer).await.unwrap();
    assert!(answer.ends_with(b"Hello, world!"));
}

#[tokio::test]
async fn bad_certificates_are_refused_for_what_they_are() {
    let server = start();
    let expected = [
        (Certificate::Expired, "Expired"),
        (Certificate::WrongHost, "NotValidForName"),
        (Certificate::SelfSigned, "UnknownIssuer"),
        (Certificate::Untrusted, "UnknownIssuer"),
    ];
    for (certificate, reason) in expected {
        let error = tls(&server, certificate, b"h2").await.err().unwrap();
        assert!(format!("{error:?}").contains(reason), "{certificate:?}: {error:?}");
    }
}

#[tokio::test]
async fn counts_streams_that_the_client_resets() {
    let server = start();
    let mut send = plain(&server.http_url()).await.ready().await.unwrap();
    for _ in 0..3 {
        let request = Request::get("http://localhost/hang").body(()).unwrap();
        let (response, mut stream) = send.send_request(request, true).unwrap();
        while server.stats().requests_active == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stream.send_reset(Reason::CANCEL);
        assert!(response.await.is_err());
        while server.stats().requests_active > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    assert_eq!((server.stats().rst_received, server.stats().cancelled), (3, 3));
    assert_eq!(server.stats().connections_open, 1);
}

#[tokio::test]
async fn refuses_the_first_attempt() {
    let server = start();
    let send = plain(&server.http_url()).await;
    let refused = get(&send, "/refuse-first").await.unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::REFUSED_STREAM));
    assert_eq!(get(&send, "/refuse-first").await.unwrap().status(), 200);
}

#[tokio::test]
async fn answers_the_stream_that_asked_for_goaway() {
    let server = start();
    let stream = TcpStream::connect(server.http_addr()).await.unwrap();
    let (send, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let response = get(&send, "/small?goaway=1").await.unwrap();
    assert_eq!(body(response).await, b"Hello, world!");
    let closed = tokio::time::timeout(Duration::from_secs(5), connection).await;
    assert!(closed.is_ok(), "the server ends the connection when its streams are done");
}

#[tokio::test]
async fn limits_concurrent_streams_on_a_port_of_its_own() {
    let server = start();
    let mut send = plain(&server.limited_url()).await;
    assert_eq!(get(&send, "/small").await.unwrap().status(), 200);
    let hanging: Vec<_> = (0..2)
        .map(|_| {
            let request = Request::get("http://localhost/hang").body(()).unwrap();
            send.send_request(request, true).unwrap()
        })
        .collect();
    assert_eq!(send.current_max_send_streams(), 2);
    drop(hanging);
}

#[tokio::test]
async fn sends_interim_responses_and_trailers() {
    let server = start();
    let send = plain(&server.http_url()).await;
    let request = Request::get("http://localhost/interim/103?count=2").body(()).unwrap();
    let mut response = send.clone().send_request(request, true).unwrap().0;
    let first = poll_fn(|context| response.poll_informational(context)).await.unwrap().unwrap();
    assert_eq!(first.status(), 103);
    assert_eq!(response.await.unwrap().status(), 200);

    let mut response = get(&send, "/trailers?x-sum=1").await.unwrap();
    while response.body_mut().data().await.is_some() {}
    let trailers = response.body_mut().trailers().await.unwrap().unwrap();
    assert_eq!(trailers["x-sum"], "1");
}
