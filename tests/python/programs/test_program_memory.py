"""How much memory a program needs for the bodies that it moves."""

from __future__ import annotations

import sys

import pytest
from subprogram import Program
from testserver import Server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="peaks of memory are read from /proc")

MEASURED = """
    import sys
    import httparallel

    SIZE = 64 * 1024 * 1024

    def peak():
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))

    def pieces():
        for _ in range(SIZE // 65_536):
            yield b"x" * 65_536

    with httparallel.Client() as client:
        client.get(sys.argv[1])
        before = peak()
        MOVE
        print((peak() - before) // (1024 * 1024))
    """


@pytest.mark.parametrize(
    ("move", "least", "most"),
    [
        # Once, in the object that the program has, and not a second time in pieces.
        ("content = client.get(f'{sys.argv[1]}/bytes/{SIZE}').content; assert len(content) == SIZE", 60, 80),
        (
            "with client.stream('GET', f'{sys.argv[1]}/bytes/{SIZE}') as response:"
            " assert sum(map(len, response.iter_bytes())) == SIZE",
            0,
            8,
        ),
        ("assert client.post(f'{sys.argv[1]}/upload', content=pieces()).json()['length'] == SIZE", 0, 8),
    ],
    ids=["buffered", "streamed", "sent"],
)
def test_a_large_body_needs_no_more_memory_than_itself(
    server: Server, move: str, least: int, most: int
) -> None:
    with Program(MEASURED.replace("MOVE", move), server.http) as program:
        grown = int(program.finish(60))
    assert least <= grown <= most
