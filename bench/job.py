"""What one run is asked to do, and the bodies that it sends.

Light on purpose: the adapters import this, and the time that a client takes to be imported is measured too.
"""

from __future__ import annotations

import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterable, Iterator
    from typing import Any

# More threads than this make every client slower.
THREADS = 32
# How much of a run's time a trial takes at the least.
TRIAL = 0.2
# Streamed uploads are made in pieces of this size.
PIECE = b"x" * 65_536


class Job:
    """The arguments of a run: words like `in_flight=100`, which Python and Rust read alike.

    `backend` says how the client is driven (see `worker.py`), `operation` what is done with each request.
    """

    def __init__(self, words: Iterable[str]) -> None:
        given = dict(word.split("=", 1) for word in words)
        self.words = given
        self.backend = given["backend"]
        self.operation = given["operation"]
        self.url = given["url"]
        # What is asked for while warming up, where that must be smaller.
        self.warm_url = given["warm_url"]
        self.in_flight = int(given["in_flight"])
        # How long the run should take, within these numbers of requests.
        self.seconds = float(given["seconds"])
        self.least = int(given["least"])
        self.most = int(given["most"])
        # A file with the authority to trust; None where there is no TLS.
        self.ca = given["ca"] or None
        # HTTP/2 and nothing else: by ALPN with TLS, else with prior knowledge.
        self.http2 = given["http2"] == "1"
        # Whether the client is made anew after the warm-up, and its connections with it.
        self.fresh = given["fresh"] == "1"
        # Whether another thread is busy with Python code meanwhile.
        self.busy = given["busy"] == "1"
        # How many bytes are uploaded.
        self.size = int(given["size"])

    def trials(self) -> Trials:
        """What tells how many requests fill the run."""
        return Trials(self)

    def authority(self) -> bytes:
        """The authority to trust (PEM)."""
        assert self.ca
        with open(self.ca, "rb") as file:
            return file.read()

    def ssl_context(self) -> ssl.SSLContext:
        """For clients that are told what to trust by an `ssl.SSLContext`."""
        import ssl

        return ssl.create_default_context(cafile=self.ca)


class Trials:
    """Numbers of requests to try, one after the other, until one of them takes long enough to tell.

    A trial that is over at once says little: of 1,000 tasks most have not begun, and the client is not warm.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        # How many requests the run has, once all trials are made.
        self.count = job.least

    def __iter__(self) -> Iterator[int]:
        job = self.job
        if job.least == job.most:
            return
        number = min(max(2 * job.in_flight, 20), 200, job.most)
        while True:
            start = time.perf_counter()
            yield number
            took = time.perf_counter() - start
            if took >= TRIAL * job.seconds or number == job.most:
                break
            number = min(int(number * min(max(TRIAL * job.seconds / took, 2), 10)), job.most)
        self.count = min(max(int(number / took * job.seconds), job.least), job.most)


class Closing:
    """As `contextlib.closing`, without an import that only some of the clients would have."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def __enter__(self) -> Any:
        return self.client

    def __exit__(self, *_: object) -> None:
        self.client.close()


def pieces(size: int) -> Iterator[bytes]:
    """A body of that many bytes, for a streamed upload."""
    for _ in range(size // len(PIECE)):
        yield PIECE
    if size % len(PIECE):
        yield PIECE[: size % len(PIECE)]


async def async_pieces(size: int) -> AsyncIterator[bytes]:
    """The same for async code."""
    for piece in pieces(size):
        yield piece


def arguments() -> tuple[str, Job]:
    """The command line of a worker: the adapter, and what it has to do."""
    return sys.argv[1], Job(sys.argv[2:])
