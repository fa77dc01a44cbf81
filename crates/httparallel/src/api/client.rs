//! The async client, and what both clients have in common.

use std::sync::Arc;

use super::setup::Setup;

/// An HTTP client: settings, and the pool of connections made with them. For async code, on any executor.
///
/// A clone is cheap and shares the pool; one client serves all threads and tasks. The connections are closed
/// when the last clone is gone, and the last request made with it.
///
/// ```
/// # let server = httparallel_testserver::TestServer::start(Default::default())?;
/// # let url = server.http_url();
/// # futures_lite::future::block_on(async {
/// let client = httparallel::Client::new();
/// let response = client.get(url).send().await?;
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.text(), "Hello, world!");
/// # Ok::<(), httparallel::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Client(Arc<Setup>);

/// The methods of a client. Both faces have the same words.
macro_rules! client {
    ($client:ident) => {
        impl $client {
            /// A client with the default settings. Opens nothing yet.
            pub fn new() -> Self {
                Self::default()
            }

            /// Settings for a client.
            pub fn builder() -> $crate::ClientBuilder<Self> {
                $crate::ClientBuilder::new()
            }

            /// Begins a GET request.
            pub fn get(&self, url: impl $crate::IntoUrl) -> $crate::RequestBuilder<Self> {
                self.request("GET", url)
            }

            /// Begins a HEAD request.
            pub fn head(&self, url: impl $crate::IntoUrl) -> $crate::RequestBuilder<Self> {
                self.request("HEAD", url)
            }

            /// Begins an OPTIONS request.
            pub fn options(&self, url: impl $crate::IntoUrl) -> $crate::RequestBuilder<Self> {
                self.request("OPTIONS", url)
            }

            /// Begins a POST request.
            pub fn post(&self, url: impl $crate::IntoUrl) -> $crate::RequestBuilder<Self> {
                self.request("POST", url)
            }

            /// Begins a PUT request.
            pub fn put(&self, url: impl $crate::IntoUrl) -> $crate::RequestBuilder<Self> {
                self.request("PUT", url)
            }

            /// Begins a PATCH request.
            pub fn patch(&self, url: impl $crate::IntoUrl) -> $crate::RequestBuilder<Self> {
                self.request("PATCH", url)
            }

            /// Begins a DELETE request.
            pub fn delete(&self, url: impl $crate::IntoUrl) -> $crate::RequestBuilder<Self> {
                self.request("DELETE", url)
            }

            /// Begins a request with any method: text, or an `http::Method`.
            pub fn request(
                &self,
                method: impl AsRef<str>,
                url: impl $crate::IntoUrl,
            ) -> $crate::RequestBuilder<Self> {
                $crate::RequestBuilder::new(&self.0, method.as_ref(), url.into_url())
            }

            /// Begins a parallel block: requests that run side by side, at most as many at a time as the
            /// client may have connections ([`Limits::max_connections`](crate::Limits::max_connections)).
            pub fn parallel(&self) -> $crate::Parallel<Self> {
                $crate::Parallel::new(&self.0, self.0.engine.config().limits.max_connections)
            }

            /// Begins a parallel block with at most `max_concurrency` requests at a time (at least one).
            ///
            /// Requests that wait for their turn use up no time limit but the total one.
            pub fn parallel_limited(&self, max_concurrency: usize) -> $crate::Parallel<Self> {
                $crate::Parallel::new(&self.0, Some(max_concurrency))
            }

            /// The connections at the moment.
            pub fn connections(&self) -> Vec<$crate::ConnectionInfo> {
                self.0.engine.connections()
            }

            /// How many connections were closed so far, by reason, in no order.
            pub fn closings(&self) -> Vec<($crate::pool::Closed, u64)> {
                self.0.engine.closings()
            }

            /// Closes all connections of this client and its clones. Requests on their way fail with
            /// [`Kind::Closed`](crate::Kind::Closed), and so do later ones.
            pub fn close(&self) {
                self.0.engine.close();
            }
        }

        impl Default for $client {
            fn default() -> Self {
                let (config, defaults) = ($crate::Config::default(), $crate::api::setup::Defaults::default());
                Self(Setup::new(config, true, None, defaults))
            }
        }

        impl $crate::ClientBuilder<$client> {
            /// The client. Opens nothing yet.
            ///
            /// Fails with the first setting that is not allowed: a header that HTTP forbids, a URL that is
            /// none.
            pub fn build(self) -> $crate::Result<$client> {
                self.setup().map($client)
            }
        }

        impl std::fmt::Debug for $client {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let connections = self.connections().len();
                f.debug_struct(stringify!($client)).field("connections", &connections).finish_non_exhaustive()
            }
        }
    };
}

pub(super) use client;

client!(Client);
