#![expect(clippy::unwrap_used, reason = "a test that unwraps an error fails, as it should")]

mod http1;
mod http2;
mod http2_ends;
mod http2_mutations;
mod http2_news;
mod http2_noise;
mod http2_windows;
mod peer;

use bytes::{Bytes, BytesMut};
use httparallel_proto::h1::Reuse;
use httparallel_proto::{Headers, Result};

use super::Event;
use crate::Head;

/// A response, read to its end.
#[derive(Debug)]
struct Response {
    interims: Vec<u16>,
    head: Head,
    body: Bytes,
    reuse: Reuse,
}

/// The events of a response that has arrived, as they are told by `next`.
fn response(mut next: impl FnMut() -> Result<Option<Event>>) -> Result<Response> {
    let (mut interims, mut found, mut body) = (Vec::new(), None, BytesMut::new());
    while let Some(event) = next()? {
        match event {
            Event::Interim(head) => interims.push(head.status),
            Event::Head(head) => found = Some(head),
            Event::Body(piece) => {
                assert!(!piece.is_empty());
                body.extend_from_slice(&piece);
            }
            Event::End { reuse } => {
                let head = found.unwrap();
                return Ok(Response { interims, head, body: body.freeze(), reuse });
            }
        }
    }
    panic!("the response is not complete")
}

fn headers(pairs: &[(&'static str, &'static str)]) -> Headers {
    pairs.iter().copied().collect()
}
