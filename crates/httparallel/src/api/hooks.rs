//! What a program wants to see of all requests and responses of a client.

use std::sync::Arc;

use httparallel_proto::Result;
use httparallel_proto::fetch::check_url;

use super::builder::ClientBuilder;
use super::response::Response;
use crate::Request;

type OnRequest = Arc<dyn Fn(&mut Request) -> Result<()> + Send + Sync>;
type OnResponse = Arc<dyn Fn(&Response<()>) + Send + Sync>;

/// The functions to call, in the order in which they were added.
#[derive(Clone, Default)]
pub(super) struct Hooks {
    on_request: Vec<OnRequest>,
    on_response: Vec<OnResponse>,
}

impl Hooks {
    /// Shows a request that is about to be sent. Fails if a hook does, or if it has made the request illegal.
    pub(super) fn request(&self, request: &mut Request) -> Result<()> {
        if self.on_request.is_empty() {
            return Ok(());
        }
        self.on_request.iter().try_for_each(|hook| hook(request))?;
        check_url(&request.url)?;
        request.headers.check()
    }

    /// Shows a response: those that were redirected, and then itself.
    pub(super) fn response(&self, response: &Response<()>) {
        for hook in &self.on_response {
            response.history().iter().chain([response]).for_each(|response| hook(response));
        }
    }
}

impl<C> ClientBuilder<C> {
    /// A function that is shown each request before it is sent, complete but for what connections add, and may
    /// change it or refuse it. It is called by the thread or task that sends the request, or adds it to a
    /// parallel block; not again for what follows a redirect or is sent once more.
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let url = server.http_url() + "/echo";
    /// use httparallel::blocking::Client;
    ///
    /// let client = Client::builder()
    ///     .on_request(|request| {
    ///         println!("> {} {}", request.method.as_str(), request.url.redacted());
    ///         request.headers.set("X-Request-Id", "7");
    ///         Ok(())
    ///     })
    ///     .on_response(|response| println!("< {} {}", response.status(), response.url().redacted()))
    ///     .build()?;
    /// assert!(client.get(url).send()?.text().contains("X-Request-Id"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_request(self, hook: impl Fn(&mut Request) -> Result<()> + Send + Sync + 'static) -> Self {
        self.change(|defaults| {
            defaults.hooks.on_request.push(Arc::new(hook));
            Ok(())
        })
    }

    /// A function that is shown the head of each response, redirects included, before its body is read by the
    /// caller. It is called by the thread or task that takes the response.
    pub fn on_response(self, hook: impl Fn(&Response<()>) + Send + Sync + 'static) -> Self {
        self.change(|defaults| {
            defaults.hooks.on_response.push(Arc::new(hook));
            Ok(())
        })
    }
}
