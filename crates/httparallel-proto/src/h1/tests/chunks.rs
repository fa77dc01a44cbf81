//! Chunked bodies, sound and broken.

use super::*;

fn chunked(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}")
}

#[test]
fn chunks_join_to_a_body() {
    for body in [
        "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
        "00005\r\nhello\r\n00000000000000000000006\r\n world\r\n000\r\n\r\n",
        "b;a=1;b=\"x y\"\r\nhello world\r\n0;last\r\n\r\n",
        "B  \r\nhello world\r\n0 \t\r\n\r\n",
        "b ;a\r\nhello world\r\n0\r\n\r\n",
    ] {
        let transcript = Exchange::get(&chunked(body)).run();
        assert_eq!((transcript.body(), transcript.reuse), ("hello world", Some(Reuse::Yes)));
        assert_eq!(transcript.trailers, None);
    }
}

#[test]
fn data_may_look_like_framing() {
    let transcript = Exchange::get(&chunked("7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n")).run();
    assert_eq!(transcript.body(), "0\r\n\r\n\r\n");
}

#[test]
fn trailers_come_with_the_end() {
    let transcript = Exchange::get(&chunked("2\r\nhi\r\n0\r\nX-Sum: 1\r\nx-sum:2\r\n\r\n")).run();
    assert_eq!(transcript.body(), "hi");
    let trailers = transcript.trailers.unwrap();
    assert_eq!(trailers.get_all("x-sum").collect::<Vec<_>>(), ["1", "2"]);
}

#[test]
fn broken_chunks_are_refused() {
    for body in [
        "5\r\nhelloX\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello\r0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\n\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5h\r\nhello\r\n0\r\n\r\n",
        "5 5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        ";a=b\r\nhello\r\n0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n",
        "5\r;a\r\nhello\r\n0\r\n\r\n",
        "5\r\r\nhello\r\n0\r\n\r\n",
        "5;\0\r\nhello\r\n0\r\n\r\n",
        "5\x0c\r\nhello\r\n0\r\n\r\n",
        "10000000000000000\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\n\r\n",
        "5\r\nhello\r\n0\r\n\n",
        "5\r\nhello\r\n0\r\nX: 1\n\r\n",
        "5\r\nhello\r\n0\r\nX : 1\r\n\r\n",
        "5\r\nhello\r\n0\r\nX: 1\r\n folded\r\n\r\n",
        "5\r\nhello\r\n0\r\n folded: 1\r\n\r\n",
        "5\r\nhello\r\n0\r\n: 1\r\n\r\n",
        "5\r\nhello\r\n0\r\nX: \0\r\n\r\n",
        "5\r\nhello\r\n0\r\ngarbage\r\n\r\n",
    ] {
        assert_refused(chunked(body));
    }
}

#[test]
fn the_largest_size_is_a_size() {
    let response = chunked("ffffffffffffffff\r\nhello");
    let transcript = Exchange::get(&response).run();
    assert_eq!((&transcript.body[..], transcript.error.is_none()), (&b"hello"[..], true));
}
