"""What httparallel is to reach, each as a comparison within one measurement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from results import Entry, Results, Table

BLOCK = "httparallel_parallel:block"
ASYNCIO = "httparallel_async:asyncio"
UVLOOP = "httparallel_async:uvloop"
TRIO = "httparallel_async:trio"
SYNC = "httparallel_sync:sync"
THREADS = "httparallel_sync:threads"
HYPER = "rust_hyper:rust"
REQWEST = "rust_reqwest:rust"
RUST = "httparallel_rust:rust"
SOCKET = "raw_socket:sync"
WRK = "wrk:program"
H2LOAD = "h2load:program"

BODY_MB = 100

# What is called, by its figure in the row "models".
MODELS = {
    "headers_us": "Headers(…)",
    "header_us": "headers[name]",
    "url_us": "URL(…)",
    "join_us": "url.join(…)",
    "params_us": "QueryParams(…)",
    "param_us": "params[name]",
    "written_us": "str(params)",
}


@dataclass(frozen=True)
class Verdict:
    """One goal, and what became of it."""

    goal: str
    measured: str
    met: bool

    @property
    def verdict(self) -> str:
        return "met" if self.met else "not met"


def verdicts(results: Results) -> list[Verdict]:
    """All goals whose rows were measured with the clients that they need."""
    return [verdict for check in CHECKS for verdict in check(results)]


def at_least(
    goal: str, figure: str, ours: Entry | None, other: Entry | None, factor: float
) -> Iterator[Verdict]:
    """Ours has to have at least so many times as much."""
    if (ratio := divided(figure, ours, other)) and other:
        yield Verdict(goal, f"{ratio:.2f}× {other.title}", ratio >= factor)


def at_most(
    goal: str, figure: str, ours: Entry | None, other: Entry | None, factor: float
) -> Iterator[Verdict]:
    """Ours may have at most so many times as much."""
    if (ratio := divided(figure, ours, other)) and other:
        yield Verdict(goal, f"{ratio:.2f}× {other.title}", ratio <= factor)


def divided(figure: str, ours: Entry | None, other: Entry | None) -> float | None:
    if ours is None or other is None:
        return None
    own, reference = ours.median(figure), other.median(figure)
    return own / reference if own and reference else None


def best(table: Table, kind: str, backends: tuple[str, ...] = ()) -> Entry | None:
    """The best of one kind, driven in one of these ways if that is said."""
    chosen = (entry for entry in table.ranked() if entry.kind == kind and not is_rust(entry))
    return next((entry for entry in chosen if not backends or entry.backend in backends), None)


def is_rust(entry: Entry) -> bool:
    return entry.backend.startswith("rust") or entry.name.startswith("httparallel_rust")


def hundred(results: Results) -> Iterator[Verdict]:
    if (table := results.table("c100")) is None:
        return
    ours, rival = table.entry(BLOCK), best(table, "python")
    name = "parallel(), 100 in flight"
    yield from at_least(f"{name}: ≥ 2× the best other Python client", "requests_per_s", ours, rival, 2)
    yield from at_least(f"{name}: ≥ 50 % of wrk", "requests_per_s", ours, table.entry(WRK), 0.5)
    yield from at_most(f"{name}: CPU ≤ 2× raw hyper's", "cpu_ms_per_1000", ours, table.entry(HYPER), 2)
    for key, backend, factor in ((ASYNCIO, "asyncio", 2.5), (UVLOOP, "uvloop", 2)):
        ours, rival = table.entry(key), best(table, "python", (backend,))
        name = f"AsyncClient on {backend}, 100 in flight"
        yield from at_least(
            f"{name}: ≥ {factor}× the best other there", "requests_per_s", ours, rival, factor
        )
        yield from at_most(f"{name}: CPU ≤ 40 % of its", "cpu_ms_per_1000", ours, rival, 0.4)
    name = "AsyncClient on trio, 100 in flight: ≥ 60 % of ours on asyncio"
    yield from at_least(name, "requests_per_s", table.entry(TRIO), table.entry(ASYNCIO), 0.6)


def thousand(results: Results) -> Iterator[Verdict]:
    few, many = results.table("c100"), results.table("c1000")
    if few is None or many is None:
        return
    for key in (BLOCK, ASYNCIO, UVLOOP, TRIO, THREADS):
        ours, reference = many.entry(key), few.entry(key)
        if (ratio := divided("requests_per_s", ours, reference)) and ours:
            yield Verdict(
                f"1,000 in flight, {ours.title}: ≥ 80 % of the rate at 100", f"{ratio:.2f}×", ratio >= 0.8
            )


def sequential(results: Results) -> Iterator[Verdict]:
    if table := results.table("sync"):
        ours, limit = table.entry(SYNC), table.entry(SOCKET)
        yield from at_most("Client.get in turn: p50 ≤ 1.06× a raw socket's", "p50_us", ours, limit, 1.06)
        yield from at_most(
            "Client.get in turn: CPU ≤ 1.2× a raw socket's", "cpu_ms_per_1000", ours, limit, 1.2
        )


def http2(results: Results) -> Iterator[Verdict]:
    if table := results.table("h2"):
        ours = table.entry(BLOCK)
        name = "parallel(), HTTP/2, 100 streams"
        yield from at_least(
            f"{name}: ≥ 1.5× the best other", "requests_per_s", ours, best(table, "python"), 1.5
        )
        yield from at_least(f"{name}: ≥ 40 % of h2load", "requests_per_s", ours, table.entry(H2LOAD), 0.4)


def delayed(results: Results) -> Iterator[Verdict]:
    if table := results.table("delay"):
        ours, rival = best(table, "ours"), best(table, "python")
        if ours and (wall := ours.median("wall_s")):
            yield Verdict("1,000 × 100 ms: ≤ 0.150 s", f"{wall:.3f} s ({ours.title})", wall <= 0.15)
        yield from at_most("1,000 × 100 ms: ahead of all", "wall_s", ours, rival, 1)


def bodies(results: Results) -> Iterator[Verdict]:
    for name in ("json", "gzip", "1mb"):
        if table := results.table(name):
            goal = f"{table.title}: within 3 % of the best other, or ahead"
            yield from at_least(goal, "requests_per_s", best(table, "ours"), best(table, "python"), 0.97)
    for name in ("down", "down-stream", "up", "up-stream"):
        if table := results.table(name):
            goal = f"{table.title}: CPU within 3 % of the best other's, or less"
            yield from at_most(goal, "cpu_ms_each", best(table, "ours"), best(table, "python"), 1.03)
    for name, bound in (("down", BODY_MB + 10), ("down-stream", 5), ("up-stream", 5)):
        if table := results.table(name):
            for entry in table.entries:
                if (
                    entry.kind == "ours"
                    and not is_rust(entry)
                    and (peak := entry.median("memory_mb")) is not None
                ):
                    goal = f"{table.title}, {entry.title}: ≤ {bound} MB of memory"
                    yield Verdict(goal, f"{peak:.1f} MB", peak <= bound)


def handshakes(results: Results) -> Iterator[Verdict]:
    for name, what in (("tls-resumed", "resumed"), ("tls-full", "full")):
        if table := results.table(name):
            goal = f"TLS connections, {what}: ≥ 80 % of raw hyper"
            yield from at_least(goal, "requests_per_s", best(table, "ours"), table.entry(HYPER), 0.8)


def cold(results: Results) -> Iterator[Verdict]:
    if table := results.table("cold"):
        ours = table.entry(SYNC)
        if ours and (wall := ours.median("wall_s")):
            yield Verdict("cold start: ≤ 10 ms", f"{wall * 1000:.1f} ms", wall <= 0.01)
        rival = table.entry("pyreqwest_sync:sync")
        yield from at_most("cold start: not slower than pyreqwest", "wall_s", ours, rival, 1)


def busy(results: Results) -> Iterator[Verdict]:
    if table := results.table("busy"):
        goal = "p99 beside a busy Python thread: ≤ 50 % of the best other's"
        yield from at_most(goal, "p99_us", best(table, "ours"), best(table, "python"), 0.5)


def rust(results: Results) -> Iterator[Verdict]:
    if table := results.table("c100"):
        ours = table.entry(RUST)
        yield from at_most("Rust Client: CPU ≤ reqwest's", "cpu_ms_per_1000", ours, table.entry(REQWEST), 1)
        yield from at_most(
            "Rust Client: CPU ≤ 1.15× raw hyper's", "cpu_ms_per_1000", ours, table.entry(HYPER), 1.15
        )


def parts(results: Results) -> Iterator[Verdict]:
    for name, what, figure, bound in (
        ("import", "import", "wall_s", 0.015),
        ("client", "the first client", "first_s", 0.002),
    ):
        if table := results.table(name):
            ours = table.entry(f"httparallel:{name}")
            if ours and (wall := ours.median(figure)):
                yield Verdict(f"{what}: ≤ {bound * 1000:.0f} ms", f"{wall * 1000:.2f} ms", wall <= bound)
    if table := results.table("models"):
        ours, rival = table.entry("httparallel:models"), table.entry("httpx:models")
        for figure, what in MODELS.items():
            yield from at_most(f"{what}: within 5 % of httpx's time, or less", figure, ours, rival, 1.05)


CHECKS: tuple[Callable[[Results], Iterator[Verdict]], ...] = (
    hundred,
    thousand,
    sequential,
    http2,
    delayed,
    bodies,
    handshakes,
    cold,
    parts,
    busy,
    rust,
)
