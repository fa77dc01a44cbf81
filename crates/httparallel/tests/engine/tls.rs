//! TLS: whom the engine trusts, and what an end without notice means.

use httparallel::{Config, Engine, Kind, Phase, Protocols, Verify};
use httparallel_testserver::{Certificate, Script, ScriptedServer, TestServer, Transport};

use crate::common::{DRIVERS, assert_fails, engine, eventually, get, play, post, send, server};

const HTTP2: Protocols = Protocols { http1: true, http2: true };

fn trusting(server: &TestServer) -> Config {
    Config { verify: Verify::Roots(server.ca_pem().into_bytes()), ..Config::default() }
}

fn scripted(server: &TestServer, script: Script) -> ScriptedServer {
    ScriptedServer::start_tls(server, Transport::Tls, vec![script]).unwrap()
}

#[test]
fn a_trusted_certificate_is_accepted_and_the_connection_kept() {
    let server = server();
    for certificate in [Certificate::Good, Certificate::Tls12, Certificate::Http1Only] {
        for driver in DRIVERS {
            server.reset_stats();
            let engine = Engine::new(trusting(&server));
            for _ in 0..3 {
                let url = format!("{}/bytes/100000", server.https_url_of(certificate));
                assert_eq!(send(&engine, get(&url), driver).unwrap().body.len(), 100_000);
            }
            assert_eq!(server.stats().connections_opened, 1);
        }
    }
}

#[test]
fn what_was_agreed_on_is_known() {
    let server = server();
    let cases = [
        (Certificate::Good, HTTP2, "TLSv1.3", "h2"),
        (Certificate::Tls12, Protocols::default(), "TLSv1.2", "http/1.1"),
    ];
    for (certificate, protocols, version, alpn) in cases {
        for driver in DRIVERS {
            let engine = Engine::new(Config { protocols, ..trusting(&server) });
            let url = server.https_url_of(certificate);
            let course = send(&engine, get(&url), driver).unwrap().operation.course();
            let connection = course.connection().unwrap();
            let server_addr = connection.server_addr().unwrap();
            assert!(url.ends_with(&format!(":{}", server_addr.port())), "{server_addr}");
            assert!(connection.client_addr().unwrap().ip().is_loopback());
            let tls = connection.tls().unwrap();
            assert_eq!((tls.version, tls.alpn_protocol.as_deref()), (version, Some(alpn.as_bytes())));
            assert!(tls.cipher.is_some() && !tls.certificates.is_empty(), "{tls:?}");
            assert!(!connection.is_readable());
            drop(engine);
            eventually("it is closed", || connection.is_readable());
        }
    }
}

#[test]
fn bad_certificates_are_refused_before_anything_is_sent() {
    let server = server();
    for certificate in
        [Certificate::Expired, Certificate::WrongHost, Certificate::SelfSigned, Certificate::Untrusted]
    {
        for driver in DRIVERS {
            let engine = Engine::new(trusting(&server));
            let outcome = send(&engine, get(&server.https_url_of(certificate)), driver);
            assert_fails(outcome, Kind::Tls, Phase::Connect);
            assert!(engine.connections().is_empty());
        }
    }
    assert_eq!(server.stats().requests, 0);
}

#[test]
fn the_platform_does_not_trust_the_test_authority() {
    let server = server();
    assert_fails(send(&engine(), get(&server.https_url()), DRIVERS[0]), Kind::Tls, Phase::Connect);
}

#[test]
fn without_verification_every_certificate_is_accepted() {
    let server = server();
    for certificate in
        [Certificate::Expired, Certificate::WrongHost, Certificate::SelfSigned, Certificate::Untrusted]
    {
        for driver in DRIVERS {
            let engine = Engine::new(Config { verify: Verify::DangerousNone, ..Config::default() });
            assert_eq!(send(&engine, get(&server.https_url_of(certificate)), driver).unwrap().status(), 200);
        }
    }
}

