"""JSON is read as `json.loads` reads it: the same values of the same types, and the same errors."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from json_documents import BYTES, ORDINARY, UNUSUAL, Documents

from httparallel import Response, ServerSentEvent
from httparallel._json_codec import decoded
from httparallel._native import read_json


def outcome(read: Callable[[Any], Any], document: object) -> object:
    """What reading comes to. `repr` tells apart what is equal: 1, 1.0 and True, 0.0 and -0.0."""
    try:
        value = read(document)
    except json.JSONDecodeError as error:
        return (
            type(error),
            error.args,
            error.msg,
            error.doc,
            error.pos,
            error.lineno,
            error.colno,
            type(error.__context__),
        )
    except (ValueError, TypeError, RecursionError) as error:
        return type(error), error.args, type(error.__context__)
    return type(value), repr(value)


def check(document: object) -> None:
    assert outcome(decoded, document) == outcome(json.loads, document), document


@pytest.mark.parametrize("text", ORDINARY, ids=lambda text: text[:20])
def test_what_is_ordinary_is_read_natively(text: str) -> None:
    for document in (text, text.encode()):
        assert outcome(read_json, document) == outcome(json.loads, document)
        check(document)


@pytest.mark.parametrize("text", UNUSUAL, ids=lambda text: ascii(text[:20]))
def test_what_is_unusual_is_left_to_the_standard_library(text: str) -> None:
    for document in (text, text.encode()):
        assert read_json(document) is NotImplemented
        check(document)


@pytest.mark.parametrize("document", BYTES, ids=repr)
def test_bytes_that_are_no_plain_utf8_are_left_to_the_standard_library(document: bytes) -> None:
    assert read_json(document) is NotImplemented
    check(document)


@pytest.mark.parametrize("document", [bytearray(b"[1]"), "\ud800", '"\ud800"', memoryview(b"[1]"), None, 1])
def test_other_objects_are_left_to_the_standard_library(document: object) -> None:
    assert read_json(document) is NotImplemented
    check(document)


@pytest.mark.parametrize("text", [*ORDINARY, *UNUSUAL, '{"name": "value", "other": [1.5, "\\u00e9", null]}'])
def test_every_beginning_of_a_document_is_read_alike(text: str) -> None:
    # In a document of a length from which on strings are kept, too.
    for begun in ("", f'[{" " * 600}"name", "value", "other", '):
        for end in range(min(len(text), 60)):
            check((begun + text[:end]).encode())


@pytest.mark.parametrize("seed", range(20))
def test_random_documents_are_read_alike(seed: int) -> None:
    documents = Documents(seed)
    for _ in range(150):
        text = documents.document()
        check(text)
        check(text.encode())
        check(documents.damaged(text))
        # Long enough for strings to be kept, and with each of them twice.
        check(documents.damaged(f"[{text}, {text}, {' ' * 512}{text}]"))


def test_numbers_are_the_same_to_the_last_bit() -> None:
    chance = random.Random(0)
    for _ in range(20_000):
        digits, exponent = (
            chance.getrandbits(chance.choice((10, 53, 54, 64, 90))),
            chance.randrange(-345, 310),
        )
        text = chance.choice((f"{digits}e{exponent}", f"{digits}.{digits}", f"0.{digits:040}E{exponent}"))
        assert decoded(text).hex() == float(text).hex(), text


def test_more_strings_than_are_kept_are_told_apart() -> None:
    names = [
        f"{kind}{number}"
        for kind in ("k", "é", "longer-name-", 'quo"ted', "back\\slash")
        for number in range(500)
    ]
    value = [{name: [name, name[::-1]] for name in names}, names, dict.fromkeys(names, "a")]
    for ascii_only in (True, False):
        check(json.dumps(value, ensure_ascii=ascii_only).encode())


def test_strings_that_begin_alike_are_told_apart() -> None:
    strings = ['"a"', '"ab"', r'"a\""', r'"a\\"', r'"a\\\""', r'"a\"b"', '"a "', '""', r'"\""', '"a"']
    check(f"[{', '.join(strings * 20)}, {' ' * 512} {', '.join(strings)}]".encode())


@pytest.mark.parametrize("open_", ["[", '{"a":', '[{"b":'])
def test_nesting_without_end_is_an_error(open_: str) -> None:
    for document in (open_ * 100_000, open_.encode() * 100_000):
        with pytest.raises(RecursionError):
            json.loads(document)
        with pytest.raises(RecursionError):
            decoded(document)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_the_arguments_of_json_loads_are_honoured(encoding: str) -> None:
    body = '{"price": 1.10, "n": 5}'.encode(encoding)
    response = Response(200, content=body)
    assert response.json() == {"price": 1.1, "n": 5}
    assert response.json(parse_float=Decimal)["price"] == Decimal("1.10")
    assert response.json(object_pairs_hook=list) == [("price", 1.1), ("n", 5)]
    assert response.json(parse_int=str)["n"] == "5"


def test_a_response_and_an_event_raise_the_error_of_json_loads() -> None:
    text = '{"a": 1,\n "b": }'
    for read in (lambda _: Response(200, content=text).json(), lambda _: ServerSentEvent(data=text).json()):
        assert outcome(read, text) == outcome(json.loads, text)
