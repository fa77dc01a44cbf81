"""One run of one client, in a process of its own: `worker.py ADAPTER name=value …`; `job.py` has the names.

An adapter is a module in `clients/`; `README.md` says what it defines. These are the backends that drive it:

- `asyncio`, `uvloop`, `trio`: in tasks of that event loop, as many as requests in flight;
- `sync`: one call after another; `threads`: the same in threads that share one client;
- `block`: the adapter itself keeps requests in flight (`many_…`);
- `program`: the adapter runs a program that measures by itself (`run_…`).

The worker warms up, prints `ready`, waits for a line on standard input, runs, and prints its figures as JSON.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from types import ModuleType
from typing import Any

from job import Job, arguments
from loops import Result, asyncio_tasks, one_by_one, threads, trio_tasks
from resources import Measurement


def main() -> None:
    name, job = arguments()
    adapter = importlib.import_module(f"clients.{name}")
    if program := getattr(adapter, "PROGRAM", None):
        # A Rust client: it takes the same arguments and does all that follows by itself.
        path = os.environ["HTTPARALLEL_BENCH_CLIENTS"]
        os.execv(path, [path, program, *sys.argv[2:]])
    if job.busy:
        threading.Thread(target=be_busy, daemon=True).start()
    BACKENDS[job.backend](adapter, job)


def be_busy() -> None:
    """Python code that never waits."""
    number = 0
    while True:
        number = (number * 31 + 7) % 1_000_003


def on_asyncio(adapter: ModuleType, job: Job) -> None:
    asyncio.run(asynchronous(adapter, job, asyncio_tasks))


def on_uvloop(adapter: ModuleType, job: Job) -> None:
    import uvloop

    uvloop.run(asynchronous(adapter, job, asyncio_tasks))


def on_trio(adapter: ModuleType, job: Job) -> None:
    import trio

    trio.run(asynchronous, adapter, job, trio_tasks)


AsyncLoop = Callable[[Callable[[], Awaitable[int]], int, int], Awaitable[Result]]
Loop = Callable[[Callable[[], int], int, int], Result]


async def asynchronous(adapter: ModuleType, job: Job, loop: AsyncLoop) -> None:
    perform = operation(adapter, job)
    async with adapter.client(job) as client:
        warm = partial(perform, client, job.warm_url)
        await loop(warm, min(job.in_flight, job.most), job.in_flight)
        for number in (trials := job.trials()):
            await loop(warm, number, job.in_flight)
        count = trials.count
        if not job.fresh:
            measurement = Measurement()
            result = await loop(partial(perform, client, job.url), count, job.in_flight)
            measurement.end(count, *result)
    if job.fresh:
        measurement = Measurement()
        async with adapter.client(job) as client:
            result = await loop(partial(perform, client, job.url), count, job.in_flight)
            measurement.end(count, *result)


def synchronous(adapter: ModuleType, job: Job, loop: Loop) -> None:
    perform = operation(adapter, job)
    several(
        adapter, job, lambda client, url, count: loop(partial(perform, client, url), count, job.in_flight)
    )


def block(adapter: ModuleType, job: Job) -> None:
    many = getattr(adapter, f"many_{job.operation}")
    several(adapter, job, lambda client, url, count: (many(client, url, count, job.in_flight), []))


def several(adapter: ModuleType, job: Job, run: Callable[[Any, str, int], Result]) -> None:
    with adapter.client(job) as client:
        run(client, job.warm_url, min(job.in_flight, job.most))
        for number in (trials := job.trials()):
            run(client, job.warm_url, number)
        count = trials.count
        if not job.fresh:
            measurement = Measurement()
            measurement.end(count, *run(client, job.url, count))
    if job.fresh:
        measurement = Measurement()
        with adapter.client(job) as client:
            measurement.end(count, *run(client, job.url, count))


def program(adapter: ModuleType, job: Job) -> None:
    run = getattr(adapter, f"run_{job.operation}")
    measurement = Measurement()
    figures: dict[str, float] = run(job)
    print(json.dumps(measurement.children() | figures), flush=True)


BACKENDS: dict[str, Callable[[ModuleType, Job], None]] = {
    "asyncio": on_asyncio,
    "uvloop": on_uvloop,
    "trio": on_trio,
    "sync": partial(synchronous, loop=one_by_one),
    "threads": partial(synchronous, loop=threads),
    "block": block,
    "program": program,
}


def operation(adapter: ModuleType, job: Job) -> Callable[[Any, str], Any]:
    """What the adapter does with a client and a URL."""
    function: Callable[..., Any] = getattr(adapter, job.operation)
    if job.operation == "upload":
        content = b"x" * job.size
        return lambda client, url: function(client, url, content)
    if job.operation == "upload_stream":
        return lambda client, url: function(client, url, job.size)
    return function


if __name__ == "__main__":
    main()
