"""openai, whose clients are subclasses of httpx's."""

from __future__ import annotations

import asyncio
import json

import openai
import pytest
from testserver import Server

import httparallel

COMPLETION = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello there."}}
    ],
}
ASKED = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def answer(status: str, body: str, *headers: str) -> str:
    """What a script sends for a response."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "send " + "\\r\\n".join([*lines, "", body]) + "\n"


def chunk(text: str) -> str:
    piece = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    event = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [piece]}
    return f"send data: {json.dumps(event)}\\n\\n\n"


STREAM = "send HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\n\\r\\n\n"
STREAM += chunk("Hello ") + chunk("there.") + "send data: [DONE]\\n\\n\nclose\n"


def sync_client(url: str, **options: object) -> openai.OpenAI:
    return openai.OpenAI(base_url=url, api_key="key", **options)  # type: ignore[arg-type]


def test_its_client_is_one_of_ours() -> None:
    assert issubclass(openai.DefaultHttpxClient, httparallel.Client)
    assert issubclass(openai.DefaultAsyncHttpxClient, httparallel.AsyncClient)


def test_a_completion(server: Server) -> None:
    with (
        server.script("expect-request\n" + answer("200 OK", json.dumps(COMPLETION)) + "hang\n") as script,
        sync_client(script.url) as client,
    ):
        completion = client.chat.completions.create(**ASKED)  # type: ignore[call-overload]
        (received,) = script.received()
    assert completion.choices[0].message.content == "Hello there."
    assert received.startswith("POST /chat/completions HTTP/1.1\r\n")
    assert "authorization: bearer key\r\n" in received.lower()
    assert json.loads(received.partition("\r\n\r\n")[2]) == ASKED


def test_a_streamed_completion(server: Server) -> None:
    with server.script("expect-request\n" + STREAM) as script, sync_client(script.url) as client:
        chunks = list(client.chat.completions.create(**ASKED, stream=True))  # type: ignore[call-overload]
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["Hello ", "there."]


def test_an_async_client(server: Server) -> None:
    async def main(url: str) -> str:
        async with openai.AsyncOpenAI(base_url=url, api_key="key") as client:
            stream = await client.chat.completions.create(**ASKED, stream=True)  # type: ignore[call-overload]
            return "".join([chunk.choices[0].delta.content async for chunk in stream])

    with server.script("expect-request\n" + STREAM) as script:
        assert asyncio.run(main(script.url)) == "Hello there."


def test_it_tries_again_where_the_server_says_so(server: Server) -> None:
    busy = answer("503 Service Unavailable", "{}", "retry-after-ms: 1")
    done = answer("200 OK", json.dumps(COMPLETION))
    with (
        server.script(f"expect-request\n{busy}expect-request\n{done}hang\n") as script,
        sync_client(script.url) as client,
    ):
        assert client.chat.completions.create(**ASKED).id == "1"  # type: ignore[call-overload]


def test_its_errors_come_from_ours(server: Server) -> None:
    with sync_client("http://127.0.0.1:1", max_retries=0) as client:
        with pytest.raises(openai.APIConnectionError) as refused:
            client.models.list()
    assert isinstance(refused.value.__cause__, httparallel.ConnectError)
    with sync_client(f"{server.http}/hang?", max_retries=0, timeout=0.05) as client:
        with pytest.raises(openai.APITimeoutError) as late:
            client.models.list()
    assert isinstance(late.value.__cause__, httparallel.ReadTimeout)
    with sync_client(f"{server.http}/status/404?", max_retries=0) as client:
        with pytest.raises(openai.NotFoundError) as missing:
            client.models.list()
    assert isinstance(missing.value.response, httparallel.Response)
