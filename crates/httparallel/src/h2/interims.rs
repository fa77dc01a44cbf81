//! The interim responses before a final one.
//!
//! RFC 9110 section 15.2 allows "one or more", and `h2` would take any number of them.

use std::task::{Context, Poll};

use h2::Reason;
use h2::client::ResponseFuture;
use httparallel_proto::h1::Limits;

/// How many came before one response.
#[derive(Debug, Default)]
pub(crate) struct Interims(usize);

impl Interims {
    /// The next one; nothing if there is none now. Fails on one too many.
    pub(crate) fn poll(
        &mut self,
        response: &mut ResponseFuture,
        cx: &mut Context<'_>,
    ) -> Poll<Result<http::Response<()>, h2::Error>> {
        let Poll::Ready(Some(interim)) = response.poll_informational(cx) else { return Poll::Pending };
        self.0 += 1;
        if self.0 > Limits::default().interim_count {
            return Poll::Ready(Err(Reason::ENHANCE_YOUR_CALM.into()));
        }
        Poll::Ready(interim)
    }
}
