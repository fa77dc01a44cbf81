//! `NO_PROXY`: which URLs are requested without the proxy that the environment names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Url;

/// URLs that need no proxy.
///
/// Entries are separated by commas. Those that cannot be parsed are ignored, as curl and Go do.
///
/// | entry | means |
/// |---|---|
/// | `*` | everything |
/// | `example.com` | that host and all below it |
/// | `.example.com`, `*.example.com` | all hosts below it |
/// | `localhost`, `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]` | that host |
/// | `192.0.2.0/24`, `2001:db8::/32` | the addresses of that network |
/// | `example.com:8080`, `[::1]:8080` | the same, on that port |
/// | `https://example.com`, `all://example.com` | that host, by that scheme or by all |
///
/// Names are not resolved: an address matches only URLs with an address.
///
/// ```
/// use httparallel_proto::{Url, proxy::Bypass};
///
/// let bypass = Bypass::parse("localhost, .internal, 10.0.0.0/8");
/// assert!(bypass.covers(&Url::parse("https://wiki.internal/")?));
/// assert!(bypass.covers(&Url::parse("http://10.1.2.3/")?));
/// assert!(!bypass.covers(&Url::parse("http://example.com/")?));
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bypass(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// `None` for all.
    scheme: Option<String>,
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    Exactly(String),
    Below(String),
    AtOrBelow(String),
    Network(IpAddr, u32),
}

impl Bypass {
    /// Reads the value of `NO_PROXY`.
    pub fn parse(text: &str) -> Self {
        Self(text.split(',').filter_map(|entry| Entry::parse(entry.trim())).collect())
    }

    /// Whether `url` needs no proxy.
    pub fn covers(&self, url: &Url) -> bool {
        self.0.iter().any(|entry| entry.covers(url))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self { scheme: None, host: Host::Any, port: None });
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            let (host, port) = if rest.is_empty() { (Host::Any, None) } else { parse_exact(rest)? };
            return Some(Self {
                scheme: Some(scheme.to_owned()).filter(|scheme| scheme != "all"),
                host,
                port,
            });
        }
        let (host, port) = parse_host(text)?;
        Some(Self { scheme: None, host, port })
    }

    fn covers(&self, url: &Url) -> bool {
        let scheme = self.scheme.as_ref().is_none_or(|scheme| url.scheme().eq_ignore_ascii_case(scheme));
        let port = self.port.is_none() || self.port == url.port_or_default();
        scheme && port && self.host.covers(url.raw_host().trim_end_matches('.'))
    }
}

impl Host {
    fn address(address: IpAddr) -> Self {
        Self::Network(address, if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS })
    }

    /// What is below a name; an address has nothing below it.
    fn below(self) -> Self {
        match self {
            Self::Exactly(name) => Self::Below(name),
            other => other,
        }
    }

    fn and_below(self) -> Self {
        match self {
            Self::Exactly(name) if name != "localhost" => Self::AtOrBelow(name),
            other => other,
        }
    }

    fn covers(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(name) => host == name,
            Self::Below(name) => is_below(host, name),
            Self::AtOrBelow(name) => host == name || is_below(host, name),
            Self::Network(network, prefix) => {
                host.parse().is_ok_and(|address| is_within(address, *network, *prefix))
            }
        }
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

fn is_within(address: IpAddr, network: IpAddr, prefix: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let difference = address.to_bits() ^ network.to_bits();
            difference.checked_shr(Ipv4Addr::BITS - prefix).unwrap_or(0) == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let difference = address.to_bits() ^ network.to_bits();
            difference.checked_shr(Ipv6Addr::BITS - prefix).unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// An entry without a scheme: an address, a network, or a name with what is below it.
fn parse_host(text: &str) -> Option<(Host, Option<u16>)> {
    if let Some(network) = parse_network(text) {
        return Some((network, None));
    }
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Some((Host::address(address.into()), None));
    }
    if let Some(below) = text.strip_prefix("*.").or_else(|| text.strip_prefix('.')) {
        return normal(below).map(|(host, port)| (host.below(), port));
    }
    normal(text).map(|(host, port)| (host.and_below(), port))
}

/// What stands behind `scheme://`. There a name means no more than itself, unless it begins with `*`.
fn parse_exact(text: &str) -> Option<(Host, Option<u16>)> {
    if let Some(name) = text.strip_prefix("*.") {
        return normal(name).map(|(host, port)| (host.below(), port));
    }
    match text.strip_prefix('*') {
        Some("") => Some((Host::Any, None)),
        Some(rest) => match rest.strip_prefix(':') {
            Some(port) => port.parse().ok().map(|port| (Host::Any, Some(port))),
            None => normal(rest).map(|(host, port)| (host.and_below(), port)),
        },
        None if text.contains('/') => parse_network(text).map(|network| (network, None)),
        None => normal(text),
    }
}

/// `192.0.2.0/24`, `2001:db8::/32`, `[2001:db8::]/32`. Bits behind the prefix do not count.
fn parse_network(text: &str) -> Option<Host> {
    let (address, prefix) = text.split_once('/')?;
    let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
    let address: IpAddr = bare.parse().ok()?;
    let bits = if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
    let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
    let prefix: u32 = prefix.parse().ok().filter(|&prefix| digits && prefix <= bits)?;
    Some(Host::Network(address, prefix))
}

/// Host and port as URLs have them: lower case, ASCII, addresses as addresses.
fn normal(text: &str) -> Option<(Host, Option<u16>)> {
    if text.is_empty() || text.contains(['/', '?', '#', '@', '\\', '*']) {
        return None;
    }
    let url = Url::parse(&format!("http://{text}")).ok()?;
    // Not that of the URL, which leaves out 80.
    let port = text.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let name = url.raw_host().trim_end_matches('.');
    let host = name.parse().map_or_else(|_| Host::Exactly(name.to_owned()), Host::address);
    (!name.is_empty()).then_some((host, port))
}
