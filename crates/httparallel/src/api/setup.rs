//! What a client brings to each of its requests: its engine, defaults, base URL and credentials.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use parking_lot::Mutex;

use httparallel_proto::auth::HEADER;
use httparallel_proto::auth::digest::Session;
use httparallel_proto::decode::{ACCEPT_ENCODING, Guard};
use httparallel_proto::fetch::{
    Completed, Content, CookieJar, Memory, Method, Overrides, Policy, Request, Retries, Retry, RetryBudget,
};
use httparallel_proto::url::Origin;
use httparallel_proto::{Error, Headers, Kind, Phase, Result, Timeouts, Url};

use super::auth::Credentials;
use super::hooks::Hooks;
use super::in_flight::InFlight;
use super::upload::{Payload, Source};
use crate::{Config, Engine, Mode, Pace, Proxies, Settings, Upload};

/// The `User-Agent` of a client that sets none.
const USER_AGENT: &str = concat!("httparallel/", env!("CARGO_PKG_VERSION"));

/// A client: its connections, and what its requests start from.
pub(crate) struct Setup {
    pub(super) engine: Engine,
    pub(super) defaults: Defaults,
    /// What plain requests make of the default headers.
    completed: Mutex<Completed>,
    /// Cookies, and who answers challenges; `None` if there is neither.
    memory: Option<Arc<Memory>>,
    /// The cookies alone, for requests with credentials of their own.
    cookies: Option<Arc<Memory>>,
}

/// What requests start from.
pub(super) struct Defaults {
    pub(super) timeouts: Timeouts,
    pub(super) policy: Policy,
    pub(super) retries: Option<Arc<Retries>>,
    /// What all retries of the client come out of.
    pub(super) budget: Arc<RetryBudget>,
    pub(super) guard: Guard,
    pub(super) pace: Option<Pace>,
    pub(super) headers: Headers,
    pub(super) base_url: Option<Url>,
    pub(super) credentials: Credentials,
    pub(super) cookies: Option<Arc<dyn CookieJar>>,
    /// What every URL's query begins with.
    pub(super) query: String,
    pub(super) hooks: Hooks,
    /// Of text whose headers name no charset; `None` for UTF-8.
    pub(super) charset: Option<Arc<str>>,
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
            pace: None,
            headers: headers.into_iter().collect(),
            base_url: None,
            credentials: Credentials::default(),
            cookies: None,
            query: String::new(),
            hooks: Hooks::default(),
            charset: None,
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
    pub(super) payload: Payload,
    pub(super) timeouts: Timeouts,
    pub(super) policy: Policy,
    pub(super) retries: Option<Arc<Retries>>,
    pub(super) guard: Guard,
    /// Who answers challenges, instead of the client's credentials.
    pub(super) session: Option<Arc<Session>>,
    /// What its connection is otherwise than the client says.
    pub(super) overrides: Option<Box<Overrides>>,
}

/// A request that can be started.
pub(super) struct Ready {
    pub(super) request: Request,
    pub(super) settings: Settings,
    /// Where its content comes from, if that is not at hand.
    pub(super) source: Option<Source>,
}

impl Setup {
    /// A client with these proxies; `None` for those that the environment names, if it is trusted.
    pub(super) fn new(
        mut config: Config,
        trust_env: bool,
        proxies: Option<Proxies>,
        defaults: Defaults,
    ) -> Arc<Self> {
        config.trust_env = trust_env;
        config.proxies = match proxies {
            Some(proxies) => proxies,
            // The environment speaks of hosts, and a Unix socket is none.
            None if config.uds.is_some() || !trust_env => Proxies::default(),
            None => Proxies::from_environment(variable),
        };
        let sessions = defaults.credentials.sessions();
        let memory = remembering(&defaults, sessions);
        let cookies = remembering(&defaults, Vec::new());
        let completed = Mutex::default();
        Arc::new(Self { engine: Engine::new(config), defaults, completed, memory, cookies })
    }

    /// Starts a request with the client's defaults.
    pub(super) fn draft(&self, method: &str, url: Url) -> Result<Draft> {
        Ok(Draft {
            method: Method::new(method)?,
            url: self.with_query(self.absolute(url)?)?,
            headers: Headers::new(),
            payload: Payload::Empty,
            timeouts: self.defaults.timeouts,
            policy: self.defaults.policy.clone(),
            session: None,
            overrides: None,
            retries: self.defaults.retries.clone(),
            guard: self.defaults.guard,
        })
    }

