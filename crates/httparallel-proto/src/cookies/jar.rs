//! The cookies of a client.

use std::collections::HashMap;

use super::parse::{SetCookie, parse};
use super::{Cookie, Offer, rules};
use crate::{Headers, Url};

/// How many cookies are kept in all. RFC 6265bis section 6.1 asks for 3000 at least.
const MAX_IN_ALL: usize = 3000;

/// Cookies by domain, each list in the order in which they were first set.
///
/// ```
/// use httparallel_proto::cookies::Jar;
/// use httparallel_proto::Url;
///
/// let mut jar = Jar::default();
/// let url = Url::parse("https://www.example.com/shop/cart")?;
/// assert!(jar.set(&url, b"id=7; Domain=example.com; Path=/; Secure; Max-Age=60", 1000));
/// assert!(!jar.set(&url, b"id=8; Domain=com", 1000));
/// let elsewhere = Url::parse("https://api.example.com/")?;
/// assert_eq!(jar.cookie(&elsewhere, 1030).as_deref(), Some(&b"id=7"[..]));
/// assert_eq!(jar.cookie(&elsewhere, 1060), None);
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Jar {
    domains: HashMap<String, Vec<Kept>>,
    /// How many there are in all lists.
    total: usize,
    /// Numbers the cookies in the order in which they came.
    count: u64,
}

#[derive(Clone, Debug)]
struct Kept {
    cookie: Cookie,
    /// When it was first set: "the earlier creation-time" comes first.
    created: u64,
    /// When it was last set.
    updated: u64,
}

impl Jar {
    /// Keeps the cookies that a response sets and may set.
    pub fn store(&mut self, url: &Url, headers: &Headers, now: u64) {
        for field in headers.get_all("set-cookie") {
            self.set(url, field, now);
        }
    }

    /// Keeps the cookie of a `Set-Cookie` field; says whether it may be set from this URL. One that is over
    /// already takes away the one it replaces.
    pub fn set(&mut self, url: &Url, field: &[u8], now: u64) -> bool {
        let Some(cookie) = parse(field, now).and_then(|set| accepted(url, set)) else { return false };
        if !cookie.secure && !url.origin().is_secure() && self.has_secure(&cookie) {
            return false;
        }
        self.keep(cookie, now);
        true
    }

    /// The value of `Cookie` for a request: longer paths first, and then in the order in which they were set.
    /// `None` if there is none.
    pub fn cookie(&self, url: &Url, now: u64) -> Option<Vec<u8>> {
        let mut found: Vec<_> = self.matching(url, now).collect();
        if found.is_empty() {
            return None;
        }
        found.sort_by_key(|kept| (std::cmp::Reverse(kept.cookie.path.len()), kept.created));
        let pair = |kept: &&Kept| match &*kept.cookie.name {
            [] => kept.cookie.value.clone(),
            name => [name, b"=", &kept.cookie.value].concat(),
        };
        Some(found.iter().map(pair).collect::<Vec<_>>().join(&b"; "[..]))
    }

    /// All cookies, in no order; those that are over may be among them.
    pub fn iter(&self) -> impl Iterator<Item = &Cookie> {
        self.domains.values().flatten().map(|kept| &kept.cookie)
    }

    /// Forgets all cookies.
    pub fn clear(&mut self) {
        self.domains.clear();
        self.total = 0;
    }

    fn matching(&self, url: &Url, now: u64) -> impl Iterator<Item = &Kept> {
        let (host, is_secure) = (url.raw_host().to_ascii_lowercase(), url.origin().is_secure());
        let lists: Vec<_> = domains_of(&host).filter_map(|domain| self.domains.get(domain)).collect();
        lists.into_iter().flatten().filter(move |kept| {
            let cookie = &kept.cookie;
            !cookie.is_expired(now)
                && (is_secure || !cookie.secure)
                && rules::is_for_host(cookie, &host)
                && rules::is_for_path(&cookie.path, rules::path_of(url))
        })
    }

    /// Whether a secure cookie keeps out a new one that came in the open.
    fn has_secure(&self, new: &Cookie) -> bool {
        self.iter().any(|known| known.secure && rules::is_guarded(known.place(), new.place()))
    }

    fn keep(&mut self, cookie: Cookie, now: u64) {
        self.count += 1;
        let count = self.count;
        let domain = cookie.domain.clone();
        let list = self.domains.entry(domain.clone()).or_default();
        let before = list.len();
        list.retain(|kept| !kept.cookie.is_expired(now));
        let same = |kept: &Kept| {
            let known = &kept.cookie;
            known.name == cookie.name && known.path == cookie.path && known.host_only == cookie.host_only
        };
        let place = list.iter().position(same);
        match place {
            Some(place) if cookie.is_expired(now) => drop(list.remove(place)),
            Some(place) => {
                let created = list[place].created;
                list[place] = Kept { cookie, created, updated: count };
            }
            None if cookie.is_expired(now) => {}
            None => list.push(Kept { cookie, created: count, updated: count }),
        }
        drop_surplus(list);
        self.total = self.total + list.len() - before;
        if list.is_empty() {
            self.domains.remove(&domain);
        }
        if self.total > MAX_IN_ALL {
            self.make_room(now);
        }
    }

    fn make_room(&mut self, now: u64) {
        for list in self.domains.values_mut() {
            list.retain(|kept| !kept.cookie.is_expired(now));
        }
        let all = |domains: &HashMap<String, Vec<Kept>>| domains.values().map(Vec::len).sum::<usize>();
        if all(&self.domains) > MAX_IN_ALL {
            let oldest = |list: &&mut Vec<Kept>| list.iter().map(age).min();
            self.domains.values_mut().filter(|list| !list.is_empty()).min_by_key(oldest).map(drop_oldest);
        }
        self.domains.retain(|_, list| !list.is_empty());
        self.total = all(&self.domains);
    }
}

/// Takes away what is more than a domain may have.
fn drop_surplus(list: &mut Vec<Kept>) {
    // From the end, so that the others stay where they are.
    for place in rules::surplus(list.iter().map(age)).into_iter().rev() {
        list.remove(place);
    }
}

/// Takes away the cookie that was set the longest time ago, one that is not secure first.
fn drop_oldest(list: &mut Vec<Kept>) {
    if let Some((place, _)) = list.iter().enumerate().min_by_key(|(_, kept)| age(kept)) {
        list.remove(place);
    }
}

fn age(kept: &Kept) -> (bool, u64) {
    (kept.cookie.secure, kept.updated)
}

/// A host, and the domains above it.
fn domains_of(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |domain| domain.split_once('.').map(|(_, above)| above))
}

/// The cookie as it is kept, unless this URL may not set it.
fn accepted(url: &Url, set: SetCookie<'_>) -> Option<Cookie> {
    let offer = Offer {
        host: url.raw_host(),
        is_secure: url.origin().is_secure(),
        name: set.name,
        value: set.value,
        domain: set.domain.as_deref(),
        path: set.path.as_deref(),
        secure: set.secure,
    };
    let (domain, host_only) = offer.scope()?;
    Some(Cookie {
        name: set.name.to_vec(),
        value: set.value.to_vec(),
        domain,
        host_only,
        path: set.path.unwrap_or_else(|| rules::default_path(url).to_owned()),
        secure: set.secure,
        expires: set.expires,
    })
}
