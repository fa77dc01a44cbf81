//! What must hold for every input: one function per part of `httparallel-proto`, which panics where it does not.
//!
//! | function | holds for |
//! |---|---|
//! | [`response`](fn@response) | any bytes from a server, in any pieces: one reading, bounded memory |
//! | [`request`](fn@request) | any request that is encoded: it is read back as it was meant |
//! | [`decode`](fn@decode) | any coded bytes: the bound is kept, and pieces do not matter |
//! | [`url`](fn@url) | any text: normal form is a fixed point, and the host is one |
//! | [`headers`](fn@headers) | any operations: the list agrees with a plain model |
//! | [`no_proxy`](fn@no_proxy) | any exemptions from proxies, and any URL: patterns mean what they say |
//! | [`credentials`](fn@credentials) | any value of a header: answers and cookies are header values, and stay where they belong |
//! | [`sse`](fn@sse) | any stream of events, in any pieces: one reading, and the bound is kept |
//! | [`socks`](fn@socks) | any bytes from a proxy, in any pieces: one handshake, and no password unasked |
//!
//! An input begins with a line of options, so that seeds can be read and written as text; its bytes choose
//! among alternatives, whatever they are.

mod credentials;
mod decode;
mod headers;
mod input;
mod no_proxy;
mod request;
mod response;
mod socks;
mod sse;
mod url;

use input::Input;

pub use credentials::credentials;
pub use decode::decode;
pub use headers::headers;
pub use no_proxy::no_proxy;
pub use request::request;
pub use response::response;
pub use socks::socks;
pub use sse::sse;
pub use url::url;
