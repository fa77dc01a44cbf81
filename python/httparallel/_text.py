"""From bytes to text: character encodings, and streams cut into chunks of one size or into lines.

A *stage* is a function that takes the next piece of a stream and gives what it makes of it; None in place
of a piece means that the stream has ended. Stages do no I/O, so one stage serves synchronous and
asynchronous streams.
"""

from __future__ import annotations

import codecs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import AnyStr, TypeVar

    T = TypeVar("T")
    U = TypeVar("U")
    Stage = Callable[[T | None], Iterable[U]]

# What str.splitlines() takes for the end of a line.
LINE_ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


def is_text_encoding(name: str) -> bool:
    """Whether Python can decode text from `name`. Codecs such as `hex` and `zlib` are not for text."""
    try:
        b" ".decode(name, "replace")
    except (LookupError, ValueError):  # unknown, or not even a name
        return False
    return True


def text_decoder(encoding: str) -> Stage[bytes, str]:
    """A stage that decodes text. What is not in the encoding becomes U+FFFD."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")

    def stage(piece: bytes | None) -> list[str]:
        text = decoder.decode(b"", True) if piece is None else decoder.decode(piece)
        return [text] if text else []

    return stage


def chunker(empty: AnyStr, size: int | None) -> Stage[AnyStr, AnyStr]:
    """A stage that cuts a stream into chunks of `size`, the last one perhaps shorter.

    None leaves the pieces as they come. Empty pieces are dropped. `empty` is `b""` or `""`.
    """
    if size is None:
        return lambda piece: [piece] if piece else []
    if size < 1:
        raise ValueError(f"chunk_size must be at least 1, not {size}")
    held: list[AnyStr] = []
    held_size = 0

    def stage(piece: AnyStr | None) -> list[AnyStr]:
        nonlocal held_size
        if piece is not None:
            held.append(piece)
            held_size += len(piece)
            if held_size < size:
                return []
        whole = empty.join(held)
        end = len(whole) if piece is None else len(whole) - len(whole) % size
        held[:] = [whole[end:]]
        held_size = len(whole) - end
        return [whole[start : start + size] for start in range(0, end, size)]

    return stage


def line_splitter() -> Stage[str, str]:
    """A stage that splits text into lines, as `str.splitlines()` would split the whole of it."""
    held: list[str] = []  # the beginning of a line whose end has not come
    after_cr = False  # the last character was "\r", which may be half of "\r\n"

    def stage(piece: str | None) -> list[str]:
        nonlocal after_cr
        text = ("\r" if after_cr else "") + (piece or "")
        after_cr = piece is not None and text.endswith("\r")
        if after_cr:
            text = text[:-1]
        lines = text.splitlines()
        if lines:
            held.append(lines[0])
            if len(lines) > 1 or text[-1] in LINE_ENDS:
                lines[0] = "".join(held)
                held.clear()
                if text[-1] not in LINE_ENDS:
                    held.append(lines.pop())
            else:
                lines = []
        if piece is None and held:
            lines.append("".join(held))
        return lines

    return stage
