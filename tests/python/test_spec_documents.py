"""Every example of the documents that httparallel is built from runs as written.

Two things are changed: the module's name, and the hosts, which are played by the test server (see `routed`).
Where a document shows a prompt, the prompt is left out. `...` stays: the documents leave that to the reader.
"""

import ast
import asyncio
import inspect
import re
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
import trio

import httparallel
from httparallel.concurrency.trio import TrioBackend

README = Path(__file__).resolve().parent.parent.parent / "README.md"

# Documents 000 (httpx) and 001 (http3, httpx's name before it had one).
TWO_REQUESTS_IN_PARALLEL = """
with httpx.parallel() as parallel:
    pending_one = parallel.get('')
    pending_two = parallel.get('')
    response_one = pending_one.get_response()
    response_two = pending_two.get_response()
"""

EACH_RESPONSE_AS_SOON_AS_IT_IS_AVAILABLE = """
with httpx.parallel() as parallel:
    for counter in range(1, 10):
        parallel.get(f'{counter}')
    while parallel.has_pending_responses:
        r = parallel.next_response()
"""

PARALLEL_REQUESTS_WITH_A_CLIENT = """
with httpx.Client() as client:
    with client.parallel() as parallel:
        ...
"""

ASYNC_PARALLEL_REQUESTS = """
async with httpx.AsyncClient() as client:
    async with client.parallel() as parallel:
        pending_one = await parallel.get('')
        pending_two = await parallel.get('')
        response_one = await pending_one.get_response()
        response_two = await pending_two.get_response()
"""

HTTP3_TWO_REQUESTS_IN_PARALLEL = """
with http3.parallel() as parallel:
    pending_one = parallel.get('https://example.com/1')
    pending_two = parallel.get('https://example.com/2')
    response_one = pending_one.get_response()
    response_two = pending_two.get_response()
"""

HTTP3_EACH_RESPONSE_AS_SOON_AS_IT_IS_AVAILABLE = """
with http3.parallel() as parallel:
    for counter in range(1, 10):
        parallel.get(f'https://example.com/{counter}')
    while parallel.has_pending_responses:
        r = parallel.next_response()
"""

# These two never close their client in the document; `CLOSED` and `ACLOSED` do, because a forgotten
# client is a ResourceWarning, and warnings are errors here.
HTTP3_PARALLEL_REQUESTS_WITH_A_CLIENT = """
client = http3.Client()
with client.parallel() as parallel:
    ...
"""
CLOSED = "client.close()\n"

HTTP3_ASYNC_PARALLEL_REQUESTS = """
client = http3.AsyncClient()
async with client.parallel() as parallel:
    pending_one = await parallel.get('https://example.com/1')
    pending_two = await parallel.get('https://example.com/2')
    response_one = await pending_one.get_response()
    response_two = await pending_two.get_response()
"""
ACLOSED = "await client.aclose()\n"

# Document 002, the async client.
MAKING_ASYNC_REQUESTS = """
async with httpx.AsyncClient() as client:
    r = await client.get('https://www.example.com/')
"""

STREAMING_RESPONSES = """
async with httpx.AsyncClient() as client:
    r = await client.get('https://www.example.com/', stream=True)
    async for chunk in r.stream():
        ...
"""

PARALLEL_REQUESTS_WITH_AN_ASYNC_API = """
async with httpx.AsyncClient() as client:
    async with client.parallel() as parallel:
        pending_one = parallel.get('https://example.com/1')
        pending_two = parallel.get('https://example.com/2')
        response_one = await pending_one.get_response()
        response_two = await pending_two.get_response()
"""

ASYNCIO_BACKEND = """
import asyncio
import httparallel as httpx

async def main():
    async with httpx.AsyncClient() as client:
        ...

asyncio.run(main())
"""

TRIO_BACKEND = """
import trio
import httparallel as httpx
from httparallel.concurrency.trio import TrioBackend

async def main():
    async with httpx.AsyncClient(backend=TrioBackend()) as client:
        ...

trio.run(main)
"""

# Document 004, the tutorial of concurrent requests. It has the same list of sites in each example.
SITES = """
urls = ['http://webcode.me', 'https://httpbin.org/get',
    'https://google.com', 'https://stackoverflow.com',
    'https://github.com', 'https://clojure.org',
    'https://fsharp.org']
"""

SYNCHRONOUS_REQUESTS = f"""
import httparallel as req
import time
{SITES}
tm1 = time.perf_counter()

for url in urls:
    resp = req.get(url)
    print(resp.status_code)

tm2 = time.perf_counter()
print(f'Total time elapsed: {{tm2-tm1:0.2f}} seconds')
"""

