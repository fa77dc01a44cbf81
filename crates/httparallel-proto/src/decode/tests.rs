//! Every body is decoded whole, byte by byte and in small demands, and must come out the same.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::io::Write;
use std::mem::MaybeUninit;

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::{Compression, Crc, GzBuilder};

use super::{Decoder, Guard, Progress};
use crate::fetch::Method;
use crate::{Error, Headers, Kind};

/// The text of [`BROTLI_TEXT`].
const TEXT: &[u8] = b"again and again and again and once more: the same words, the same words";
const BROTLI_TEXT: &str = "1b4600002441587460030ed8cb0619611b76c07edbc030f91d9cd0304cbad59af0d200";
const BROTLI_HELLO: &str = "0b028068656c6c6f03";
const BROTLI_EMPTY: &str = "3b";
/// 64 MiB of zeros.
const BROTLI_BOMB: &str = "cbffff3ff82700e2b14020f7fe8fffff7ff04f00c4611180eefd1fffffffe09f0088c30200ddfb3ffeffffc13f\
    0110870500baf77ffcffff837f02200e0b0074effff8ffff07ff04401c1600e8defff1ffff0ffe0980382c00d0\
    bdffe3ffff1ffc1300715800a07bff37";

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zstd(data: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// Each format with a body that is [`TEXT`].
fn coded_texts() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("gzip", gzip(TEXT)),
        ("X-GZip", gzip(TEXT)),
        ("deflate", zlib(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("br", hex(BROTLI_TEXT)),
        ("zstd", zstd(TEXT)),
        ("deflate, gzip", gzip(&zlib(TEXT))),
        ("br,zstd , identity, gzip", gzip(&zstd(&hex(BROTLI_TEXT)))),
    ]
}

fn decoder(coding: &str) -> Decoder {
    Decoder::for_encodings([coding]).unwrap().unwrap()
}

/// Feeds `pieces`, asking for at most `max` bytes at a time.
fn decode_in<'a>(
    coding: &str,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    max: usize,
) -> Result<Vec<u8>, Error> {
    let mut decoder = decoder(coding);
    let mut body = Vec::new();
    for mut piece in pieces {
        loop {
            let before = body.len();
            let progress = decoder.decode_some(&mut piece, &mut body, max)?;
            assert!(body.len() - before <= max);
            if progress == Progress::NeedInput {
                break;
            }
        }
        assert!(piece.is_empty());
    }
    decoder.finish()?;
    assert_eq!(decoder.total_out(), body.len() as u64);
    Ok(body)
}

/// Decodes in every way and returns what all of them agree on.
fn decode(coding: &str, coded: &[u8]) -> Result<Vec<u8>, Kind> {
    let whole = decode_in(coding, [coded], usize::MAX).map_err(|error| error.kind());
    for max in [1, 7, 100_000] {
        let bytes = decode_in(coding, coded.chunks(1), max).map_err(|error| error.kind());
        assert_eq!(whole, bytes, "{coding}, byte by byte, {max} at a time");
        let demanded = decode_in(coding, [coded], max).map_err(|error| error.kind());
        assert_eq!(whole, demanded, "{coding}, {max} at a time");
    }
    let mut body = Vec::new();
    let mut decoder = decoder(coding);
    let guarded = decoder.decode(coded, &mut body, &Guard::default()).and_then(|()| decoder.finish());
    assert_eq!(whole, guarded.map(|()| body).map_err(|error| error.kind()), "{coding}, under a guard");
    for size in [1, coded.len().max(1)] {
        let pieces: Vec<_> = coded.chunks(size).collect();
        let gathered = self::decoder(coding).decode_whole(&pieces, &Guard::default());
        assert_eq!(
            whole,
            gathered.map_err(|error| error.kind()),
            "{coding}, as a whole, of {size} bytes each"
        );
    }
    whole
}

