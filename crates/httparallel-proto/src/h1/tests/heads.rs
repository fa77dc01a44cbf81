//! Status lines, header fields, interim responses, tunnels.

use super::super::Version;
use super::*;

#[test]
fn a_head_keeps_case_order_and_duplicates() {
    let transcript = Exchange::get(
        "HTTP/1.1 200 Very  OK\r\nX-B: 1\r\nx-a:2\r\nX-b:\t 3 \t\r\nEmpty:\r\nContent-Length: 0\r\n\r\n",
    )
    .run();
    let head = transcript.head.unwrap();
    assert_eq!((head.version, head.status, &head.reason[..]), (Version::Http11, 200, &b"Very  OK"[..]));
    let fields: Vec<_> = head.headers.iter().map(|h| (&h.name[..], &h.value[..])).collect();
    let expected: [(&[u8], &[u8]); 5] =
        [(b"X-B", b"1"), (b"x-a", b"2"), (b"X-b", b"3"), (b"Empty", b""), (b"Content-Length", b"0")];
    assert_eq!(fields, expected);
}

#[test]
fn a_reason_may_be_missing_or_not_ascii() {
    for (line, reason) in [("200", ""), ("200 ", ""), ("200 Schön", "Schön")] {
        let response = format!("HTTP/1.0 {line}\r\nContent-Length: 0\r\n\r\n");
        let head = Exchange::get(&response).run().head.unwrap();
        assert_eq!((head.version, &head.reason[..]), (Version::Http10, reason.as_bytes()));
    }
}

#[test]
fn a_head_of_many_fields_is_parsed() {
    let fields = (0..900).map(|n| format!("X-{n}: {n}\r\n")).collect::<Vec<_>>().concat();
    let response = format!("HTTP/1.1 204 No Content\r\n{fields}\r\n");
    let transcript = Exchange::get(&response).run();
    assert_eq!(transcript.head.as_ref().unwrap().headers.len(), 900);
    assert_eq!(transcript.header("x-899"), b"899");
}

#[test]
fn a_server_may_tell_how_long_it_keeps_the_connection() {
    for (value, seconds) in [
        ("timeout=5, max=100", Some(5)),
        ("max=1,Timeout = 0", None),
        ("max=1, TIMEOUT=0", Some(0)),
        ("timeout=-1", None),
        ("", None),
    ] {
        let response = format!("HTTP/1.1 200 OK\r\nKeep-Alive: {value}\r\n\r\n");
        let head = Exchange::get(&response).run().head.unwrap();
        assert_eq!(head.keep_alive_timeout().map(|timeout| timeout.as_secs()), seconds, "{value}");
    }
}

#[test]
fn lines_may_all_end_in_bare_lf() {
    let transcript = Exchange::get("HTTP/1.1 200 OK\nContent-Length: 2\n\nhi").run();
    assert_eq!(transcript.body(), "hi");
}

#[test]
fn a_folded_value_becomes_one_line() {
    let transcript =
        Exchange::get("HTTP/1.1 200 OK\r\nX: a\r\n\tb\r\n  c\r\nContent-Length:\r\n 0\r\n\r\n").run();
    let words: Vec<_> = transcript.header("x").split(u8::is_ascii_whitespace).collect();
    assert!(!transcript.header("x").contains(&b'\n') && !transcript.header("x").contains(&b'\r'));
    assert_eq!(words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>(), [b"a", b"b", b"c"]);
    assert_eq!(transcript.body(), "");
}

#[test]
fn stray_bytes_in_fields_are_refused() {
    for field in [
        "X: a\0b",
        "X: a\rb",
        "X: a\nY: b",
        "X: \x01",
        "X: \x7f",
        "X : a",
        ": a",
        "X",
        "X\t: a",
        " X: a",
        "\tX: a",
        "X y: a",
        "X: a\r",
        "Ä: a",
        "(X): a",
        "\0: a",
        "X: a\r\r\n b",
    ] {
        assert_refused(format!("HTTP/1.1 200 OK\r\n{field}\r\nContent-Length: 0\r\n\r\n"));
    }
}

