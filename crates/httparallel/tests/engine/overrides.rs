//! What a request does otherwise than its URL says: its target, and the name in the TLS handshake.

use httparallel::{
    Config, Content, Engine, Kind, Overrides, Phase, Protocols, Request, SocketOption, Verify,
};
use httparallel_testserver::{Certificate, Script, TestServer};

use crate::common::{DRIVERS, Driver, assert_fails, engine, get, h2c, play, request, send, server};

fn with_target(mut request: Request, target: &str) -> Request {
    request.overrides = Overrides::new(Some(target), None).unwrap();
    request
}

fn asking_for(mut request: Request, name: &str) -> Request {
    request.overrides = Overrides::new(None, Some(name)).unwrap();
    request
}

fn trusting(server: &TestServer) -> Config {
    Config { verify: Verify::Roots(server.ca_pem().into_bytes()), ..Config::default() }
}

#[test]
fn the_target_is_sent_as_given() {
    let server = play(Script::new().expect_head().send("HTTP/1.1 204 No Content\r\n\r\n").forever());
    for driver in DRIVERS {
        let engine = engine();
        for (method, target) in [("OPTIONS", "*"), ("GET", "/a%zz|b?\"c"), ("GET", "http://other.test/")] {
            let sent = with_target(request(method, &server.url(), Content::Empty), target);
            assert_eq!(send(&engine, sent, driver).unwrap().status(), 204);
            let received = server.received();
            let last = received.last().unwrap();
            let line = format!("{method} {target} HTTP/1.1\r\n");
            assert!(last.windows(line.len()).any(|part| part == line.as_bytes()), "{}", last.escape_ascii());
        }
    }
}

#[test]
fn the_target_is_sent_over_http2() {
    let server = server();
    let engine = Engine::new(h2c());
    let answer = send(&engine, with_target(get(&server.http_url()), "/echo?x"), Driver::IoThread).unwrap();
    assert!(answer.text().contains(r#""target": "/echo?x""#), "{}", answer.text());
}

#[test]
fn what_would_break_the_request_line_is_refused() {
    for text in ["", "/a b", "/a\r\nX: y", "/\0", "/\u{e4}"] {
        for overrides in [Overrides::new(Some(text), None), Overrides::new(None, Some(text))] {
            assert_fails(overrides, Kind::InvalidRequest, Phase::Build);
        }
    }
    assert_eq!(Overrides::new(None, None).unwrap(), None);
}

#[test]
fn the_name_in_the_handshake_is_the_one_that_is_verified() {
    let server = server();
    let url = server.https_url_of(Certificate::WrongHost);
    for driver in DRIVERS {
        for http2 in [false, true] {
            let engine =
                Engine::new(Config { protocols: Protocols { http1: true, http2 }, ..trusting(&server) });
            assert_fails(send(&engine, get(&url), driver), Kind::Tls, Phase::Connect);
            let named = send(&engine, asking_for(get(&url), "other.test"), driver).unwrap();
            assert_eq!(named.status(), 200);
            // A connection with a name of its own is not for requests without.
            assert_fails(send(&engine, get(&url), driver), Kind::Tls, Phase::Connect);
            assert_fails(
                send(&engine, asking_for(get(&url), "example.test"), driver),
                Kind::Tls,
                Phase::Connect,
            );
        }
    }
}

#[test]
fn requests_with_the_same_name_share_a_connection() {
    let server = server();
    let engine = Engine::new(trusting(&server));
    for name in ["example.test", "example.test", "127.0.0.1"] {
        let url = server.https_url();
        assert_eq!(send(&engine, asking_for(get(&url), name), Driver::Caller).unwrap().status(), 200);
    }
    assert_eq!(server.stats().connections_opened, 2);
}

#[test]
fn a_name_is_of_no_matter_without_tls() {
    let server = server();
    let engine = engine();
    for request in [get(&server.http_url()), asking_for(get(&server.http_url()), "example.test")] {
        assert_eq!(send(&engine, request, Driver::Caller).unwrap().status(), 200);
    }
    assert_eq!(server.stats().connections_opened, 1);
}

#[test]
fn a_socket_option_that_the_system_refuses_is_told() {
    let server = server();
    let options = vec![SocketOption::int(1, 0x7fff, 1)];
    let engine = Engine::new(Config { socket_options: options, ..Config::default() });
    let error =
        assert_fails(send(&engine, get(&server.http_url()), Driver::Caller), Kind::Network, Phase::Connect);
    assert!(error.to_string().contains("socket option (1, 32767)"), "{error}");
}
