//! Seven sites for the demo, with the pace of real ones; the crate's documentation has their table.

use std::time::Duration;

use crate::json;
use crate::reply::Reply;

const SITES: [(&str, u64, &str); 7] = [
    ("webcode.me", 310, "My html page"),
    ("httpbin.org", 860, ""),
    ("google.com", 90, "Search"),
    ("stackoverflow.com", 360, "Questions and answers for programmers"),
    ("github.com", 340, "Where software is built"),
    ("clojure.org", 420, "A dynamic, functional language"),
    ("fsharp.org", 450, "Succinct, robust and performant"),
];

/// `/site/NAME` and anything below it.
pub(super) fn site(rest: &str) -> Option<Reply> {
    let (name, page) = rest.split_once('/').unwrap_or((rest, ""));
    let (name, milliseconds, title) = SITES.into_iter().find(|(known, ..)| *known == name)?;
    let (reply, milliseconds) = match (name, page) {
        ("google.com", "") => {
            let reply = Reply::text(301, "moved\n").header("Location", "/site/google.com/home");
            (reply, milliseconds)
        }
        ("google.com", _) => (page_of(name, title), 130),
        ("httpbin.org", _) => {
            (Reply::json(json::object([("origin", json::string("127.0.0.1"))])), milliseconds)
        }
        _ => (page_of(name, title), milliseconds),
    };
    Some(reply.delayed(Duration::from_millis(milliseconds)))
}

fn page_of(name: &str, title: &str) -> Reply {
    let paragraph = format!("<p>{title}: this is what {name} has to say about it today.</p>\n").repeat(12);
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body>\n<h1>{name}</h1>\n{paragraph}</body>\n</html>\n"
    );
    Reply::new(200).header("Content-Type", "text/html; charset=utf-8").full(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_add_up() {
        let delay = |path: &str| site(path).map_or(Duration::ZERO, |reply| reply.delay);
        let pages = SITES.map(|(name, ..)| delay(name));
        let sum: Duration = pages.iter().sum::<Duration>() + delay("google.com/home");
        assert_eq!(sum, Duration::from_millis(2960));
        assert_eq!(pages.into_iter().max(), Some(Duration::from_millis(860)));
    }

    #[test]
    fn one_site_has_moved() {
        let moved = SITES.iter().filter_map(|(name, ..)| site(name)).filter(|reply| reply.status == 301);
        assert_eq!(moved.count(), 1);
        assert!(site("example.test").is_none());
    }
}