#[test]
fn mixed_line_ends_are_refused() {
    assert_refused("HTTP/1.1 200 OK\nX: a\r\n\r\n");
    assert_refused("HTTP/1.1 200 OK\r\nX: a\r\n\n");
    assert_refused("HTTP/1.1 200 OK\r\n\nevil");
}

#[test]
fn what_is_not_http_1_is_refused() {
    for response in [
        "garbage\r\n\r\n",
        "<html>hello</html>",
        "SSH-2.0-OpenSSH_9",
        "\x15\x03\x01\x00\x02\x02\x50",
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
        "\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/0.9 200 OK\r\n\r\n",
        "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/1.10 200 OK\r\n\r\n",
        "HTTP/1.1 99 Low\r\n\r\n",
        "HTTP/1.1 099 Low\r\n\r\n",
        "HTTP/1.1 000 Low\r\n\r\n",
        "HTTP/1.1 1000 High\r\n\r\n",
        "HTTP/1.1 -20 OK\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1\t200 OK\r\n\r\n",
        "HTTP/1.1 200\tOK\r\n\r\n",
        "HTTP/1.1 200 O\0K\r\n\r\n",
        "HTTP/1.1 200 O\rK\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded\r\n\r\n",
        "HTTP/1.1\r\n\r\n",
    ] {
        assert_refused(response);
    }
}

#[test]
fn what_cannot_become_http_fails_without_waiting_for_a_line() {
    let transcript = assert_refused("220 mail.example ESMTP");
    assert!(transcript.message().contains("b'220 mail.example ESMTP'"), "{}", transcript.message());
}

#[test]
fn interim_responses_come_before_the_final_one() {
    let transcript = Exchange::get(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 5\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    )
    .run();
    let statuses: Vec<_> = transcript.interims.iter().map(|head| head.status).collect();
    assert_eq!(statuses, [100, 103]);
    assert_eq!((transcript.status(), transcript.body()), (200, "hi"));
    assert_eq!(transcript.reuse, Some(Reuse::Yes));
}

#[test]
fn an_interim_response_is_never_the_final_one() {
    let transcript = Exchange::get("HTTP/1.1 103 Early Hints\r\n\r\n").then_closed().run();
    assert_eq!((transcript.head.is_none(), transcript.kind()), (true, Some(Kind::Incomplete)));
}

#[test]
fn an_upgrade_that_was_asked_for_makes_a_tunnel() {
    let response =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\n\x01\x02";
    let transcript = Exchange::get(response).with_request_header("Upgrade", "websocket").run();
    assert!(transcript.upgraded && transcript.ended);
    assert_eq!((transcript.status(), &transcript.left[..]), (101, &b"\x01\x02"[..]));
    assert_eq!(transcript.close_reason(), CloseReason::UpgradedOrTunnel);
}

#[test]
fn an_upgrade_nobody_asked_for_is_refused() {
    assert_refused("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
    let response = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    let transcript = Exchange::get(response).with_request_header("Upgrade", "websocket").run();
    assert_eq!(transcript.kind(), Some(Kind::Protocol));
}

#[test]
fn a_connect_that_succeeds_makes_a_tunnel() {
    let response = "HTTP/1.1 200 Connected\r\nTransfer-Encoding: chunked\r\n\r\n\x16\x03";
    let transcript = Exchange::of("CONNECT", response).run();
    assert!(transcript.upgraded);
    assert_eq!(transcript.left, b"\x16\x03");
}

#[test]
fn a_connect_that_fails_has_a_body() {
    let response = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno";
    let transcript = Exchange::of("CONNECT", response).run();
    assert_eq!((transcript.upgraded, transcript.body()), (false, "no"));
}
