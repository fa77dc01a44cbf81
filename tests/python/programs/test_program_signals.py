"""Ctrl-C ends a wait at once, and leaves a client that works; other signals disturb nothing."""

from __future__ import annotations

import time

import pytest
from subprogram import Program, run
from testserver import Server

BLOCKING = {
    "get": "client.get(url + '/hang', timeout=None)",
    "get of a body that stalls": "client.get(url + '/drip?bytes=2&interval_ms=60000', timeout=None)",
    "streamed read": """
        with client.stream('GET', url + '/drip?bytes=2&interval_ms=60000', timeout=None) as response:
            response.read()
    """,
    "upload that stalls": """
        client.post(url + '/hang', content=iter([b'x' * 100_000] * 1000), timeout=None)
    """,
    "next_response": """
        with client.parallel() as parallel:
            parallel.get(url + '/hang', timeout=None)
            parallel.next_response()
    """,
    "get_response": """
        with client.parallel() as parallel:
            parallel.get(url + '/hang', timeout=None).get_response()
    """,
    "get_response with authentication": """
        with client.parallel() as parallel:
            parallel.get(url + '/hang', timeout=None, auth=('user', 'secret')).get_response()
    """,
    "iteration": """
        with client.parallel() as parallel:
            for _ in range(5):
                parallel.get(url + '/hang', timeout=None)
            for response in parallel:
                pass
    """,
    "map": """
        with client.parallel() as parallel:
            for response in parallel.map([url + '/hang'] * 5, timeout=None):
                pass
    """,
}

# Compiled first: CPython takes a KeyboardInterrupt that leaves `exec("…")` for one that nobody catches.
INTERRUPTED = """
import sys, httparallel
url = sys.argv[1]
with httparallel.Client() as client:
    try:
        exec(compile(sys.argv[2], "wait", "exec"))
    except KeyboardInterrupt:
        print("interrupted")
    states = [state for _, _, state, _ in client._engine_transport._engine.connections()]
    assert "ACTIVE" not in states, states
    print(client.get(url).status_code)
"""


def interrupt(server: Server, program: Program) -> None:
    deadline = time.monotonic() + 10
    while server.stats()["requests"] == 0:
        assert time.monotonic() < deadline, "the program sends no request"
        time.sleep(0.01)
    # It is to wait for the answer by now.
    time.sleep(0.05)
    interrupted = time.monotonic()
    program.interrupt()
    program.expect("interrupted")
    assert time.monotonic() - interrupted < 1


@pytest.mark.parametrize("name", BLOCKING)
def test_ctrl_c_interrupts(server: Server, name: str) -> None:
    import textwrap

    server.reset()
    with Program(INTERRUPTED, server.http, textwrap.dedent(BLOCKING[name])) as program:
        interrupt(server, program)
        assert program.finish() == "200\n"


def test_ctrl_c_leaves_the_other_requests_of_a_block_alone(server: Server) -> None:
    server.reset()
    source = """
    import sys, httparallel
    url = sys.argv[1]
    with httparallel.Client() as client, client.parallel() as parallel:
        other = parallel.get(url + '/delay/1000')
        try:
            parallel.get(url + '/hang', timeout=None).get_response()
        except KeyboardInterrupt:
            print("interrupted")
        print(other.get_response().status_code)
    """
    with Program(source, server.http) as program:
        interrupt(server, program)
        assert program.finish() == "200\n"


RUNNERS = {"asyncio": "import asyncio; asyncio.run(main())", "trio": "import trio; trio.run(main)"}


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("wait", ["client.get(url + '/hang', timeout=None)", "parallel.next_response()"])
def test_ctrl_c_interrupts_an_event_loop(server: Server, runner: str, wait: str) -> None:
    server.reset()
    source = f"""
    import sys, httparallel
    url = sys.argv[1]
    async def main():
        async with httparallel.AsyncClient() as client, client.parallel() as parallel:
            parallel.get(url + '/hang', timeout=None)
            await {wait}
    try:
        {RUNNERS[runner]}
    except KeyboardInterrupt:
        print("interrupted")
    """
    with Program(source, server.http) as program:
        interrupt(server, program)
        program.finish()


@pytest.mark.parametrize("name", ["get", "streamed read", "next_response", "get_response"])
def test_a_signal_handler_that_raises_ends_a_wait(server: Server, name: str) -> None:
    import textwrap

    source = """
    import signal, sys, httparallel
    url = sys.argv[1]

    class TooLate(Exception):
        pass

    def handler(*_):
        raise TooLate

    signal.signal(signal.SIGALRM, handler)
    with httparallel.Client() as client:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            exec(sys.argv[2])
        except TooLate:
            print(client.get(url).status_code)
    """
    assert run(source, server.http, textwrap.dedent(BLOCKING[name])) == "200\n"


def test_signal_handlers_that_return_disturb_no_request(server: Server) -> None:
    source = """
    import signal, sys, httparallel
    url = sys.argv[1]
    count = 0

    def handler(*_):
        global count
        count += 1

    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
    with httparallel.Client() as client:
        assert client.get(url + '/delay/200').status_code == 200
        assert len(client.get(url + '/stream/20?size=100&interval_ms=10').content) == 2000
        body = iter([b'x' * 100_000] * 20)
        assert client.post(url + '/upload', content=body).json()['length'] == 2_000_000
        with client.parallel() as parallel:
            for _ in range(20):
                parallel.get(url + '/delay/100')
            assert [response.status_code for response in parallel] == [200] * 20
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert count > 20, count
    """
    run(source, server.http)