#[test]
fn a_client_certificate_is_shown_where_it_is_asked_for() {
    let server = server();
    let url = server.https_url_of(Certificate::ClientRequired);
    let pem = std::fs::read(server.client_pem_path()).unwrap();
    for driver in DRIVERS {
        let config = Config { client_cert: Some((pem.clone(), pem.clone())), ..trusting(&server) };
        assert_eq!(send(&Engine::new(config), get(&url), driver).unwrap().status(), 200);
        let outcome = send(&Engine::new(trusting(&server)), get(&url), driver);
        assert_eq!(outcome.expect_err("a failure").kind(), Kind::Tls);
    }
}

#[test]
fn unusable_certificates_fail_before_connecting() {
    let config = Config { verify: Verify::Roots(b"no certificate".to_vec()), ..Config::default() };
    let server = server();
    assert_fails(send(&Engine::new(config), get(&server.https_url()), DRIVERS[0]), Kind::Tls, Phase::Build);
}

#[test]
fn a_large_body_goes_both_ways() {
    let server = server();
    for protocols in [Protocols::default(), HTTP2] {
        for driver in DRIVERS {
            let engine = Engine::new(Config { protocols, ..trusting(&server) });
            let body: Vec<u8> = (0..3_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
            let url = format!("{}/echo-body", server.https_url());
            assert_eq!(send(&engine, post(&url, body.clone()), driver).unwrap().body, body);
        }
    }
}

#[test]
fn a_body_that_ends_with_the_connection_needs_close_notify() {
    let server = server();
    let head = Script::new().expect_request().send("HTTP/1.1 200 OK\r\n\r\nall of it");
    for driver in DRIVERS {
        let good = scripted(&server, head.clone().close());
        let answer = send(&Engine::new(trusting(&server)), get(&good.https_url()), driver).unwrap();
        assert_eq!(answer.text(), "all of it");
        let cut = scripted(&server, head.clone().cut());
        let outcome = send(&Engine::new(trusting(&server)), get(&cut.https_url()), driver);
        assert_fails(outcome, Kind::Incomplete, Phase::Read);
    }
}

#[test]
fn a_framed_body_needs_no_close_notify() {
    let server = server();
    let script = Script::new().expect_request().send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").cut();
    for driver in DRIVERS {
        let scripted = scripted(&server, script.clone());
        let answer = send(&Engine::new(trusting(&server)), get(&scripted.https_url()), driver).unwrap();
        assert_eq!(answer.text(), "ok");
    }
}

#[test]
fn a_server_that_closes_within_the_handshake_fails_the_request_only() {
    for driver in DRIVERS {
        for script in [Script::new().close(), Script::new().expect_bytes(100).close()] {
            let closing = play(script);
            let url = closing.url().replace("http:", "https:");
            let config = Config { verify: Verify::DangerousNone, ..Config::default() };
            let error = send(&Engine::new(config), get(&url), driver).expect_err("a failure");
            assert_eq!(error.phase(), Phase::Connect, "{error:?}");
        }
        let server = server();
        assert_eq!(send(&engine(), get(&server.http_url()), driver).unwrap().status(), 200);
    }
}

#[test]
fn plain_http_on_a_tls_port_is_refused() {
    let plain = play(Script::new().expect_bytes(1).send("HTTP/1.1 400 Bad Request\r\n\r\n").close());
    for driver in DRIVERS {
        let config = Config { verify: Verify::DangerousNone, ..Config::default() };
        let outcome = send(&Engine::new(config), get(&plain.url().replace("http:", "https:")), driver);
        assert_fails(outcome, Kind::Tls, Phase::Connect);
    }
}

#[test]
fn http_2_is_spoken_if_both_want_it() {
    let server = server();
    for (protocols, certificate, version) in [
        (HTTP2, Certificate::Good, "HTTP/2"),
        (HTTP2, Certificate::Http1Only, "HTTP/1.1"),
        (Protocols::default(), Certificate::Good, "HTTP/1.1"),
    ] {
        for driver in DRIVERS {
            let engine = Engine::new(Config { protocols, ..trusting(&server) });
            let answer = send(&engine, get(&server.https_url_of(certificate)), driver).unwrap();
            assert_eq!(answer.head.version, version);
        }
    }
}
