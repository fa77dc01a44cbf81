//! HTTP/2 in scripts: frames, and what is said with them.

use httparallel_testserver::Script;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// `:status: 200` in HPACK's static table.
pub(crate) const STATUS_200: [u8; 1] = [0x88];

/// Speaks the preface and exchanges settings.
pub(crate) fn preface() -> Script {
    Script::new().expect_bytes(24).send_frame(SETTINGS, 0, 0, []).expect_frame(SETTINGS).send_frame(
        SETTINGS,
        1,
        0,
        [],
    )
}

/// Answers the request on a stream.
pub(crate) fn ok(script: Script, stream: u32) -> Script {
    script.send_frame(HEADERS, END_HEADERS, stream, STATUS_200).send_frame(DATA, END_STREAM, stream, b"ok")
}

/// A server that answers the first request.
pub(crate) fn good() -> Script {
    ok(preface().expect_frame(HEADERS), 1).hang()
}

/// What a GOAWAY says: the last stream that it covers, and an error code.
pub(crate) fn goaway(last: u32, code: u8) -> [u8; 8] {
    let last = last.to_be_bytes();
    [last[0], last[1], last[2], last[3], 0, 0, 0, code]
}
