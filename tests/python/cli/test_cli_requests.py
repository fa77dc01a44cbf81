"""What the command sends, for each of its arguments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import run
from testserver import Server


def echoed(server: Server, *arguments: str) -> dict[str, Any]:
    """What the server received."""
    answer: dict[str, Any] = json.loads(run(f"{server.http}/echo", *arguments).output.partition("\n\n")[2])
    return answer


def header(echo: dict[str, Any], name: str) -> list[str]:
    return [value for key, value in echo["headers"] if key.lower() == name]


def test_gets_by_default(server: Server) -> None:
    assert echoed(server)["method"] == "GET"


@pytest.mark.parametrize("body", [("-c", "text"), ("-d", "a", "1"), ("-j", "{}"), ("-j", "0")])
def test_posts_what_has_a_body(server: Server, body: tuple[str, ...]) -> None:
    assert echoed(server, *body)["method"] == "POST"


@pytest.mark.parametrize("option", ["-m", "--method"])
def test_the_method_can_be_chosen(server: Server, option: str) -> None:
    assert echoed(server, option, "QUERY", "-c", "text")["method"] == "QUERY"


def test_parameters_are_added_to_those_of_the_url(server: Server) -> None:
    result = run(f"{server.http}/echo?a=1", "-p", "b", "2", "--params", "b", "3")
    assert json.loads(result.output.partition("\n\n")[2])["target"] == "/echo?a=1&b=2&b=3"


def test_a_url_keeps_its_query(server: Server) -> None:
    result = run(f"{server.http}/echo?a=1")
    assert json.loads(result.output.partition("\n\n")[2])["target"] == "/echo?a=1"


def test_content(server: Server) -> None:
    assert echoed(server, "--content", "some text")["body"] == "some text"


def test_form_data_may_have_a_name_twice(server: Server) -> None:
    echo = echoed(server, "-d", "a", "1", "--data", "a", "2", "-d", "b", "3")
    assert echo["body"] == "a=1&a=2&b=3"
    assert header(echo, "content-type") == ["application/x-www-form-urlencoded"]


def test_json(server: Server) -> None:
    echo = echoed(server, "--json", '{"a": [1, null]}')
    assert echo["body"] == '{"a":[1,null]}'
    assert header(echo, "content-type") == ["application/json"]


def test_files(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("what is in it")
    echo = echoed(server, "-f", "notes", str(path), "-d", "a", "1")
    assert header(echo, "content-type")[0].startswith("multipart/form-data; boundary=")
    assert 'name="notes"; filename="notes.txt"' in echo["body"]
    assert "what is in it" in echo["body"]
    assert 'name="a"' in echo["body"]


def test_headers(server: Server) -> None:
    echo = echoed(server, "-h", "X-One", "1", "--headers", "X-One", "2")
    assert header(echo, "x-one") == ["1", "2"]


def test_cookies(server: Server) -> None:
    assert header(echoed(server, "--cookies", "a", "1", "--cookies", "b", "2"), "cookie") == ["a=1; b=2"]


def test_cookies_stay_with_the_host_they_were_given_for(server: Server) -> None:
    elsewhere = server.http.replace("127.0.0.1", "localhost")
    there = f"{server.http}/redirect-to?url={elsewhere}/echo"
    result = run(there, "--follow-redirects", "--cookies", "secret", "1")
    assert "secret" not in result.output


def test_cookies_follow_a_redirect_on_their_host(server: Server) -> None:
    result = run(f"{server.http}/redirect-to?url=/echo", "--follow-redirects", "--cookies", "known", "1")
    assert "known=1" in result.output


def test_credentials(server: Server) -> None:
    run(f"{server.http}/basic-auth/tom/secret", status=1)
    run(f"{server.http}/basic-auth/tom/secret", "--auth", "tom", "secret")


def test_a_dash_asks_for_the_password(server: Server) -> None:
    result = run(f"{server.http}/basic-auth/tom/secret", "--auth", "tom", "-", terminal_input="secret\n")
    assert result.output.startswith("Password:")
    assert "secret" not in result.output


def test_a_proxy(server: Server) -> None:
    proxy = server.proxy.replace("//", "//proxy:secret@")
    result = run("http://example.test/echo", "--proxy", proxy)
    assert json.loads(result.output.partition("\n\n")[2])["target"] == "http://example.test/echo"


def test_a_time_limit(server: Server) -> None:
    result = run(f"{server.http}/hang", "--timeout", "0.05", status=1)
    assert result.output.startswith("ReadTimeout: ")


def test_certificates_are_verified_unless_told_otherwise(server: Server) -> None:
    assert run(server.https_self_signed, status=1).output.startswith("ConnectError: ")
    assert run(server.https_self_signed, "--verify", status=1).output.startswith("ConnectError: ")
    assert "Hello, world!" in run(server.https_self_signed, "--no-verify").output


def test_http2(server: Server) -> None:
    assert run(server.https, "--no-verify", "--http2").output.startswith("HTTP/2 200 OK\n")
    assert run(server.https, "--no-verify").output.startswith("HTTP/1.1 200 OK\n")


def test_redirects_are_followed_where_asked_for(server: Server) -> None:
    assert run(f"{server.http}/redirect/1", status=1).output.startswith("HTTP/1.1 302 Found\n")
    followed = run(f"{server.http}/redirect/1", "--follow-redirects").output
    assert followed.startswith("HTTP/1.1 302 Found\n")
    assert followed.endswith("\n\nHello, world!\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'URL...'"),
        (("http://a.test", "--nonsense"), "No such option"),
        (("http://a.test", "-j", "{"), "Not valid JSON"),
        (("http://a.test", "--proxy", "gopher://a.test"), "Unknown scheme for proxy URL"),
        (("http://a.test", "--timeout", "soon"), "is not a valid float"),
        (("http://a.test", "-f", "name", "/nowhere/at/all"), "No such file"),
        (("http://a.test", "http://b.test", "--download", "file"), "'--download' is for one URL"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments: tuple[str, ...], said: str) -> None:
    assert said in run(*arguments, status=2).output
