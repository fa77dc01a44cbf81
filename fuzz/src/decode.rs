//! Content codings: any bytes, any chain of codings.

use httparallel_proto::Kind;
use httparallel_proto::decode::{Decoder, Guard, Progress};

use crate::Input;

const CODINGS: [&str; 8] =
    ["gzip", "deflate", "br", "zstd", "gzip, gzip", "br, zstd", "deflate, br, gzip", "zstd, zstd, zstd"];

/// So much is decoded at most when no guard bounds it.
const ENOUGH: usize = 256 * 1024;

/// How far the output may go beyond a guard's bound: see [`Decoder::decode`].
const SLACK: usize = 64 * 1024;

/// A guard's bound is kept; how the coded bytes are cut, how much is asked for at once, and whether they are all
/// there is, changes nothing.
///
/// Options: the codings, the bound as a power of two, the length of pieces, how much is asked for at once.
pub fn decode(data: &[u8]) {
    let mut input = Input::new(data);
    let codings = input.choose(&CODINGS);
    let bound = 1_usize << (input.byte() % 18);
    let (piece, room) = (input.piece_length(), input.piece_length());
    input.line();
    let coded = input.rest();

    check_bound(codings, coded, bound);
    let (whole, whole_outcome) = pump(codings, coded, coded.len().max(1), SLACK);
    let (cut, cut_outcome) = pump(codings, coded, piece, room);
    check_at_once(codings, coded, piece, &whole, whole_outcome);
    let common = whole.len().min(cut.len());
    assert!(whole[..common] == cut[..common], "pieces give other bytes");
    // How much comes out before an error depends on the size of the steps, so one may have had enough by then.
    if [whole_outcome, cut_outcome].contains(&Outcome::Failed) {
        let also = [Outcome::Failed, Outcome::Enough];
        assert!(
            also.contains(&whole_outcome) && also.contains(&cut_outcome),
            "{whole_outcome:?}, {cut_outcome:?}"
        );
        return;
    }
    assert_eq!(
        (whole.len(), whole_outcome),
        (cut.len(), cut_outcome),
        "in pieces of {piece}, {room} at once"
    );
}

fn decoder(codings: &str) -> Decoder {
    let decoder = Decoder::for_encodings([codings]).expect("the chain is short");
    decoder.expect("the codings are known")
}

fn check_bound(codings: &str, coded: &[u8], bound: usize) {
    let guard = Guard { max_body: Some(bound as u64), ..Guard::default() };
    let mut decoder = decoder(codings);
    let mut out = Vec::new();
    let result = decoder.decode(coded, &mut out, &guard);
    assert_eq!(decoder.total_out(), out.len() as u64);
    assert!(decoder.total_in() <= coded.len() as u64);
    match result {
        Ok(()) => {
            assert!(out.len() <= bound, "{} bytes, and the bound is {bound}", out.len());
            assert_eq!(decoder.total_in(), coded.len() as u64, "not all was looked at");
        }
        Err(error) if error.kind() == Kind::BodyTooLarge => {
            assert!(out.len() > bound, "{} bytes are within the bound of {bound}", out.len());
            assert!(out.len() <= bound + SLACK, "{} bytes, and the bound is {bound}", out.len());
        }
        Err(error) => assert_eq!(error.kind(), Kind::Decode),
    }
}

/// A whole body, in one go, is what a stream of it was.
fn check_at_once(codings: &str, coded: &[u8], piece: usize, whole: &[u8], outcome: Outcome) {
    if outcome == Outcome::Enough {
        return;
    }
    for piece in [piece, coded.len().max(1)] {
        let pieces: Vec<_> = coded.chunks(piece).collect();
        let mut decoder = decoder(codings);
        let announced = decoder.announced(&pieces, &Guard::NONE);
        let at_once = decoder.decode_whole(&pieces, &Guard::NONE);
        if outcome == Outcome::Complete {
            assert!(at_once.is_ok_and(|body| body == whole), "other bytes at once, in pieces of {piece}");
            assert_eq!(decoder.total_in(), coded.len() as u64, "not all was looked at");
        } else {
            assert!(at_once.is_err(), "passes at once, of {announced} bytes, and not as a stream");
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Complete,
    Truncated,
    Failed,
    Enough,
}

/// Decodes pieces of the coded bytes, `room` bytes at once, and no more than [`ENOUGH`].
fn pump(codings: &str, coded: &[u8], piece: usize, room: usize) -> (Vec<u8>, Outcome) {
    let mut decoder = decoder(codings);
    let mut out = Vec::new();
    for mut piece in coded.chunks(piece) {
        loop {
            let before = out.len();
            let asked = room.min(ENOUGH - before);
            let Ok(progress) = decoder.decode_some(&mut piece, &mut out, asked) else {
                return (out, Outcome::Failed);
            };
            assert!(out.len() - before <= asked, "more than was asked for");
            if progress == Progress::NeedInput {
                assert!(piece.is_empty(), "input is asked for while some is left");
                break;
            }
            if out.len() == ENOUGH {
                return (out, Outcome::Enough);
            }
        }
    }
    let outcome = if decoder.finish().is_ok() { Outcome::Complete } else { Outcome::Truncated };
    (out, outcome)
}
