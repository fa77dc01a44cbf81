//! Where a connection leads, and through what: what decides whether two requests may share one.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use httparallel_proto::fetch::{Request, check_url};
use httparallel_proto::proxy::{Proxy, ProxyChoice, Route};
use httparallel_proto::url::Origin;
use httparallel_proto::{Result, Verify};

use crate::config::{Config, Protocols};

/// The far end of a connection. The pool keeps connections by it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    /// The origin of the request; that of the proxy, if the proxy takes requests for any origin.
    origin: Origin,
    /// The name for the TLS handshake, if it is not the origin's host.
    sni_hostname: Option<Arc<str>>,
    /// How the origin is verified, if not as the client says.
    verify: Option<Arc<Verify>>,
    via: Option<Via>,
    /// Whether the origin asked for HTTP/1.1, so that nothing else is offered to it.
    http1_only: bool,
}

/// What a connection goes through.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Via {
    Forward(Arc<Proxy>),
    Tunnel(Arc<Proxy>),
}

impl Destination {
    /// Where `request` is to be sent. Fails if its URL cannot be requested, or its proxy is none.
    pub(crate) fn of(request: &Request, config: &Config) -> Result<Self> {
        check_url(&request.url)?;
        let origin = request.url.origin();
        let sni_hostname = request.sni_hostname().filter(|_| origin.is_secure()).cloned();
        let verify = request.verify().filter(|own| origin.is_secure() && ***own != config.verify).cloned();
        let proxy = match request.proxy() {
            Some(ProxyChoice::Direct) => None,
            Some(ProxyChoice::Through(own)) => Some(own),
            None => config.proxies.of(&request.url)?,
        };
        let Some(proxy) = proxy else {
            return Ok(Self { origin, sni_hostname, verify, via: None, http1_only: false });
        };
        // A proxy forwards HTTP/1.1. Whoever wants HTTP/2 without TLS speaks it with the origin.
        let forwards = proxy.route(&origin) == Route::Forward && config.protocols.http1;
        Ok(if forwards {
            let via = Some(Via::Forward(proxy.clone()));
            Self { origin: proxy.origin(), sni_hostname: None, verify: None, via, http1_only: false }
        } else {
            let via = Some(Via::Tunnel(proxy.clone()));
            Self { origin, sni_hostname, verify, via, http1_only: false }
        })
    }

    /// The same, but over HTTP/1.1, whatever else the client speaks.
    pub(crate) fn over_http1(self) -> Self {
        Self { http1_only: true, ..self }
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Which protocols are offered to it, of those that the client speaks.
    pub(super) fn protocols(&self, protocols: Protocols) -> Protocols {
        Protocols { http2: protocols.http2 && !self.http1_only, ..protocols }
    }

    pub(super) fn via(&self) -> Option<&Via> {
        self.via.as_ref()
    }

    /// How the origin is verified, if not as the client says.
    pub(super) fn verify(&self) -> Option<&Arc<Verify>> {
        self.verify.as_ref()
    }

    /// The name that TLS asks for and verifies.
    pub(super) fn server_name(&self) -> &str {
        self.sni_hostname.as_deref().unwrap_or_else(|| self.origin.host().trim_end_matches('.'))
    }

    /// The proxy that takes the requests in absolute form.
    pub(crate) fn forwards_through(&self) -> Option<&Arc<Proxy>> {
        match &self.via {
            Some(Via::Forward(proxy)) => Some(proxy),
            _ => None,
        }
    }

    /// Whether it is reached through a proxy that does not see the requests.
    pub(crate) fn is_tunnelled(&self) -> bool {
        matches!(self.via, Some(Via::Tunnel(_)))
    }

    /// Whether there is TLS with the origin itself.
    pub(super) fn is_secure(&self) -> bool {
        self.origin.is_secure() && self.forwards_through().is_none()
    }

    /// Whether a new connection could turn out to be HTTP/2.
    pub(crate) fn may_share(&self, protocols: Protocols) -> bool {
        self.protocols(protocols).http2 && (self.is_secure() || !protocols.http1)
    }
}

impl Hash for Destination {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Few clients reach one origin in more than one way.
        self.origin.hash(state);
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.origin.fmt(f)
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.via {
            None => write!(f, "Destination({self})"),
            Some(Via::Forward(proxy) | Via::Tunnel(proxy)) => write!(f, "Destination({self}, {proxy:?})"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use httparallel_proto::fetch::{Content, Method, Overrides};
    use httparallel_proto::proxy::Proxies;
    use httparallel_proto::{Headers, Url};

    use super::*;

    fn to(url: &str, sni_hostname: Option<&str>, proxy: Option<&str>) -> Destination {
        let request =
            Request::new(Method::GET, Url::parse(url).unwrap(), &Headers::new(), Content::Empty).unwrap();
        let request = Request { overrides: Overrides::new(None, sni_hostname).unwrap(), ..request };
        let proxies = proxy.map(|url| Proxies::all(Proxy::new(url).unwrap())).unwrap_or_default();
        Destination::of(&request, &Config { proxies, ..Config::default() }).unwrap()
    }

    #[test]
    fn connections_are_shared_by_what_leads_to_the_same_place_in_the_same_way() {
        assert_eq!(to("https://a/x", None, None), to("https://A:443/y?z", None, None));
        assert_eq!(to("https://a/", Some("b"), None), to("https://a/", Some("b"), None));
        let proxy = Some("http://user:secret@proxy:1");
        assert_eq!(to("https://a/", None, proxy), to("https://a/", None, proxy));
        // A proxy that forwards takes requests for any origin.
        assert_eq!(to("http://a/", None, proxy), to("http://b/", None, proxy));
        // Without TLS no name is asked for.
        assert_eq!(to("http://a/", Some("b"), None), to("http://a/", None, None));
    }

    #[test]
    fn nothing_else_is_shared() {
        let all = [
            to("https://a/", None, None),
            to("http://a/", None, None),
            to("https://a:444/", None, None),
            to("http://a:443/", None, None),
            to("https://a./", None, None),
            to("https://b/", None, None),
            to("https://a/", Some("b"), None),
            to("https://a/", None, None).over_http1(),
            to("https://a/", None, Some("http://proxy:1")),
            to("https://a/", None, Some("http://other:1")),
            to("https://a/", None, Some("https://proxy:1")),
            to("https://a/", None, Some("socks5://proxy:1")),
            to("https://a/", None, Some("socks5h://proxy:1")),
            to("https://a/", None, Some("http://user:secret@proxy:1")),
            to("https://a/", None, Some("http://user:other@proxy:1")),
            to("http://a/", None, Some("http://proxy:1")),
            to("http://a/", None, Some("http://user:secret@proxy:1")),
            to("http://a/", None, Some("http://user:other@proxy:1")),
        ];
        for (index, one) in all.iter().enumerate() {
            for (other, another) in all.iter().enumerate() {
                assert_eq!(one == another, index == other, "{one:?} {another:?}");
            }
        }
    }
}
