"""Room for many connections is made in the table of descriptors at once, on Linux."""

from __future__ import annotations

import sys

import pytest
from subprogram import run
from testserver import Server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such table")

TABLE = """
import re, resource, sys, threading, httparallel
from pathlib import Path
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
def size():
    return int(re.search(r"FDSize:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_a_program_of_one_thread_has_it_from_the_first_request_on(server: Server) -> None:
    run(
        TABLE
        + """
before = size()
httparallel.get(sys.argv[1])
assert before < 2048 == size(), (before, size())
""",
        server.http,
    )


def test_a_program_of_many_threads_has_it_when_it_has_many_connections(server: Server) -> None:
    run(
        TABLE
        + """
end = threading.Event()
threading.Thread(target=end.wait).start()
before = size()
with httparallel.Client() as client:
    client.get(sys.argv[1])
    assert size() == before < 2048, (before, size())
    with client.parallel() as parallel:
        for _ in range(64):
            parallel.get(sys.argv[1] + "/delay/300")
        assert sum(1 for _ in parallel) == 64
    assert size() == 2048, size()
end.set()
""",
        server.http,
    )
