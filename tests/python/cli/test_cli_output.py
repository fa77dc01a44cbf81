"""What the command shows."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from command import lines, run
from testserver import Server

import httparallel

CRLF = "\\r\\n"


def answering(content_type: str, body: bytes) -> str:
    """The script of a server that answers once. Other bytes than plain letters are sent by their codes."""
    sent = "".join(chr(byte) if chr(byte).isalnum() else f"\\x{byte:02x}" for byte in body)
    head = f"HTTP/1.1 200 OK{CRLF}Content-Type: {content_type}{CRLF}Content-Length: {len(body)}{CRLF}{CRLF}"
    return f"expect-request\nsend {head}{sent}\nfinish\n"


def shown(server: Server, content_type: str, body: bytes) -> str:
    with server.script(answering(content_type, body)) as script:
        return run(script.url).output.partition("\n\n")[2]


def test_a_response(server: Server) -> None:
    assert run(server.http).output == (
        "HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 13\n\nHello, world!\n"
    )


def test_json_is_indented(server: Server) -> None:
    assert shown(server, "application/json", b'{"a":[1]}') == '{\n    "a": [\n        1\n    ]\n}\n'


def test_what_is_built_on_json_is_json(server: Server) -> None:
    assert shown(server, "application/problem+json", b'{"a":1}') == '{\n    "a": 1\n}\n'


@pytest.mark.parametrize("body", [b'{"a":', b"[" * 100_000])
def test_what_only_says_that_it_is_json_is_shown_as_it_is(server: Server, body: bytes) -> None:
    assert shown(server, "application/json", body) == body.decode() + "\n"


def test_text_of_an_unknown_kind_is_text(server: Server) -> None:
    assert shown(server, "text/unheard-of", b"some text") == "some text\n"


@pytest.mark.parametrize("kind", ["application/octet-stream", "unheard/of", ""])
def test_other_bytes_are_counted(server: Server, kind: str) -> None:
    assert shown(server, kind, b"\0\1\2") == "<3 bytes of binary data>\n"


def test_long_lines_are_left_as_they_are(server: Server) -> None:
    assert shown(server, "text/plain", b"word " * 100) == "word " * 100 + "\n"


def test_a_last_line_that_ends_is_not_ended_again(server: Server) -> None:
    assert shown(server, "text/plain", b"line\n") == "line\n"


def test_brackets_are_no_markup(server: Server) -> None:
    assert shown(server, "text/plain", b"[red]text[/red] :bug:") == "[red]text[/red] :bug:\n"


@pytest.mark.parametrize("url", ["http://[oops", "http://a.test:port", "ftp://a.test", "a.test"])
def test_a_url_that_cannot_be_fetched(url: str) -> None:
    assert re.match(r"(InvalidURL|UnsupportedProtocol): .+\n$", run(url, status=1).output)


def test_a_server_that_is_not_there() -> None:
    assert run("http://127.0.0.1:1", status=1).output.startswith("ConnectError: ")


@pytest.mark.parametrize(("code", "status"), [(200, 0), (299, 0), (304, 1), (404, 1), (500, 1)])
def test_the_status_says_whether_it_was_a_success(server: Server, code: int, status: int) -> None:
    run(f"{server.http}/status/{code}", status=status)


def test_verbose_shows_connections_and_requests(server: Server) -> None:
    port = server.http.rpartition(":")[2]
    assert lines(run(server.http, "-v", "--auth", "tom", "secret")) == [
        "* Connecting to '127.0.0.1'",
        f"* Connected to '127.0.0.1' on port {port}",
        "GET / HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept: */*",
        "Accept-Encoding: gzip, deflate, br, zstd",
        "Connection: keep-alive",
        f"User-Agent: python-httparallel/{httparallel.__version__}",
        "Authorization: Basic dG9tOnNlY3JldA==",
        "",
        "HTTP/1.1 200 OK",
        "Content-Type: text/plain",
        "Content-Length: 13",
        "",
        "Hello, world!",
    ]


@pytest.mark.parametrize(("options", "protocol"), [((), "http/1.1"), (("--http2",), "h2")])
def test_verbose_shows_tls(
    server: Server, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], protocol: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", server.ca_pem)
    shown = lines(run(server.https, "--verbose", *options))
    assert any(re.match(r"\* SSL established using 'TLSv1\.3' / 'TLS_\w+'$", line) for line in shown)
    assert f"* Selected ALPN protocol: '{protocol}'" in shown
    certificate = shown.index("* Server certificate:")
    assert shown[certificate + 1 : certificate + 3] == [
        "*   subject:",
        "*     commonName: 'httparallel test'",
    ]
    assert "*     DNS: 'localhost'" in shown


def test_verbose_shows_http2_in_its_own_way(server: Server) -> None:
    shown = lines(run(server.https, "-v", "--http2", "--no-verify"))
    request = shown.index("GET / HTTP/2")
    assert shown[request + 1].startswith("host: ")
    assert "HTTP/2 200 OK" in shown


def test_verbose_shows_every_hop(server: Server) -> None:
    shown = lines(run(f"{server.http}/redirect/1", "-v", "--follow-redirects"))
    steps = [line for line in shown if line.startswith(("GET ", "HTTP/"))]
    assert steps == ["GET /redirect/1 HTTP/1.1", "HTTP/1.1 302 Found", "GET / HTTP/1.1", "HTTP/1.1 200 OK"]


def test_a_download_is_a_file(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "page"
    result = run(f"{server.http}/bytes/100000", "--download", str(path))
    assert path.stat().st_size == 100_000
    assert "HTTP/1.1 200 OK" in result.output
    assert "100%" in result.output


def test_a_download_of_unknown_length(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "page"
    run(f"{server.http}/chunked/1000", "--download", str(path))
    assert path.read_bytes()


def test_an_empty_download_is_an_empty_file(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "page"
    run(f"{server.http}/bytes/0", "--download", str(path))
    assert path.read_bytes() == b""


def test_a_failed_download_leaves_a_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_text("as before")
    run("http://127.0.0.1:1", "--download", str(path), status=1)
    assert path.read_text() == "as before"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_disk_that_is_full_is_an_error(server: Server) -> None:
    result = run(server.http, "--download", "/dev/full", status=1)
    assert "Error: /dev/full: No space left on device" in result.output


def test_help_names_every_option() -> None:
    shown = run("--help").output
    for parameter in httparallel.main.params:
        assert parameter.name == "urls" or all(option in shown for option in parameter.opts)
    assert "--no-verify" in shown
    assert "A next generation HTTP client." in shown


def test_the_version() -> None:
    assert run("--version").output == f"httparallel, version {httparallel.__version__}\n"


def test_the_command_takes_what_httpx_takes() -> None:
    httpx = "method params content data files json headers cookies auth proxy timeout follow_redirects verify"
    expected = {"urls", *httpx.split(), "http2", "download", "verbose"}
    assert set(inspect.signature(httparallel.main.callback).parameters) == expected | {"context"}
