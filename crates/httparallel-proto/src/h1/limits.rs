//! How much of a response may be anything but its body.

/// Bounds, in bytes unless said otherwise, on what a server may send around a body.
///
/// ```
/// use httparallel_proto::h1::Limits;
///
/// let limits = Limits { head_bytes: 16 * 1024, ..Limits::default() };
/// assert_eq!(limits.head_lines, 1000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A response head as a whole. Default: 256 KiB.
    pub head_bytes: usize,
    /// Lines of a head or of trailers, counting the continuation lines of folded fields. Default: 1000.
    pub head_lines: usize,
    /// One line of a head or of trailers. Default: 64 KiB.
    pub line_bytes: usize,
    /// Interim (1xx) responses before the final one. Default: 32.
    pub interim_count: usize,
    /// All interim heads together. Default: 256 KiB.
    pub interim_bytes: usize,
    /// The trailers of a chunked body. Default: 16 KiB.
    pub trailer_bytes: usize,
    /// The line that opens a chunk: its size and extensions. Default: 16 KiB.
    pub chunk_line_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const KIB: usize = 1024;
        Self {
            head_bytes: 256 * KIB,
            head_lines: 1000,
            line_bytes: 64 * KIB,
            interim_count: 32,
            interim_bytes: 256 * KIB,
            trailer_bytes: 16 * KIB,
            chunk_line_bytes: 16 * KIB,
        }
    }
}
