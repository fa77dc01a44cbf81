"""The class Headers: look-up without case, several values, encodings, changes, and what is shown."""

from __future__ import annotations

import copy
import pickle
import weakref
from collections.abc import Mapping, MutableMapping
from typing import Any

import pytest

from httparallel import Headers


def sample() -> Headers:
    return Headers([("A", "1"), ("b", "2"), ("a", "3")])


def test_reads_without_regard_to_case() -> None:
    headers = sample()
    assert headers["a"] == headers["A"] == "1, 3"
    assert "B" in headers
    assert "c" not in headers
    assert headers.get("c") is None
    assert headers.get("c", default="x") == "x"
    with pytest.raises(KeyError, match="'C'"):
        headers["C"]


def test_keeps_order_case_and_duplicates() -> None:
    headers = sample()
    assert headers.raw == [(b"A", b"1"), (b"b", b"2"), (b"a", b"3")]
    assert headers.multi_items() == [("a", "1"), ("b", "2"), ("a", "3")]
    assert headers.get_list("A") == ["1", "3"]
    assert len(headers) == 3


def test_joins_the_values_of_a_name() -> None:
    headers = sample()
    assert list(headers) == list(headers.keys()) == ["a", "b"]
    assert list(headers.values()) == ["1, 3", "2"]
    assert list(headers.items()) == [("a", "1, 3"), ("b", "2")]
    assert dict(headers) == {"a": "1, 3", "b": "2"}


def test_splits_lists_on_request() -> None:
    headers = Headers([("vary", "a, b"), ("Vary", "c")])
    assert headers.get_list("VARY") == ["a, b", "c"]
    assert headers.get_list("VARY", split_commas=True) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "source",
    [
        {"a": "1", "b": "2"},
        {b"a": b"1", "b": b"2"},
        [("a", "1"), ["b", "2"]],
        (pair for pair in [("a", "1"), ("b", "2")]),
        Headers({"a": "1", "b": "2"}),
    ],
)
def test_is_made_of_mappings_and_pairs(source: Any) -> None:
    assert Headers(source).raw == [(b"a", b"1"), (b"b", b"2")]


def test_nothing_makes_empty_headers() -> None:
    assert len(Headers()) == len(Headers(None)) == len(Headers({})) == 0
    assert not Headers()


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ({"a": 1}, TypeError, "Header value must be str or bytes, not <class 'int'>"),
        ({"a": None}, TypeError, "Header value must be str or bytes, not <class 'NoneType'>"),
        ({1: "a"}, TypeError, "Header name must be str or bytes, not <class 'int'>"),
        ([("a",)], ValueError, "not enough values to unpack (expected 2, got 1)"),
        ([("a", "b", "c")], ValueError, "too many values to unpack (expected 2)"),
        ({"a": "é"}, UnicodeEncodeError, None),
        (5, TypeError, None),
    ],
)
def test_refuses_what_is_no_header(source: Any, error: type[Exception], message: str | None) -> None:
    with pytest.raises(error) as caught:
        Headers(source)
    assert message is None or str(caught.value) == message


def test_setting_keeps_the_place_and_removes_duplicates() -> None:
    headers = sample()
    headers["a"] = "9"
    assert headers.raw == [(b"a", b"9"), (b"b", b"2")]
    headers["c"] = "4"
    assert headers.raw[-1] == (b"c", b"4")


def test_is_a_mutable_mapping() -> None:
    headers = sample()
    assert isinstance(headers, Mapping)
    assert isinstance(headers, MutableMapping)
    assert headers.setdefault("b", "x") == "2"
    assert headers.setdefault("new", "x") == "x"
    assert headers.pop("new") == "x"
    assert headers.pop("new", None) is None
    assert headers.popitem() == ("a", "1, 3")
    with pytest.raises(KeyError):
        headers.pop("new")
    del headers["B"]
    with pytest.raises(KeyError):
        del headers["b"]
    with pytest.raises(KeyError):
        headers.popitem()
    headers["x"] = "1"
    headers.clear()
    assert headers.raw == []


def test_update_replaces_names() -> None:
    headers = sample()
    headers.update({"A": "7", "d": "8"})
    assert headers.raw == [(b"b", b"2"), (b"A", b"7"), (b"d", b"8")]
    headers.update([("d", "1"), ("d", "2")])
    assert headers["d"] == "1, 2"
    headers.update()
    headers.update(headers)
    assert len(headers) == 4


