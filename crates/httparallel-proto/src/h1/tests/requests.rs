//! Request heads and bodies.

use bytes::BytesMut;

use super::super::{RequestBody, RequestFraming, encode_chunk, encode_end, encode_head};
use crate::{Headers, Kind};

fn headers(fields: &[(&'static str, &'static str)]) -> Headers {
    fields.iter().copied().collect()
}

fn encode(fields: &[(&'static str, &'static str)], framing: RequestFraming) -> Result<String, Kind> {
    let mut out = BytesMut::from("before");
    let mut all = vec![("Host", "a")];
    all.extend_from_slice(fields);
    match encode_head(&mut out, b"PUT", b"/p", &headers(&all), framing) {
        Ok(()) => {
            Ok(String::from_utf8(out[b"beforePUT /p HTTP/1.1\r\nHost: a\r\n".len()..].to_vec()).unwrap())
        }
        Err(error) => {
            assert_eq!(out, "before", "a refused head leaves no byte");
            Err(error.kind())
        }
    }
}

#[test]
fn a_head_is_written_as_given() {
    let mut out = BytesMut::new();
    let fields = headers(&[("hOST", "example.org:80"), ("Accept", "*/*"), ("accept", ""), ("X", "tab\tä")]);
    encode_head(&mut out, b"GET", b"http://example.org/?q=%20", &fields, RequestFraming::None).unwrap();
    let expected = "GET http://example.org/?q=%20 HTTP/1.1\r\nhOST: example.org:80\r\nAccept: */*\r\naccept: \r\nX: tab\tä\r\n\r\n";
    assert_eq!(out, expected);
}

#[test]
fn framing_is_announced_once() {
    use RequestFraming::{Chunked, Length, None};
    let length = "Content-Length: 12\r\n\r\n";
    assert_eq!(encode(&[], Length(12)).unwrap(), length);
    assert_eq!(encode(&[("Content-Length", "12")], Length(12)).unwrap(), length);
    assert_eq!(encode(&[("Content-Length", "0")], None).unwrap(), "Content-Length: 0\r\n\r\n");
    let chunked = "Transfer-Encoding: chunked\r\n\r\n";
    assert_eq!(encode(&[], Chunked).unwrap(), chunked);
    assert_eq!(encode(&[("Transfer-Encoding", "chunked")], Chunked).unwrap(), chunked);
    let coded = "Transfer-Encoding: gzip, Chunked\r\n\r\n";
    assert_eq!(encode(&[("Transfer-Encoding", "gzip, Chunked")], Chunked).unwrap(), coded);
}

#[test]
fn contradictory_framing_is_refused() {
    use RequestFraming::{Chunked, Length, None};
    for (name, value, framing) in [
        ("Content-Length", "3", Length(4)),
        ("Content-Length", "3", None),
        ("Content-Length", "3", Chunked),
        ("Content-Length", "+3", Length(3)),
        ("Content-Length", "3, 3", Length(3)),
        ("Content-Length", "", Length(3)),
        ("Transfer-Encoding", "chunked", Length(3)),
        ("Transfer-Encoding", "chunked", None),
        ("Transfer-Encoding", "gzip", Chunked),
        ("Transfer-Encoding", "chunked, gzip", Chunked),
        ("Transfer-Encoding", "chunked, chunked", Chunked),
    ] {
        assert_eq!(
            encode(&[(name, value)], framing),
            Err(Kind::InvalidRequest),
            "{name}: {value} {framing:?}"
        );
    }
    let both = [("Content-Length", "3"), ("Transfer-Encoding", "chunked")];
    assert_eq!(encode(&both, Chunked), Err(Kind::InvalidRequest));
    assert_eq!(encode(&both, Length(3)), Err(Kind::InvalidRequest));
    let twice = [("Content-Length", "3"), ("content-length", "3")];
    assert_eq!(encode(&twice, Length(3)), Err(Kind::InvalidRequest));
}

#[test]
fn injection_is_refused_before_a_byte_is_written() {
    let good = headers(&[("Host", "a")]);
    for (method, target, fields) in [
        (&b""[..], &b"/"[..], good.clone()),
        (b"GET /x HTTP/1.1\r\n", b"/", good.clone()),
        (b"GE T", b"/", good.clone()),
        (b"GET", b"", good.clone()),
        (b"GET", b"/a b", good.clone()),
        (b"GET", b"/a\r\nX: y", good.clone()),
        (b"GET", b"/\0", good.clone()),
        (b"GET", b"/\x7f", good.clone()),
        (b"GET", "/ä".as_bytes(), good),
        (b"GET", b"/", headers(&[("Host", "a"), ("X", "a\r\nY: b")])),
        (b"GET", b"/", headers(&[("Host", "a"), ("X", "a\0")])),
        (b"GET", b"/", headers(&[("Host", "a"), ("X\r\nY", "a")])),
        (b"GET", b"/", headers(&[("Host", "a\nb")])),
        (b"GET", b"/", headers(&[])),
        (b"GET", b"/", headers(&[("Host", "a"), ("host", "a")])),
    ] {
        let mut out = BytesMut::from("before");
        let error = encode_head(&mut out, method, target, &fields, RequestFraming::None).unwrap_err();
        assert_eq!((error.kind(), &out[..]), (Kind::InvalidRequest, &b"before"[..]));
    }
}

#[test]
fn chunks_are_framed() {
    for (length, size) in [(1, "1"), (15, "f"), (16, "10"), (255, "ff"), (4096, "1000"), (70_000, "11170")] {
        let data = vec![b'x'; length];
        let mut out = BytesMut::new();
        encode_chunk(&mut out, &data);
        assert_eq!(out, format!("{size}\r\n{}\r\n", "x".repeat(length)));
    }
}

#[test]
fn an_empty_chunk_does_not_end_the_body() {
    let mut out = BytesMut::new();
    encode_chunk(&mut out, b"");
    assert!(out.is_empty());
    encode_end(&mut out);
    assert_eq!(out, "0\r\n\r\n");
}

#[test]
fn a_body_is_held_to_its_length() {
    let mut out = BytesMut::new();
    let mut body = RequestBody::new(RequestFraming::Length(5));
    assert!(body.is_raw());
    body.encode(&mut out, b"abc").unwrap();
    assert_eq!(body.encode(&mut out, b"def").unwrap_err().kind(), Kind::InvalidRequest);
    assert_eq!(body.finish(&mut out).unwrap_err().message(), "Too little data for declared Content-Length");
    body.advance(1).unwrap();
    assert!(body.advance(2).is_err());
    body.encode(&mut out, b"e").unwrap();
    body.finish(&mut out).unwrap();
    assert_eq!(out, "abce");
}

#[test]
fn no_body_means_no_bytes() {
    let mut out = BytesMut::new();
    let mut body = RequestBody::new(RequestFraming::None);
    body.encode(&mut out, b"").unwrap();
    assert!(body.encode(&mut out, b"x").is_err());
    body.finish(&mut out).unwrap();
    assert!(out.is_empty());
}
