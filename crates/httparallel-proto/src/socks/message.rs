//! The messages of SOCKS5 as bytes.

use std::net::{IpAddr, Ipv6Addr};

use bytes::Bytes;

use super::proxy_error;
use crate::Result;

pub(super) const VERSION: u8 = 5;
/// RFC 1929 section 2: the version of the username/password negotiation.
const AUTHENTICATION_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const DOMAIN_NAME: u8 = 3;
const IPV6: u8 = 4;

/// VER, REP, RSV, ATYP.
const REPLY_START: usize = 4;

/// The authentication methods that are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    None = 0,
    Password = 2,
}

impl Method {
    pub(super) fn of(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::None),
            2 => Some(Self::Password),
            _ => None,
        }
    }
}

/// Offers to use credentials if there are any; a proxy that wants none may still say so.
pub(super) fn greeting(has_credentials: bool) -> Bytes {
    if has_credentials {
        Bytes::from_static(&[VERSION, 2, Method::None as u8, Method::Password as u8])
    } else {
        Bytes::from_static(&[VERSION, 1, Method::None as u8])
    }
}

pub(super) fn authentication(username: &[u8], password: &[u8]) -> Bytes {
    let mut out = vec![AUTHENTICATION_VERSION];
    push_counted(&mut out, username);
    push_counted(&mut out, password);
    out.into()
}

pub(super) fn connect(host: &[u8], port: u16) -> Result<Bytes> {
    let mut out = vec![VERSION, CONNECT, 0];
    match address(host) {
        Some(IpAddr::V4(address)) => {
            out.push(IPV4);
            out.extend_from_slice(&address.octets());
        }
        Some(IpAddr::V6(address)) => {
            out.push(IPV6);
            out.extend_from_slice(&address.octets());
        }
        None => {
            check_host(host)?;
            out.push(DOMAIN_NAME);
            push_counted(&mut out, host);
        }
    }
    out.extend_from_slice(&port.to_be_bytes());
    Ok(out.into())
}

/// How many bytes of a reply are wanted next, given the first of them. Refusals are known by the second.
pub(super) fn reply_length(start: &[u8]) -> usize {
    let address = match start {
        [] | [_] => return 2,
        [_, _] | [_, _, _] => return REPLY_START,
        [_, _, _, IPV4, ..] => 4,
        [_, _, _, IPV6, ..] => 16,
        [_, _, _, DOMAIN_NAME, length, ..] => 1 + usize::from(*length),
        [_, _, _, _, ..] => 1,
    };
    let port = if address == 1 && start.len() == REPLY_START { 0 } else { 2 };
    REPLY_START + address + port
}

pub(super) fn check_address_type(kind: u8) -> Result<()> {
    match kind {
        IPV4 | DOMAIN_NAME | IPV6 => Ok(()),
        _ => Err(proxy_error(format!("The proxy's reply has an address of unknown type {kind}"))),
    }
}

/// Fails on what a length of one byte cannot count. Cutting it short would ask for another host.
pub(super) fn check_length(what: &str, value: &[u8]) -> Result<()> {
    if value.len() <= 255 {
        return Ok(());
    }
    Err(proxy_error(format!("The {what} is longer than the 255 bytes that SOCKS5 allows")))
}

fn check_host(host: &[u8]) -> Result<()> {
    if host.is_empty() {
        return Err(proxy_error("There is no host to ask the proxy for"));
    }
    check_length("host name", host)
}

/// The address that `host` spells out, if it is an IP literal.
fn address(host: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(host).ok()?;
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

fn push_counted(out: &mut Vec<u8>, value: &[u8]) {
    // Lengths were checked: nothing is cut here.
    out.push(u8::try_from(value.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(value);
}
