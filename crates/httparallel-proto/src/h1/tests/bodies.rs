//! Which bytes are the body, and what an early end says.

use super::*;

fn with_fields(fields: &str, rest: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n{rest}")
}

#[test]
fn content_length_frames_a_body() {
    let transcript = Exchange::get(&with_fields("Content-Length: 5\r\n", "hello")).run();
    assert_eq!((transcript.body(), transcript.reuse), ("hello", Some(Reuse::Yes)));
}

#[test]
fn one_length_repeated_is_that_length() {
    for fields in [
        "Content-Length: 5, 5\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5,5 , 05\r\n",
    ] {
        assert_eq!(Exchange::get(&with_fields(fields, "hello")).run().body(), "hello");
    }
}

#[test]
fn doubtful_lengths_are_refused() {
    for value in [
        "5, 6",
        "+5",
        "-1",
        "5 5",
        "0x5",
        "5.0",
        "",
        ",",
        "5,",
        "five",
        "٥",
        "5;",
        "18446744073709551616",
        "111111111111111111111111111111",
        "5\r\nContent-Length: 6",
        "5\r\n 5",
    ] {
        assert_refused(with_fields(&format!("Content-Length: {value}\r\n"), "hello"));
    }
}

#[test]
fn a_huge_length_takes_no_memory() {
    let response = with_fields("Content-Length: 18446744073709551615\r\n", "hello");
    let mut reader = ResponseReader::new(b"GET", &Headers::new(), &Limits::default());
    let mut input = BytesMut::from(response.as_str());
    assert!(matches!(reader.read(&mut input, false).unwrap(), Event::Head(_)));
    assert_eq!(reader.read(&mut input, false).unwrap(), Event::Body("hello".into()));
    assert_eq!(reader.read(&mut input, false).unwrap(), Event::NeedMore);
    assert_eq!(reader.body_remaining_hint(), Some(u64::MAX - 5));
}

#[test]
fn transfer_encoding_must_be_chunked_and_nothing_else() {
    for value in [
        "xchunked",
        "chunkedx",
        "chunked, chunked",
        "chunked, gzip",
        "gzip",
        "gzip, chunked",
        "identity",
        "",
        ",",
        "chunked,",
        ", chunked",
        "chunked; q=1",
        "\"chunked\"",
        "chunked\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: identity",
        "chun\tked",
    ] {
        assert_refused(with_fields(
            &format!("Transfer-Encoding: {value}\r\nContent-Length: 5\r\n"),
            "5\r\nhello\r\n0\r\n\r\n",
        ));
    }
}

#[test]
fn the_name_of_the_chunked_coding_has_no_case() {
    let response = with_fields("TRANSFER-ENCODING: \tChunked \r\n", "2\r\nhi\r\n0\r\n\r\n");
    assert_eq!(Exchange::get(&response).run().body(), "hi");
}

#[test]
fn chunked_beats_length_and_ends_the_connection() {
    for fields in [
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
    ] {
        let transcript = Exchange::get(&with_fields(fields, "5\r\nhello\r\n0\r\n\r\n")).run();
        assert_eq!(transcript.body(), "hello");
        assert_eq!(transcript.close_reason(), CloseReason::BothLengthAndChunked);
    }
}

#[test]
fn without_framing_the_body_lasts_until_close() {
    let transcript = Exchange::get(&with_fields("", "all\r\n\r\nof it")).then_closed().run();
    assert_eq!(transcript.body(), "all\r\n\r\nof it");
    assert_eq!(transcript.close_reason(), CloseReason::UntilClose);
    assert_eq!(Exchange::get(&with_fields("", "")).then_closed().run().body(), "");
    assert!(!Exchange::get(&with_fields("", "part")).run().ended);
}

