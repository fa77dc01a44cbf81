//! Requests that a proxy makes on the client's behalf: absolute form, and the fields meant for the proxy.

use super::{AUTHORIZATION, Proxy};
use crate::Headers;
use crate::fetch::Request;

/// Target and header fields of `request` as they are sent to `proxy`.
///
/// RFC 9112 section 3.2.2: "When making a request to a proxy, other than a CONNECT or server-wide OPTIONS
/// request, a client MUST send the target URI in absolute-form as the request-target." The request's own fields
/// count more than those of the proxy's settings.
pub fn forwarded(request: &Request, proxy: &Proxy) -> (String, Headers) {
    let mut headers = Headers::clone(&request.headers);
    for (name, value) in proxy.fields() {
        if !request.headers.contains(&name) {
            headers.append(name, value);
        }
    }
    (absolute_form(request), headers)
}

/// RFC 9110 section 4.2.4: "A sender MUST NOT generate the userinfo subcomponent […] within a message as a target
/// URI or field value." The fragment stays here, too.
fn absolute_form(request: &Request) -> String {
    let url = &request.url;
    let target = request.target();
    match &*target {
        // RFC 9112 section 3.2.4: `*` is asked of a proxy by "an empty path and no query component".
        "*" => format!("{}://{}", url.scheme(), url.netloc()),
        path if path.starts_with('/') => format!("{}://{}{path}", url.scheme(), url.netloc()),
        other => other.to_owned(),
    }
}

/// `request` as it may travel in a tunnel, if it has to be changed for that.
///
/// RFC 9110 section 11.7.2: Proxy-Authorization "applies only to the next inbound proxy", and behind the tunnel
/// there is the origin, which has no business with it.
pub fn without_proxy_credentials(request: &Request) -> Option<Request> {
    if !request.headers.contains(AUTHORIZATION) {
        return None;
    }
    let mut request = request.clone();
    request.headers.remove(AUTHORIZATION);
    Some(request)
}
