"""`docs/faults.md` names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_fault_is_listed_with_tests_that_exist() -> None:
    rows = re.findall(
        r"^\| (\d+) \| .+? \| (.+) \|$", (ROOT / "docs" / "faults.md").read_text(), re.MULTILINE
    )
    assert {int(number) for number, _ in rows} == set(range(1, 57))
    named = {name for _, tests in rows for name in re.findall(r"`([a-z0-9_]{10,})`", tests)}
    sources = [*(ROOT / "crates").rglob("*.rs"), *(ROOT / "tests" / "python").rglob("*.py")]
    text = "\n".join(path.read_text() for path in sources if "target" not in path.parts)
    there = set(re.findall(r"\bfn (\w+)\(|\bdef test_(\w+)\(", text))
    there = {name for pair in there for name in pair}
    assert named - there == set()
