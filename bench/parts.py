"""Rows without requests: the import, the making of a client, and the values that users touch.

Each run is a process of its own (`part_worker.py`). Libraries take turns, and a run that was disturbed is
repeated, as with the other rows.
"""

from __future__ import annotations

import datetime
import json
import os
import resource
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from adapters import HERE, version
from measurement import ELSEWHERE, Extent
from noise import Watch
from results import Entry, Table
from rows import ROWS
from server import pinned

OURS = "httparallel"
# What has a `Client`, `Headers`, `URL` and `QueryParams` of the same names.
LIKE_HTTPX = (OURS, "httpx", "httpx2")


@dataclass(frozen=True)
class Part:
    """One measurement that several libraries go through in turn."""

    name: str
    title: str
    rank: str
    libraries: tuple[str, ...]
    # How often something is done in each run, and how many runs there are for each one of a row.
    loops: int
    repeats: int


PARTS = (
    Part(
        "import",
        "the import, in a fresh process",
        "wall_s",
        (*LIKE_HTTPX, "aiohttp", "impit", "primp", "pyreqwest.client", "requests", "wreq"),
        1,
        2,
    ),
    Part("client", "the first client of a process, and each later one", "first_s", LIKE_HTTPX, 10, 2),
    Part("models", "Headers, URL and QueryParams: one call of each kind", "all_us", LIKE_HTTPX, 2_000, 1),
)

# Rows of both kinds, in the order in which the page has them.
NAMES = [*(row.name for row in ROWS), *(part.name for part in PARTS)]


def measured(
    parts: Iterable[Part], wanted: tuple[str, ...], core: int | None, watch: Watch, extent: Extent
) -> list[Table]:
    """A table for each part, with the libraries that are there and whose names begin with one of these."""
    today = f"{datetime.date.today():%Y-%m-%d}"
    return [
        Table(part.name, part.title, part.rank, 1, today, entries)
        for part in parts
        if (entries := _entries(part, wanted, core, watch, extent))
    ]


def _entries(
    part: Part, wanted: tuple[str, ...], core: int | None, watch: Watch, extent: Extent
) -> list[Entry]:
    libraries = [
        library
        for library in part.libraries
        if library.startswith(wanted) and version(sys.executable, _package(library)) is not None
    ]
    runs: dict[str, list[dict[str, float]]] = defaultdict(list)
    # A short run only shows that everything works.
    repeats, loops = (extent.repeats * part.repeats, part.loops) if extent.seconds else (1, 2)
    for _ in range(repeats):
        for library in libraries:
            runs[library].append(_run(part, library, loops, core, watch, extent.attempts))
    kinds = {OURS: "ours"}
    return [
        Entry(f"{library}:{part.name}", _package(library), kinds.get(library, "python"), runs[library])
        for library in libraries
    ]


def _package(library: str) -> str:
    return library.partition(".")[0]


def _run(
    part: Part, library: str, loops: int, core: int | None, watch: Watch, attempts: int
) -> dict[str, float]:
    """One process, and another one if it was disturbed, which is decided without a look at its figures."""
    command = [sys.executable, str(HERE / "part_worker.py"), part.name, library, str(loops)]
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith(ELSEWHERE)}
    for attempt in range(attempts):
        slowdown, before, used = watch.spin(), watch.read(), _seconds()
        with pinned(core):
            output = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
        own = {} if core is None else {core: _seconds() - used}
        after, slowdown = watch.read(), max(slowdown, watch.spin())
        is_last = attempt == attempts - 1
        if is_last or not watch.cores or not watch.is_disturbed(before, after, own, slowdown):
            break
    figures: dict[str, float] = json.loads(output)
    return figures


def _seconds() -> float:
    """The processor time of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
