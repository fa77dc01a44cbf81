//! Opening sockets: names, addresses (RFC 8305), and what a socket is told before it connects.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::task::JoinSet;

use super::descriptors::make_room_late;
use super::ready::{Watched, register};
use crate::config::{Config, SocketOption};
use crate::operation::Opening;

/// RFC 8305 section 5: the delay between two attempts to connect.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects to `host`, or to the Unix socket that stands for all hosts. Must run on the I/O thread, which watches the
/// socket from then on.
pub(super) async fn open(
    config: &Arc<Config>,
    host: &str,
    port: u16,
    opening: &mut Opening,
) -> io::Result<Watched> {
    if let Some(path) = &config.uds {
        let stream = tokio::net::UnixStream::connect(path).await?.into_std()?;
        return register(Arc::new(stream.into()));
    }
    let mut addresses = resolve(host, port).await?;
    opening.resolved(Instant::now());
    if let Some(local) = config.local_address {
        addresses.retain(|address| address.is_ipv4() == local.is_ipv4());
    }
    // Most hosts have one address, which no other one has to be raced against.
    if let [address] = addresses[..] {
        return connect_to(address, config.clone()).await;
    }
    race(alternate_families(addresses), config).await
}

/// The addresses of a host, as the resolver orders them.
pub(super) async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    match host.parse::<IpAddr>() {
        Ok(ip) => Ok(vec![SocketAddr::new(ip, port)]),
        Err(_) => Ok(tokio::net::lookup_host((host, port)).await?.collect()),
    }
}

/// RFC 8305 section 4: the families take turns, beginning with the one the resolver prefers.
fn alternate_families(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first().map(SocketAddr::is_ipv4) else { return addresses };
    let (preferred, other): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|a| a.is_ipv4() == first);
    let mut other = other.into_iter();
    let mut ordered = Vec::new();
    for address in preferred {
        ordered.push(address);
        ordered.extend(other.next());
    }
    ordered.extend(other);
    ordered
}

/// RFC 8305 section 5: starts an attempt every 250 ms, or when one fails, and keeps the first that succeeds.
/// The others are dropped, which closes their sockets.
async fn race(addresses: Vec<SocketAddr>, config: &Arc<Config>) -> io::Result<Watched> {
    let mut addresses = addresses.into_iter();
    let mut attempts = JoinSet::new();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    loop {
        if let Some(address) = addresses.next() {
            attempts.spawn(connect_to(address, config.clone()));
        }
        if attempts.is_empty() {
            return Err(last);
        }
        let more = addresses.len() > 0;
        tokio::select! {
            Some(ended) = attempts.join_next() => match ended {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(error) => last = io::Error::other(error),
            },
            () = tokio::time::sleep(ATTEMPT_DELAY), if more => {}
        }
    }
}

async fn connect_to(address: SocketAddr, config: Arc<Config>) -> io::Result<Watched> {
    let socket = nonblocking(Domain::for_address(address))?;
    make_room_late(socket.as_raw_fd());
    socket.set_tcp_nodelay(true)?;
    for option in &config.socket_options {
        set_option(&socket, option)?;
    }
    match config.local_address {
        Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED) | IpAddr::V6(Ipv6Addr::UNSPECIFIED)) | None => {}
        Some(local) => socket.bind(&SocketAddr::new(local, 0).into())?,
    }
    match socket.connect(&address.into()) {
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {}
        result => result?,
    }
    let watched = register(Arc::new(OwnedFd::from(socket)))?;
    // connect(2): once the socket is writable, SO_ERROR says whether it is connected.
    watched.writable().await?.retain_ready();
    rustix::net::sockopt::socket_error(watched.get_ref())??;
    Ok(watched)
}

/// A TCP socket that never blocks. Where the system can, it is made so by one call.
fn nonblocking(domain: Domain) -> io::Result<Socket> {
    #[cfg(not(target_vendor = "apple"))]
    return Socket::new(domain, Type::STREAM.nonblocking(), Some(Protocol::TCP));
    #[cfg(target_vendor = "apple")]
    {
        let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }
}

fn set_option(socket: &Socket, option: &SocketOption) -> io::Result<()> {
    let SocketOption { level, name, value } = option;
    let length = libc::socklen_t::try_from(value.len()).map_err(io::Error::other)?;
    // SAFETY: the descriptor is open while `socket` is borrowed; pointer and length are those of `value`, which the
    // call reads and does not keep.
    let set = unsafe { libc::setsockopt(socket.as_raw_fd(), *level, *name, value.as_ptr().cast(), length) };
    if set == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    Err(io::Error::new(error.kind(), format!("the socket option ({level}, {name}) was refused: {error}")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn families_take_turns() {
        let parse = |list: &[&str]| -> Vec<SocketAddr> {
            list.iter().filter_map(|address| address.parse().ok()).collect()
        };
        let mixed = parse(&["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1"]);
        let wanted = parse(&["[::1]:1", "127.0.0.1:1", "[::2]:1", "[::3]:1"]);
        assert_eq!(alternate_families(mixed), wanted);
    }

    #[test]
    fn an_address_that_does_not_answer_holds_up_the_next_for_a_quarter_second() -> io::Result<()> {
        // Linux drops every SYN to a listener whose queue is full.
        let silent = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
        silent.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        silent.listen(0)?;
        let silent_address = silent.local_addr()?.as_socket().ok_or(io::ErrorKind::InvalidData)?;
        let limit = Duration::from_millis(200);
        let queued: Vec<_> =
            std::iter::from_fn(|| std::net::TcpStream::connect_timeout(&silent_address, limit).ok())
                .collect();
        let good = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addresses = vec![silent_address, good.local_addr()?];
        let runtime = runtime();
        let started = std::time::Instant::now();
        let connected = runtime.block_on(race(addresses, &Arc::default()))?;
        let peer = socket2::SockRef::from(connected.get_ref()).peer_addr()?;
        assert_eq!(peer.as_socket(), Some(good.local_addr()?));
        assert!(started.elapsed() >= ATTEMPT_DELAY && started.elapsed() < 4 * ATTEMPT_DELAY);
        drop(queued);
        Ok(())
    }

    #[test]
    fn options_are_set_before_connecting_and_those_unknown_are_told() {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let runtime = runtime();
        let connect = |option| {
            let config = Config { socket_options: vec![option], ..Config::default() };
            runtime.block_on(connect_to(address, config.into()))
        };
        let kept = connect(SocketOption::int(libc::SOL_SOCKET, libc::SO_KEEPALIVE, 1)).unwrap();
        assert!(socket2::SockRef::from(kept.get_ref()).keepalive().unwrap());
        let slow = connect(SocketOption::int(libc::IPPROTO_TCP, libc::TCP_NODELAY, 0)).unwrap();
        assert!(!socket2::SockRef::from(slow.get_ref()).tcp_nodelay().unwrap());
        let refused = connect(SocketOption::int(libc::SOL_SOCKET, 0x7fff, 1)).unwrap_err();
        assert!(refused.to_string().starts_with("the socket option (1, 32767) was refused"), "{refused}");
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }
}
