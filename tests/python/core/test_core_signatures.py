"""`httparallel.core` offers what httpcore2 2.16.2 does, called in the same way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from signatures import described

import httparallel.core

THEIRS: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("signatures.json").read_text(encoding="utf-8")
)
OURS = described(httparallel.core)


def test_the_public_names_are_the_same() -> None:
    assert sorted(httparallel.core.__all__) == sorted(THEIRS)


@pytest.mark.parametrize("name", THEIRS)
def test_a_public_name_is_the_same_sort_of_thing(name: str) -> None:
    without_members = {key: value for key, value in THEIRS[name].items() if key != "members"}
    assert {key: value for key, value in OURS[name].items() if key != "members"} == without_members


MEMBERS = [(name, member) for name, described in THEIRS.items() for member in described.get("members", ())]


@pytest.mark.parametrize(("name", "member"), MEMBERS)
def test_a_member_of_a_class_is_called_the_same_way(name: str, member: str) -> None:
    assert OURS[name]["members"].get(member) == THEIRS[name]["members"][member]


@pytest.mark.parametrize("name", sorted(set(THEIRS) - {"SOCKET_OPTION"}))
def test_a_public_name_says_that_it_lives_here(name: str) -> None:
    assert getattr(httparallel.core, name).__module__ == "httparallel.core"