ASYNC_REQUESTS = f"""
import httparallel as httpx
import asyncio
import time

async def get_async(url):
    async with httpx.AsyncClient() as client:
        return await client.get(url)
{SITES}
async def launch():
    resps = await asyncio.gather(*map(get_async, urls))
    data = [resp.status_code for resp in resps]

    for status_code in data:
        print(status_code)

tm1 = time.perf_counter()
asyncio.run(launch())
tm2 = time.perf_counter()
print(f'Total time elapsed: {{tm2-tm1:0.2f}} seconds')
"""

MULTI_THREADED_REQUESTS = f"""
import httparallel as requests
import concurrent.futures
import time

def get_status(url):
    resp = requests.get(url=url)
    return resp.status_code
{SITES}
tm1 = time.perf_counter()

with concurrent.futures.ThreadPoolExecutor() as executor:
    futures = []
    for url in urls:
        futures.append(executor.submit(get_status, url=url))

    for future in concurrent.futures.as_completed(futures):
        print(future.result())

tm2 = time.perf_counter()
print(f'Total time elapsed: {{tm2-tm1:0.2f}} seconds')
"""


def routed(source: str, base: str) -> str:
    """Sends an example's requests to the test server, where `/bytes/N` is a page of N bytes.

    example.com/N becomes that page, and so does the bare number of document 000, whose URLs have lost their
    host; www.example.com and an empty URL become the server's first page; a site of the tutorial becomes
    `/site/NAME`.
    """
    replacements = (
        (r"https://www\.example\.com/", f"{base}/"),
        (r"https://example\.com/", f"{base}/bytes/"),
        (r"\.get\(''\)", f".get('{base}/')"),
        (r"\.get\(f'\{counter\}'\)", f".get(f'{base}/bytes/{{counter}}')"),
        (r"'https?://([a-z0-9]+\.(?:me|org|com))(?:/get)?'", rf"'{base}/site/\1'"),
    )
    for pattern, replacement in replacements:
        source = re.sub(pattern, replacement, source)
    return source


