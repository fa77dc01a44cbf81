//! The test server as a program: prints its addresses as one line of JSON, and runs until its standard input
//! is closed or it is told to terminate.

use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::thread;

use httparallel_testserver::{Options, TestServer};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

const USAGE: &str = "\
usage: httparallel-testserver [--port N] [--tls-port N] [--uds PATH] [--threads N]
                              [--max-streams N] [--limited-streams N] [--ignore-stdin]

Prints its addresses as one line of JSON and runs until its standard input is closed
(unless --ignore-stdin is given) or until SIGTERM or SIGINT.
";

/// What the command line asks for.
#[derive(Debug, Default)]
struct Arguments {
    options: Options,
    ignore_stdin: bool,
}

fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(wrong) => {
            eprintln!("{wrong}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("httparallel-testserver: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    while let Some(word) = words.next() {
        if word == "--ignore-stdin" {
            arguments.ignore_stdin = true;
            continue;
        }
        let value = words.next().ok_or_else(|| format!("{word}: unknown, or its value is missing"))?;
        let options = &mut arguments.options;
        match word.as_str() {
            "--port" => options.port = number(&word, &value)?,
            "--tls-port" => options.tls_port = number(&word, &value)?,
            "--uds" => options.uds = Some(value.into()),
            "--threads" => options.threads = number(&word, &value)?,
            "--max-streams" => options.max_streams = Some(number(&word, &value)?),
            "--limited-streams" => options.limited_streams = number(&word, &value)?,
            _ => return Err(format!("{word}: unknown")),
        }
    }
    Ok(arguments)
}

fn number<T: std::str::FromStr>(word: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{word}: {value:?} is not a number that fits"))
}

fn run(arguments: Arguments) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before the addresses are printed: whoever has read them may already terminate the program.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let server = TestServer::start(arguments.options)?;
        let mut stdout = io::stdout();
        writeln!(stdout, "{}", server.to_json())?;
        stdout.flush()?;
        let (closed, stdin_closed) = oneshot::channel();
        if !arguments.ignore_stdin {
            thread::spawn(move || {
                let _ = io::stdin().read_to_end(&mut Vec::new());
                let _ = closed.send(());
            });
        }
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            Ok(()) = stdin_closed => {}
        }
        Ok(())
    })
}
