//! The server over HTTP/1.1, seen through a raw socket.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use httparallel_testserver::{Options, TestServer};

fn start() -> TestServer {
    TestServer::start(Options::default()).unwrap()
}

fn connect(server: &TestServer) -> TcpStream {
    let stream = TcpStream::connect(server.http_addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream
}

/// Sends this and reads to the end of the stream.
fn ask(server: &TestServer, request: &str) -> String {
    let mut stream = connect(server);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(server: &TestServer, target: &str) -> String {
    ask(server, &format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[test]
fn answers_pipelined_requests_in_order() {
    let server = start();
    let answer = ask(
        &server,
        "GET /small HTTP/1.1\r\n\r\nGET /bytes/30 HTTP/1.1\r\n\r\nPOST /echo-body HTTP/1.1\r\nContent-Length: 2\r\n\r\n\
         okGET /close HTTP/1.1\r\n\r\n",
    );
    let bodies: Vec<_> = answer.split("\r\n\r\n").skip(1).collect();
    assert!(bodies[0].starts_with("Hello, world!HTTP/1.1 200 OK"), "{answer}");
    assert!(bodies[1].starts_with("abcdefghijklmnopqrstuvwxyzabcdHTTP/1.1"), "{answer}");
    assert!(bodies[2].starts_with("okHTTP/1.1"), "{answer}");
    assert_eq!(bodies[3], "Hello, world!");
    assert_eq!(server.stats().requests, 4);
    assert_eq!(server.stats().connections_opened, 1);
}

#[test]
fn understands_requests_that_arrive_byte_by_byte() {
    let server = start();
    let mut stream = connect(&server);
    stream.set_nodelay(true).unwrap();
    let request = "POST /echo-body HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
                   2\r\nab\r\n3;x=y\r\ncde\r\n0\r\nT: v\r\n\r\n";
    for byte in request.as_bytes() {
        stream.write_all(&[*byte]).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(body(&answer), "abcde");
}

#[test]
fn echoes_headers_in_their_order_and_case() {
    let answer = ask(
        &start(),
        "PUT /echo?q=1 HTTP/1.1\r\nhOsT: a\r\nX-B: 1\r\nX-A: \"2\"\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
    );
    assert!(
        body(&answer).contains(r#"[["hOsT", "a"], ["X-B", "1"], ["X-A", "\"2\""], ["Connection", "close"]"#)
    );
    assert!(body(&answer).contains(r#""target": "/echo?q=1""#) && body(&answer).contains(r#""body": "hi""#));
}

#[test]
fn sums_an_upload_without_keeping_it() {
    let request = format!(
        "POST /upload HTTP/1.1\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n{}",
        "a".repeat(300_000)
    );
    assert_eq!(body(&ask(&start(), &request)), r#"{"length": 300000, "sum": 29100000}"#);
}

#[test]
fn sends_continue_only_where_it_should() {
    let server = start();
    let request = |target: &str| {
        format!(
            "POST {target} HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
        )
    };
    assert!(ask(&server, &request("/expect")).starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"));
    assert!(ask(&server, &request("/expect?silent=1")).starts_with("HTTP/1.1 200 OK"));
    let refused = request("/expect?status=417").replace("hi", "");
    assert!(ask(&server, &refused).starts_with("HTTP/1.1 417 "));
}

#[test]
fn frames_chunks_and_trailers() {
    let server = start();
    assert_eq!(body(&get(&server, "/chunked/12?size=5")), "5\r\nabcde\r\n5\r\nfghij\r\n2\r\nkl\r\n0\r\n\r\n");
    assert!(get(&server, "/trailers?X-Sum=1").ends_with("6\r\nuvwxyz\r\n0\r\nX-Sum: 1\r\n\r\n"));
}

#[test]
fn answers_http_1_0_without_chunks() {
    let answer = ask(&start(), "GET /chunked/12?size=5 HTTP/1.0\r\n\r\n");
    assert!(!answer.contains("Transfer-Encoding") && answer.contains("Connection: close"), "{answer}");
    assert_eq!(body(&answer), "abcdefghijkl");
}

#[test]
fn a_head_request_gets_no_body() {
    let answer = ask(&start(), "HEAD /json?kb=4 HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert!(answer.contains("Content-Length: 4") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn redirects_so_many_times() {
    let server = start();
    assert!(get(&server, "/redirect/2").contains("Location: /redirect/1\r\n"));
    assert!(get(&server, "/redirect/1?status=307").starts_with("HTTP/1.1 307 Temporary Redirect"));
    assert!(get(&server, "/redirect/1").contains("Location: /\r\n"));
    assert!(
        get(&server, "/redirect-to?url=http%3A%2F%2Fb%2Fc&status=308").contains("Location: http://b/c\r\n")
    );
}

#[test]
fn delays_another_route() {
    let begun = Instant::now();
    assert!(get(&start(), "/delay/50?then=/status/503%3FRetry-After%3D1").contains("Retry-After: 1\r\n"));
    assert!(begun.elapsed() >= Duration::from_millis(50));
}

#[test]
fn fails_so_many_times_per_target() {
    let server = start();
    assert!(get(&server, "/flaky?id=a&times=2&retry_after=0").contains("Retry-After: 0"));
    assert!(get(&server, "/flaky?id=b").starts_with("HTTP/1.1 503"));
    assert!(get(&server, "/flaky?id=b").starts_with("HTTP/1.1 200"));
    assert!(get(&server, "/flaky?id=a&times=2&retry_after=0").starts_with("HTTP/1.1 503"));
    assert_eq!(get(&server, "/refuse-first"), "");
    assert!(get(&server, "/refuse-first").starts_with("HTTP/1.1 200"));
}

#[test]
fn closes_a_connection_it_seemed_to_keep() {
    let server = start();
    let mut stream = connect(&server);
    stream.write_all(b"GET /keepalive-close HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("Keep-Alive: timeout=60") && !answer.contains("Connection: close"), "{answer}");
}

#[test]
fn refuses_an_upload_without_reading_it() {
    let server = start();
    let mut stream = connect(&server);
    stream.write_all(b"POST /early-413 HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\nsome").unwrap();
    let mut answer = [0; 64];
    let length = stream.read(&mut answer).unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 413 "));
}

#[test]
fn counts_a_client_that_leaves() {
    let server = start();
    let mut stream = connect(&server);
    stream.write_all(b"GET /hang HTTP/1.1\r\n\r\n").unwrap();
    wait_until(|| server.stats().requests_active == 1);
    stream.shutdown(Shutdown::Both).unwrap();
    wait_until(|| server.stats().connections_open == 0);
    assert_eq!((server.stats().cancelled, server.stats().requests_active), (1, 0));
    server.reset_stats();
    assert_eq!(server.stats().cancelled, 0);
}

fn wait_until(mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(5), "the condition never came true");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn refuses_what_is_not_http() {
    assert!(ask(&start(), "hello?\r\n\r\n").starts_with("HTTP/1.1 400 Bad Request"));
    assert!(get(&start(), "/nothing/here").starts_with("HTTP/1.1 404 Not Found"));
}

#[test]
fn serves_a_unix_socket_and_removes_it() {
    let path = std::env::temp_dir().join(format!("httparallel-testserver-{}.sock", std::process::id()));
    let server = TestServer::start(Options { uds: Some(path.clone()), ..Options::default() }).unwrap();
    let mut stream = UnixStream::connect(server.uds_path().unwrap()).unwrap();
    stream.write_all(b"GET /close HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(body(&answer), "Hello, world!");
    let certificate = server.ca_pem_path();
    assert_eq!(std::fs::read_to_string(&certificate).unwrap(), server.ca_pem());
    drop(server);
    assert!(!path.exists() && !certificate.exists());
}

#[test]
fn starts_a_script_and_shows_what_it_received() {
    let server = start();
    let script = "expect-request\nsend one\nclose\n";
    let request = format!(
        "POST /script HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{script}",
        script.len()
    );
    let answer = ask(&server, &request);
    let port: u16 = body(&answer).split(&[' ', ','][..]).nth(1).unwrap().parse().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(b"GET /\xe9 HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "one");
    let received = get(&server, &format!("/script/{port}/received"));
    assert!(received.contains(r#""received": ["GET /é HTTP/1.1\r\n\r\n"]"#), "{received}");
    assert!(ask(&server, &request.replace("send one", "sing one")).contains("line 2: unknown step"));
}

#[test]
fn tunnels_to_a_port_of_this_machine() {
    let server = start();
    let port = server.http_addr().port();
    let request = format!("CONNECT example.test:{port} HTTP/1.1\r\n\r\nGET /close HTTP/1.1\r\n\r\n");
    let answer = ask(&server, &request);
    assert!(answer.starts_with("HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK"), "{answer}");
    assert_eq!(server.stats().tunnels, 1);
    assert!(ask(&server, "CONNECT example.com:443 HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 502 "));
}

#[test]
fn one_port_asks_for_proxy_credentials() {
    let server = start();
    let ask = |credentials: &str| {
        let mut stream = TcpStream::connect(server.proxy_url().trim_start_matches("http://")).unwrap();
        let request = format!("GET http://a.test/close HTTP/1.1\r\n{credentials}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(ask("").contains("Proxy-Authenticate: Basic"));
    assert_eq!(body(&ask("Proxy-Authorization: Basic cHJveHk6c2VjcmV0\r\n")), "Hello, world!");
}
