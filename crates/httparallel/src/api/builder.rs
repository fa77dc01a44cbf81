//! Settings of a client.

use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use httparallel_proto::decode::Guard;
use httparallel_proto::fetch::check_url;
use httparallel_proto::url::query;
use httparallel_proto::{Headers, Result, Timeouts};

use super::client::Client;
use super::into_url::IntoUrl;
use super::request::{append, phases};
use super::setup::{Defaults, Setup};
use crate::{
    Config, Limits, MockTransport, Pace, Protocols, Proxies, Proxy, RateLimit, Retry, SocketOption, Verify,
};

/// Settings for a [`Client`] or a [`blocking::Client`](crate::blocking::Client).
///
/// What is wrong with them is told by `build`. Certificates are read when the first
/// connection is made, and fail there.
///
/// ```
/// use std::time::Duration;
/// use httparallel::{Client, Limits};
///
/// let client = Client::builder()
///     .limits(Limits { max_connections: Some(20), ..Limits::default() })
///     .base_url("https://api.example.com/v1")
///     .bearer_auth("https://api.example.com", "token")
///     .total_timeout(Duration::from_secs(30))
///     .follow_redirects(true)
///     .build()?;
/// # Ok::<(), httparallel::Error>(())
/// ```
#[must_use = "settings do nothing until `build` is called"]
pub struct ClientBuilder<C = Client> {
    config: Config,
    trust_env: bool,
    /// `None` for what the environment says.
    proxies: Option<Proxies>,
    defaults: Result<Defaults>,
    face: PhantomData<fn() -> C>,
}

impl<C> ClientBuilder<C> {
    pub(super) fn new() -> Self {
        Self {
            config: Config::default(),
            trust_env: true,
            proxies: None,
            defaults: Ok(Defaults::default()),
            face: PhantomData,
        }
    }

    /// How many connections there may be, and how long they idle. Default: [`Limits::default`].
    pub fn limits(self, limits: Limits) -> Self {
        self.configure(|config| config.limits = limits)
    }

    /// How many requests may be on their way to one origin (scheme, host and port) at a time; others wait in their
    /// order. One is on its way from before it asks for a connection until all of its response has arrived, or is
    /// given up. Waiting uses up no pool timeout. Default: no limit.
    pub fn max_concurrency_per_host(self, most: usize) -> Self {
        self.configure(|config| config.max_concurrency_per_host = Some(most))
    }

    /// How many requests may start in a stretch of time. Each attempt counts, those of redirects and retries too.
    /// They start in their order; waiting counts against the total timeout and no other. Default: no limit.
    ///
    /// ```
    /// use httparallel::{Client, RateLimit};
    ///
    /// let client = Client::builder().rate_limit(RateLimit::per_second(20.0)?.with_burst(5)?).build()?;
    /// # Ok::<(), httparallel::Error>(())
    /// ```
    pub fn rate_limit(self, limit: RateLimit) -> Self {
        self.change(|defaults| {
            defaults.pace = Some(Pace::new(limit));
            Ok(())
        })
    }

    /// Which protocols may be spoken. Default: HTTP/1.1 only.
    pub fn protocols(self, protocols: Protocols) -> Self {
        self.configure(|config| config.protocols = protocols)
    }

    /// How servers are verified. Default: by the platform's roots and rules.
    pub fn verify(self, verify: Verify) -> Self {
        self.configure(|config| config.verify = verify)
    }

    /// The certificate chain and the private key, both PEM, that are shown to a server that asks.
    pub fn client_cert(self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.configure(|config| config.client_cert = Some((chain.into(), key.into())))
    }

    /// A Unix socket that all connections go to, whatever the host of the URL.
    pub fn uds(self, path: impl Into<PathBuf>) -> Self {
        self.configure(|config| config.uds = Some(path.into()))
    }

    /// The address connections come from. An unspecified address chooses only the address family.
    pub fn local_address(self, address: impl Into<IpAddr>) -> Self {
        self.configure(|config| config.local_address = Some(address.into()))
    }

