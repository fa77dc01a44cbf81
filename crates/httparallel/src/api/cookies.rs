//! Cookies of a client.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use httparallel_proto::cookies::{Cookie, Jar};
use httparallel_proto::fetch::CookieJar;
use httparallel_proto::{Headers, Result, Url};
use parking_lot::Mutex;

use super::builder::ClientBuilder;
use super::into_url::IntoUrl;

/// Cookies in memory, by the rules of RFC 6265bis: kept for the hosts and paths they are for, sent over `https`
/// only if they are `Secure`, and bounded in number and size.
///
/// There is no list of public suffixes: domains without a dot in them, and the usual two-part suffixes such as
/// `co.uk`, are refused. A jar with other rules implements [`CookieJar`].
///
/// ```
/// # let server = httparallel_testserver::TestServer::start(Default::default())?;
/// # let url = server.http_url();
/// use std::sync::Arc;
/// use httparallel::{Cookies, blocking::Client};
///
/// let cookies = Arc::new(Cookies::new());
/// cookies.set(&url, "theme=dark; Path=/")?;
/// let client = Client::builder().base_url(&url).cookies(cookies.clone()).build()?;
/// client.get("/cookies/set?session=7").send()?;
/// assert!(client.get("/cookies").send()?.text().contains("session"));
/// assert_eq!(cookies.header(&url)?.as_deref(), Some("theme=dark; session=7"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Cookies(Mutex<Jar>);

impl Cookies {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps a cookie as if a response from this URL had set it by `Set-Cookie`. Says whether the URL may set it.
    ///
    /// Fails if the URL is none.
    pub fn set(&self, url: impl IntoUrl, cookie: impl AsRef<[u8]>) -> Result<bool> {
        Ok(self.0.lock().set(&url.into_url()?, cookie.as_ref(), now()))
    }

    /// The value of `Cookie` for a request to this URL, `None` if there is none. What is not UTF-8 is replaced.
    ///
    /// Fails if the URL is none.
    pub fn header(&self, url: impl IntoUrl) -> Result<Option<String>> {
        let value = self.0.lock().cookie(&url.into_url()?, now());
        Ok(value.map(|value| String::from_utf8_lossy(&value).into_owned()))
    }

    /// All cookies, in no order.
    pub fn all(&self) -> Vec<Cookie> {
        self.0.lock().iter().cloned().collect()
    }

    /// Forgets all cookies.
    pub fn clear(&self) {
        self.0.lock().clear();
    }
}

impl CookieJar for Cookies {
    fn store(&self, url: &Url, headers: &Headers) {
        if headers.contains("set-cookie") {
            self.0.lock().store(url, headers, now());
        }
    }

    fn cookie(&self, url: &Url) -> Option<Bytes> {
        self.0.lock().cookie(url, now()).map(Bytes::from)
    }
}

/// Without the cookies: they are credentials.
impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookies").finish_non_exhaustive()
    }
}

impl<C> ClientBuilder<C> {
    /// Whether cookies are kept, and sent with later requests; those of redirects and challenges, too. Default:
    /// no.
    ///
    /// A `Cookie` header of a request's own is sent instead of them. Cookies are chosen when a request is built
    /// or follows another one: those of a parallel block see what had arrived when they were added.
    pub fn cookie_store(self, keep: bool) -> Self {
        self.change(|defaults| {
            defaults.cookies = keep.then(|| Arc::new(Cookies::new()) as Arc<dyn CookieJar>);
            Ok(())
        })
    }

    /// Where cookies are kept: [`Cookies`] that the program looks at or shares between clients, or a
    /// [`CookieJar`] of its own. As [`cookie_store`](Self::cookie_store) otherwise.
    pub fn cookies(self, jar: Arc<impl CookieJar + 'static>) -> Self {
        self.change(|defaults| {
            defaults.cookies = Some(jar);
            Ok(())
        })
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
