#![expect(clippy::unwrap_used, reason = "a test that unwraps an error fails, as it should")]

use super::*;

const OPENED: &[u8] = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50";

fn credentials() -> Credentials {
    (b"user".to_vec(), b"secret".to_vec())
}

/// Runs a handshake against a proxy that says `answers` in turn; gives what the client wrote, and the outcome.
fn run(handshake: Result<Handshake>, answers: &[&[u8]], bytewise: bool) -> (Vec<Vec<u8>>, Result<Progress>) {
    let mut handshake = handshake.unwrap();
    let mut written = vec![handshake.outgoing().to_vec()];
    let mut last = Ok(Progress::Pending);
    for answer in answers {
        let size = if bytewise { 1 } else { answer.len().max(1) };
        let pieces: Vec<&[u8]> = if answer.is_empty() { vec![answer] } else { answer.chunks(size).collect() };
        for piece in pieces {
            last = handshake.receive(piece);
            let more = handshake.outgoing();
            if !more.is_empty() {
                written.push(more.to_vec());
            }
            if !matches!(last, Ok(Progress::Pending)) {
                return (written, last);
            }
        }
    }
    (written, last)
}

/// The client's messages when the handshake succeeds, the same for whole reads and for single bytes.
#[track_caller]
fn opens(handshake: impl Fn() -> Result<Handshake>, answers: &[&[u8]]) -> Vec<Vec<u8>> {
    let (written, outcome) = run(handshake(), answers, false);
    let last = answers.last().unwrap();
    assert_eq!(outcome.unwrap(), Progress::Open { used: last.len() });
    let (bytewise, outcome) = run(handshake(), answers, true);
    assert_eq!(outcome.unwrap(), Progress::Open { used: 1 });
    assert_eq!(written, bytewise);
    written
}

#[track_caller]
fn fails(handshake: impl Fn() -> Result<Handshake>, answers: &[&[u8]]) -> String {
    let (_, outcome) = run(handshake(), answers, false);
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (Kind::Proxy, Phase::Connect));
    assert_eq!(run(handshake(), answers, true).1.unwrap_err().message(), error.message());
    error.message().to_owned()
}

fn plain() -> Result<Handshake> {
    Handshake::new(b"example.org", 443, None)
}

#[test]
fn asks_for_a_name_without_authentication() {
    let written = opens(plain, &[b"\x05\x00", OPENED]);
    assert_eq!(written, [&b"\x05\x01\x00"[..], b"\x05\x01\x00\x03\x0bexample.org\x01\xbb"]);
}

#[test]
fn gives_a_username_and_a_password_when_asked_for_them() {
    let handshake = || Handshake::new(b"a", 80, Some(credentials()));
    let written = opens(handshake, &[b"\x05\x02", b"\x01\x00", OPENED]);
    assert_eq!(
        written,
        [&b"\x05\x02\x00\x02"[..], b"\x01\x04user\x06secret", b"\x05\x01\x00\x03\x01a\x00\x50"]
    );
}

#[test]
fn keeps_the_credentials_to_itself_when_the_proxy_wants_none() {
    let written = opens(|| Handshake::new(b"a", 80, Some(credentials())), &[b"\x05\x00", OPENED]);
    assert!(!written.concat().windows(6).any(|window| window == b"secret"));
}

#[test]
fn ip_literals_go_as_addresses() {
    let cases: [(&[u8], &[u8]); 4] = [
        (b"127.0.0.1", b"\x01\x7f\x00\x00\x01"),
        (b"::1", b"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"),
        (b"[::1]", b"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"),
        (b"1.2.3.4.example", b"\x03\x0f1.2.3.4.example"),
    ];
    for (host, address) in cases {
        let written = opens(|| Handshake::new(host, 258, None), &[b"\x05\x00", OPENED]);
        assert_eq!(written[1], [b"\x05\x01\x00", address, b"\x01\x02"].concat());
    }
}

#[test]
fn a_bound_address_of_any_type_is_read_to_its_end() {
    let v6 = [&b"\x05\x00\x00\x04"[..], &[7; 16], b"\x00\x50"].concat();
    let name = b"\x05\x00\x00\x03\x05proxy\x00\x50";
    let empty = b"\x05\x00\x00\x03\x00\x00\x50";
    for reply in [&v6[..], name, empty, OPENED] {
        opens(plain, &[b"\x05\x00", reply]);
        for cut in 1..reply.len() {
            let (_, outcome) = run(plain(), &[b"\x05\x00", &reply[..cut]], false);
            assert_eq!(outcome.unwrap(), Progress::Pending, "{cut} bytes of {reply:?}");
        }
    }
}

