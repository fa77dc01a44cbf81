//! What the codec costs for a small GET: encoding the request head, parsing the response, taking its body.
//!
//! Run by hand: `cargo run --release -p httparallel-proto --example codec_cost`

use std::hint::black_box;
use std::time::Instant;

use bytes::BytesMut;
use httparallel_proto::h1::{Event, Limits, RequestFraming, ResponseReader, encode_head};
use httparallel_proto::{Headers, Result};

const EXCHANGES: u32 = 500_000;

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Date: Sat, 21 Nov 2026 07:00:00 GMT\r\n\
    Server: example/1.0\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 16\r\n\
    Cache-Control: no-cache\r\n\
    Vary: Accept-Encoding\r\n\
    Connection: keep-alive\r\n\r\n\
    {\"answer\": 42  }";

fn request_headers() -> Headers {
    [
        ("Host", "example.org"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Connection", "keep-alive"),
        ("User-Agent", "httparallel/0.1"),
    ]
    .into_iter()
    .collect()
}

fn encode(out: &mut BytesMut, headers: &Headers) -> Result<()> {
    out.clear();
    encode_head(out, b"GET", b"/items/42?full=1", headers, RequestFraming::None)
}

fn parse(input: &mut BytesMut, headers: &Headers, limits: &Limits) -> Result<usize> {
    input.extend_from_slice(RESPONSE);
    let mut reader = ResponseReader::new(b"GET", headers, limits);
    let mut seen = 0;
    loop {
        match reader.read(input, false)? {
            Event::Head(head) => seen += head.headers.len(),
            Event::Body(piece) => seen += piece.len(),
            Event::End { .. } => return Ok(seen),
            Event::NeedMore | Event::Interim(_) => {}
        }
    }
}

fn measure(what: &str, mut once: impl FnMut() -> Result<usize>) -> Result<()> {
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let started = Instant::now();
        for _ in 0..EXCHANGES {
            black_box(once()?);
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e9 / f64::from(EXCHANGES));
    }
    println!("{what:<16} {best:7.0} ns");
    Ok(())
}

fn main() -> Result<()> {
    let (headers, limits) = (request_headers(), Limits::default());
    let (mut out, mut input) = (BytesMut::new(), BytesMut::with_capacity(16 * 1024));
    measure("encode", || encode(&mut out, &headers).map(|()| out.len()))?;
    measure("parse", || parse(&mut input, &headers, &limits))?;
    measure("encode and parse", || {
        encode(&mut out, &headers)?;
        parse(&mut input, &headers, &limits)
    })
}
