//! Digest authentication of both clients, in every way a request is sent.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures_lite::future::block_on;
use httparallel::blocking::Client;
use httparallel::{Kind, Protocols};
use httparallel_testserver::{Options, Script, ScriptedServer, TestServer};

const PATH: &str = "/digest-auth/user/secret";

fn server() -> TestServer {
    TestServer::start(Options::default()).unwrap()
}

fn client(server: &TestServer, password: &str) -> Client {
    let origin = server.http_url();
    Client::builder().base_url(&origin).digest_auth(&origin, "user", password).build().unwrap()
}

#[test]
fn a_challenge_is_answered_and_remembered() {
    let server = server();
    for path in [PATH.to_owned(), format!("{PATH}?qop=none")] {
        let client = client(&server, "secret");
        let response = client.post(&path).body("content").send().unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.history()[0].status(), 401);
        // The challenge is known by now.
        let response = client.get(&path).send().unwrap();
        assert_eq!((response.status().as_u16(), response.history().len()), (200, 0));
    }
}

#[test]
fn a_wrong_password_is_tried_once() {
    let server = server();
    assert_eq!(client(&server, "wrong").get(PATH).send().unwrap().status(), 401);
    assert_eq!(server.stats().requests, 2);
}

#[test]
fn requests_of_a_block_and_streamed_responses_are_authenticated() {
    let server = server();
    let client = client(&server, "secret");
    let mut parallel = client.parallel();
    for _ in 0..20 {
        parallel.get(PATH).unwrap();
    }
    for outcome in &mut parallel {
        assert_eq!(outcome.response.unwrap().status(), 200);
    }
    let streamed = client.get(PATH).stream().unwrap();
    assert_eq!(streamed.status(), 200);
    assert!(streamed.collect().unwrap().text().contains("authenticated"));
}

#[test]
fn a_request_has_a_password_of_its_own() {
    let server = server();
    let url = server.http_url() + PATH;
    let status = block_on(async {
        let client = httparallel::Client::builder().bearer_auth(&url, "wrong").build()?;
        let response = client.get(&url).digest_auth("user", "secret").send().await?;
        Ok::<_, httparallel::Error>(response.status())
    });
    assert_eq!(status.unwrap(), 200);
}

#[test]
fn http2_is_no_different() {
    let server = server();
    let origin = server.http_url();
    let protocols = Protocols { http1: false, http2: true };
    let builder = Client::builder().protocols(protocols).digest_auth(&origin, "user", "secret");
    assert_eq!(builder.build().unwrap().get(origin + PATH).send().unwrap().status(), 200);
}

#[test]
fn credentials_of_another_kind_win() {
    let server = server();
    let client = client(&server, "secret");
    assert_eq!(client.get(PATH).bearer_auth("t").send().unwrap().status(), 401);
    let with_userinfo = server.http_url().replace("://", "://user:wrong@");
    assert_eq!(client.get(with_userinfo + PATH).send().unwrap().status(), 401);
}

#[test]
fn another_origin_learns_nothing() {
    let (home, away) = (server(), server());
    let client = client(&home, "secret");
    assert_eq!(client.get(PATH).send().unwrap().status(), 200);
    let url = format!("/redirect-to?url={}{PATH}", away.http_url());
    let response = client.get(url).follow_redirects(true).send().unwrap();
    assert_eq!((response.status().as_u16(), away.stats().requests), (401, 1));
    assert_eq!(client.get(away.http_url() + PATH).send().unwrap().status(), 401);
}

#[test]
fn a_challenge_that_makes_no_sense_is_an_error() {
    let answer = b"HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"r\"\r\nContent-Length: 0\r\n\r\n";
    let scripted = ScriptedServer::start(Script::new().expect_request().send(answer).forever()).unwrap();
    let error = Client::new().get(scripted.url()).digest_auth("u", "p").send().unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Protocol, "Malformed Digest WWW-Authenticate header"));
    let refused = Client::new().get(scripted.url()).digest_auth("a\nb", "p").send().unwrap_err();
    assert_eq!(refused.kind(), Kind::InvalidRequest);
}

#[test]
fn debug_output_shows_no_password() {
    let server = server();
    let client = client(&server, "s3cret");
    let request = client.get(PATH).digest_auth("user", "s3cret");
    assert!(!format!("{client:?} {request:?}").contains("s3cret"));
}
