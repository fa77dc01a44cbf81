"""The extension `network_stream` of the engine's responses: what is known of the connection."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from ._types import Reply

_REFUSAL = (
    "This connection belongs to the engine. A request with the header 'Upgrade', or of the method CONNECT, "
    "has one that may be taken over."
)


class EngineNetworkStream:
    """For looking at: the bytes of the connection are not for others to read, nor to write.

    `get_extra_info` knows of `client_addr` and `server_addr` (as `socket.getsockname` has them; None for a
    Unix socket), `is_readable`, and with TLS of `tls_version` ("TLSv1.3"), `cipher`, `alpn_protocol` ("h2")
    and `peer_certificate` (bytes, DER). Anything else, such as `ssl_object` and `socket`, is None.
    """

    __slots__ = ("_reply",)

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - each name has its own type
        return self._reply.extra_info(info)

    def read(self, max_bytes: int, timeout: float | None = None) -> NoReturn:  # noqa: ARG002 - nothing is read
        raise RuntimeError(_REFUSAL)

    def write(self, buffer: bytes, timeout: float | None = None) -> NoReturn:  # noqa: ARG002 - nor written
        raise RuntimeError(_REFUSAL)

    def start_tls(self, *arguments: Any, **keywords: Any) -> NoReturn:  # noqa: ANN401, ARG002 - it never starts
        raise RuntimeError(_REFUSAL)
