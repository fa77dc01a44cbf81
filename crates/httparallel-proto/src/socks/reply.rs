//! The codes of SOCKS5 in RFC 1928's words.

/// A REP field that is not 0 (RFC 1928 section 6).
pub(super) fn explain(code: u8) -> String {
    let words = match code {
        1 => "General SOCKS server failure",
        2 => "Connection not allowed by ruleset",
        3 => "Network unreachable",
        4 => "Host unreachable",
        5 => "Connection refused",
        6 => "TTL expired",
        7 => "Command not supported",
        8 => "Address type not supported",
        _ => return format!("Unassigned reply code {code}"),
    };
    words.to_owned()
}

/// An authentication method (RFC 1928 section 3).
pub(super) fn method(code: u8) -> String {
    let words = match code {
        0 => "NO AUTHENTICATION REQUIRED",
        1 => "GSSAPI",
        2 => "USERNAME/PASSWORD",
        0xff => "NO ACCEPTABLE METHODS",
        _ => return format!("method {code}"),
    };
    words.to_owned()
}

/// The methods that were offered.
pub(super) fn offered(has_credentials: bool) -> &'static str {
    if has_credentials {
        "NO AUTHENTICATION REQUIRED or USERNAME/PASSWORD"
    } else {
        "NO AUTHENTICATION REQUIRED"
    }
}
