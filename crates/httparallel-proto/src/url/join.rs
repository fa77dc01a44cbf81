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
