//! Server-sent events: the bytes of an event stream (WHATWG HTML, section 9.2).
//!
//! A [`Parser`] is fed the body in any pieces and gives out [`Event`]s. How the body is cut changes nothing: an
//! event comes with the byte that ends it, and what is too large is refused at the same place.

mod lines;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use lines::Lines;

use crate::{Error, Headers, Kind, Phase, Result};

/// The media type of event streams, for `Accept`, and what a response has to be.
pub const MEDIA_TYPE: &str = "text/event-stream";

/// How many bytes an event may have if nothing else is said: 1 MiB.
pub const DEFAULT_MAX_EVENT_SIZE: usize = 1024 * 1024;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Event {
    /// Its type; `message` if the stream names none.
    pub event: String,
    /// What it carries; several lines are joined by line feeds.
    pub data: String,
    /// The last identifier that the stream has named, with this event or before it: what to send in
    /// `Last-Event-ID` when connecting again.
    pub id: String,
    /// After how many milliseconds to connect again, if the event says so.
    pub retry: Option<u64>,
}

/// Makes events of bytes.
///
/// It differs from a browser's parser in one point: an event without data is given out too, if it has any
/// field, so that `retry` and `id` are seen when they come.
///
/// ```
/// use httparallel_proto::sse::Parser;
///
/// let mut parser = Parser::new(None);
/// parser.feed(b"event: add\ndata: 7");
/// assert_eq!(parser.next_event()?, None);
/// parser.feed(b"3\n\n");
/// let event = parser.next_event()?.expect("the blank line has ended it");
/// assert_eq!((&*event.event, &*event.data), ("add", "73"));
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
#[derive(Debug)]
pub struct Parser {
    max_size: Option<usize>,
    lines: Lines,
    draft: Draft,
    /// What the stream has named last; with the end of an event it becomes the last identifier.
    id: String,
    last_id: String,
    ready: VecDeque<Event>,
    too_large: bool,
}

/// The fields of the event that has not ended yet.
#[derive(Debug, Default)]
struct Draft {
    /// The bytes of its lines, without their ends and without comments.
    size: usize,
    kind: String,
    data: Option<String>,
    retry: Option<u64>,
    has_fields: bool,
}

impl Parser {
    /// A parser at the start of a stream. An event with more bytes than `max_event_size`, or a single line of as
    /// many, is an error; `None` sets no bound.
    pub fn new(max_event_size: Option<usize>) -> Self {
        Self {
            max_size: max_event_size,
            lines: Lines::default(),
            draft: Draft::default(),
            id: String::new(),
            last_id: String::new(),
            ready: VecDeque::new(),
            too_large: false,
        }
    }

    /// Takes the next piece of the stream.
    pub fn feed(&mut self, mut piece: &[u8]) {
        while !self.too_large {
            let Some(line) = self.lines.next(&mut piece) else { break };
            self.too_large = is_over(self.max_size, self.draft.size + line.len());
            if !self.too_large {
                self.take(&line);
            }
        }
        self.too_large |= is_over(self.max_size, self.draft.size + self.lines.unfinished());
    }

    /// The next event that has come to its end; `None` if there is none yet. What the end of the stream cuts off
    /// is no event.
    ///
    /// Fails with [`Kind::EventStream`], now and from now on, behind the events before one that is too large.
    pub fn next_event(&mut self) -> Result<Option<Event>> {
        match (self.ready.pop_front(), self.max_size) {
            (None, Some(most)) if self.too_large => {
                Err(failure(format!("A server-sent event is larger than {most} bytes.")))
            }
            (event, _) => Ok(event),
        }
    }

    /// The identifier that the events that have ended, given out or not, named last; empty if none did.
    pub fn last_event_id(&self) -> &str {
        &self.last_id
    }

    /// Takes a line. A blank one ends the event.
    fn take(&mut self, line: &[u8]) {
        if !line.is_empty() {
            return self.draft.take(line, &mut self.id);
        }
        if self.last_id != self.id {
            self.last_id.clone_from(&self.id);
        }
        self.ready.extend(std::mem::take(&mut self.draft).finish(&self.last_id));
    }
}

/// Fails unless the headers are those of an event stream.
pub fn check_content_type(headers: &Headers) -> Result<()> {
    let value = headers.get("content-type").map(|value| String::from_utf8_lossy(value));
    let kind = value.as_deref().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case(MEDIA_TYPE) {
        return Ok(());
    }
    let shown: String = kind.chars().take(64).collect();
    Err(failure(format!("Expected response with content type '{MEDIA_TYPE}', got '{shown}'.")))
}

fn failure(message: String) -> Error {
    Error::new(Kind::EventStream, Phase::Read, message)
}

fn is_over(max_size: Option<usize>, size: usize) -> bool {
    max_size.is_some_and(|most| size > most)
}

impl Draft {
    fn take(&mut self, line: &[u8], id: &mut String) {
        if line.starts_with(b":") {
            return;
        }
        self.size += line.len();
        let colon = memchr::memchr(b':', line);
        let (name, value) = line.split_at(colon.unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        self.set(name, value, id);
    }

    fn set(&mut self, name: &[u8], value: &[u8], id: &mut String) {
        let text = || String::from_utf8_lossy(value);
        match name {
            b"data" => match &mut self.data {
                None => self.data = Some(text().into_owned()),
                Some(data) => {
                    data.push('\n');
                    data.push_str(&text());
                }
            },
            b"event" => self.kind = text().into_owned(),
            // "If the field value does not contain U+0000 NULL"
            b"id" if !value.contains(&0) => *id = text().into_owned(),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                // Only digits, so all that can go wrong is that they are too many.
                self.retry = Some(text().parse().unwrap_or(u64::MAX));
            }
            _ => return,
        }
        self.has_fields = true;
    }

    fn finish(self, last_id: &str) -> Option<Event> {
        self.has_fields.then(|| Event {
            event: if self.kind.is_empty() { "message".to_owned() } else { self.kind },
            data: self.data.unwrap_or_default(),
            id: last_id.to_owned(),
            retry: self.retry,
        })
    }
}
