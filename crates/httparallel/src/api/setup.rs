//! What a client brings to each of its requests: its engine, defaults, base URL and credentials.

use std::sync::Arc;
use std::time::Instant;

use httparallel_proto::decode::{ACCEPT_ENCODING, Guard};
use httparallel_proto::fetch::{Content, Method, Policy, Request, Retries, Retry, RetryBudget};
use httparallel_proto::{Error, Headers, Kind, Phase, Result, Timeouts, Url};

use super::auth::{self, Credentials};
use super::in_flight::InFlight;
use crate::{Config, Engine, Mode, Proxies, Settings};

/// The `User-Agent` of a client that sets none.
const USER_AGENT: &str = concat!("httparallel/", env!("CARGO_PKG_VERSION"));

/// A client: its connections, and what its requests start from.
pub(crate) struct Setup {
    pub(super) engine: Engine,
    pub(super) defaults: Defaults,
}

/// What requests start from.
pub(super) struct Defaults {
    pub(super) timeouts: Timeouts,
    pub(super) policy: Policy,
    pub(super) retries: Option<Arc<Retries>>,
    /// What all retries of the client come out of.
    pub(super) budget: Arc<RetryBudget>,
    pub(super) guard: Guard,
    pub(super) headers: Headers,
    pub(super) base_url: Option<Url>,
    pub(super) credentials: Credentials,
}

impl Default for Defaults {
    fn default() -> Self {
        let headers = [("Accept", "*/*"), ("Accept-Encoding", ACCEPT_ENCODING), ("User-Agent", USER_AGENT)];
        Self {
            timeouts: Timeouts::default(),
            policy: Policy::default(),
            retries: None,
            budget: Arc::new(RetryBudget::new(Instant::now())),
            guard: Guard::default(),
            headers: headers.into_iter().collect(),
            base_url: None,
            credentials: Credentials::default(),
        }
    }
}

impl Defaults {
    /// A policy with the client's budget.
    pub(super) fn bound(&self, policy: Option<Retry>) -> Option<Arc<Retries>> {
        policy.map(|policy| Arc::new(Retries { policy, budget: self.budget.clone() }))
    }
}

/// A request in the making: what its caller said, without the client's defaults.
pub(super) struct Draft {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: Headers,
    pub(super) content: Content,
    pub(super) timeouts: Timeouts,
    pub(super) policy: Policy,
    pub(super) retries: Option<Arc<Retries>>,
}

impl Setup {
    /// A client with these proxies; `None` for those that the environment names.
    pub(super) fn new(mut config: Config, proxies: Option<Proxies>, defaults: Defaults) -> Arc<Self> {
        config.proxies = match proxies {
            Some(proxies) => proxies,
            // The environment speaks of hosts, and a Unix socket is none.
            None if config.uds.is_some() => Proxies::default(),
            None => Proxies::from_environment(variable),
        };
        Arc::new(Self { engine: Engine::new(config), defaults })
    }

    /// Starts a request with the client's defaults.
    pub(super) fn draft(&self, method: &str, url: Url) -> Result<Draft> {
        Ok(Draft {
            method: Method::new(method)?,
            url: self.absolute(url)?,
            headers: Headers::new(),
            content: Content::Empty,
            timeouts: self.defaults.timeouts,
            policy: self.defaults.policy,
            retries: self.defaults.retries.clone(),
        })
    }

    /// Starts the request on a connection of its own choice.
    pub(super) fn start(self: &Arc<Self>, draft: Draft, mode: Mode, blocking: bool) -> Result<InFlight> {
        let (request, settings) = self.finish(draft)?;
        let operation = self.engine.start(request, Settings { mode, blocking, ..settings }, None)?;
        Ok(InFlight::new(operation, self.clone()))
    }

    /// The request as it will be sent. Fails on what would be refused before anything is sent.
    pub(super) fn finish(&self, draft: Draft) -> Result<(Request, Settings)> {
        let Draft { method, url, headers: own, content, timeouts, policy, retries } = draft;
        let defaults = &self.defaults;
        let mut headers = Headers::with_capacity(own.len() + defaults.headers.len() + 2);
        let credentials = if own.contains(auth::HEADER) { None } else { defaults.credentials.of(&url) };
        for header in &defaults.headers {
            let replaced = own.contains(&header.name)
                || (credentials.is_some() && header.name.eq_ignore_ascii_case(auth::HEADER.as_bytes()));
            if !replaced {
                headers.append(header.name.clone(), header.value.clone());
            }
        }
        if let Some(credentials) = credentials {
            headers.append(auth::HEADER, credentials);
        }
        for header in own {
            headers.append(header.name, header.value);
        }
        let is_absent = content == Content::Empty && method.anticipates_content();
        if is_absent && !headers.contains("content-length") {
            headers.append("Content-Length", "0");
        }
        let request = Request::new(method, url, &headers, content)?;
        Ok((request, Settings { timeouts, policy, retries, ..Settings::default() }))
    }

    /// A relative reference is put below the base URL, as httpx does it: `/x` after `https://a/v1` is
    /// `https://a/v1/x`.
    fn absolute(&self, url: Url) -> Result<Url> {
        let Some(base) = &self.defaults.base_url else { return Ok(url) };
        if url.is_absolute() || !url.scheme().is_empty() {
            return Ok(url);
        }
        if !url.raw_host().is_empty() {
            let message = "A reference that names a host needs a scheme to be requested";
            return Err(Error::new(Kind::UnsupportedScheme, Phase::Build, message));
        }
        let path = format!("{}/{}", base.path().trim_end_matches('/'), url.path().trim_start_matches('/'));
        base.with().path(&path).query(url.query().or(base.query())).fragment(url.fragment()).build()
    }
}

fn variable(name: &str) -> Option<String> {
    // What is not text names no proxy, and is refused as such.
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}
