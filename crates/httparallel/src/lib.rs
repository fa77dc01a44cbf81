//! An HTTP client that sends many requests at once, from blocking code or from any async executor.
//!
//! [`Client`] is for async code, [`blocking::Client`] for all other; both have
//! [parallel blocks](parallel):
//!
//! ```
//! # let server = httparallel_testserver::TestServer::start(Default::default())?;
//! # let url = server.http_url();
//! use httparallel::blocking::Client;
//!
//! let client = Client::new();
//! let mut parallel = client.parallel();
//! for size in 1..10 {
//!     parallel.get(format!("{url}/bytes/{size}"))?;
//! }
//! for outcome in &mut parallel {
//!     println!("{} {}", outcome.url.as_str(), outcome.response?.status());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From httpx to Rust
//!
//! | argument of httpx's `Client` | here |
//! |---|---|
//! | `auth=("user", "pass")` | [`basic_auth`](ClientBuilder::basic_auth), [`bearer_auth`](ClientBuilder::bearer_auth), for one origin |
//! | `auth=DigestAuth(…)` | [`digest_auth`](ClientBuilder::digest_auth), for one origin |
//! | `auth=NetRCAuth(…)` | [`netrc`](ClientBuilder::netrc), [`netrc_file`](ClientBuilder::netrc_file) |
//! | `params` | [`query`](ClientBuilder::query) |
//! | `headers` | [`header`](ClientBuilder::header), [`headers`](ClientBuilder::headers), [`user_agent`](ClientBuilder::user_agent) |
//! | `cookies` | [`cookie_store`](ClientBuilder::cookie_store), [`cookies`](ClientBuilder::cookies) |
//! | `verify` | [`verify`](ClientBuilder::verify): [`Verify::Platform`], [`Verify::Roots`]; [`danger_accept_invalid_certs`](ClientBuilder::danger_accept_invalid_certs) |
//! | `cert` | [`client_cert`](ClientBuilder::client_cert) |
//! | `http1`, `http2` | [`protocols`](ClientBuilder::protocols) |
//! | `proxy`, `mounts` | [`proxy`](ClientBuilder::proxy), [`proxies`](ClientBuilder::proxies), [`proxy_verify`](ClientBuilder::proxy_verify) |
//! | `trust_env=False` | [`trust_env`](ClientBuilder::trust_env), [`no_proxy`](ClientBuilder::no_proxy) |
//! | `timeout` | [`timeout`](ClientBuilder::timeout), [`timeouts`](ClientBuilder::timeouts), [`total_timeout`](ClientBuilder::total_timeout) |
//! | `follow_redirects`, `max_redirects` | [`follow_redirects`](ClientBuilder::follow_redirects), [`max_redirects`](ClientBuilder::max_redirects) |
//! | `limits` | [`limits`](ClientBuilder::limits) |
//! | `event_hooks` | [`on_request`](ClientBuilder::on_request), [`on_response`](ClientBuilder::on_response) |
//! | `base_url` | [`base_url`](ClientBuilder::base_url) |
//! | `default_encoding` | [`default_encoding`](ClientBuilder::default_encoding), [`Response::text_with_charset`] |
//! | `HTTPTransport(uds, local_address, retries, socket_options)` | [`uds`](ClientBuilder::uds), [`local_address`](ClientBuilder::local_address), [`connect_retries`](ClientBuilder::connect_retries), [`socket_option`](ClientBuilder::socket_option) |
//! | `transport=MockTransport(…)` | [`transport`](ClientBuilder::transport), [`MockTransport`] |
//! | `transport` | of other kinds none: HTTP over other bytes is in [`pump`] |
//!
//! | of a request or response in httpx | here |
//! |---|---|
//! | `content`, a file, an iterator | [`body`](RequestBuilder::body), [`body_reader`](RequestBuilder::body_reader), [`body_stream`](RequestBuilder::body_stream) |
//! | `data`, `files` | [`form`](RequestBuilder::form), [`multipart`](RequestBuilder::multipart) |
//! | `json` | `RequestBuilder::json`, `Response::json` (feature `json`), [`json_text`](RequestBuilder::json_text) |
//! | `params` | [`query`](RequestBuilder::query) |
//! | `timeout`, `follow_redirects` | [`timeout`](RequestBuilder::timeout), [`follow_redirects`](RequestBuilder::follow_redirects) |
//! | `proxy`, `verify` (not in httpx) | [`proxy`](RequestBuilder::proxy), [`verify`](RequestBuilder::verify) |
//! | `client.stream(…)`, `iter_bytes()` | [`stream`](RequestBuilder::stream), [`Body`] |
//! | `client.sse(…)` | [`events`](RequestBuilder::events) |
//! | `raise_for_status()` | [`error_for_status`](Response::error_for_status) |
//! | `next_request`, `history`, `links`, `elapsed` | [`history`](Response::history), [`links`](Response::links), [`link`](Response::link), [`elapsed`](Response::elapsed) |
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | adds |
//! |---|---|
//! | `json` | values as JSON, by `serde` |
//! | `form` | values as queries and forms, by `serde`: `query_from`, `form_from` |
//! | `charset` | text in all charsets of the web, not only UTF-8 and latin-1 |
//! | `http-body` | [`Body`] is an `http_body::Body` |
//!
//! # Below
//!
//! Below the clients lie [`Engine`], [`Operation`] and [`Block`]: what bindings for other languages are made of.

#[cfg(not(unix))]
compile_error!("httparallel runs on Unix; Windows is not supported yet");

mod api;
mod completion;
mod config;
mod engine;
mod h1;
mod h2;
mod inbox;
mod mock;
mod net;
mod operation;
mod pace;
mod panics;
pub mod pool;
pub mod pump;
mod random;
mod runtime;
mod sleepers;
mod wakes;

pub use api::{
    Body, Client, ClientBuilder, Cookies, Events, IntoUrl, Parallel, Pending, RequestBuilder, Response,
    StatusError, blocking, multipart, parallel,
};
pub use completion::{CompletionQueue, Listener, Notifier};
pub use config::{Config, Protocols, SocketOption, Verify};
pub use engine::{Block, ConnectionInfo, Engine, Outcome};
pub use httparallel_proto::admission::RateLimit;
pub use httparallel_proto::cookies::Cookie;
pub use httparallel_proto::decode::Guard;
pub use httparallel_proto::fetch::{
    Content, CookieJar, Memory, Method, Overrides, Policy, Request, Retries, Retry, RetryBudget,
    SensitiveHeaders,
};
pub use httparallel_proto::links::Link;
pub use httparallel_proto::pool::Limits;
pub use httparallel_proto::proxy::{Proxies, Proxy, ProxyChoice};
pub use httparallel_proto::sse::Event;
pub use httparallel_proto::{Error, Headers, Kind, Phase, Result, Timeouts, Url};
pub use mock::{MockTransport, Reply};
pub use net::{ConnectionFacts, TlsFacts, prefer_large_pages, recycle};
pub use operation::{
    Course, Exchange, Head, Hop, Interrupted, Mode, Operation, Room, Settings, Timings, Upload,
};
pub use pace::{Pace, Turn};
pub use runtime::{freeze, shut_down};
