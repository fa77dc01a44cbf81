"""The test server as a process of its own, for as long as the tests run."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import threading
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent.parent


def program() -> Path:
    """The one that the environment names, or the one that was built last."""
    named = os.environ.get("HTTPARALLEL_TESTSERVER")
    if named:
        return Path(named)
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    built = [target / profile / "httparallel-testserver" for profile in ("debug", "release")]
    found = [path for path in built if path.exists()]
    if not found:
        raise FileNotFoundError(f"no {built[0].name} in {target}: cargo build -p {built[0].name}")
    return max(found, key=lambda path: path.stat().st_mtime)


def allow_files(count: int) -> None:
    """Lets this process, and those that it starts, have so many files open, if that is for it to say."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Server:
    """A running test server. The attributes are the keys of the JSON line that it prints."""

    http: str
    h2c: str
    h2c_limited: str
    https: str
    https_http1_only: str
    https_tls12: str
    https_client_required: str
    https_expired: str
    https_wrong_host: str
    https_self_signed: str
    https_untrusted: str
    proxy: str
    uds: str
    ca_pem: str
    client_pem: str
    pid: int

    def __init__(self, directory: Path) -> None:
        # Some tests have a thousand connections.
        allow_files(4096)
        self._process = subprocess.Popen(
            [program(), "--uds", directory / "server.sock"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        vars(self).update(json.loads(self._process.stdout.readline()))
        # Control goes over a connection of its own, opened once, so that it does not spoil the counters.
        self._control = HTTPConnection(urlsplit(self.http).netloc, timeout=10)
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self.stats()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._control.close()
        # It runs until its standard input ends.
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=10)

    def control(self, method: str, path: str, body: str = "") -> Any:
        """A request to one of the server's control routes; its answer, which may be JSON."""
        with self._lock:
            self._control.request(method, path, body.encode())
            with self._control.getresponse() as response:
                answer = response.read().decode()
        assert response.status < 300, answer
        is_json = response.headers.get_content_type() == "application/json"
        return json.loads(answer) if is_json else answer

    def stats(self) -> dict[str, int]:
        """The counters, without what this object's own connection adds to them."""
        return self._without_control(self.control("GET", "/stats"))

    def reset(self) -> dict[str, int]:
        """Sets to zero what accumulates; returns the counters after that."""
        return self._without_control(self.control("GET", "/stats/reset"))

    def script(self, text: str) -> Script:
        """Starts a server that plays a script: see the documentation of the test server's crate."""
        return Script(self, self.control("POST", "/script", text))

    @staticmethod
    def _without_control(counters: dict[str, int]) -> dict[str, int]:
        return counters | {"connections_open": counters["connections_open"] - 1}


class Script:
    """A server that plays a script, until the end of the `with` block."""

    def __init__(self, server: Server, announced: dict[str, Any]) -> None:
        self._server = server
        self.port: int = announced["port"]
        self.url: str = announced["url"]

    def received(self) -> list[str]:
        """What each connection has sent, as Latin-1."""
        received: list[str] = self._server.control("GET", f"/script/{self.port}/received")["received"]
        return received

    def signal(self, name: str) -> None:
        """Lets the script go on where it waits for `name`."""
        self._server.control("POST", f"/script/{self.port}/signal/{name}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.control("DELETE", f"/script/{self.port}")
