"""One run of one client, in a process of its own: `worker.py CLIENT FUNCTION URL COUNT IN_FLIGHT`.

An adapter is a module in `clients/` with a `TITLE`, its `PACKAGE` if it has one, and one function or more:

- `many(url, count, in_flight)`: sends `count` GETs, at most `in_flight` at a time, and reads every body;
- `ahead(url, count, in_flight)`: the same, and submits a request only when a response has been taken;
- `sequential(url, count)`: one GET after another on one connection.

Each makes and closes its own client, and returns the bytes of all bodies together, by which the worker knows
that every response arrived; `sequential` also returns each call's seconds.

The worker warms up, prints `ready`, waits for a line on standard input, runs, and prints its figures as JSON.
"""

from __future__ import annotations

import gc
import importlib
import json
import resource
import statistics
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

WARM_UP = 200


def main() -> None:
    client, function, url = sys.argv[1:4]
    count, in_flight = int(sys.argv[4]), int(sys.argv[5])
    run = getattr(importlib.import_module(f"clients.{client}"), function)
    arguments: tuple[int, ...] = () if function == "sequential" else (in_flight,)

    run(url, min(count, WARM_UP), *(min(number, WARM_UP) for number in arguments))
    with urllib.request.urlopen(url) as probe:
        body = len(probe.read())
    gc.collect()
    print("ready", flush=True)
    sys.stdin.readline()

    measured = measure(run, (url, count, *arguments), count)
    if measured.pop("bytes") != count * body:
        sys.exit(f"{client} did not deliver {count} bodies of {body} bytes")
    print(json.dumps(measured), flush=True)


def measure(run: Callable[..., Any], arguments: tuple[Any, ...], count: int) -> dict[str, float]:
    """Wall time, processor time of all threads, peak memory; percentiles where each call was timed."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    result = run(*arguments)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)

    size, seconds = result if isinstance(result, tuple) else (result, [])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    measured = {
        "bytes": size,
        "wall_s": wall,
        "requests_per_s": count / wall,
        "cpu_ms_per_1000": cpu * 1e6 / count,
        "peak_rss_mb": peak_rss_mb(),
    }
    if seconds:
        cuts = statistics.quantiles(seconds, n=100, method="inclusive")
        measured |= {"p50_us": cuts[49] * 1e6, "p99_us": cuts[98] * 1e6}
    return measured


def peak_rss_mb() -> float:
    """The highest resident memory of this process so far."""
    status = Path("/proc/self/status")
    if status.exists():
        # Unlike ru_maxrss this does not begin with the memory of the process that started us.
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 1024
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    main()
