"""Measures HTTP clients side by side: `run.py [--rows a,b] [--clients NAME,…] [--repeats N] [--smoke]`.

The server runs on one core; each client runs in a process of its own on another. The runs are interleaved
(A B C A B C), so that a busy moment of the machine does not hit one client alone, and medians are reported.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from report import Line, Outcome, environment, print_table, to_json
from rows import ROWS, Row
from server import Server, cores, pinned

HERE = Path(__file__).resolve().parent
# A client that takes longer for one run counts as failed.
RUN_LIMIT_S = 120


def main() -> int:
    options = arguments()
    rows = [row for row in ROWS if row.name in options.rows.split(",")]
    if not rows:
        sys.exit(f"no such rows: {options.rows}; there are {', '.join(sorted({row.name for row in ROWS}))}")
    if options.smoke:
        # The clients that need no package besides our own.
        options.clients, options.repeats = "httparallel_,http_client,raw_socket", 1
        rows = [row.small() for row in rows]
        print("A short run: it shows that everything works; its figures mean nothing.")

    server_core, client_core = cores()
    machine = environment(server_core, client_core)
    print("\n".join(f"{name}: {value}" for name, value in machine.items()))
    lines: list[Line] = []
    program = os.environ.get("HTTPARALLEL_TESTSERVER")
    if program is None:
        sys.exit("HTTPARALLEL_TESTSERVER must name the test server's program; `make bench` sets it")
    with Server(program, server_core) as server:
        for row in rows:
            measured = measure(row, server, client_core, options)
            if measured:
                print_table(row, measured)
            lines += measured
    if not options.smoke:
        save(machine, lines)
    # Another client's crash is a result; our own is an error.
    return 1 if any(line.failures for line in lines if line.client.startswith("httparallel")) else 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures HTTP clients side by side.")
    parser.add_argument("--rows", default="a,b,c,d,e", help="which tables, by letter (default: %(default)s)")
    parser.add_argument("--clients", default="", help="only clients whose names begin with one of these")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each client (default: %(default)s)")
    parser.add_argument("--smoke", action="store_true", help="few requests, no other clients, nothing saved")
    return parser.parse_args()


def measure(row: Row, server: Server, core: int | None, options: argparse.Namespace) -> list[Line]:
    """All runs of one row, interleaved."""
    wanted = tuple(options.clients.split(","))
    plan = [(client, count) for client in row.clients if client.startswith(wanted) for count in row.counts]
    outcomes: dict[tuple[str, int], list[Outcome]] = defaultdict(list)
    for _ in range(options.repeats):
        for client, count in plan:
            outcomes[client, count].append(run_once(row, client, count, server, core))
    return [Line(row, client, count, outcomes[client, count]) for client, count in plan]


def run_once(row: Row, client: str, count: int, server: Server, core: int | None) -> Outcome:
    """Starts a worker, lets it warm up, and takes what it and the server have counted."""
    command: list[str | Path] = [sys.executable, HERE / "worker.py", client, row.function]
    command += [server.url + row.path, str(count), str(row.in_flight)]
    with pinned(core):
        worker = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    assert worker.stdout is not None
    worker.stdout.readline()  # "ready", or nothing if it has failed
    server.reset()
    try:
        output, errors = worker.communicate("go\n", timeout=RUN_LIMIT_S)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.communicate()
        return Outcome({}, f"took longer than {RUN_LIMIT_S} s")
    if not output:
        return Outcome({}, (errors.strip().splitlines() or [f"exit status {worker.returncode}"])[-1])
    measured = json.loads(output) | {"connections": server.stats()["connections_opened"]}
    # A client that delivers everything and then crashes at exit has still crashed.
    failure = f"exit status {worker.returncode} after its last response" if worker.returncode else None
    return Outcome(measured, failure)


def save(machine: dict[str, str], lines: list[Line]) -> None:
    """Writes what was measured, with the machine and the versions, next to earlier results."""
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    path = results / f"{datetime.datetime.now():%Y-%m-%d-%H%M%S}.json"
    path.write_text(json.dumps({"environment": machine, "lines": to_json(lines)}, indent=1) + "\n")
    print(f"\nwritten: {path.relative_to(HERE.parent)}")


if __name__ == "__main__":
    sys.exit(main())
