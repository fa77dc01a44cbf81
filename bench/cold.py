"""A first request in a fresh process: `cold.py ADAPTER name=value …` prints how long everything took.

That is: the import, the client, and the request.
Nothing is imported before the clock starts that a client might need too; only how adapters are found.
"""

from __future__ import annotations

import importlib
import sys
import time

from job import arguments


def main() -> None:
    name, job = arguments()
    print("ready", flush=True)
    sys.stdin.readline()
    start, cpu = time.perf_counter(), time.process_time()
    adapter = importlib.import_module(f"clients.{name}")
    if job.backend == "sync":
        with adapter.client(job) as client:
            size = adapter.get(client, job.url)
            wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    else:
        import asyncio

        async def first() -> int:
            async with adapter.client(job) as client:
                fetched: int = await adapter.get(client, job.url)
                return fetched

        size = asyncio.run(first())
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(f'{{"count": 1, "size": {size}, "wall_s": {wall}, "cpu_s": {cpu}}}', flush=True)


if __name__ == "__main__":
    main()
