"""Where the demo's URLs come from: a server on this machine, or a file."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httparallel as httpx

# The server answers each as the site of that name would: after a delay like the site's own.
SITES = (
    "webcode.me",
    "httpbin.org",
    "google.com",
    "stackoverflow.com",
    "github.com",
    "clojure.org",
    "fsharp.org",
)


class Target:
    """URLs to fetch, whose server does not tell how many connections it saw."""

    def __init__(self, urls: list[str], description: str) -> None:
        self.urls = urls
        self.description = description

    def reset(self) -> None:
        """Forgets what was counted so far."""

    def connections(self) -> int | None:
        """Connections opened since the last reset, where that is known."""
        return None


class EmbeddedTarget(Target):
    """URLs of the embedded server, which counts its connections."""

    def __init__(self, base: str) -> None:
        super().__init__(
            [f"{base}/site/{name}" for name in SITES], f"seven sites, played by a server at {base}"
        )
        # Opened before the first reset, this connection is not in the counts.
        self._control = http.client.HTTPConnection(urlsplit(base).netloc)

    def reset(self) -> None:
        self._ask("/stats/reset")

    def connections(self) -> int | None:
        opened: int = json.loads(self._ask("/stats"))["connections_opened"]
        return opened

    def close(self) -> None:
        self._control.close()

    def _ask(self, path: str) -> bytes:
        self._control.request("GET", path)
        return self._control.getresponse().read()


@contextmanager
def embedded_server() -> Iterator[Target]:
    """Starts the server on loopback; it ends when its standard input is closed."""
    program = os.environ.get("HTTPARALLEL_TESTSERVER")
    if program is None:
        sys.exit("HTTPARALLEL_TESTSERVER must name the test server's program; `make demo` sets it")
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        target = EmbeddedTarget(json.loads(process.stdout.readline())["http"])
        try:
            yield target
        finally:
            target.close()
            process.stdin.close()


@contextmanager
def listed_urls(path: Path) -> Iterator[Target]:
    """The URLs in a file: one a line; empty lines and lines that begin with # are left out."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}")
    urls = [line for line in lines if line and not line.startswith("#")]
    if not urls:
        sys.exit(f"{path} has no URLs")
    for url in urls:
        try:
            usable = httpx.URL(url).scheme in ("http", "https")
        except httpx.InvalidURL:
            usable = False
        if not usable:
            sys.exit(f"{path}: not an http or https URL: {url}")
    yield Target(urls, f"{len(urls)} URLs from {path}")