#[test]
fn some_responses_never_have_a_body() {
    for fields in ["", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 1, 2\r\n"]
    {
        for (method, status) in [("GET", 204), ("GET", 304), ("HEAD", 200), ("HEAD", 404)] {
            let clean = format!("HTTP/1.1 {status} X\r\n{fields}\r\n");
            let transcript = Exchange::of(method, &clean).run();
            assert_eq!((transcript.body(), transcript.reuse), ("", Some(Reuse::Yes)), "{clean}");
            let with_body = clean + "5\r\nhello\r\n0\r\n\r\n";
            let transcript = Exchange::of(method, &with_body).run();
            assert_eq!((transcript.body(), transcript.close_reason()), ("", CloseReason::ExtraBytes));
        }
    }
}

#[test]
fn every_early_end_is_an_error() {
    for response in [
        with_fields("Content-Length: 5\r\n", "hello"),
        with_fields("Transfer-Encoding: chunked\r\n", "5;a=b\r\nhello\r\n0\r\nT: 1\r\n\r\n"),
    ] {
        for length in 1..response.len() {
            let transcript = Exchange::get(&response[..length]).then_closed().run();
            assert_eq!(transcript.kind(), Some(Kind::Incomplete), "{:?}", &response[..length]);
        }
        assert!(Exchange::get(&response).then_closed().run().ended);
    }
}

#[test]
fn an_early_end_tells_how_much_was_received() {
    let message = |response: String| Exchange::get(&response).then_closed().run().message().to_owned();
    let length = message(with_fields("Content-Length: 5\r\n", "he"));
    assert!(length.contains("received 2 bytes, expected 5"), "{length}");
    let chunked = message(with_fields("Transfer-Encoding: chunked\r\n", "5\r\nhel"));
    assert!(chunked.contains("received 3 bytes"), "{chunked}");
    let head = message("HTTP/1.1 200".to_owned());
    assert!(head.contains("12 bytes"), "{head}");
}

#[test]
fn an_end_before_the_first_byte_is_told_apart() {
    let transcript = Exchange::get("").then_closed().run();
    assert_eq!(transcript.kind(), Some(Kind::Protocol));
    assert_eq!(transcript.message(), "Server disconnected without sending a response.");
}

#[test]
fn a_driver_may_read_a_body_past_the_buffer() {
    let mut reader = ResponseReader::new(b"GET", &Headers::new(), &Limits::default());
    let mut input = BytesMut::from("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    assert!(matches!(reader.read(&mut input, false).unwrap(), Event::Head(_)));
    let mut body = Vec::new();
    assert_eq!(reader.read_into(&mut input, false, &mut body, usize::MAX).unwrap(), Event::NeedMore);
    assert_eq!((&body[..], reader.body_remaining_hint()), (&b"abc"[..], Some(7)));
    reader.advance_body(4);
    assert!(!reader.is_done());
    reader.advance_body(3);
    assert_eq!(reader.read(&mut input, false).unwrap(), Event::End { trailers: None, reuse: Reuse::Yes });
}

#[test]
fn read_into_stops_at_enough() {
    let mut reader = ResponseReader::new(b"GET", &Headers::new(), &Limits::default());
    let mut input = BytesMut::from(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n",
    );
    let mut body = Vec::new();
    assert!(matches!(reader.read_into(&mut input, false, &mut body, 1).unwrap(), Event::Head(_)));
    assert_eq!(reader.read_into(&mut input, false, &mut body, 1).unwrap(), Event::NeedMore);
    assert_eq!(body, b"ab");
    assert!(matches!(reader.read_into(&mut input, false, &mut body, 9).unwrap(), Event::End { .. }));
    assert_eq!(body, b"abcd");
}

#[test]
fn large_pieces_are_not_copied_and_small_ones_do_not_hold_the_buffer() {
    let mut reader = ResponseReader::new(b"GET", &Headers::new(), &Limits::default());
    let mut input = BytesMut::from("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    assert!(matches!(reader.read(&mut input, false).unwrap(), Event::Head(_)));
    input.extend_from_slice(&vec![b'x'; 50_000]);
    let place = input.as_ptr();
    let Event::Body(large) = reader.read(&mut input, false).unwrap() else { panic!() };
    assert_eq!((large.as_ptr(), large.len()), (place, 50_000));
    let mut input = BytesMut::from("small");
    let place = input.as_ptr();
    let Event::Body(small) = reader.read(&mut input, false).unwrap() else { panic!() };
    assert_ne!(small.as_ptr(), place);
}
