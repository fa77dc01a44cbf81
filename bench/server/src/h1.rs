//! HTTP/1.1 on one connection: requests in order, their bodies counted and thrown away.

use std::rc::Rc;

use crate::connection::{Bad, Context, Output};
use crate::content::{Answer, counted};

const MAX_FIELDS: usize = 64;

/// Where a connection is between its first request and its last answer.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    state: State,
    /// Input that is not understood yet: part of a head, or a request behind a delayed answer.
    rest: Vec<u8>,
    /// Bytes of the current request's body so far.
    received: u64,
    /// The answer that waits for the end of the request's body, or of its delay. `None` counts the body.
    answer: Option<Rc<Answer>>,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Head,
    Body(u64),
    ChunkSize,
    Chunk(u64),
    /// The line end behind a chunk.
    ChunkEnd,
    /// Lines behind the last chunk, up to an empty one.
    Trailers,
    Delayed,
}

/// What one step made of the input.
enum Step {
    Used(usize),
    More,
}

impl Exchange {
    /// Takes input; whole requests are answered.
    pub(crate) fn receive(
        &mut self,
        input: &[u8],
        context: &mut Context<'_>,
        output: &mut Output,
    ) -> Result<(), Bad> {
        if self.rest.is_empty() {
            let used = self.advance(input, context, output)?;
            self.rest.extend_from_slice(&input[used..]);
        } else {
            let mut all = std::mem::take(&mut self.rest);
            all.extend_from_slice(input);
            let used = self.advance(&all, context, output)?;
            all.drain(..used);
            self.rest = all;
        }
        Ok(())
    }

    /// The delay is over.
    pub(crate) fn resume(&mut self, context: &mut Context<'_>, output: &mut Output) -> Result<(), Bad> {
        if matches!(self.state, State::Delayed) {
            self.finish(output);
        }
        self.receive(&[], context, output)
    }

    fn advance(
        &mut self,
        input: &[u8],
        context: &mut Context<'_>,
        output: &mut Output,
    ) -> Result<usize, Bad> {
        let mut used = 0;
        while used < input.len() && output.tail == 0 {
            match self.step(&input[used..], context, output)? {
                Step::Used(length) => used += length,
                Step::More => break,
            }
        }
        Ok(used)
    }

    fn step(&mut self, input: &[u8], context: &mut Context<'_>, output: &mut Output) -> Result<Step, Bad> {
        match self.state {
            State::Head => self.head(input, context, output),
            State::Body(left) => {
                let length = within(left, input);
                self.received += length as u64;
                self.state = State::Body(left - length as u64);
                if left == length as u64 {
                    self.finish(output);
                }
                Ok(Step::Used(length))
            }
            State::Chunk(left) => {
                let length = within(left, input);
                self.received += length as u64;
                self.state =
                    if left == length as u64 { State::ChunkEnd } else { State::Chunk(left - length as u64) };
                Ok(Step::Used(length))
            }
            State::ChunkSize | State::ChunkEnd | State::Trailers => self.line(input, output),
            State::Delayed => Ok(Step::More),
        }
    }

    fn line(&mut self, input: &[u8], output: &mut Output) -> Result<Step, Bad> {
        let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return Ok(Step::More) };
        let line = input[..end].trim_ascii();
        match self.state {
            State::ChunkEnd => self.state = State::ChunkSize,
            State::Trailers if line.is_empty() => self.finish(output),
            State::Trailers => {}
            _ => {
                let digits =
                    std::str::from_utf8(line).ok().and_then(|line| line.split(';').next()).ok_or(Bad)?;
                let size = u64::from_str_radix(digits.trim(), 16).map_err(|_| Bad)?;
                self.state = if size == 0 { State::Trailers } else { State::Chunk(size) };
            }
        }
        Ok(Step::Used(end + 1))
    }

    fn head(&mut self, input: &[u8], context: &mut Context<'_>, output: &mut Output) -> Result<Step, Bad> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        let httparse::Status::Complete(length) = request.parse(input).map_err(|_| Bad)? else {
            return Ok(Step::More);
        };
        let path = request.path.unwrap_or_default().as_bytes();
        let is_upload = path == b"/upload";
        let answer = (!is_upload).then(|| context.site.answer(path));
        if is_upload {
            context.site.stats.requests += 1;
        }
        self.received = 0;
        self.answer = answer;
        self.state = State::Body(0);
        for field in request.headers.iter() {
            if field.name.eq_ignore_ascii_case("content-length") {
                let length = std::str::from_utf8(field.value).ok().and_then(|text| text.trim().parse().ok());
                self.state = State::Body(length.ok_or(Bad)?);
            } else if field.name.eq_ignore_ascii_case("transfer-encoding") {
                self.state = State::ChunkSize;
            } else if field.name.eq_ignore_ascii_case("expect") {
                output.bytes.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
            }
        }
        if matches!(self.state, State::Body(0)) {
            match self.answer.as_ref().and_then(|answer| answer.delay) {
                Some(delay) => {
                    self.state = State::Delayed;
                    context.after(delay, 0);
                }
                None => self.finish(output),
            }
        }
        Ok(Step::Used(length))
    }

    /// The request is complete: its answer is sent, and the next one may come.
    fn finish(&mut self, output: &mut Output) {
        self.state = State::Head;
        match self.answer.take() {
            Some(answer) => {
                output.bytes.extend_from_slice(&answer.h1);
                output.tail = answer.tail;
                output.closes |= answer.closes;
            }
            None => output.bytes.extend_from_slice(&counted(self.received).h1),
        }
    }
}

fn within(left: u64, input: &[u8]) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(input.len())
}
