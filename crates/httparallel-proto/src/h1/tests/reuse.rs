//! Whether the connection serves another request, and why not.

use super::*;

fn reuse_of(version: &str, fields: &str) -> Reuse {
    let response = format!("{version} 200 OK\r\n{fields}Content-Length: 2\r\n\r\nhi");
    Exchange::get(&response).run().reuse.unwrap()
}

#[test]
fn http_1_1_connections_are_kept_unless_closed() {
    assert_eq!(reuse_of("HTTP/1.1", ""), Reuse::Yes);
    assert_eq!(reuse_of("HTTP/1.1", "Connection: keep-alive\r\n"), Reuse::Yes);
    for fields in [
        "Connection: close\r\n",
        "connection: Keep-Alive, CLOSE\r\n",
        "Connection: x\r\nConnection: close\r\n",
    ] {
        assert_eq!(reuse_of("HTTP/1.1", fields), Reuse::No(CloseReason::ConnectionClose));
    }
}

#[test]
fn http_1_0_connections_are_closed_unless_kept() {
    assert_eq!(reuse_of("HTTP/1.0", ""), Reuse::No(CloseReason::Http10));
    assert_eq!(reuse_of("HTTP/1.0", "Connection: Keep-Alive\r\n"), Reuse::Yes);
    assert_eq!(
        reuse_of("HTTP/1.0", "Connection: keep-alive, close\r\n"),
        Reuse::No(CloseReason::ConnectionClose)
    );
}

#[test]
fn chunks_from_http_1_0_end_the_connection() {
    let response = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(Exchange::get(response).run().close_reason(), CloseReason::ChunkedFromHttp10);
}

#[test]
fn a_request_that_says_close_is_the_last() {
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let transcript = Exchange::get(response).with_request_header("Connection", "close").run();
    assert_eq!(transcript.close_reason(), CloseReason::ConnectionClose);
}

#[test]
fn bytes_after_the_end_stay_out_of_the_response_and_end_the_connection() {
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    ] {
        for extra in ["\r\n", "x", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL"] {
            let response = format!("{response}{extra}");
            let transcript = Exchange::get(&response).run();
            assert_eq!((transcript.body(), &transcript.left[..]), ("hi", extra.as_bytes()));
            assert_eq!(transcript.close_reason(), CloseReason::ExtraBytes);
        }
    }
}

#[test]
fn the_end_event_itself_tells_of_extra_bytes_and_of_a_closed_peer() {
    for (response, eof, reason) in [
        ("HTTP/1.1 204 X\r\n\r\nx", false, CloseReason::ExtraBytes),
        ("HTTP/1.1 204 X\r\n\r\n", true, CloseReason::ClosedByPeer),
    ] {
        let mut reader = ResponseReader::new(b"GET", &Headers::new(), &Limits::default());
        let mut input = BytesMut::from(response);
        assert!(matches!(reader.read(&mut input, eof).unwrap(), Event::Head(_)));
        let end = Event::End { trailers: None, reuse: Reuse::No(reason) };
        assert_eq!(reader.read(&mut input, eof).unwrap(), end);
        assert_eq!(reader.read(&mut input, eof).unwrap(), end);
    }
}

#[test]
fn a_response_before_the_request_was_sent_ends_the_connection() {
    let mut reader = ResponseReader::new(b"POST", &Headers::new(), &Limits::default());
    let mut input = BytesMut::from("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    assert!(matches!(reader.read(&mut input, false).unwrap(), Event::Head(_)));
    reader.close_after(CloseReason::RequestUnfinished);
    let end = Event::End { trailers: None, reuse: Reuse::No(CloseReason::RequestUnfinished) };
    assert_eq!(reader.read(&mut input, false).unwrap(), end);
}

#[test]
fn an_unread_or_failed_response_bars_the_connection() {
    for response in ["", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh", "nonsense"] {
        let transcript = Exchange::get(response).run();
        assert_eq!(transcript.close_reason(), CloseReason::ResponseUnfinished);
    }
}

#[test]
fn every_reason_explains_itself() {
    assert_eq!(CloseReason::ExtraBytes.to_string(), "bytes followed the end of the response");
}
