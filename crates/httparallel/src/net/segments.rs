//! How much is sent at once.
//!
//! A socket takes megabytes in one call. But none of that is in a cache any more when the network gets to it, and what is
//! acknowledged meanwhile is not free before the end of the call. In shares of a few segments the same memory is used
//! again and again. What does not fill its last segment makes a small one, which costs as much as a large one.

use std::os::fd::OwnedFd;

use socket2::SockRef;

/// The most bytes of one share.
const MOST: usize = 256 * 1024;

/// How much of so many bytes to send at once.
pub(super) fn share(bytes: usize, socket: &OwnedFd) -> usize {
    if bytes <= MOST {
        return bytes;
    }
    // Asked each time: segments grow with the peer's window. It costs a hundredth of what it saves.
    whole_segments(SockRef::from(socket).tcp_mss().unwrap_or(0))
}

/// The most bytes of a share of segments that hold so many bytes each.
fn whole_segments(segment: u32) -> usize {
    let segment = usize::try_from(segment).unwrap_or(0);
    match MOST.checked_div(segment) {
        Some(segments) if segments > 0 => segments * segment,
        _ => MOST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole_segments() {
        assert_eq!(whole_segments(65_483), 4 * 65_483);
        assert_eq!(whole_segments(1_448), 181 * 1_448);
        assert_eq!(whole_segments(0), MOST);
        assert_eq!(whole_segments(u32::MAX), MOST);
    }
}
