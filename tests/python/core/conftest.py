"""An async test that takes the fixture `network` runs for each backend, in each kind of program it is for."""

from __future__ import annotations

import inspect

import pytest
from kinds import Kind
from network import BACKENDS, Network
from pools import Program

# A kind of program, and the backend to use there if that is not its own.
PROGRAMS = ["sync", "asyncio", "trio", "asyncio-anyio", "trio-anyio", "asyncio-auto", "trio-auto"]


@pytest.fixture(params=PROGRAMS)
def network(request: pytest.FixtureRequest) -> Network:
    """Each backend, in each kind of program that it is for."""
    kind, _, backend = request.param.partition("-")
    return Network(Kind(kind), BACKENDS[backend or kind]())


@pytest.fixture(params=["engine", "own"])
def program(kind: Kind, request: pytest.FixtureRequest) -> Program:
    """Each kind of program, with pools on the engine and over a backend of its own."""
    return Program(kind, request.param)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs an async test the way that its `network` says."""
    network = pyfuncitem.funcargs.get("network")
    if not isinstance(network, Network) or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    network.kind.run(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names})
    return True
