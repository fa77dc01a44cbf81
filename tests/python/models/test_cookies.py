"""Cookies: the mapping, and which of them travel where."""

from __future__ import annotations

import pickle
import subprocess
import sys
from http.cookiejar import CookieJar

import pytest

from httparallel import CookieConflict, Cookies, Request, Response


def answer(url: str, *set_cookie: str) -> Response:
    headers = [("Set-Cookie", value) for value in set_cookie]
    return Response(200, headers=headers, request=Request("GET", url))


def sent(cookies: Cookies, url: str) -> str | None:
    request = Request("GET", url)
    cookies.set_cookie_header(request)
    return request.headers.get("Cookie")


def test_cookies_are_a_mapping() -> None:
    cookies = Cookies({"a": "1"})
    cookies["b"] = "2"
    assert dict(cookies) == {"a": "1", "b": "2"}
    assert len(cookies) == 2
    assert "a" in cookies
    assert cookies
    del cookies["a"]
    assert dict(cookies) == {"b": "2"}
    with pytest.raises(KeyError):
        cookies["a"]


def test_no_cookies_are_false_and_empty() -> None:
    assert not Cookies()
    assert len(Cookies()) == 0
    assert list(Cookies()) == []
    assert repr(Cookies()) == "<Cookies[]>"
    assert Cookies().get("a", "default") == "default"


@pytest.mark.parametrize("given", [{"a": "1"}, [("a", "1")], Cookies({"a": "1"})])
def test_cookies_are_made_of_mappings_pairs_and_cookies(given: Cookies) -> None:
    assert dict(Cookies(given)) == {"a": "1"}


def test_cookies_made_of_cookies_are_a_copy() -> None:
    first = Cookies({"a": "1"})
    second = Cookies(first)
    second["b"] = "2"
    assert "b" not in first


def test_a_jar_is_used_and_not_copied() -> None:
    jar = CookieJar()
    cookies = Cookies(jar)
    cookies["a"] = "1"
    assert cookies.jar is jar
    assert [cookie.name for cookie in jar] == ["a"]


def test_a_name_that_several_cookies_have_is_a_conflict() -> None:
    cookies = Cookies()
    cookies.set("name", "com", domain="example.com")
    cookies.set("name", "org", domain="example.org")
    with pytest.raises(CookieConflict, match="name=name"):
        cookies["name"]
    assert cookies.get("name", domain="example.org") == "org"


def test_cookies_are_removed_by_domain_and_path() -> None:
    cookies = Cookies()
    for domain in ("a.com", "b.com"):
        for path in ("/", "/x"):
            cookies.set("name", "value", domain=domain, path=path)
    cookies.delete("name", domain="a.com", path="/x")
    assert len(cookies) == 3
    cookies.delete("name", path="/x")
    assert len(cookies) == 2
    cookies.clear(domain="a.com", path="/")
    assert len(cookies) == 1
    cookies.clear(domain="b.com")
    assert not cookies


def test_a_path_cannot_be_cleared_without_its_domain() -> None:
    with pytest.raises(ValueError, match="domain"):
        Cookies().clear(path="/")


def test_update_replaces_cookies_of_the_same_place() -> None:
    cookies = Cookies({"a": "1"})
    cookies.update({"a": "2", "b": "3"})
    assert dict(cookies) == {"a": "2", "b": "3"}
    cookies.clear()
    assert not cookies


def test_cookies_show_what_they_are() -> None:
    cookies = Cookies()
    cookies.set("foo", "bar", domain="a.com")
    cookies.set("fizz", "buzz", domain="b.com")
    assert repr(cookies) == "<Cookies[<Cookie foo=bar for a.com />, <Cookie fizz=buzz for b.com />]>"


def test_what_a_response_sets_is_sent_back_to_its_server_only() -> None:
    cookies = Cookies()
    cookies.extract_cookies(answer("https://example.org/", "a=1", "b=2; Path=/deep"))
    assert sent(cookies, "https://example.org/") == "a=1"
    assert sent(cookies, "https://example.org/deep/er") == "b=2; a=1"
    assert sent(cookies, "https://other.org/") is None
    assert sent(cookies, "https://sub.example.org/") is None


def test_a_secure_cookie_is_not_sent_in_clear_text() -> None:
    cookies = Cookies()
    cookies.extract_cookies(answer("https://example.org/", "a=1; Secure"))
    assert sent(cookies, "http://example.org/") is None
    assert sent(cookies, "https://example.org/") == "a=1"


def test_a_server_cannot_set_cookies_for_another() -> None:
    cookies = Cookies()
    cookies.extract_cookies(answer("https://example.org/", "a=1; Domain=other.org"))
    assert not cookies


def test_a_cookie_without_a_domain_is_sent_everywhere() -> None:
    assert sent(Cookies({"a": "1"}), "https://example.org/") == "a=1"


def test_cookies_can_be_pickled() -> None:
    assert dict(pickle.loads(pickle.dumps(Cookies({"a": "1"})))) == {"a": "1"}
    assert dict(pickle.loads(pickle.dumps(Cookies()))) == {}
    assert Cookies.__module__ == "httparallel"


def test_no_jar_is_loaded_before_there_is_a_cookie() -> None:
    program = (
        "import sys, httparallel\n"
        "response = httparallel.Response(200, request=httparallel.Request('GET', 'http://a/'))\n"
        "assert not response.cookies and not httparallel.Cookies()\n"
        "assert 'http.cookiejar' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": ":".join(sys.path)})
