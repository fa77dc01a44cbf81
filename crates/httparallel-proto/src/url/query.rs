//! Query strings as forms write them: `application/x-www-form-urlencoded`.
//!
//! Reading and writing are those of httpx: `;` is no separator, a name without `=` has an empty value,
//! and a space is written `+`.

use std::borrow::Cow;

use super::percent;

/// The pairs of a query, decoded, in order. Empty pieces (`a=1&&b=2`) are skipped.
///
/// ```
/// use httparallel_proto::url::query;
///
/// let pairs: Vec<_> = query::parse("a=b+c&d&e=%C3%BC").collect();
/// assert_eq!(pairs, [("a".into(), "b c".into()), ("d".into(), "".into()), ("e".into(), "ü".into())]);
/// ```
pub fn parse(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    query.split('&').filter(|piece| !piece.is_empty()).map(|piece| {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        (decode(name), decode(value))
    })
}

/// A query of pairs.
///
/// ```
/// use httparallel_proto::url::query;
///
/// assert_eq!(query::encode([("u", "with spaces"), ("v", "a/ü%20")]), "u=with+spaces&v=a%2F%C3%BC%2520");
/// ```
pub fn encode<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        append(&mut query, name.as_ref(), value.as_ref());
    }
    query
}

/// Adds one pair to a query.
pub fn append(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    percent::quote_form_into(query, name);
    query.push('=');
    percent::quote_form_into(query, value);
}

fn decode(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'+', text.as_bytes()).is_none() {
        return percent::unquote(text);
    }
    Cow::Owned(percent::unquote(&text.replace('+', " ")).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &str) -> Vec<(String, String)> {
        parse(query).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }

    #[test]
    fn a_semicolon_does_not_separate() {
        assert_eq!(pairs("a=1;b=2"), [("a".to_owned(), "1;b=2".to_owned())]);
    }

    #[test]
    fn only_the_first_equals_sign_separates() {
        assert_eq!(pairs("a=b=c"), [("a".to_owned(), "b=c".to_owned())]);
    }

    #[test]
    fn nothing_is_no_pair() {
        assert!(pairs("").is_empty());
        assert!(pairs("&&").is_empty());
        assert_eq!(pairs("="), [(String::new(), String::new())]);
    }

    #[test]
    fn an_encoded_query_reads_back() {
        let given = [("a b", "c+d&e=f"), ("ü", "🌟%20"), ("", "")];
        let read = pairs(&encode(given));
        let expected: Vec<_> = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(read, expected);
    }
}
