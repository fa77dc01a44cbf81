"""Server-sent events: `client.sse`."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from kinds import Kind
from testserver import Server

import httparallel

EVENT_STREAM = "Content-Type: text/event-stream; charset=utf-8"


def stream(*steps: str, kind: str = EVENT_STREAM) -> str:
    """A script that answers with an event stream and ends when its steps do."""
    head = f"send HTTP/1.1 200 OK\\r\\n{kind}\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n"
    return "\n".join(["expect-request", head, *steps])


def chunk(text: str) -> str:
    return f"send {len(text):x}\\r\\n{text}\\r\\n".replace("\n", "\\n")


END = "send 0\\r\\n\\r\\n"


async def test_events_come_one_by_one(kind: Kind, server: Server) -> None:
    # The second event is sent when the first one was received.
    steps = (chunk("event: add\ndata: 1\nid: 7\n\n"), "wait first", chunk("data: 2\n\n"), END, "close")
    with server.script(stream(*steps)) as script:
        async with kind.client() as client, client.sse(script.url) as source:
            events = []
            async for event in source:
                events.append(event)
                script.signal("first")
    assert events == [
        httparallel.ServerSentEvent("add", "1", "7"),
        httparallel.ServerSentEvent("message", "2", "7"),
    ]
    assert source.response.status_code == 200
    assert source.response.is_closed


async def test_the_request_asks_for_events(kind: Kind, server: Server) -> None:
    steps = (END, "close")
    with server.script(stream(*steps)) as script:
        async with kind.client() as client:
            async with client.sse(script.url, method="POST", json={"a": 1}, headers={"X-Own": "1"}) as source:
                assert [event async for event in source] == []
        (received,) = script.received()
    assert received.startswith("POST / HTTP/1.1\r\n")
    for line in ("Accept: text/event-stream", "Cache-Control: no-store", "X-Own: 1", '{"a":1}'):
        assert line in received


async def test_headers_of_the_caller_s_count_more(kind: Kind, server: Server) -> None:
    with server.script(stream(END, "close")) as script:
        async with kind.client() as client:
            async with client.sse(script.url, headers={"accept": "text/event-stream;q=1"}):
                pass
        (received,) = script.received()
    assert "text/event-stream;q=1" in received
    assert received.lower().count("accept:") == 1


async def test_a_response_that_is_no_event_stream_is_an_error(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        async with client.sse(server.http) as source:
            assert source.response.status_code == 200
            with pytest.raises(httparallel.SSEError, match="text/plain") as raised:
                [event async for event in source]
    assert raised.value.request.url == server.http


async def test_an_event_that_is_too_large_is_an_error(kind: Kind, server: Server) -> None:
    with server.script(stream(chunk("data: 0123456789\n\n"), "hang")) as script:
        async with kind.client() as client:
            async with client.sse(script.url, max_event_size=10) as source:
                with pytest.raises(httparallel.SSEError, match="10 bytes") as raised:
                    [event async for event in source]
    assert raised.value.request is source.response.request


async def test_leaving_the_block_closes_the_connection(kind: Kind, server: Server) -> None:
    with server.script(stream(chunk("data: 1\n\n"), "hang")) as script:
        async with kind.client() as client:
            async with client.sse(script.url) as source:
                async for event in source:
                    assert event.data == "1"
                    break
            assert source.response.is_closed


async def test_a_stream_that_breaks_off_is_an_error(kind: Kind, server: Server) -> None:
    with server.script(stream(chunk("data: 1\n\n"), "close")) as script:
        async with kind.client() as client:
            async with client.sse(script.url) as source:
                with pytest.raises(httparallel.RemoteProtocolError):
                    [event async for event in source]


async def test_redirects_lead_to_events(kind: Kind, server: Server) -> None:
    with server.script(stream(chunk("data: 1\n\n"), END, "close")) as script:
        url = f"{server.http}/redirect-to?url={quote(script.url, safe='')}"
        async with kind.client(follow_redirects=True) as client:
            async with client.sse(url) as source:
                assert [event.data async for event in source] == ["1"]


def test_an_event_source_stands_on_any_response() -> None:
    response = httparallel.Response(
        200,
        headers={"Content-Type": "Text/Event-Stream"},
        content=b"data: 1\n\ndata: 2\n\n",
        request=httparallel.Request("GET", "https://example.org/"),
    )
    source = httparallel.EventSource(response)
    assert [event.data for event in source] == ["1", "2"]
    assert source.response is response
