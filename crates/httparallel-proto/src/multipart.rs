//! Forms with files: `multipart/form-data` as browsers send it (RFC 7578, and the HTML standard for names).
//!
//! ```text
//!   --BOUNDARY␍␊  head  content  ␍␊      for each part
//!   --BOUNDARY--␍␊
//! ```
//!
//! Where a part's content comes from, and how it gets between its head and its end, is up to the caller.

use std::fmt::Write;

use crate::headers::is_token;
use crate::{Error, Result};

/// What ends a part.
pub const PART_END: &str = "\r\n";

/// What separates the parts: it must not occur in them, so a random one is as good as any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary(String);

impl Boundary {
    /// A boundary of the caller's choice.
    ///
    /// Fails unless RFC 2046 section 5.1.1 allows it: 1 to 70 bytes, letters, digits and some signs. It is
    /// written into a header, so nothing else may be in it.
    pub fn new(boundary: &str) -> Result<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
        if (1..=70).contains(&boundary.len()) && boundary.bytes().all(allowed) {
            return Ok(Self(boundary.to_owned()));
        }
        let shown: String = boundary.chars().take(80).collect();
        Err(Error::invalid_request(format!("Invalid multipart boundary {shown:?}.")))
    }

    /// A boundary out of random bytes.
    pub fn random(bytes: [u8; 16]) -> Self {
        Self(bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }

    /// The boundary itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of `Content-Type`.
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.0)
    }

    /// What comes before each part.
    pub fn opening(&self) -> String {
        format!("--{}\r\n", self.0)
    }

    /// What comes after the last part.
    pub fn closing(&self) -> String {
        format!("--{}--\r\n", self.0)
    }

    /// The length of a form whose parts, head and content, are so long; `None` if that of one is not known.
    pub fn length(&self, parts: impl IntoIterator<Item = Option<u64>>) -> Option<u64> {
        let around = (self.opening().len() + PART_END.len()) as u64;
        let mut parts = parts.into_iter();
        parts.try_fold(self.closing().len() as u64, |total, part| {
            total.checked_add(part?.checked_add(around)?)
        })
    }
}

/// The boundary that a `Content-Type` of the caller's own names.
pub fn boundary_of(content_type: &str) -> Option<&str> {
    if !content_type.starts_with("multipart/form-data") {
        return None;
    }
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"'))
    })
}

/// The head of a part: its name, for a file the file's name, and header fields, to the blank line.
///
/// Fails if a field's name is no token or its value holds a control character.
pub fn part_head<'a>(
    name: &str,
    filename: Option<&str>,
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<String> {
    let mut head = String::from("Content-Disposition: form-data");
    add_parameter(&mut head, "name", name);
    if let Some(filename) = filename {
        add_parameter(&mut head, "filename", filename);
    }
    for (name, value) in fields {
        if !is_token(name.as_bytes()) {
            return Err(Error::invalid_request(format!("Invalid multipart header name {name:?}.")));
        }
        if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            let message = format!("Invalid control character in the multipart header {name:?}.");
            return Err(Error::invalid_request(message));
        }
        head.push_str("\r\n");
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
    }
    head.push_str("\r\n\r\n");
    Ok(head)
}

/// The HTML standard escapes a name so that it can end neither its quotes nor its line: browsers write `"`, CR
/// and LF as %22, %0D and %0A. Every other control character but ESC is treated alike, as httpx does.
fn add_parameter(head: &mut String, key: &str, value: &str) {
    head.push_str("; ");
    head.push_str(key);
    head.push_str("=\"");
    for character in value.chars() {
        match character {
            '\\' => head.push_str("\\\\"),
            '"' | '\0'..='\x1a' | '\x1c'..='\x1f' => {
                // Writing to a string cannot fail.
                let _ = write!(head, "%{:02X}", u32::from(character));
            }
            _ => head.push(character),
        }
    }
    head.push('"');
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn head(name: &str, filename: Option<&str>, fields: &[(&str, &str)]) -> Result<String> {
        part_head(name, filename, fields.iter().copied())
    }

    #[test]
    fn a_part_says_what_it_is() {
        let field = head("a", None, &[]).unwrap();
        assert_eq!(field, "Content-Disposition: form-data; name=\"a\"\r\n\r\n");
        let file = head("f", Some("n.txt"), &[("Content-Type", "text/plain"), ("X-Tab", "a\tü")]).unwrap();
        assert_eq!(
            file,
            "Content-Disposition: form-data; name=\"f\"; filename=\"n.txt\"\r\n\
             Content-Type: text/plain\r\nX-Tab: a\tü\r\n\r\n"
        );
    }

    #[test]
    fn a_name_stays_inside_its_quotes() {
        for (name, escaped) in [
            ("näme", "näme"),
            ("a\"b", "a%22b"),
            ("a\\b", "a\\\\b"),
            ("a\r\nX: 1", "a%0D%0AX: 1"),
            ("\0\x1a\x1b\x1c\x7f", "%00%1A\x1b%1C\x7f"),
        ] {
            let expected = format!("form-data; name=\"{escaped}\"; filename=\"{escaped}\"\r\n");
            assert!(head(name, Some(name), &[]).unwrap().contains(&expected), "{name:?}");
        }
    }

    #[test]
    fn a_field_stays_in_its_line() {
        for field in [("", "a"), ("a b", "c"), ("a\r\nb", "c"), ("a", "b\r\nc"), ("a", "\0"), ("a", "\x7f")] {
            assert!(head("f", None, &[field]).unwrap_err().message().contains("multipart header"));
        }
    }

    #[test]
    fn a_boundary_can_stand_in_a_header() {
        for wrong in ["", "a\r\nb", "a;b", "a\"b", "ü", &"x".repeat(71)] {
            assert!(Boundary::new(wrong).unwrap_err().message().contains("boundary"), "{wrong:?}");
        }
        assert_eq!(Boundary::new("a'B-9").unwrap().content_type(), "multipart/form-data; boundary=a'B-9");
        let random = Boundary::random([0xab; 16]);
        assert_eq!(random.as_str(), "ab".repeat(16));
        assert_eq!(Boundary::new(random.as_str()).unwrap(), random);
    }

    #[test]
    fn the_length_is_that_of_what_is_written() {
        let boundary = Boundary::new("B").unwrap();
        let parts = ["abc", "", "d"];
        let whole = parts.iter().map(|part| format!("{}{part}{PART_END}", boundary.opening()));
        let whole = whole.collect::<String>() + &boundary.closing();
        let lengths = parts.iter().map(|part| Some(part.len() as u64));
        assert_eq!(boundary.length(lengths.clone()), Some(whole.len() as u64));
        assert_eq!(boundary.length(lengths.chain([None])), None);
        assert_eq!(boundary.length([Some(u64::MAX)]), None);
        assert_eq!(boundary.length([]), Some(7));
    }

    #[test]
    fn a_boundary_is_found_in_a_content_type() {
        for (content_type, boundary) in [
            ("multipart/form-data; boundary=+++", Some("+++")),
            ("multipart/form-data; boundary=+++ ;", Some("+++")),
            ("multipart/form-data; charset=utf-8; Boundary=\"+++\"", Some("+++")),
            ("multipart/form-data; charset=utf-8; ", None),
            ("multipart/form-data", None),
            ("multipart/mixed; boundary=+++", None),
        ] {
            assert_eq!(boundary_of(content_type), boundary, "{content_type}");
        }
    }
}
