//! Forms with files.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bytes::{Buf, Bytes};
use httparallel_proto::Result;
use httparallel_proto::multipart::{Boundary, PART_END, part_head};
use parking_lot::Mutex;

use super::request::RequestBuilder;
use super::upload::{Payload, Source};
use crate::random;

/// A form as `multipart/form-data`, for [`RequestBuilder::multipart`].
///
/// ```
/// # let server = httparallel_testserver::TestServer::start(Default::default())?;
/// # let url = server.http_url() + "/echo";
/// # let path = std::env::temp_dir().join(format!("httparallel-form-{}.txt", std::process::id()));
/// # std::fs::write(&path, "from a file")?;
/// use httparallel::multipart::{Form, Part};
///
/// let form = Form::new()
///     .text("title", "Holidays")
///     .file("report", &path)?
///     .part("photo", Part::bytes(&b"..."[..]).file_name("photo.png").content_type("image/png"));
/// let client = httparallel::blocking::Client::new();
/// let echo = client.post(url).multipart(form).send()?;
/// assert!(echo.text().contains("from a file"));
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Form {
    boundary: Option<String>,
    parts: Vec<(String, Part)>,
}

/// A part of a [`Form`].
pub struct Part {
    content: PartContent,
    file_name: Option<String>,
    fields: Vec<(String, String)>,
}

enum PartContent {
    Bytes(Bytes),
    /// A reader, and its length if that is known.
    Reader(Mutex<Box<dyn Read + Send>>, Option<u64>),
}

impl Form {
    /// An empty form.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field of text.
    #[must_use]
    pub fn text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.part(name, Part::text(value))
    }

    /// Adds a file, as [`Part::file`] makes it. Fails if it cannot be opened.
    pub fn file(self, name: impl Into<String>, path: impl AsRef<Path>) -> io::Result<Self> {
        Ok(self.part(name, Part::file(path)?))
    }

    /// Adds a part.
    #[must_use]
    pub fn part(mut self, name: impl Into<String>, part: Part) -> Self {
        self.parts.push((name.into(), part));
        self
    }

    /// Sets what separates the parts, 1 to 70 letters, digits and some signs. It must not occur in them. Default:
    /// a random one.
    #[must_use]
    pub fn boundary(mut self, boundary: impl Into<String>) -> Self {
        self.boundary = Some(boundary.into());
        self
    }

    /// The form's `Content-Type`, and its bytes.
    fn into_payload(self) -> Result<(String, Payload)> {
        let boundary = match self.boundary {
            Some(boundary) => Boundary::new(&boundary)?,
            None => Boundary::random(random::bytes()?),
        };
        let mut pieces = VecDeque::new();
        let mut lengths = Vec::with_capacity(self.parts.len());
        for (name, part) in self.parts {
            let fields = part.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let head = part_head(&name, part.file_name.as_deref(), fields)?;
            let head_length = head.len() as u64;
            lengths.push(part.length().and_then(|length| head_length.checked_add(length)));
            pieces.push_back(Piece::Bytes((boundary.opening() + &head).into()));
            pieces.push_back(part.content.into_piece());
            pieces.push_back(Piece::Bytes(Bytes::from_static(PART_END.as_bytes())));
        }
        pieces.push_back(Piece::Bytes(boundary.closing().into()));
        let length = boundary.length(lengths);
        Ok((boundary.content_type(), Pieces(pieces).into_payload(length)))
    }
}

impl Part {
    /// Text.
    pub fn text(value: impl Into<String>) -> Self {
        Self::bytes(value.into())
    }

    /// Bytes at hand.
    pub fn bytes(content: impl Into<Bytes>) -> Self {
        Self { content: PartContent::Bytes(content.into()), file_name: None, fields: Vec::new() }
    }

    /// The file at a path, read while it is sent, with the path's last component as its name and a content type
    /// by the name's extension. As many bytes are sent as it has now.
    ///
    /// Fails if it cannot be opened.
    pub fn file(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let part = if metadata.is_file() {
            Self::sized_reader(file.take(metadata.len()), metadata.len())
        } else {
            Self::reader(file)
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let content_type = content_type_of(&name);
        Ok(part.file_name(name).content_type(content_type))
    }

    /// What a reader gives until its end. The form is then sent in chunks, which not every server takes.
    ///
    /// It is read by the thread that sends a blocking request, or else by a thread of its own.
    pub fn reader(reader: impl Read + Send + 'static) -> Self {
        Self::read(Box::new(reader), None)
    }

    /// What a reader gives, which is that many bytes: if not, the request fails.
    pub fn sized_reader(reader: impl Read + Send + 'static, length: u64) -> Self {
        Self::read(Box::new(reader), Some(length))
    }

    fn read(reader: Box<dyn Read + Send>, length: Option<u64>) -> Self {
        let content = PartContent::Reader(Mutex::new(reader), length);
        Self { content, file_name: None, fields: Vec::new() }
    }

    /// Sets the name of the file, which makes the part one. Default: none, but for [`file`](Self::file).
    #[must_use]
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Sets the part's `Content-Type`.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.fields.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        self.header("Content-Type", content_type)
    }