#[test]
fn every_coding_decodes() {
    for (coding, coded) in coded_texts() {
        assert_eq!(decode(coding, &coded).as_deref(), Ok(TEXT), "{coding}");
    }
    assert_eq!(decode("br", &hex(BROTLI_HELLO)).as_deref(), Ok(&b"hello"[..]));
}

#[test]
fn large_bodies_decode_through_chains() {
    let mut state = 1_u32;
    let data: Vec<u8> = (0..300_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 28).to_le_bytes()[0]
        })
        .collect();
    for (coding, coded) in [
        ("gzip", gzip(&data)),
        ("deflate", raw_deflate(&data)),
        ("zstd", zstd(&data)),
        ("gzip, zstd, deflate", zlib(&zstd(&gzip(&data)))),
    ] {
        for size in [1000, coded.len()] {
            let pieces: Vec<_> = coded.chunks(size).collect();
            assert!(
                decoder(coding).decode_whole(&pieces, &Guard::default()).unwrap() == data,
                "{coding}, {size}"
            );
        }
        assert!(decode_in(coding, [&coded[..]], usize::MAX).unwrap() == data, "{coding}");
        assert!(decode_in(coding, coded.chunks(1000), 333).unwrap() == data, "{coding}");
    }
}

#[test]
fn empty_streams_and_empty_bodies_are_in_order() {
    for (coding, coded) in [
        ("gzip", gzip(b"")),
        ("deflate", zlib(b"")),
        ("deflate", raw_deflate(b"")),
        ("br", hex(BROTLI_EMPTY)),
        ("zstd", zstd(b"")),
        ("zstd, gzip", gzip(&zstd(b""))),
    ] {
        assert_eq!(decode(coding, &coded).as_deref(), Ok(&b""[..]), "{coding}");
        assert_eq!(decode(coding, b"").as_deref(), Ok(&b""[..]), "{coding}");
    }
}

#[test]
fn a_body_truncated_anywhere_is_an_error() {
    for (coding, coded) in coded_texts() {
        for length in 1..coded.len() {
            assert_eq!(decode(coding, &coded[..length]), Err(Kind::Decode), "{coding} cut at {length}");
        }
    }
}

#[test]
fn a_chain_with_a_truncated_inner_stream_is_an_error() {
    let inner = zlib(TEXT);
    assert_eq!(decode("deflate, gzip", &gzip(&inner[..inner.len() - 1])), Err(Kind::Decode));
}

#[test]
fn corrupt_bodies_are_errors() {
    for (coding, mut coded) in coded_texts() {
        if coding.contains("gzip") || coding == "zstd" {
            let at = coded.len() - 3;
            coded[at] ^= 0x55;
            assert_eq!(decode(coding, &coded), Err(Kind::Decode), "{coding}");
        }
        assert_eq!(decode(coding, b"\xffnot coded at all\xff\xff"), Err(Kind::Decode), "{coding}");
    }
}

#[test]
fn members_and_frames_follow_each_other() {
    let twice = [TEXT, TEXT].concat();
    let members = [gzip(TEXT), gzip(b""), gzip(TEXT)].concat();
    assert_eq!(decode("gzip", &members).as_deref(), Ok(&twice[..]));
    let skippable = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc".to_vec();
    let frames = [skippable, zstd(TEXT), zstd(b""), zstd(TEXT)].concat();
    assert_eq!(decode("zstd", &frames).as_deref(), Ok(&twice[..]));
}

#[test]
fn zero_padding_after_the_end_passes() {
    for (coding, coded) in coded_texts() {
        let padded = [&coded[..], &[0; 600]].concat();
        assert_eq!(decode(coding, &padded).as_deref(), Ok(TEXT), "{coding}");
    }
}

#[test]
fn anything_else_after_the_end_is_an_error() {
    for (coding, coded) in coded_texts() {
        for junk in [&b"junk"[..], b"\0\0junk", b"\x1f", b"\x1f\x8b", b"\x28\xb5", b"\n"] {
            let longer = [&coded[..], junk].concat();
            assert_eq!(decode(coding, &longer), Err(Kind::Decode), "{coding} {junk:?}");
        }
    }
}

