//! Whom what was received concerns.

use bytes::Bytes;
use h2::server::Builder;

use super::http2::{get, post};
use super::peer::Peer;
use crate::pump::Event;

#[test]
fn streams_have_news_when_something_came_for_them() {
    let (mut client, mut peer) = Peer::pair(&Builder::new(), false);
    let streams = [get(&mut client), get(&mut client), get(&mut client)];
    peer.talk(&mut client);
    for stream in streams {
        assert!(client.event(stream).unwrap().is_none());
    }
    assert!(client.news().is_empty());
    let mut asked: Vec<_> = streams.iter().map(|_| peer.asked()).collect();
    let mut body = asked[1].answer(200, false);
    peer.talk(&mut client);
    assert_eq!(client.news(), [streams[1]]);
    assert!(client.news().is_empty(), "they are told once");
    assert!(matches!(client.event(streams[1]).unwrap(), Some(Event::Head(_))));
    assert!(client.event(streams[1]).unwrap().is_none());
    for _ in 0..3 {
        body.send_data(Bytes::from_static(b"x"), false).unwrap();
        peer.talk(&mut client);
    }
    // However often they were woken.
    assert_eq!(client.news(), [streams[1]]);
    asked[0].reply.send_reset(h2::Reason::CANCEL);
    asked[2].answer(200, true);
    peer.talk(&mut client);
    let mut news = client.news();
    news.sort_unstable();
    assert_eq!(news, [streams[0], streams[2]]);
}

#[test]
fn a_request_has_news_when_more_of_it_may_be_sent() {
    let (mut client, mut peer) = Peer::pair(&Builder::new(), false);
    let stream = post(&mut client);
    peer.talk(&mut client);
    let sent = client.data(stream, &vec![0; 1 << 20], false).unwrap();
    assert_eq!(client.capacity(stream, 1).unwrap(), 0);
    peer.talk(&mut client);
    client.news();
    assert_eq!(client.capacity(stream, 1).unwrap(), 0);
    let mut asked = peer.asked();
    asked.body.flow_control().release_capacity(sent).unwrap();
    peer.talk(&mut client);
    assert_eq!(client.news(), [stream]);
    assert_eq!(client.capacity(stream, 1).unwrap(), 1);
}
