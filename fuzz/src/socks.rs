//! SOCKS5 handshakes: whatever a proxy sends, and however it arrives.

use httparallel_proto::socks::{Handshake, Progress};

use crate::Input;

/// A handshake read whole and in pieces comes to the same end; the bytes after it are left alone; and the password
/// is said to a proxy that asks for it, and to no other.
///
/// Options: whether there are credentials, the host, the length of pieces.
pub fn socks(data: &[u8]) {
    let mut input = Input::new(data);
    let has_credentials = input.choose(&[false, true]);
    let host = input.choose(&[&b"example.org"[..], b"127.0.0.1", b"[::1]", b""]);
    let piece = input.piece_length();
    input.line();
    let sent = input.rest();

    let (mut said, mut unheard) = (Vec::new(), Vec::new());
    let whole = shake(host, has_credentials, sent.chunks(sent.len().max(1)), &mut unheard);
    assert_eq!(whole, shake(host, has_credentials, sent.chunks(piece), &mut said), "in pieces of {piece}");
    let tells = said.windows(PASSWORD.len()).any(|window| window == PASSWORD);
    assert!(!tells || (has_credentials && sent.starts_with(b"\x05\x02")), "the password went astray");
}

const PASSWORD: &[u8] = b"a password";

/// How many bytes of the proxy's were its own, if the tunnel is open in the end; or what went wrong.
type End = Result<Option<usize>, String>;

fn shake<'a>(
    host: &[u8],
    has_credentials: bool,
    pieces: impl Iterator<Item = &'a [u8]>,
    said: &mut Vec<u8>,
) -> End {
    let credentials = has_credentials.then(|| (b"a user".to_vec(), PASSWORD.to_vec()));
    let mut handshake = Handshake::new(host, 443, credentials).map_err(|error| error.to_string())?;
    let mut before = 0;
    for piece in pieces {
        said.extend_from_slice(&handshake.outgoing());
        match handshake.receive(piece).map_err(|error| error.to_string())? {
            Progress::Pending => assert!(!handshake.is_open()),
            Progress::Open { used } => {
                assert!(handshake.is_open() && used <= piece.len());
                return Ok(Some(before + used));
            }
        }
        before += piece.len();
    }
    said.extend_from_slice(&handshake.outgoing());
    Ok(None)
}
