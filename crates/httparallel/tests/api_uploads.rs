//! Content that is read while it is sent, and forms with files.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, Cursor, Read};

use bytes::Bytes;
use futures_lite::future::block_on;
use futures_lite::stream;
use httparallel::multipart::{Form, Part};
use httparallel::{Client, Error, Kind, Phase, Protocols, blocking};
use httparallel_testserver::{Options, TestServer};

const MEGABYTE: u64 = 1_000_000;

fn server() -> TestServer {
    TestServer::start(Options::default()).unwrap()
}

/// So many bytes, which are made while they are read.
fn ones(length: u64) -> impl Read + Send + 'static {
    io::repeat(1).take(length)
}

fn counted(text: &str) -> bool {
    text.replace(' ', "").contains("\"length\":5000000,\"sum\":5000000")
}

/// A reader that fails after some bytes.
struct Failing(usize);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("the disk is gone"));
        }
        let read = buffer.len().min(self.0);
        self.0 -= read;
        Ok(read)
    }
}

#[test]
fn a_reader_is_sent_with_a_length_or_in_chunks() {
    let server = server();
    let url = server.http_url();
    for length in [Some(5 * MEGABYTE), None] {
        let client = blocking::Client::new();
        let response = client.post(format!("{url}/upload")).body_reader(ones(5 * MEGABYTE), length).send();
        assert!(counted(&response.unwrap().text()));
        let echo = client.post(format!("{url}/echo")).body_reader(ones(5), length.map(|_| 5)).send().unwrap();
        assert_eq!(echo.text().contains("Content-Length"), length.is_some());
        assert_eq!(echo.text().contains("Transfer-Encoding"), length.is_none());
    }
}

#[test]
fn an_async_request_and_a_block_read_elsewhere() {
    let server = server();
    let url = server.http_url() + "/upload";
    let response = block_on(async {
        Client::new().put(&url).body_reader(ones(5 * MEGABYTE), 5 * MEGABYTE).send().await
    });
    assert!(counted(&response.unwrap().text()));
    let client = blocking::Client::new();
    let mut parallel = client.parallel_limited(3);
    for _ in 0..10 {
        parallel.submit(client.put(&url).body_reader(ones(5 * MEGABYTE), None)).unwrap();
    }
    for outcome in &mut parallel {
        assert!(counted(&outcome.response.unwrap().text()));
    }
}

#[test]
fn http2_sends_as_the_window_allows() {
    let server = server();
    let client =
        blocking::Client::builder().protocols(Protocols { http1: false, http2: true }).build().unwrap();
    let request = client.put(server.http_url() + "/upload").body_reader(ones(5 * MEGABYTE), None);
    assert!(counted(&request.send().unwrap().text()));
}

#[test]
fn a_stream_is_sent_by_the_future() {
    let server = server();
    let pieces = stream::iter((0..50).map(|_| Ok::<_, Error>(Bytes::from(vec![1; 100_000]))));
    let request = Client::new().post(server.http_url() + "/upload").body_stream(pieces, 5 * MEGABYTE);
    assert!(counted(&block_on(request.send()).unwrap().text()));
    let pieces = stream::iter([Ok::<_, Error>("a".into()), Ok(Bytes::new()), Ok("b".into())]);
    let request = Client::new().post(server.http_url() + "/echo-body").body_stream(pieces, None);
    let streamed = block_on(async { request.stream().await?.collect().await });
    assert_eq!(streamed.unwrap().text(), "ab");
}

#[test]
fn a_stream_has_no_place_in_a_block() {
    let client = Client::new();
    let request = client.post("http://a.test").body_stream(stream::empty::<Result<Bytes, Error>>(), None);
    assert_eq!(client.parallel().submit(request).unwrap_err().kind(), Kind::InvalidRequest);
}

#[test]
fn content_that_cannot_be_read_fails_its_request() {
    let server = server();
    let url = server.http_url() + "/upload";
    let client = blocking::Client::new();
    let check = |error: Error| {
        assert_eq!((error.kind(), error.phase()), (Kind::InvalidRequest, Phase::Write));
        let cause = std::error::Error::source(&error).unwrap();
        assert_eq!(cause.to_string(), "the disk is gone");
    };
    check(client.post(&url).body_reader(Failing(100), None).send().unwrap_err());
    check(block_on(Client::new().post(&url).body_reader(Failing(100), 500).send()).unwrap_err());
    let broken = stream::iter([Ok(Bytes::from_static(b"a")), Err(io::Error::other("the disk is gone"))]);
    check(block_on(Client::new().post(&url).body_stream(broken, None).send()).unwrap_err());
}

