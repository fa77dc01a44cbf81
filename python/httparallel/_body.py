"""The body of a response: how it is read, decoded, cut into pieces and let go of.

Each step is a stage of `_text`, a function without I/O; `pipe` and `apipe` draw a stream through it. What
is synchronous and what is asynchronous here differs in those two functions and in nothing else.
"""

from __future__ import annotations

from time import monotonic

from ._exceptions import RequestError, ResponseNotRead, StreamClosed, StreamConsumed, request_context
from ._json_codec import decoded
from ._lazy import lazy
from ._native import Headers, charset_of
from ._request import Request
from ._streams import AsyncByteStream, ByteStream, SyncByteStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from typing import Any, TypeVar

    from ._text import Stage
    from ._types import ClientDefaults, Decoder, DefaultEncoding, JSONCodecTypes, Reply

    T = TypeVar("T")
    U = TypeVar("U")


def pipe(source: Generator[T, None, None], stage: Stage[T, U]) -> Generator[U, None, None]:
    """What `stage` makes of the pieces of `source`, which is closed at the end, however that comes."""
    try:
        for piece in source:
            yield from stage(piece)
        yield from stage(None)
    finally:
        source.close()


async def apipe(source: AsyncGenerator[T, None], stage: Stage[T, U]) -> AsyncGenerator[U, None]:
    """`pipe` for asynchronous streams."""
    try:
        async for piece in source:
            for made in stage(piece):
                yield made
        for made in stage(None):
            yield made
    finally:
        await source.aclose()


def content_decoder(headers: Headers, request: Request | None) -> Stage[bytes, bytes] | None:
    """A stage that undoes the content codings which the headers name, within the request's `max_body`.

    None if there is nothing to undo and no limit. The stage raises DecodingError and BodyTooLarge.
    """
    names = [name.strip().lower() for name in headers.get_list("content-encoding", split_commas=True)]
    codings = [name for name in names if name != "identity"]
    max_body = None if request is None else request.extensions.get("max_body")
    if not codings and max_body is None:
        return None
    decoder: Decoder | None = None

    def stage(piece: bytes | None) -> Generator[bytes, None, None]:
        nonlocal decoder
        with request_context(request):
            if piece is None:
                # The answer to HEAD names the coding of a body that it does not have.
                made = b"" if decoder is None else decoder.flush()
                yield made
                return
            if decoder is None:
                from ._native import Decoder

                decoder = Decoder(codings, max_body)
            made = decoder.decode(piece)
        yield made
        # What expands much is given part by part.
        while decoder.has_more:
            with request_context(request):
                made = decoder.decode(b"")
            yield made

    return stage


def check_size(response: Body, request: Request) -> None:
    """Holds a body that a transport written in Python gave in one piece to the request's `max_body`."""
    max_body = request.extensions.get("max_body")
    if max_body is not None:
        from ._native import Decoder

        with request_context(request):
            Decoder([], max_body).decode(response.content)


