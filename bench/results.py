"""What was measured, as it is kept: every single run, so that a result can be looked at again."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """All runs of one client in one row."""

    key: str
    title: str
    # "ours", "python", "rust" or "limit", as in its adapter.
    kind: str
    runs: list[dict[str, float]] = field(default_factory=list)
    # What went wrong, once per run that failed.
    failures: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The adapter."""
        return self.key.partition(":")[0]

    @property
    def backend(self) -> str:
        """How it was driven."""
        return self.key.partition(":")[2]

    def median(self, figure: str) -> float | None:
        """The median of a figure over the runs that have it."""
        values = [run[figure] for run in self.runs if figure in run]
        return statistics.median(values) if values else None


@dataclass(frozen=True)
class Table:
    """One row of the benchmark, and the clients that took part in it."""

    name: str
    title: str
    # The figure by which clients are ranked: more is better of `requests_per_s`, less of all others.
    rank: str
    in_flight: int
    measured: str
    entries: list[Entry]

    def ranked(self) -> list[Entry]:
        """Those that have a result, the best first."""
        rated = [(entry.median(self.rank), entry) for entry in self.entries]
        sign = -1 if self.rank == "requests_per_s" else 1
        return [entry for value, entry in sorted(((v * sign, e) for v, e in rated if v), key=lambda x: x[0])]

    def entry(self, key: str) -> Entry | None:
        """One client, by its name in results."""
        return next((entry for entry in self.entries if entry.key == key), None)


@dataclass
class Results:
    """Everything of one measurement."""

    environment: dict[str, str]
    tables: list[Table]

    def table(self, name: str) -> Table | None:
        """A row, if it was measured."""
        return next((table for table in self.tables if table.name == name), None)

    def merge(self, newer: Results, order: Iterable[str]) -> Results:
        """These results with the newer ones in place of those of the same rows, in this order of rows."""
        tables = {table.name: table for table in [*self.tables, *newer.tables]}
        return Results(newer.environment, [tables[name] for name in order if name in tables])

    def write(self, path: Path) -> None:
        """Keeps them as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Results:
        """What `write` has written."""
        kept = json.loads(path.read_text())
        tables = [
            Table(**table | {"entries": [Entry(**entry) for entry in table["entries"]]})
            for table in kept["tables"]
        ]
        return cls(kept["environment"], tables)