def test_merges_with_the_union_operators() -> None:
    headers = Headers({"a": "1", "b": "2"})
    assert (headers | {"A": "3"}).raw == [(b"b", b"2"), (b"A", b"3")]
    assert ({"A": "3", "c": "4"} | headers).raw == [(b"c", b"4"), (b"a", b"1"), (b"b", b"2")]
    with pytest.raises(TypeError):
        headers | [("a", "b")]  # type: ignore[operator]
    alias = headers
    headers |= {"a": "5"}
    assert headers is alias
    assert headers["a"] == "5"


def test_copies_change_on_their_own() -> None:
    headers = sample()
    copies = [headers.copy(), Headers(headers), copy.copy(headers), copy.deepcopy(headers)]
    headers["a"] = "changed"
    for other in copies:
        assert other == sample()
        other["b"] = "own"
    assert headers["b"] == "2"


def test_equality_ignores_order_and_case() -> None:
    headers = sample()
    assert headers == [("a", "3"), ("B", "2"), ("A", "1")]
    assert headers != {"a": "1, 3", "b": "2"}
    assert headers != "A: 1"
    assert headers != 5
    with pytest.raises(TypeError):
        hash(headers)


@pytest.mark.parametrize(
    ("value", "encoding", "text"),
    [
        (b"plain", "ascii", "plain"),
        ("☃".encode(), "utf-8", "☃"),
        ("ÿ".encode("iso-8859-1"), "iso-8859-1", "ÿ"),
    ],
)
def test_the_encoding_is_detected(value: bytes, encoding: str, text: str) -> None:
    headers = Headers([(b"x", value)])
    assert headers.encoding == encoding
    assert headers["x"] == text


def test_the_encoding_can_be_set() -> None:
    headers = Headers([(b"x", "☃".encode())])
    headers.encoding = "iso-8859-1"
    assert headers["x"] == "â\x98\x83"
    headers["y"] = "é"
    assert headers.raw[1] == (b"y", b"\xe9")
    assert Headers({"x": "é"}, encoding="utf-8").raw == [(b"x", b"\xc3\xa9")]
    assert Headers({"x": "é"}, "cp437").raw == [(b"x", b"\x82")]
    assert Headers({"x": "é"}, "cp437")["x"] == "é"


def test_text_beyond_ascii_is_written_as_utf_8() -> None:
    headers = Headers({"a": "1"})
    assert headers.encoding == "ascii"
    headers["x"] = "é"
    assert headers.raw[1] == (b"x", b"\xc3\xa9")
    assert headers["x"] == "é"


def test_a_name_beyond_the_encoding_is_absent() -> None:
    headers = Headers({"a": "1"})
    assert "é" not in headers
    assert headers.get_list("é") == []


def test_repr_is_a_dict_or_a_list_and_hides_credentials() -> None:
    assert repr(Headers({"X": "1"})) == "Headers({'x': '1'})"
    assert repr(sample()) == "Headers([('a', '1'), ('b', '2'), ('a', '3')])"
    assert repr(Headers({b"x": "☃".encode()})) == "Headers({'x': '☃'}, encoding='utf-8')"
    secret = Headers({"Authorization": "s3kr3t", "proxy-authorization": "s3kr3t"})
    assert repr(secret) == "Headers({'authorization': '[secure]', 'proxy-authorization': '[secure]'})"


def test_is_pickled_and_referenced_weakly() -> None:
    headers = Headers([("A", "1"), (b"b", b"\xff")], encoding="iso-8859-1")
    again = pickle.loads(pickle.dumps(headers))
    assert again.raw == headers.raw
    assert again.encoding == "iso-8859-1"
    assert type(again) is Headers
    assert weakref.ref(headers)() is headers
    assert Headers.__module__ == "httparallel"


class Defaults(Headers):
    """A subclass with arguments of its own."""

    def __init__(self, token: str) -> None:
        super().__init__({"X-Token": token})
        self.token = token


def test_a_subclass_may_have_its_own_arguments() -> None:
    headers = Defaults("t")
    assert headers["x-token"] == headers.token == "t"
    assert repr(headers) == "Defaults({'x-token': 't'})"
    assert Headers(headers) == headers


def test_matches_a_mapping_pattern() -> None:
    match Headers({"content-type": "text/html"}):
        case {"content-type": value}:
            assert value == "text/html"
        case _:
            pytest.fail("no mapping pattern matches")
