"""Stand-ins for what the native module gives a Response: a reply, a client's defaults, a decoder, streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httparallel
from httparallel._types import TimingFields


class FakeReply:
    """A reply that counts how often each attribute was asked for."""

    def __init__(
        self,
        status: int = 200,
        *,
        content: bytes = b"hello",
        headers: dict[str, str] | None = None,
        url: str = "https://example.org/path",
        history: list[FakeReply] | None = None,
        failure: Exception | None = None,
    ) -> None:
        self.status = status
        self.asked: list[str] = []
        self._content = content
        self._headers = headers or {}
        self._url = url
        self._history = history or []
        self._failure = failure

    def response(self, kind: type[httparallel.Response], client: object) -> httparallel.Response:
        response = kind.__new__(kind)
        response.status_code = self.status
        vars(response).update(_reply=self, _defaults=client, is_closed=True, is_stream_consumed=True)
        return response

    @property
    def reason(self) -> bytes:
        self.asked.append("reason")
        return b"As Sent"

    @property
    def version(self) -> bytes:
        self.asked.append("version")
        return b"HTTP/2"

    @property
    def headers(self) -> httparallel.Headers:
        self.asked.append("headers")
        return httparallel.Headers(self._headers)

    @property
    def url(self) -> httparallel.URL:
        self.asked.append("url")
        return httparallel.URL(self._url)

    @property
    def method(self) -> str:
        self.asked.append("method")
        return "GET"

    @property
    def request_headers(self) -> httparallel.Headers:
        self.asked.append("request_headers")
        return httparallel.Headers({"Host": "example.org"})

    @property
    def request_content(self) -> bytes | None:
        self.asked.append("request_content")
        return b""

    @property
    def elapsed(self) -> float:
        self.asked.append("elapsed")
        return 0.25

    @property
    def timings(self) -> TimingFields:
        self.asked.append("timings")
        return 0.125, None, None, None, 0.0, 0.0625, 0.0625, 0.25, 7, True, 1

    @property
    def history(self) -> list[FakeReply]:
        self.asked.append("history")
        return self._history

    @property
    def num_bytes_downloaded(self) -> int:
        self.asked.append("num_bytes_downloaded")
        return len(self._content)

    @property
    def stream_id(self) -> int | None:
        self.asked.append("stream_id")
        return 5

    def extra_info(self, info: str, /) -> object:
        self.asked.append(info)
        return None

    def content(self) -> bytes:
        self.asked.append("content")
        if self._failure is not None:
            raise self._failure
        return self._content


class FakeDefaults:
    """A client's defaults: Latin-1, and a next request for every redirect."""

    default_encoding = "latin-1"

    def next_request(self, response: httparallel.Response) -> httparallel.Request:
        return httparallel.Request("GET", response.headers["location"])


class UpperCaseDecoder:
    """A content coding that undoes nothing but lower case, and can be told to fail."""

    has_more = False

    def __init__(self, codings: list[str], max_body: int | None = None) -> None:
        assert max_body is None
        self._codings = codings

    def decode(self, data: bytes) -> bytes:
        if "broken" in self._codings:
            raise httparallel.DecodingError("broken")
        return data.upper()

    def flush(self) -> bytes:
        return b"!"


class SyncPieces(httparallel.SyncByteStream):
    """Pieces of a body, and whether it was closed."""

    def __init__(self, *pieces: bytes, failure: Exception | None = None) -> None:
        self.pieces = pieces
        self.failure = failure
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        self.closed += 1


class AsyncPieces(httparallel.AsyncByteStream):
    """Pieces of a body, and whether it was closed."""

    def __init__(self, *pieces: bytes, failure: Exception | None = None) -> None:
        self.pieces = pieces
        self.failure = failure
        self.closed = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece
        if self.failure is not None:
            raise self.failure

    async def aclose(self) -> None:
        self.closed += 1