def compiled(source: str, server: Any) -> CodeType:
    """An example as code, in which `await` may stand outside a function, as at an async prompt."""
    code = compile(routed(source, server.http), "<example>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert isinstance(code, CodeType)
    return code


def run(source: str, server: Any) -> dict[str, Any]:
    """Runs a synchronous example; returns the names it defined."""
    names: dict[str, Any] = {"httpx": httparallel, "http3": httparallel}
    exec(compiled(source, server), names)
    return names


def run_async(source: str, server: Any, backend: str) -> dict[str, Any]:
    """Runs an async example on asyncio or trio; returns the names it defined."""
    names: dict[str, Any] = {"httpx": httparallel, "http3": httparallel}
    code = compiled(source, server)
    assert code.co_flags & inspect.CO_COROUTINE

    async def main() -> None:
        await eval(code, names)

    if backend == "trio":
        trio.run(main)
    else:
        asyncio.run(main())
    return names


on_each_backend = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def assert_two_pages(names: dict[str, Any]) -> None:
    """The first response has one byte and the second has two: neither was taken for the other."""
    one, two = names["response_one"], names["response_two"]
    assert (one.status_code, len(one.content)) == (200, 1)
    assert (two.status_code, len(two.content)) == (200, 2)


def test_000_two_requests_in_parallel(server: Any) -> None:
    names = run(TWO_REQUESTS_IN_PARALLEL, server)
    assert names["response_one"].status_code == 200
    assert names["response_two"].status_code == 200


@pytest.mark.parametrize(
    "example", [EACH_RESPONSE_AS_SOON_AS_IT_IS_AVAILABLE, HTTP3_EACH_RESPONSE_AS_SOON_AS_IT_IS_AVAILABLE]
)
def test_000_and_001_each_response_as_soon_as_it_is_available(server: Any, example: str) -> None:
    names = run("sizes = []\n" + example + "        sizes.append(len(r.content))\n", server)
    assert sorted(names["sizes"]) == list(range(1, 10))
    assert not names["parallel"].has_pending_responses


def test_000_parallel_requests_with_a_client(server: Any) -> None:
    names = run(PARALLEL_REQUESTS_WITH_A_CLIENT, server)
    assert names["client"].is_closed
    assert not names["parallel"].has_pending_responses


@on_each_backend
def test_000_async_parallel_requests(server: Any, backend: str) -> None:
    names = run_async(ASYNC_PARALLEL_REQUESTS, server, backend)
    assert names["response_one"].status_code == 200
    assert names["response_two"].status_code == 200


def test_001_two_requests_in_parallel(server: Any) -> None:
    assert_two_pages(run(HTTP3_TWO_REQUESTS_IN_PARALLEL, server))


def test_001_parallel_requests_with_a_client(server: Any) -> None:
    names = run(HTTP3_PARALLEL_REQUESTS_WITH_A_CLIENT + CLOSED, server)
    assert not names["parallel"].has_pending_responses


@on_each_backend
def test_001_async_parallel_requests(server: Any, backend: str) -> None:
    assert_two_pages(run_async(HTTP3_ASYNC_PARALLEL_REQUESTS + ACLOSED, server, backend))


@on_each_backend
def test_002_making_async_requests(server: Any, backend: str) -> None:
    names = run_async(MAKING_ASYNC_REQUESTS, server, backend)
    assert repr(names["r"]) == "<Response [200 OK]>"
    # The document's note: content is safe to access outside the block.
    assert names["r"].text


@on_each_backend
def test_002_streaming_responses(server: Any, backend: str) -> None:
    names = run_async(
        "chunks = []\n" + STREAMING_RESPONSES + "        chunks.append(chunk)\n", server, backend
    )
    assert names["r"].status_code == 200
    assert len(b"".join(names["chunks"])) == int(names["r"].headers["content-length"])


@on_each_backend
@pytest.mark.parametrize("ending", ["await r.read()", "await r.close()", "async for chunk in r.raw(): ..."])
def test_002_the_other_async_response_methods(server: Any, backend: str, ending: str) -> None:
    example = STREAMING_RESPONSES.replace("async for chunk in r.stream():\n        ...", ending)
    assert ending in example
    assert run_async(example, server, backend)["r"].is_closed


@on_each_backend
def test_002_parallel_requests_with_an_async_api(server: Any, backend: str) -> None:
    assert_two_pages(run_async(PARALLEL_REQUESTS_WITH_AN_ASYNC_API, server, backend))


@on_each_backend
def test_002_the_async_next_response(server: Any, backend: str) -> None:
    taken = """
    async with client.parallel() as parallel:
        parallel.get('https://example.com/1')
        r = await parallel.next_response()
"""
    names = run_async("async with httpx.AsyncClient() as client:" + taken, server, backend)
    assert len(names["r"].content) == 1


def test_002_asyncio_backend(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run(ASYNCIO_BACKEND, server)
    run(ASYNCIO_BACKEND.replace("...", "print(await client.get('https://www.example.com/'))"), server)
    assert capsys.readouterr().out == "<Response [200 OK]>\n"


def test_002_trio_backend(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(TRIO_BACKEND, server)["TrioBackend"] is TrioBackend
    run(TRIO_BACKEND.replace("...", "print(await client.get('https://www.example.com/'))"), server)
    assert capsys.readouterr().out == "<Response [200 OK]>\n"


@pytest.mark.parametrize(
    "example",
    [SYNCHRONOUS_REQUESTS, ASYNC_REQUESTS, MULTI_THREADED_REQUESTS],
    ids=["synchronous", "async", "multi-threaded"],
)
def test_004_requests_to_seven_sites(server: Any, capsys: pytest.CaptureFixture[str], example: str) -> None:
    run(example, server)
    *statuses, elapsed = capsys.readouterr().out.splitlines()
    # As in the document's own output, one site redirects, which is not followed.
    assert sorted(statuses) == ["200"] * 6 + ["301"]
    assert re.fullmatch(r"Total time elapsed: \d\.\d\d seconds", elapsed)


def readme_example(word: str) -> str:
    """The README's first Python example that has a certain word."""
    fenced = r"^```python\n(.*?)^```$"
    examples: list[str] = re.findall(fenced, README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return next(example for example in examples if word in example)


def test_the_first_example_of_the_readme(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run(readme_example("httpx.parallel()"), server)
    printed = capsys.readouterr().out.splitlines()
    assert sorted(printed) == [f"200 {server.http}/bytes/{page}" for page in range(1, 10)]


@on_each_backend
def test_the_async_example_of_the_readme(server: Any, backend: str) -> None:
    example = readme_example("AsyncClient()")
    assert run_async(example, server, backend)["response"].status_code == 200


def test_the_pool_example_of_the_readme(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run(readme_example("ConnectionPool("), server)
    [printed] = capsys.readouterr().out.splitlines()
    assert printed.startswith("200 [<HTTPConnection ['http://127.0.0.1:")
