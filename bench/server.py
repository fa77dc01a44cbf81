"""The server that every client is measured against, on a core of its own."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from noise import process_seconds
from rows import Row


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Child processes started in this block, and all their threads, run on `core` only; None pins nothing."""
    if core is None:
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def cores() -> tuple[int | None, int | None]:
    """One core for the server and another for the client; (None, None) where that cannot be had."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[-1]) if len(allowed) > 1 else (None, None)


class Server:
    """The server (`server/`), as a process that ends when its standard input is closed."""

    def __init__(self, program: str, core: int | None) -> None:
        with pinned(core):
            self.process = subprocess.Popen(
                [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
        assert self.process.stdout is not None
        self.addresses: dict[str, str] = json.loads(self.process.stdout.readline())
        # One connection for all questions: opened before the first reset, it is not in what is reported.
        self.control = http.client.HTTPConnection(urlsplit(self.addresses["http"]).netloc)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.control.close()
        self.process.communicate()

    def seconds(self) -> float:
        """The processor time that it has used."""
        return process_seconds(self.process.pid)

    def expected(self, row: Row) -> int:
        """What the operation of a row returns for each request: bytes, or records of JSON."""
        if row.operation.startswith("upload"):
            return row.size
        if row.path.startswith("/bytes/1000"):
            return int(row.path.rpartition("/")[2])
        body = self._get(row.path)
        if row.operation == "json":
            return len(json.loads(body))
        return len(gzip.decompress(body) if row.operation == "gzip" else body)

    def reset(self) -> None:
        """Sets the counters to zero."""
        self._get("/stats/reset")

    def stats(self) -> dict[str, int]:
        """What was counted since the last reset: `connections_opened`, `requests` and others."""
        counted: dict[str, int] = json.loads(self._get("/stats"))
        return counted

    def _get(self, path: str) -> Any:
        self.control.request("GET", path)
        response = self.control.getresponse()
        body = response.read()
        if response.status != 200:
            sys.exit(f"the server answered {response.status} to {path}")
        if response.getheader("connection") == "close":
            self.control.close()
        return body
