"""Cookies: the mapping, and which of them travel where."""

from __future__ import annotations

import pickle
import subprocess
import sys
from http.cookiejar import CookieJar

import pytest

from httparallel import CookieConflict, Cookies, Request, Response


def answer(url: str, *set_cookie: str) -> Response:
    headers = [(b"Set-Cookie", value.encode()) for value in set_cookie]
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


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://example.com/", "com"),
        ("https://example.com/", ".CoM"),
        ("https://example.com/", "com."),
        ("https://example.com./", "com."),
        ("https://shop.example.co.uk/", "Co.Uk"),
        ("https://example.com/", "ample.com"),
        ("https://example.com/", "www.example.com"),
        ("https://127.0.0.1/", "0.0.1"),
        ("https://127.0.0.1/", ".0.0.1"),
        ("https://127.0.0.1/", "1"),
        ("https://[::1]/", "1"),
        ("http://intranet/", "local"),
        ("http://printer.local/", "local"),
    ],
)
def test_a_server_cannot_set_cookies_for_a_whole_suffix(url: str, domain: str) -> None:
    cookies = Cookies()
    cookies.extract_cookies(answer(url, f"a=1; Domain={domain}"))
    assert not cookies


def test_a_server_may_set_cookies_for_its_own_domain() -> None:
    cookies = Cookies()
    cookies.extract_cookies(answer("https://www.example.com/", "a=1; Domain=Example.com"))
    assert sent(cookies, "https://api.example.com/") == "a=1"
    assert sent(cookies, "https://notexample.com/") is None
    for host in ("http://127.0.0.1", "http://printer.local"):
        cookies = Cookies()
        cookies.extract_cookies(answer(f"{host}/", f"a=1; Domain={host.removeprefix('http://')}", "b=2"))
        assert sent(cookies, f"{host}:8080/") == "a=1; b=2", host


@pytest.mark.parametrize(
    ("url", "cookie", "is_kept"),
    [
        ("https://a.org/", "__Secure-a=1; Secure", True),
        ("https://a.org/", "__Secure-a=1", False),
        ("https://a.org/", "__secure-a=1", False),
        ("http://a.org/", "__Secure-a=1; Secure", False),
        ("https://a.org/", "__Host-a=1; Secure; Path=/", True),
        ("https://a.org/", "__Host-a=1; Secure", False),
        ("https://a.org/", "__Host-a=1; Path=/", False),
        ("https://a.org/", "__HOST-a=1; Secure; Path=/deep", False),
        ("https://www.a.org/", "__Host-a=1; Secure; Path=/; Domain=a.org", False),
        ("http://a.org/", "__Host-a=1; Secure; Path=/", False),
        ("https://a.org/", "__Host-; Secure; Path=/", False),
        ("https://a.org/", "a; Secure; Path=/", True),
    ],
)
def test_a_name_that_promises_something_is_held_to_it(url: str, cookie: str, is_kept: bool) -> None:
    cookies = Cookies()
    cookies.extract_cookies(answer(url, cookie))
    assert bool(cookies) == is_kept


def test_a_response_in_clear_text_does_not_replace_a_secure_cookie() -> None:
    cookies = Cookies()
    cookies.extract_cookies(answer("https://a.org/", "a=good; Secure", "b=good; Secure; Domain=a.org"))
    cookies.extract_cookies(answer("http://a.org/", "a=evil", "b=evil", "c=1", "a=evil; Domain=a.org"))
    assert sent(cookies, "https://a.org/") == "a=good; c=1; b=good"
    cookies.extract_cookies(answer("https://a.org/", "a=new"))
    assert sent(cookies, "http://a.org/") == "c=1; a=new"


def test_nothing_that_comes_in_clear_text_is_secure() -> None:
    cookies = Cookies()
    cookies.extract_cookies(answer("http://a.org/", "a=1; Secure", "b=1"))
    assert dict(cookies) == {"b": "1"}


def test_websockets_and_requests_share_secure_cookies() -> None:
    cookies = Cookies()
    cookies.extract_cookies(answer("wss://a.org/", "a=1; Secure", "__Host-b=1; Secure; Path=/"))
    assert sent(cookies, "https://a.org/") == "a=1; __Host-b=1"
    cookies.extract_cookies(answer("ws://a.org/", "a=evil", "c=1; Secure"))
    assert sent(cookies, "wss://a.org/") == "a=1; __Host-b=1"
    assert sent(cookies, "ws://a.org/") is None


