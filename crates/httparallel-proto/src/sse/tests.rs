#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

/// All events of a stream, and whether it ended with an error.
fn parse(stream: &[u8], piece: usize, max: Option<usize>) -> (Vec<Event>, bool) {
    let mut parser = Parser::new(max);
    let mut events = Vec::new();
    for piece in stream.chunks(piece) {
        parser.feed(piece);
        loop {
            match parser.next_event() {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(error.kind(), Kind::EventStream);
                    return (events, true);
                }
            }
        }
    }
    (events, false)
}

/// Parses in pieces of every small size, which must not matter.
fn events(stream: &str) -> Vec<Event> {
    let (whole, failed) = parse(stream.as_bytes(), stream.len().max(1), None);
    assert!(!failed);
    for size in 1..5 {
        assert_eq!(parse(stream.as_bytes(), size, None), (whole.clone(), false), "in pieces of {size}");
    }
    whole
}

/// Data of all events; they are of type `message` and have no identifier.
fn data(stream: &str) -> Vec<String> {
    let plain = |event: Event| {
        assert_eq!((&*event.event, &*event.id, event.retry), ("message", "", None));
        event.data
    };
    events(stream).into_iter().map(plain).collect()
}

#[test]
fn lines_end_with_either_or_both() {
    for end in ["\n", "\r", "\r\n"] {
        let stream = "data: one\n\ndata: two\n\n".replace('\n', end);
        assert_eq!(data(&stream), ["one", "two"], "{end:?}");
    }
    assert_eq!(data("data: one\r\n\rdata: two\n\r"), ["one", "two"]);
}

#[test]
fn data_is_joined_by_line_feeds() {
    assert_eq!(data("data: one\ndata\ndata:two\ndata\n\n"), ["one\n\ntwo\n"]);
    assert_eq!(data("data\n\n"), [""]);
}

#[test]
fn one_space_after_the_colon_is_not_part_of_the_value() {
    assert_eq!(data("data:one\n\ndata:  two \n\ndata: a: b\n\n"), ["one", " two ", "a: b"]);
}

#[test]
fn comments_and_unknown_fields_are_nothing() {
    assert_eq!(data(": hello\n\nunknown: x\n\nData: x\n\n\n: a\ndata: one\n:\n\n"), ["one"]);
}

#[test]
fn an_identifier_stays_until_there_is_another() {
    let ids = |stream| events(stream).into_iter().map(|event| event.id).collect::<Vec<_>>();
    assert_eq!(ids("id: 1\ndata\n\ndata\n\nid: 2\ndata\n\nid\ndata\n\n"), ["1", "1", "2", ""]);
    assert_eq!(ids("id: 1\ndata\n\nid: a\0b\ndata\n\n"), ["1", "1"]);
}

#[test]
fn a_retry_is_made_of_digits() {
    let retries = |stream| events(stream).into_iter().map(|event| event.retry).collect::<Vec<_>>();
    assert_eq!(retries("retry: 10\n\n"), [Some(10)]);
    assert_eq!(retries("retry: -1\nretry: x\nretry\nretry: 1.5\ndata\n\n"), [None]);
    assert_eq!(retries("retry: 99999999999999999999999\n\n"), [Some(u64::MAX)]);
}

#[test]
fn a_type_is_of_one_event_only() {
    let kinds: Vec<_> =
        events("event: add\ndata\n\ndata\n\nevent:\ndata\n\n").into_iter().map(|event| event.event).collect();
    assert_eq!(kinds, ["add", "message", "message"]);
}

#[test]
fn a_byte_order_mark_is_ignored_once() {
    assert_eq!(data("\u{feff}data: one\n\n\u{feff}data: two\n\n"), ["one"]);
    assert_eq!(data("\u{feff}\u{feff}data: one\n\n"), [""; 0]);
}

#[test]
fn what_is_not_utf_8_becomes_replacement_characters() {
    let (events, _) = parse(b"data: \xff\xc3\nevent: \xc3\xbc\n\n", 1, None);
    assert_eq!((&*events[0].data, &*events[0].event), ("\u{fffd}\u{fffd}", "ü"));
}

#[test]
fn an_event_that_is_cut_off_is_none() {
    assert_eq!(data("data: one\n\ndata: two\n"), ["one"]);
    assert_eq!(data("data: one"), [""; 0]);
}

#[test]
fn an_event_may_be_as_large_as_the_limit() {
    let stream = b"data: 0123\ndata: 0123\n\n".repeat(3);
    let over = b"data: 0123\ndata: 01234\n\n";
    for piece in 1..=stream.len() {
        assert_eq!(parse(&stream, piece, Some(20)).0.len(), 3);
        let (events, failed) = parse(&[&stream[..], over].concat(), piece, Some(20));
        assert_eq!((events.len(), failed), (3, true), "in pieces of {piece}");
    }
}

#[test]
fn a_line_that_does_not_end_is_refused() {
    for stream in ["x".repeat(21), format!("{}\n", ":".repeat(21)), format!("\u{feff}{}", "x".repeat(21))] {
        for piece in [1, 100] {
            assert!(parse(stream.as_bytes(), piece, Some(20)).1, "{stream}");
        }
    }
    let stream = format!("\u{feff}data: {}\n\n", "x".repeat(14));
    assert_eq!(parse(stream.as_bytes(), 1, Some(20)).0.len(), 1);
}

#[test]
fn comments_have_no_size_once_they_are_over() {
    let stream = format!("{}data: one\n\n", ": 0123456789\n".repeat(10));
    assert_eq!(parse(stream.as_bytes(), 7, Some(20)).0.len(), 1);
}

#[test]
fn an_error_stays() {
    let mut parser = Parser::new(Some(1));
    parser.feed(b"data");
    parser.feed(b"\n\n");
    for _ in 0..2 {
        assert_eq!(parser.next_event().unwrap_err().message(), "A server-sent event is larger than 1 bytes.");
    }
}

#[test]
fn the_last_identifier_is_that_of_an_event_that_has_ended() {
    let mut parser = Parser::new(None);
    parser.feed(b"id: 7\ndata\n\ndata\n\nid: 8\ndata\n");
    assert_eq!(parser.last_event_id(), "7");
    parser.feed(b"\n");
    assert_eq!(parser.last_event_id(), "8");
}

#[test]
fn other_responses_are_no_event_stream() {
    let check = |value: &'static str| check_content_type(&[("Content-Type", value)].into_iter().collect());
    assert!(check("text/event-stream").is_ok());
    assert!(check("Text/Event-Stream ; charset=utf-8").is_ok());
    let message = "Expected response with content type 'text/event-stream', got 'text/html'.";
    assert_eq!(check("text/html; x=y").unwrap_err().message(), message);
    assert!(check_content_type(&Headers::new()).is_err());
}
