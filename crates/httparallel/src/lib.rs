//! An HTTP client that sends many requests at once, from blocking code or from any async executor.

#[cfg(not(unix))]
compile_error!("httparallel runs on Unix; Windows is not supported yet");

mod completion;
mod config;
mod engine;
mod h1;
mod h2;
mod net;
mod operation;
mod runtime;

pub use completion::{CompletionQueue, Listener, Notifier};
pub use config::{Config, Protocols, Verify};
pub use engine::{Block, ConnectionInfo, Engine, Outcome};
pub use httparallel_proto::fetch::{Content, Method, Policy, Request};
pub use httparallel_proto::pool::Limits;
pub use httparallel_proto::{Error, Headers, Kind, Phase, Result, Timeouts, Url};
pub use operation::{Head, Hop, Interrupted, Mode, Operation, Settings, Upload};
pub use runtime::shut_down;
