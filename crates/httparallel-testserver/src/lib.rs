//! A scripted HTTP server for httparallel's tests, demo and benchmarks.
//!
//! It runs on Unix systems. Three ways to use it:
//!
//! - [`TestServer`] in a Rust test: serves the routes below on threads of its own, and stops when dropped.
//! - [`ScriptedServer`] in a Rust test: plays raw bytes by [`Script`], for answers that no decent server gives.
//! - The program `httparallel-testserver`, for tests in other languages, the demo and benchmarks: the routes,
//!   and scripts through `POST /script`.
//!
//! # The program
//!
//! ```text
//! httparallel-testserver [--port N] [--tls-port N] [--uds PATH] [--threads N]
//!                        [--max-streams N] [--limited-streams N] [--ignore-stdin]
//! ```
//!
//! Prints one line of JSON when it is ready, and runs until its standard input is closed, so that it does not
//! outlive the process that started it (`--ignore-stdin` turns that off), or until SIGTERM or SIGINT.
//!
//! | key | value |
//! |---|---|
//! | `http`, `h2c` | `http://127.0.0.1:PORT`: HTTP/1.1, and HTTP/2 with prior knowledge |
//! | `h2c_limited` | the same with `SETTINGS_MAX_CONCURRENT_STREAMS` 2 (`--limited-streams`) |
//! | `https` | `https://localhost:PORT`: `h2` and `http/1.1` in ALPN, TLS 1.2 and 1.3 |
//! | `https_http1_only` | the same without `h2` |
//! | `https_tls12` | the same with TLS 1.2 only |
//! | `https_client_required` | the same, requiring a client certificate of the same authority |
//! | `https_expired`, `https_wrong_host`, `https_self_signed`, `https_untrusted` | bad certificates, see [`Certificate`] |
//! | `proxy` | `http://127.0.0.1:PORT`: as `http`, but see [below](#proxy) |
//! | `uds` | the path of the Unix socket, or `null` |
//! | `ca_pem` | a file with the authority that signed the good certificates |
//! | `client_pem` | a file with a client certificate and its key |
//! | `pid` | the process |
//!
//! Good certificates are for `localhost`, `127.0.0.1`, `::1` and `example.test`. Every port is open on 127.0.0.1
//! and, where available, on `::1`. Keys and certificates are made anew for each run.
//!
//! # Routes
//!
//! All methods unless noted; `HEAD` gets the head of `GET`. Request bodies are read before the answer, unless
//! noted, after `100 Continue` if the client expects it. Any route over HTTP/2 with the parameter `goaway=1`
//! starts a graceful GOAWAY: that stream is answered, new ones need a new connection.
//!
//! **Plain answers**
//!
//! | route | answer |
//! |---|---|
//! | `/`, `/small` | 200, `Hello, world!`, 13 bytes of text |
//! | `/bytes/N` | N bytes of the alphabet in lower case, over and over, with `Content-Length` |
//! | `/chunked/N?size=S` | the same N bytes in chunks of S (1024), no `Content-Length` |
//! | `/stream/N?size=S&interval_ms=M` | N chunks of S (1024) bytes with M (10) ms between them |
//! | `/drip?bytes=N&interval_ms=M` | N (10) bytes with `Content-Length`, one each M (100) ms |
//! | `/trailers?Name=Value` | the alphabet in chunks of 10, then these trailers |
//! | `/events/N` | N server-sent events of type `tick`; identifier and data count from 1 |
//! | `/json?kb=N` | a JSON array of records, a little longer than N (1) KiB |
//! | `/gzip`, `/deflate`, `/br`, `/zstd` | `{"coding": …, "text": …}` in that content coding |
//! | `/gzip-bomb?mb=N` | N (64) MiB of zeros in about N KB of gzip |
//! | `/status/CODE?Name=Value` | that status from 200 to 999, with these headers |
//! | `/headers?Name=Value` | 200 with these headers, in this case and order, repeated ones too |
//! | `/interim/CODE?count=N&delay_ms=M` | N (1) interim responses with that status, after M (0) ms a 200 |
//! | `/delay/MILLIS?then=TARGET` | after that time the answer of TARGET, or of `/` |
//! | `/site/NAME` | one of seven sites for the demo: [their times](#sites) |
//!
//! **What arrived**
//!
//! | route | answer |
//! |---|---|
//! | `/echo` | JSON: `method`, `target`, `http_version`, `headers` as `[name, value]` in received order and case (values as latin-1), `body` as text, `body_length`. HTTP/2's `:authority` is the first header |
//! | `/echo-body` | the request's body, with its `Content-Type` |
//! | `/upload` | JSON: `length` of the body, and `sum` of its bytes modulo 2³²; the body is not kept |
//! | `/cookies` | JSON: `{"cookies": {name: value}}` |
//! | `/cookies/set?name=value` | 200 with `Set-Cookie: name=value; Path=/` for each parameter |
//!
//! **Redirects and authentication**
//!
//! | route | answer |
//! |---|---|
//! | `/redirect/N?status=CODE` | N redirects (302), the last one to `/` |
//! | `/redirect-to?url=URL&status=CODE` | one redirect (302) to any URL |
//! | `/redirect-loop` | a redirect to itself |
//! | `/basic-auth/USER/PASSWORD` | 200 with these credentials, else 401 and a challenge |
//! | `/digest-auth/USER/PASSWORD?qop=none` | the same with Digest, MD5 and `qop=auth`, or without `qop` |
//! | `/bearer-auth/TOKEN` | the same with a bearer token |
//!
//! **Faults**
//!
//! | route | HTTP/1.1 | HTTP/2 |
//! |---|---|---|
//! | `/close` | `Connection: close`, and closes | as `/` |
//! | `/close-after-head?length=N` | promises N (100) bytes and closes after the head | head, then `RST_STREAM` `INTERNAL_ERROR` |
//! | `/keepalive-close?after_ms=M` | answers as if to stay, closes after M (0) ms | as `/` |
//! | `/early-413?linger_ms=M` | 413 without reading the body; ends its side, closes after M (200) ms | 413 without reading the body |
//! | `/expect` | `{"length": N}` after `100 Continue` and the body | the same |
//! | `/expect?silent=1` | the same without `100 Continue` | the same |
//! | `/expect?status=CODE` | that status without reading the body, and closes | that status |
//! | `/hang` | no answer until the client leaves | the same |
//! | `/refuse-first?id=ID&times=N` | the first N (1) requests: closes without an answer; then 200 | `RST_STREAM` `REFUSED_STREAM` |
//! | `/flaky?id=ID&times=N&status=CODE&retry_after=V` | the first N (1) requests: that status (503); then 200 | the same |
//!
//! Attempts are counted by the whole target: give each test its own `id`.
//!
//! **Control**
//!
//! | route | answer |
//! |---|---|
//! | `/stats` | [`Stats`] as JSON |
//! | `/stats/reset` | the same, after setting to zero what accumulates and forgetting attempts |
//! | `POST /script` | starts a scripted server: `{"port": N, "url": …}`, or 400 and what is wrong |
//! | `GET /script/PORT/received` | `{"connections": N, "finished": N, "received": [text, …]}`: what each connection sent, as latin-1 |
//! | `POST /script/PORT/signal/NAME` | lets scripts go on that wait for NAME |
//! | `DELETE /script/PORT` | stops it |
//!
//! # Scripts as text
//!
//! The body of `POST /script` has one step per line. Bytes are written as they are, with the escapes `\r`, `\n`,
//! `\t`, `\0`, `\s` (a space, where it would be lost at the end of a line), `\\` and `\xHH`.
//!
//! ```text
//! # the first connection
//! expect-request
//! send HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok
//! pause 50
//! reset
//! # the second and all that follow
//! connection
//! expect-request
//! send HTTP/1.1 204 No Content\r\n\r\n
//! forever
//! ```
//!
//! | line | meaning |
//! |---|---|
//! | `tls`, `tls h2` | the whole server speaks TLS, with `http/1.1` or `h2` in ALPN |
//! | `connection` | what follows is for the next connection; the last part serves all that follow |
//! | `expect-request`, `expect-head` | [`Script::expect_request`], [`Script::expect_head`] |
//! | `expect-bytes N`, `expect-frame TYPE` | [`Script::expect_bytes`], [`Script::expect_frame`]; TYPE in decimal |
//! | `read-to-end` | [`Script::read_to_end`] |
//! | `send BYTES` | [`Script::send`] |
//! | `send-repeated TIMES BYTES` | [`Script::send_repeated`] |
//! | `send-slowly MILLIS BYTES` | [`Script::send_slowly`] |
//! | `frame TYPE FLAGS STREAM BYTES` | [`Script::send_frame`]; numbers in decimal |
//! | `pause MILLIS`, `wait NAME` | [`Script::pause`], [`Script::wait`] |
//! | `finish`, `close`, `cut`, `reset`, `hang` | how it ends: [`Script::finish`] and so on |
//! | `forever` | [`Script::forever`] |
//! | `# comment` | nothing |
//!
//! # Proxy
//!
//! Every port also acts as a proxy over HTTP/1.1. `CONNECT HOST:PORT` opens a tunnel to that port of 127.0.0.1, if
//! the host is `localhost`, `127.0.0.1`, `[::1]` or ends in `.test`; others get 502. A target in absolute form is not
//! forwarded but answered by the routes, so that `/echo` shows what the proxy was sent.
//!
//! The port `proxy` ([`TestServer::proxy_url`]) answers 407 unless the request has the credentials `proxy:secret`.
//! (`GET /`, `/small` and `/bytes/N` in origin form, which no proxy is sent, are answered all the same.)
//!
//! # Sites
//!
//! | site | time in ms | answer |
//! |---|---|---|
//! | `webcode.me` | 310 | 200 |
//! | `httpbin.org` | 860 | 200, JSON |
//! | `google.com` | 90, then 130 for `/home` | 301 to `/site/google.com/home` |
//! | `stackoverflow.com` | 360 | 200 |
//! | `github.com` | 340 | 200 |
//! | `clojure.org` | 420 | 200 |
//! | `fsharp.org` | 450 | 200 |
//!
//! One after the other, following the redirect, they take 2.96 s; the slowest takes 0.86 s. A path below a site,
//! such as `/site/httpbin.org/get`, is the same page.

mod h1;
mod h2;
mod json;
mod listen;
mod reply;
mod request;
mod rewind;
mod routes;
mod script;
mod server;
mod stats;
mod tls;

pub use script::{Script, ScriptedServer, Transport};
pub use server::{Options, TestServer};
pub use stats::Stats;
pub use tls::Certificate;
