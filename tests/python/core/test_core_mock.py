"""Mock connections, and what flows can do without any connection: body pieces and traces."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from kinds import Kind

from httparallel._flow import arun, run
from httparallel.core._backends.mock import AsyncMockBackend, AsyncMockStream, MockBackend, MockStream
from httparallel.core._exceptions import ReadError
from httparallel.core._io import (
    Body,
    CloseStream,
    ConnectTCP,
    ConnectUnix,
    Effect,
    Flow,
    ReadStream,
    Sleep,
    StartTLS,
    WriteStream,
    single,
)
from httparallel.core._models import Request
from httparallel.core._trace import traced


async def perform(kind: Kind, steps: Flow[Any] | Effect) -> Any:
    flow = single(steps) if isinstance(steps, Effect) else steps
    return await arun(flow) if kind.is_async else run(flow)


def backend_of(kind: Kind, *arguments: Any, **keywords: Any) -> Any:
    return (AsyncMockBackend if kind.is_async else MockBackend)(*arguments, **keywords)


@pytest.mark.parametrize("unix", [False, True])
async def test_a_mock_connection_reads_what_it_was_given(kind: Kind, unix: bool) -> None:
    backend = backend_of(kind, [b"one", b"two"])
    connect: Effect = (
        ConnectUnix(backend, path="/x") if unix else ConnectTCP(backend, host="example.com", port=80)
    )
    stream = await perform(kind, connect)
    await perform(kind, WriteStream(stream, b"is dropped", 1.0))
    assert [await perform(kind, ReadStream(stream, 1, 1.0)) for _ in range(3)] == [b"one", b"two", b""]
    await perform(kind, CloseStream(stream))
    with pytest.raises(ReadError, match="Connection closed"):
        await perform(kind, ReadStream(stream, 1))
    await perform(kind, Sleep(backend, 1000))


async def test_each_mock_connection_reads_it_anew(kind: Kind) -> None:
    backend = backend_of(kind, [b"one"])
    for _ in range(2):
        stream = await perform(kind, ConnectTCP(backend, host="example.com", port=80))
        assert await perform(kind, ReadStream(stream, 10)) == b"one"


@pytest.mark.parametrize(("http2", "protocol"), [(False, "http/1.1"), (True, "h2")])
async def test_a_mock_connection_says_what_alpn_chose(kind: Kind, http2: bool, protocol: str) -> None:
    stream = await perform(kind, ConnectTCP(backend_of(kind, [], http2=http2), host="x", port=443))
    assert await perform(kind, StartTLS(stream, ssl_context=None, server_hostname="x")) is stream
    assert stream.get_extra_info("ssl_object").selected_alpn_protocol() == protocol
    assert stream.get_extra_info("socket") is None


def test_mock_streams_show_the_name_of_the_package() -> None:
    assert repr(MockStream([])) == "<httparallel.MockStream>"
    assert repr(AsyncMockStream([])) == "<httparallel.AsyncMockStream>"


class Generators:
    """Content of both kinds, which notes that it was closed."""

    def __init__(self) -> None:
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from (b"one", b"two")
        finally:
            self.closed = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def pieces_of(body: Body, limit: int) -> Flow[list[bytes]]:
    pieces: list[bytes] = []
    try:
        while len(pieces) < limit and (piece := (yield body.next())) is not None:
            pieces.append(piece)
    finally:
        yield body.close()
    return pieces


@pytest.mark.parametrize("limit", [1, 9])
async def test_content_is_taken_piece_by_piece_and_closed(kind: Kind, limit: int) -> None:
    content = Generators()
    assert await perform(kind, pieces_of(Body(content), limit)) == [b"one", b"two"][:limit]
    if not kind.is_async:
        assert content.closed


async def test_content_of_the_other_kind_is_refused(kind: Kind) -> None:
    async def awaited() -> AsyncIterator[bytes]:
        yield b"never"

    content: Any = [b"never"] if kind.is_async else awaited()
    with pytest.raises(RuntimeError, match="can only send content that is bytes or an"):
        await perform(kind, pieces_of(Body(content), 1))


LOGGER = logging.getLogger("httparallel.anything")


def steps(outcome: object) -> Flow[object]:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
    yield


async def test_a_step_is_traced_from_start_to_end(kind: Kind) -> None:
    events: list[tuple[str, dict[str, Any]]] = []
    trace = kind.function(lambda name, info: events.append((name, info)))
    request = Request("GET", "http://example.com", extensions={"trace": trace})
    error = ValueError("no")
    assert await perform(kind, traced("step", LOGGER, request, {"a": 1}, steps(7))) == 7
    with pytest.raises(ValueError, match="no"):
        await perform(kind, traced("step", LOGGER, request, {}, steps(error)))
    assert events == [
        ("anything.step.started", {"a": 1}),
        ("anything.step.complete", {"return_value": 7}),
        ("anything.step.started", {}),
        ("anything.step.failed", {"exception": error}),
    ]


async def test_a_step_may_be_a_single_effect(kind: Kind) -> None:
    backend = backend_of(kind, [])
    effect = Sleep(backend, 1)
    events: list[str] = []
    trace = kind.function(lambda name, _: events.append(name))
    for extensions in ({}, {"trace": trace}):
        request = Request("GET", "http://example.com", extensions=extensions)
        assert await perform(kind, traced("nap", LOGGER, request, {}, effect)) is None
    assert events == ["anything.nap.started", "anything.nap.complete"]


async def test_a_trace_function_of_the_other_kind_is_refused(kind: Kind) -> None:
    def plain(_: str, __: dict[str, Any]) -> None: ...

    async def awaited(_: str, __: dict[str, Any]) -> None: ...

    request = Request("GET", "http://a", extensions={"trace": plain if kind.is_async else awaited})
    with pytest.raises(TypeError, match="'trace' extension"):
        await perform(kind, traced("step", LOGGER, request, {}, steps(1)))


async def test_steps_are_logged_for_debugging(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "httparallel")
    error = ValueError("no")
    await perform(kind, traced("one", LOGGER, None, {"host": "h", "port": 1}, steps(b"ok")))
    await perform(kind, traced("two", LOGGER, None, {}, steps(None)))
    with pytest.raises(ValueError, match="no"):
        await perform(kind, traced("three", LOGGER, None, {}, steps(error)))
    assert [record.getMessage() for record in caplog.records] == [
        "one.started host='h' port=1",
        "one.complete return_value=b'ok'",
        "two.started",
        "two.complete",
        "three.started",
        "three.failed exception=ValueError('no')",
    ]
