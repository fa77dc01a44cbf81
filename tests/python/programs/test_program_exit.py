"""The interpreter exits cleanly, at once and quietly, whatever is in flight."""

from __future__ import annotations

import pytest
from subprogram import Program
from testserver import Server

# Each ends by coming to its end, with requests that the server never answers.
PROGRAMS = {
    "thread": """
        import threading
        client = httparallel.Client(timeout=None)
        for _ in range(3):
            threading.Thread(target=lambda: client.get(url + '/hang'), daemon=True).start()
        wait_for_requests(3)
    """,
    "thread in a block": """
        import threading
        client = httparallel.Client(timeout=None)
        def use():
            with client.parallel() as parallel:
                parallel.get(url + '/hang')
                parallel.next_response()
        threading.Thread(target=use, daemon=True).start()
        wait_for_requests(1)
    """,
    "block that is not left": """
        client = httparallel.Client(timeout=None)
        parallel = client.parallel().__enter__()
        pendings = [parallel.get(url + '/hang') for _ in range(5)]
        wait_for_requests(5)
    """,
    "block that is left by sys.exit": """
        with httparallel.parallel() as parallel:
            for _ in range(5):
                parallel.get(url + '/hang')
            wait_for_requests(5)
            sys.exit(0)
    """,
    "stream that is not read": """
        client = httparallel.Client(timeout=None)
        response = client.get(url + '/stream/1000?interval_ms=50', stream=True)
    """,
    "task of asyncio": """
        import asyncio
        client = httparallel.AsyncClient(timeout=None)
        async def main():
            global task
            task = asyncio.create_task(client.get(url + '/hang'))
            await asyncio.sleep(0)
            await asyncio.to_thread(wait_for_requests, 1)
        asyncio.run(main())
    """,
    "task of trio": """
        import trio
        client = httparallel.AsyncClient(timeout=None)
        async def main():
            async with trio.open_nursery() as nursery:
                nursery.start_soon(client.get, url + '/hang')
                await trio.to_thread.run_sync(wait_for_requests, 1)
                nursery.cancel_scope.cancel()
        trio.run(main)
    """,
    "async block that is not left": """
        import asyncio
        client = httparallel.AsyncClient(timeout=None)
        async def main():
            global parallel, pending
            parallel = await client.parallel().__aenter__()
            pending = parallel.get(url + '/hang')
            await asyncio.to_thread(wait_for_requests, 1)
        asyncio.run(main())
    """,
    "connections that idle": """
        client = httparallel.Client()
        with client.parallel() as parallel:
            for _ in range(10):
                parallel.get(url)
            for response in parallel:
                pass
    """,
    "nothing": "client = httparallel.Client()",
}

PRELUDE = """
import json, sys, time, urllib.request
import httparallel
url = sys.argv[1]
def wait_for_requests(count):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        with opener.open(url + '/stats') as answer:
            if json.load(answer)['requests_active'] >= count:
                return
        time.sleep(0.01)
exec(sys.argv[2])
print("end")
"""


@pytest.mark.parametrize("name", PROGRAMS)
def test_exits_cleanly_with_requests_in_flight(server: Server, name: str) -> None:
    import textwrap
    import time

    server.reset()
    source = textwrap.dedent(PROGRAMS[name])
    with Program(PRELUDE, server.http, source, options=()) as program:
        if "sys.exit" not in source:
            program.expect("end")
        ended = time.monotonic()
        program.finish()
        assert time.monotonic() - ended < 2


def test_a_forgotten_client_is_a_resource_warning_at_exit_if_warnings_are_on(server: Server) -> None:
    import subprocess
    import sys

    source = "import sys, httparallel; client = httparallel.Client(); client.get(sys.argv[1])"
    ran = subprocess.run(
        [sys.executable, "-W", "default", "-c", source, server.http],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert ran.returncode == 0
    assert "ResourceWarning: unclosed client <httparallel.Client object" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_requests_at_exit_fail_and_do_not_hang(server: Server) -> None:
    source = """
    import atexit, sys, httparallel
    client = httparallel.Client()
    def late():
        # Registered before the engine's own: called after it has stopped.
        print(client.get(sys.argv[1]).status_code)
        client.close()
    client.get(sys.argv[1])
    atexit.register(late)
    """
    with Program(source, server.http) as program:
        assert program.finish(5) == "200\n"
