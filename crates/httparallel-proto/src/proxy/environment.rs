//! The choice of a proxy for a URL, as the environment or the program says.

use std::fmt;
use std::sync::Arc;

use super::{Bypass, Proxy};
use crate::{Error, Kind, Phase, Result, Url};

/// What the environment says of proxies, as it says it.
///
/// Names in lower case count first; an empty one says that there is no such proxy. A value without a scheme is an
/// HTTP proxy's. In a CGI program (`REQUEST_METHOD` is set) `HTTP_PROXY` does not count: there it is the header
/// `Proxy` of whoever made the request.
///
/// ```
/// use httparallel_proto::proxy::Environment;
///
/// let environment = Environment::read(|name| match name {
///     "https_proxy" => Some("proxy.test:3128".to_owned()),
///     "NO_PROXY" => Some(".internal".to_owned()),
///     _ => None,
/// });
/// let routes = environment.routes();
/// assert_eq!(routes[0], ("https://".to_owned(), Some("http://proxy.test:3128".to_owned())));
/// assert_eq!(routes[1], ("all://*.internal".to_owned(), None));
/// ```
#[derive(Clone, Default)]
pub struct Environment {
    http: Option<String>,
    https: Option<String>,
    all: Option<String>,
    bypass: Bypass,
}

impl Environment {
    /// What `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and [`NO_PROXY`](Bypass) say. `variable` looks up a variable.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let lower_or_upper = |lower: &str| variable(lower).or_else(|| variable(&lower.to_uppercase()));
        let http = match variable("REQUEST_METHOD") {
            Some(_) => variable("http_proxy"),
            None => lower_or_upper("http_proxy"),
        };
        Self {
            http: http.and_then(with_scheme),
            https: lower_or_upper("https_proxy").and_then(with_scheme),
            all: lower_or_upper("all_proxy").and_then(with_scheme),
            bypass: lower_or_upper("no_proxy").map(|text| Bypass::parse(&text)).unwrap_or_default(),
        }
    }

    /// Whether some URL is to go through a proxy.
    pub fn names_a_proxy(&self) -> bool {
        (self.http.is_some() || self.https.is_some() || self.all.is_some()) && !self.bypass.is_complete()
    }

    /// The proxies by the [pattern](super::Pattern) of the URLs that they are for, and `None` for those that need
    /// no proxy. Empty if all of them need none. The proxies' URLs hold their passwords.
    pub fn routes(&self) -> Vec<(String, Option<String>)> {
        if self.bypass.is_complete() {
            return Vec::new();
        }
        let named = [("http://", &self.http), ("https://", &self.https), ("all://", &self.all)];
        let proxies = named.into_iter().filter(|(_, proxy)| proxy.is_some());
        let exempt = self.bypass.patterns().iter();
        proxies
            .map(|(pattern, proxy)| (pattern.to_owned(), proxy.clone()))
            .chain(exempt.map(|pattern| (pattern.as_str().to_owned(), None)))
            .collect()
    }
}

/// Not the values: they hold passwords.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("http", &self.http.is_some())
            .field("https", &self.https.is_some())
            .field("all", &self.all.is_some())
            .field("bypass", &self.bypass)
            .finish()
    }
}

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

    /// What the variables of the environment say; see [`Environment`].
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        Environment::read(variable).into()
    }

    /// The same, but for URLs that need no proxy.
    #[must_use]
    pub fn except(mut self, bypass: Bypass) -> Self {
        self.bypass = bypass;
        self
    }

    /// The proxy for `url`. Fails if what was configured for it is no proxy.
    pub fn of(&self, url: &Url) -> Result<Option<&Arc<Proxy>>> {
        let choice = if matches!(url.scheme(), "https" | "wss") { &self.https } else { &self.http };
        match choice {
            None => Ok(None),
            Some(_) if self.bypass.covers(url) => Ok(None),
            Some(Ok(proxy)) => Ok(Some(proxy)),
            Some(Err(error)) => Err(error.clone()),
        }
    }
}

impl From<Environment> for Proxies {
    fn from(environment: Environment) -> Self {
        let Environment { http, https, all, bypass } = environment;
        let all = all.map(|text| choice("ALL_PROXY", &text));
        let chosen = |name, text: Option<String>| match text {
            Some(text) => Some(choice(name, &text)),
            None => all.clone(),
        };
        Self { http: chosen("HTTP_PROXY", http), https: chosen("HTTPS_PROXY", https), bypass }
    }
}

fn choice(name: &str, text: &str) -> Result<Arc<Proxy>> {
    Proxy::new(text).map(Arc::new).map_err(|_| {
        // Neither the value nor what the parser says of it: that may be a piece of a password.
        let message = format!("The environment variable {name} names no proxy that can be used");
        Error::new(Kind::Proxy, Phase::Build, message)
    })
}

fn with_scheme(text: String) -> Option<String> {
    match &*text {
        "" => None,
        named if named.contains("://") => Some(text),
        _ => Some(format!("http://{text}")),
    }
}
