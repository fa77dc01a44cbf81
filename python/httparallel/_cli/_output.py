"""What is shown: heads, bodies, errors, a download's progress. In colours on a terminal, plain elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO

import click
from pygments.lexers import get_lexer_for_mimetype
from pygments.util import ClassNotFound
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn
from rich.syntax import Syntax

from .. import Headers, Response, codes
from .._json_codec import decoded

# What a terminal would obey, as signs for it. A server must not be able to.
_CONTROLS = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"}
_CONTROLS |= {0x7F: 0x2421} | dict.fromkeys(range(0x80, 0xA0), 0xFFFD)

Pairs = list[tuple[bytes, bytes]]


class Output:
    """Where the command writes to."""

    def __init__(self, *, on_stderr: bool = False) -> None:
        self._console = Console(stderr=on_stderr)
        self._is_first = True

    def title(self, url: str) -> None:
        """Which of several URLs the following is about. Credentials in it are left out."""
        if not self._is_first:
            self._console.print()
        self._is_first = False
        self.step(re.sub("//[^/?#]*@", "//", url))

    def step(self, text: str) -> None:
        """A line about what happens, rather than of what was sent or received."""
        self._text(f"* {text}")

    def error(self, error: Exception) -> None:
        name = type(error).__name__
        message = escape(self._printable(str(error)))
        self._console.print(f"[red]{name}[/red]: {message}", highlight=False, emoji=False, soft_wrap=True)

    def response_head(self, response: Response) -> None:
        """The head of a response that the client has received."""
        version = response.extensions["http_version"]
        reason = response.extensions.get("reason_phrase")
        self.received_head(version, response.status_code, reason, response.headers.raw)

    def received_head(self, version: bytes, status: int, reason: bytes | None, headers: Pairs) -> None:
        """The head of a response. HTTP/2 has no reason phrases: None."""
        phrase = codes.get_reason_phrase(status) if not reason else reason.decode("latin-1")
        self._head(f"{version.decode('ascii')} {status} {phrase}", headers)

    def sent_head(self, method: bytes, target: bytes, version: str, headers: Pairs) -> None:
        """The head of a request."""
        self._head(f"{method.decode('ascii')} {target.decode('latin-1')} {version}", headers)

    def body(self, response: Response) -> None:
        """The body of a response that has been read, if there is any."""
        if not response.content:
            return
        language = _language(response)
        if language is None:
            self._text(f"<{len(response.content)} bytes of binary data>")
        else:
            self._code(_indented(response.text) if language == "json" else response.text, language)

    def download(self, response: Response, file: IO[bytes]) -> None:
        """Writes the body of a response to a file while it arrives."""
        length = response.headers.get("Content-Length", "")
        columns = (
            "[progress.description]{task.description}",
            "[progress.percentage]{task.percentage:>3.0f}%",
            BarColumn(bar_width=None),
            DownloadColumn(),
            TransferSpeedColumn(),
        )
        self._console.print()
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(
                f"Downloading [bold]{escape(str(file.name))}",
                total=int(length) if length.isdigit() else None,
            )
            for piece in response.iter_bytes():
                with _writing(file):
                    file.write(piece)
                # Of the bytes that came, which the length counts: the file may get more of them.
                progress.update(task, completed=response.num_bytes_downloaded)
        with _writing(file):
            # Opens it, too, if there was nothing to write.
            file.flush()

    def _head(self, start: str, headers: Pairs) -> None:
        encoding = Headers(headers).encoding
        lines = (f"{name.decode(encoding)}: {value.decode(encoding)}" for name, value in headers)
        self._code("\n".join((start, *lines)), "http")
        self._console.print()

    def _code(self, text: str, language: str) -> None:
        if not self._console.is_terminal:
            self._text(text)
            return
        self._console.print(Syntax(self._printable(text), language, theme="ansi_dark", word_wrap=True))

    def _text(self, text: str) -> None:
        # As it is: no line is broken that was not before.
        end = "" if text.endswith("\n") else "\n"
        shown = self._printable(text)
        self._console.print(shown, markup=False, highlight=False, emoji=False, soft_wrap=True, end=end)

    def _printable(self, text: str) -> str:
        if self._console.is_terminal:
            text = text.translate(_CONTROLS)
        encoding = self._console.encoding
        return text.encode(encoding, "backslashreplace").decode(encoding)


@contextmanager
def _writing(file: IO[bytes]) -> Iterator[None]:
    """Says what is wrong with the file, such as a full disk."""
    try:
        yield
    except BrokenPipeError:
        raise  # nobody reads it any more
    except OSError as error:
        # What a disk did not take it does not take at the end either.
        with suppress(OSError):
            file.close()
        raise click.ClickException(f"{file.name}: {error.strerror}") from None


def certificate_lines(certificate: dict[str, object]) -> Iterable[str]:
    """A certificate as `ssl.SSLSocket.getpeercert` describes it, in lines."""
    for name, value in certificate.items():
        if not isinstance(value, (list, tuple)):
            yield f"  {name}: {value!r}"
            continue
        yield f"  {name}:"
        for item in value:
            # A distinguished name is made of sets of pairs, which nearly always have one member.
            pairs = item if name in ("subject", "issuer") else (item,)
            for pair in pairs:
                is_pair = isinstance(pair, tuple) and len(pair) == 2
                yield f"    {pair[0]}: {pair[1]!r}" if is_pair else f"    {pair!r}"


def _language(response: Response) -> str | None:
    """What the body is written in, as pygments calls it. None if it is no text."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    # RFC 6839: the suffix says what the format is built on.
    kind = {"json": "application/json", "xml": "application/xml"}.get(kind.rpartition("+")[2], kind)
    try:
        name: str = get_lexer_for_mimetype(kind).aliases[0]
    except (ClassNotFound, IndexError):
        return "text" if kind.startswith("text/") else None
    return name


def _indented(text: str) -> str:
    try:
        return json.dumps(decoded(text), indent=4, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
