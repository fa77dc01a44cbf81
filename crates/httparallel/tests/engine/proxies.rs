//! HTTP proxies: forwarding, tunnels, TLS in TLS, and who sees whose credentials.

use std::time::Instant;

use httparallel::{
    Config, Content, Engine, Kind, Phase, Policy, Protocols, Proxies, Proxy, Settings, Verify,
};
use httparallel_testserver::{Certificate, Options, Script, TestServer};

use crate::common::{
    DRIVERS, Driver, assert_fails, assert_took, count, get, h2c, millis, next, play, post, request, send,
    send_with, server, settings, with_header, within,
};

/// The credentials that the test server's proxy asks for, as they are sent.
const CREDENTIALS: &str = "Basic cHJveHk6c2VjcmV0";

fn through(url: &str) -> Config {
    Config { proxies: Proxies::all(Proxy::new(url).unwrap()), ..Config::default() }
}

/// Through the test server's proxy, with its credentials, trusting its servers.
fn configured(server: &TestServer) -> Config {
    let proxy = Proxy::new(&server.proxy_url()).unwrap().with_credentials("proxy", "secret").unwrap();
    trusting(server, Config { proxies: Proxies::all(proxy), ..Config::default() })
}

fn trusting(server: &TestServer, config: Config) -> Config {
    let roots = || Verify::Roots(server.ca_pem().into_bytes());
    Config { verify: roots(), proxy_verify: roots(), ..config }
}

fn two_protocols(config: Config) -> Config {
    Config { protocols: Protocols { http1: true, http2: true }, ..config }
}

