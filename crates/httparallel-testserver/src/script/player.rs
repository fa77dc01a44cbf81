//! Playing a script on one connection.

use std::io::{self, Read, Write};
use std::time::Duration;

use super::connection::Connection;
use super::server::Stage;
use super::{Script, Step};

const FRAME_HEAD: usize = 9;

/// A connection, what it has sent, and how much of that the script has dealt with.
pub(super) struct Player<'a> {
    connection: Connection,
    stage: &'a Stage,
    /// The connection's number, from 0.
    number: usize,
    input: Vec<u8>,
}

impl<'a> Player<'a> {
    pub(super) fn new(connection: Connection, stage: &'a Stage, number: usize) -> Self {
        Self { connection, stage, number, input: Vec::new() }
    }

    /// Plays to the end. An error is the peer's leaving, or the server's stopping.
    pub(super) fn play(mut self, script: &Script) -> io::Result<()> {
        loop {
            for step in &script.steps {
                match step {
                    Step::Close => return self.connection.finish(),
                    Step::Cut => return self.connection.cut(),
                    Step::Reset => return self.connection.reset(),
                    step => self.step(step)?,
                }
            }
            if !script.forever {
                return self.connection.finish();
            }
        }
    }

    fn step(&mut self, step: &Step) -> io::Result<()> {
        match step {
            Step::ExpectHead => self.expect_head().map(drop),
            Step::ExpectRequest => self.expect_request(),
            Step::ExpectBytes(count) => self.expect_bytes(*count).map(drop),
            Step::ExpectFrame(kind) => self.expect_frame(*kind),
            Step::ReadToEnd => self.read_to_end(),
            Step::Hang => {
                self.read_to_end()?;
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Step::Send(bytes) => self.send(bytes),
            Step::SendRepeated(bytes, times) => self.send_repeated(bytes, *times),
            Step::SendSlowly(bytes, each) => self.send_slowly(bytes, *each),
            Step::Pause(duration) => self.stage.pause(*duration),
            Step::Wait(signal) => self.stage.wait(signal),
            Step::Finish => self.connection.finish(),
            Step::Close | Step::Cut | Step::Reset => Ok(()),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.connection.write_all(bytes)?;
        self.connection.flush()
    }

    fn send_repeated(&mut self, bytes: &[u8], times: u64) -> io::Result<()> {
        let batch = (64 * 1024 / bytes.len().max(1)).max(1);
        let block = bytes.repeat(batch);
        let mut left = times;
        while left > 0 {
            let count = left.min(batch as u64);
            let length = usize::try_from(count).unwrap_or(batch) * bytes.len();
            self.send(&block[..length])?;
            left -= count;
        }
        Ok(())
    }

    fn send_slowly(&mut self, bytes: &[u8], each: Duration) -> io::Result<()> {
        for (index, byte) in bytes.iter().enumerate() {
            if index > 0 {
                self.stage.pause(each)?;
            }
            self.send(&[*byte])?;
        }
        Ok(())
    }

    fn expect_head(&mut self) -> io::Result<Vec<u8>> {
        let end = self.find(b"\r\n\r\n")?;
        Ok(self.input.drain(..end).collect())
    }

    fn expect_request(&mut self) -> io::Result<()> {
        let head = String::from_utf8_lossy(&self.expect_head()?).to_ascii_lowercase();
        let value =
            |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix(':'));
        if value("transfer-encoding").is_some_and(|codings| codings.contains("chunked")) {
            return self.expect_chunks();
        }
        let length = value("content-length").and_then(|length| length.trim().parse().ok()).unwrap_or(0);
        self.expect_bytes(length).map(drop)
    }

    fn expect_chunks(&mut self) -> io::Result<()> {
        loop {
            let end = self.find(b"\r\n")?;
            let line: Vec<u8> = self.input.drain(..end).collect();
            let line = String::from_utf8_lossy(&line);
            let digits = line.split(';').next().unwrap_or("").trim();
            let size = usize::from_str_radix(digits, 16).map_err(io::Error::other)?;
            if size == 0 {
                // Trailers, if any, end as the head does; without them only the last CRLF is left.
                while self.find(b"\r\n").map(|end| self.input.drain(..end).count())? > 2 {}
                return Ok(());
            }
            self.expect_bytes(size + 2)?;
        }
    }

    fn expect_frame(&mut self, kind: u8) -> io::Result<()> {
        loop {
            let head = self.expect_bytes(FRAME_HEAD)?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            self.expect_bytes(usize::try_from(length).unwrap_or(usize::MAX))?;
            if head[3] == kind {
                return Ok(());
            }
        }
    }

    fn expect_bytes(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.input.len() < count {
            self.read_or_fail()?;
        }
        Ok(self.input.drain(..count).collect())
    }

    /// Reads until the mark has come; the position after it.
    fn find(&mut self, mark: &[u8]) -> io::Result<usize> {
        loop {
            if let Some(start) = self.input.windows(mark.len()).position(|window| window == mark) {
                return Ok(start + mark.len());
            }
            self.read_or_fail()?;
        }
    }

    fn read_or_fail(&mut self) -> io::Result<()> {
        if self.read()? == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    fn read_to_end(&mut self) -> io::Result<()> {
        while self.read()? > 0 {}
        self.input.clear();
        Ok(())
    }

    fn read(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        let length = self.connection.read(&mut buffer)?;
        self.stage.record(self.number, &buffer[..length]);
        self.input.extend_from_slice(&buffer[..length]);
        Ok(length)
    }
}
