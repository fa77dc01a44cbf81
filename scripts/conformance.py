"""Runs the tests of httpcore 1.0.9 against `httparallel.core`, and counts what passes in each file.

    conformance.py [ARGUMENTS OF PYTEST]

They come with httpcore's source package, which pip downloads into `conformance-work`. They run in an
environment of their own, `.venv-conformance`, with the wheel from `dist`, and without httpcore: there
`import httpcore` gives `httparallel.core`. Their text is changed in one respect: where they spell out how
loggers and mock streams are named, the name is ours.

A test that reaches for a private name of httpcore is counted as private, and not as failed. The exit status
is 0 if no test failed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "conformance-work"
VENV = ROOT / ".venv-conformance"
PYTHON = VENV / "bin" / "python"
PIP: list[str | Path] = [PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check"]

VERSION = "1.0.9"
# Of the source package: what is downloaded is run.
SHA256 = "6e34463af53fd2ab5d807f399a9b45ea31c3dfa2276f15a2c3f00afff6e176e8"

# For all tests together. Each has 30 seconds; but that does not end one that hangs in native code.
SECONDS = 600

OUTCOMES = ("passed", "failed", "private", "skipped")


def main() -> int:
    set_up()
    tests = unpacked(downloaded())
    record = WORK / "outcomes.jsonl"
    record.unlink(missing_ok=True)
    command: list[str | Path] = [PYTHON, Path(__file__), "--inside", record]
    command.extend(sys.argv[1:] or ["-q", "--no-header", "--tb=short"])
    # Neither the checkout nor httpcore's sources may be found by Python: only what is installed.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        subprocess.run(command, cwd=tests, env=environment, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        print(f"The tests did not end within {SECONDS} seconds.")
    return report(record)


def set_up() -> None:
    """Makes the environment, and installs the built wheel into it."""
    requirements = ROOT / "requirements" / "conformance.txt"
    python = ROOT / ".venv" / "bin" / "python"
    subprocess.run([ROOT / "scripts" / "venv.sh", VENV, python, requirements], check=True)
    [wheel] = (ROOT / "dist").glob("httparallel-*.whl")
    subprocess.run([*PIP, "install", "--no-deps", "--force-reinstall", wheel], check=True)


def downloaded() -> Path:
    """The source package."""
    package = WORK / f"httpcore-{VERSION}.tar.gz"
    if not package.exists():
        wanted: list[str | Path] = ["--no-deps", "--no-binary", ":all:", "--dest", WORK]
        wanted.append(f"httpcore=={VERSION}")
        subprocess.run([*PIP, "download", *wanted], check=True)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    if digest != SHA256:
        raise SystemExit(f"{package} is not what it is expected to be: its SHA-256 is {digest}")
    return package


def unpacked(package: Path) -> Path:
    """A directory with the tests and nothing else of the package."""
    directory = WORK / f"httpcore-{VERSION}"
    with tarfile.open(package) as archive:
        wanted = [
            member
            for member in archive.getmembers()
            if member.name.startswith((f"{directory.name}/tests/", f"{directory.name}/pyproject.toml"))
        ]
        archive.extractall(WORK, members=wanted, filter="data")
    for path in directory.rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(in_our_name(text), encoding="utf-8")
    return directory


def in_our_name(text: str) -> str:
    """A test's text with the names of loggers and mock streams as this package has them."""
    text = re.sub(r'"httpcore\.(connection|http11|http2|proxy|socks)"', r'"httparallel.\1"', text)
    return re.sub(r"<httpcore\.((?:Async)?MockStream)>", r"<httparallel.\1>", text)


def report(record: Path) -> int:
    """Prints a table of the files, and returns the exit status."""
    outcomes = dict(recorded(record))
    files: dict[str, Counter[str]] = {}
    for test, outcome in outcomes.items():
        files.setdefault(test.partition("::")[0], Counter())[outcome] += 1
    files["all files"] = Counter(outcomes.values())

    width = max(map(len, files))
    print("\n" + " " * width + "".join(f"{outcome:>9}" for outcome in OUTCOMES))
    for file, counted in files.items():
        print(f"{file:<{width}}" + "".join(f"{counted[outcome]:>9}" for outcome in OUTCOMES))
    return 0 if outcomes and not files["all files"]["failed"] else 1


def recorded(record: Path) -> Iterator[tuple[str, str]]:
    """Each test with its outcome. One that was begun and never ended, in a crash say, has failed."""
    if record.exists():
        for line in record.read_text(encoding="utf-8").splitlines():
            test, outcome = json.loads(line)
            yield test, outcome


class Recorder:
    """A plugin of pytest that writes down each test's outcome as soon as it is known."""

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


def outcome_of(error: BaseException | None) -> str:
    """What the exception that a test ended in says about it."""
    return "private" if any(map(is_about_a_private_name, related(error))) else "failed"


def related(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, and those that it has come from or is made of."""
    if error is None:
        return
    yield error
    for group_member in getattr(error, "exceptions", ()):
        yield from related(group_member)
    yield from related(error.__cause__ or error.__context__)


def is_about_a_private_name(error: BaseException) -> bool:
    if isinstance(error, AttributeError):
        return is_private(error.name or "")
    if isinstance(error, ImportError):
        wanted = re.findall(r"[\w.]+", f"{error.name} {error}")
        return any(is_private(part) for name in wanted for part in name.split("."))
    return False


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def run_inside(record: Path, arguments: list[str]) -> int:
    """Runs pytest in the environment of the tests."""
    import pytest

    import httparallel.core

    sys.modules["httpcore"] = httparallel.core
    options = ["-p", "no:cacheprovider", "--timeout=30", *arguments]
    return pytest.main([*options, "tests/_sync", "tests/_async", *top_level()], plugins=[Recorder(record)])


def top_level() -> list[str]:
    """The tests that are in no folder. The benchmark beside them is a program."""
    return sorted(str(path) for path in Path("tests").glob("test_*.py"))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        sys.exit(run_inside(Path(sys.argv[2]), sys.argv[3:]))
    sys.exit(main())