#[test]
fn a_plain_request_is_forwarded_in_absolute_form_with_credentials() {
    let server = server();
    for driver in DRIVERS {
        let engine = Engine::new(configured(&server));
        let answer = send(&engine, get("http://example.test:81/echo?a=1#fragment"), driver).unwrap();
        assert!(
            answer.text().contains(r#""target": "http://example.test:81/echo?a=1""#),
            "{}",
            answer.text()
        );
        assert!(answer.text().contains(&format!(r#"["Proxy-Authorization", "{CREDENTIALS}"]"#)));
        assert!(answer.text().contains(r#"["Host", "example.test:81"]"#));
        // What the owner is told of its request are its own headers.
        assert!(!answer.operation.request().headers.contains("proxy-authorization"));
    }
}

#[test]
fn one_connection_to_the_proxy_serves_many_origins() {
    let server = server();
    for driver in DRIVERS {
        server.reset_stats();
        let engine = Engine::new(configured(&server));
        for host in ["a.test", "b.test:81", "c.test"] {
            let url = format!("http://{host}/echo");
            let body = send(&engine, post(&url, "content"), driver).unwrap();
            assert!(body.text().contains(&url), "{}", body.text());
        }
        assert_eq!(server.stats().connections_opened, 1);
        let [connection] = &engine.connections()[..] else { panic!("not one connection") };
        assert_eq!((connection.origin.as_str(), connection.requests), (&*server.proxy_url(), 3));
    }
}

#[test]
fn a_secure_request_goes_through_a_tunnel_that_is_kept() {
    let server = server();
    for driver in DRIVERS {
        server.reset_stats();
        let engine = Engine::new(configured(&server));
        for _ in 0..3 {
            let url = format!("{}/echo", server.https_url());
            let answer = send(&engine, get(&url), driver).unwrap();
            assert!(answer.text().contains(r#""target": "/echo""#), "{}", answer.text());
            assert!(!answer.text().to_lowercase().contains("proxy-authorization"), "{}", answer.text());
        }
        assert_eq!((server.stats().tunnels, count(&engine, "IDLE")), (1, 1));
    }
}

#[test]
fn http2_is_spoken_inside_a_tunnel() {
    let server = server();
    for driver in DRIVERS {
        server.reset_stats();
        let engine = Engine::new(two_protocols(configured(&server)));
        for _ in 0..3 {
            let answer = send(&engine, get(&format!("{}/echo", server.https_url())), driver).unwrap();
            assert_eq!(answer.head.version, "HTTP/2");
            assert!(!answer.text().contains("proxy-authorization"), "{}", answer.text());
        }
        assert_eq!(server.stats().tunnels, 1);
    }
}

#[test]
fn http2_without_tls_goes_through_a_tunnel_too() {
    let server = server();
    let engine = Engine::new(Config { proxies: configured(&server).proxies, ..h2c() });
    for driver in DRIVERS {
        let answer = send(&engine, get(&server.http_url()), driver).unwrap();
        assert_eq!((answer.head.version, answer.text()), ("HTTP/2", "Hello, world!"));
    }
    assert_eq!(server.stats().tunnels, 1);
}

#[test]
fn tls_goes_inside_of_tls_with_the_proxy() {
    let server = server();
    for protocols in [|config| config, two_protocols] {
        for driver in DRIVERS {
            server.reset_stats();
            let engine = Engine::new(protocols(trusting(&server, through(&server.https_url()))));
            let content: Vec<u8> = (0..3_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
            let sent = post(&format!("{}/echo-body", server.https_url()), content.clone());
            assert_eq!(send(&engine, sent, driver).unwrap().body, content);
            let answer = send(&engine, get(&format!("{}/bytes/5000000", server.https_url())), driver);
            assert_eq!(answer.unwrap().body.len(), 5_000_000);
            assert_eq!(server.stats().tunnels, 1);
        }
    }
}

#[test]
fn a_plain_request_is_forwarded_over_tls_with_the_proxy() {
    let server = server();
    for driver in DRIVERS {
        let engine = Engine::new(two_protocols(trusting(&server, through(&server.https_url()))));
        let answer = send(&engine, get("http://example.test/echo"), driver).unwrap();
        assert_eq!(answer.head.version, "HTTP/1.1");
        assert!(answer.text().contains(r#""target": "http://example.test/echo""#));
    }
}

#[test]
fn a_proxy_with_a_bad_certificate_gets_nothing() {
    let server = server();
    for certificate in [Certificate::Untrusted, Certificate::WrongHost] {
        let engine = Engine::new(trusting(&server, through(&server.https_url_of(certificate))));
        let error =
            assert_fails(send(&engine, get(&server.https_url()), DRIVERS[0]), Kind::Tls, Phase::Connect);
        assert!(error.to_string().contains("with the proxy"), "{error}");
    }
    assert_eq!(server.stats().requests, 0);
}

#[test]
fn each_peer_is_verified_by_its_own_settings() {
    let server = server();
    let config = through(&server.https_url_of(Certificate::Untrusted));
    let lenient = Config { proxy_verify: Verify::DangerousNone, ..trusting(&server, config) };
    let engine = Engine::new(lenient.clone());
    assert_eq!(send(&engine, get(&server.https_url()), DRIVERS[0]).unwrap().status(), 200);
    let bad = server.https_url_of(Certificate::Untrusted);
    assert_fails(send(&engine, get(&bad), DRIVERS[0]), Kind::Tls, Phase::Connect);
}

#[test]
fn a_refused_tunnel_is_the_proxys_error_and_not_tried_again() {
    let server = server();
    for driver in DRIVERS {
        server.reset_stats();
        let config = Config { connect_retries: 3, ..through(&server.proxy_url()) };
        let outcome = send(&Engine::new(config), get(&server.https_url()), driver);
        let error = assert_fails(outcome, Kind::Proxy, Phase::Connect);
        assert_eq!(error.to_string(), "407 Proxy Authentication Required");
        assert_eq!(server.stats().connections_opened, 1);
        let engine = Engine::new(configured(&server));
        let error =
            assert_fails(send(&engine, get("https://example.com"), driver), Kind::Proxy, Phase::Connect);
        assert_eq!(error.to_string(), "502 Bad Gateway");
        assert!(engine.connections().is_empty());
    }
}

#[test]
fn a_refusal_to_forward_is_a_response() {
    let server = server();
    for driver in DRIVERS {
        let engine = Engine::new(through(&server.proxy_url()));
        assert_eq!(send(&engine, get("http://example.test/echo"), driver).unwrap().status(), 407);
    }
}

#[test]
fn a_proxy_that_is_not_there_is_a_failure_to_connect() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for url in ["http://a.test", "https://a.test"] {
        let outcome = send(&Engine::new(through(&format!("http://{gone}"))), get(url), DRIVERS[0]);
        let error = assert_fails(outcome, Kind::Network, Phase::Connect);
        assert!(error.to_string().starts_with("could not connect to the proxy: "), "{error}");
    }
}

#[test]
fn the_limit_on_connecting_covers_the_proxys_answer() {
    for driver in DRIVERS {
        let proxy = play(Script::new().expect_head().hang());
        let timeouts = httparallel::Timeouts { connect: Some(millis(150)), ..httparallel::Timeouts::NONE };
        let started = Instant::now();
        let engine = Engine::new(through(&proxy.url()));
        let outcome = send_with(&engine, get("https://a.test"), within(driver, timeouts));
        assert_fails(outcome, Kind::Timeout, Phase::Connect);
        assert_took(started, millis(150));
    }
}

#[test]
fn a_proxy_that_leaves_or_talks_nonsense_is_told_apart_from_the_server() {
    for (script, said) in [
        (Script::new().expect_head().close(), "The proxy closed the connection without opening a tunnel"),
        (Script::new().expect_head().send("HTTP/1.1 200").close(), "The proxy closed the connection"),
        (
            Script::new().expect_head().send("220 smtp.test\r\n").hang(),
            "The proxy's answer to CONNECT is not",
        ),
        (Script::new().expect_head().reset(), "the connection to the proxy failed"),
        (
            Script::new().expect_head().send("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n").hang(),
            "the proxy sent bytes into the tunnel",
        ),
    ] {
        let proxy = play(script);
        let outcome = send(&Engine::new(through(&proxy.url())), get("https://a.test"), DRIVERS[0]);
        let error = assert_fails(outcome, Kind::Proxy, Phase::Connect);
        assert!(error.to_string().starts_with(said), "{error}");
    }
}

#[test]
fn credentials_of_a_requests_own_go_to_the_proxy_and_never_behind_it() {
    let server = server();
    for driver in DRIVERS {
        let engine = Engine::new(configured(&server));
        let own = |url: String| with_header(get(&url), "Proxy-Authorization", CREDENTIALS);
        let tunnelled = send(&engine, own(format!("{}/echo", server.https_url())), driver).unwrap();
        assert!(!tunnelled.text().contains("Proxy-Authorization"), "{}", tunnelled.text());
        assert!(!tunnelled.operation.request().headers.contains("proxy-authorization"));
        let without = Engine::new(through(&server.proxy_url()));
        let forwarded = send(&without, own("http://a.test/echo".into()), driver).unwrap();
        assert_eq!(forwarded.status(), 200);
    }
}

#[test]
fn a_redirect_from_a_forwarded_request_into_a_tunnel_leaks_nothing() {
    let server = server();
    for driver in DRIVERS {
        let engine = Engine::new(configured(&server));
        let url = format!("http://a.test/redirect-to?url={}/echo", server.https_url());
        let policy = Policy { follow_redirects: true, ..Policy::default() };
        let following = Settings { policy, ..settings(driver) };
        let own = with_header(get(&url), "Proxy-Authorization", CREDENTIALS);
        let answer = send_with(&engine, own, following).unwrap();
        assert!(answer.text().contains(r#""target": "/echo""#), "{}", answer.text());
        assert!(!answer.text().contains("Proxy-Authorization"), "{}", answer.text());
    }
}

#[test]
fn headers_for_the_proxy_stay_with_it() {
    let server = server();
    let proxy = Proxy::new(&server.http_url()).unwrap().with_header("X-For-Proxy", "yes").unwrap();
    let config = Config { proxies: Proxies::all(proxy), ..Config::default() };
    let engine = Engine::new(trusting(&server, config));
    let forwarded = send(&engine, get("http://a.test/echo"), Driver::IoThread).unwrap();
    assert!(forwarded.text().contains(r#"["X-For-Proxy", "yes"]"#));
    let tunnelled = send(&engine, get(&format!("{}/echo", server.https_url())), Driver::IoThread).unwrap();
    assert!(!tunnelled.text().contains("X-For-Proxy"));
}

#[test]
fn some_hosts_are_reached_without_the_proxy() {
    let server = server();
    let url = server.http_url();
    let environment = |name: &str| match name {
        "http_proxy" => Some(format!("proxy:secret@{}", server.proxy_url().trim_start_matches("http://"))),
        "no_proxy" => Some("127.0.0.1".to_owned()),
        _ => None,
    };
    let engine = Engine::new(Config { proxies: Proxies::from_environment(environment), ..Config::default() });
    let direct = send(&engine, get(&format!("{url}/echo")), Driver::Caller).unwrap();
    assert!(direct.text().contains(r#""target": "/echo""#), "{}", direct.text());
    assert!(!direct.text().contains("Proxy-Authorization"));
    let forwarded = send(&engine, get("http://a.test/echo"), Driver::Caller).unwrap();
    assert!(forwarded.text().contains("Proxy-Authorization"));
}

#[test]
fn an_options_request_for_the_whole_server_reaches_the_proxy_as_such() {
    let proxy = play(Script::new().expect_head().send("HTTP/1.1 204 No Content\r\n\r\n").hang());
    let mut options = request("OPTIONS", "http://a.test/ignored", Content::Empty);
    options.overrides = httparallel::Overrides::new(Some("*"), None).unwrap();
    assert_eq!(send(&Engine::new(through(&proxy.url())), options, Driver::Caller).unwrap().status(), 204);
    assert!(proxy.received()[0].starts_with(b"OPTIONS http://a.test HTTP/1.1\r\n"));
}

#[test]
fn a_proxy_may_listen_on_a_unix_socket() {
    let directory = std::env::temp_dir().join(format!("httparallel-proxy-{}", std::process::id()));
    let options = Options { uds: Some(directory.clone()), ..Options::default() };
    let server = TestServer::start(options).unwrap();
    let config = Config { uds: Some(directory), ..through("http://proxy.test") };
    let engine = Engine::new(trusting(&server, config));
    let forwarded = send(&engine, get("http://a.test/echo"), Driver::Caller).unwrap();
    assert!(forwarded.text().contains(r#""target": "http://a.test/echo""#), "{}", forwarded.text());
    assert_eq!(send(&engine, get(&server.https_url()), Driver::Caller).unwrap().status(), 200);
    assert_eq!(server.stats().tunnels, 1);
}

#[test]
fn many_tunnels_at_once() {
    let server = server();
    let config = Config { limits: crate::common::limited(8).limits, ..configured(&server) };
    let engine = Engine::new(config);
    let block = httparallel::Block::new(&engine, None).unwrap();
    for _ in 0..100 {
        let url = format!("{}/bytes/10000", server.https_url());
        block.submit(get(&url), Settings::default(), None).unwrap();
    }
    for _ in 0..100 {
        let outcome = next(&block).unwrap();
        assert_eq!(crate::common::finish(&outcome.operation).unwrap().body.len(), 10_000);
    }
    assert!(server.stats().tunnels <= 8, "{:?}", server.stats());
}
