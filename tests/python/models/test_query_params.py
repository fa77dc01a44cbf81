"""The class QueryParams: several values of a key, changed copies, and the query string."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from typing import Any

import pytest

from httparallel import QueryParams


@pytest.mark.parametrize(
    "source",
    [
        "a=123&a=456&b=789",
        b"a=123&a=456&b=789",
        {"a": ["123", "456"], "b": 789},
        {"a": ("123", "456"), "b": 789},
        [("a", "123"), ("a", "456"), ("b", "789")],
        (("a", "123"), ["a", 456], ("b", "789")),
        QueryParams("a=123&a=456&b=789"),
    ],
)
def test_is_made_of_text_mappings_and_pairs(source: Any) -> None:
    params = QueryParams(source)
    assert params.multi_items() == [("a", "123"), ("a", "456"), ("b", "789")]
    assert str(params) == "a=123&a=456&b=789"
    assert repr(params) == "QueryParams('a=123&a=456&b=789')"


def test_is_made_of_keyword_arguments() -> None:
    assert QueryParams(a=1, b=["x", "y"]) == QueryParams("a=1&b=x&b=y")
    with pytest.raises(AssertionError, match="Cannot mix"):
        QueryParams("a=1", b=2)
    with pytest.raises(AssertionError, match="Too many"):
        QueryParams("a=1", "b=2")  # type: ignore[call-arg]


def test_reads_the_first_value_of_a_key() -> None:
    params = QueryParams("a=1&b=2&a=3")
    assert params["a"] == params.get("a") == "1"
    assert params.get_list("a") == ["1", "3"]
    assert params.get_list("x") == []
    assert params.get("x") is None
    assert params.get("x", "y") == "y"
    assert "a" in params
    assert "A" not in params
    with pytest.raises(KeyError, match="'x'"):
        params["x"]


def test_is_a_mapping_of_first_values() -> None:
    params = QueryParams("a=1&b=2&a=3")
    assert isinstance(params, Mapping)
    assert list(params) == list(params.keys()) == ["a", "b"]
    assert list(params.values()) == ["1", "2"]
    assert dict(params) == dict(params.items()) == {"a": "1", "b": "2"}
    assert len(params) == 2
    assert params
    assert not QueryParams()


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (None, ""), ("", ""), (1.5, "1.5"), ([1, None], None)],
)
def test_values_become_text_as_in_json(value: object, text: str | None) -> None:
    expected = "a=1&a=" if text is None else f"a={text}"
    assert str(QueryParams({"a": value})) == expected


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("a", [("a", "")]),
        ("=", [("", "")]),
        ("a=b=c", [("a", "b=c")]),
        ("a=1;b=2", [("a", "1;b=2")]),
        ("&&a=1&", [("a", "1")]),
        ("a+b=%C3%BC+%zz%ff", [("a b", "ü %zz\ufffd")]),
        ("", []),
    ],
)
def test_reads_a_query_as_forms_write_it(query: str, pairs: list[tuple[str, str]]) -> None:
    assert QueryParams(query).multi_items() == pairs


def test_writes_a_query_as_forms_write_it() -> None:
    assert str(QueryParams({"a b": "c&d=é/~%20"})) == "a+b=c%26d%3D%C3%A9%2F~%2520"


def test_changes_are_copies() -> None:
    params = QueryParams("a=1")
    assert params.set("a", 2) == QueryParams("a=2")
    assert params.add("a", 2) == QueryParams("a=1&a=2")
    assert params.add("b") == QueryParams("a=1&b=")
    assert params.remove("a") == params.remove("a").remove("a") == QueryParams()
    assert params.merge({"a": 3, "b": 4}) == QueryParams("a=3&b=4")
    assert params.merge() == params
    params.get_list("a").append("9")
    assert str(params) == "a=1"


def test_is_immutable() -> None:
    params = QueryParams("a=1")
    with pytest.raises(RuntimeError, match="immutable"):
        params.update({"a": "2"})
    with pytest.raises(RuntimeError, match="immutable"):
        params["a"] = "2"


def test_equality_ignores_the_order() -> None:
    assert QueryParams("a=1&b=2") == QueryParams("b=2&a=1")
    assert hash(QueryParams("a=1&b=2")) == hash(QueryParams("b=2&a=1"))
    assert QueryParams("a=1") != QueryParams("a=2")
    assert QueryParams("a=1") != "a=1"
    assert len({QueryParams("a=123"), QueryParams({"a": 123}), QueryParams(b=456)}) == 2


def test_is_copied_and_pickled() -> None:
    params = QueryParams("a=1&b=2&a=3")
    for other in (pickle.loads(pickle.dumps(params)), copy.copy(params), copy.deepcopy(params)):
        assert other.multi_items() == params.multi_items()
        assert type(other) is QueryParams


class Search(QueryParams):
    """A subclass with arguments of its own."""

    def __init__(self, words: list[str]) -> None:
        super().__init__({"q": " ".join(words)})


def test_a_subclass_may_have_its_own_arguments() -> None:
    params = Search(["a", "b"])
    assert repr(params) == "Search('q=a+b')"
    assert params.set("p", 1) == QueryParams("q=a+b&p=1")