    /// The proxy of all requests. Default: those that the environment names in `HTTP_PROXY`, `HTTPS_PROXY` and
    /// `ALL_PROXY`, but for the hosts in `NO_PROXY`: see [`Proxies::from_environment`].
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let (proxy_url, url) = (server.proxy_url(), server.http_url());
    /// use httparallel::{Proxy, blocking::Client};
    ///
    /// let proxy = Proxy::new(&proxy_url)?.with_credentials("proxy", "secret")?;
    /// let client = Client::builder().proxy(proxy).build()?;
    /// assert_eq!(client.get(url).send()?.status(), 200);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn proxy(self, proxy: Proxy) -> Self {
        self.proxies(Proxies::all(proxy))
    }

    /// Which requests go through which proxy. Replaces what the environment says.
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = Some(proxies);
        self
    }

    /// No proxy, whatever the environment says.
    pub fn no_proxy(self) -> Self {
        self.proxies(Proxies::default())
    }

    /// Whether the environment is asked for what the program does not say: proxies, as [`proxy`](Self::proxy) tells,
    /// and `SSLKEYLOGFILE`, a file that the keys of TLS connections are added to, so that they can be read by who
    /// records them. If it cannot be written, connections are made without it. Default: yes.
    pub fn trust_env(mut self, trust: bool) -> Self {
        self.trust_env = trust;
        self
    }

    /// How `https` proxies are verified. Default: by the platform's roots and rules.
    pub fn proxy_verify(self, verify: Verify) -> Self {
        self.configure(|config| config.proxy_verify = verify)
    }

    /// An option for each TCP socket, set before it connects.
    pub fn socket_option(self, option: SocketOption) -> Self {
        self.configure(|config| config.socket_options.push(option))
    }

    /// How often a failed attempt to connect is repeated, with growing pauses. Default: 0.
    pub fn connect_retries(self, retries: u32) -> Self {
        self.configure(|config| config.connect_retries = retries)
    }

    /// All time limits. Default: [`Timeouts::default`], 5 s for each phase and none for the whole.
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        self.change(|defaults| {
            defaults.timeouts = timeouts;
            Ok(())
        })
    }

    /// The same limit for each phase: waiting for a connection, connecting, and each pause while sending or
    /// receiving. `None` is no limit. Default: 5 s. It does not bound a whole request:
    /// [`total_timeout`](Self::total_timeout) does.
    pub fn timeout(self, limit: impl Into<Option<Duration>>) -> Self {
        self.change(|defaults| {
            defaults.timeouts = phases(defaults.timeouts, limit.into());
            Ok(())
        })
    }

    /// The limit for a whole request: redirects, retries and reading the body included. Default: none.
    pub fn total_timeout(self, limit: impl Into<Option<Duration>>) -> Self {
        self.change(|defaults| {
            defaults.timeouts.total = limit.into();
            Ok(())
        })
    }

    /// Whether redirects are followed. Default: no.
    pub fn follow_redirects(self, follow: bool) -> Self {
        self.change(|defaults| {
            defaults.policy.follow_redirects = follow;
            Ok(())
        })
    }

    /// How many redirects are followed in a row; one more is an error. Default: 20.
    pub fn max_redirects(self, most: usize) -> Self {
        self.change(|defaults| {
            defaults.policy.max_redirects = most;
            Ok(())
        })
    }

    /// When requests are sent again. Default: not at all, but for what is lost with an idle connection where that is
    /// safe.
    ///
    /// All requests of a client, and of its clones, share one [`RetryBudget`](crate::RetryBudget).
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let url = server.http_url() + "/flaky";
    /// use httparallel::{Retry, blocking::Client};
    ///
    /// let client = Client::builder().retries(Retry { attempts: 5, ..Retry::default() }).build()?;
    /// let response = client.get(url).send()?;
    /// assert_eq!((response.status().as_u16(), &*response.text()), (200, "attempt 2\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retries(self, policy: impl Into<Option<Retry>>) -> Self {
        self.change(|defaults| {
            defaults.retries = defaults.bound(policy.into());
            Ok(())
        })
    }

    /// A header that is bound to the origin of its request: it does not follow a redirect to another one.
    ///
    /// `Authorization`, `Cookie`, `Proxy-Authorization`, `Referer` and the usual names of API keys, such as
    /// `X-API-Key`, never do. A redirect from `http` to `https` of the same host, both on their default ports,
    /// counts as the same origin.
    pub fn sensitive_header(self, name: impl AsRef<str>) -> Self {
        self.change(|defaults| {
            defaults.policy.sensitive = defaults.policy.sensitive.with(name.as_ref())?;
            Ok(())
        })
    }

    /// The most bytes that a body may have, as sent and decoded; a larger one is an error of
    /// [`Kind::BodyTooLarge`](crate::Kind::BodyTooLarge). Default: no bound, but a body of more than 16 MiB may
    /// not expand to more than 1000 times what was sent.
    ///
    /// A response that announces more is refused with its head. Otherwise reading stops where the body passes the
    /// bound. The bodies of redirects count, each by itself.
    pub fn max_body(self, bytes: u64) -> Self {
        self.change(|defaults| {
            defaults.guard = Guard::limited(bytes);
            Ok(())
        })
    }

    /// A header field for every request that does not have one of that name. Replaces a default:
    /// `Accept: */*`, `Accept-Encoding: gzip, deflate, br, zstd`, `User-Agent: httparallel/VERSION`.
    ///
    /// Such fields go to every origin the client is used with; on a redirect to another one, those that are
    /// [sensitive](Self::sensitive_header) stay behind. For credentials, use [`bearer_auth`](Self::bearer_auth) or
    /// [`basic_auth`](Self::basic_auth).
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
        self.change(|defaults| {
            defaults.headers.remove(name.as_ref());
            append(&mut defaults.headers, name.as_ref(), value.as_ref())
        })
    }

    /// Header fields as [`header`](Self::header) takes them: pairs, or a reference to an `http::HeaderMap`.
    /// Several of one name in here are all sent.
    pub fn headers<N: AsRef<str>, V: AsRef<[u8]>>(self, fields: impl IntoIterator<Item = (N, V)>) -> Self {
        self.change(|defaults| {
            let mut added = Headers::new();
            let mut fields = fields.into_iter();
            fields.try_for_each(|(name, value)| append(&mut added, name.as_ref(), value.as_ref()))?;
            for field in &added {
                defaults.headers.remove(&field.name);
            }
            for field in added {
                defaults.headers.append(field.name, field.value);
            }
            Ok(())
        })
    }

    /// Pairs that the query of every URL begins with, encoded as forms do it.
    pub fn query<N: AsRef<str>, V: AsRef<str>>(self, pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        self.change(|defaults| {
            for (name, value) in pairs {
                query::append(&mut defaults.query, name.as_ref(), value.as_ref());
            }
            Ok(())
        })
    }

    /// Whether certificates are not verified at all, in place of [`verify`](Self::verify): anyone on the way can
    /// read and change everything. Default: they are verified.
    pub fn danger_accept_invalid_certs(self, accept: bool) -> Self {
        self.verify(if accept { Verify::DangerousNone } else { Verify::Platform })
    }

    /// The `User-Agent` of all requests. Default: `httparallel/VERSION`.
    pub fn user_agent(self, value: impl AsRef<[u8]>) -> Self {
        self.header("User-Agent", value)
    }

    /// What the relative URLs of requests are put below: with `https://a/v1`, both `/x` and `x` mean
    /// `https://a/v1/x`.
    pub fn base_url(self, url: impl IntoUrl) -> Self {
        self.change(|defaults| {
            let url = url.into_url()?;
            check_url(&url)?;
            defaults.base_url = Some(url);
            Ok(())
        })
    }

    /// What answers all requests in place of the network, for tests: nothing is resolved, connected or sent.
    ///
    /// ```
    /// use httparallel::blocking::Client;
    /// use httparallel::{MockTransport, Reply};
    ///
    /// fn user_name(client: &Client, id: u32) -> httparallel::Result<String> {
    ///     let response = client.get(format!("https://api.example.com/users/{id}")).send()?;
    ///     Ok(response.text().into_owned())
    /// }
    ///
    /// let api = MockTransport::new(|request| {
    ///     assert_eq!(request.url.path(), "/users/7");
    ///     Ok(Reply::new(200).text("Ada"))
    /// });
    /// let client = Client::builder().transport(api).build()?;
    /// assert_eq!(user_name(&client, 7)?, "Ada");
    /// # Ok::<(), httparallel::Error>(())
    /// ```
    pub fn transport(self, mock: MockTransport) -> Self {
        self.configure(|config| config.mock = Some(mock))
    }

    pub(super) fn setup(self) -> Result<Arc<Setup>> {
        Ok(Setup::new(self.config, self.trust_env, self.proxies, self.defaults?))
    }

    fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    pub(super) fn change(mut self, change: impl FnOnce(&mut Defaults) -> Result<()>) -> Self {
        self.defaults = self.defaults.and_then(|mut defaults| change(&mut defaults).map(|()| defaults));
        self
    }
}

/// Without what may be secret: headers, credentials, private key.
impl<C> fmt::Debug for ClientBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("limits", &self.config.limits)
            .field("protocols", &self.config.protocols)
            .field("error", &self.defaults.as_ref().err())
            .finish_non_exhaustive()
    }
}
