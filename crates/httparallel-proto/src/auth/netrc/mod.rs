//! User names and passwords from a netrc file, by the host of each request.
//!
//! There is no standard: what follows is what Python's `netrc` reads, from which httpx has its rules.
//!
//! ```text
//!   machine NAME ─┐    login NAME │ user NAME
//!   default ──────┴──  password WORD
//!                      account WORD                and the same again
//!   macdef NAME, then lines up to an empty one
//!   # up to the end of the line, where one of these words could stand
//! ```

use std::fmt;

use super::basic;
use crate::{Error, Result, Url};

/// What stands between two words.
const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// A netrc file that has been read.
///
/// ```
/// use httparallel_proto::Url;
/// use httparallel_proto::auth::{Netrc, basic};
///
/// let netrc = Netrc::parse("machine example.org login user password secret")?;
/// let authorization = |url| Ok(netrc.authorization(&Url::parse(url)?));
/// assert_eq!(authorization("https://example.org/a")?, Some(basic("user", "secret")));
/// assert_eq!(authorization("https://www.example.org/a")?, None);
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Netrc {
    machines: Vec<(String, Entry)>,
    /// For all hosts that are not named.
    default: Option<Entry>,
}

#[derive(Clone, Default, PartialEq, Eq)]
struct Entry {
    login: String,
    password: String,
}

/// Whom an entry is for.
enum Whom {
    Machine(String),
    Everyone,
}

impl Netrc {
    /// Reads the text of a file. Of several entries for one host the last one counts.
    ///
    /// Fails where something stands that should not. The message names the line and nothing that is in it.
    pub fn parse(text: &str) -> Result<Self> {
        let mut netrc = Self::default();
        let mut words = Words { text, at: 0 };
        let mut keyword = words.keyword()?;
        while let Some(known) = keyword {
            let whom = match &*known {
                "machine" => Whom::Machine(words.value("machine")?),
                "default" => Whom::Everyone,
                "macdef" => {
                    words.skip_macro();
                    keyword = words.keyword()?;
                    continue;
                }
                _ => return Err(words.wrong("'machine', 'default' or 'macdef' is expected")),
            };
            let entry;
            (entry, keyword) = words.entry()?;
            netrc.add(whom, entry);
        }
        Ok(netrc)
    }

    /// The value of `Authorization` for a URL: Basic credentials, if its host is named in the file, or else if there
    /// is an entry for everyone (`default`). `None` also if the entry has no password.
    pub fn authorization(&self, url: &Url) -> Option<String> {
        // An international name may be written in both ways.
        let (shown, sent) = (url.host(), url.raw_host());
        let is_named = |name: &str| name.eq_ignore_ascii_case(&shown) || name.eq_ignore_ascii_case(sent);
        let named = self.machines.iter().rev().find(|(name, _)| is_named(name)).map(|(_, entry)| entry);
        let entry = named.or(self.default.as_ref()).filter(|entry| !entry.password.is_empty())?;
        Some(basic(&entry.login, &entry.password))
    }

    /// Whether a password in it is worth keeping secret: that of anyone but `anonymous`.
    pub fn is_secret(&self) -> bool {
        let entries = self.machines.iter().map(|(_, entry)| entry).chain(&self.default);
        entries.into_iter().any(|entry| entry.login != "anonymous")
    }

    fn add(&mut self, whom: Whom, entry: Entry) {
        match whom {
            Whom::Machine(name) => self.machines.push((name, entry)),
            Whom::Everyone => self.default = Some(entry),
        }
    }
}

/// Whose passwords there are, not which.
impl fmt::Debug for Netrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let machines: Vec<_> = self.machines.iter().map(|(name, _)| name).collect();
        f.debug_struct("Netrc")
            .field("machines", &machines)
            .field("default", &self.default.is_some())
            .finish_non_exhaustive()
    }
}

/// A file from where it has been read to.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl Words<'_> {
    /// What follows the name of a machine, and the keyword after it.
    fn entry(&mut self) -> Result<(Entry, Option<String>)> {
        let mut entry = Entry::default();
        loop {
            let keyword = self.keyword()?;
            match keyword.as_deref() {
                Some(name @ ("login" | "user")) => entry.login = self.value(name)?,
                Some("password") => entry.password = self.value("password")?,
                Some("account") => drop(self.value("account")?),
                None | Some("machine" | "default" | "macdef") => return Ok((entry, keyword)),
                Some(_) => return Err(self.wrong("'login', 'password' or 'account' is expected")),
            }
        }
    }

    /// The next word that is no comment; `None` at the end.
    fn keyword(&mut self) -> Result<Option<String>> {
        loop {
            self.skip_space();
            if !self.rest().starts_with('#') {
                return self.word();
            }
            self.skip_line();
        }
    }

    /// The word that belongs to a keyword. It may begin with `#`.
    fn value(&mut self, keyword: &str) -> Result<String> {
        let value = self.word()?;
        value.ok_or_else(|| self.wrong(format!("a word is missing after '{keyword}'")))
    }

    /// The next word, without its quotes and backslashes; `None` at the end.
    fn word(&mut self) -> Result<Option<String>> {
        self.skip_space();
        let (begin, rest) = (self.at, self.rest());
        let is_quoted = rest.starts_with('"');
        let mut characters = rest.char_indices().skip(usize::from(is_quoted));
        let mut word = String::new();
        while let Some((index, character)) = characters.next() {
            match character {
                '"' if is_quoted => {
                    self.at = begin + index + 1;
                    return Ok(Some(word));
                }
                space if !is_quoted && SPACE.contains(&space) => {
                    self.at = begin + index;
                    return Ok(Some(word));
                }
                '\\' => word.extend(characters.next().map(|(_, escaped)| escaped)),
                other => word.push(other),
            }
        }
        if is_quoted {
            return Err(self.wrong("a quote does not end"));
        }
        self.at = self.text.len();
        Ok((begin < self.at).then_some(word))
    }

    /// The name of a macro, and its lines up to an empty one.
    fn skip_macro(&mut self) {
        loop {
            self.skip_line();
            if self.rest().lines().next().is_none_or(str::is_empty) {
                return;
            }
        }
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches(SPACE).len();
    }

    fn skip_line(&mut self) {
        self.at = self.rest().find('\n').map_or(self.text.len(), |end| self.at + end + 1);
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn wrong(&self, what: impl fmt::Display) -> Error {
        let line = 1 + self.text[..self.at].matches('\n').count();
        Error::invalid_request(format!("The netrc file cannot be read: in line {line}, {what}"))
    }
}

#[cfg(test)]
mod tests;
