"""Makes a body, and the headers that describe it, of what the user gave as content, form, files or JSON."""

from __future__ import annotations

from ._streams import (
    AsyncIteratorByteStream,
    ByteStream,
    IteratorByteStream,
    UnattachedStream,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any

    from ._streams import AsyncByteStream, SyncByteStream
    from ._types import RequestContent, RequestData, RequestFiles, ResponseContent

    Encoded = tuple[dict[str, str], SyncByteStream | AsyncByteStream]

__all__ = [
    "AsyncIteratorByteStream",
    "ByteStream",
    "IteratorByteStream",
    "UnattachedStream",
    "encode_request",
    "encode_response",
    "file_extent",
    "form_value",
    "framing_of",
]


def encode_request(
    content: RequestContent | None = None,
    data: RequestData | None = None,
    files: RequestFiles | None = None,
    json: object = None,
    boundary: bytes | None = None,
) -> Encoded:
    """The content headers and the stream of a request's body.

    The first one given counts: content, files (with data as the form's other fields), data, json.
    """
    if data is not None and not _is_mapping(data):
        import warnings

        message = "'data' is for forms. Use 'content' for a body of bytes, text or an iterator."
        warnings.warn(message, DeprecationWarning, stacklevel=3)
        return encode_content(data)
    if content is not None:
        return encode_content(content)
    if files:
        from ._multipart import MultipartStream

        multipart = MultipartStream(data or {}, files, boundary)
        return multipart.get_headers(), multipart
    if data:
        return _encode_form(data)
    if json is not None:
        return _encode_json(json)
    return {}, ByteStream(b"")


def encode_response(
    content: ResponseContent | None = None,
    text: str | None = None,
    html: str | None = None,
    json: object = None,
) -> Encoded:
    """The content headers and the stream of a response's body, for responses that are made by hand."""
    if content is not None:
        return encode_content(content)
    if text is not None:
        return _described(text.encode(), "text/plain; charset=utf-8")
    if html is not None:
        return _described(html.encode(), "text/html; charset=utf-8")
    if json is not None:
        return _encode_json(json)
    return {}, ByteStream(b"")


def encode_content(content: Any) -> Encoded:  # noqa: ANN401 - any type may come; most are refused
    """Content as it was given: bytes, str, or an iterable, an asynchronous iterable or a file of bytes."""
    if isinstance(content, str):
        content = content.encode()
    elif isinstance(content, (bytearray, memoryview)):
        content = bytes(content)
    if isinstance(content, bytes):
        return ({"Content-Length": str(len(content))} if content else {}), ByteStream(content)
    if hasattr(content, "read"):
        from ._async_files import AsyncFileStream, is_async_file, ordinary_file

        # Before looking for iterators: those of such files yield lines.
        if is_async_file(content):
            inner = ordinary_file(content)
            _refuse_text_file(inner)
            return framing_of(_length_left(inner)), AsyncFileStream(content)
    # Iterating a mapping would send its keys, which nobody has ever meant.
    if not _is_mapping(content):
        if hasattr(content, "__iter__"):
            _refuse_text_file(content)
            return framing_of(_length_left(content)), IteratorByteStream(content)
        if hasattr(content, "__aiter__"):
            return framing_of(None), AsyncIteratorByteStream(content)
    raise TypeError(
        f"Unexpected type for 'content', {type(content)!r}: it must be bytes, str, "
        "or an iterable, an asynchronous iterable or a file of bytes."
    )


def framing_of(length: int | None) -> dict[str, str]:
    """The header that says where a body ends, if its length is known or if it is not."""
    return {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}


def _encode_form(data: RequestData) -> Encoded:
    from urllib.parse import urlencode

    pairs: list[tuple[str, str]] = []
    for name, value in data.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        pairs.extend((name, form_value(item)) for item in values)
    return _described(urlencode(pairs).encode(), "application/x-www-form-urlencoded")


def _encode_json(value: object) -> Encoded:
    from ._json_codec import encoded

    return _described(encoded(value), "application/json")


def _described(body: bytes, content_type: str) -> Encoded:
    return {"Content-Length": str(len(body)), "Content-Type": content_type}, ByteStream(body)


def form_value(value: object) -> str:
    """A form's value as text: `true` and `false` as in JSON, nothing for None."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return "" if value is None else str(value)


def _length_left(file: IO[bytes]) -> int | None:
    """How many bytes there are from where a file stands to its end, if it tells."""
    extent = file_extent(file)
    return None if extent is None else max(extent[1] - extent[0], 0)


def file_extent(file: IO[bytes]) -> tuple[int, int] | None:
    """Where a file stands and where it ends, or None if only reading it would tell.

    Seeking, not `fstat`: a file that is being written has bytes that the system does not know of yet.
    """
    from os import SEEK_END

    try:
        position = file.tell()
        end = file.seek(0, SEEK_END)
        file.seek(position)
    except (AttributeError, OSError, ValueError):
        return None
    return position, end


def _refuse_text_file(content: object) -> None:
    import io

    if isinstance(content, io.TextIOBase):
        raise TypeError("A file given as 'content' must be opened in binary mode, not in text mode.")


def _is_mapping(value: object) -> bool:
    from collections.abc import Mapping

    return isinstance(value, Mapping)