#[test]
fn a_bomb_expands_only_as_far_as_asked() {
    let bomb = gzip(&vec![0; 8 << 20]);
    for (coding, coded) in [("gzip", bomb.clone()), ("gzip, gzip", gzip(&bomb)), ("br", hex(BROTLI_BOMB))] {
        let mut decoder = decoder(coding);
        let mut body = Vec::new();
        let mut input = &coded[..];
        assert_eq!(decoder.decode_some(&mut input, &mut body, 1000).unwrap(), Progress::OutputFull);
        assert_eq!((body.len(), decoder.total_out()), (1000, 1000), "{coding}");
        assert!(decoder.finish().is_err(), "{coding}");
    }
}

#[test]
fn the_guard_stops_a_bomb() {
    for guard in [Guard::default(), Guard { max_body: Some(16 << 20), ..Guard::NONE }] {
        let mut body = Vec::new();
        let error = decoder("br").decode(&hex(BROTLI_BOMB), &mut body, &guard).unwrap_err();
        assert_eq!(error.kind(), Kind::BodyTooLarge);
        assert!(body.len() <= (16 << 20) + (64 << 10), "{}", body.len());
    }
    let mut body = Vec::new();
    decoder("br").decode(&hex(BROTLI_BOMB), &mut body, &Guard::NONE).unwrap();
    assert_eq!(body.len(), 64 << 20);
}

#[test]
fn small_bodies_may_expand_as_they_like() {
    let guard = Guard::default();
    assert!(guard.check(1, 16 << 20).is_ok());
    assert!(guard.check(1, (16 << 20) + 1).is_err());
    assert!(guard.check(1 << 20, 1000 << 20).is_ok());
    assert!(guard.check(1 << 20, (1000 << 20) + 1).is_err());
}

#[test]
fn zstd_windows_beyond_8_mb_are_refused() {
    let with_window = |log| {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(log).unwrap();
        encoder.write_all(TEXT).unwrap();
        encoder.finish().unwrap()
    };
    assert_eq!(decode("zstd", &with_window(23)).as_deref(), Ok(TEXT));
    assert_eq!(decode("zstd", &with_window(24)), Err(Kind::Decode));
}

#[test]
fn more_than_five_codings_are_refused() {
    let count = |values: &[&str]| Decoder::for_encodings(values).map(|decoder| decoder.is_some());
    assert!(count(&["gzip, gzip, gzip", "gzip, gzip"]).unwrap());
    for values in [&["gzip,gzip,gzip,gzip,gzip,gzip"][..], &["gzip"; 6], &["what"; 30], &["identity"; 6]] {
        assert_eq!(count(values).unwrap_err().kind(), Kind::Decode);
    }
}

#[test]
fn identity_and_unknown_codings_leave_the_body_as_it_is() {
    for values in [&[][..], &["identity"], &["", " , "], &["what"], &["gzip, what"], &["what", "gzip"]] {
        assert!(Decoder::for_encodings(values).unwrap().is_none(), "{values:?}");
    }
}

#[test]
fn codings_are_taken_from_all_header_lines_in_order() {
    let headers: Headers =
        [("Content-Encoding", "deflate"), ("content-encoding", "gzip")].into_iter().collect();
    let mut decoder = Decoder::for_headers(&headers).unwrap().unwrap();
    let mut body = Vec::new();
    decoder.decode(&gzip(&zlib(TEXT)), &mut body, &Guard::default()).unwrap();
    assert_eq!(body, TEXT);
    assert!(format!("{decoder:?}").contains(r#"["gzip", "deflate"]"#), "{decoder:?}");
}

#[test]
fn changed_bytes_are_decoded_the_same_in_every_way() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = move |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound as u64).unwrap()
    };
    for (coding, coded) in coded_texts() {
        for _ in 0..100 {
            let mut changed = coded.clone();
            let at = below(changed.len());
            changed[at] = below(256).to_le_bytes()[0];
            // What has a checksum decodes to the text or not at all.
            if let (Ok(body), "zstd" | "gzip") = (decode(coding, &changed), coding) {
                assert_eq!(body, TEXT, "{coding}");
            }
        }
    }
}

