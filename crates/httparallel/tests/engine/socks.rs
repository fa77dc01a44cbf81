//! SOCKS proxies. The scripted server is proxy and, behind it, origin.

use httparallel::{Config, Engine, Kind, Phase, Proxies, Proxy};
use httparallel_testserver::Script;

use crate::common::{DRIVERS, Driver, assert_fails, get, h2c, play, send};

const OPENED: &[u8] = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn through(scheme: &str, address: impl std::fmt::Display) -> Config {
    let proxy = Proxy::new(&format!("{scheme}://{address}")).unwrap();
    Config { proxies: Proxies::all(proxy), ..Config::default() }
}

#[test]
fn the_proxy_resolves_the_name_and_the_request_is_as_to_the_origin() {
    for driver in DRIVERS {
        let script = Script::new().expect_bytes(3).send([5, 0]).expect_bytes(4 + 1 + 6 + 2).send(OPENED);
        let proxy = play(script.expect_head().send(OK).expect_head().send(OK).hang());
        let engine = Engine::new(through("socks5h", proxy.addr()));
        for _ in 0..2 {
            assert_eq!(send(&engine, get("http://a.test:81/x?y"), driver).unwrap().text(), "ok");
        }
        let received = &proxy.received()[0];
        let asked = b"\x05\x01\x00\x05\x01\x00\x03\x06a.test\x00\x51GET /x?y HTTP/1.1\r\nHost: a.test:81\r\n";
        assert!(received.starts_with(asked), "{}", received.escape_ascii());
        assert_eq!(engine.connections()[0].origin, "http://a.test:81");
    }
}

#[test]
fn credentials_are_for_the_proxy_alone() {
    let script = Script::new().expect_bytes(4).send([5, 2]).expect_bytes(3 + 4 + 6).send([1, 0]);
    let proxy = play(script.expect_bytes(13).send(OPENED).expect_head().send(OK).hang());
    let engine = Engine::new(through("socks5h", format!("user:secret@{}", proxy.addr())));
    assert_eq!(send(&engine, get("http://a.test"), Driver::IoThread).unwrap().text(), "ok");
    let received = &proxy.received()[0];
    assert!(
        received.starts_with(b"\x05\x02\x00\x02\x01\x04user\x06secret\x05\x01\x00\x03\x06a.test\x00\x50GET ")
    );
    assert!(!received.windows(19).any(|part| part.eq_ignore_ascii_case(b"proxy-authorization")));
}

#[test]
fn names_are_resolved_here_if_the_scheme_says_so() {
    let script = Script::new().expect_bytes(3).send([5, 0]).expect_bytes(10).send(OPENED);
    let proxy = play(script.expect_head().send(OK).hang());
    let engine = Engine::new(through("socks5", proxy.addr()));
    assert_eq!(send(&engine, get("http://127.0.0.1:81"), Driver::Caller).unwrap().text(), "ok");
    assert!(proxy.received()[0][3..].starts_with(b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x51GET "));
    let outcome = send(&engine, get("http://nowhere.invalid"), Driver::Caller);
    assert_fails(outcome, Kind::Network, Phase::Connect);
}

#[test]
fn a_refusal_says_why() {
    let refused =
        Script::new().expect_bytes(3).send([5, 0]).expect_bytes(13).send(b"\x05\x05\x00\x01").close();
    let unwilling = Script::new().expect_bytes(3).send([5, 0xff]).close();
    let leaving = Script::new().expect_bytes(3).close();
    let other = Script::new().expect_bytes(3).send("HTTP/1.1 400 Bad Request\r\n\r\n").close();
    for script in [refused, unwilling, leaving, other] {
        let proxy = play(script);
        let engine = Engine::new(through("socks5h", proxy.addr()));
        assert_fails(send(&engine, get("http://a.test"), Driver::IoThread), Kind::Proxy, Phase::Connect);
        assert!(engine.connections().is_empty());
    }
}

#[test]
fn what_comes_with_the_handshakes_end_is_no_response() {
    let early = [OPENED, OK.as_bytes()].concat();
    let script = Script::new().expect_bytes(3).send([5, 0]).expect_bytes(13).send(early).hang();
    let proxy = play(script);
    let outcome = send(&Engine::new(through("socks5h", proxy.addr())), get("http://a.test"), DRIVERS[0]);
    assert_fails(outcome, Kind::Proxy, Phase::Connect);
}

#[test]
fn an_http2_server_may_speak_first() {
    // SETTINGS, without any, at once with the end of the handshake.
    let early = [OPENED, b"\0\0\0\x04\0\0\0\0\0"].concat();
    let script = Script::new().expect_bytes(3).send([5, 0]).expect_bytes(13).send(early);
    // After the preface, HEADERS of stream 1, answered and ended by `:status: 204`, which the static table has.
    let script = script.expect_bytes(24).expect_frame(1).send_frame(1, 5, 1, [0x89]).hang();
    let proxy = play(script);
    let engine = Engine::new(Config { proxies: through("socks5h", proxy.addr()).proxies, ..h2c() });
    assert_eq!(send(&engine, get("http://a.test"), Driver::IoThread).unwrap().status(), 204);
}
