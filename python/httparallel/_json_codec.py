"""How JSON is written and read: as the standard library does it, unless a client is told otherwise."""

from __future__ import annotations

from ._native import read_json
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._types import JSONCodecTypes


@public
class JSONCodec:
    """Two functions that write and read JSON, for `Client(json_codec=…)`::

        import msgspec

        codec = JSONCodec(dumps=msgspec.json.encode, loads=msgspec.json.decode)
        client = httparallel.Client(json_codec=codec)

    A module that calls its functions `dumps` and `loads`, such as `orjson`, needs no JSONCodec.

    - `dumps`: makes text or bytes of a value: what `json=` is given.
    - `loads`: makes a value of bytes. `response.json(**kwargs)` hands its arguments on to it.
    """

    __slots__ = ("dumps", "loads")

    def __init__(self, *, dumps: Callable[[Any], str | bytes], loads: Callable[..., Any]) -> None:
        self.dumps = dumps
        self.loads = loads


class Coded:
    """A value that is still to be written, and by whom."""

    __slots__ = ("codec", "value")

    def __init__(self, codec: JSONCodecTypes, value: object) -> None:
        self.codec = codec
        self.value = value


def checked(codec: JSONCodecTypes | None) -> JSONCodecTypes | None:
    """The codec. TypeError if it is none."""
    if codec is not None:
        for name in ("dumps", "loads"):
            if not callable(getattr(codec, name, None)):
                raise TypeError(
                    f"json_codec must have the functions 'dumps' and 'loads', and this has no {name!r}. "
                    "If they have other names: JSONCodec(dumps=…, loads=…)."
                )
    return codec


def encoded(value: object) -> bytes:
    """A value as JSON. Bytes are JSON already."""
    if isinstance(value, Coded):
        written = value.value if isinstance(value.value, bytes) else value.codec.dumps(value.value)
        return written.encode() if isinstance(written, str) else written
    if isinstance(value, bytes):
        return value
    from json import dumps

    # NaN and infinity are not JSON (RFC 8259, section 6).
    return dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def decoded(document: str | bytes, codec: JSONCodecTypes | None = None, **kwargs: Any) -> Any:  # noqa: ANN401
    """The value that a document is: as the codec reads it, or else as `json.loads` does."""
    if codec is not None:
        return codec.loads(document.encode() if isinstance(document, str) else document, **kwargs)
    if not kwargs:
        value = read_json(document)
        if value is not NotImplemented:
            return value
    from json import loads

    return loads(document, **kwargs)