#[test]
fn room_is_made_for_what_a_whole_body_says_of_itself() {
    let body = vec![b'x'; 300_000];
    let coded = gzip(&body);
    let whole = decoder("gzip").decode_whole(&[&coded[..]], &Guard::default()).unwrap();
    assert_eq!((whole.capacity(), whole.len()), (300_000, 300_000));
    // Nor is more made than the body may have.
    let limited = decoder("gzip").decode_whole(&[&coded[..]], &Guard::limited(1000));
    assert_eq!(limited.unwrap_err().kind(), Kind::BodyTooLarge);
}

#[test]
fn what_a_body_says_of_itself_is_believed_within_bounds() {
    let announced = |coding, coded: &[u8], guard: &Guard| decoder(coding).announced(&[coded], guard);
    let coded = gzip(TEXT);
    assert_eq!(announced("gzip", &coded, &Guard::default()), TEXT.len());
    assert_eq!(announced("gzip", &coded, &Guard::limited(TEXT.len() as u64 - 1)), 0);
    let ratio = Guard { ratio: Some(1), ratio_above: 0, ..Guard::NONE };
    assert_eq!(announced("gzip", &gzip(&[b'x'; 1000]), &ratio), 0);
    assert_eq!(announced("gzip", &gzip(&vec![0; 4 << 20]), &Guard::NONE), 4 << 20);
    assert_eq!(announced("gzip", &gzip(&vec![0; (4 << 20) + 1]), &Guard::NONE), 0);
    // More than so few bytes can stand for; and other codings say nothing.
    assert_eq!(announced("gzip", &with_size(&coded, 1 << 20), &Guard::NONE), 0);
    assert_eq!(announced("gzip, gzip", &gzip(&coded), &Guard::NONE), 0);
    assert_eq!(announced("deflate", &zlib(TEXT), &Guard::NONE), 0);
    assert_eq!(announced("gzip", b"abc", &Guard::NONE), 0);
}

#[test]
fn a_false_size_is_an_error() {
    let length = u32::try_from(TEXT.len()).unwrap();
    for size in [0, 1, length - 1, length + 1, 5000, u32::MAX] {
        assert_eq!(decode("gzip", &with_size(&gzip(TEXT), size)), Err(Kind::Decode), "{size}");
    }
}

/// A gzip body that says that it is so large.
fn with_size(coded: &[u8], size: u32) -> Vec<u8> {
    [&coded[..coded.len() - 4], &size.to_le_bytes()].concat()
}

#[test]
fn a_body_of_the_size_it_announces_is_decoded_into_the_room_for_it() {
    let coded = gzip(TEXT);
    for pieces in [vec![&coded[..]], coded.chunks(1).collect()] {
        let (body, room, used) = decode_into(&pieces, TEXT.len());
        assert_eq!((body, &room[..]), (None, TEXT));
        assert_eq!((used.total_in(), used.total_out()), (coded.len() as u64, TEXT.len() as u64));
        assert!(used.finish().is_ok());
    }
}

#[test]
fn a_body_that_does_not_fill_its_room_is_decoded_elsewhere() {
    let coded = gzip(TEXT);
    let padded = [&coded[..], &[0; 10]].concat();
    let members = [&coded[..], &coded].concat();
    for (coded, times, room) in [
        (&coded, 1, TEXT.len() - 1),
        (&coded, 1, TEXT.len() + 1),
        (&padded, 1, TEXT.len()),
        (&members, 2, TEXT.len()),
    ] {
        let (body, _, used) = decode_into(&[coded], room);
        assert_eq!(body, Some(TEXT.repeat(times)), "{times}, room for {room}");
        assert_eq!(used.total_in(), coded.len() as u64);
    }
}