    /// Adds a header field to the part.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    fn length(&self) -> Option<u64> {
        match &self.content {
            PartContent::Bytes(bytes) => Some(bytes.len() as u64),
            PartContent::Reader(_, length) => *length,
        }
    }
}

/// Without the content.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("file_name", &self.file_name).finish_non_exhaustive()
    }
}

impl<C> RequestBuilder<C> {
    /// Sets the content to a form with files, and `Content-Type: multipart/form-data`.
    ///
    /// A form of text and bytes is at hand and can be sent again, after a redirect or a lost connection. One with
    /// files or readers is read once, while it is sent.
    pub fn multipart(self, form: Form) -> Self {
        self.change(|draft| {
            let (content_type, payload) = form.into_payload()?;
            draft.headers.set("Content-Type", content_type);
            draft.payload = payload;
            Ok(())
        })
    }
}

impl PartContent {
    fn into_piece(self) -> Piece {
        match self {
            Self::Bytes(bytes) => Piece::Bytes(bytes),
            Self::Reader(reader, _) => Piece::Reader(reader.into_inner()),
        }
    }
}

/// A form, bit by bit.
struct Pieces(VecDeque<Piece>);

enum Piece {
    Bytes(Bytes),
    Reader(Box<dyn Read + Send>),
}

impl Pieces {
    fn into_payload(self, length: Option<u64>) -> Payload {
        let bytes = self.0.iter().map(|piece| match piece {
            Piece::Bytes(bytes) => Some(&bytes[..]),
            Piece::Reader(_) => None,
        });
        match bytes.collect::<Option<Vec<_>>>() {
            Some(all) => Payload::Bytes(all.concat().into()),
            None => Payload::Source(Source::reader(self), length),
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(piece) = self.0.front_mut() {
            let read = match piece {
                Piece::Bytes(bytes) => {
                    let read = buffer.len().min(bytes.len());
                    bytes.copy_to_slice(&mut buffer[..read]);
                    read
                }
                Piece::Reader(reader) => reader.read(buffer)?,
            };
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            self.0.pop_front();
        }
        Ok(0)
    }
}

/// The usual types of files, by the extensions of their names.
fn content_type_of(name: &str) -> &'static str {
    const TYPES: [(&str, &str); 24] = [
        ("avif", "image/avif"),
        ("css", "text/css"),
        ("csv", "text/csv"),
        ("gif", "image/gif"),
        ("gz", "application/gzip"),
        ("htm", "text/html"),
        ("html", "text/html"),
        ("jpeg", "image/jpeg"),
        ("jpg", "image/jpeg"),
        ("js", "text/javascript"),
        ("json", "application/json"),
        ("md", "text/markdown"),
        ("mp3", "audio/mpeg"),
        ("mp4", "video/mp4"),
        ("pdf", "application/pdf"),
        ("png", "image/png"),
        ("svg", "image/svg+xml"),
        ("tar", "application/x-tar"),
        ("txt", "text/plain"),
        ("wasm", "application/wasm"),
        ("webm", "video/webm"),
        ("webp", "image/webp"),
        ("xml", "application/xml"),
        ("zip", "application/zip"),
    ];
    let extension = Path::new(name).extension().unwrap_or_default();
    let known = TYPES.iter().find(|(known, _)| extension.eq_ignore_ascii_case(known));
    known.map_or("application/octet-stream", |(_, content_type)| content_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_a_file_follows_from_its_name() {
        assert_eq!(content_type_of("a.b.PNG"), "image/png");
        assert_eq!(content_type_of("png"), "application/octet-stream");
    }

    #[test]
    fn pieces_are_read_one_after_the_other() {
        let reader = |text: &'static str| Piece::Reader(Box::new(text.as_bytes()));
        let bytes = |text: &'static str| Piece::Bytes(Bytes::from_static(text.as_bytes()));
        let mut pieces = Pieces([bytes("a"), reader(""), reader("bcd"), bytes(""), bytes("e")].into());
        let mut text = String::new();
        assert_eq!(pieces.read_to_string(&mut text).ok(), Some(5));
        assert_eq!(text, "abcde");
    }
}
