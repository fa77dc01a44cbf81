//! Floods of everything but body.

use super::*;

const HEAD: &str = "HTTP/1.1 200 OK\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Small bounds: the floods are read byte by byte too.
fn small() -> Limits {
    Limits {
        head_bytes: 400,
        head_lines: 10,
        line_bytes: 100,
        interim_count: 3,
        interim_bytes: 200,
        trailer_bytes: 120,
        chunk_line_bytes: 50,
    }
}

fn assert_bounded(response: &str) {
    let transcript = Exchange::get(response).with_limits(small()).run();
    assert_eq!(transcript.kind(), Some(Kind::Protocol), "{response:.200}: {transcript:?}");
}

fn assert_passes(response: &str) {
    let transcript = Exchange::get(response).with_limits(small()).run();
    assert!(transcript.error.is_none(), "{response:.200}: {transcript:?}");
}

#[test]
fn head_floods_fail_at_the_bound_and_pass_below() {
    let lines = |count| format!("{HEAD}{}\r\n", "A: b\r\n".repeat(count));
    assert_passes(&lines(10));
    assert_bounded(&lines(11));
    let line = |length: usize| format!("{HEAD}A: {}\r\n\r\n", "b".repeat(length - 5));
    assert_passes(&line(100));
    assert_bounded(&line(101));
    let fields = format!("B: {}\r\n", "x".repeat(85)).repeat(4);
    let total = |length: usize| format!("{HEAD}{fields}A: {}\r\n\r\n", "b".repeat(length - 384));
    assert_passes(&total(400));
    assert_bounded(&total(401));
}

#[test]
fn a_head_without_end_fails_before_its_end() {
    assert_bounded(&format!("{HEAD}A: {}", "b".repeat(200)));
    assert_bounded(&format!("{HEAD}{}", format!("B: {}\r\n", "x".repeat(85)).repeat(5)));
    assert_bounded(&format!("{HEAD}{}", "A: b\r\n".repeat(20)));
    assert_bounded(&format!("{HEAD}A: b\r\n{}", " c\r\n".repeat(20)));
}

#[test]
fn interim_floods_fail() {
    let interims =
        |count| format!("{}{HEAD}Content-Length: 0\r\n\r\n", "HTTP/1.1 103 X\r\n\r\n".repeat(count));
    assert_passes(&interims(3));
    assert_bounded(&interims(4));
    let long = format!("HTTP/1.1 103 X\r\nA: {}\r\n\r\n", "b".repeat(90));
    assert_bounded(&long.repeat(2));
}

#[test]
fn trailer_floods_fail() {
    let trailers = |count| format!("{CHUNKED}0\r\n{}\r\n", "A: b\r\n".repeat(count));
    assert_passes(&trailers(10));
    assert_bounded(&trailers(11));
    let long = format!("A: {}\r\n", "b".repeat(75));
    assert_bounded(&format!("{CHUNKED}0\r\n{long}{long}\r\n"));
    assert_bounded(&format!("{CHUNKED}0\r\nA: {}", "b".repeat(130)));
}

#[test]
fn chunk_line_floods_fail() {
    let line = |length: usize| format!("{CHUNKED}2;{}\r\nhi\r\n0\r\n\r\n", "x".repeat(length - 4));
    assert_passes(&line(50));
    assert_bounded(&line(51));
    assert_bounded(&format!("{CHUNKED}2;{}", "x".repeat(60)));
    assert_bounded(&format!("{CHUNKED}{}", "0".repeat(60)));
}

#[test]
fn extensions_may_not_outgrow_the_data() {
    let tiny = format!("1;{}\r\nx\r\n", "e".repeat(20));
    assert_bounded(&format!("{CHUNKED}{}0\r\n\r\n", tiny.repeat(10)));
    let fair = format!("28;{}\r\n{}\r\n", "e".repeat(20), "d".repeat(40));
    assert_passes(&format!("{CHUNKED}{}0\r\n\r\n", fair.repeat(50)));
}

#[test]
fn the_default_bounds_are_kept() {
    let limits = Limits::default();
    for response in [
        format!("{HEAD}A: {}\r\n\r\n", "b".repeat(limits.line_bytes)),
        format!("{HEAD}{}\r\n", "A: b\r\n".repeat(limits.head_lines + 1)),
        format!("{HEAD}{}", format!("A: {}\r\n", "b".repeat(60_000)).repeat(5)),
        "HTTP/1.1 103 X\r\n\r\n".repeat(limits.interim_count + 1),
        format!("{CHUNKED}0;{}", "x".repeat(limits.chunk_line_bytes)),
        format!("{CHUNKED}0\r\nA: {}", "x".repeat(limits.trailer_bytes)),
    ] {
        assert_refused(response);
    }
}

#[test]
fn a_trickling_head_costs_linear_time() {
    // 200 KB, one byte per read: looking at the whole head each time would be 2 · 10^10 byte visits.
    let field = format!("A: {}\r\n", "b".repeat(250));
    let response = format!("{HEAD}{}\r\n", field.repeat(800));
    let mut reader = ResponseReader::new(b"GET", &Headers::new(), &Limits::default());
    let mut input = BytesMut::new();
    let started = std::time::Instant::now();
    for &byte in &response.as_bytes()[..response.len() - 1] {
        input.extend_from_slice(&[byte]);
        assert_eq!(reader.read(&mut input, false).unwrap(), Event::NeedMore);
    }
    input.extend_from_slice(b"\n");
    assert!(matches!(reader.read(&mut input, false).unwrap(), Event::Head(_)));
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}
