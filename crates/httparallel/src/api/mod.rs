//! The public API: clients, requests, responses and parallel blocks, for async and blocking code.
//!
//! Two faces, [`Client`] and [`blocking::Client`], share everything but the waiting:
//!
//! ```text
//!   Client ─────────┐                                      ┌─ .await          listens with a Waker
//!                   ├─ RequestBuilder ─ Setup ─ InFlight ──┤
//!   blocking::Client┘                                      └─ blocks          drives the connection itself
//! ```
//!
//! A type parameter (`C`, by default [`Client`]) remembers which face a builder, body or parallel block came
//! from, and with it whether its methods wait by `.await` or by blocking. Everything stands on
//! [`Engine`](crate::Engine), [`Operation`](crate::Operation) and [`Block`](crate::Block), which need no
//! async runtime: the futures work on any executor.

mod auth;
pub mod blocking;
mod body;
mod builder;
mod charset;
mod client;
mod content;
mod cookies;
mod events;
mod hooks;
mod http_types;
mod in_flight;
mod into_url;
pub mod multipart;
mod netrc;
pub mod parallel;
mod request;
mod response;
mod setup;
mod status_error;
mod upload;
mod wait;

pub use body::Body;
pub use builder::ClientBuilder;
pub use client::Client;
pub use cookies::Cookies;
pub use events::Events;
pub use into_url::IntoUrl;
pub use parallel::{Parallel, Pending};
pub use request::RequestBuilder;
pub use response::Response;
pub use status_error::StatusError;
