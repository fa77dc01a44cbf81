"""URL patterns, and the environment's proxies, which become some."""

from __future__ import annotations

import pytest

from httparallel import URL, InvalidURL
from httparallel._proxies import environment_rules
from httparallel._utils import URLPattern, get_environment_proxies


@pytest.mark.parametrize(
    ("pattern", "covered", "others"),
    [
        ("all://", ["http://example.org", "https://[::1]:8080/path"], []),
        ("all://*", ["http://example.org"], []),
        ("https://", ["https://example.org"], ["http://example.org"]),
        ("all://example.org", ["http://EXAMPLE.org", "https://example.org:8080"], ["http://www.example.org"]),
        ("http://example.org", ["http://example.org"], ["https://example.org"]),
        ("all://example.org:8080", ["http://example.org:8080"], ["http://example.org"]),
        ("http://*:8080", ["http://example.org:8080"], ["http://example.org"]),
        ("all://*.example.org", ["http://www.example.org"], ["http://example.org", "http://wwwexample.org"]),
        (
            "all://*example.org",
            ["http://a.b.example.org", "http://example.org"],
            ["http://wwwexample.org", "http://example.org.evil.example"],
        ),
        (
            "all://10.0.0.0/8",
            ["http://10.255.0.1"],
            ["http://11.0.0.1", "http://ten.example", "http://[::1]"],
        ),
        ("all://[2001:db8::]/32", ["http://[2001:db8:1::1]"], ["http://[2001:db9::1]", "http://10.0.0.1"]),
        ("all://[::1]", ["http://[::1]:8080"], ["http://[::2]"]),
        ("all://example.org:443", ["https://example.org", "http://example.org:443"], ["http://example.org"]),
        ("", ["http://example.org"], []),
    ],
)
def test_a_pattern_covers_urls(pattern: str, covered: list[str], others: list[str]) -> None:
    made = URLPattern(pattern)
    assert all(made.matches(URL(url)) for url in covered)
    assert not any(made.matches(URL(url)) for url in others)


@pytest.mark.parametrize("pattern", ["http", "example.org"])
def test_a_pattern_looks_like_a_url(pattern: str) -> None:
    with pytest.raises(ValueError, match="looks like one"):
        URLPattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["all://10.0.0.0/33", "all://10.0.0.0/x", "all://me@10.0.0.0/8", "all://[::]/129", "all://1.1.1.1/8?q"],
)
def test_a_network_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidURL):
        URLPattern(pattern)


def test_what_says_more_comes_first() -> None:
    in_order = [
        "http://example.org:8080",
        "all://:8080",
        "https://www.example.org",
        "all://www.example.org",
        "all://example.org",
        "all://10.1.0.0/16",
        "all://10.0.0.0/8",
        "all://[2001:db8::]/32",
        "https://",
        "http://",
        "all://",
    ]
    assert [str(each.pattern) for each in sorted(map(URLPattern, reversed(in_order)))] == in_order


@pytest.mark.parametrize(
    ("pattern", "schemes"),
    [
        ("all://", {"http", "https"}),
        ("all://*", {"http", "https"}),
        ("http://", {"http"}),
        ("ftp://", set()),
        ("http://example.org", set()),
        ("http://*:80", set()),
        ("http://*:8080", set()),
        ("all://10.0.0.0/8", set()),
    ],
)
def test_a_pattern_may_cover_a_scheme(pattern: str, schemes: set[str]) -> None:
    made = URLPattern(pattern)
    assert {scheme for scheme in ("http", "https") if made.covers_scheme(scheme)} == schemes


def test_patterns_are_equal_by_their_text() -> None:
    assert URLPattern("all://a") == URLPattern("all://a")
    assert len({URLPattern("all://a"), URLPattern("all://a"), URLPattern("all://b")}) == 2
    assert repr(URLPattern("all://a")) == "URLPattern('all://a')"


PROXY = {"http_proxy": "proxy:3128"}


@pytest.mark.parametrize(
    ("environment", "proxies"),
    [
        ({}, {}),
        ({"HTTP_PROXY": "http://a:1"}, {"http://": "http://a:1"}),
        ({"HTTP_PROXY": "upper", "http_proxy": "lower"}, {"http://": "http://lower"}),
        ({"HTTP_PROXY": "upper", "http_proxy": ""}, {}),
        ({"https_proxy": "socks5://a", "ALL_PROXY": "b"}, {"https://": "socks5://a", "all://": "http://b"}),
        ({"SOME_PROXY": "a", "ftp_proxy": "b"}, {}),
        # The header `Proxy` of a request to a CGI program arrives as this variable.
        ({"HTTP_PROXY": "evil", "REQUEST_METHOD": "GET"}, {}),
        ({"http_proxy": "fine", "REQUEST_METHOD": "GET"}, {"http://": "http://fine"}),
        ({**PROXY, "NO_PROXY": "*"}, {}),
        ({**PROXY, "NO_PROXY": "a,*"}, {}),
    ],
)
def test_the_environment_names_proxies(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], proxies: dict[str, str | None]
) -> None:
    set_environment(monkeypatch, environment)
    assert get_environment_proxies() == proxies
    rules = environment_rules()
    assert (rules.routes() if rules is not None else {}) == proxies


@pytest.mark.parametrize(
    ("entries", "patterns"),
    [
        ("example.org", ["all://*example.org"]),
        (".example.org", ["all://*.example.org"]),
        ("*.example.org", ["all://*.example.org"]),
        ("a, b ,,c", ["all://*a", "all://*b", "all://*c"]),
        ("localhost,127.0.0.1", ["all://localhost", "all://127.0.0.1"]),
        ("::1", ["all://[::1]"]),
        ("[::1]", ["all://[::1]"]),
        ("[::1]:8080", ["all://[::1]:8080"]),
        ("192.168.0.0/16", ["all://192.168.0.0/16"]),
        ("fe80::/10", ["all://[fe80::]/10"]),
        ("example.org:8080", ["all://*example.org:8080"]),
        ("https://example.org", ["https://example.org"]),
        # What cannot be understood is ignored, as other programs do.
        ("10.0.0.0/99,example.org/8,[::,a", ["all://*a"]),
    ],
)
def test_the_environment_exempts_hosts(
    monkeypatch: pytest.MonkeyPatch, entries: str, patterns: list[str]
) -> None:
    set_environment(monkeypatch, {**PROXY, "NO_PROXY": entries})
    assert get_environment_proxies() == {"http://": "http://proxy:3128", **dict.fromkeys(patterns)}


def test_exemptions_alone_name_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, {"NO_PROXY": "example.org"})
    assert get_environment_proxies() == {"all://*example.org": None}
    assert environment_rules() is None


@pytest.mark.parametrize(("proxy", "error"), [("socks4://a", ValueError), ("http://[a", InvalidURL)])
def test_an_environment_that_names_no_proxy_is_refused(
    monkeypatch: pytest.MonkeyPatch, proxy: str, error: type[Exception]
) -> None:
    set_environment(monkeypatch, {"ALL_PROXY": proxy})
    with pytest.raises(error):
        environment_rules()


def set_environment(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "request_method"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
