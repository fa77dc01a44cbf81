"""Runs the tests of httpcore 1.0.9 and httpx 0.28.1 against this package, and counts what passes.

    conformance.py [--suite NAME] [ARGUMENTS OF PYTEST]

They come with the source packages, which pip downloads into `conformance-work`. They run in an environment
of their own, `.venv-conformance`, with the wheel from `dist`, and without httpcore and httpx: there
`import httpcore` gives `httparallel.core`, and `import httpx` gives `httparallel`. Their text is changed in
one respect: where they spell out the other package's name, as in the names of loggers, the name is ours.

Counted by themselves, and not as failed, are tests that reach for a private name, and those of what is done
otherwise here on purpose, which are named with the reason. Tests that need the internet are left out. The
exit status is 0 if no test failed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

from recorder import OUTCOMES, Recorder, recorded
from suites import SUITES, Suite

ROOT = Path(__file__).resolve().parent.parent.parent
WORK = ROOT / "conformance-work"
VENV = ROOT / ".venv-conformance"
PYTHON = VENV / "bin" / "python"
PIP: list[str | Path] = [PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check"]

# For all tests of a suite together. Each has 30 seconds; but that does not end one that hangs in native code.
SECONDS = 600


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs the tests of httpcore and httpx against httparallel.")
    parser.add_argument("--suite", choices=sorted(SUITES), action="append", help="only this one")
    chosen, arguments = parser.parse_known_args()
    set_up()
    statuses = [run(SUITES[name], arguments) for name in chosen.suite or SUITES]
    return max(statuses)


def run(suite: Suite, arguments: list[str]) -> int:
    print(f"\n==> The tests of {suite.name} {suite.version}", flush=True)
    tests = unpacked(suite, downloaded(suite))
    record = WORK / f"{suite.name}-outcomes.jsonl"
    record.unlink(missing_ok=True)
    command: list[str | Path] = [PYTHON, Path(__file__), "--inside", suite.name, record]
    command.extend(arguments or ["-q", "--no-header", "--tb=short"])
    # Neither the checkout nor the other package's sources may be found by Python: only what is installed.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        subprocess.run(command, cwd=tests, env=environment, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        print(f"The tests did not end within {SECONDS} seconds.")
    return report(suite, recorded(record))


def set_up() -> None:
    """Makes the environment, and installs the built wheel into it."""
    requirements = ROOT / "requirements" / "conformance.txt"
    python = ROOT / ".venv" / "bin" / "python"
    subprocess.run([ROOT / "scripts" / "venv.sh", VENV, python, requirements], check=True)
    [wheel] = (ROOT / "dist").glob("httparallel-*.whl")
    subprocess.run([*PIP, "install", "--no-deps", "--force-reinstall", wheel], check=True)


def downloaded(suite: Suite) -> Path:
    """The source package."""
    package = WORK / f"{suite.title}.tar.gz"
    if not package.exists():
        wanted: list[str | Path] = ["--no-deps", "--no-binary", ":all:", "--dest", WORK]
        wanted.append(f"{suite.name}=={suite.version}")
        subprocess.run([*PIP, "download", *wanted], check=True)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    if digest != suite.sha256:
        raise SystemExit(f"{package} is not what it is expected to be: its SHA-256 is {digest}")
    return package


def unpacked(suite: Suite, package: Path) -> Path:
    """A directory with the tests and nothing else of the package."""
    with tarfile.open(package) as archive:
        wanted = [
            member
            for member in archive.getmembers()
            if member.name.startswith((f"{suite.title}/tests/", f"{suite.title}/pyproject.toml"))
        ]
        archive.extractall(WORK, members=wanted, filter="data")
    directory = WORK / suite.title
    for path in directory.rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(suite.in_our_name(text), encoding="utf-8")
    return directory


def report(suite: Suite, outcomes: dict[str, str]) -> int:
    """Prints a table of the files, and returns the exit status."""
    for test in suite.otherwise:
        if outcomes.get(test) == "failed":
            outcomes[test] = "otherwise"
    files: dict[str, Counter[str]] = {}
    for test, outcome in outcomes.items():
        files.setdefault(test.partition("::")[0], Counter())[outcome] += 1
    files["all files"] = Counter(outcomes.values())

    width = max(map(len, files))
    print("\n" + " " * width + "".join(f"{outcome:>10}" for outcome in OUTCOMES))
    for file, counted in files.items():
        print(f"{file:<{width}}" + "".join(f"{counted[outcome]:>10}" for outcome in OUTCOMES))
    for test, reason in suite.otherwise.items():
        if outcomes.get(test) == "otherwise":
            print(f"otherwise: {test}\n    {reason}")
    return 0 if outcomes and not files["all files"]["failed"] else 1


def run_inside(suite: Suite, record: Path, arguments: list[str]) -> int:
    """Runs pytest in the environment of the tests."""
    import aliases
    import pytest

    aliases.install(suite.name)
    options = ["-p", "no:cacheprovider", "--timeout=30", "-m", "not network", *arguments]
    return pytest.main([*options, *suite.paths()], plugins=[Recorder(record)])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        sys.exit(run_inside(SUITES[sys.argv[2]], Path(sys.argv[3]), sys.argv[4:]))
    sys.exit(main())
