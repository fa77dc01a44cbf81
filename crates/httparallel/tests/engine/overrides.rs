//! What a request does otherwise than its URL, or its client, says: target, name in the TLS handshake, proxy and
//! verification.

use std::sync::Arc;

use httparallel::{
    Config, Content, Engine, Kind, Overrides, Phase, Protocols, Proxies, Proxy, ProxyChoice, Request,
    SocketOption, Verify,
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

fn verified(mut request: Request, verify: &Arc<Verify>) -> Request {
    request.overrides = Some(Box::new(Overrides::default().with_verify(verify.clone())));
    request
}

#[test]
fn a_connection_that_nobody_verified_serves_nobody_who_verifies() {
    let server = server();
    let url = server.https_url_of(Certificate::WrongHost);
    let unverified = Arc::new(Verify::DangerousNone);
    for driver in DRIVERS {
        for http2 in [false, true] {
            server.reset_stats();
            let engine =
                Engine::new(Config { protocols: Protocols { http1: true, http2 }, ..trusting(&server) });
            for _ in 0..2 {
                assert_eq!(send(&engine, verified(get(&url), &unverified), driver).unwrap().status(), 200);
            }
            assert_eq!(server.stats().connections_opened, 1);
            assert_fails(send(&engine, get(&url), driver), Kind::Tls, Phase::Connect);
            let platform = Arc::new(Verify::Platform);
            assert_fails(send(&engine, verified(get(&url), &platform), driver), Kind::Tls, Phase::Connect);
        }
    }
}

#[test]
fn a_request_that_is_verified_as_all_are_shares_their_connection() {
    let server = server();
    let engine = Engine::new(trusting(&server));
    let same = Arc::new(engine.config().verify.clone());
    for request in [get(&server.https_url()), verified(get(&server.https_url()), &same)] {
        assert_eq!(send(&engine, request, Driver::Caller).unwrap().status(), 200);
    }
    assert_eq!(server.stats().connections_opened, 1);
}

#[test]
fn a_proxy_of_the_requests_own_counts_instead_of_the_clients() {
    let server = server();
    let config =
        Config { proxies: Proxies::all(Proxy::new("http://127.0.0.1:1").unwrap()), ..Config::default() };
    for driver in DRIVERS {
        let engine = Engine::new(config.clone());
        let with = |url: &str, proxy: Option<&str>| {
            let through = |url| ProxyChoice::Through(Arc::new(Proxy::new(url).unwrap()));
            let proxy = proxy.map_or(ProxyChoice::Direct, through);
            let overrides = Some(Box::new(Overrides::default().with_proxy(proxy)));
            send(&engine, Request { overrides, ..get(url) }, driver)
        };
        let direct = with(&server.http_url(), None).unwrap();
        assert_eq!(direct.status(), 200);
        let proxied = with("http://example.test/echo", Some(&server.http_url())).unwrap();
        assert!(proxied.text().contains(r#""target": "http://example.test/echo""#), "{}", proxied.text());
        assert_fails(send(&engine, get(&server.http_url()), driver), Kind::Network, Phase::Connect);
    }
}
