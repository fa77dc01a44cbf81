//! Whether a request that was lost with its connection may be sent once more.

use httparallel::Method;
use httparallel_proto::fetch;
use pyo3::prelude::*;

use super::convert::{self, Pairs};

/// Whether a request may be sent once more on a fresh connection. `replayable`: its content can be had again.
/// `reused`: the connection had served a request before. `written`: some of the request was sent.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over arguments this way")]
pub(super) fn may_resend(
    method: &[u8],
    headers: Pairs,
    replayable: bool,
    reused: bool,
    written: bool,
) -> bool {
    let method = std::str::from_utf8(method).ok().and_then(|method| Method::new(method).ok());
    let headers = convert::headers(&headers);
    method.is_some_and(|method| fetch::may_resend(&method, &headers, replayable, reused, written))
}
