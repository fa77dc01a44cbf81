"""Forms with files: where their parts come from. How a form is written is decided in the engine."""

from __future__ import annotations

import io
import os

from ._async_files import Chunks, is_async_file, ordinary_file, rewind
from ._content import file_extent, form_value, framing_of
from ._native import Boundary, multipart_head
from ._streams import CHUNK_SIZE, AsyncByteStream, SyncByteStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from typing import Any

    from ._types import FileTypes, RequestData, RequestFiles


def boundary_of(content_type: str | None) -> bytes | None:
    """The boundary that a user's own Content-Type names."""
    return Boundary.find(content_type) if content_type else None


class DataField:
    """A field of the form that is not a file."""

    def __init__(self, name: str, value: str | bytes | float | None) -> None:
        if not isinstance(name, str):
            raise TypeError(f"Invalid type for name. Expected str, got {type(name)}: {name!r}")
        if value is not None and not isinstance(value, (str, bytes, int, float)):
            raise TypeError(f"Invalid type for value. Expected primitive type, got {type(value)}: {value!r}")
        self.name = name
        self.value = value if isinstance(value, bytes) else form_value(value).encode()
        self._head = multipart_head(name, None, [])

    def get_length(self) -> int:
        """The number of bytes that `render` yields."""
        return len(self._head) + len(self.value)

    def render(self) -> Iterator[bytes]:
        """The field as it is sent, without the boundary."""
        yield self._head
        yield self.value

    def is_replayable(self) -> bool:
        """Whether `render` yields the same each time."""
        return True


class FileField:
    """A file of the form: content, `(name, content)`, `(name, content, type)` or `(…, type, headers)`."""

    def __init__(self, name: str, value: FileTypes) -> None:
        filename, file, content_type, headers = _unpacked(value)
        if isinstance(file, io.StringIO):
            raise TypeError("Multipart file uploads require 'io.BytesIO', not 'io.StringIO'.")
        if isinstance(ordinary_file(file), io.TextIOBase):
            raise TypeError("Multipart file uploads must be opened in binary mode, not text mode.")
        if not isinstance(file, (bytes, str)) and not hasattr(file, "read"):
            raise TypeError(
                f"A file to upload must be bytes, str or a binary file, not {type(file).__name__}."
            )
        # A content type among the headers wins over the tuple's third element.
        if not any(key.lower() == "content-type" for key in headers):
            content_type = content_type or _guessed_type(filename)
            if content_type is not None:
                headers = {**headers, "Content-Type": content_type}
        self.name = name
        self.filename = filename
        self.file = file.encode() if isinstance(file, str) else file
        self.headers = headers
        self._head = multipart_head(name, filename or None, list(headers.items()))

    def get_length(self) -> int | None:
        """The number of bytes that `render` yields; None if only reading the file would tell."""
        if isinstance(self.file, bytes):
            return len(self._head) + len(self.file)
        extent = file_extent(ordinary_file(self.file))
        return None if extent is None else len(self._head) + extent[1]

    def render(self) -> Iterator[bytes]:
        """The field as it is sent, without the boundary. A file is sent from its beginning, every time."""
        yield self._head
        if isinstance(self.file, bytes):
            yield self.file
            return
        if is_async_file(self.file):
            raise RuntimeError("An asynchronous file can only be sent by an AsyncClient.")
        # What cannot be rewound is sent from where it stands.
        if file_extent(self.file) is not None:
            self.file.seek(0)
        while chunk := self.file.read(CHUNK_SIZE):
            yield chunk.encode() if isinstance(chunk, str) else chunk

    async def rewound(self) -> Chunks:
        """What of `render` comes after its first piece, for async code and a file that is not at hand."""
        await rewind(self.file)
        return Chunks(self.file)

    def is_replayable(self) -> bool:
        """Whether `render` yields the same each time."""
        return isinstance(self.file, bytes) or file_extent(ordinary_file(self.file)) is not None


def _unpacked(value: FileTypes) -> tuple[str | None, Any, str | None, Mapping[str, str]]:
    if not isinstance(value, tuple):
        name = os.path.basename(str(getattr(value, "name", "upload")))
        return name, value, None, {}
    filename, file, *more = value
    content_type = more[0] if more else None
    headers = more[1] if len(more) > 1 else {}
    return filename, file, content_type, headers  # type: ignore[return-value]


def _guessed_type(filename: str | None) -> str | None:
    if not filename:
        return None
    from mimetypes import guess_type

    return guess_type(filename)[0] or "application/octet-stream"


class MultipartStream(SyncByteStream, AsyncByteStream):
    """A form as the body of a request. May be streamed again if its files can be rewound."""

    @property
    def is_async_only(self) -> bool:
        """Whether only async code can read one of the files."""
        return any(isinstance(field, FileField) and is_async_file(field.file) for field in self.fields)

    def __init__(self, data: RequestData, files: RequestFiles, boundary: bytes | None = None) -> None:
        self.boundary = os.urandom(16).hex().encode() if boundary is None else boundary
        self._delimiter = Boundary(self.boundary)
        self.content_type = self._delimiter.content_type
        self.fields = list(_fields(data, files))

    def get_content_length(self) -> int | None:
        """The length of the whole body; None if that of some file is not known."""
        return self._delimiter.length([field.get_length() for field in self.fields])

    def get_headers(self) -> dict[str, str]:
        """The headers that describe this body."""
        return {**framing_of(self.get_content_length()), "Content-Type": self.content_type}

    def iter_chunks(self) -> Iterator[bytes]:
        """The body, piece by piece."""
        for field in self.fields:
            yield self._delimiter.opening
            yield from field.render()
            yield b"\r\n"
        yield self._delimiter.closing

    def __iter__(self) -> Iterator[bytes]:
        yield from self.iter_chunks()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for field in self.fields:
            yield b"--%s\r\n" % self.boundary
            if isinstance(field, DataField) or isinstance(field.file, bytes):
                for chunk in field.render():
                    yield chunk
            else:
                yield field._head
                async for chunk in await field.rewound():
                    yield chunk
            yield b"\r\n"
        yield b"--%s--\r\n" % self.boundary

    def _is_replayable(self) -> bool:
        return all(field.is_replayable() for field in self.fields)


def _fields(data: RequestData, files: RequestFiles) -> Iterator[DataField | FileField]:
    for name, value in data.items():
        for item in value if isinstance(value, (list, tuple)) else [value]:
            yield DataField(name, item)
    for name, file in files.items() if hasattr(files, "items") else files:
        yield FileField(name, file)
