"""Files as content and in forms: ordinary ones, and those of async libraries."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest
import trio
from kinds import Kind, async_only, sync_only
from testserver import Server

import httparallel

SIZES = [0, 5, 65_536, 1_000_001]


def described(response: httparallel.Response) -> dict[str, str]:
    names = ("content-length", "transfer-encoding")
    return {name.lower(): value for name, value in response.json()["headers"] if name.lower() in names}


class Upload:
    """A file as web frameworks have it: nothing but `async def read`."""

    def __init__(self, content: bytes) -> None:
        self._rest = io.BytesIO(content)

    async def read(self, size: int = -1) -> bytes:
        return self._rest.read(size)


async def opened(kind: Kind, path: Path) -> Any:
    """A file as programs of this kind open it; on asyncio one of anyio."""
    if kind.name == "trio":
        return await trio.open_file(path, "rb")
    return await anyio.open_file(path, "rb") if kind.is_async else path.open("rb")


def made(path: Path, size: int) -> bytes:
    content = (bytes(range(65, 91)) * (size // 26 + 1))[:size]
    path.write_bytes(content)
    return content


@pytest.mark.parametrize("size", SIZES)
async def test_a_file_is_sent_with_its_length(kind: Kind, server: Server, tmp_path: Path, size: int) -> None:
    content = made(tmp_path / "file", size)
    file = await opened(kind, tmp_path / "file")
    async with kind.client() as client:
        response = await client.post(f"{server.http}/echo", content=file)
    assert response.json()["body"].encode() == content
    assert described(response) == {"content-length": str(size)}
    await closed(kind, file)


@async_only
@pytest.mark.parametrize("size", SIZES)
async def test_async_code_sends_ordinary_files(kind: Kind, server: Server, tmp_path: Path, size: int) -> None:
    content = made(tmp_path / "file", size)
    async with kind.client() as client:
        with (tmp_path / "file").open("rb") as file:
            response = await client.post(f"{server.http}/echo", content=file)
            assert response.json()["body"].encode() == content
            assert described(response) == {"content-length": str(size)}
            response = await client.post(f"{server.http}/echo", files={"f": file})
            assert content.decode() in response.json()["body"]
        response = await client.post(f"{server.http}/echo", content=io.BytesIO(content))
        assert response.json()["body"].encode() == content


@pytest.mark.parametrize("size", SIZES)
async def test_a_form_has_files(kind: Kind, server: Server, tmp_path: Path, size: int) -> None:
    content = made(tmp_path / "a.txt", size)
    file = await opened(kind, tmp_path / "a.txt")
    async with kind.client() as client:
        response = await client.post(
            f"{server.http}/echo", files={"one": file, "two": ("b.txt", b"second")}, data={"field": "value"}
        )
    body = response.json()["body"]
    assert described(response) == {"content-length": str(len(body))}
    assert f'filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n{content.decode()}\r\n--' in body
    assert "second" in body
    assert "value" in body
    await closed(kind, file)


@async_only
async def test_a_file_that_does_not_tell_its_length_is_sent_in_chunks(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.post(f"{server.http}/echo", content=Upload(b"some bytes"))
        assert response.json()["body"] == "some bytes"
        assert described(response) == {"transfer-encoding": "chunked"}
        response = await client.post(f"{server.http}/echo", files={"f": ("f", Upload(b"some bytes"))})
        assert "\r\n\r\nsome bytes\r\n--" in response.json()["body"]
        assert described(response) == {"transfer-encoding": "chunked"}
        async with client.parallel() as parallel:
            pending = parallel.post(f"{server.http}/echo", content=Upload(b"in a block"))
            assert (await pending.get_response()).json()["body"] == "in a block"


async def test_a_file_is_sent_from_where_it_stands(kind: Kind, server: Server, tmp_path: Path) -> None:
    made(tmp_path / "file", 26)
    file = await opened(kind, tmp_path / "file")
    moved = file.seek(20)
    if kind.is_async:
        await moved
    async with kind.client() as client:
        response = await client.post(f"{server.http}/echo", content=file)
    assert response.json()["body"] == "UVWXYZ"
    assert described(response) == {"content-length": "6"}
    await closed(kind, file)


@pytest.mark.parametrize("as_form", [False, True])
@pytest.mark.parametrize("ordinary", [False, True])
async def test_a_redirect_sends_a_file_again(
    kind: Kind, server: Server, tmp_path: Path, as_form: bool, ordinary: bool
) -> None:
    made(tmp_path / "file", 26)
    file = (tmp_path / "file").open("rb") if ordinary else await opened(kind, tmp_path / "file")
    body: dict[str, Any] = {"files": {"f": file}} if as_form else {"content": file}
    async with kind.client(follow_redirects=True) as client:
        response = await client.post(f"{server.http}/redirect-to?url=/echo&status=307", **body)
    assert "ABCDEFGHIJKLMNOPQRSTUVWXYZ" in response.json()["body"]
    if ordinary:
        file.close()
    else:
        await closed(kind, file)


@async_only
async def test_large_files_are_read_in_other_threads(kind: Kind, server: Server, tmp_path: Path) -> None:
    threads: set[int] = set()

    class Watched(io.FileIO):
        def read(self, size: int | None = -1) -> bytes | None:  # type: ignore[override]
            threads.add(threading.get_ident())
            return super().read(size)

    for size, is_here in [(1000, True), (300_000, False)]:
        made(tmp_path / "file", size)
        for body in ("content", "files"):
            threads.clear()
            async with kind.client() as client:
                with Watched(tmp_path / "file") as file:
                    given: dict[str, Any] = {body: file if body == "content" else {"f": file}}
                    response = await client.post(f"{server.http}/echo", **given)
            assert response.status_code == 200
            assert (threading.get_ident() in threads) is is_here


@async_only
async def test_transports_written_in_python_get_files(kind: Kind, tmp_path: Path) -> None:
    made(tmp_path / "file", 26)
    transport = httparallel.MockTransport(lambda request: httparallel.Response(200, content=request.content))
    async with kind.client(transport=transport) as client:
        with (tmp_path / "file").open("rb") as file:
            assert (await client.post("http://a.test", content=file)).text == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        assert (await client.post("http://a.test", content=Upload(b"async"))).text == "async"


@sync_only
async def test_sync_code_cannot_read_async_files(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        for body in ({"content": Upload(b"x")}, {"files": {"f": Upload(b"x")}}):
            with pytest.raises(RuntimeError, match="async request"):
                await client.post(f"{server.http}/echo", **body)
            with pytest.raises(RuntimeError, match=r"aread\(\)|AsyncClient"):
                client.build_request("POST", server.http, **body).read()


@async_only
async def test_text_files_are_refused(kind: Kind, tmp_path: Path) -> None:
    made(tmp_path / "file", 5)
    open_file = trio.open_file if kind.name == "trio" else anyio.open_file
    file = await open_file(tmp_path / "file")
    async with kind.client() as client:
        for body in ({"content": file}, {"files": {"f": file}}):
            with pytest.raises(TypeError, match=r"binary mode"):
                await client.post("http://a.test", **body)
    await file.aclose()


async def closed(kind: Kind, file: Any) -> None:
    if kind.is_async:
        await file.aclose()
    else:
        file.close()
