//! What every HTTP/2 connection of this library tells its peer first.

use h2::client::Builder;

/// Windows that keep a fast link busy: RFC 9113 section 6.9.2 starts with 64 KiB, which stalls.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
pub(super) const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;
/// Decoded header lists larger than this are refused by the peer of this setting.
const MAX_HEADER_LIST: u32 = 64 * 1024;

/// A builder of connections. `max_streams` stands for the peer's limit on streams until its SETTINGS are here.
pub(crate) fn builder(max_streams: usize) -> Builder {
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .initial_max_send_streams(max_streams)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(MAX_HEADER_LIST);
    builder
}