#[test]
fn a_reader_that_panics_fails_its_request() {
    struct Faulty;
    impl Read for Faulty {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("no reader")
        }
    }
    let server = server();
    let request = blocking::Client::new().post(server.http_url() + "/upload").body_reader(Faulty, None);
    assert_eq!(request.send().unwrap_err().kind(), Kind::Internal);
}

#[test]
fn another_length_than_announced_is_an_error() {
    let server = server();
    let url = server.http_url() + "/upload";
    let client = blocking::Client::new();
    for announced in [4, 6] {
        let error = client.post(&url).body_reader(ones(5), announced).send().unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidRequest, "{announced}");
    }
}

#[test]
fn a_server_that_answers_early_ends_the_reading() {
    let server = server();
    let request = blocking::Client::new().post(server.http_url() + "/early-413");
    let endless = request.body_reader(io::repeat(1), None);
    assert_eq!(endless.send().unwrap().status(), 413);
}

#[test]
fn a_form_is_written_as_browsers_write_it() {
    let server = server();
    let path = std::env::temp_dir().join(format!("httparallel-{}-ü.csv", std::process::id()));
    std::fs::write(&path, "a,b").unwrap();
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let form =
        Form::new().boundary("B").text("title", "ü \"1\"").file("table", &path).unwrap().part(
            "x\"y",
            Part::bytes("raw").file_name("a\r\nb").content_type("image/png").header("X-Id", "7"),
        );
    std::fs::remove_file(&path).unwrap();
    let expected = format!(
        "--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nü \"1\"\r\n\
         --B\r\nContent-Disposition: form-data; name=\"table\"; filename=\"{name}\"\r\n\
         Content-Type: text/csv\r\n\r\na,b\r\n\
         --B\r\nContent-Disposition: form-data; name=\"x%22y\"; filename=\"a%0D%0Ab\"\r\n\
         Content-Type: image/png\r\nX-Id: 7\r\n\r\nraw\r\n--B--\r\n"
    );
    let response =
        blocking::Client::new().post(server.http_url() + "/echo-body").multipart(form).send().unwrap();
    assert_eq!(response.header("content-type"), Some("multipart/form-data; boundary=B"));
    assert_eq!(response.text(), expected);
}

#[test]
fn a_form_says_its_length_if_it_can() {
    let server = server();
    let echo = |form: Form| {
        let request = Client::new().post(server.http_url() + "/echo").multipart(form);
        block_on(request.send()).unwrap().text().into_owned()
    };
    let sized = Form::new().part("f", Part::sized_reader(Cursor::new("12345"), 5));
    let known = echo(sized);
    assert!(known.contains("Content-Length") && known.contains("12345"), "{known}");
    let unknown = echo(Form::new().part("f", Part::reader(Cursor::new("12345"))));
    assert!(unknown.contains("Transfer-Encoding") && unknown.contains("12345"), "{unknown}");
}

#[test]
fn a_form_at_hand_can_be_sent_again() {
    let server = server();
    let client = blocking::Client::builder().follow_redirects(true).build().unwrap();
    let url = server.http_url() + "/redirect-to?status=307&url=/echo-body";
    let response = client.post(&url).multipart(Form::new().text("a", "b")).send().unwrap();
    assert!(response.text().contains("name=\"a\"\r\n\r\nb\r\n"), "{}", response.text());
    let once = Form::new().part("f", Part::reader(Cursor::new("x")));
    assert_eq!(client.post(&url).multipart(once).send().unwrap_err().kind(), Kind::InvalidRequest);
}

#[test]
fn a_form_that_cannot_be_written_is_refused() {
    let refused = |form| {
        let request = blocking::Client::new().post("http://a.test").multipart(form);
        request.send().unwrap_err().kind()
    };
    assert_eq!(refused(Form::new().boundary("a\r\nb")), Kind::InvalidRequest);
    assert_eq!(refused(Form::new().part("f", Part::text("x").header("a b", "c"))), Kind::InvalidRequest);
    assert!(Form::new().file("f", "/nowhere/at/all").is_err());
}
