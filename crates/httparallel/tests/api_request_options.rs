//! What single requests say about their connections: through which proxy, and how the server is verified.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures_lite::StreamExt;
use futures_lite::future::block_on;
use httparallel::{Client, Kind, Phase, Proxy, Verify, blocking};
use httparallel_testserver::{Certificate, Options, TestServer};

fn server() -> TestServer {
    TestServer::start(Options::default()).unwrap()
}

fn roots(server: &TestServer) -> Verify {
    Verify::Roots(server.ca_pem().into_bytes())
}

/// The server takes requests in absolute form, as a proxy does, and tells what it was asked for.
fn through(server: &TestServer) -> Proxy {
    Proxy::new(&server.http_url()).unwrap()
}

const ELSEWHERE: &str = "http://example.test/echo";
const ASKED: &str = r#""target": "http://example.test/echo""#;

#[test]
fn a_request_has_a_proxy_of_its_own() {
    let server = server();
    let client = blocking::Client::builder().no_proxy().build().unwrap();
    assert!(client.get(ELSEWHERE).proxy(through(&server)).send().unwrap().text().contains(ASKED));
    let client = Client::builder().no_proxy().build().unwrap();
    let response = block_on(client.get(ELSEWHERE).proxy(through(&server)).send()).unwrap();
    assert!(response.text().contains(ASKED), "{}", response.text());
}

#[test]
fn a_request_has_no_proxy_although_its_client_has_one() {
    let server = server();
    let nowhere = || Proxy::new("http://127.0.0.1:1").unwrap();
    let client = blocking::Client::builder().proxy(nowhere()).build().unwrap();
    let url = server.http_url();
    assert_eq!(client.get(&url).proxy(None).send().unwrap().status(), 200);
    let error = client.get(&url).send().unwrap_err();
    assert_eq!((error.kind(), error.phase()), (Kind::Network, Phase::Connect), "{error}");
    let client = Client::builder().proxy(nowhere()).build().unwrap();
    assert_eq!(block_on(client.get(&url).proxy(None).send()).unwrap().status(), 200);
}

#[test]
fn requests_of_a_block_have_proxies_of_their_own() {
    let server = server();
    let client = blocking::Client::builder().no_proxy().build().unwrap();
    let mut parallel = client.parallel();
    let proxied = parallel.submit(client.get(ELSEWHERE).proxy(through(&server))).unwrap();
    let direct = parallel.submit(client.get(server.http_url() + "/echo")).unwrap();
    assert!(proxied.response().unwrap().text().contains(ASKED));
    assert!(direct.response().unwrap().text().contains(r#""target": "/echo""#));
    assert_eq!(parallel.outcomes().count(), 0);

    let client = Client::builder().no_proxy().build().unwrap();
    let mut parallel = client.parallel();
    parallel.submit(client.get(ELSEWHERE).proxy(through(&server))).unwrap();
    let outcome = block_on(parallel.outcomes().next()).unwrap();
    assert!(outcome.response.unwrap().text().contains(ASKED));
}

#[test]
fn a_request_is_verified_in_its_own_way() {
    let server = server();
    let (good, bad) = (server.https_url(), server.https_url_of(Certificate::WrongHost));
    let client = blocking::Client::new();
    assert_eq!(client.get(&good).verify(roots(&server)).send().unwrap().status(), 200);
    assert_eq!(client.get(&bad).verify(Verify::DangerousNone).send().unwrap().status(), 200);
    // Neither of their connections serves a request that would not have trusted it.
    for url in [&good, &bad] {
        let error = client.get(url).send().unwrap_err();
        assert_eq!((error.kind(), error.phase()), (Kind::Tls, Phase::Connect), "{error}");
    }
    let client = Client::builder().danger_accept_invalid_certs(true).build().unwrap();
    let error = block_on(client.get(&bad).verify(roots(&server)).send()).unwrap_err();
    assert_eq!((error.kind(), error.phase()), (Kind::Tls, Phase::Connect), "{error}");
    assert_eq!(block_on(client.get(&good).verify(roots(&server)).send()).unwrap().status(), 200);
}

#[test]
fn requests_of_a_block_are_verified_in_their_own_ways() {
    let server = server();
    let client = blocking::Client::new();
    let mut parallel = client.parallel();
    let verified = parallel.submit(client.get(server.https_url()).verify(roots(&server))).unwrap();
    let refused = parallel.submit(client.get(server.https_url())).unwrap();
    assert_eq!(verified.response().unwrap().status(), 200);
    assert_eq!(refused.response().unwrap_err().kind(), Kind::Tls);
    assert_eq!(parallel.outcomes().count(), 0);
}

#[test]
fn equal_ways_to_verify_share_a_connection() {
    let server = server();
    let client = blocking::Client::new();
    for _ in 0..3 {
        assert_eq!(client.get(server.https_url()).verify(roots(&server)).send().unwrap().status(), 200);
    }
    assert_eq!(server.stats().connections_opened, 1);
}

#[test]
fn proxy_and_verification_go_together_and_the_last_word_counts() {
    let server = server();
    let client = blocking::Client::builder().no_proxy().build().unwrap();
    let nowhere = Proxy::new("http://127.0.0.1:1").unwrap();
    let request = client.get(server.https_url()).verify(Verify::Platform).proxy(nowhere);
    assert_eq!(request.verify(roots(&server)).proxy(None).send().unwrap().status(), 200);
}

#[test]
fn redirects_keep_what_was_said_about_the_connection() {
    let server = server();
    let client = blocking::Client::builder().follow_redirects(true).build().unwrap();
    let url = server.https_url() + "/redirect/2";
    let response = client.get(&url).verify(roots(&server)).send().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.history().len(), 2);
}

#[test]
fn unusable_roots_are_told_before_anything_is_sent() {
    let server = server();
    let client = blocking::Client::new();
    let request = client.get(server.https_url()).verify(Verify::Roots(b"no certificate".to_vec()));
    let error = request.send().unwrap_err();
    assert_eq!((error.kind(), error.phase()), (Kind::Tls, Phase::Build), "{error}");
    assert_eq!(server.stats().requests, 0);
}