class Body:
    """The part of Response that is about its body, and about the native reply that may hold it."""

    # As it is of most responses: those that the engine delivers whole.
    is_closed = True
    """Whether the response has let go of its connection."""

    is_stream_consumed = True
    """Whether streaming the body has begun. That works once."""

    _reply: Reply | None = None
    _defaults: ClientDefaults | None = None
    # What the client reads JSON with, if it is told so here and not by its defaults.
    _json_codec: JSONCodecTypes | None = None
    _is_streamed = False
    # The body, once it is known. To look for it in `__dict__` would make one.
    _whole: bytes | None = None
    _num_bytes_downloaded = 0
    # When the request was sent that a transport without a clock has answered.
    _started: float | None = None
    # How long that transport took until it had the head of the response.
    _waited: float | None = None

    @lazy
    def headers(self) -> Headers:
        """The headers of the response."""
        return Headers() if self._reply is None else self._reply.headers

    @lazy
    def default_encoding(self) -> DefaultEncoding:
        """The text encoding to assume if the headers name none, or a function of the content."""
        return "utf-8" if self._defaults is None else self._defaults.default_encoding

    @lazy
    def stream(self) -> SyncByteStream | AsyncByteStream:
        """The body, as the transport gives it."""
        return ByteStream(self.content)

    @lazy
    def _request(self) -> Request | None:
        return None if self._reply is None else Request._from_reply(self._reply)

    @property
    def _content(self) -> bytes:
        # Present once the body has been read, as `hasattr(response, "_content")` in others' code expects.
        try:
            return self.content
        except ResponseNotRead:
            raise AttributeError("_content") from None

    @_content.setter
    def _content(self, content: bytes) -> None:
        self._whole = content

    @_content.deleter
    def _content(self) -> None:
        # So that the response can be read again, in tests with pytest-httpx.
        self._whole = None

    @property
    def content(self) -> bytes:
        """The whole body, with its content codings undone. ResponseNotRead if it is yet to be streamed."""
        whole = self._whole
        if whole is not None:
            return whole
        reply = self._reply
        if reply is None or self._is_streamed:
            raise ResponseNotRead
        try:
            whole = self._whole = reply.content()
        except RequestError as error:
            if self._request is not None:
                error.request = self._request
            raise
        return whole

    @property
    def text(self) -> str:
        """The whole body as text. What is not in `encoding` becomes U+FFFD."""
        return self._text

    @lazy
    def _text(self) -> str:
        return self.content.decode(self.encoding or "utf-8", "replace")

    def json(self, **kwargs: Any) -> Any:  # noqa: ANN401 - as `json.loads` has it
        """The whole body, parsed as JSON. Takes the arguments of `json.loads`, or of the client's codec."""
        return decoded(self.content, self._codec, **kwargs)

    @property
    def _codec(self) -> JSONCodecTypes | None:
        """What reads JSON, if that is not the standard library."""
        return self._json_codec or getattr(self._defaults, "json_codec", None)

    @property
    def encoding(self) -> str | None:
        """The encoding of the text: what was set, what the headers name, or `default_encoding`.

        May be set until `text` has been asked for.
        """
        return self._encoding

    @encoding.setter
    def encoding(self, value: str) -> None:
        if "_text" in self.__dict__:
            raise ValueError("Setting encoding after `text` has been accessed is not allowed.")
        self._encoding = value

    @lazy
    def _encoding(self) -> str:
        from ._text import is_text_encoding

        named = self.charset_encoding
        if named is not None and is_text_encoding(named):
            return named
        default = self.default_encoding
        if isinstance(default, str):
            return default
        return (default(self._content) if self._is_read else None) or "utf-8"

    @property
    def charset_encoding(self) -> str | None:
        """The encoding that the header Content-Type names."""
        content_type = self.headers.get("Content-Type")
        return None if content_type is None else charset_of(content_type)

    @property
    def _is_read(self) -> bool:
        return hasattr(self, "_content")

    def read(self) -> bytes:
        """Reads the body into memory and returns it."""
        if not self._is_read:
            self._content = b"".join(self.iter_bytes())
        return self._content

    async def aread(self) -> bytes:
        """Reads the body into memory and returns it."""
        if not self._is_read:
            self._content = b"".join([part async for part in self.aiter_bytes()])
        return self._content

    def iter_raw(self, chunk_size: int | None = None) -> Generator[bytes, None, None]:
        """The body as it was sent, as it comes or in chunks of one size. Works once; closes the response."""
        from ._text import chunker

        pieces = self._pieces()
        return pieces if chunk_size is None else pipe(pieces, chunker(b"", chunk_size))

    def aiter_raw(self, chunk_size: int | None = None) -> AsyncGenerator[bytes, None]:
        """The body as it was sent, as it comes or in chunks of one size. Works once; closes the response."""
        from ._text import chunker

        pieces = self._apieces()
        return pieces if chunk_size is None else apipe(pieces, chunker(b"", chunk_size))

    def iter_bytes(self, chunk_size: int | None = None) -> Generator[bytes, None, None]:
        """The body with its content codings undone, as it comes or in chunks of one size."""
        from ._text import chunker

        if self._is_read:
            return pipe(_one(self._content), chunker(b"", chunk_size))
        decoder = content_decoder(self.headers, self._request)
        if decoder is None:
            return self.iter_raw(chunk_size)
        return pipe(pipe(self._pieces(), decoder), chunker(b"", chunk_size))

    def aiter_bytes(self, chunk_size: int | None = None) -> AsyncGenerator[bytes, None]:
        """The body with its content codings undone, as it comes or in chunks of one size."""
        from ._text import chunker

        if self._is_read:
            return apipe(_aone(self._content), chunker(b"", chunk_size))
        decoder = content_decoder(self.headers, self._request)
        if decoder is None:
            return self.aiter_raw(chunk_size)
        return apipe(apipe(self._apieces(), decoder), chunker(b"", chunk_size))

    def iter_text(self, chunk_size: int | None = None) -> Generator[str, None, None]:
        """The body as text, as it comes or in chunks of that many characters."""
        from ._text import chunker, text_decoder

        return pipe(pipe(self.iter_bytes(), text_decoder(self.encoding or "utf-8")), chunker("", chunk_size))

    def aiter_text(self, chunk_size: int | None = None) -> AsyncGenerator[str, None]:
        """The body as text, as it comes or in chunks of that many characters."""
        from ._text import chunker, text_decoder

        text = apipe(self.aiter_bytes(), text_decoder(self.encoding or "utf-8"))
        return apipe(text, chunker("", chunk_size))

    def iter_lines(self) -> Generator[str, None, None]:
        """The lines of the body's text, without their ends."""
        from ._text import line_splitter

        return pipe(self.iter_text(), line_splitter())

    def aiter_lines(self) -> AsyncGenerator[str, None]:
        """The lines of the body's text, without their ends."""
        from ._text import line_splitter

        return apipe(self.aiter_text(), line_splitter())

    def _pieces(self) -> Generator[bytes, None, None]:
        """The pieces of the stream, without empty ones."""
        self._check_streamable()
        stream = self.stream
        if not isinstance(stream, SyncByteStream):
            raise RuntimeError("The body is an asynchronous stream; the method is 'aiter_…' or 'aread'.")
        self.is_stream_consumed = True
        try:
            with request_context(self._request):
                for piece in stream:
                    if piece:
                        self._num_bytes_downloaded += len(piece)
                        yield piece
        finally:
            self.close()

    async def _apieces(self) -> AsyncGenerator[bytes, None]:
        """The pieces of the stream, without empty ones."""
        self._check_streamable()
        stream = self.stream
        if not isinstance(stream, AsyncByteStream):
            raise RuntimeError("The body is a synchronous stream; the method is 'iter_…' or 'read'.")
        self.is_stream_consumed = True
        pieces = stream.__aiter__()
        try:
            with request_context(self._request):
                async for piece in pieces:
                    if piece:
                        self._num_bytes_downloaded += len(piece)
                        yield piece
        finally:
            # Left to the garbage collector, a generator's `finally` would run in no task at all.
            if hasattr(pieces, "aclose"):
                await pieces.aclose()
            await self.aclose()

    def _check_streamable(self) -> None:
        if self.is_stream_consumed:
            raise StreamConsumed
        if self.is_closed:
            raise StreamClosed

    def close(self) -> None:
        """Lets go of the connection. Happens by itself when the body has been read."""
        if self._is_whole:
            return
        stream = self.stream
        if not isinstance(stream, SyncByteStream):
            raise RuntimeError("The body is an asynchronous stream; use 'await response.aclose()'.")
        if not self.is_closed:
            self.is_closed = True
            self._stop_clock()
            with request_context(self._request):
                stream.close()

    async def aclose(self) -> None:
        """Lets go of the connection. Happens by itself when the body has been read."""
        if self._is_whole:
            return
        stream = self.stream
        if not isinstance(stream, AsyncByteStream):
            raise RuntimeError("The body is a synchronous stream; use 'response.close()'.")
        if not self.is_closed:
            self.is_closed = True
            self._stop_clock()
            with request_context(self._request):
                await stream.aclose()

    def _time(self, started: float) -> None:
        """Measures `elapsed`, unless the transport does that itself."""
        self._started = started
        self._waited = monotonic() - started
        if self.is_closed:
            self._stop_clock()

    def _stop_clock(self) -> None:
        if self._started is not None:
            from datetime import timedelta

            self._elapsed = timedelta(seconds=monotonic() - self._started)
            self._started = None

    @property
    def _is_whole(self) -> bool:
        """Whether the engine delivered the whole body: then there is no connection to let go of."""
        return self._reply is not None and not self._is_streamed


def _one(piece: T) -> Generator[T, None, None]:
    yield piece


async def _aone(piece: T) -> AsyncGenerator[T, None]:
    yield piece
