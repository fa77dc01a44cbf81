//! The host: IP literals, registered names, internationalised names, and what is refused because two
//! readers could take it for two different hosts.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::invalid;
use super::percent::{self, Safe};
use super::quoted::quoted;
use crate::Result;

/// The host as it is sent: lower-case ASCII, an IPv6 address without brackets.
///
/// `strict` is set for the schemes that lead to a connection. Other schemes may name anything.
pub(super) fn encode(host: &str, strict: bool) -> Result<Cow<'_, str>> {
    if let Some(literal) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return encode_ipv6(literal)
            .ok_or_else(|| invalid(format!("Invalid IPv6 address: {}", quoted(host))));
    }
    let encoded = if host.is_ascii() { encode_ascii(host) } else { encode_idna(host)? };
    if strict {
        check_unambiguous(host, &encoded)?;
    } else if is_dotted_quad(&encoded) {
        check_ipv4(host, &encoded)?;
    }
    Ok(encoded)
}

/// The host as it is shown: labels of internationalised names in Unicode.
pub(super) fn to_unicode(host: &str) -> Cow<'_, str> {
    if !host.contains("xn--") {
        return Cow::Borrowed(host);
    }
    let labels: Vec<_> = host.split('.').map(label_to_unicode).collect();
    Cow::Owned(labels.join("."))
}

/// Whether a plain host name (see [`Safe::PLAIN_HOST`]) stands as it is, seen from its last label.
pub(super) fn is_plain(host: &str) -> bool {
    !ends_in_number(host) || is_ipv4(host)
}

fn encode_ascii(host: &str) -> Cow<'_, str> {
    if host.bytes().all(|byte| Safe::PLAIN_HOST.has(byte)) {
        return Cow::Borrowed(host);
    }
    Cow::Owned(percent::quote(host, Safe::HOST).to_ascii_lowercase())
}

/// RFC 6874 puts a zone after `%25`; a bare `%` is common and means the same.
fn encode_ipv6(literal: &str) -> Option<Cow<'_, str>> {
    let (address, zone) = literal.split_once('%').map_or((literal, None), |(a, zone)| (a, Some(zone)));
    address.parse::<Ipv6Addr>().ok()?;
    if zone.is_some_and(|zone| zone.is_empty() || !zone.bytes().all(is_zone_byte)) {
        return None;
    }
    if address.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let zone = zone.map(|zone| format!("%{zone}")).unwrap_or_default();
        return Some(Cow::Owned(address.to_ascii_lowercase() + &zone));
    }
    Some(Cow::Borrowed(literal))
}

fn is_zone_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'%')
}

/// One parser serves routing, TLS, `Host` and cookies; this refuses what the resolver, a proxy or a
/// browser would still read in another way.
fn check_unambiguous(given: &str, host: &str) -> Result<()> {
    if host.bytes().any(|byte| matches!(byte, b'\\' | b'|')) || hides_delimiter(host) {
        return Err(invalid(format!("Invalid host: {}", quoted(given))));
    }
    // Resolvers read `0177.1`, `0x7f.1` and `2130706433` as 127.0.0.1, name comparisons do not.
    if ends_in_number(host) {
        return check_ipv4(given, host);
    }
    Ok(())
}

fn check_ipv4(given: &str, host: &str) -> Result<()> {
    if is_ipv4(host) {
        return Ok(());
    }
    Err(invalid(format!("Invalid IPv4 address: {}", quoted(given))))
}

/// Whether a `%XX` stands for a character that would end the host or change its meaning if decoded.
fn hides_delimiter(host: &str) -> bool {
    host.contains('%')
        && percent::decode(host)
            .iter()
            .any(|&byte| byte < b' ' || byte == 0x7f || b"#/:<>?@[\\]^|".contains(&byte))
}

/// Four parts without leading zeros, which C libraries would read as octal.
fn is_ipv4(host: &str) -> bool {
    host.parse::<Ipv4Addr>().is_ok()
}

fn is_dotted_quad(host: &str) -> bool {
    let mut parts = 0;
    let digits = host.split('.').all(|part| {
        parts += 1;
        is_decimal(part)
    });
    digits && parts == 4
}

/// The URL standard's "ends in a number": the last label, a root dot aside, is decimal or `0x` hex.
fn ends_in_number(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    // Nearly every name ends in a letter beyond `f`: no need to look for its last label.
    if !host.as_bytes().last().is_some_and(|byte| byte.is_ascii_hexdigit() || *byte == b'x') {
        return false;
    }
    let label = host.rsplit('.').next().unwrap_or_default();
    let hex = label.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hex || is_decimal(label)
}

fn is_decimal(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit())
}

/// IDNA 2008 without the mapping step of UTS 46: look-alikes such as full-width letters are refused
/// instead of being turned into another name, and so are symbols and emoji.
fn encode_idna(host: &str) -> Result<Cow<'_, str>> {
    let refused = || invalid(format!("Invalid IDNA hostname: {}", quoted(host)));
    let lower: String = host.to_lowercase().chars().map(|c| if is_dot(c) { '.' } else { c }).collect();
    let ascii = Uts46::new()
        .to_ascii(lower.as_bytes(), AsciiDenyList::STD3, Hyphens::Check, DnsLength::VerifyAllowRootDot)
        .map_err(|_| refused())?
        .into_owned();
    let unchanged = lower.split('.').zip(ascii.split('.')).all(|(given, encoded)| {
        given == encoded || (given.chars().all(is_permitted) && label_to_unicode(encoded) == given)
    });
    if unchanged { Ok(Cow::Owned(ascii)) } else { Err(refused()) }
}

/// The characters that separate labels besides `.` (RFC 3490 section 3.1).
fn is_dot(character: char) -> bool {
    matches!(character, '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

/// The label in Unicode, or as it is if it does not decode to a name that may be registered.
fn label_to_unicode(label: &str) -> Cow<'_, str> {
    if !label.starts_with("xn--") {
        return Cow::Borrowed(label);
    }
    let (unicode, outcome) = Uts46::new().to_unicode(label.as_bytes(), AsciiDenyList::STD3, Hyphens::Check);
    if outcome.is_ok() && unicode.chars().all(is_permitted) { unicode } else { Cow::Borrowed(label) }
}

/// The exceptions and joiners of RFC 5892 (sections 2.6 and 2.8) that may stand in a name.
const PERMITTED: &str = "-\u{b7}\u{375}\u{5f3}\u{5f4}\u{6fd}\u{6fe}\u{f0b}\u{200c}\u{200d}\u{3007}\u{30fb}";
/// Letters and marks that its section 2.6 refuses.
const REFUSED: &str = "\u{640}\u{7fa}\u{302e}\u{302f}\u{3031}\u{3032}\u{3033}\u{3034}\u{3035}\u{303b}";

/// RFC 5892 section 2: letters, digits and marks, and its exceptions. Stability under normalisation is
/// tested by encoding and decoding; the places of joiners and the direction of text by UTS 46.
fn is_permitted(character: char) -> bool {
    use GeneralCategory as Category;
    if PERMITTED.contains(character) {
        return true;
    }
    let letter_mark_or_digit = matches!(
        CodePointMapData::<GeneralCategory>::new().get(character),
        Category::LowercaseLetter
            | Category::OtherLetter
            | Category::ModifierLetter
            | Category::NonspacingMark
            | Category::SpacingMark
            | Category::DecimalNumber
    );
    letter_mark_or_digit && !REFUSED.contains(character)
}
