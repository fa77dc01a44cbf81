//! `Retry-After`: RFC 9110 section 10.2.3.

use std::time::{Duration, SystemTime};

use super::date;
use crate::Headers;

/// What a response asks to wait: whole seconds, seconds with a fraction (which some servers send), or a date. A date in
/// the past is no wait. `None` if it asks for nothing, or for nothing that makes sense.
pub(super) fn retry_after(headers: &Headers, now: SystemTime) -> Option<Duration> {
    let text = std::str::from_utf8(headers.get("retry-after")?).ok()?.trim();
    seconds(text).or_else(|| Some(date::parse(text, now)?.duration_since(now).unwrap_or_default()))
}

fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    // Longer than can be told is longer than anybody waits.
    Some(
        text.parse()
            .ok()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .unwrap_or(Duration::MAX),
    )
}
