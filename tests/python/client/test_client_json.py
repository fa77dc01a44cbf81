"""JSON by another library than the standard one: `json_codec=`."""

from __future__ import annotations

import json
import pickle
from typing import Any

import orjson
import pytest
from kinds import Kind
from testserver import Server

import httparallel


class Shouting:
    """A codec that can be told from others: what it writes and reads is in capitals."""

    @staticmethod
    def dumps(value: Any) -> str:
        return json.dumps(value).upper()

    @staticmethod
    def loads(text: bytes, **arguments: Any) -> Any:
        return json.loads(text.decode().upper(), **arguments)


async def test_another_library_writes_and_reads_json(kind: Kind, server: Server) -> None:
    async with kind.client(json_codec=orjson) as client:
        response = await client.post(f"{server.http}/echo", json={"text": "ü", "list": [1, None]})
    echoed = response.json()
    assert echoed == orjson.loads(response.content)
    assert echoed["body"] == '{"text":"ü","list":[1,null]}'
    headers = {name.lower(): value for name, value in echoed["headers"]}
    assert headers["content-type"] == "application/json"
    assert headers["content-length"] == "29"


async def test_the_codec_is_the_one_of_the_client(kind: Kind, server: Server) -> None:
    async with kind.client(json_codec=Shouting, follow_redirects=True) as client:
        response = await client.post(f"{server.http}/echo", json="a")
        assert response.json()["BODY"] == '"A"'
        assert response.json(parse_int=str)["METHOD"] == "POST"
        # The long way, a stream, a block, and after a redirect.
        sent = client.build_request("POST", f"{server.http}/echo", json="b")
        assert sent.content == b'"B"'
        assert (await client.send(sent)).json()["BODY"] == '"B"'
        async with client.stream("POST", f"{server.http}/echo", json="c") as streamed:
            await streamed.aread()
            assert streamed.json()["BODY"] == '"C"'
        async with client.parallel() as parallel:
            pending = parallel.post(f"{server.http}/echo", json="d")
            assert (await pending.get_response()).json()["BODY"] == '"D"'
        there = f"{server.http}/redirect-to?url=/echo&status=307"
        assert (await client.post(there, json="e")).json()["BODY"] == '"E"'
    async with kind.client() as client:
        assert (await client.post(f"{server.http}/echo", json="a")).json()["body"] == '"a"'


async def test_responses_of_transports_are_read_with_it_too(kind: Kind) -> None:
    transport = httparallel.MockTransport(lambda _: httparallel.Response(200, json={"a": 1}))
    async with kind.client(transport=transport, json_codec=Shouting) as client:
        response = await client.get("http://a.test")
    assert response.json() == {"A": 1}
    # A codec may be a module, which cannot be pickled.
    assert pickle.loads(pickle.dumps(response)).json() == {"a": 1}


async def test_events_are_read_with_it_too(kind: Kind) -> None:
    headers = {"Content-Type": "text/event-stream"}
    text = 'data: {"a": "ü"}\n\ndata: ["b"]\n\n'
    transport = httparallel.MockTransport(lambda _: httparallel.Response(200, headers=headers, text=text))
    async with kind.client(transport=transport, json_codec=Shouting) as client:
        async with client.sse("http://a.test") as source:
            events = [event async for event in source]
    assert [event.json() for event in events] == [{"A": "Ü"}, ["B"]]
    # As with responses, and it makes no difference what they are.
    assert pickle.loads(pickle.dumps(events[1])).json() == ["b"]
    assert events[1] == httparallel.ServerSentEvent(data='["b"]')
    assert hash(events[1]) == hash(httparallel.ServerSentEvent(data='["b"]'))
    async with kind.client(transport=transport) as client, client.sse("http://a.test") as source:
        assert [event.json() async for event in source] == [{"a": "ü"}, ["b"]]


async def test_functions_with_other_names_make_a_codec(kind: Kind, server: Server) -> None:
    codec = httparallel.JSONCodec(dumps=lambda value: b"<%d>" % value, loads=lambda body, **_: len(body))
    async with kind.client(json_codec=codec) as client:
        response = await client.post(f"{server.http}/echo", json=5)
    assert json.loads(response.content)["body"] == "<5>"
    assert response.json() == len(response.content)


@pytest.mark.parametrize("codec", [None, orjson])
async def test_bytes_are_json_already(kind: Kind, server: Server, codec: Any) -> None:
    async with kind.client(json_codec=codec) as client:
        response = await client.post(f"{server.http}/echo", json=b'{"a": 1}')
    assert response.json()["body"] == '{"a": 1}'
    assert ["content-type", "application/json"] in [
        [name.lower(), value] for name, value in response.json()["headers"]
    ]


async def test_what_cannot_be_written_is_told_by_the_codec(kind: Kind) -> None:
    async with kind.client(json_codec=orjson) as client:
        with pytest.raises(orjson.JSONEncodeError):
            await client.post("http://a.test", json=object())


@pytest.mark.parametrize("codec", [object(), json.dumps, httparallel])
def test_what_is_no_codec_is_refused(kind: Kind, codec: Any) -> None:
    with pytest.raises(TypeError, match=r"json_codec must have the functions 'dumps' and 'loads'"):
        kind.client(json_codec=codec)
