//! The CONNECT request, and what may be answered to it.

use bytes::BytesMut;

use super::{origin, proxy};
use crate::proxy::{Connect, Proxy};
use crate::{Error, Kind, Phase, Result};

fn request(proxy: &Proxy, url: &str) -> String {
    let mut out = BytesMut::new();
    Connect::new(proxy, &origin(url), &mut out).unwrap();
    String::from_utf8(out.to_vec()).unwrap()
}

/// What becomes of an answer, and what of it is left. Read at once, and again one byte at a time.
fn answered(answer: &str, eof: bool) -> (Result<bool, String>, String) {
    let start = || {
        let proxy = proxy("http://proxy.test");
        Connect::new(&proxy, &origin("https://a.test"), &mut BytesMut::new()).unwrap()
    };
    let mut input = BytesMut::from(answer);
    let whole = message(start().read(&mut input, eof));
    let left = String::from_utf8(input.to_vec()).unwrap();

    let (mut connect, mut input) = (start(), BytesMut::new());
    let mut slowly = Ok(false);
    for (index, byte) in answer.bytes().enumerate() {
        input.extend_from_slice(&[byte]);
        slowly = message(connect.read(&mut input, eof && index + 1 == answer.len()));
        if slowly != Ok(false) {
            break;
        }
    }
    if !answer.is_empty() {
        // Of what is not HTTP, as much is shown as there is.
        let same = match (&slowly, &whole) {
            (Err(slowly), Err(whole)) => slowly[..3] == whole[..3],
            _ => slowly == whole,
        };
        assert!(same, "{answer:?}, one byte at a time: {slowly:?}, not {whole:?}");
    }
    (whole, left)
}

fn message(outcome: Result<bool>) -> Result<bool, String> {
    outcome.map_err(|error: Error| {
        assert_eq!((error.kind(), error.phase()), (Kind::Proxy, Phase::Connect), "{error:?}");
        error.to_string()
    })
}

#[test]
fn the_target_is_host_and_port() {
    for (url, target) in [
        ("https://example.test/path?query", "example.test:443"),
        ("https://example.test:8443", "example.test:8443"),
        ("https://[2001:db8::1]", "[2001:db8::1]:443"),
        ("http://example.test", "example.test:80"),
    ] {
        let wanted = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
        assert_eq!(request(&proxy("http://proxy.test"), url), wanted);
    }
}

#[test]
fn credentials_and_headers_are_told_to_the_proxy() {
    let proxy = proxy("http://user:pass@proxy.test").with_header("X-Name", "value").unwrap();
    assert_eq!(
        request(&proxy, "https://a.test"),
        "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n\
         X-Name: value\r\n\r\n"
    );
}

#[test]
fn headers_of_the_settings_replace_what_is_sent_anyway() {
    let proxy = proxy("http://user:pass@proxy.test");
    let proxy = proxy.with_header("proxy-authorization", "Bearer token").unwrap();
    let proxy = proxy.with_header("host", "other.test").unwrap();
    assert_eq!(
        request(&proxy, "https://a.test"),
        "CONNECT a.test:443 HTTP/1.1\r\nhost: other.test\r\nproxy-authorization: Bearer token\r\n\r\n"
    );
}

#[test]
fn a_success_opens_the_tunnel_and_what_follows_came_out_of_it() {
    for answer in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.0 200 Connection established\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        // RFC 9110 section 9.3.6: "A client MUST ignore any Content-Length or Transfer-Encoding header fields
        // received in a successful response to CONNECT."
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ] {
        assert_eq!(answered(answer, false), (Ok(true), String::new()), "{answer:?}");
        assert_eq!(answered(&format!("{answer}hello"), false).1, "hello", "{answer:?}");
    }
}

#[test]
fn a_refusal_is_told_with_status_and_reason() {
    for (answer, told) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407 Proxy Authentication Required"),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\nbody", "502 Bad Gateway"),
        ("HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test\r\n\r\n", "302 Found"),
        ("HTTP/1.1 403\r\n\r\n", "403"),
        ("HTTP/1.1 500 caf\u{e9}\r\n\r\n", "500 caf"),
    ] {
        assert_eq!(answered(answer, false).0, Err(told.to_owned()));
    }
}

#[test]
fn an_unfinished_answer_waits_and_fails_at_the_end() {
    for answer in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nServer: x\r\n"] {
        assert_eq!(answered(answer, false).0, Ok(false));
        let told = answered(answer, true).0.unwrap_err();
        assert_eq!(told, "The proxy closed the connection without opening a tunnel");
    }
}

#[test]
fn what_is_not_http_is_told() {
    for answer in ["SSH-2.0-OpenSSH\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n"]
    {
        let told = answered(answer, false).0.unwrap_err();
        assert!(told.starts_with("The proxy's answer to CONNECT is not HTTP: "), "{told}");
    }
}

#[test]
fn endless_interim_answers_and_heads_are_refused() {
    assert!(answered(&"HTTP/1.1 102 Processing\r\n\r\n".repeat(10_000), false).0.is_err());
    let endless = format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(100_000));
    let mut connect = Connect::new(&proxy("http://p.test"), &origin("https://a.test"), &mut BytesMut::new());
    assert!(connect.as_mut().unwrap().read(&mut BytesMut::from(&*endless), false).is_err());
}
