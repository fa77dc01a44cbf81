"""Programs of their own, for what a test cannot do to itself: signals, forks, the interpreter's exit."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from types import TracebackType
from typing import Self

# A program that a shell started in the background ignores SIGINT, and so do its children.
HEARS_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


class Program:
    """A running Python program. Its arguments are in `sys.argv`; warnings are errors in it."""

    def __init__(self, source: str, *arguments: str, options: tuple[str, ...] = ("-W", "error")) -> None:
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, *options, "-c", HEARS_CTRL_C + textwrap.dedent(source), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # `expect` must leave the lines after its own to `communicate`, which looks into no buffer.
            bufsize=0,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            # So that its children can be ended with it.
            start_new_session=True,
        )

    def expect(self, line: str) -> None:
        """Reads a line of output."""
        assert self._process.stdout is not None
        found = self._process.stdout.readline().decode().rstrip()
        if found != line:
            self._kill()
            raise AssertionError(f"{found!r} instead of {line!r}\n{self._process.communicate()[1].decode()}")

    def interrupt(self) -> None:
        """Does as Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def finish(self, seconds: float = 20.0) -> str:
        """Waits for its end, which must be a good one; the rest of its output."""
        out, err = self._process.communicate(timeout=seconds)
        assert (self._process.returncode, err) == (0, b""), err.decode()
        return out.decode()

    @property
    def seconds(self) -> float:
        """Since its start."""
        return time.monotonic() - self._started

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._kill()
        self._process.communicate()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def run(source: str, *arguments: str, options: tuple[str, ...] = ("-W", "error")) -> str:
    """Runs a program to its good end; its output."""
    with Program(source, *arguments, options=options) as program:
        return program.finish()
