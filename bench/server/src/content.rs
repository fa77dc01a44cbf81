//! The answers, made once and kept by path, and the counters.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::rc::Rc;
use std::time::Duration;

/// Bodies longer than this are not kept: they are pieces of [`PATTERN`].
const MAX_KEPT: u64 = 64 * 1024;

/// What long bodies consist of, over and over.
pub(crate) static PATTERN: [u8; 256 * 1024] = [b'x'; 256 * 1024];

/// An answer in both protocols.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Head and kept body, as HTTP/1.1 sends them.
    pub(crate) h1: Vec<u8>,
    /// The block of header fields that HTTP/2 sends.
    pub(crate) h2: Vec<u8>,
    pub(crate) body: Vec<u8>,
    /// How many bytes of [`PATTERN`] follow `body`.
    pub(crate) tail: u64,
    /// Whether the connection ends with this answer.
    pub(crate) closes: bool,
    pub(crate) delay: Option<Duration>,
}

/// What the server has counted since the last reset.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub(crate) connections_opened: u64,
    pub(crate) h2_connections: u64,
    pub(crate) requests: u64,
    pub(crate) tls_full: u64,
    pub(crate) tls_resumed: u64,
}

/// All answers, and what was counted.
#[derive(Debug, Default)]
pub(crate) struct Site {
    answers: HashMap<Vec<u8>, Rc<Answer>>,
    pub(crate) stats: Stats,
}

impl Site {
    /// The answer to a request for this path.
    pub(crate) fn answer(&mut self, path: &[u8]) -> Rc<Answer> {
        self.stats.requests += 1;
        if let Some(answer) = self.answers.get(path) {
            return Rc::clone(answer);
        }
        if path.starts_with(b"/stats") {
            return Rc::new(self.counters(path));
        }
        let answer = Rc::new(made(path));
        self.answers.insert(path.to_vec(), Rc::clone(&answer));
        answer
    }

    fn counters(&mut self, path: &[u8]) -> Answer {
        self.stats.requests -= 1;
        let Stats { connections_opened, h2_connections, requests, tls_full, tls_resumed } = self.stats;
        let counted = format!(
            r#"{{"connections_opened": {connections_opened}, "h2_connections": {h2_connections}, "requests": {requests}, "tls_full": {tls_full}, "tls_resumed": {tls_resumed}}}"#
        );
        if path == b"/stats/reset" {
            self.stats = Stats::default();
        }
        Answer::new(200, "application/json", counted.into_bytes())
    }
}

/// The answer to a finished upload.
pub(crate) fn counted(received: u64) -> Answer {
    Answer::new(200, "text/plain", received.to_string().into_bytes())
}

fn made(path: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(path);
    let mut parts = text.trim_start_matches('/').split('/');
    let (route, number) = (parts.next().unwrap_or(""), parts.next().and_then(|number| number.parse().ok()));
    match (route, number) {
        ("bytes", Some(length)) => Answer::bytes(length),
        ("close", Some(length)) => Answer::bytes(length).closing(),
        ("json", Some(length)) => Answer::new(200, "application/json", document(length)),
        ("gzip", Some(length)) => Answer::gzip(&document(length)),
        ("delay", Some(millis)) => {
            let mut answer = Answer::new(200, "text/plain", b"Hello, world!".to_vec());
            answer.delay = Some(Duration::from_millis(millis));
            answer
        }
        _ => Answer::new(404, "text/plain", b"no such path\n".to_vec()),
    }
}

impl Answer {
    fn new(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        let mut answer = Self { body, ..Self::default() };
        answer.write_heads(status, &[("content-type", content_type)]);
        answer
    }

    fn bytes(length: u64) -> Self {
        let kept = if length <= MAX_KEPT { length } else { 0 };
        let body = PATTERN[..usize::try_from(kept).unwrap_or_default()].to_vec();
        let mut answer = Self { body, tail: length - kept, ..Self::default() };
        answer.write_heads(200, &[("content-type", "text/plain")]);
        answer
    }

    fn gzip(plain: &[u8]) -> Self {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        let coded = encoder.write_all(plain).and_then(|()| encoder.finish()).unwrap_or_default();
        let mut answer = Self { body: coded, ..Self::default() };
        answer.write_heads(200, &[("content-type", "application/json"), ("content-encoding", "gzip")]);
        answer
    }

    fn closing(mut self) -> Self {
        let end_of_status_line = self.h1.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.h1.splice(end_of_status_line..end_of_status_line, *b"Connection: close\r\n");
        self.closes = true;
        self
    }

    fn write_heads(&mut self, status: u16, fields: &[(&str, &str)]) {
        let length = (self.body.len() as u64 + self.tail).to_string();
        let mut head = format!("HTTP/1.1 {status} {}\r\n", if status == 200 { "OK" } else { "Not Found" });
        // RFC 7541: `:status` 200 and 404 are entries 8 and 13 of the static table.
        self.h2.push(if status == 200 { 0x88 } else { 0x8d });
        for (name, value) in fields.iter().chain([&("content-length", length.as_str())]) {
            let _ = write!(head, "{name}: {value}\r\n");
            push_field(&mut self.h2, name, value);
        }
        head.push_str("\r\n");
        self.h1 = head.into_bytes();
        self.h1.extend_from_slice(&self.body);
    }
}

/// A literal field without indexing, its strings not Huffman-coded (RFC 7541, 6.2.2). All are shorter than 127 bytes.
fn push_field(block: &mut Vec<u8>, name: &str, value: &str) {
    block.push(0);
    for string in [name, value] {
        block.push(u8::try_from(string.len()).unwrap_or_default());
        block.extend_from_slice(string.as_bytes());
    }
}

/// A JSON array of records, about so many bytes long.
fn document(length: u64) -> Vec<u8> {
    let wanted = usize::try_from(length).unwrap_or_default();
    let mut text = String::from("[");
    for id in 0_u64.. {
        let (score, active) = (id * 7919 % 1000, id % 2 == 0);
        let _ = write!(
            text,
            r#"{{"id": {id}, "name": "user-{id}", "score": {score}.5, "active": {active}, "tags": ["a", "b\u00e9"]}}"#
        );
        if text.len() >= wanted {
            break;
        }
        text.push_str(", ");
    }
    text.push(']');
    text.into_bytes()
}
