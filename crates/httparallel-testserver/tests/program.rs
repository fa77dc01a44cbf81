//! The program: its one line, and its end.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn start(arguments: &[&str]) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_httparallel-testserver"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line)
}

fn value<'a>(line: &'a str, name: &str) -> &'a str {
    let quoted = format!("\"{name}\": \"");
    let rest = line.split_once(&quoted).unwrap().1;
    rest.split_once('"').unwrap().0
}

#[test]
fn runs_until_its_input_is_closed() {
    let (mut child, line) = start(&["--threads", "2"]);
    assert!(line.ends_with("}\n") && value(&line, "http").starts_with("http://127.0.0.1:"), "{line}");
    assert!(value(&line, "https_expired").starts_with("https://localhost:"));
    let certificate = Path::new(value(&line, "ca_pem")).to_owned();
    assert!(certificate.exists());
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(!certificate.exists());
}

#[test]
fn says_what_it_does_not_understand() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_httparallel-testserver")).args(["--port", "many"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--port: \"many\" is not a number that fits"));
}
