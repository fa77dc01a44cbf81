//! Cookies that a client keeps: what was set goes back, and nowhere else.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use futures_lite::future::block_on;
use httparallel::blocking::Client;
use httparallel::{CookieJar, Cookies, Headers, Url};
use httparallel_testserver::{Options, Script, ScriptedServer, TestServer};

fn server() -> TestServer {
    TestServer::start(Options::default()).unwrap()
}

fn keeping(server: &TestServer) -> Client {
    Client::builder().base_url(server.http_url()).cookie_store(true).follow_redirects(true).build().unwrap()
}

/// The cookies that arrive at the server, without white space.
fn arriving(client: &Client, url: &str) -> String {
    client.get(url).send().unwrap().text().replace(' ', "").trim().to_owned()
}

#[test]
fn what_was_set_goes_back() {
    let server = server();
    let client = keeping(&server);
    assert_eq!(arriving(&client, "/cookies"), "{\"cookies\":{}}");
    client.get("/cookies/set?a=1&b=2").send().unwrap();
    assert_eq!(arriving(&client, "/cookies"), "{\"cookies\":{\"a\":\"1\",\"b\":\"2\"}}");
    let response = block_on(async {
        let client = httparallel::Client::builder().cookie_store(true).build()?;
        client.get(server.http_url() + "/cookies/set?c=3").send().await?;
        client.get(server.http_url() + "/cookies").stream().await?.collect().await
    });
    assert!(response.unwrap().text().contains("\"c\""));
}

#[test]
fn nothing_is_kept_unless_asked_for() {
    let server = server();
    let client = Client::builder().base_url(server.http_url()).build().unwrap();
    client.get("/cookies/set?a=1").send().unwrap();
    assert_eq!(arriving(&client, "/cookies"), "{\"cookies\":{}}");
}

#[test]
fn a_redirect_sets_cookies_for_the_next_request() {
    let answer =
        b"HTTP/1.1 302 Found\r\nSet-Cookie: a=1; Path=/\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";
    let end = b"HTTP/1.1 204 No Content\r\n\r\n";
    let script = Script::new().expect_request().send(answer).expect_request().send(end).forever();
    let scripted = ScriptedServer::start(script).unwrap();
    let client = Client::builder().cookie_store(true).follow_redirects(true).build().unwrap();
    assert_eq!(client.get(scripted.url()).send().unwrap().status(), 204);
    let received = String::from_utf8(scripted.received().concat()).unwrap();
    let (first, second) = received.split_once("GET /next").unwrap();
    assert!(!first.contains("Cookie:") && second.contains("Cookie: a=1\r\n"), "{received}");
}

#[test]
fn requests_of_a_block_have_the_cookies_of_their_client() {
    let server = server();
    let client = keeping(&server);
    client.get("/cookies/set?a=1").send().unwrap();
    let mut parallel = client.parallel();
    for _ in 0..5 {
        parallel.get("/cookies").unwrap();
    }
    for outcome in &mut parallel {
        assert!(outcome.response.unwrap().text().contains("\"a\""));
    }
}

#[test]
fn a_cookie_header_of_the_request_is_sent_instead() {
    let server = server();
    let client = keeping(&server);
    client.get("/cookies/set?a=1").send().unwrap();
    let seen = client.get("/cookies").header("Cookie", "own=1").send().unwrap();
    assert!(seen.text().contains("own") && !seen.text().contains("\"a\""), "{}", seen.text());
}

#[test]
fn cookies_do_not_go_to_another_host() {
    let server = server();
    let client = keeping(&server);
    client.get("/cookies/set?a=1").send().unwrap();
    let elsewhere = server.http_url().replace("127.0.0.1", "localhost") + "/cookies";
    assert_eq!(arriving(&client, &elsewhere), "{\"cookies\":{}}");
    let by_redirect = format!("/redirect-to?url={elsewhere}");
    assert_eq!(arriving(&client, &by_redirect), "{\"cookies\":{}}");
}

#[test]
fn a_jar_is_shared_and_looked_at() {
    let server = server();
    let url = server.http_url();
    let cookies = Arc::new(Cookies::new());
    let client = || Client::builder().cookies(cookies.clone()).build().unwrap();
    client().get(url.clone() + "/cookies/set?a=1").send().unwrap();
    assert!(arriving(&client(), &(url.clone() + "/cookies")).contains("\"a\""));
    assert!(cookies.set(&url, "b=2").unwrap() && !cookies.set(&url, "c=3; Domain=com").unwrap());
    assert_eq!(cookies.header(&url).unwrap().unwrap(), "a=1; b=2");
    assert_eq!(cookies.all().len(), 2);
    assert!(!format!("{cookies:?}").contains("a=1"));
    cookies.clear();
    assert_eq!(cookies.header(&url).unwrap(), None);
}

#[test]
fn a_program_may_bring_a_jar_of_its_own() {
    #[derive(Debug)]
    struct Constant;
    impl CookieJar for Constant {
        fn store(&self, _: &Url, _: &Headers) {}
        fn cookie(&self, _: &Url) -> Option<bytes::Bytes> {
            Some("constant=1".into())
        }
    }
    let server = server();
    let client = Client::builder().base_url(server.http_url()).cookies(Arc::new(Constant)).build().unwrap();
    assert!(arriving(&client, "/cookies").contains("constant"));
}
