//! The other side of an HTTP/2 connection: the server of the `h2` crate, polled by hand as well.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use h2::server::{Builder, Connection, Handshake, SendResponse};
use h2::{Reason, RecvStream, SendStream};

use super::super::wire::Wire;
use crate::pump::Http2;

/// A request that arrived, and the way to answer it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) head: http::Request<()>,
    pub(super) body: RecvStream,
    pub(super) reply: SendResponse<Bytes>,
}

pub(super) struct Peer {
    wire: Wire,
    state: State,
    /// Whether the client gets what is written one byte at a time.
    bytewise: bool,
    asked: Vec<Asked>,
}

enum State {
    Greeting(Pin<Box<Handshake<Wire, Bytes>>>),
    Open(Box<Connection<Wire, Bytes>>),
    Ended,
}

impl Peer {
    pub(super) fn new(builder: &Builder, bytewise: bool) -> Self {
        let wire = Wire::default();
        let state = State::Greeting(Box::pin(builder.handshake(wire.clone())));
        Self { wire, state, bytewise, asked: Vec::new() }
    }

    /// A client with a peer that has sent its SETTINGS.
    pub(super) fn pair(builder: &Builder, bytewise: bool) -> (Http2, Self) {
        let (mut client, mut peer) = (Http2::new().unwrap(), Self::new(builder, bytewise));
        peer.talk(&mut client);
        (client, peer)
    }

    /// Lets both sides say what they have to say.
    pub(super) fn talk(&mut self, client: &mut Http2) {
        loop {
            let said = client.outgoing();
            if !said.is_empty() {
                self.wire.feed(&said);
            }
            self.poll();
            let answer = self.wire.take();
            if said.is_empty() && answer.is_empty() {
                return;
            }
            for piece in answer.chunks(if self.bytewise { 1 } else { usize::MAX }) {
                client.receive(piece).unwrap();
            }
        }
    }

    /// The request that arrived next.
    pub(super) fn asked(&mut self) -> Asked {
        self.asked.remove(0)
    }

    pub(super) fn go_away(&mut self) {
        if let State::Open(connection) = &mut self.state {
            connection.graceful_shutdown();
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    fn poll(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            match &mut self.state {
                State::Greeting(handshake) => match handshake.as_mut().poll(&mut context) {
                    Poll::Ready(connection) => self.state = State::Open(Box::new(connection.unwrap())),
                    Poll::Pending => return,
                },
                State::Open(connection) => match connection.poll_accept(&mut context) {
                    Poll::Ready(Some(accepted)) => {
                        let (request, reply) = accepted.unwrap();
                        let (parts, body) = request.into_parts();
                        self.asked.push(Asked { head: http::Request::from_parts(parts, ()), body, reply });
                    }
                    Poll::Ready(None) => self.state = State::Ended,
                    Poll::Pending => return,
                },
                State::Ended => return,
            }
        }
    }
}

impl Asked {
    /// Answers with a head; the body goes to the stream given back.
    pub(super) fn answer(&mut self, status: u16, ends: bool) -> SendStream<Bytes> {
        let mut head = http::Response::new(());
        *head.status_mut() = http::StatusCode::from_u16(status).unwrap();
        head.headers_mut().insert("x-test", http::HeaderValue::from_static("yes"));
        self.reply.send_response(head, ends).unwrap()
    }

    pub(super) fn inform(&mut self, status: u16) {
        let mut head = http::Response::new(());
        *head.status_mut() = http::StatusCode::from_u16(status).unwrap();
        self.reply.send_informational(head).unwrap();
    }

    /// Why the client reset the stream, if it did.
    pub(super) fn was_reset(&mut self) -> Option<Reason> {
        match self.reply.poll_reset(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(reason) => Some(reason.unwrap()),
            Poll::Pending => None,
        }
    }

    /// What has come of the body since the last call, and whether that was the end. Opens the window again.
    pub(super) fn read(&mut self) -> (Bytes, bool) {
        let mut read = BytesMut::new();
        loop {
            match self.body.poll_data(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Some(piece)) => {
                    let piece = piece.unwrap();
                    self.body.flow_control().release_capacity(piece.len()).unwrap();
                    read.extend_from_slice(&piece);
                }
                Poll::Ready(None) => return (read.freeze(), true),
                Poll::Pending => return (read.freeze(), false),
            }
        }
    }
}