#[test]
fn bytes_after_the_reply_are_not_taken() {
    let mut handshake = plain().unwrap();
    handshake.receive(b"\x05\x00").unwrap();
    handshake.receive(&OPENED[..9]).unwrap();
    assert!(!handshake.is_open());
    assert_eq!(handshake.receive(b"\x50hello").unwrap(), Progress::Open { used: 1 });
    assert!(handshake.is_open());
    assert_eq!(handshake.receive(b"more").unwrap(), Progress::Open { used: 0 });
}

#[test]
fn a_proxy_that_says_everything_at_once_is_understood() {
    let everything = [b"\x05\x02\x01\x00", OPENED, b"rest"].concat();
    let mut handshake = Handshake::new(b"a", 80, Some(credentials())).unwrap();
    assert_eq!(handshake.receive(&everything).unwrap(), Progress::Open { used: 14 });
}

#[test]
fn refusals_say_why() {
    let reasons = [
        "General SOCKS server failure",
        "Connection not allowed by ruleset",
        "Network unreachable",
        "Host unreachable",
        "Connection refused",
        "TTL expired",
        "Command not supported",
        "Address type not supported",
        "Unassigned reply code 9",
    ];
    for (code, reason) in (1_u8..).zip(reasons) {
        let whole = [&[5, code], &OPENED[2..]].concat();
        for reply in [&whole[..], &[5, code]] {
            let message = fails(plain, &[b"\x05\x00", reply]);
            assert_eq!(message, format!("Proxy Server could not connect: {reason}."));
        }
    }
}

#[test]
fn a_method_that_was_not_offered_is_refused() {
    let cases: [(Option<Credentials>, u8, &str); 4] = [
        (None, 2, "Requested NO AUTHENTICATION REQUIRED from proxy server, but got USERNAME/PASSWORD."),
        (None, 255, "Requested NO AUTHENTICATION REQUIRED from proxy server, but got NO ACCEPTABLE METHODS."),
        (
            Some(credentials()),
            1,
            "Requested NO AUTHENTICATION REQUIRED or USERNAME/PASSWORD from proxy server, but got GSSAPI.",
        ),
        (None, 9, "Requested NO AUTHENTICATION REQUIRED from proxy server, but got method 9."),
    ];
    for (credentials, method, message) in cases {
        let handshake = || Handshake::new(b"a", 80, credentials.clone());
        assert_eq!(fails(handshake, &[&[5, method]]), message);
    }
}

#[test]
fn wrong_credentials_are_told_without_showing_them() {
    let handshake = || Handshake::new(b"a", 80, Some(credentials()));
    assert_eq!(fails(handshake, &[b"\x05\x02", b"\x01\x01"]), "Invalid username/password");
    assert!(!format!("{:?}", handshake().unwrap()).contains("secret"));
}

#[test]
fn what_is_not_socks5_is_refused() {
    let expected = "The proxy does not speak SOCKS5: it answers with version 72";
    assert_eq!(fails(plain, &[b"HTTP/1.1 400 Bad Request\r\n"]), expected);
    assert_eq!(fails(plain, &[b"\x05\x00", b"HTTP/1.1"]), expected);
    let message = fails(plain, &[b"\x05\x00", b"\x05\x00\x00\x02\x00"]);
    assert_eq!(message, "The proxy's reply has an address of unknown type 2");
}

#[test]
fn a_closed_connection_is_an_error_wherever_it_happens() {
    let answers: [&[&[u8]]; 4] =
        [&[b""], &[b"\x05", b""], &[b"\x05\x00", b""], &[b"\x05\x00", b"\x05\x00\x00", b""]];
    for answers in answers {
        let message = fails(plain, answers);
        assert_eq!(message, "The proxy closed the connection during the SOCKS handshake");
    }
}

#[test]
fn a_failed_handshake_stays_failed() {
    let mut handshake = plain().unwrap();
    handshake.receive(b"\x04\x00").unwrap_err();
    assert_eq!(handshake.receive(b"\x05\x00").unwrap_err().message(), "The SOCKS handshake is over");
}

#[test]
fn what_one_byte_cannot_count_is_refused_before_anything_is_sent() {
    let long = vec![b'a'; 256];
    assert!(Handshake::new(&long[..255], 80, None).is_ok());
    for handshake in [
        Handshake::new(&long, 80, None),
        Handshake::new(b"", 80, None),
        Handshake::new(b"a", 80, Some((long.clone(), Vec::new()))),
        Handshake::new(b"a", 80, Some((Vec::new(), long.clone()))),
    ] {
        assert_eq!(handshake.unwrap_err().kind(), Kind::Proxy);
    }
}
