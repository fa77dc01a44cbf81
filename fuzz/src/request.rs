//! Requests: what goes on the wire is what was meant, for whoever reads it by the rules.

use bytes::BytesMut;
use httparallel_proto::Headers;
use httparallel_proto::h1::{Event, Limits, RequestBody, RequestFraming, ResponseReader, encode_head};

use crate::Input;

/// A request that is encoded is parsed, by another parser, as the same request and nothing after it; its
/// body is decoded as the same body. One that is refused leaves the buffer as it was.
///
/// Lines: options (the framing, the length of pieces), method, target, body, then one per header.
pub fn request(data: &[u8]) {
    let mut input = Input::new(data);
    let framing = input.byte();
    let piece = input.piece_length();
    input.line();
    let (method, target, body) = (input.line(), input.line(), input.line());
    let headers = headers(input);
    let framing = match framing % 3 {
        0 => RequestFraming::None,
        1 => RequestFraming::Length(body.len() as u64),
        _ => RequestFraming::Chunked,
    };

    let mut out = BytesMut::from("before");
    if encode_head(&mut out, method, target, &headers, framing).is_err() {
        assert_eq!(out, "before", "a refused request is partly written");
        return;
    }
    check_head(&out[b"before".len()..], method, target, &headers, framing);
    check_body(framing, body, piece);
}

fn headers(mut input: Input<'_>) -> Headers {
    let mut headers = Headers::new();
    while !input.is_empty() {
        let line = input.line();
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        headers.append(line[..colon].to_vec(), value.to_vec());
    }
    headers
}

fn check_head(wire: &[u8], method: &[u8], target: &[u8], headers: &Headers, framing: RequestFraming) {
    let mut fields = vec![httparse::EMPTY_HEADER; headers.len() + 1];
    let mut parsed = httparse::Request::new(&mut fields);
    let length = parsed.parse(wire).expect("what was encoded can be parsed");
    assert_eq!(length, httparse::Status::Complete(wire.len()), "something follows the head");
    assert_eq!(parsed.method.map(str::as_bytes), Some(method));
    assert_eq!(parsed.path.map(str::as_bytes), Some(target));

    let sent: Headers =
        parsed.headers.iter().map(|field| (field.name.as_bytes().to_vec(), field.value.to_vec())).collect();
    let added = sent.len() - headers.len();
    assert!(sent.iter().zip(headers).all(|(sent, meant)| sent == meant), "a field was changed");
    assert!(added <= 1, "only the framing is added");
    let announced = RequestFraming::of_headers(&sent).expect("the framing is clear");
    assert!(
        announced == framing || (announced, framing) == (RequestFraming::Length(0), RequestFraming::None),
        "{announced:?} was announced for {framing:?}"
    );
}

fn check_body(framing: RequestFraming, body: &[u8], piece: usize) {
    let (field, body) = match framing {
        RequestFraming::None => return,
        RequestFraming::Length(length) => (format!("Content-Length: {length}"), body),
        RequestFraming::Chunked => ("Transfer-Encoding: chunked".to_owned(), body),
    };
    // Bodies are framed alike in both directions, so the reader of responses reads this one.
    let mut wire = BytesMut::from(format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\n").as_bytes());
    let mut encoder = RequestBody::new(framing);
    for data in body.chunks(piece) {
        encoder.encode(&mut wire, data).expect("the body is as long as announced");
    }
    encoder.finish(&mut wire).expect("the body is as long as announced");

    let mut reader = ResponseReader::new(b"GET", &Headers::new(), &Limits::default());
    let mut read = Vec::new();
    loop {
        match reader.read(&mut wire, false).expect("the body is framed by the rules") {
            Event::Body(bytes) => read.extend_from_slice(&bytes),
            Event::End { reuse, .. } => {
                assert!(reuse.is_yes(), "something follows the body");
                break;
            }
            Event::NeedMore => panic!("the body does not end"),
            Event::Head(_) | Event::Interim(_) => {}
        }
    }
    assert_eq!(read, body);
}
