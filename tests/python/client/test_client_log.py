"""The logger `httparallel`."""

from __future__ import annotations

import logging

import pytest
from kinds import Kind
from testserver import Server

import httparallel


async def test_each_response_is_a_line(kind: Kind, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "httparallel")
    async with kind.client() as client:
        await client.get(f"{server.http}/status/404")
        async with client.stream("POST", f"{server.http}/echo", content=b"x") as response:
            await response.aread()
    assert caplog.record_tuples == [
        ("httparallel", logging.INFO, f'HTTP Request: GET {server.http}/status/404 "HTTP/1.1 404 Not Found"'),
        ("httparallel", logging.INFO, f'HTTP Request: POST {server.http}/echo "HTTP/1.1 200 OK"'),
    ]


@pytest.mark.parametrize("hooks", [{}, {"response": []}, "some"])
async def test_redirects_are_lines_too(
    kind: Kind, server: Server, caplog: pytest.LogCaptureFixture, hooks: object
) -> None:
    caplog.set_level(logging.INFO, "httparallel")
    # With a hook the request goes the long way.
    event_hooks = {"response": [kind.function(lambda _: None)]} if hooks == "some" else hooks
    async with kind.client(follow_redirects=True, event_hooks=event_hooks) as client:
        await client.get(f"{server.http}/redirect/2")
    assert [message.rpartition(' "')[2] for message in caplog.messages] == [
        'HTTP/1.1 302 Found"',
        'HTTP/1.1 302 Found"',
        'HTTP/1.1 200 OK"',
    ]


async def test_requests_of_a_block_are_lines(
    kind: Kind, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "httparallel")
    async with kind.client() as client, client.parallel() as parallel:
        for _ in range(3):
            parallel.get(server.http)
        assert len([response async for response in parallel]) == 3
    assert len(caplog.messages) == 3


async def test_responses_of_other_transports_are_lines(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    transport = httparallel.MockTransport(lambda _: httparallel.Response(204))
    async with kind.client(transport=transport) as client:
        await client.get("https://user:secret@example.org/path?q=1")
    # The password is nobody's business.
    assert caplog.messages == ['HTTP Request: GET https://example.org/path?q=1 "HTTP/1.1 204 No Content"']


async def test_nothing_is_written_unless_somebody_reads_it(
    kind: Kind, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "httparallel")
    async with kind.client() as client:
        await client.get(server.http)
    assert caplog.messages == []
