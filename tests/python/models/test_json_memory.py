"""What reading JSON holds, lets go of and shares, and that it may happen several times at once."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from json_documents import RECORDS, Documents

from httparallel._json_codec import decoded
from httparallel._native import read_json


def test_equal_keys_are_one_object() -> None:
    records = read_json(json.dumps([{"name": "value"}] * 100))
    keys = {id(key) for record in records for key in record}
    values = {id(value) for record in records for value in record.values()}
    assert (len(keys), len(values)) == (1, 1)


def leaked(act: Callable[[], object]) -> int:
    """How many blocks of memory more there are for having done it a hundred times."""
    for _ in range(3):
        act()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(100):
        act()
    gc.collect()
    return sys.getallocatedblocks() - before


@pytest.mark.parametrize("end", ["", "x", '"', "[", ', "'])
def test_nothing_is_left_in_memory(end: str) -> None:
    for document in (
        RECORDS + end,
        RECORDS[:-1] + end,
        RECORDS[: len(RECORDS) // 2] + end,
        RECORDS[:-1] + "," + "[" * 300,
    ):
        data = document.encode()
        # One object that is lost each time would be a hundred.
        assert leaked(lambda data=data: read_json(data)) < 50  # type: ignore[misc]


def test_a_value_has_no_more_references_than_it_shows() -> None:
    value = read_json(RECORDS)
    key, text = next(iter(value[0])), value[0]["tags"][0]
    name = value[0]["name"]
    assert sys.getrefcount(name) == sys.getrefcount(json.loads(RECORDS)[0]["name"]) + 1
    before = sys.getrefcount(key)
    del value
    assert before - sys.getrefcount(key) == 99
    assert text == "a"


def test_a_collection_in_the_middle_may_read_json() -> None:
    expected, inner = json.loads(RECORDS), []
    thresholds = gc.get_threshold()

    def collected(phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            inner.append(read_json(RECORDS[:700] + '"}]') is NotImplemented)

    gc.callbacks.append(collected)
    try:
        gc.set_threshold(7)
        assert read_json(RECORDS) == expected
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(collected)
    # From CPython 3.12 on it only comes after the call.
    assert inner
    assert all(inner)


def test_threads_read_at_the_same_time() -> None:
    documents = [Documents(seed).document() for seed in range(50)] + [RECORDS]
    expected = [repr(json.loads(document)) for document in documents]

    def read_all() -> list[str]:
        return [repr(decoded(document)) for document in documents]

    interval = sys.getswitchinterval()
    try:
        sys.setswitchinterval(1e-6)
        with ThreadPoolExecutor(8) as pool:
            assert all(made.result() == expected for made in [pool.submit(read_all) for _ in range(50)])
    finally:
        sys.setswitchinterval(interval)
