//! HTTP/2 on one connection, as RFC 9113 wants it from a server that is only ever asked decent questions.

use crate::connection::{Bad, Context, Output};
use crate::content::counted;
use crate::h2_paths::Paths;
use crate::h2_send::Sender;

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;

const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// What a stream, and the connection at first, may send before it needs more room.
const WINDOW: u32 = 1 << 30;

/// A connection that speaks HTTP/2.
pub(crate) struct Session {
    paths: Paths,
    /// Part of a frame.
    rest: Vec<u8>,
    /// Header fields of a request whose block goes on in the next frame: its stream, whether it has a body.
    block: Vec<u8>,
    has_body: bool,
    uploads: Vec<Upload>,
    /// Bytes received that the peer has not been given back as room.
    taken: u32,
    sender: Sender,
}

#[derive(Debug)]
struct Upload {
    stream: u32,
    received: u64,
    path: Vec<u8>,
}

struct Frame<'a> {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: &'a [u8],
}

impl Session {
    /// Greets the peer, whose preface has been taken from its input.
    pub(crate) fn new(output: &mut Output) -> Self {
        let mut settings = Vec::new();
        for (name, value) in [(MAX_CONCURRENT_STREAMS, 128), (INITIAL_WINDOW_SIZE, WINDOW)] {
            settings.extend_from_slice(&name.to_be_bytes());
            settings.extend_from_slice(&value.to_be_bytes());
        }
        push_frame(output, SETTINGS, 0, 0, &settings);
        push_frame(output, WINDOW_UPDATE, 0, 0, &WINDOW.to_be_bytes());
        Self {
            paths: Paths::default(),
            rest: Vec::new(),
            block: Vec::new(),
            has_body: false,
            uploads: Vec::new(),
            taken: 0,
            sender: Sender::default(),
        }
    }

    /// Takes input; whole requests are answered, as far as the peer has room.
    pub(crate) fn receive(
        &mut self,
        input: &[u8],
        context: &mut Context<'_>,
        output: &mut Output,
    ) -> Result<(), Bad> {
        if self.rest.is_empty() {
            let used = self.frames(input, context, output)?;
            self.rest.extend_from_slice(&input[used..]);
        } else {
            let mut all = std::mem::take(&mut self.rest);
            all.extend_from_slice(input);
            let used = self.frames(&all, context, output)?;
            all.drain(..used);
            self.rest = all;
        }
        self.sender.send(output);
        Ok(())
    }

    /// A delay is over.
    pub(crate) fn resume(&mut self, stream: u32, output: &mut Output) {
        self.sender.answer_delayed(stream, output);
        self.sender.send(output);
    }

    /// There is room for more output.
    pub(crate) fn drained(&mut self, output: &mut Output) {
        self.sender.send(output);
    }

    fn frames(&mut self, input: &[u8], context: &mut Context<'_>, output: &mut Output) -> Result<usize, Bad> {
        let mut used = 0;
        while let Some(head) = input.get(used..used + 9) {
            let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
            let Some(payload) = input.get(used + 9..used + 9 + length) else { break };
            let stream = number(&head[5..9]) & 0x7fff_ffff;
            self.frame(&Frame { kind: head[3], flags: head[4], stream, payload }, context, output)?;
            used += 9 + length;
        }
        Ok(used)
    }

    fn frame(
        &mut self,
        frame: &Frame<'_>,
        context: &mut Context<'_>,
        output: &mut Output,
    ) -> Result<(), Bad> {
        match frame.kind {
            HEADERS => {
                self.has_body = frame.flags & END_STREAM == 0;
                let start = if frame.flags & PRIORITY == 0 { 0 } else { 5 };
                self.block.clear();
                self.block.extend_from_slice(unpadded(frame)?.get(start..).ok_or(Bad)?);
                self.headers(frame, context, output)?;
            }
            CONTINUATION => {
                self.block.extend_from_slice(frame.payload);
                self.headers(frame, context, output)?;
            }
            DATA => self.data(frame, context, output)?,
            SETTINGS if frame.flags & ACK == 0 => {
                for setting in frame.payload.chunks_exact(6) {
                    if setting[..2] == INITIAL_WINDOW_SIZE.to_be_bytes() {
                        self.sender.set_initial_window(number(&setting[2..]));
                    }
                }
                push_frame(output, SETTINGS, ACK, 0, &[]);
            }
            PING if frame.flags & ACK == 0 => push_frame(output, PING, ACK, 0, frame.payload),
            WINDOW_UPDATE if frame.payload.len() == 4 => {
                self.sender.add_window(frame.stream, number(frame.payload));
            }
            RST_STREAM => {
                self.sender.forget(frame.stream);
                self.uploads.retain(|upload| upload.stream != frame.stream);
            }
            _ => {}
        }
        Ok(())
    }

