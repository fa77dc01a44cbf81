//! Text in error messages, written as Python writes a string: that is how httpx's messages show it.

use std::fmt::Write as _;

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

/// The text in quotes, with what does not print, or would turn the direction of the line, escaped.
pub(super) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            _ if character == quote => out.extend(['\\', quote]),
            _ if prints(character) => out.push(character),
            _ => escape(&mut out, u32::from(character)),
        }
    }
    out.push(quote);
    out
}

fn escape(out: &mut String, code: u32) {
    // Writing to a `String` cannot fail.
    let _ = match code {
        0..=0xff => write!(out, "\\x{code:02x}"),
        0x100..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

fn prints(character: char) -> bool {
    use GeneralCategory as Category;
    character == ' '
        || !matches!(
            CodePointMapData::<GeneralCategory>::new().get(character),
            Category::Control
                | Category::Format
                | Category::Surrogate
                | Category::PrivateUse
                | Category::Unassigned
                | Category::LineSeparator
                | Category::ParagraphSeparator
                | Category::SpaceSeparator
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_python_does() {
        let table = [
            ("abc", "'abc'"),
            ("it's", "\"it's\""),
            ("'\"", "'\\'\"'"),
            ("a\\b\r\n\t\0", "'a\\\\b\\r\\n\\t\\x00'"),
            ("ü☃\u{ad}\u{202e}\u{a0}\u{e0001}", "'ü☃\\xad\\u202e\\xa0\\U000e0001'"),
        ];
        for (text, expected) in table {
            assert_eq!(quoted(text), expected);
        }
    }
}
