//! Acting as a proxy: `CONNECT`, and asking for proxy credentials.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Buf;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use super::{Connection, reply};
use crate::reply::{Fault, Reply};
use crate::request::Request;
use crate::rewind::Rewind;

/// `proxy:secret`
const CREDENTIALS: &[u8] = b"Basic cHJveHk6c2VjcmV0";

/// The 407 that a request without credentials gets.
pub(super) fn challenge(request: &Request) -> Option<Reply> {
    let known = request.header("proxy-authorization") == Some(CREDENTIALS);
    let reply = || Reply::text(407, "who is there?\n").header("Proxy-Authenticate", "Basic realm=\"proxy\"");
    (!known).then(reply)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Serves a `CONNECT` request, and the connection to its end.
    pub(super) async fn tunnel(mut self, request: &Request, consumed: usize) -> io::Result<()> {
        self.input.advance(consumed);
        let counters = Arc::clone(&self.shared.counters);
        let active = counters.request();
        if let Some(refusal) = self.proxy_auth.then(|| challenge(request)).flatten() {
            active.finish();
            return self.refuse_tunnel(refusal).await;
        }
        let upstream = match port_of(&request.target) {
            Some(port) => TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await,
            None => Err(io::ErrorKind::HostUnreachable.into()),
        };
        active.finish();
        let Ok(mut upstream) = upstream else {
            return self.refuse_tunnel(Reply::text(502, "no way\n")).await;
        };
        upstream.set_nodelay(true)?;
        counters.tunnel();
        // RFC 9110 9.3.6: "A server MUST NOT send any Transfer-Encoding or Content-Length header fields in a
        // 2xx (Successful) response to CONNECT."
        self.io.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
        self.io.flush().await?;
        let mut client = Rewind::new(self.io, self.input);
        copy_bidirectional(&mut client, &mut upstream).await.map(drop)
    }

    async fn refuse_tunnel(&mut self, refusal: Reply) -> io::Result<()> {
        let refusal = refusal.fault(Fault::Close);
        reply::append_head(&mut self.output, &refusal, "HTTP/1.1", true);
        self.send_content(&refusal, false).await?;
        self.flush().await?;
        self.io.shutdown().await
    }
}

/// The port to connect to on this machine, for names that can only mean this machine.
fn port_of(target: &str) -> Option<u16> {
    let (host, port) = target.rsplit_once(':')?;
    let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]") || reserved(host);
    here.then(|| port.parse().ok()).flatten()
}

/// RFC 2606 2: `.test` is never in the DNS.
fn reserved(host: &str) -> bool {
    host.rsplit_once('.').is_some_and(|(_, last)| last == "test")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tunnels_lead_to_this_machine_only() {
        assert_eq!(port_of("example.test:443"), Some(443));
        assert_eq!(port_of("[::1]:80"), Some(80));
        assert_eq!(port_of("example.com:443"), None);
        assert_eq!(port_of("localhost"), None);
    }
}
