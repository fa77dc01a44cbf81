"""What is measured: one entry per table of the result, with the clients that take part in it."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Row:
    """One measurement that several clients go through in turn."""

    name: str
    title: str
    # The function of an adapter that is called; see `worker.py`.
    function: str
    path: str
    in_flight: int
    # How many requests; each number is a run of its own.
    counts: tuple[int, ...]
    clients: tuple[str, ...]

    def small(self) -> Row:
        """The same with so few requests that it only shows whether everything works."""
        counts = tuple(max(20, count // 200) for count in self.counts)
        return replace(self, counts=counts, in_flight=min(self.in_flight, *counts, 20))


SMALL = "/bytes/1024"
DELAYED = "/delay/100"
OURS = ("httparallel_parallel", "httparallel_asyncio", "httparallel_trio")
OTHERS = ("wreq_asyncio", "pyreqwest_asyncio", "aiohttp_asyncio", "httpx2_asyncio")
THREADS = ("wreq_blocking", "pyreqwest_sync")
SEQUENTIAL = ("httparallel_client", "wreq_blocking", "pyreqwest_sync", "http_client", "raw_socket")
POOLS = ("httparallel_core_asyncio", "httparallel_core_trio", "httpcore2_asyncio", "httpcore2_trio")
UP_TO_100_000 = (1_000, 10_000, 100_000)

ROWS = (
    Row("a", "GETs of 1 KiB, 100 in flight", "many", SMALL, 100, (10_000,), OURS + OTHERS + THREADS),
    Row("b", "GETs delayed by 100 ms, all at once", "many", DELAYED, 1_000, (1_000,), OURS + OTHERS),
    Row("c", "one block, next_response(), 100 outstanding", "ahead", SMALL, 100, UP_TO_100_000, OURS[:1]),
    Row("c", "one block, next_response(), all submitted first", "many", SMALL, 100, UP_TO_100_000, OURS[:1]),
    Row("d", "GETs of 1 KiB, one after another", "sequential", SMALL, 1, (5_000,), SEQUENTIAL),
    Row("e", "raw pools: GETs of 1 KiB, 10 in flight", "many", SMALL, 10, (5_000,), POOLS),
    Row("e", "raw pools: GETs of 1 KiB, 100 in flight", "many", SMALL, 100, (5_000,), POOLS),
    Row("e", "raw pools: GETs of 1 KiB, 1,000 in flight", "many", SMALL, 1_000, (4_000,), POOLS),
)
