//! Patterns that URLs match: what `NO_PROXY` names, and the keys by which transports are chosen.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{Error, Kind, Phase, Result, Url};

/// One pattern.
///
/// | pattern | matches |
/// |---|---|
/// | `all://` | every URL |
/// | `https://` | those of one scheme |
/// | `all://example.org` | those of one host |
/// | `all://*.example.org` | those of its subdomains |
/// | `all://*example.org` | those of the host and of its subdomains |
/// | `all://example.org:8080` | those of one port, too; a scheme's own port counts where a URL leaves it out |
/// | `all://10.0.0.0/8`, `all://[2001:db8::]/32` | those whose host is an address of a network |
///
/// Patterns sort by how much they say: the first of a sorted list that matches decides. Names are not resolved:
/// an address matches only URLs with an address.
///
/// ```
/// use httparallel_proto::{Url, proxy::Pattern};
///
/// let pattern = Pattern::parse("all://*.example.org:443")?;
/// assert!(pattern.matches(&Url::parse("https://www.example.org/")?));
/// assert!(!pattern.matches(&Url::parse("http://www.example.org/")?));
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Box<str>,
    /// Empty for all.
    scheme: Box<str>,
    /// As it is shown; empty for all.
    name: Box<str>,
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, Debug)]
enum Host {
    Any,
    Exactly(String),
    Below(String),
    AtOrBelow(String),
    Address(IpAddr),
    Network(IpAddr, u32),
}

/// What patterns are sorted by. Smaller is more specific.
pub type Priority = (u8, u8, u32, i64, i64);

impl Pattern {
    /// Reads a pattern.
    ///
    /// Fails with [`Kind::InvalidRequest`] on a text without a scheme, and with [`Kind::InvalidUrl`] if what follows
    /// is no host or network.
    pub fn parse(text: &str) -> Result<Self> {
        if !text.is_empty() && !text.contains(':') {
            return Err(Error::invalid_request(format!(
                "A pattern for URLs looks like one: '{text}://' instead of '{text}' for all URLs of a scheme."
            )));
        }
        let url = Url::parse(text)?;
        let raw = url.raw_host().trim_end_matches('.');
        let host = match raw.parse() {
            Ok(_) if !matches!(url.path(), "" | "/") => network(text)?,
            Ok(address) => Host::Address(address),
            Err(_) => Host::named(raw),
        };
        let scheme = if url.scheme() == "all" { "" } else { url.scheme() };
        let name = if matches!(host, Host::Any) { String::new() } else { url.host().into_owned() };
        Ok(Self { text: text.into(), scheme: scheme.into(), name: name.into(), host, port: port(text) })
    }

    /// Whether it covers `url`.
    pub fn matches(&self, url: &Url) -> bool {
        (self.scheme.is_empty() || *self.scheme == *url.scheme())
            && (self.port.is_none() || self.port == url.port_or_default())
            && self.host.covers(url.raw_host().trim_end_matches('.'))
    }

    /// Whether it covers every URL of a scheme.
    pub fn covers_scheme(&self, scheme: &str) -> bool {
        matches!(self.host, Host::Any)
            && self.port.is_none()
            && (self.scheme.is_empty() || *self.scheme == *scheme)
    }

    /// The text it was read from.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme, empty for all.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host with its stars, empty for all.
    pub fn host(&self) -> &str {
        &self.name
    }

    /// The port, if it counts.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether it names the addresses of a network.
    pub fn is_network(&self) -> bool {
        matches!(self.host, Host::Network(..))
    }

    /// A port counts most; then a host before a network before neither, a small network before a large one, a long
    /// name before a short one; then a scheme.
    pub fn priority(&self) -> Priority {
        let length = |text: &str| -i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        let (kind, size, name) = match self.host {
            Host::Any => (2, 0, 0),
            // Counted in addresses, because prefixes of IPv4 and IPv6 cannot be compared.
            Host::Network(address, prefix) => (1, bits(address) - prefix, 0),
            _ => (0, 0, length(&self.name)),
        };
        (u8::from(self.port.is_none()), kind, size, name, length(&self.scheme))
    }
}

/// Patterns are equal if they are written alike.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// The most specific one is the smallest.
impl Ord for Pattern {
    fn cmp(&self, other: &Self) -> Ordering {
        self.priority().cmp(&other.priority()).then_with(|| self.text.cmp(&other.text))
    }
}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Host {
    fn named(name: &str) -> Self {
        let address_or = |name: &str, otherwise: fn(String) -> Self| {
            // An address has nothing below it.
            name.parse().map_or_else(|_| otherwise(name.to_owned()), Self::Address)
        };
        match name.strip_prefix('*') {
            None if name.is_empty() => Self::Any,
            None => Self::Exactly(name.to_owned()),
            Some("") => Self::Any,
            Some(rest) => match rest.strip_prefix('.') {
                Some(below) => address_or(below, Self::Below),
                None => address_or(rest, Self::AtOrBelow),
            },
        }
    }

    fn covers(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(name) => host == name,
            Self::Below(name) => is_below(host, name),
            Self::AtOrBelow(name) => host == name || is_below(host, name),
            Self::Address(address) => host.parse().is_ok_and(|host: IpAddr| host == *address),
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

fn bits(address: IpAddr) -> u32 {
    if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS }
}

/// `all://192.0.2.0/24`, `all://[2001:db8::]/32`. Bits behind the prefix do not count, and nothing else may stand
/// there: credentials, ports, zones and queries have no place in a network.
fn network(text: &str) -> Result<Host> {
    let parsed = text.split_once("//").and_then(|(_, rest)| {
        let (address, prefix) = rest.split_once('/')?;
        let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
        let address: IpAddr = bare.parse().ok()?;
        let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u32 = prefix.parse().ok().filter(|&prefix| digits && prefix <= bits(address))?;
        Some(Host::Network(address, prefix))
    });
    parsed.ok_or_else(|| {
        Error::new(Kind::InvalidUrl, Phase::Build, "A pattern names an address and no network with it")
    })
}

/// Not that of the URL, which leaves out the scheme's own.
fn port(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once("//")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (host, port) = authority.rsplit_once(':')?;
    // In `[::1` there is no end of a host yet.
    if host.contains('[') && !host.contains(']') { None } else { port.parse().ok() }
}
