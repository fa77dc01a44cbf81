"""Forms with files, byte by byte."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from httparallel import Request
from httparallel._multipart import MultipartStream, boundary_of

BOUNDARY = {"Content-Type": "multipart/form-data; boundary=B"}


def request(files: object, data: dict[str, object] | None = None) -> Request:
    return Request("POST", "https://example.org/", data=data, files=files, headers=BOUNDARY)  # type: ignore[arg-type]


def body(files: object, data: dict[str, object] | None = None) -> bytes:
    made = request(files, data)
    content = made.read()
    assert made.headers.get("Content-Length", str(len(content))) == str(len(content))
    return content


def test_a_form_has_its_fields_first_and_then_its_files() -> None:
    data: dict[str, object] = {"a": "1", "b": b"C", "c": ["11", 22], "d": "", "e": True, "f": None}
    fields = [("a", "1"), ("b", "C"), ("c", "11"), ("c", "22"), ("d", ""), ("e", "true"), ("f", "")]
    expected = "".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields
    )
    expected += (
        '--B\r\nContent-Disposition: form-data; name="file"; filename="name.txt"\r\n'
        "Content-Type: text/plain\r\n\r\n<file content>\r\n--B--\r\n"
    )
    assert body({"file": ("name.txt", io.BytesIO(b"<file content>"))}, data) == expected.encode()


def test_the_boundary_is_random_and_said_in_the_content_type() -> None:
    first, second = (MultipartStream({}, {"f": b"x"}) for _ in range(2))
    assert first.boundary != second.boundary
    assert first.get_headers()["Content-Type"] == f"multipart/form-data; boundary={first.boundary.decode()}"


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=+++", b"+++"),
        ("multipart/form-data; boundary=+++ ;", b"+++"),
        ('multipart/form-data; charset=utf-8; Boundary="+++"', b"+++"),
        ("multipart/form-data; charset=utf-8; ", None),
        ("multipart/form-data", None),
        ("multipart/mixed; boundary=+++", None),
        (None, None),
    ],
)
def test_a_boundary_of_the_users_own_is_found(content_type: str | None, boundary: bytes | None) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize("boundary", [b"", b"a\r\nX: 1", b"a;b", b"x" * 71])
def test_a_boundary_that_cannot_stand_in_a_header_is_refused(boundary: bytes) -> None:
    with pytest.raises(ValueError, match="boundary"):
        MultipartStream({}, {}, boundary)


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [("a.json", "application/json"), ("a.txt", "text/plain"), ("none", "application/octet-stream")],
)
def test_the_type_of_a_file_is_guessed_by_its_name(filename: str, content_type: str) -> None:
    assert f"\r\nContent-Type: {content_type}\r\n\r\n".encode() in body({"f": (filename, b"x")})


def test_a_file_without_a_name_has_no_type() -> None:
    head = b'--B\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n--B--\r\n'
    assert body({"f": (None, b"x")}) == head


def test_a_file_object_is_named_after_its_path_and_bytes_after_nothing(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(b"x")
    with path.open("rb") as file:
        assert b'; filename="report.txt"\r\n' in body({"f": file})
    assert b'; filename="upload"\r\n' in body({"f": b"x"})


def test_headers_of_a_file_win_over_its_type_and_are_not_changed() -> None:
    headers = {"content-type": "image/png", "Expires": "0"}
    content = body({"f": ("a.txt", b"x", "text/plain", headers)})
    assert b"\r\ncontent-type: image/png\r\nExpires: 0\r\n\r\n" in content
    assert b"text/plain" not in content
    mine = {"Expires": "0"}
    assert b"\r\nExpires: 0\r\nContent-Type: text/plain\r\n\r\n" in body({"f": ("a.txt", b"x", None, mine)})
    assert mine == {"Expires": "0"}


def test_several_files_may_have_one_name() -> None:
    assert body([("f", b"1"), ("f", b"2")]).count(b'name="f"') == 2


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("näme", "näme"),
        ('a"b', "a%22b"),
        ("a\\b", "a\\\\b"),
        ("a\r\nX-Injected: 1", "a%0D%0AX-Injected: 1"),
        ("\x1a\x1b\x1c\x00", "%1A\x1b%1C%00"),
    ],
)
def test_a_name_cannot_leave_its_quotes(name: str, escaped: str) -> None:
    content = body({name: (name, b"x")})
    assert f'name="{escaped}"; filename="{escaped}"\r\n'.encode() in content


@pytest.mark.parametrize(
    "header", [("X", "a\r\nB: c"), ("X", "a\x00"), ("X\r\nY", "a"), ("", "a"), ("X Y", "a")]
)
def test_a_header_of_a_file_cannot_leave_its_line(header: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="multipart header"):
        request({"f": ("a", b"x", None, dict([header]))})


def test_a_type_of_a_file_cannot_leave_its_line() -> None:
    with pytest.raises(ValueError, match="multipart header"):
        request({"f": ("a", b"x", "text/plain\r\nX: 1")})


@pytest.mark.parametrize("key", [b"abc", 1, 2.3, None])
def test_a_field_is_named_by_a_string(key: object) -> None:
    with pytest.raises(TypeError, match="Invalid type for name"):
        request({"f": b"x"}, {key: "abc"})  # type: ignore[dict-item]


@pytest.mark.parametrize("value", [object(), {"key": "value"}])
def test_a_field_has_a_plain_value(value: object) -> None:
    with pytest.raises(TypeError, match="Invalid type for value"):
        request({"f": b"x"}, {"text": value})


def test_files_of_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"io\.BytesIO"):
        request({"f": io.StringIO("x")})
    with (tmp_path / "f").open("w") as file, pytest.raises(TypeError, match="binary mode"):
        request({"f": file})


def test_a_file_is_sent_whole_and_again() -> None:
    file = io.BytesIO(b"0123456789")
    file.seek(5)
    stream = MultipartStream({}, {"f": file}, b"B")
    assert b"".join(stream) == b"".join(stream)
    assert b"\r\n0123456789\r\n" in b"".join(stream)


class Unseekable(io.RawIOBase):
    """A file that can only be read on."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, size: int = -1) -> bytes:  # noqa: ARG002 - one piece is what there is
        return next(self._pieces, b"")


def test_a_file_of_unknown_length_is_sent_in_chunks() -> None:
    made = request({"f": Unseekable(iter([b"Hello", b"World"]))})
    assert made.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in made.headers
    assert b"\r\n\r\nHelloWorld\r\n--B--\r\n" in made.read()


def test_a_pipe_is_a_file_of_unknown_length() -> None:
    reader, writer = os.pipe()
    with open(writer, "wb") as end:
        end.write(b"through a pipe")
    with open(reader, "rb") as file:
        assert b"\r\n\r\nthrough a pipe\r\n--B--\r\n" in body({"f": ("name", file)})


@pytest.mark.anyio
async def test_a_form_serves_asynchronous_clients_too() -> None:
    stream = MultipartStream({"a": "1"}, {"f": b"x"}, b"B")
    assert b"".join([part async for part in stream]) == b"".join(stream)
