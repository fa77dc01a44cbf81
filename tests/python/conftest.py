"""What all tests share: a server to talk to, and one body of a test for all kinds of program.

The fixture `server` is a `testserver.Server`, the fixture `kind` a `kinds.Kind`. An async test that takes
`kind` runs for synchronous code, on asyncio and on trio.
"""

from __future__ import annotations

import inspect
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from kinds import KINDS, Kind
from testserver import Server


def pytest_configure() -> None:
    # A shell that starts a program in the background has it ignore SIGINT, and tests send it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    # Not pytest's own directory, whose path may be longer than that of a socket is allowed to be.
    with tempfile.TemporaryDirectory() as directory, Server(Path(directory)) as running:
        yield running


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return Kind(request.param)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs an async test the way that its `kind` says."""
    kind = pyfuncitem.funcargs.get("kind")
    if not isinstance(kind, Kind) or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    kind.run(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names})
    return True
