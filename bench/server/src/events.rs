//! The event loop: sockets that are ready, and answers whose delay is over.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use rustls::ServerConfig;
use slab::Slab;

use crate::connection::{Connection, Context};
use crate::content::Site;

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 4096;

const STOP: Token = Token(usize::MAX);
/// Tokens of listeners are above this, those of connections below.
const LISTENERS: usize = usize::MAX / 2;
const READ_SIZE: usize = 256 * 1024;

/// When a connection has to be resumed, and which stream of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Alarm {
    pub(crate) at: Instant,
    pub(crate) key: usize,
    pub(crate) stream: u32,
}

/// The server and all its connections.
pub(crate) struct Server {
    poll: Poll,
    /// Kept here as well: a waker that is dropped takes its last call back.
    stop: Arc<Waker>,
    listeners: Vec<(TcpListener, Option<Arc<ServerConfig>>)>,
    connections: Slab<Connection>,
    site: Site,
    alarms: BinaryHeap<Reverse<Alarm>>,
    new_alarms: Vec<Alarm>,
    buffer: Vec<u8>,
}

impl Server {
    pub(crate) fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let stop = Arc::new(Waker::new(poll.registry(), STOP)?);
        Ok(Self {
            poll,
            stop,
            listeners: Vec::new(),
            connections: Slab::new(),
            site: Site::default(),
            alarms: BinaryHeap::new(),
            new_alarms: Vec::new(),
            buffer: vec![0; READ_SIZE],
        })
    }

    /// Listens on any free port, and says on which.
    pub(crate) fn listen(&mut self, tls: Option<Arc<ServerConfig>>) -> io::Result<u16> {
        let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        // The standard number is 128: some of 1,000 connections at once would be refused, and tried again much later.
        socket2::SockRef::from(&listener).listen(BACKLOG)?;
        let token = Token(LISTENERS + self.listeners.len());
        self.poll.registry().register(&mut listener, token, Interest::READABLE)?;
        let port = listener.local_addr()?.port();
        self.listeners.push((listener, tls));
        Ok(port)
    }

    /// What ends [`Server::run`] when it is woken.
    pub(crate) fn stopper(&self) -> Arc<Waker> {
        Arc::clone(&self.stop)
    }

    pub(crate) fn run(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            let until = self.alarms.peek().map(|Reverse(alarm)| alarm.at);
            let wait = until.map(|at| at.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => result?,
            }
            for event in &events {
                match event.token() {
                    STOP => return Ok(()),
                    Token(key) if key >= LISTENERS => self.accept(key - LISTENERS)?,
                    Token(key) => self.serve(key, |connection, buffer, context| {
                        if event.is_readable() {
                            connection.readable(event.is_read_closed(), buffer, context)
                        } else {
                            connection.writable(context)
                        }
                    }),
                }
            }
            self.ring();
        }
    }

    /// Resumes the connections whose time has come.
    fn ring(&mut self) {
        self.alarms.extend(self.new_alarms.drain(..).map(Reverse));
        if self.alarms.is_empty() {
            return;
        }
        let now = Instant::now();
        while let Some(Reverse(alarm)) = self.alarms.peek().copied().filter(|Reverse(alarm)| alarm.at <= now)
        {
            self.alarms.pop();
            self.serve(alarm.key, |connection, _, context| connection.resume(alarm.stream, context));
        }
        self.alarms.extend(self.new_alarms.drain(..).map(Reverse));
    }

    fn accept(&mut self, listener: usize) -> io::Result<()> {
        let (listener, tls) = &self.listeners[listener];
        loop {
            let socket = match listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // The peer has gone already.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(error) => return Err(error),
            };
            self.site.stats.connections_opened += 1;
            let Ok(connection) = Connection::new(socket, tls.as_ref()) else { continue };
            let entry = self.connections.vacant_entry();
            let token = Token(entry.key());
            let connection = entry.insert(connection);
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(&mut connection.socket, token, interest)?;
        }
    }

    /// Lets a connection do something, and drops it if that was its end.
    fn serve<F>(&mut self, key: usize, act: F)
    where
        F: FnOnce(&mut Connection, &mut [u8], &mut Context<'_>) -> io::Result<()>,
    {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let mut context = Context { site: &mut self.site, alarms: &mut self.new_alarms, key };
        if act(connection, &mut self.buffer, &mut context).is_err() {
            // Closing the socket takes it out of the poll.
            self.connections.remove(key);
        }
    }
}
