//! The choice of a proxy for a URL, as the environment or the program says.

use std::sync::Arc;

use super::{Bypass, Proxy};
use crate::{Error, Kind, Phase, Result, Url};

/// Which proxy, if any, a URL is requested through.
///
/// ```
/// use httparallel_proto::{Url, proxy::Proxies};
///
/// let environment = |name: &str| match name {
///     "https_proxy" => Some("proxy.test:3128".to_owned()),
///     "NO_PROXY" => Some(".internal".to_owned()),
///     _ => None,
/// };
/// let proxies = Proxies::from_environment(environment);
/// let host = |url| Ok(proxies.of(&Url::parse(url)?)?.map(|proxy| proxy.host()));
/// assert_eq!(host("https://example.com/")?, Some("proxy.test"));
/// assert_eq!(host("https://wiki.internal/")?, None);
/// assert_eq!(host("http://example.com/")?, None);
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    http: Choice,
    https: Choice,
    bypass: Bypass,
}

/// A proxy that cannot be used fails the requests that were to go through it: to send them another way could
/// show them to those they must be hidden from.
type Choice = Option<Result<Arc<Proxy>>>;

impl Proxies {
    /// One proxy for all URLs.
    pub fn all(proxy: Proxy) -> Self {
        let choice = Some(Ok(Arc::new(proxy)));
        Self { http: choice.clone(), https: choice, bypass: Bypass::default() }
    }

    /// What `HTTP_PROXY`, `HTTPS_PROXY` and `ALL_PROXY` say, and [`NO_PROXY`](Bypass). `variable` looks up a
    /// variable of the environment.
    ///
    /// Names in lower case count first; an empty one says that there is no such proxy. A value without a scheme is
    /// an HTTP proxy's. In a CGI program (`REQUEST_METHOD` is set) `HTTP_PROXY` does not count: there it is the
    /// header `Proxy` of whoever made the request.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let lower_or_upper = |lower: &str| variable(lower).or_else(|| variable(&lower.to_uppercase()));
        let all = || choice("ALL_PROXY", lower_or_upper("all_proxy"));
        let http = match variable("REQUEST_METHOD") {
            Some(_) => variable("http_proxy"),
            None => lower_or_upper("http_proxy"),
        };
        Self {
            http: choice("HTTP_PROXY", http).or_else(all),
            https: choice("HTTPS_PROXY", lower_or_upper("https_proxy")).or_else(all),
            bypass: lower_or_upper("no_proxy").map(|text| Bypass::parse(&text)).unwrap_or_default(),
        }
    }

    /// The same, but for URLs that need no proxy.
    #[must_use]
    pub fn except(mut self, bypass: Bypass) -> Self {
        self.bypass = bypass;
        self
    }

    /// The proxy for `url`. Fails if what was configured for it is no proxy.
    pub fn of(&self, url: &Url) -> Result<Option<&Arc<Proxy>>> {
        let choice = if url.scheme() == "https" { &self.https } else { &self.http };
        match choice {
            None => Ok(None),
            Some(_) if self.bypass.covers(url) => Ok(None),
            Some(Ok(proxy)) => Ok(Some(proxy)),
            Some(Err(error)) => Err(error.clone()),
        }
    }
}

fn choice(name: &str, value: Option<String>) -> Choice {
    let text = value.filter(|text| !text.is_empty())?;
    let proxy = if text.contains("://") { Proxy::new(&text) } else { Proxy::new(&format!("http://{text}")) };
    Some(proxy.map(Arc::new).map_err(|_| {
        // Neither the value nor what the parser says of it: that may be a piece of a password.
        let message = format!("The environment variable {name} names no proxy that can be used");
        Error::new(Kind::Proxy, Phase::Build, message)
    }))
}
