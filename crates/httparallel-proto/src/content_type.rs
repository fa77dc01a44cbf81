//! What `Content-Type` says of text.

/// The parameter `charset`, as it was written; `None` if there is none, or an empty one.
///
/// ```
/// use httparallel_proto::content_type::charset;
///
/// assert_eq!(charset("text/html; Charset=\"utf-8\""), Some("utf-8"));
/// assert_eq!(charset("application/json"), None);
/// ```
pub fn charset(content_type: &str) -> Option<&str> {
    let value = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })?;
    Some(value.trim().trim_matches(['"', '\'']).trim()).filter(|charset| !charset.is_empty())
}

#[cfg(test)]
mod tests {
    use super::charset;

    #[test]
    fn a_charset_is_found_however_it_is_written() {
        for content_type in ["a/b;charset=x", "a/b; q=1 ; CHARSET = 'x'", "a/b; charset=\" x \"; charset=y"] {
            assert_eq!(charset(content_type), Some("x"), "{content_type}");
        }
        for content_type in ["", "charset=x", "a/b; charset", "a/b; charset=\"\"", "a/b; xcharset=y"] {
            assert_eq!(charset(content_type), None, "{content_type}");
        }
    }
}
