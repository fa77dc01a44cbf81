"""Clients across `os.fork()`: parent and child never share a connection, and both go on."""

from __future__ import annotations

import pytest
from subprogram import run
from testserver import Server

# From Python 3.12 on, forking a process that has threads warns; here that is what is tested.
OPTIONS = ("-W", "error", "-W", "ignore:This process:DeprecationWarning")

FORK = """
import os, sys, traceback, httparallel
url = sys.argv[1]

def in_child(function):
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            function()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return child

def joined(child):
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "the child failed"
"""

USES = {
    "sync": """
client = httparallel.Client()
def use():
    assert client.get(url).text == "Hello, world!"
    assert client.post(url + "/echo-body", content=b"abc").content == b"abc"
    with client.stream("GET", url + "/chunked/3000") as response:
        assert len(response.read()) == 3000
""",
    "sync block": """
client = httparallel.Client()
def use():
    with client.parallel() as parallel:
        for number in range(20):
            parallel.get(f"{url}/bytes/{number}")
        assert sorted(len(response.content) for response in parallel) == list(range(20))
""",
    "asyncio": """
import asyncio
client = httparallel.AsyncClient()
async def main():
    assert (await client.get(url)).text == "Hello, world!"
    async with client.parallel() as parallel:
        for number in range(20):
            parallel.get(f"{url}/bytes/{number}")
        assert sorted([len(response.content) async for response in parallel]) == list(range(20))
def use():
    asyncio.run(main())
""",
    "trio": """
import trio
client = httparallel.AsyncClient()
async def main():
    assert (await client.get(url)).text == "Hello, world!"
    async with client.parallel() as parallel:
        for number in range(20):
            parallel.get(f"{url}/bytes/{number}")
        assert sorted([len(response.content) async for response in parallel]) == list(range(20))
def use():
    trio.run(main)
""",
    "HTTP/2": """
client = httparallel.Client(http1=False, http2=True)
url = sys.argv[2]
def use():
    assert client.get(url).http_version == "HTTP/2"
    with client.parallel() as parallel:
        for number in range(20):
            parallel.get(f"{url}/bytes/{number}")
        assert sorted(len(response.content) for response in parallel) == list(range(20))
""",
}

CLOSED = """
close = getattr(client, "close", None)
if close is not None:
    close()
else:
    import asyncio
    asyncio.run(client.aclose())
"""


@pytest.mark.parametrize("name", USES)
def test_a_client_made_and_used_before_a_fork_works_in_child_and_parent(server: Server, name: str) -> None:
    body = """
use()
child = in_child(use)
use()
joined(child)
use()
"""
    run(FORK + USES[name] + body + CLOSED, server.http, server.h2c, options=OPTIONS)


@pytest.mark.parametrize("name", USES)
def test_a_client_made_but_not_used_before_a_fork_works_too(server: Server, name: str) -> None:
    run(
        FORK + USES[name] + "child = in_child(use)\nuse()\njoined(child)\n" + CLOSED,
        server.http,
        server.h2c,
        options=OPTIONS,
    )


def test_children_may_fork_again(server: Server) -> None:
    body = """
use()
def again():
    use()
    joined(in_child(use))
    use()
joined(in_child(again))
use()
"""
    run(FORK + USES["sync block"] + body + CLOSED, server.http, options=OPTIONS)


def test_a_child_that_closes_the_client_does_not_close_the_parents_connections(server: Server) -> None:
    server.reset()
    body = """
use()
joined(in_child(client.close))
use()
"""
    run(FORK + USES["sync"] + body + CLOSED, server.http, options=OPTIONS)
    assert server.stats()["connections_opened"] == 1


def test_a_fork_inside_a_block_leaves_the_parents_block_alone(server: Server) -> None:
    body = """
with client.parallel() as parallel:
    pendings = [parallel.get(url + "/delay/300") for _ in range(10)]
    parallel.get(url).get_response()

    def leave():
        # What happens when an exception, such as SystemExit, unwinds the child.
        parallel.__exit__(None, None, None)
        use()

    joined(in_child(leave))
    assert [pending.get_response().status_code for pending in pendings] == [200] * 10
use()
"""
    run(FORK + USES["sync"] + body + CLOSED, server.http, options=OPTIONS)


def test_a_block_of_the_parent_is_a_clear_error_in_the_child(server: Server) -> None:
    body = """
with client.parallel() as parallel:
    pending = parallel.get(url + "/delay/300")

    def use_it():
        for use in (lambda: parallel.get(url), pending.get_response, parallel.next_response):
            try:
                use()
            except RuntimeError as error:
                assert "fork" in str(error), error
            else:
                raise AssertionError("no error")

    joined(in_child(use_it))
    assert pending.get_response().status_code == 200
"""
    run(FORK + USES["sync"] + body + CLOSED, server.http, options=OPTIONS)


def test_a_pool_of_forked_processes_uses_the_parents_client(server: Server) -> None:
    source = """
    import multiprocessing, sys, httparallel

    client = httparallel.Client(base_url=sys.argv[1])

    def fetch(number):
        with client.parallel() as parallel:
            other = parallel.get("/bytes/1")
            return len(client.get(f"/bytes/{number}").content) * len(other.get_response().content)

    if __name__ == "__main__":
        assert fetch(3) == 3
        with multiprocessing.get_context("fork").Pool(3) as pool:
            assert pool.map(fetch, range(30)) == list(range(30))
            pool.close()
            pool.join()
        assert fetch(4) == 4
        client.close()
    """
    run(source, server.http, options=OPTIONS)


def test_a_fork_while_another_thread_waits_for_a_response(server: Server) -> None:
    body = """
import threading
results = []
thread = threading.Thread(target=lambda: results.append(client.get(url + "/delay/500").status_code))
thread.start()
children = [in_child(use) for _ in range(5)]
for child in children:
    joined(child)
thread.join()
assert results == [200]
use()
"""
    run(FORK + USES["sync"] + body + CLOSED, server.http, options=OPTIONS)
