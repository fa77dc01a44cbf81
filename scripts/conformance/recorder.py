"""Writes down what became of each test, as soon as it is known."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OUTCOMES = ("passed", "failed", "private", "otherwise", "skipped")


class Recorder:
    """A plugin of pytest that writes down each test's outcome."""

    def __init__(self, record: Path) -> None:
        # Unbuffered by line: what is written survives a crash.
        self._record = record.open("a", encoding="utf-8", buffering=1)
        self._outcomes: dict[str, str] = {}
        self._error: BaseException | None = None

    def _write(self, test: str, outcome: str) -> None:
        self._record.write(json.dumps([test, outcome]) + "\n")

    def pytest_collection_finish(self, session: Any) -> None:
        for item in session.items:
            self._write(item.nodeid, "failed")

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._write(report.nodeid, "failed")

    def pytest_runtest_makereport(self, call: Any) -> None:
        self._error = call.excinfo.value if call.excinfo is not None else None

    def pytest_runtest_logreport(self, report: Any) -> None:
        # A test may fail while it is set up, called and torn down: the first failure counts.
        outcome = self._outcomes.get(report.nodeid, "passed")
        if outcome == "passed" and report.outcome != "passed":
            outcome = "skipped" if report.skipped else outcome_of(self._error)
        self._outcomes[report.nodeid] = outcome

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._write(nodeid, self._outcomes.pop(nodeid, "failed"))


def recorded(record: Path) -> dict[str, str]:
    """Each test with its outcome. One that was begun and never ended, in a crash say, has failed."""
    if not record.exists():
        return {}
    return dict(json.loads(line) for line in record.read_text(encoding="utf-8").splitlines())


def outcome_of(error: BaseException | None) -> str:
    """What the exception that a test ended in says about it."""
    return "private" if any(map(_is_about_a_private_name, _related(error))) else "failed"


def _related(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, and those that it has come from or is made of."""
    if error is None:
        return
    yield error
    for group_member in getattr(error, "exceptions", ()):
        yield from _related(group_member)
    yield from _related(error.__cause__ or error.__context__)


def _is_about_a_private_name(error: BaseException) -> bool:
    if isinstance(error, AttributeError):
        return is_private(error.name or "")
    if isinstance(error, ImportError):
        wanted = re.findall(r"[\w.]+", f"{error.name} {error}")
        return any(is_private(part) for name in wanted for part in name.split("."))
    return False


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")
