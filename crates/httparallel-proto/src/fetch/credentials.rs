//! Which headers belong to an origin, and stay behind when a redirect leads to another one.

use std::sync::Arc;

use crate::headers::check_name;
use crate::{Headers, Result};

/// Headers that are bound to the origin they were meant for: what RFC 9110 calls credentials; where the user
/// comes from, which section 10.1.3 forbids to tell on the way from `https` to `http`; and names under which
/// widely used services take keys and tokens. Tokens against forged requests belong to the session of one origin
/// and are of no use to another.
const BOUND: [&str; 33] = [
    "authorization",
    "cookie",
    "referer",
    "api-key",
    "apikey",
    "x-api-key",
    "x-apikey",
    "x-api-token",
    "x-access-token",
    "x-auth-key",
    "x-auth-token",
    "x-session-token",
    "x-csrf-token",
    "x-csrftoken",
    "x-xsrf-token",
    "circle-token",
    "dd-api-key",
    "dd-application-key",
    "deploy-token",
    "job-token",
    "private-token",
    "ocp-apim-subscription-key",
    "x-amz-security-token",
    "x-consul-token",
    "x-figma-token",
    "x-functions-key",
    "x-goog-api-key",
    "x-nomad-token",
    "x-rapidapi-key",
    "x-shopify-access-token",
    "x-subscription-token",
    "x-vault-token",
    "xi-api-key",
];

/// Names of headers that are bound to the origin of their request, besides those that always are.
///
/// `Authorization`, `Cookie`, `Proxy-Authorization`, `Referer` and the usual names of API keys never follow a
/// redirect to another origin; these do not either.
///
/// ```
/// use httparallel_proto::fetch::SensitiveHeaders;
///
/// let own = SensitiveHeaders::new(["X-Tenant-Secret"])?;
/// assert!(own.contains(b"x-tenant-secret") && own.contains(b"X-API-Key"));
/// assert!(!own.contains(b"Accept"));
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SensitiveHeaders(Option<Arc<[Box<str>]>>);

impl SensitiveHeaders {
    /// No others.
    pub const NONE: Self = Self(None);

    /// These names, in any case. Fails on one that is no name of a header.
    pub fn new<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Result<Self> {
        let mut own = Vec::new();
        for name in names {
            check_name(name.as_ref().as_bytes())?;
            own.push(Box::from(name.as_ref()));
        }
        Ok(Self((!own.is_empty()).then(|| own.into())))
    }

    /// These names and one more. Fails if it is no name of a header.
    pub fn with(&self, name: &str) -> Result<Self> {
        Self::new(self.own().iter().map(AsRef::as_ref).chain([name]))
    }

    /// Whether a header of that name stays with its origin.
    pub fn contains(&self, name: &[u8]) -> bool {
        let same = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        same("proxy-authorization")
            || BOUND.into_iter().any(same)
            || self.own().iter().any(|known| same(known))
    }

    /// Takes out what does not go along to another origin.
    pub(super) fn strip(&self, headers: &mut Headers) {
        for name in BOUND {
            headers.remove(name);
        }
        for name in self.own() {
            headers.remove(name.as_bytes());
        }
    }

    fn own(&self) -> &[Box<str>] {
        self.0.as_deref().unwrap_or_default()
    }
}