def test_a_response_shows_secure_cookies_that_came_in_clear_text() -> None:
    response = answer("http://a.org/", "a=1; Secure", "b=1", "c=1; Domain=b.org")
    assert dict(response.cookies) == {"a": "1", "b": "1"}
    # They are for looking at: what is sent stays as it is.
    assert sent(response.cookies, "http://a.org/") == "b=1"


def test_a_response_in_clear_text_does_not_take_away_a_secure_cookie() -> None:
    cookies = Cookies()
    cookies.extract_cookies(answer("https://a.org/", "a=good; Secure", "b=1"))
    cookies.extract_cookies(answer("http://a.org/", "a=; Max-Age=0", "b=; Max-Age=0"))
    assert dict(cookies) == {"a": "good"}
    cookies.extract_cookies(answer("https://a.org/", "a=; Max-Age=0"))
    assert not cookies


@pytest.mark.parametrize(
    ("url", "cookie", "is_kept"),
    [
        ("http://www.a.org/", "a=evil; Path=/login", False),
        ("http://a.org/", "a=evil; Path=/login/now", False),
        ("http://www.a.org/", "a=evil; Path=/login; Domain=a.org", False),
        ("http://www.a.org/", "a=1; Path=/", True),
        ("http://www.a.org/", "b=1; Path=/login", True),
        ("http://b.org/", "a=1; Path=/login", True),
        ("https://www.a.org/", "a=1; Path=/login", True),
    ],
)
def test_a_response_in_clear_text_does_not_hide_a_secure_cookie(url: str, cookie: str, is_kept: bool) -> None:
    cookies = Cookies()
    cookies.extract_cookies(answer("https://a.org/", "a=good; Secure; Path=/login; Domain=a.org"))
    cookies.extract_cookies(answer(url, cookie))
    assert len(cookies) == 1 + is_kept


@pytest.mark.parametrize("value", ["a\x01b", "a\x7fb", "a" * 4097, "ä" * 2048])
def test_a_cookie_that_could_not_be_sent_is_not_kept(value: str) -> None:
    cookies = Cookies()
    cookies.extract_cookies(answer("https://a.org/", f"n={value}", "fine=1"))
    assert dict(cookies) == {"fine": "1"}
    cookies.extract_cookies(answer("https://a.org/", "tab=a\tb"))
    assert cookies["tab"] == "a\tb"


def test_ten_thousand_cookies_are_not_kept() -> None:
    cookies = Cookies()
    cookies.extract_cookies(answer("https://www.a.org/", "session=1", "other=1; Domain=a.org; Path=/x"))
    for start in range(0, 10_000, 100):
        flood = [f"n{number}=1" for number in range(start, start + 100)]
        cookies.extract_cookies(answer("https://www.a.org/", *flood, "session=1"))
    cookies.extract_cookies(answer("https://b.org/", "b=1"))
    assert len(cookies) == 182
    header = sent(cookies, "https://www.a.org/")
    assert header is not None
    assert {"session=1", "n9999=1", "n9821=1"} <= set(header.split("; "))
    assert "n9800=1" not in header.split("; ")


def test_of_too_many_cookies_those_that_are_secure_stay() -> None:
    cookies = Cookies()
    cookies.extract_cookies(answer("https://a.org/", "old=1", "kept=1; Secure"))
    for path in ("/x", "/y"):
        cookies.extract_cookies(answer("https://a.org/", *(f"n{each}=1; Path={path}" for each in range(90))))
    assert "kept" in cookies
    assert "old" not in cookies
    assert len(cookies) == 180
    assert cookies.get("n0", path="/x") is None
    assert cookies.get("n0", path="/y") == "1"


@pytest.mark.parametrize(
    "host", ["a.org", "127.0.0.1", "[::1]", "localhost", "münchen.example", "A.B.C.example"]
)
def test_a_flood_is_limited_whatever_the_host(host: str) -> None:
    cookies = Cookies()
    for start in range(0, 300, 100):
        cookies.extract_cookies(answer(f"https://{host}/", *(f"n{start + each}=1" for each in range(100))))
    assert len(cookies) == 180
    assert sent(cookies, f"https://{host}/") is not None


def test_cookies_for_one_host_only_stay_so_when_they_are_pickled() -> None:
    cookies = Cookies()
    cookies.extract_cookies(answer("https://a.org/", "a=1", "b=2; Domain=a.org"))
    restored = pickle.loads(pickle.dumps(cookies))
    assert sent(restored, "https://a.org/") == "a=1; b=2"
    assert sent(restored, "https://sub.a.org/") == "b=2"


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
