"""Runs the Python tests on every CPython that `interpreters.sh` finds, each in an environment of its own.

The first interpreter uses `.venv`, which is already set up; the others get `.venv-3.12` and so on, with the
same wheel, which is built once, against the stable ABI. Stops at the first interpreter whose tests fail.
Arguments are passed on to pytest.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "scripts"


def main() -> int:
    listing = subprocess.run([SCRIPTS / "interpreters.sh"], capture_output=True, text=True, check=True).stdout
    found = [line.split("\t") for line in listing.splitlines()]
    print("CPython versions found:", ", ".join(f"{version} ({path})" for version, path in found))

    totals: Counter[str] = Counter()
    status = 0
    for position, (version, path) in enumerate(found):
        directory = ROOT / (".venv" if position == 0 else f".venv-{version}")
        print(f"\n==> Python tests on CPython {version}", flush=True)
        if position > 0:
            set_up(directory, path)
        status = run_tests(directory, totals)
        if status != 0:
            break
    print(f"\n{totals['passed']} passed, {totals['failed']} failed, {totals['skipped']} skipped")
    return status


def set_up(directory: Path, interpreter: str) -> None:
    """Brings the environment of another interpreter up to date and installs the built wheel into it."""
    subprocess.run(
        [SCRIPTS / "venv.sh", directory, interpreter, ROOT / "requirements" / "test.txt"],
        check=True,
        cwd=ROOT,
    )
    [wheel] = (ROOT / "dist").glob("httparallel-*.whl")
    pip: list[str | Path] = [directory / "bin" / "python", "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--force-reinstall", wheel], check=True)


def run_tests(directory: Path, totals: Counter[str]) -> int:
    """Runs pytest, adds what it counted to `totals`, and returns its exit status."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        pytest: list[str | Path] = [directory / "bin" / "python", "-m", "pytest", *sys.argv[1:]]
        pytest.append(f"--junit-xml={report}")
        status = subprocess.run(pytest, cwd=ROOT).returncode
        if report.exists():
            for suite in ElementTree.parse(report).iter("testsuite"):
                number = {
                    name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")
                }
                failed = number["failures"] + number["errors"]
                totals["failed"] += failed
                totals["skipped"] += number["skipped"]
                totals["passed"] += number["tests"] - failed - number["skipped"]
    # A run that died before it could count, in a crash say, is a failure too.
    if status != 0 and not totals["failed"]:
        totals["failed"] += 1
    return status


if __name__ == "__main__":
    sys.exit(main())
