"""The class URL: components, normal form, equality, copies, joining, and what is refused."""

from __future__ import annotations

import copy
import pickle
import weakref

import pytest

from httparallel import URL, InvalidURL, QueryParams
from httparallel._native import Origin

FULL = "HTTPS://jo%40email.com:a%20secret@müller.de:1234/pa%20th?search=ab#anchor"


def test_has_all_components() -> None:
    url = URL(FULL)
    assert (url.scheme, url.raw_scheme) == ("https", b"https")
    assert (url.username, url.password) == ("jo@email.com", "a secret")
    assert url.userinfo == b"jo%40email.com:a%20secret"
    assert (url.host, url.raw_host) == ("müller.de", b"xn--mller-kva.de")
    assert (url.port, url.netloc) == (1234, b"xn--mller-kva.de:1234")
    assert (url.path, url.raw_path) == ("/pa th", b"/pa%20th?search=ab")
    assert (url.query, url.params) == (b"search=ab", QueryParams({"search": "ab"}))
    assert url.fragment == "anchor"
    assert url.is_absolute_url
    assert not url.is_relative_url


def test_absent_components_are_empty() -> None:
    url = URL()
    assert (url.scheme, url.host, url.port, url.path, url.raw_path) == ("", "", None, "/", b"/")
    assert (url.userinfo, url.query, url.fragment, str(url)) == (b"", b"", "", "")
    assert url.is_relative_url


def test_an_empty_query_is_kept() -> None:
    assert URL("https://example.com/path?").raw_path == b"/path?"
    assert URL("https://example.com/path").raw_path == b"/path"
    assert URL("https://example.com?a").raw_path == b"/?a"


def test_equals_every_spelling_of_itself() -> None:
    url = URL("http://example.com/x")
    assert url == "HTTP://EXAMPLE.com:80/x"
    assert url == URL("http://example.com:80/x")
    assert url != "http://example.com/y"
    assert url != "http://example.com:bad/"
    assert url != b"http://example.com/x"
    assert url is not None


def test_hashes_as_its_text() -> None:
    url = URL("http://example.com/x")
    assert hash(url) == hash(str(url))
    assert {url: 1}["http://example.com/x"] == 1


def test_repr_hides_the_password() -> None:
    assert repr(URL("https://jo:pa:ss@a/x?q#f")) == "URL('https://jo:[secure]@a/x?q#f')"
    assert repr(URL("https://jo@a/x")) == "URL('https://jo@a/x')"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("https://example.com:abc/", "Invalid port: 'abc'"),
        ("https://example.com:99999/", "Invalid port: '99999'"),
        ("https://☃.com/", "Invalid IDNA hostname: '☃.com'"),
        ("https://[2001]/", "Invalid IPv6 address: '[2001]'"),
        ("http://0177.1/", "Invalid IPv4 address: '0177.1'"),
        ("http://a\\@b/", "Invalid URL component 'userinfo'"),
        ("http://a%2Fb/", "Invalid host: 'a%2Fb'"),
        ("https://a/\n", "Invalid non-printable ASCII character in URL, '\\n' at position 10."),
        ("https://a/" + "x" * 65536, "URL too long"),
    ],
)
def test_refuses_what_is_no_unambiguous_url(text: str, message: str) -> None:
    with pytest.raises(InvalidURL) as caught:
        URL(text)
    assert str(caught.value) == message


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        URL("http://a/\ud800")


def test_makes_a_url_of_components() -> None:
    url = URL(scheme="https", host="::1", port=8443, path="/a b", query=b"c=d", fragment="e")
    assert str(url) == "https://[::1]:8443/a%20b?c=d#e"
    assert URL(url="http://a", path="/x") == "http://a/x"


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ({"scheme": "http"}, "http://jo:pw@example.org:444/path?a=1#f"),
        ({"username": "tom@x", "password": "a @%"}, "https://tom%40x:a%20%40%@example.org:444/path?a=1#f"),
        ({"username": "tom"}, "https://tom@example.org:444/path?a=1#f"),
        ({"userinfo": b""}, "https://example.org:444/path?a=1#f"),
        ({"host": "b", "port": None}, "https://jo:pw@b/path?a=1#f"),
        ({"netloc": b"[::1]:80"}, "https://jo:pw@[::1]:80/path?a=1#f"),
        ({"raw_path": b"/x?y"}, "https://jo:pw@example.org:444/x?y#f"),
        ({"raw_path": b"/x"}, "https://jo:pw@example.org:444/x#f"),
        ({"query": None, "fragment": None}, "https://jo:pw@example.org:444/path"),
        ({"params": {"b": [1, None], "c": True}}, "https://jo:pw@example.org:444/path?b=1&b=&c=true#f"),
        ({"params": {}}, "https://jo:pw@example.org:444/path#f"),
        ({}, "https://jo:pw@example.org:444/path?a=1#f"),
    ],
)
def test_copies_with_components_changed(components: dict[str, object], expected: str) -> None:
    url = URL("https://jo:pw@example.org:444/path?a=1#f")
    assert str(url.copy_with(**components)) == expected
    assert str(URL(url, **components)) == expected
    assert str(URL(str(url), **components)) == expected


