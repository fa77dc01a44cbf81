//! Scripts as text, for tests in other languages: one step a line, see the crate's documentation.

use std::time::Duration;

use super::{Script, Transport};

/// What a description says: one script per connection.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Description {
    pub(crate) transport: Transport,
    pub(crate) scripts: Vec<Script>,
}

impl Description {
    /// The error names the line and what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut description = Self { transport: Transport::Plain, scripts: vec![Script::new()] };
        for (number, line) in text.lines().enumerate() {
            description.line(line.trim_start()).map_err(|wrong| format!("line {}: {wrong}\n", number + 1))?;
        }
        Ok(description)
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" | "#" => {}
            "tls" if rest == "h2" => self.transport = Transport::TlsH2,
            "tls" => self.transport = Transport::Tls,
            "connection" => self.scripts.push(Script::new()),
            _ => {
                let script = self.scripts.pop().unwrap_or_default();
                self.scripts.push(step(script, word, rest)?);
            }
        }
        Ok(())
    }
}

fn step(script: Script, word: &str, rest: &str) -> Result<Script, String> {
    Ok(match word {
        "expect-head" => script.expect_head(),
        "expect-request" => script.expect_request(),
        "expect-bytes" => script.expect_bytes(number(rest)?),
        "expect-frame" => script.expect_frame(number(rest)?),
        "read-to-end" => script.read_to_end(),
        "send" => script.send(unescaped(rest)?),
        "send-repeated" => {
            let (times, bytes) = rest.split_once(' ').unwrap_or((rest, ""));
            script.send_repeated(unescaped(bytes)?, number(times)?)
        }
        "send-slowly" => {
            let (each, bytes) = rest.split_once(' ').unwrap_or((rest, ""));
            script.send_slowly(unescaped(bytes)?, milliseconds(each)?)
        }
        "frame" => {
            let mut parts = rest.splitn(4, ' ');
            let mut next = || parts.next().unwrap_or("");
            let (kind, flags, stream, payload) = (next(), next(), next(), next());
            script.send_frame(number(kind)?, number(flags)?, number(stream)?, unescaped(payload)?)
        }
        "pause" => script.pause(milliseconds(rest)?),
        "wait" => script.wait(rest),
        "finish" => script.finish(),
        "close" => script.close(),
        "cut" => script.cut(),
        "reset" => script.reset(),
        "hang" => script.hang(),
        "forever" => script.forever(),
        _ => return Err(format!("unknown step {word:?}")),
    })
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("{text:?} is not a number that fits"))
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    number(text).map(Duration::from_millis)
}

/// `\r`, `\n`, `\t`, `\0`, `\\`, `\s` (a space) and `\xHH`; all else stands for its own UTF-8 bytes.
fn unescaped(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte != b'\\' {
            bytes.push(byte);
            rest = tail;
            continue;
        }
        let (meant, used) = escape(tail).ok_or_else(|| format!("bad escape in {text:?}"))?;
        bytes.push(meant);
        rest = &tail[used..];
    }
    Ok(bytes)
}

/// The byte an escape stands for, and how many bytes after the backslash it takes.
fn escape(tail: &[u8]) -> Option<(u8, usize)> {
    Some(match tail.first()? {
        b'r' => (b'\r', 1),
        b'n' => (b'\n', 1),
        b't' => (b'\t', 1),
        b'0' => (0, 1),
        b's' => (b' ', 1),
        b'\\' => (b'\\', 1),
        b'x' => (u8::from_str_radix(std::str::from_utf8(tail.get(1..3)?).ok()?, 16).ok()?, 3),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_kind_of_step() {
        let text = "# a comment\ntls\nexpect-request\nsend HTTP/1.1 200 OK\\r\\n\\x00\\s\npause 5\nreset\n\
                    connection\nexpect-bytes 24\nexpect-frame 4\nframe 4 1 0 \\x01\nwait go\nforever\n";
        let first = Script::new()
            .expect_request()
            .send(b"HTTP/1.1 200 OK\r\n\0 ")
            .pause(Duration::from_millis(5))
            .reset();
        let second = Script::new()
            .expect_bytes(24)
            .expect_frame(4)
            .send(b"\0\0\x01\x04\x01\0\0\0\0\x01")
            .wait("go")
            .forever();
        let expected = Description { transport: Transport::Tls, scripts: vec![first, second] };
        assert_eq!(Description::parse(text), Ok(expected));
    }

    #[test]
    fn names_the_wrong_line() {
        let wrong = Description::parse("send a\npause soon\n");
        assert_eq!(wrong, Err("line 2: \"soon\" is not a number that fits\n".to_owned()));
        assert!(Description::parse("send \\q").is_err());
        assert!(Description::parse("dance").is_err());
    }
}