/// What comes back, what is in the room, and the decoder.
fn decode_into(pieces: &[&[u8]], size: usize) -> (Option<Vec<u8>>, Vec<u8>, Decoder) {
    let mut room = vec![MaybeUninit::new(0); size];
    let mut used = decoder("gzip");
    let body = used.decode_whole_into(pieces, &mut room, &Guard::default()).unwrap();
    // SAFETY: all of it was written when the room was made.
    let room = room.iter().map(|byte| unsafe { byte.assume_init() });
    (body, room.collect(), used)
}

#[test]
fn members_may_have_names_comments_and_more() {
    for fields in 0..8 {
        let mut member = GzBuilder::new().mtime(1);
        member = if fields & 1 == 0 { member } else { member.filename("name") };
        member = if fields & 2 == 0 { member } else { member.comment("comment") };
        member = if fields & 4 == 0 { member } else { member.extra(vec![0; 300]) };
        let mut encoder = member.write(Vec::new(), Compression::default());
        encoder.write_all(TEXT).unwrap();
        assert_eq!(decode("gzip", &encoder.finish().unwrap()).as_deref(), Ok(TEXT), "{fields}");
    }
}

#[test]
fn the_checksum_of_a_header_is_checked() {
    let coded = gzip(TEXT);
    let mut header = coded[..10].to_vec();
    header[3] |= 1 << 1;
    let mut sum = Crc::new();
    sum.update(&header);
    // RFC 1952 section 2.3.1: "the two least significant bytes of the CRC32".
    let [low, high, ..] = sum.sum().to_le_bytes();
    let member = |low: u8| [&header[..], &[low, high], &coded[10..]].concat();
    assert_eq!(decode("gzip", &member(low)).as_deref(), Ok(TEXT));
    assert_eq!(decode("gzip", &member(low ^ 1)), Err(Kind::Decode));
}

#[test]
fn a_decoder_moves_between_threads() {
    let mut decoder = decoder("br, zstd, gzip, deflate");
    let thread = std::thread::spawn(move || decoder.decode(b"", &mut Vec::new(), &Guard::default()));
    assert!(thread.join().unwrap().is_ok());
}

#[test]
fn an_announced_length_is_checked_if_a_body_follows() {
    let guard = Guard::limited(10);
    let headers = |fields: &[(&'static str, &'static str)]| fields.iter().copied().collect::<Headers>();
    let long = headers(&[("Content-Length", "11")]);
    assert_eq!(guard.check_head(&Method::GET, 200, &long).unwrap_err().kind(), Kind::BodyTooLarge);
    assert!(guard.check_head(&Method::GET, 200, &headers(&[("Content-Length", "10")])).is_ok());
    assert!(guard.check_head(&Method::HEAD, 200, &long).is_ok());
    assert!(guard.check_head(&Method::GET, 304, &long).is_ok());
    assert!(Guard::default().check_head(&Method::GET, 200, &long).is_ok());
    for unsaid in [
        headers(&[]),
        headers(&[("Content-Length", "many")]),
        headers(&[("Content-Length", "11"), ("Transfer-Encoding", "chunked")]),
    ] {
        assert!(guard.check_head(&Method::GET, 200, &unsaid).is_ok());
    }
}

#[test]
fn a_limit_of_ones_own_stands_in_place_of_the_ratio() {
    let bytes = 1 << 30;
    assert!(Guard::for_limit(None).check(1, bytes).is_err());
    assert!(Guard::for_limit(Some(bytes)).check(1, bytes).is_ok());
    assert!(Guard::for_limit(Some(bytes)).check(1, bytes + 1).is_err());
}
