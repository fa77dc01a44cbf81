"""Several URLs: fetched at once, shown as they arrive."""

from __future__ import annotations

from pathlib import Path

from command import lines, run
from testserver import Server


def test_each_is_shown_under_its_url(server: Server) -> None:
    assert run(server.http, server.http).output == (
        f"* {server.http}\nHTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 13\n\nHello, world!\n\n"
        f"* {server.http}\nHTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 13\n\nHello, world!\n"
    )


def test_a_redirected_one_is_shown_under_the_url_that_was_asked_for(server: Server) -> None:
    shown = lines(run(f"{server.http}/redirect/2", server.http, "--follow-redirects"))
    first = shown.index(f"* {server.http}/redirect/2")
    heads = [line for line in shown[first:] if line.startswith(("* ", "HTTP/"))]
    assert heads[:4] == [shown[first], "HTTP/1.1 302 Found", "HTTP/1.1 302 Found", "HTTP/1.1 200 OK"]


def test_passwords_of_urls_are_not_shown(server: Server) -> None:
    known = f"{server.http}/basic-auth/tom/pw".replace("//", "//tom:hidden@")
    shown = run(known, "http://tom:hidden@[oops", "http://tom:hidden@127.0.0.1:1", status=1).output
    assert "* http://[oops" in shown
    assert "* http://127.0.0.1:1" in shown
    assert "hidden" not in shown


def test_one_failure_does_not_keep_the_others(server: Server) -> None:
    result = run("http://127.0.0.1:1", f"{server.http}/status/404", "ftp://a.test", server.http, status=1)
    for expected in ("ConnectError: ", "HTTP/1.1 404 Not Found", "UnsupportedProtocol: ", "Hello, world!"):
        assert expected in result.output


def test_all_get_the_same_request(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("what is in it")
    url = f"{server.http}/echo"
    result = run(
        url, url, url, "-f", "notes", str(path), "-m", "PUT", "-h", "X-One", "1", "--cookies", "a", "1"
    )
    for expected in ('filename=\\"notes.txt\\"', "what is in it", '"PUT"', '"X-One"', '"a=1"'):
        assert result.output.count(expected) == 3, expected


def test_verbose_fetches_them_one_by_one(server: Server) -> None:
    shown = lines(run(f"{server.http}/bytes/1", f"{server.http}/bytes/2", "-v"))
    heads = [line for line in shown if line.startswith(("GET ", "HTTP/"))]
    assert heads == ["GET /bytes/1 HTTP/1.1", "HTTP/1.1 200 OK", "GET /bytes/2 HTTP/1.1", "HTTP/1.1 200 OK"]
