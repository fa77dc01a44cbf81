"""What `import httparallel` loads: what a first request needs, and all else when somebody asks for it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from testserver import Server

import httparallel

# Modules of the standard library that take longer to load than this package's own.
HEAVY = {
    "asyncio",
    "collections",
    "contextlib",
    "dataclasses",
    "email",
    "enum",
    "functools",
    "http",
    "inspect",
    "json",
    "logging",
    "re",
    "socket",
    "ssl",
    "typing",
    "urllib",
    "warnings",
}

LOADED_SINCE = """
import sys
before = set(sys.modules)
{}
print(*sorted(set(sys.modules) - before))
"""


def loaded_by(statements: str) -> set[str]:
    """The modules that an interpreter of its own has loaded for these statements."""
    command = [sys.executable, "-c", LOADED_SINCE.format(statements)]
    return set(subprocess.run(command, capture_output=True, check=True, text=True).stdout.split())


def test_a_first_request_loads_nothing_heavy(server: Server) -> None:
    loaded = loaded_by(
        f"import httparallel\nwith httparallel.Client(trust_env=False) as client: client.get('{server.http}')"
    )
    assert "httparallel._sync_client" in loaded
    assert HEAVY.isdisjoint(loaded)


def test_the_system_s_authorities_load_nothing_heavy() -> None:
    loaded = loaded_by("import httparallel\nhttparallel.HTTPTransport(verify=True, trust_env=False)")
    assert HEAVY.isdisjoint(loaded)


@pytest.mark.parametrize("name", ["AsyncClient", "Retry", "Timings", "concurrency", "core", "_client"])
def test_what_is_loaded_later_is_there_all_the_same(name: str) -> None:
    loaded = loaded_by(
        f"import httparallel\nassert getattr(httparallel, {name!r}).__name__.endswith({name!r})"
    )
    assert "httparallel" in loaded


def test_every_public_name_is_among_the_variables() -> None:
    loaded_by("import httparallel\nassert set(httparallel.__all__) <= set(vars(httparallel))")
    assert set(httparallel.__all__) <= set(dir(httparallel))
