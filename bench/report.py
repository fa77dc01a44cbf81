"""Turns runs into medians, tables and JSON."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rows import Row

CLIENTS = Path(__file__).resolve().parent / "clients"


@dataclass(frozen=True)
class Outcome:
    """One run: what was measured, and what went wrong, if anything did."""

    measured: dict[str, float]
    failure: str | None


@dataclass(frozen=True)
class Line:
    """All runs of one client with one number of requests."""

    row: Row
    client: str
    count: int
    outcomes: list[Outcome]

    @property
    def title(self) -> str:
        """The client's name for people, as its adapter gives it."""
        return constant(self.client, "TITLE") or self.client

    @property
    def failures(self) -> list[str]:
        """What went wrong, once per run that failed."""
        return [outcome.failure for outcome in self.outcomes if outcome.failure]

    def median(self, name: str) -> float | None:
        """The median of a measurement over the runs that have it."""
        values = [outcome.measured[name] for outcome in self.outcomes if name in outcome.measured]
        return statistics.median(values) if values else None


def constant(client: str, name: str) -> str | None:
    """A constant of an adapter, read without importing the client that it adapts."""
    found = re.search(rf'^{name} = "(.*)"$', (CLIENTS / f"{client}.py").read_text(), re.MULTILINE)
    return found.group(1) if found else None


COLUMNS = (
    ("requests/s", "requests_per_s", ",.0f"),
    ("CPU ms/1,000", "cpu_ms_per_1000", ",.1f"),
    ("wall s", "wall_s", ",.3f"),
    ("p50 µs", "p50_us", ",.0f"),
    ("p99 µs", "p99_us", ",.0f"),
    ("peak RSS MB", "peak_rss_mb", ",.0f"),
    ("connections", "connections", ",.0f"),
)


def print_table(row: Row, lines: list[Line]) -> None:
    """One line per client; times and processor time also as multiples of the first line's."""
    columns = [column for column in COLUMNS if any(line.median(column[1]) is not None for line in lines)]
    headings = ["", "requests", *(heading for heading, _, _ in columns), "time ×", "CPU ×"]
    table = [headings]
    for line in lines:
        cells = [line.title, f"{line.count:,}"]
        cells += [shown(line.median(name), form) for _, name, form in columns]
        cells += [multiple(line, lines[0], "wall_s"), multiple(line, lines[0], "cpu_ms_per_1000")]
        table.append(cells)
    widths = [max(len(cells[column]) for cells in table) for column in range(len(headings))]
    print(f"\n({row.name}) {row.title}")
    for cells in table:
        padded = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
        print("  " + "  ".join([cells[0].ljust(widths[0]), *padded]))
    for line in lines:
        for failure in sorted(set(line.failures)):
            print(f"  {line.title}: {line.failures.count(failure)} of {len(line.outcomes)} runs: {failure}")
    print_ratios(lines)


def print_ratios(lines: list[Line]) -> None:
    """How each entry of ours stands to the fastest of the others."""
    rated = [(line.median("requests_per_s"), line) for line in lines]
    others = [
        (rate, line) for rate, line in rated if rate and not line.client.startswith(("httparallel", "raw"))
    ]
    if not others:
        return
    best, rival = max(others, key=lambda pair: pair[0])
    for rate, line in rated:
        if rate and line.client.startswith("httparallel"):
            print(f"  {line.title}: {rate / best:.2f}× the rate of the best other client ({rival.title})")


def shown(value: float | None, form: str) -> str:
    """A number for the table, or a dash."""
    return "–" if value is None else format(value, form)


def multiple(line: Line, first: Line, name: str) -> str:
    """A measurement per request, as a multiple of the first line's."""
    own, reference = line.median(name), first.median(name)
    if not own or not reference:
        return "–"
    # Processor time is per request already.
    scale = first.count / line.count if name == "wall_s" else 1
    return f"{own / reference * scale:.2f}×"


def environment(server_core: int | None, client_core: int | None) -> dict[str, str]:
    """The machine and the versions that a result was measured with."""
    packages = sorted({constant(path.stem, "PACKAGE") for path in CLIENTS.glob("*.py")} - {None}, key=str)
    pinning = (
        "not pinned"
        if server_core is None
        else f"server on core {server_core}, clients on core {client_core}"
    )
    return {
        "machine": f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": ", ".join(f"{name} {version(name)}" for name in packages if name),
        "pinning": pinning,
    }


def processor() -> str:
    """The processor's model, as far as the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    found = (
        re.search(r"^model name\s*: (.*)$", cpuinfo.read_text(), re.MULTILINE) if cpuinfo.exists() else None
    )
    return found.group(1) if found else platform.machine()


def version(package: str) -> str:
    """The version of an installed package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


def to_json(lines: list[Line]) -> list[dict[str, Any]]:
    """Every single run, so that a result can be looked at again."""
    return [
        {
            "row": line.row.name,
            "title": line.row.title,
            "client": line.client,
            "count": line.count,
            "in_flight": line.row.in_flight,
            "runs": [outcome.measured for outcome in line.outcomes],
            "failures": line.failures,
        }
        for line in lines
    ]
