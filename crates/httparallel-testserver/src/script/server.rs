//! A listener that plays scripts, one thread per connection.

use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio_rustls::rustls::ServerConfig;

use super::Script;
use super::connection::{Connection, Socket};
use super::player::Player;
use crate::server::TestServer;
use crate::tls::{Authority, Certificate};

/// What lies between a script and TCP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Nothing.
    #[default]
    Plain,
    /// TLS with `http/1.1` in ALPN.
    Tls,
    /// TLS with `h2` in ALPN.
    TlsH2,
}

impl Transport {
    fn config(self, authority: &Authority) -> io::Result<Option<Arc<ServerConfig>>> {
        match self {
            Self::Plain => Ok(None),
            Self::Tls => authority.config(Certificate::Http1Only).map(Some),
            Self::TlsH2 => authority.config(Certificate::Good).map(Some),
        }
    }
}

/// What the threads of one scripted server share.
#[derive(Debug, Default)]
pub(super) struct Stage {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    signals: HashSet<String>,
    received: Vec<Vec<u8>>,
    sockets: Vec<Weak<TcpStream>>,
    finished: usize,
}

impl Stage {
    pub(super) fn record(&self, number: usize, bytes: &[u8]) {
        self.state.lock().received[number].extend_from_slice(bytes);
        self.changed.notify_all();
    }

    /// Waits for this time; an error if the server stops before.
    pub(super) fn pause(&self, duration: Duration) -> io::Result<()> {
        let mut state = self.state.lock();
        // A time that the clock cannot represent is beyond the life of any test.
        let Some(deadline) = Instant::now().checked_add(duration) else { return self.stopped(&mut state) };
        while !state.stopped {
            if self.changed.wait_until(&mut state, deadline).timed_out() {
                return Ok(());
            }
        }
        Err(io::ErrorKind::Interrupted.into())
    }

    fn stopped(&self, state: &mut MutexGuard<'_, State>) -> io::Result<()> {
        while !state.stopped {
            self.changed.wait(state);
        }
        Err(io::ErrorKind::Interrupted.into())
    }

    pub(super) fn wait(&self, signal: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        while !state.stopped && !state.signals.contains(signal) {
            self.changed.wait(&mut state);
        }
        if state.stopped { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
    }

    /// Gives a new connection its number; `None` once the server stops.
    fn enter(&self, socket: &Arc<TcpStream>) -> Option<usize> {
        let mut state = self.state.lock();
        if state.stopped {
            return None;
        }
        state.sockets.push(Arc::downgrade(socket));
        state.received.push(Vec::new());
        self.changed.notify_all();
        Some(state.received.len() - 1)
    }

    fn leave(&self) {
        self.state.lock().finished += 1;
        self.changed.notify_all();
    }

    fn stop(&self) {
        let mut state = self.state.lock();
        state.stopped = true;
        for socket in state.sockets.iter().filter_map(Weak::upgrade) {
            let _ = socket.shutdown(Shutdown::Both);
        }
        self.changed.notify_all();
    }
}

/// A listener that plays a script on every connection; dropping it ends them.
#[derive(Debug)]
pub struct ScriptedServer {
    addr: SocketAddr,
    stage: Arc<Stage>,
    thread: Option<JoinHandle<()>>,
}

impl ScriptedServer {
    /// Plays the same script on every connection to a free port of 127.0.0.1.
    pub fn start(script: Script) -> io::Result<Self> {
        Self::start_each(vec![script])
    }

    /// Plays the first script on the first connection and so on; the last one on all that follow.
    pub fn start_each(scripts: Vec<Script>) -> io::Result<Self> {
        Self::listen(scripts, None)
    }

    /// As [`ScriptedServer::start_each`], with TLS by the authority of a [`TestServer`], for `localhost`.
    pub fn start_tls(server: &TestServer, transport: Transport, scripts: Vec<Script>) -> io::Result<Self> {
        Self::start_with(server.authority(), transport, scripts)
    }

    pub(crate) fn start_with(
        authority: &Authority,
        transport: Transport,
        scripts: Vec<Script>,
    ) -> io::Result<Self> {
        Self::listen(scripts, transport.config(authority)?)
    }

    fn listen(scripts: Vec<Script>, tls: Option<Arc<ServerConfig>>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addr = listener.local_addr()?;
        let stage = Arc::new(Stage::default());
        let own = Arc::clone(&stage);
        let thread = thread::Builder::new()
            .name("scripted-server".to_owned())
            .spawn(move || accept(&listener, &own, &scripts, tls.as_ref()))?;
        Ok(Self { addr, stage, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// `https://localhost:PORT`, for a server started with TLS.
    pub fn https_url(&self) -> String {
        format!("https://localhost:{}", self.addr.port())
    }

    /// What each connection has sent so far, in the order they were accepted. With TLS, the plain bytes.
    pub fn received(&self) -> Vec<Vec<u8>> {
        self.stage.state.lock().received.clone()
    }

    /// How many connections have played their script to its end, or were left by their peer.
    pub fn finished(&self) -> usize {
        self.stage.state.lock().finished
    }

    /// Lets scripts go on that wait for this name, now or later.
    pub fn signal(&self, name: impl Into<String>) {
        self.stage.state.lock().signals.insert(name.into());
        self.stage.changed.notify_all();
    }

    /// Waits until what was received satisfies a condition. False if it does not within `limit`.
    pub fn wait_received(&self, limit: Duration, mut condition: impl FnMut(&[Vec<u8>]) -> bool) -> bool {
        self.wait_until(limit, |state| condition(&state.received))
    }

    /// Waits until so many connections are [finished](Self::finished). False if they are not within `limit`.
    pub fn wait_finished(&self, limit: Duration, connections: usize) -> bool {
        self.wait_until(limit, |state| state.finished >= connections)
    }

    fn wait_until(&self, limit: Duration, mut condition: impl FnMut(&State) -> bool) -> bool {
        let deadline = Instant::now() + limit;
        let mut state = self.stage.state.lock();
        while !condition(&state) {
            if self.stage.changed.wait_until(&mut state, deadline).timed_out() {
                return condition(&state);
            }
        }
        true
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.stage.stop();
        // The listener blocks in accept: one more connection makes it look at the flag.
        let woken = TcpStream::connect(self.addr);
        if let Some(thread) = self.thread.take().filter(|_| woken.is_ok()) {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, stage: &Arc<Stage>, scripts: &[Script], tls: Option<&Arc<ServerConfig>>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let _ = stream.set_nodelay(true);
        let socket = Arc::new(stream);
        let Some(number) = stage.enter(&socket) else { return };
        let script = scripts.get(number).or(scripts.last()).cloned().unwrap_or_default();
        let (stage, tls) = (Arc::clone(stage), tls.cloned());
        thread::spawn(move || {
            if let Ok(connection) = Connection::new(Socket(socket), tls) {
                // The peer decides how the connection ends; what it sent is recorded.
                let _ = Player::new(connection, &stage, number).play(&script);
            }
            stage.leave();
        });
    }
}
