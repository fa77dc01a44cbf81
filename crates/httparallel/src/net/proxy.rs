//! Asking a proxy for a tunnel, on a connection to it. The words are `httparallel_proto`'s.

use std::io;

use bytes::BytesMut;
use httparallel_proto::proxy::{Connect, Proxy, Scheme};
use httparallel_proto::socks::{Handshake, Progress};
use httparallel_proto::url::Origin;
use httparallel_proto::{Error, Kind, Phase, Result};

use super::connect::failed;
use super::ready::AsyncStream;
use super::sockets;

/// Room for what a proxy answers.
const ANSWER_SIZE: usize = 4 * 1024;

/// Makes `stream`, a connection to `proxy`, a tunnel to `origin`. What has come out of it already is read first.
pub(super) async fn open_tunnel(stream: &mut AsyncStream, proxy: &Proxy, origin: &Origin) -> Result<()> {
    let first = if proxy.is_socks() {
        relay(stream, proxy, origin).await?
    } else {
        connect(stream, proxy, origin).await?
    };
    stream.unread(first);
    Ok(())
}

async fn connect(stream: &mut AsyncStream, proxy: &Proxy, origin: &Origin) -> Result<BytesMut> {
    let mut out = BytesMut::new();
    let mut connect = Connect::new(proxy, origin, &mut out)?;
    stream.send(&out).await.map_err(lost)?;
    let mut input = BytesMut::new();
    loop {
        let eof = receive(stream, &mut input).await? == 0;
        if connect.read(&mut input, eof)? {
            return Ok(input);
        }
    }
}

async fn relay(stream: &mut AsyncStream, proxy: &Proxy, origin: &Origin) -> Result<BytesMut> {
    let credentials = proxy.credentials().map(|(username, password)| (username.into(), password.into()));
    let port = origin.port().unwrap_or(80);
    let mut handshake = match proxy.scheme() {
        Scheme::Socks5 => {
            let addresses = sockets::resolve(origin.host(), port).await;
            let addresses = addresses.map_err(|error| failed(&error, "connect"))?;
            // One address, as curl does it: each further one would take a connection to the proxy of its own, and
            // wrong credentials would be tried as often.
            let Some(address) = addresses.first() else {
                return Err(failed(&io::Error::other("the host has no address"), "connect"));
            };
            Handshake::new(address.ip().to_string().as_bytes(), port, credentials)
        }
        _ => Handshake::new(origin.host().as_bytes(), port, credentials),
    }?;
    let mut input = BytesMut::new();
    loop {
        stream.send(&handshake.outgoing()).await.map_err(lost)?;
        input.clear();
        receive(stream, &mut input).await?;
        if let Progress::Open { used } = handshake.receive(&input)? {
            return Ok(input.split_off(used));
        }
    }
}

async fn receive(stream: &mut AsyncStream, input: &mut BytesMut) -> Result<usize> {
    input.reserve(ANSWER_SIZE);
    stream.receive(input).await.map_err(lost)
}

/// The connection to the proxy failed before there was a tunnel.
fn lost(error: io::Error) -> Error {
    let message = format!("the connection to the proxy failed: {error}");
    Error::new(Kind::Proxy, Phase::Connect, message).with_source(error)
}
