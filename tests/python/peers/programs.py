"""Other people's programs as child processes: found, started on a free port, ended by their handle."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from types import TracebackType
from typing import Self

import pytest

# Debian puts servers into sbin, which the PATH of a plain user may lack.
SEARCHED = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])


def found(program: str) -> str:
    """Where a program is. Skips the test if it is not installed."""
    path = shutil.which(program, path=SEARCHED)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


class Program:
    """A running program, for the time of a `with` block. Its output goes to a file in its directory."""

    _process: subprocess.Popen[bytes]

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log = directory / "output.log"

    def start(self, count: int, command: Callable[[list[int]], list[str]]) -> list[int]:
        """Starts the program on so many free ports, and waits until it listens on the last of them.

        Another program may be quicker to take a port that was free; then this one ends, and is started again.
        """
        for _ in range(10):
            ports = free_ports(count)
            with self.log.open("ab") as output:
                self._process = subprocess.Popen(
                    command(ports),
                    cwd=self.directory,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    # A group of its own, for the processes that it starts.
                    start_new_session=True,
                )
            try:
                if self._listens_on(ports[-1]):
                    return ports
            except BaseException:
                self.end()
                raise
        raise AssertionError(f"the program does not start: {self.log.read_text()}")

    def _listens_on(self, port: int) -> bool:
        """Waits until it accepts connections; False if it ended before."""
        deadline = time.monotonic() + 10
        while not self.has_ended:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=10).close()
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, f"nobody listens: {self.log.read_text()}"
                time.sleep(0.005)
            else:
                return True
        return False

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def signal(self, number: Signals) -> None:
        self._process.send_signal(number)

    def end(self, number: Signals = SIGTERM) -> None:
        """Sends a signal that ends the program, and waits until it has ended.

        One that does not heed it, as when it is only starting, is killed.
        """
        if not self.has_ended:
            self.signal(number)
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, SIGKILL)
            self._process.wait(timeout=5)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    with contextlib.ExitStack() as sockets:
        listeners = [sockets.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]
