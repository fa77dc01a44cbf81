//! Paths: which are allowed where, and how dot segments are removed.

use std::borrow::Cow;

use super::invalid;
use crate::Result;

/// Fails on a path that could not be told from another component.
pub(super) fn check(path: &str, has_scheme: bool, has_authority: bool) -> Result<()> {
    // RFC 3986 section 3.3: "If a URI contains an authority component, then the path component must
    // either be empty or begin with a slash".
    if has_authority && !path.is_empty() && !path.starts_with('/') {
        return Err(invalid("For absolute URLs, path must be empty or begin with '/'"));
    }
    // The same section: "If a URI does not contain an authority component, then the path cannot begin
    // with two slash characters", and a relative path's first segment "cannot contain a colon".
    if !has_scheme && !has_authority {
        if path.starts_with("//") {
            return Err(invalid("Relative URLs cannot have a path starting with '//'"));
        }
        if path.starts_with(':') {
            return Err(invalid("Relative URLs cannot have a path starting with ':'"));
        }
    }
    Ok(())
}

/// Drops dot segments. As in httpx, one at the end takes the slash before it along: `/a/.` is `/a`.
pub(super) fn normalise(path: &str) -> Cow<'_, str> {
    if !path.split('/').any(is_dot_segment) {
        return Cow::Borrowed(path);
    }
    Cow::Owned(remove(path).join("/"))
}

/// Drops dot segments as RFC 3986 section 5.2.4 does: one at the end leaves a slash.
pub(super) fn resolve(path: &str) -> Cow<'_, str> {
    let last = path.rsplit('/').next().unwrap_or_default();
    if !path.split('/').any(is_dot_segment) {
        return Cow::Borrowed(path);
    }
    let mut segments = remove(path);
    if is_dot_segment(last) {
        segments.push("");
    }
    Cow::Owned(if segments == [""] { "/".to_owned() } else { segments.join("/") })
}

/// The path of a relative reference put in place of the base's last segment (section 5.2.3).
pub(super) fn merge(base: &str, base_has_authority: bool, reference: &str) -> String {
    if base.is_empty() && base_has_authority {
        return format!("/{reference}");
    }
    let directory = base.rfind('/').map_or("", |slash| &base[..=slash]);
    format!("{directory}{reference}")
}

fn remove(path: &str) -> Vec<&str> {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "." => {}
            // The empty segment before a leading slash is never dropped.
            ".." => {
                if !kept.is_empty() && kept != [""] {
                    kept.pop();
                }
            }
            _ => kept.push(segment),
        }
    }
    kept
}

fn is_dot_segment(segment: &str) -> bool {
    segment == "." || segment == ".."
}
