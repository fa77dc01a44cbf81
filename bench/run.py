"""Measures HTTP clients side by side.

The server runs on one core; each client runs in a process of its own on another. The runs of a row are
interleaved (A B C A B C), so that a busy moment of the machine does not hit one client alone; medians are
reported. A run that was disturbed is repeated, whatever it measured.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import page
import parts
from adapters import HERE, Adapter, adapters
from environment import environment
from measurement import Extent, RowMeasurement
from noise import Watch
from report import print_goals, print_table
from results import Results, Table
from rows import ROWS, Row
from server import Server, cores

QUICK = Extent(seconds=0.5, repeats=3, minutes=8, attempts=3, has_slow=False)
FULL = Extent(seconds=0.7, repeats=5, minutes=40, attempts=3, has_slow=True)
SMOKE = Extent(seconds=0, repeats=1, minutes=1, attempts=1, has_slow=True)


def main() -> int:
    options = arguments()
    extent = SMOKE if options.smoke else FULL if options.full else QUICK
    changes = {
        name: value
        for name in ("repeats", "seconds", "minutes", "attempts")
        if (value := vars(options)[name])
    }
    results = measure_all(options, replace(extent, **changes))
    if not options.smoke:
        print_goals(results)
        output = options.output or HERE / "results" / f"{datetime.datetime.now():%Y-%m-%d-%H%M%S}.json"
        results.write(output)
        print(f"\nwritten: {output}")
        if options.page:
            page.update(results)
    # Another client's crash is a result; our own is an error.
    ours = [entry for table in results.tables for entry in table.entries if entry.kind == "ours"]
    return 1 if any(entry.failures for entry in ours) else 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures HTTP clients side by side.")
    names = ", ".join(parts.NAMES)
    parser.add_argument("--rows", default="", help=f"only these, separated by commas, of {names}")
    parser.add_argument("--clients", default="", help="only clients whose names begin with one of these")
    parser.add_argument(
        "--full", action="store_true", help="all rows and all clients in them, more and longer runs"
    )
    parser.add_argument("--smoke", action="store_true", help="few requests, no other clients, nothing saved")
    parser.add_argument("--repeats", type=int, help="runs of each client")
    parser.add_argument("--seconds", type=float, help="how long a run should take")
    parser.add_argument("--minutes", type=float, help="how long all of it should take")
    parser.add_argument("--attempts", type=int, help="how often a disturbed run is made (1: never repeated)")
    parser.add_argument("--page", action="store_true", help="write docs/benchmarks, too")
    parser.add_argument("--output", type=Path, help="the file to write (default: a new one in bench/results)")
    return parser.parse_args()


def chosen_names(options: argparse.Namespace) -> set[str]:
    """The rows that were named, parts among them; none for all."""
    names = {name for name in options.rows.split(",") if name}
    if unknown := names.difference(parts.NAMES):
        sys.exit(f"no such rows: {', '.join(sorted(unknown))}; there are {', '.join(parts.NAMES)}")
    return names


def chosen_rows(options: argparse.Namespace) -> list[Row]:
    """The rows that were asked for."""
    if names := chosen_names(options):
        return [row for row in ROWS if row.name in names]
    return [row for row in ROWS if row.quick or options.full or options.smoke]


def chosen_parts(options: argparse.Namespace) -> list[parts.Part]:
    """The parts that were asked for."""
    names = chosen_names(options)
    return [part for part in parts.PARTS if not names or part.name in names]


def chosen_adapters(options: argparse.Namespace) -> list[Adapter]:
    """The clients that were asked for and can be had."""
    wanted = tuple(options.clients.split(","))
    found = [adapter for adapter in adapters() if adapter.key.startswith(wanted)]
    if options.smoke:
        # Those that need no package besides our own.
        found = [
            adapter for adapter in found if set(adapter.packages) <= {"httparallel"} and not adapter.command
        ]
    missing = {adapter.key: adapter.missing for adapter in found}
    for key, what in missing.items():
        if what and not options.smoke:
            print(f"left out: {key}: {what} is not installed")
    return [adapter for adapter in found if not missing[adapter.key]]


def measure_all(options: argparse.Namespace, extent: Extent) -> Results:
    """All rows, one after another."""
    program = os.environ.get("HTTPARALLEL_BENCH_SERVER")
    if program is None:
        sys.exit("HTTPARALLEL_BENCH_SERVER must name the server's program; `make bench` sets it")
    rows, clients = chosen_rows(options), chosen_adapters(options)
    if options.smoke:
        rows = [row.small() for row in rows]
        print("A short run: it shows that everything works; its figures mean nothing.")
    server_core, client_core = cores()
    machine = environment(clients, server_core, client_core)
    print("\n".join(f"{name}: {value}" for name, value in machine.items()), flush=True)
    watch = Watch([core for core in (server_core, client_core) if core is not None and not options.smoke])
    deadline = time.monotonic() + extent.minutes * 60
    tables = []
    with Server(program, server_core) as server:
        for number, row in enumerate(rows):
            measure = RowMeasurement(row, server, client_core, watch, extent)
            # What is left of the time, shared by the rows that are left.
            share = (deadline - time.monotonic()) / (len(rows) - number)
            entries = measure.run(clients, time.monotonic() + share)
            if entries:
                today = f"{datetime.date.today():%Y-%m-%d}"
                tables.append(Table(row.name, row.title, row.rank, row.in_flight, today, entries))
                print_table(tables[-1])
    # A short run has no other clients.
    libraries = (parts.OURS,) if options.smoke else tuple(options.clients.split(","))
    for table in parts.measured(chosen_parts(options), libraries, client_core, watch, extent):
        tables.append(table)
        print_table(table)
    if watch.cores:
        print(f"\n{watch.disturbed} runs were disturbed, and repeated where that was left")
    return Results(machine, tables)


if __name__ == "__main__":
    sys.exit(main())