    fn headers(
        &mut self,
        frame: &Frame<'_>,
        context: &mut Context<'_>,
        output: &mut Output,
    ) -> Result<(), Bad> {
        if frame.flags & END_HEADERS == 0 {
            return Ok(());
        }
        let path = self.paths.of(&self.block)?;
        if path.is_empty() {
            // The trailers of an upload end it.
            self.end_upload(frame.stream, context, output);
        } else if self.has_body {
            let path = path.to_vec();
            self.uploads.push(Upload { stream: frame.stream, received: 0, path });
        } else {
            let answer = context.site.answer(path);
            match answer.delay {
                Some(delay) => {
                    self.sender.delay(frame.stream, answer);
                    context.after(delay, frame.stream);
                }
                None => self.sender.answer(frame.stream, answer, output),
            }
        }
        Ok(())
    }

    fn data(&mut self, frame: &Frame<'_>, context: &mut Context<'_>, output: &mut Output) -> Result<(), Bad> {
        let length = unpadded(frame)?.len() as u64;
        if let Some(upload) = self.uploads.iter_mut().find(|upload| upload.stream == frame.stream) {
            upload.received += length;
        }
        // A stream has room for a gigabyte, which no row sends; the connection is given back what it used.
        self.taken += u32::try_from(frame.payload.len()).unwrap_or_default();
        if self.taken > WINDOW / 1024 {
            push_frame(output, WINDOW_UPDATE, 0, 0, &self.taken.to_be_bytes());
            self.taken = 0;
        }
        if frame.flags & END_STREAM != 0 {
            self.end_upload(frame.stream, context, output);
        }
        Ok(())
    }

    fn end_upload(&mut self, stream: u32, context: &mut Context<'_>, output: &mut Output) {
        let Some(at) = self.uploads.iter().position(|upload| upload.stream == stream) else { return };
        let upload = self.uploads.swap_remove(at);
        let answer = if upload.path == b"/upload" {
            context.site.stats.requests += 1;
            counted(upload.received).into()
        } else {
            context.site.answer(&upload.path)
        };
        self.sender.answer(stream, answer, output);
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn unpadded<'a>(frame: &Frame<'a>) -> Result<&'a [u8], Bad> {
    if frame.flags & PADDED == 0 {
        return Ok(frame.payload);
    }
    let (padding, content) = frame.payload.split_first().ok_or(Bad)?;
    content.get(..content.len().wrapping_sub(usize::from(*padding))).ok_or(Bad)
}

pub(crate) fn push_frame(output: &mut Output, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    push_head(output, kind, flags, stream, payload.len());
    output.bytes.extend_from_slice(payload);
}

fn push_head(output: &mut Output, kind: u8, flags: u8, stream: u32, length: usize) {
    let [_, high, middle, low] = u32::try_from(length).unwrap_or_default().to_be_bytes();
    let [a, b, c, d] = stream.to_be_bytes();
    output.bytes.extend_from_slice(&[high, middle, low, kind, flags, a, b, c, d]);
}

/// The frame of an answer's header fields, or the last one of its content.
pub(crate) fn push_headers(output: &mut Output, stream: u32, block: &[u8], is_last: bool) {
    push_frame(output, HEADERS, END_HEADERS | u8::from(is_last), stream, block);
}

/// A frame of an answer's content.
pub(crate) fn push_data(output: &mut Output, stream: u32, content: &[u8], is_last: bool) {
    push_frame(output, DATA, u8::from(is_last), stream, content);
}
