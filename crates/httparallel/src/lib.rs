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
//! Below them lie [`Engine`], [`Operation`] and [`Block`]: what bindings for other languages are made of.

#[cfg(not(unix))]
compile_error!("httparallel runs on Unix; Windows is not supported yet");

mod api;
mod completion;
mod config;
mod engine;
mod h1;
mod h2;
mod net;
mod operation;
mod panics;
pub mod pool;
pub mod pump;
mod runtime;
mod wakes;

pub use api::{
    Body, Client, ClientBuilder, IntoUrl, Parallel, Pending, RequestBuilder, Response, StatusError, blocking,
    parallel,
};
pub use completion::{CompletionQueue, Listener, Notifier};
pub use config::{Config, Protocols, SocketOption, Verify};
pub use engine::{Block, ConnectionInfo, Engine, Outcome};
pub use httparallel_proto::fetch::{
    Content, Method, Overrides, Policy, Request, Retries, Retry, RetryBudget,
};
pub use httparallel_proto::pool::Limits;
pub use httparallel_proto::proxy::{Proxies, Proxy, ProxyChoice};
pub use httparallel_proto::{Error, Headers, Kind, Phase, Result, Timeouts, Url};
pub use operation::{Head, Hop, Interrupted, Mode, Operation, Settings, Upload};
pub use runtime::{freeze, shut_down};
