//! Routes that control the server rather than test a client.

use crate::json;
use crate::reply::Reply;
use crate::request::{Received, Request};
use crate::script::{Description, ScriptedServer, Transport};
use crate::server::Shared;

/// `/stats` and `/stats/reset`
pub(super) fn stats(shared: &Shared, rest: &str) -> Reply {
    if rest == "reset" {
        shared.reset_stats();
    }
    Reply::json(shared.counters.snapshot().to_json())
}

/// `POST /script`, `GET /script/PORT/received`, `POST /script/PORT/signal/NAME`, `DELETE /script/PORT`
pub(super) fn script(shared: &Shared, request: &Request, received: &Received, rest: &str) -> Option<Reply> {
    if rest.is_empty() {
        return Some(start(shared, received));
    }
    let (port, action) = rest.split_once('/').unwrap_or((rest, ""));
    let port = port.parse().ok()?;
    if request.method == "DELETE" {
        let stopped = shared.scripts.lock().remove(&port);
        return stopped.map(|_| Reply::text(200, "stopped\n"));
    }
    let scripts = shared.scripts.lock();
    let server = scripts.get(&port)?;
    match action.split_once('/') {
        None if action == "received" => Some(received_by(server)),
        Some(("signal", name)) => {
            server.signal(name);
            Some(Reply::text(200, "signalled\n"))
        }
        _ => None,
    }
}

fn start(shared: &Shared, received: &Received) -> Reply {
    let text = String::from_utf8_lossy(&received.bytes);
    let description = match Description::parse(&text) {
        Ok(description) => description,
        Err(wrong) => return Reply::text(400, wrong),
    };
    let transport = description.transport;
    let server = match ScriptedServer::start_with(&shared.authority, transport, description.scripts) {
        Ok(server) => server,
        Err(error) => return Reply::text(500, format!("{error}\n")),
    };
    let port = server.addr().port();
    let url = if transport == Transport::Plain { server.url() } else { server.https_url() };
    shared.scripts.lock().insert(port, server);
    Reply::json(json::object([("port", port.to_string()), ("url", json::string(&url))]))
}

fn received_by(server: &ScriptedServer) -> Reply {
    let received = server.received();
    Reply::json(json::object([
        ("connections", received.len().to_string()),
        ("finished", server.finished().to_string()),
        ("received", json::array(received.iter().map(|bytes| json::latin1(bytes)))),
    ]))
}
