//! The benchmark's server: prints its addresses as one line of JSON, and serves on one thread until its standard
//! input is closed.
//!
//! It has to be faster than any client, so it does as little as it can for a request: answers are made once, and
//! nothing is allocated for one. What it understands is enough for well-behaved clients; it is no server for anything
//! else.
//!
//! | key of the JSON | endpoint |
//! |---|---|
//! | `http` | HTTP/1.1, and HTTP/2 with prior knowledge |
//! | `https` | TLS with session tickets, HTTP/1.1 |
//! | `https_full` | the same without tickets or session identifiers: every handshake is a full one |
//! | `https_h2` | TLS with `h2` and `http/1.1` in ALPN |
//! | `ca_pem` | a file with the authority that signed their certificate |
//!
//! | path | answer |
//! |---|---|
//! | `/bytes/N` | N bytes of text |
//! | `/close/N` | the same, after which the server closes the connection |
//! | `/json/N` | a JSON array of records of about N bytes |
//! | `/gzip/N` | such an array, coded with gzip |
//! | `/delay/N` | 13 bytes after N milliseconds |
//! | `/upload` | the number of bytes that the request's body had |
//! | `/stats`, `/stats/reset` | the counters, and setting them to zero |

mod connection;
mod content;
mod events;
mod h1;
mod h2;
mod h2_paths;
mod h2_send;
mod tls;

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;

use events::Server;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("httparallel-bench-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let authority = tls::Authority::new()?;
    let ca_pem = std::env::temp_dir().join(format!("httparallel-bench-{}.pem", std::process::id()));
    std::fs::write(&ca_pem, authority.pem())?;
    let removed_at_the_end = Removed(ca_pem);
    let mut server = Server::new()?;
    let mut addresses = Vec::new();
    for (name, tls) in [
        ("http", None),
        ("https", Some(authority.config(&[b"http/1.1"], true)?)),
        ("https_full", Some(authority.config(&[b"http/1.1"], false)?)),
        ("https_h2", Some(authority.config(&[b"h2", b"http/1.1"], true)?)),
    ] {
        let (scheme, host) = if tls.is_some() { ("https", "localhost") } else { ("http", "127.0.0.1") };
        let port = server.listen(tls)?;
        addresses.push(format!(r#""{name}": "{scheme}://{host}:{port}""#));
    }
    let ca = removed_at_the_end.0.display();
    println!(r#"{{{}, "ca_pem": "{ca}"}}"#, addresses.join(", "));
    io::stdout().flush()?;
    make_room()?;
    let stop = server.stopper();
    std::thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        let _ = stop.wake();
    });
    server.run()
}

/// Has the system make its table of descriptors large now: with threads, it lets the process wait for 10 ms each time
/// that it does.
fn make_room() -> io::Result<()> {
    let any = io::stdin().as_fd().try_clone_to_owned()?;
    drop((0..4096).map_while(|_| any.try_clone().ok()).collect::<Vec<_>>());
    Ok(())
}

struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
