//! Reference resolution: RFC 3986 section 5.

use super::parse::{Raw, assemble};
use super::{Url, path};
use crate::Result;

/// Resolves `reference` against `base`.
///
/// A reference with the base's scheme but no authority, `http:x`, is taken as relative: section 5.2.2
/// allows it "for backward compatibility", and servers send it.
pub(super) fn join(base: &Url, reference: &Url) -> Result<Url> {
    let own_scheme = !reference.scheme().is_empty();
    if own_scheme && (reference.scheme() != base.scheme() || reference.has_authority()) {
        return Ok(reference.clone());
    }
    if is_opaque(base) {
        return Ok(reference.clone());
    }
    let authority = if reference.has_authority() { reference } else { base };
    let raw = Raw { scheme: base.scheme(), fragment: reference.fragment(), ..Raw::authority_of(authority) };
    if reference.has_authority() || reference.path().starts_with('/') {
        let path = path::resolve(reference.path());
        return assemble(&Raw { path: &path, query: reference.query(), ..raw });
    }
    if reference.path().is_empty() {
        let query = reference.query().or(base.query());
        return assemble(&Raw { path: base.path(), query, ..raw });
    }
    let merged = path::merge(base.path(), base.has_authority(), reference.path());
    let path = path::resolve(&merged);
    assemble(&Raw { path: &path, query: reference.query(), ..raw })
}

/// `mailto:someone` has no hierarchy to resolve against.
fn is_opaque(url: &Url) -> bool {
    !url.scheme().is_empty() && !url.has_authority() && !url.path().starts_with('/')
}

#[cfg(test)]
mod tests {
    use crate::Url;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
    }

    fn joined(base: &str, reference: &str) -> String {
        let joined = url(base).join(reference);
        joined.unwrap_or_else(|error| panic!("{base:?} {reference:?}: {error}")).as_str().to_owned()
    }

    #[test]
    fn joins_by_the_examples_of_rfc_3986() {
        let base = "http://example.com/b/c/d;p?q";
        let table = [
            ("g", "/b/c/g"),
            ("./g", "/b/c/g"),
            ("g/", "/b/c/g/"),
            ("/g", "/g"),
            ("?y", "/b/c/d;p?y"),
            ("g?y", "/b/c/g?y"),
            ("#s", "/b/c/d;p?q#s"),
            ("g#s", "/b/c/g#s"),
            ("g?y#s", "/b/c/g?y#s"),
            (";x", "/b/c/;x"),
            ("g;x", "/b/c/g;x"),
            ("g;x?y#s", "/b/c/g;x?y#s"),
            ("", "/b/c/d;p?q"),
            (".", "/b/c/"),
            ("./", "/b/c/"),
            ("..", "/b/"),
            ("../", "/b/"),
            ("../g", "/b/g"),
            ("../..", "/"),
            ("../../", "/"),
            ("../../g", "/g"),
            ("../../../g", "/g"),
            ("../../../../g", "/g"),
            ("/./g", "/g"),
            ("/../g", "/g"),
            ("g.", "/b/c/g."),
            (".g", "/b/c/.g"),
            ("g..", "/b/c/g.."),
            ("..g", "/b/c/..g"),
            ("./../g", "/b/g"),
            ("./g/.", "/b/c/g/"),
            ("g/./h", "/b/c/g/h"),
            ("g/../h", "/b/c/h"),
            ("g;x=1/./y", "/b/c/g;x=1/y"),
            ("g;x=1/../y", "/b/c/y"),
            ("g?y/./x", "/b/c/g?y/./x"),
            ("g#s/../x", "/b/c/g#s/../x"),
            ("http:g", "/b/c/g"),
            ("?", "/b/c/d;p?"),
        ];
        for (reference, expected) in table {
            assert_eq!(joined(base, reference), format!("http://example.com{expected}"), "{reference:?}");
        }
        assert_eq!(joined(base, "//g"), "http://g");
        assert_eq!(joined(base, "ftp://g/x"), "ftp://g/x");
        assert_eq!(joined(base, "mailto:x"), "mailto:x");
    }

    #[test]
    fn joins_with_unusual_bases() {
        let table = [
            ("/path/to/somewhere", "/somewhere-else", "/somewhere-else"),
            ("/path/to/somewhere", "../else", "/path/else"),
            ("http://a", "b", "http://a/b"),
            ("http://u:p@a:81/x", "/y", "http://u:p@a:81/y"),
            ("http://u:p@a:81/x", "//b:80/y", "http://b/y"),
            ("https://a/?[]", "/", "https://a/"),
            ("http://[::1]:8080/x", "y", "http://[::1]:8080/y"),
            ("mailto:x@y", "z", "z"),
        ];
        for (base, reference, expected) in table {
            assert_eq!(joined(base, reference), expected, "{base:?} {reference:?}");
        }
    }

    #[test]
    fn a_join_cannot_turn_a_path_into_a_host() {
        assert_eq!(joined("http://a/b", "/.//evil/x"), "http://a//evil/x");
        assert!(url("http://a/b").join("http:////evil/x").is_err());
        assert!(url("/b").join("/.//evil/x").is_err());
    }
}
