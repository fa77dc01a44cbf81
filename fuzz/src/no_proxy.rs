//! `NO_PROXY` and URL patterns: any text, any URL.

use httparallel_proto::Url;
use httparallel_proto::proxy::{Bypass, Environment, Pattern};

use crate::Input;

/// What an entry becomes is a pattern that is read again as itself; more entries never exempt fewer URLs; and what the
/// environment's routes say is what its rules do.
///
/// The first line is the value of `NO_PROXY`, the second one more entry, the rest a URL.
pub fn no_proxy(data: &[u8]) {
    let mut input = Input::new(data);
    let [list, entry, address] = [input.line(), input.line(), input.rest()].map(String::from_utf8_lossy);
    let bypass = Bypass::parse(&list);
    for pattern in bypass.patterns() {
        let again = Pattern::parse(pattern.as_str()).expect("a pattern is read again");
        assert_eq!((&again, again.priority()), (pattern, pattern.priority()));
    }
    let Ok(url) = Url::parse(&address) else { return };
    let longer = Bypass::parse(&format!("{list},{entry}"));
    assert!(longer.covers(&url) || !bypass.covers(&url), "{entry:?} takes {url:?} from {list:?}");

    let environment = Environment::read(|name| match name {
        "all_proxy" => Some("proxy.test".to_owned()),
        "no_proxy" => Some(list.clone().into_owned()),
        _ => None,
    });
    let is_exempt = environment.routes().iter().any(|(pattern, proxy)| {
        proxy.is_none() && Pattern::parse(pattern).is_ok_and(|pattern| pattern.matches(&url))
    });
    assert_eq!(bypass.covers(&url), is_exempt || !environment.names_a_proxy());
}
