//! Credentials of clients and requests, and which origin they are for.

use std::sync::Arc;

use bytes::Bytes;
use httparallel_proto::auth::digest::Session;
use httparallel_proto::auth::{HEADER, Netrc, basic, bearer, check_username};
use httparallel_proto::fetch::check_url;
use httparallel_proto::headers::check_value;
use httparallel_proto::url::Origin;
use httparallel_proto::{Result, Url};

use super::builder::ClientBuilder;
use super::into_url::IntoUrl;
use super::request::RequestBuilder;
use crate::random;

/// What is said to whom.
#[derive(Clone, Default)]
pub(super) struct Credentials {
    origins: Vec<(Origin, Credential)>,
    /// For the hosts of other origins.
    pub(super) netrc: Option<Arc<Netrc>>,
}

#[derive(Clone)]
enum Credential {
    /// The value of `Authorization`.
    Value(Bytes),
    /// Answers challenges.
    Session(Arc<Session>),
}

impl Credentials {
    /// Sets the credential for an origin.
    fn set(&mut self, origin: Origin, credential: Credential) {
        self.origins.retain(|(known, _)| *known != origin);
        self.origins.push((origin, credential));
    }

    /// The value for a URL: the URL's own user name and password, those set for its origin, or those of its host.
    pub(super) fn of(&self, url: &Url) -> Option<Bytes> {
        if !url.userinfo().is_empty() {
            return Some(basic(url.username().as_bytes(), url.password().as_bytes()).into());
        }
        match self.of_origin(url) {
            Some(Credential::Value(value)) => Some(value.clone()),
            Some(Credential::Session(_)) => None,
            None => self.netrc.as_ref()?.authorization(url).map(Bytes::from),
        }
    }

    fn of_origin(&self, url: &Url) -> Option<&Credential> {
        if self.origins.is_empty() {
            return None;
        }
        let origin = url.origin();
        self.origins.iter().find(|(known, _)| *known == origin).map(|(_, credential)| credential)
    }

    /// Who answers the challenges of which origin.
    pub(super) fn sessions(&self) -> Vec<(Origin, Arc<Session>)> {
        let session = |(origin, credential): &(Origin, Credential)| match credential {
            Credential::Session(session) => Some((origin.clone(), session.clone())),
            Credential::Value(_) => None,
        };
        self.origins.iter().filter_map(session).collect()
    }
}

impl<C> ClientBuilder<C> {
    /// Basic credentials for the requests to one origin: the scheme, host and port of `origin`.
    ///
    /// They are never sent anywhere else, and are not added to requests that follow a redirect.
    pub fn basic_auth(
        self,
        origin: impl IntoUrl,
        username: impl AsRef<str>,
        password: impl AsRef<str>,
    ) -> Self {
        self.credential(origin.into_url(), checked_basic(username, password).map(Credential::Value))
    }

    /// A bearer token for the requests to one origin, as with [`basic_auth`](Self::basic_auth).
    pub fn bearer_auth(self, origin: impl IntoUrl, token: impl AsRef<str>) -> Self {
        self.credential(origin.into_url(), bearer(token.as_ref()).map(Credential::Value))
    }

    /// User name and password for Digest authentication with one origin: they prove themselves without being
    /// sent.
    ///
    /// The first request is answered with a challenge and sent again, which its
    /// [history](crate::Response::history) shows; later ones carry an answer from the start. Content that is
    /// a stream cannot be sent again: such a request gets the 401. Challenges of other origins are not answered.
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let origin = server.http_url();
    /// use httparallel::blocking::Client;
    ///
    /// let client = Client::builder().base_url(&origin).digest_auth(&origin, "user", "secret").build()?;
    /// let response = client.get("/digest-auth/user/secret").send()?;
    /// assert_eq!((response.status().as_u16(), response.history().len()), (200, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn digest_auth(
        self,
        origin: impl IntoUrl,
        username: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        self.credential(origin.into_url(), session(username, password).map(Credential::Session))
    }

    fn credential(self, origin: Result<Url>, credential: Result<Credential>) -> Self {
        self.change(|defaults| {
            let origin = origin?;
            check_url(&origin)?;
            defaults.credentials.set(origin.origin(), credential?);
            Ok(())
        })
    }
}

impl<C> RequestBuilder<C> {
    /// Sets `Authorization` to Basic credentials, in place of the client's. They do not follow a redirect to
    /// another origin.
    pub fn basic_auth(self, username: impl AsRef<str>, password: impl AsRef<str>) -> Self {
        self.authorization(checked_basic(username, password))
    }

    /// Sets `Authorization` to a bearer token, in place of the client's. It does not follow a redirect to
    /// another origin.
    pub fn bearer_auth(self, token: impl AsRef<str>) -> Self {
        self.authorization(bearer(token.as_ref()))
    }

    /// Answers a Digest challenge to this request with these credentials, in place of the client's; see
    /// [`ClientBuilder::digest_auth`], which remembers the challenge for later requests. A challenge after a
    /// redirect to another origin is not answered.
    pub fn digest_auth(self, username: impl Into<String>, password: impl Into<String>) -> Self {
        self.change(|draft| {
            draft.session = Some(session(username, password)?);
            draft.headers.remove(HEADER);
            Ok(())
        })
    }

    fn authorization(self, value: Result<Bytes>) -> Self {
        self.change(|draft| {
            draft.headers.set(HEADER, value?);
            draft.session = None;
            Ok(())
        })
    }
}

fn checked_basic(username: impl AsRef<str>, password: impl AsRef<str>) -> Result<Bytes> {
    check_username(username.as_ref())?;
    Ok(basic(username.as_ref(), password.as_ref()).into())
}

fn session(username: impl Into<String>, password: impl Into<String>) -> Result<Arc<Session>> {
    let username = username.into();
    check_value(HEADER.as_bytes(), username.as_bytes())?;
    Ok(Arc::new(Session::new(username, password, random::bytes()?)))
}
