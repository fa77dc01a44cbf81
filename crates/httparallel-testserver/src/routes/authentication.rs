//! Routes that ask who is there.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::md5;
use crate::json;
use crate::reply::Reply;
use crate::request::Request;

const NONCE: &str = "dcd98b7102dd2f0e8b11d0f600bfb0c0";
const OPAQUE: &str = "5ccc069c403ebaf9f0171e9517f40e41";

fn welcome(user: &str) -> Reply {
    Reply::json(json::object([("authenticated", "true".to_owned()), ("user", json::string(user))]))
}

fn authorization(request: &Request) -> String {
    String::from_utf8_lossy(request.header("authorization").unwrap_or_default()).into_owned()
}

/// `/basic-auth/USER/PASSWORD`
pub(super) fn basic(request: &Request, rest: &str) -> Option<Reply> {
    let (user, password) = rest.split_once('/')?;
    let expected = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    Some(if authorization(request) == expected {
        welcome(user)
    } else {
        Reply::text(401, "who is there?\n")
            .header("WWW-Authenticate", "Basic realm=\"test\", charset=\"UTF-8\"")
    })
}

/// `/bearer-auth/TOKEN`
pub(super) fn bearer(request: &Request, token: &str) -> Reply {
    if authorization(request) == format!("Bearer {token}") {
        welcome(token)
    } else {
        Reply::text(401, "who is there?\n").header("WWW-Authenticate", "Bearer realm=\"test\"")
    }
}

/// `/digest-auth/USER/PASSWORD?qop=none`
pub(super) fn digest(request: &Request, rest: &str) -> Option<Reply> {
    let (user, password) = rest.split_once('/')?;
    let with_qop = request.parameter("qop").as_deref() != Some("none");
    let given = authorization(request);
    let expected = digest_response(request, &given, user, password, with_qop);
    if field(&given, "username") == Some(user) && field(&given, "response") == Some(&expected) {
        return Some(welcome(user));
    }
    let qop = if with_qop { "qop=\"auth\", " } else { "" };
    let challenge =
        format!("Digest realm=\"test\", {qop}algorithm=MD5, nonce=\"{NONCE}\", opaque=\"{OPAQUE}\"");
    Some(Reply::text(401, "who is there?\n").header("WWW-Authenticate", challenge))
}

/// RFC 7616 3.4.1: with `qop`, `KD(H(A1), nonce ":" nc ":" cnonce ":" qop ":" H(A2))`; RFC 2069 had no `qop`
/// and `KD(H(A1), nonce ":" H(A2))`.
fn digest_response(request: &Request, given: &str, user: &str, password: &str, with_qop: bool) -> String {
    let a1 = md5::hexadecimal(format!("{user}:test:{password}").as_bytes());
    let a2 = md5::hexadecimal(format!("{}:{}", request.method, request.target).as_bytes());
    let middle = if with_qop {
        let nc = field(given, "nc").unwrap_or_default();
        let cnonce = field(given, "cnonce").unwrap_or_default();
        format!("{NONCE}:{nc}:{cnonce}:auth")
    } else {
        NONCE.to_owned()
    };
    md5::hexadecimal(format!("{a1}:{middle}:{a2}").as_bytes())
}

/// A parameter of the credentials, quoted or not.
fn field<'a>(credentials: &'a str, name: &str) -> Option<&'a str> {
    let list = credentials.strip_prefix("Digest ")?;
    list.split(',').find_map(|pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then_some(value.trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(authorization: &str) -> Request {
        let headers = vec![("Authorization".to_owned(), authorization.as_bytes().to_vec())];
        Request { method: "GET".into(), target: "/digest-auth/u/p".into(), version: "HTTP/1.1", headers }
    }

    fn status(reply: Option<Reply>) -> Option<u16> {
        reply.map(|reply| reply.status)
    }

    #[test]
    fn lets_in_who_knows_the_password() {
        assert_eq!(status(basic(&request("Basic dTpw"), "u/p")), Some(200));
        assert_eq!(status(basic(&request("Basic dTpx"), "u/p")), Some(401));
        assert_eq!(bearer(&request("Bearer t"), "t").status, 200);
    }

    #[test]
    fn checks_the_digest_of_each_request() {
        let given = "Digest username=\"u\", realm=\"test\", qop=auth, nc=00000001, cnonce=\"c\", response=\"";
        let right = digest_response(&request(""), given, "u", "p", true);
        assert_eq!(status(digest(&request(&format!("{given}{right}\"")), "u/p")), Some(200));
        assert_eq!(status(digest(&request(&format!("{given}0\"")), "u/p")), Some(401));
    }
}
