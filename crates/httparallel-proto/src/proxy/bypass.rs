//! `NO_PROXY`: which URLs are requested without the proxy that the environment names.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Pattern;
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
/// | `https://example.com`, `all://example.com` | a [`Pattern`] |
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
pub struct Bypass(Vec<Pattern>);

impl Bypass {
    /// Reads the value of `NO_PROXY`.
    pub fn parse(text: &str) -> Self {
        Self(text.split(',').filter_map(|entry| pattern(entry.trim())).collect())
    }

    /// Whether `url` needs no proxy.
    pub fn covers(&self, url: &Url) -> bool {
        self.0.iter().any(|pattern| pattern.matches(url))
    }

    /// Whether no URL needs a proxy: one of the entries is `*`.
    pub fn is_complete(&self) -> bool {
        self.0.iter().any(|pattern| pattern.as_str() == ALL)
    }

    /// The entries, as patterns, in their order.
    pub fn patterns(&self) -> &[Pattern] {
        &self.0
    }
}

const ALL: &str = "all://";

fn pattern(entry: &str) -> Option<Pattern> {
    if entry.is_empty() || entry.contains(['?', '#', '@', '\\', ' ', '\t']) {
        return None;
    }
    if let Some((_, rest)) = entry.split_once("://") {
        let pattern = Pattern::parse(entry).ok()?;
        return (pattern.is_network() || !rest.contains('/')).then_some(pattern);
    }
    Pattern::parse(&pattern_text(entry)?).ok()
}

/// The pattern for an entry without a scheme: an address, a network, or a name with what is below it.
fn pattern_text(entry: &str) -> Option<String> {
    if entry == "*" {
        return Some(ALL.to_owned());
    }
    if entry.parse::<Ipv6Addr>().is_ok() {
        return Some(format!("{ALL}[{entry}]"));
    }
    if let Some((address, prefix)) = entry.split_once('/') {
        if address.parse::<Ipv6Addr>().is_ok() {
            return Some(format!("{ALL}[{address}]/{prefix}"));
        }
        let is_network = address.starts_with('[') || address.parse::<Ipv4Addr>().is_ok();
        return is_network.then(|| format!("{ALL}{entry}"));
    }
    let below = entry.strip_prefix("*.").or_else(|| entry.strip_prefix('.'));
    if below.unwrap_or(entry).contains('*') {
        return None;
    }
    if let Some(name) = below {
        return (!name.is_empty()).then(|| format!("{ALL}*.{name}"));
    }
    let host = entry.split_once(':').map_or(entry, |(host, _)| host);
    let is_alone =
        entry.starts_with('[') || host.eq_ignore_ascii_case("localhost") || host.parse::<Ipv4Addr>().is_ok();
    Some(if is_alone { format!("{ALL}{entry}") } else { format!("{ALL}*{entry}") })
}