    /// Starts the request on a connection of its own choice. A blocking one has sent its content when this returns.
    pub(super) fn start(self: &Arc<Self>, draft: Draft, mode: Mode, blocking: bool) -> Result<InFlight> {
        let Ready { request, settings, source } = self.finish(draft)?;
        let settings = Settings { mode, blocking, ..settings };
        let Some(source) = source else {
            let operation = self.engine.start(request, settings, None)?;
            return Ok(InFlight::new(operation, self.clone()));
        };
        let upload = Arc::new(Upload::default());
        let operation = self.engine.start(request, settings, Some(upload.clone()))?;
        let mut in_flight = InFlight::new(operation, self.clone());
        in_flight.attend(source, upload, blocking);
        Ok(in_flight)
    }

    /// The request as it will be sent. Fails on what would be refused before anything is sent.
    pub(super) fn finish(&self, draft: Draft) -> Result<Ready> {
        let Draft {
            method,
            url,
            headers: own,
            payload,
            timeouts,
            policy,
            retries,
            guard,
            session,
            overrides,
        } = draft;
        let is_authorized = session.is_some() || own.contains(HEADER);
        let credentials = if is_authorized { None } else { self.defaults.credentials.of(&url) };
        let memory = match session {
            Some(session) => remembering(&self.defaults, vec![(url.origin(), session)]),
            None if is_authorized || credentials.is_some() => self.cookies.clone(),
            None => self.memory.clone(),
        };
        let is_authorized =
            is_authorized || memory.as_ref().is_some_and(|memory| memory.session(&url).is_some());
        let is_plain = own.is_empty() && credentials.is_none() && !is_authorized;
        let (mut request, source) = match payload {
            Payload::Empty if is_plain && !method.anticipates_content() => (self.plain(method, url)?, None),
            payload => described(method, url, self.headers(own, credentials, is_authorized), payload)?,
        };
        request.overrides = overrides;
        if let Some(memory) = memory {
            memory.prepare(&mut request);
            request.memory = Some(memory);
        }
        self.defaults.hooks.request(&mut request)?;
        let pace = self.defaults.pace.clone();
        let settings = Settings { timeouts, policy, retries, guard, pace, ..Settings::default() };
        Ok(Ready { request, settings, source })
    }

    /// A request with the client's headers and nothing else.
    fn plain(&self, method: Method, url: Url) -> Result<Request> {
        let headers = self.completed.lock().headers(&url, &self.defaults.headers)?;
        Request::prepared(method, url, headers, Content::Empty)
    }

    /// The client's headers that a request does not replace, and then its own.
    fn headers(&self, own: Headers, credentials: Option<Bytes>, is_authorized: bool) -> Headers {
        let defaults = &self.defaults.headers;
        let is_authorized = is_authorized || credentials.is_some();
        let mut headers = Headers::with_capacity(own.len() + defaults.len() + 2);
        for header in defaults {
            let is_replaced = own.contains(&header.name)
                || (is_authorized && header.name.eq_ignore_ascii_case(HEADER.as_bytes()));
            if !is_replaced {
                headers.append(header.name.clone(), header.value.clone());
            }
        }
        if let Some(credentials) = credentials {
            headers.append(HEADER, credentials);
        }
        for header in own {
            headers.append(header.name, header.value);
        }
        headers
    }

    /// The client's parameters come before the URL's own, as httpx has it.
    fn with_query(&self, url: Url) -> Result<Url> {
        let query = &self.defaults.query;
        if query.is_empty() {
            return Ok(url);
        }
        match url.query().filter(|own| !own.is_empty()) {
            None => url.with().query(Some(query)).build(),
            Some(own) => url.with().query(Some(&format!("{query}&{own}"))).build(),
        }
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

/// The client's cookies, and who answers challenges; `None` if there is neither.
/// A request with its content, and what describes that; and where the content comes from, if it is not at hand.
fn described(
    method: Method,
    url: Url,
    mut headers: Headers,
    payload: Payload,
) -> Result<(Request, Option<Source>)> {
    let (content, source) = match payload {
        Payload::Empty => (Content::Empty, None),
        Payload::Bytes(bytes) => (Content::Bytes(bytes), None),
        Payload::Source(source, length) => {
            // Without a length it goes in chunks.
            if let Some(length) = length.filter(|_| !headers.contains("content-length")) {
                headers.append("Content-Length", length.to_string());
            }
            (Content::Stream, Some(source))
        }
    };
    let is_absent = content == Content::Empty && method.anticipates_content();
    if is_absent && !headers.contains("content-length") {
        headers.append("Content-Length", "0");
    }
    Ok((Request::new(method, url, &headers, content)?, source))
}

fn remembering(defaults: &Defaults, sessions: Vec<(Origin, Arc<Session>)>) -> Option<Arc<Memory>> {
    let memory = Memory { cookies: defaults.cookies.clone(), sessions };
    (!memory.is_empty()).then(|| Arc::new(memory))
}

fn variable(name: &str) -> Option<String> {
    // What is not text names no proxy, and is refused as such.
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}
