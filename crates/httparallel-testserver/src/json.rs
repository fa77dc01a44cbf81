//! Writing JSON by hand: the server's documents are few and flat.

use std::fmt::Write;

/// A JSON string literal.
pub(crate) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A JSON string in which each byte is the code point of the same number.
///
/// The reader gets the bytes back, whatever they were, with `text.encode("latin-1")`.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    string(&bytes.iter().map(|&byte| char::from(byte)).collect::<String>())
}

/// A JSON object from names and values that are JSON already.
pub(crate) fn object<'a>(fields: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let fields: Vec<_> =
        fields.into_iter().map(|(name, value)| format!("{}: {value}", string(name))).collect();
    format!("{{{}}}", fields.join(", "))
}

/// A JSON array of values that are JSON already.
pub(crate) fn array(values: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", values.into_iter().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_json_forbids() {
        assert_eq!(string("a\"b\\c\n\u{1}é"), "\"a\\\"b\\\\c\\n\\u0001é\"");
    }

    #[test]
    fn latin1_keeps_every_byte() {
        assert_eq!(latin1(&[0x41, 0xe9, 0x00]), "\"Aé\\u0000\"");
    }

    #[test]
    fn nests() {
        assert_eq!(object([("a", array(["1".to_owned(), "2".to_owned()]))]), "{\"a\": [1, 2]}");
    }
}
