//! Which netrc file a client reads, and when it may.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use httparallel_proto::auth::Netrc;
use httparallel_proto::{Error, Result};

use super::builder::ClientBuilder;

/// What others than the owner of a file may do with it.
const OTHERS: u32 = 0o077;

impl<C> ClientBuilder<C> {
    /// User names and passwords from the netrc file that `NETRC` names, or else from `~/.netrc`: Basic credentials for
    /// the requests to the hosts in it, on any port, over `https` and `http`.
    ///
    /// Credentials of the request, of its URL and of [`basic_auth`](Self::basic_auth) and its like come first. The
    /// host has to be the same as in the file; an entry `default` is for all hosts that are not named there. They are
    /// not added to requests that follow a redirect, and do not follow one to another origin.
    ///
    /// The file is read here, once. `build` fails if there is none, or if it cannot be read; and, as in Python, if
    /// `~/.netrc` holds a password and belongs to another user, or may be used by others.
    pub fn netrc(self) -> Self {
        let read = match std::env::var_os("NETRC").filter(|path| !path.is_empty()) {
            Some(path) => read(&PathBuf::from(path), false),
            None => match std::env::home_dir() {
                Some(home) => read(&home.join(".netrc"), true),
                None => Err(Error::invalid_request("There is no home directory to read .netrc in")),
            },
        };
        self.with_netrc(read)
    }

    /// User names and passwords from this netrc file, as [`netrc`](Self::netrc) uses them, whoever may read it.
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let url = server.http_url() + "/echo";
    /// # let path = std::env::temp_dir().join(format!("httparallel-netrc-{}", std::process::id()));
    /// # std::fs::write(&path, "machine 127.0.0.1 login user password secret")?;
    /// use httparallel::blocking::Client;
    ///
    /// let client = Client::builder().netrc_file(&path).build()?;
    /// assert!(client.get(url).send()?.text().contains("Basic dXNlcjpzZWNyZXQ="));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn netrc_file(self, path: impl AsRef<Path>) -> Self {
        self.with_netrc(read(path.as_ref(), false))
    }

    fn with_netrc(self, netrc: Result<Netrc>) -> Self {
        self.change(|defaults| {
            defaults.credentials.netrc = Some(Arc::new(netrc?));
            Ok(())
        })
    }
}

/// Reads a file. One in its usual place has to be private.
fn read(path: &Path, is_usual: bool) -> Result<Netrc> {
    let (text, is_private) = contents(path).map_err(|error| {
        let message = format!("The netrc file {} cannot be read: {error}", path.display());
        Error::invalid_request(message).with_source(error)
    })?;
    let netrc = Netrc::parse(&text)?;
    if is_usual && !is_private && netrc.is_secret() {
        let message =
            "The file ~/.netrc has to belong to its user, and to be closed to all others (chmod 600)";
        return Err(Error::invalid_request(message));
    }
    Ok(netrc)
}

/// The text of a file, and whether nobody but its owner, who runs this process, can use it.
fn contents(path: &Path) -> io::Result<(String, bool)> {
    let mut file = File::open(path)?;
    let facts = file.metadata()?;
    let is_private = facts.uid() == rustix::process::getuid().as_raw() && facts.mode() & OTHERS == 0;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok((text, is_private))
}
