//! Scenarios per state and per fault. Every response is read in one piece, byte by byte, in random pieces
//! and through `read_into`, and must come out the same.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod bodies;
mod chunks;
mod heads;
mod limits;
mod mutations;
mod requests;
mod reuse;

use bytes::BytesMut;

use super::{CloseReason, Event, Limits, ResponseHead, ResponseReader, Reuse};
use crate::{Error, Headers, Kind};

/// Everything a reader told about one response.
#[derive(Debug, Default)]
struct Transcript {
    interims: Vec<ResponseHead>,
    head: Option<ResponseHead>,
    body: Vec<u8>,
    trailers: Option<Headers>,
    ended: bool,
    error: Option<Error>,
    left: Vec<u8>,
    reuse: Option<Reuse>,
    upgraded: bool,
}

impl Transcript {
    fn kind(&self) -> Option<Kind> {
        self.error.as_ref().map(Error::kind)
    }

    fn status(&self) -> u16 {
        self.head.as_ref().unwrap().status
    }

    fn header(&self, name: &str) -> &[u8] {
        self.head.as_ref().unwrap().headers.get(name).unwrap()
    }

    fn body(&self) -> &str {
        assert!(self.ended, "{self:?}");
        std::str::from_utf8(&self.body).unwrap()
    }

    fn close_reason(&self) -> CloseReason {
        match self.reuse {
            Some(Reuse::No(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    fn message(&self) -> &str {
        self.error.as_ref().unwrap().message()
    }

    fn assert_same(&self, other: &Self, how: &str) {
        assert_eq!(self.interims, other.interims, "{how}");
        assert_eq!(self.head, other.head, "{how}");
        assert_eq!(self.body, other.body, "{how}");
        assert_eq!(self.trailers, other.trailers, "{how}");
        assert_eq!((self.ended, self.upgraded), (other.ended, other.upgraded), "{how}");
        assert_eq!(self.kind(), other.kind(), "{how}");
        if self.error.is_none() {
            assert_eq!(self.left, other.left, "{how}");
            assert_eq!(self.reuse, other.reuse, "{how}");
        }
    }
}

/// A request and a response to it; the connection closes after the response or stays open.
struct Exchange<'a> {
    method: &'a str,
    request_headers: Headers,
    limits: Limits,
    response: &'a [u8],
    eof: bool,
}

impl<'a> Exchange<'a> {
    fn get(response: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self::of("GET", response)
    }

    fn of(method: &'a str, response: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        let response = response.as_ref();
        Self { method, request_headers: Headers::new(), limits: Limits::default(), response, eof: false }
    }

    fn with_request_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.request_headers.append(name, value);
        self
    }

    fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    fn then_closed(mut self) -> Self {
        self.eof = true;
        self
    }

    /// Reads in every way and returns what all of them agree on.
    fn run(&self) -> Transcript {
        let whole = self.run_in(&[self.response], false);
        let bytes: Vec<_> = self.response.chunks(1).collect();
        whole.assert_same(&self.run_in(&bytes, false), "byte by byte");
        whole.assert_same(&self.run_in(&bytes, true), "byte by byte through read_into");
        whole.assert_same(&self.run_in(&[self.response], true), "whole through read_into");
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for round in 0..8 {
            let pieces = random.split(self.response);
            whole.assert_same(&self.run_in(&pieces, round % 2 == 0), "in random pieces");
        }
        whole
    }

    fn run_in(&self, pieces: &[&[u8]], through_read_into: bool) -> Transcript {
        let mut reader = ResponseReader::new(self.method.as_bytes(), &self.request_headers, &self.limits);
        let mut transcript = Transcript::default();
        let mut input = BytesMut::new();
        for piece in pieces {
            input.extend_from_slice(piece);
            feed(&mut reader, &mut input, false, through_read_into, &mut transcript);
        }
        if self.eof {
            feed(&mut reader, &mut input, true, through_read_into, &mut transcript);
        }
        transcript.reuse = Some(reader.reuse(&input, false));
        transcript.upgraded = reader.is_upgraded();
        transcript.left = input.to_vec();
        assert_ne!(self.response.is_empty(), reader.received_anything(), "{transcript:?}");
        transcript
    }
}

fn feed(
    reader: &mut ResponseReader,
    input: &mut BytesMut,
    eof: bool,
    through_read_into: bool,
    transcript: &mut Transcript,
) {
    while !transcript.ended && transcript.error.is_none() {
        let event = if through_read_into {
            reader.read_into(input, eof, &mut transcript.body, usize::MAX)
        } else {
            reader.read(input, eof)
        };
        match event {
            Ok(Event::NeedMore) => return,
            Ok(Event::Interim(head)) => transcript.interims.push(head),
            Ok(Event::Head(head)) => assert!(transcript.head.replace(head).is_none()),
            Ok(Event::Body(piece)) => {
                assert!(!piece.is_empty());
                transcript.body.extend_from_slice(&piece);
            }
            Ok(Event::End { trailers, .. }) => {
                transcript.trailers = trailers;
                transcript.ended = true;
            }
            Err(error) => {
                assert!(reader.read(input, eof).is_err(), "an error is final");
                transcript.error = Some(error);
            }
        }
    }
}

/// Asserts that a GET answered so fails as a breach of protocol.
fn assert_refused(response: impl AsRef<[u8]>) -> Transcript {
    let transcript = Exchange::get(&response).run();
    let shown = String::from_utf8_lossy(response.as_ref());
    assert_eq!(transcript.kind(), Some(Kind::Protocol), "{shown:.300}: {transcript:?}");
    transcript
}

/// xorshift64: the same pieces in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }

    fn split<'a>(&mut self, mut bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let longest = 1 + self.below(bytes.len().max(1));
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(1 + self.below(longest.min(bytes.len())));
            pieces.push(piece);
            bytes = rest;
        }
        pieces
    }
}
