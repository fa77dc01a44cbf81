//! Redirects that the engine follows by itself.

use bytes::Bytes;
use httparallel::{Config, Content, Engine, Kind, Phase, Policy, Protocols, Settings};

use crate::common::{
    DRIVERS, Driver, assert_fails, engine, finish, get, h2c, limited, post, request, send_with, server,
    settings, streaming, with_header,
};

fn following(driver: Driver) -> Settings {
    Settings { policy: Policy { follow_redirects: true, ..Policy::default() }, ..settings(driver) }
}

#[test]
fn are_followed_with_their_history() {
    let server = server();
    for config in [limited(1), h2c()] {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            let url = format!("{}/redirect/3", server.http_url());
            let answer = send_with(&engine, get(&url), following(driver)).unwrap();
            assert_eq!(answer.text(), "Hello, world!");
            assert_eq!(answer.operation.url().path(), "/");
            let history = answer.operation.take_history();
            let paths: Vec<_> = history.iter().map(|hop| hop.request.url.path().to_owned()).collect();
            assert_eq!(paths, ["/redirect/3", "/redirect/2", "/redirect/1"]);
            assert!(history.iter().all(|hop| hop.head.status == 302 && !hop.body.is_empty()));
            assert_eq!(engine.connections().len(), 1);
        }
    }
}

#[test]
fn are_delivered_if_not_to_be_followed() {
    let server = server();
    for driver in DRIVERS {
        let url = format!("{}/redirect/3", server.http_url());
        assert_eq!(send_with(&engine(), get(&url), settings(driver)).unwrap().status(), 302);
    }
}

#[test]
fn the_last_response_of_a_chain_may_be_streamed() {
    let server = server();
    for driver in DRIVERS {
        let url = format!("{}/redirect-to?url=/bytes/1000000", server.http_url());
        let settings = Settings { policy: following(driver).policy, ..streaming(driver) };
        assert_eq!(send_with(&engine(), get(&url), settings).unwrap().body.len(), 1_000_000);
    }
}

#[test]
fn a_post_becomes_a_get_without_content() {
    let server = server();
    for driver in DRIVERS {
        for status in [301, 302, 303] {
            let url = format!("{}/redirect-to?url=/echo&status={status}", server.http_url());
            let answer = send_with(&engine(), post(&url, "content"), following(driver)).unwrap();
            assert!(answer.text().contains("\"method\": \"GET\""), "{}", answer.text());
            assert!(answer.text().contains("\"body_length\": 0"), "{}", answer.text());
            assert!(!answer.text().to_lowercase().contains("content-length"), "{}", answer.text());
        }
    }
}

#[test]
fn a_post_is_repeated_with_its_content() {
    let server = server();
    for driver in DRIVERS {
        for status in [307, 308] {
            let url = format!("{}/redirect-to?url=/echo&status={status}", server.http_url());
            let answer = send_with(&engine(), post(&url, "content"), following(driver)).unwrap();
            assert!(answer.text().contains("\"method\": \"POST\""), "{}", answer.text());
            assert!(answer.text().contains("\"body\": \"content\""), "{}", answer.text());
        }
    }
}

#[test]
fn produced_content_cannot_be_repeated() {
    let server = server();
    for driver in DRIVERS {
        let url = format!("{}/redirect-to?url=/echo&status=307", server.http_url());
        let upload = std::sync::Arc::new(httparallel::Upload::default());
        upload.push(Bytes::from_static(b"once"));
        upload.end();
        let engine = engine();
        let operation =
            engine.start(request("POST", &url, Content::Stream), following(driver), Some(upload)).unwrap();
        assert_fails(finish(&operation), Kind::InvalidRequest, Phase::Write);
        assert_eq!(crate::common::count(&engine, "ACTIVE"), 0);
    }
}

#[test]
fn credentials_do_not_follow_to_another_origin() {
    let (here, there) = (server(), server());
    for driver in DRIVERS {
        let request = |target: &str| {
            let url = format!("{}/redirect-to?url={target}/echo", here.http_url());
            let request = with_header(get(&url), "Authorization", "Basic c2VjcmV0");
            with_header(request, "Cookie", "secret=1")
        };
        let away = send_with(&engine(), request(&there.http_url()), following(driver)).unwrap();
        assert!(!away.text().contains("c2VjcmV0") && !away.text().contains("secret=1"), "{}", away.text());
        let host = there.http_url().replace("http://", "");
        assert!(away.text().contains(&host), "{}", away.text());
        let home = send_with(&engine(), request(&here.http_url()), following(driver)).unwrap();
        assert!(home.text().contains("c2VjcmV0"), "{}", home.text());
    }
}

#[test]
fn loops_end() {
    let server = server();
    for config in [Config::default(), h2c()] {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            let url = format!("{}/redirect-loop", server.http_url());
            server.reset_stats();
            assert_fails(
                send_with(&engine, get(&url), following(driver)),
                Kind::TooManyRedirects,
                Phase::Read,
            );
            assert_eq!(server.stats().requests, 21);
        }
    }
}

#[test]
fn to_other_schemes_are_refused() {
    let server = server();
    for driver in DRIVERS {
        let url = format!("{}/redirect-to?url=file:///etc/passwd", server.http_url());
        let outcome = send_with(&engine(), get(&url), following(driver));
        assert_fails(outcome, Kind::UnsupportedScheme, Phase::Read);
    }
}

#[test]
fn lead_from_plain_http_to_https() {
    let server = server();
    for http2 in [false, true] {
        for driver in DRIVERS {
            let verify = httparallel::Verify::Roots(server.ca_pem().into_bytes());
            let config = Config { verify, protocols: Protocols { http1: true, http2 }, ..Config::default() };
            let url = format!("{}/redirect-to?url={}/small", server.http_url(), server.https_url());
            let answer = send_with(&Engine::new(config), get(&url), following(driver)).unwrap();
            assert_eq!(answer.head.version, if http2 { "HTTP/2" } else { "HTTP/1.1" });
        }
    }
}

#[test]
fn coded_content_is_delivered_as_sent() {
    let server = server();
    for driver in DRIVERS {
        let url = format!("{}/gzip", server.http_url());
        let answer = send_with(&engine(), get(&url), settings(driver)).unwrap();
        assert_eq!(answer.body[..2], [0x1f, 0x8b]);
    }
}
