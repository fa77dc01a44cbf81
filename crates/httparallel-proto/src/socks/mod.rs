//! SOCKS5, client side (RFC 1928, and RFC 1929 for username and password): a CONNECT through a proxy. No socket,
//! no clock.
//!
//! ```text
//!   greeting ─► Method ─┬────────── no authentication ──────────┬─► CONNECT ─► Reply ─► Open
//!                       └─ username/password ─► Authentication ─┘
//! ```
//!
//! The proxy is asked for the name itself and resolves it; an IP literal goes as an address.

mod message;
mod reply;

#[cfg(test)]
mod tests;

use std::fmt;

use bytes::Bytes;

use crate::{Error, Kind, Phase, Result};
use message::{Method, VERSION};

/// What the proxy's bytes led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The handshake goes on: write what [`Handshake::outgoing`] gives, if anything, then read more.
    Pending,
    /// The tunnel is open.
    Open {
        /// How many of the bytes given last were still the proxy's own. Those after them came through the
        /// tunnel.
        used: usize,
    },
}

/// One handshake. Write [`outgoing`](Self::outgoing), read, give what was read to [`receive`](Self::receive), and
/// so on until the tunnel is open.
///
/// The proxy never speaks unasked, so a read of any size is right until the tunnel is open.
///
/// ```
/// use httparallel_proto::socks::{Handshake, Progress};
///
/// let mut handshake = Handshake::new(b"example.org", 443, None)?;
/// assert_eq!(handshake.outgoing(), b"\x05\x01\x00"[..]);
/// assert_eq!(handshake.receive(b"\x05\x00")?, Progress::Pending);
/// assert_eq!(handshake.outgoing(), b"\x05\x01\x00\x03\x0bexample.org\x01\xbb"[..]);
/// let opened = handshake.receive(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")?;
/// assert_eq!(opened, Progress::Open { used: 10 });
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
pub struct Handshake {
    state: State,
    credentials: Option<Credentials>,
    /// The CONNECT request, until it is sent.
    connect: Bytes,
    outgoing: Bytes,
    /// The start of a message of the proxy that is not complete yet.
    partial: Vec<u8>,
}

type Credentials = (Vec<u8>, Vec<u8>);

/// Which message of the proxy comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Method,
    Authentication,
    Reply,
    Open,
    Failed,
}

impl Handshake {
    /// A handshake that asks for a connection to `host`: a name, or an IP literal, which for IPv6 may stand in
    /// brackets. `credentials` are a username and a password.
    ///
    /// Fails with [`Kind::Proxy`] on what does not fit SOCKS5: a host that is empty, or a host, username or
    /// password of more than 255 bytes.
    pub fn new(host: &[u8], port: u16, credentials: Option<Credentials>) -> Result<Self> {
        let connect = message::connect(host, port)?;
        if let Some((username, password)) = &credentials {
            message::check_length("username", username)?;
            message::check_length("password", password)?;
        }
        let outgoing = message::greeting(credentials.is_some());
        Ok(Self { state: State::Method, credentials, connect, outgoing, partial: Vec::new() })
    }

    /// Takes what is to be written now; empty if nothing is.
    pub fn outgoing(&mut self) -> Bytes {
        std::mem::take(&mut self.outgoing)
    }

    /// Whether the tunnel is open.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Takes in bytes that were read; none means that the proxy closed the connection.
    ///
    /// Fails with [`Kind::Proxy`] if the proxy refuses or breaks the protocol. The connection must then be closed.
    pub fn receive(&mut self, data: &[u8]) -> Result<Progress> {
        let received = if data.is_empty() { Err(closed()) } else { self.take_in(data) };
        if received.is_err() {
            self.state = State::Failed;
        }
        received
    }

    fn take_in(&mut self, data: &[u8]) -> Result<Progress> {
        let mut used = 0;
        while self.state != State::Open {
            let before = self.partial.len();
            let length = match self.state {
                State::Method | State::Authentication => 2,
                State::Reply => message::reply_length(&self.partial),
                State::Open | State::Failed => return Err(proxy_error("The SOCKS handshake is over")),
            };
            let wanted = length.saturating_sub(before).min(data.len() - used);
            self.partial.extend_from_slice(&data[used..used + wanted]);
            used += wanted;
            if self.partial.len() < length {
                return Ok(Progress::Pending);
            }
            self.step()?;
        }
        Ok(Progress::Open { used })
    }

    /// Acts on as much of a message as was wanted. Empties `partial` when the message is complete.
    fn step(&mut self) -> Result<()> {
        match (self.state, &self.partial[..]) {
            (State::Method, &[version, method]) => {
                check_version(version)?;
                self.on_method(method)?;
            }
            (State::Authentication, &[_, status]) => {
                // RFC 1929 section 2: "If the server returns a `failure' (STATUS value other than X'00') status,
                // it MUST close the connection."
                if status != 0 {
                    return Err(proxy_error("Invalid username/password"));
                }
                self.ask();
            }
            (State::Reply, message) => {
                if let Some(&version) = message.first() {
                    check_version(version)?;
                }
                // What follows a refusal is of no use, and some proxies do not send it.
                if let Some(&code) = message.get(1).filter(|&&code| code != 0) {
                    let why = reply::explain(code);
                    return Err(proxy_error(format!("Proxy Server could not connect: {why}.")));
                }
                if let Some(&kind) = message.get(3) {
                    message::check_address_type(kind)?;
                }
                if message.len() < message::reply_length(message) {
                    return Ok(());
                }
                self.state = State::Open;
            }
            _ => return Err(proxy_error("The SOCKS handshake is over")),
        }
        self.partial.clear();
        Ok(())
    }

    fn on_method(&mut self, chosen: u8) -> Result<()> {
        match (Method::of(chosen), &self.credentials) {
            (Some(Method::None), _) => self.ask(),
            (Some(Method::Password), Some((username, password))) => {
                self.outgoing = message::authentication(username, password);
                self.state = State::Authentication;
            }
            (_, credentials) => {
                let requested = reply::offered(credentials.is_some());
                let got = reply::method(chosen);
                return Err(proxy_error(format!("Requested {requested} from proxy server, but got {got}.")));
            }
        }
        Ok(())
    }

    fn ask(&mut self) {
        self.credentials = None;
        self.outgoing = std::mem::take(&mut self.connect);
        self.state = State::Reply;
    }
}

/// Shows no credentials.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("state", &self.state).finish_non_exhaustive()
    }
}

fn check_version(version: u8) -> Result<()> {
    if version == VERSION {
        return Ok(());
    }
    Err(proxy_error(format!("The proxy does not speak SOCKS5: it answers with version {version}")))
}

fn closed() -> Error {
    proxy_error("The proxy closed the connection during the SOCKS handshake")
}

fn proxy_error(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::Proxy, Phase::Connect, message)
}
