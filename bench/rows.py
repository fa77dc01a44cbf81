"""What is measured: one entry per table of the result."""

from __future__ import annotations

from dataclasses import dataclass, replace

# How clients are driven; `worker.py` says what each does. `rust` is a task per request in flight, on tokio.
LOOPS = ("asyncio", "uvloop", "trio")
ONE = ("sync", "rust-sync")
MANY = (*LOOPS, "block", "threads", "rust", "rust-threads", "program")
ANY = (*MANY, "sync", "rust-sync")


@dataclass(frozen=True)
class Row:
    """One measurement that several clients go through in turn."""

    name: str
    title: str
    # The function of an adapter that is called for each request.
    operation: str
    path: str
    in_flight: int
    backends: tuple[str, ...]
    # The server's address that is used, by its name in what the server prints.
    endpoint: str = "http"
    warm_path: str = ""
    # How many requests there are at the least and at the most; between them, as many as fill a run's time.
    least: int = 1
    most: int = 1_000_000
    http2: bool = False
    fresh: bool = False
    busy: bool = False
    size: int = 0
    # Clients proper, or raw connection pools.
    group: str = "client"
    # The figure by which clients are ranked and drawn.
    rank: str = "requests_per_s"
    # Whether `make bench` has it; `make bench-full` has all.
    quick: bool = True
    # How many runs this row has for each one of another.
    repeats: int = 1

    def small(self) -> Row:
        """The same with so few requests that it only shows whether everything works."""
        in_flight = min(self.in_flight, 20)
        path, size = self.path.replace("100000000", "1000000"), min(self.size, 1_000_000)
        most = min(self.most, 2 if size or path == MEGABYTE else 60)
        least = min(self.least, most) if self.least > 1 else most // 2
        return replace(self, path=path, size=size, in_flight=in_flight, least=least, most=most, repeats=1)


SMALL = "/bytes/1024"
JSON = "/json/10240"
GZIP = "/gzip/65536"
MEGABYTE = "/bytes/1000000"
HUGE = 100_000_000
UPLOAD = "/upload"

ROWS = (
    Row("sync", "1 KiB, one after another, synchronous", "get", SMALL, 1, (*ONE, "program"), rank="p50_us"),
    Row(
        "async",
        "1 KiB, one after another, async",
        "get",
        SMALL,
        1,
        (*LOOPS, "rust"),
        rank="p50_us",
        quick=False,
    ),
    Row("c10", "1 KiB, 10 in flight", "get", SMALL, 10, MANY, quick=False),
    Row("c100", "1 KiB, 100 in flight", "get", SMALL, 100, MANY),
    Row("c1000", "1 KiB, 1,000 in flight", "get", SMALL, 1_000, MANY, least=2_000),
    Row("json", "10 KiB of JSON, parsed, 100 in flight", "json", JSON, 100, MANY),
    Row("gzip", "64 KiB of JSON in gzip, 100 in flight", "gzip", GZIP, 100, MANY, quick=False),
    Row("1mb", "1 MB, 10 in flight", "get", MEGABYTE, 10, MANY, warm_path=SMALL, least=20, most=5_000),
    Row(
        "down",
        "100 MB down, in one piece",
        "get",
        f"/bytes/{HUGE}",
        1,
        (*LOOPS, *ONE, "rust"),
        warm_path=SMALL,
        least=10,
        most=10,
        rank="cpu_ms_each",
        quick=False,
    ),
    Row(
        "down-stream",
        "100 MB down, streamed",
        "download",
        f"/bytes/{HUGE}",
        1,
        (*LOOPS, *ONE, "rust"),
        warm_path=SMALL,
        least=10,
        most=10,
        rank="cpu_ms_each",
    ),
    Row(
        "up",
        "100 MB up, bytes in memory",
        "upload",
        UPLOAD,
        1,
        (*LOOPS, *ONE, "rust"),
        least=6,
        most=6,
        size=HUGE,
        rank="cpu_ms_each",
        quick=False,
    ),
    Row(
        "up-stream",
        "100 MB up, streamed from a generator",
        "upload_stream",
        UPLOAD,
        1,
        (*LOOPS, *ONE, "rust"),
        least=6,
        most=6,
        size=HUGE,
        rank="cpu_ms_each",
    ),
    Row(
        "tls-resumed",
        "a TLS connection per request, resumed where the client can, 10 in flight",
        "get",
        "/close/1024",
        10,
        ANY,
        endpoint="https",
        quick=False,
    ),
    Row(
        "tls-full",
        "a TLS connection per request, full handshakes, 10 in flight",
        "get",
        "/close/1024",
        10,
        ANY,
        endpoint="https_full",
        quick=False,
    ),
    Row("https", "1 KiB over TLS, 100 in flight", "get", SMALL, 100, MANY, endpoint="https"),
    Row("h2", "1 KiB over HTTP/2, 100 streams", "get", SMALL, 100, MANY, http2=True),
    Row(
        "h2-tls",
        "1 KiB over HTTP/2 and TLS, 100 streams",
        "get",
        SMALL,
        100,
        MANY,
        endpoint="https_h2",
        http2=True,
        quick=False,
    ),
    Row(
        "delay",
        "1,000 requests delayed by 100 ms, all at once, with a new client",
        "get",
        "/delay/100",
        1_000,
        (*LOOPS, "block", "rust"),
        warm_path="/bytes/13",
        least=1_000,
        most=1_000,
        fresh=True,
        rank="wall_s",
    ),
    Row(
        "cold",
        "a fresh process: import, client, first request",
        "cold",
        SMALL,
        1,
        ("sync", "asyncio"),
        most=1,
        rank="wall_s",
        repeats=3,
    ),
    Row(
        "busy",
        "1 KiB, 10 in flight beside a busy Python thread",
        "get",
        SMALL,
        10,
        LOOPS,
        least=1_000,
        busy=True,
        rank="p99_us",
    ),
    Row("pool-10", "raw pools: 1 KiB, 10 in flight", "get", SMALL, 10, LOOPS, group="pool"),
    Row("pool-100", "raw pools: 1 KiB, 100 in flight", "get", SMALL, 100, LOOPS, group="pool"),
    Row(
        "pool-1000",
        "raw pools: 1 KiB, 1,000 in flight",
        "get",
        SMALL,
        1_000,
        LOOPS,
        least=1_000,
        group="pool",
    ),
    *(
        Row(
            f"block-{count}",
            f"one parallel block of {count:,} requests, all submitted before a response is taken",
            "submitted",
            SMALL,
            100,
            ("block",),
            least=count,
            most=count,
            quick=False,
        )
        for count in (1_000, 10_000, 100_000)
    ),
)
