//! Sending HTTP/2 answers no faster than the peer makes room for them (RFC 9113, 5.2).

use std::collections::VecDeque;
use std::rc::Rc;

use crate::connection::Output;
use crate::content::{Answer, PATTERN};
use crate::h2::{push_data, push_headers};

/// The largest frame that every peer takes.
const MAX_FRAME: u64 = 16 * 1024;
/// No more output is made while this much waits to be written.
const MAX_OUTPUT: usize = 256 * 1024;

/// The answers of one connection that are not sent in full.
#[derive(Debug)]
pub(crate) struct Sender {
    window: i64,
    initial_window: i64,
    partial: VecDeque<Partial>,
    delayed: Vec<(u32, Rc<Answer>)>,
}

impl Default for Sender {
    fn default() -> Self {
        Self { window: 65_535, initial_window: 65_535, partial: VecDeque::new(), delayed: Vec::new() }
    }
}

#[derive(Debug)]
struct Partial {
    stream: u32,
    window: i64,
    answer: Rc<Answer>,
    sent: u64,
}

impl Sender {
    pub(crate) fn set_initial_window(&mut self, size: u32) {
        let change = i64::from(size) - self.initial_window;
        self.initial_window = i64::from(size);
        for partial in &mut self.partial {
            partial.window += change;
        }
    }

    pub(crate) fn add_window(&mut self, stream: u32, size: u32) {
        if stream == 0 {
            self.window += i64::from(size);
        } else if let Some(partial) = self.partial.iter_mut().find(|partial| partial.stream == stream) {
            partial.window += i64::from(size);
        }
    }

    pub(crate) fn forget(&mut self, stream: u32) {
        self.partial.retain(|partial| partial.stream != stream);
        self.delayed.retain(|(delayed, _)| *delayed != stream);
    }

    pub(crate) fn delay(&mut self, stream: u32, answer: Rc<Answer>) {
        self.delayed.push((stream, answer));
    }

    pub(crate) fn answer_delayed(&mut self, stream: u32, output: &mut Output) {
        if let Some(at) = self.delayed.iter().position(|(delayed, _)| *delayed == stream) {
            let (_, answer) = self.delayed.swap_remove(at);
            self.answer(stream, answer, output);
        }
    }

    /// Sends the head, and the content if there is room; the rest is for [`Sender::send`].
    pub(crate) fn answer(&mut self, stream: u32, answer: Rc<Answer>, output: &mut Output) {
        let length = answer.body.len();
        push_headers(output, stream, &answer.h2, length == 0 && answer.tail == 0);
        let fits = i64::try_from(length).is_ok_and(|length| length <= self.window.min(self.initial_window));
        if answer.tail == 0 && fits && length as u64 <= MAX_FRAME && self.partial.is_empty() {
            if length > 0 {
                push_data(output, stream, &answer.body, true);
                self.window -= i64::try_from(length).unwrap_or_default();
            }
        } else {
            self.partial.push_back(Partial { stream, window: self.initial_window, answer, sent: 0 });
        }
    }

    /// Sends what there is room for, one frame of each answer in turn.
    pub(crate) fn send(&mut self, output: &mut Output) {
        let mut blocked = 0;
        while self.window > 0 && blocked < self.partial.len() && output.bytes.len() < MAX_OUTPUT {
            let Some(mut partial) = self.partial.pop_front() else { return };
            let room = self.window.min(partial.window);
            if room <= 0 {
                blocked += 1;
                self.partial.push_back(partial);
                continue;
            }
            blocked = 0;
            let sent = partial.send_frame(room.unsigned_abs().min(MAX_FRAME), output);
            self.window -= sent;
            partial.window -= sent;
            if partial.left() > 0 {
                self.partial.push_back(partial);
            }
        }
    }
}

impl Partial {
    fn left(&self) -> u64 {
        self.answer.body.len() as u64 + self.answer.tail - self.sent
    }

    /// One frame of at most so many bytes.
    fn send_frame(&mut self, room: u64, output: &mut Output) -> i64 {
        let kept =
            self.answer.body.get(usize::try_from(self.sent).unwrap_or(usize::MAX)..).unwrap_or_default();
        let source = if kept.is_empty() { &PATTERN[..] } else { kept };
        let length = room.min(self.left()).min(source.len() as u64);
        self.sent += length;
        push_data(
            output,
            self.stream,
            &source[..usize::try_from(length).unwrap_or_default()],
            self.left() == 0,
        );
        i64::try_from(length).unwrap_or_default()
    }
}