@pytest.mark.parametrize(
    ("components", "message"),
    [
        ({"pathh": "/"}, "'pathh' is an invalid keyword argument for URL()"),
        ({"userinfo": "text"}, "Argument 'userinfo' must be bytes but got str"),
        ({"port": "80"}, "Argument 'port' must be int but got str"),
        ({"host": b"a"}, "Argument 'host' must be str but got bytes"),
    ],
)
def test_a_wrong_argument_is_a_type_error(components: dict[str, object], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        URL("https://example.org", **components)
    assert str(caught.value) == message


def test_only_text_and_urls_are_accepted() -> None:
    with pytest.raises(TypeError, match=r"Expected str or httparallel\.URL, got <class 'bytes'>: b'x'"):
        URL(b"x")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        URL("http://a", "http://b")  # type: ignore[call-arg]


def test_a_changed_component_cannot_become_another() -> None:
    url = URL("https://example.com/path?t=w#tw")
    for component in ({"scheme": "https://x@y/"}, {"path": "/a?b"}, {"query": b"a#b"}, {"host": "a/b"}):
        with pytest.raises(InvalidURL):
            url.copy_with(**component)


def test_changes_parameters() -> None:
    url = URL("https://example.org:123/?a=123")
    assert url.copy_set_param("a", "456") == "https://example.org:123/?a=456"
    assert url.copy_add_param("a", 456) == "https://example.org:123/?a=123&a=456"
    assert url.copy_remove_param("a") == "https://example.org:123/"
    assert url.copy_merge_params({"b": "4 5"}) == "https://example.org:123/?a=123&b=4+5"


def test_joins_references() -> None:
    url = URL("https://example.org:123/path/to/somewhere")
    assert url.join("/else") == "https://example.org:123/else"
    assert url.join(URL("../else?q")) == "https://example.org:123/path/else?q"
    assert url.join("//other/x") == "https://other/x"
    with pytest.raises(InvalidURL):
        url.join("http://a:b/")
    with pytest.raises(TypeError):
        url.join(1)  # type: ignore[arg-type]


def test_an_origin_is_scheme_host_and_effective_port() -> None:
    origin = URL("http://jo:pw@MÜLLER.de/x?y").origin
    assert origin == Origin("http://müller.de:80")
    assert hash(origin) == hash(Origin("http://müller.de:80"))
    assert (origin.scheme, origin.host, origin.port) == ("http", "müller.de", 80)
    assert origin != Origin("https://müller.de")
    assert Origin("http://[::1]") == Origin(URL("http://[0:0:0:0:0:0:0:1]"))
    assert repr(Origin("http://a:81")) == "Origin(scheme='http', host='a', port=81)"
    assert pickle.loads(pickle.dumps(Origin("http://[::1]:81"))) == Origin("http://[::1]:81")
    with pytest.raises(ValueError, match="must be absolute"):
        _ = URL("/x").origin


def test_is_copied_pickled_and_referenced_weakly() -> None:
    url = URL(FULL)
    for other in (pickle.loads(pickle.dumps(url)), copy.copy(url), copy.deepcopy(url), URL(url)):
        assert other == url
        assert type(other) is URL
    assert weakref.ref(url)() is url


def test_is_immutable() -> None:
    with pytest.raises(AttributeError):
        URL("http://a").host = "b"  # type: ignore[misc]


class Api(URL):
    """A subclass with arguments of its own."""

    def __init__(self, version: int) -> None:
        super().__init__("https://api.example", path=f"/v{version}")
        self.version = version


def test_a_subclass_may_have_its_own_arguments() -> None:
    url = Api(2)
    assert (str(url), url.version) == ("https://api.example/v2", 2)
    assert repr(url) == "Api('https://api.example/v2')"
    assert isinstance(url.join("/x"), URL)
    assert url == URL("https://api.example/v2")


def test_raw_is_deprecated() -> None:
    with pytest.warns(UserWarning, match=r"URL\.raw is deprecated"):
        raw = URL("http://a:81/b").raw
    assert raw == (b"http", b"a", 81, b"/b")
    assert raw.raw_host == b"a"


def test_belongs_to_the_package() -> None:
    assert {cls.__module__ for cls in (URL, Origin, QueryParams)} == {"httparallel"}
