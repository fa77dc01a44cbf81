"""The extension `network_stream` of the engine's responses: what is known of the connection.

Of clients and of the low level's pools alike.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from ._native import Operation
    from ._types import Reply

__all__ = ["EngineNetworkStream", "EngineTLS", "Known"]

_REFUSAL = (
    "This connection belongs to the engine. A request with the header 'Upgrade', or of the method CONNECT, "
    "has one that may be taken over."
)


class EngineTLS:
    """What is known of a connection's TLS, by the names that `ssl.SSLObject` has for it.

    For looking at, as what stands behind it is not Python's `ssl`.
    """

    __slots__ = ("_source",)

    def __init__(self, source: Reply | Operation) -> None:
        self._source = source

    def version(self) -> str:
        """`TLSv1.2` or `TLSv1.3`."""
        version: str = self._source.extra_info("tls_version")
        return version

    def cipher(self) -> tuple[str, str, int] | None:
        """The cipher suite by its name in IANA's registry, the version, and how many bits its key has."""
        name: str | None = self._source.extra_info("cipher")
        if name is None:
            return None
        return name.replace("TLS13_", "TLS_"), self.version(), 128 if "_128_" in name else 256

    def selected_alpn_protocol(self) -> str | None:
        """`h2`, `http/1.1`, or None if nothing was agreed on."""
        protocol: str | None = self._source.extra_info("alpn_protocol")
        return protocol

    def getpeercert(self, binary_form: bool = False) -> bytes | None:
        """The server's certificate in DER. Anything but `binary_form=True` is a NotImplementedError."""
        if not binary_form:
            raise NotImplementedError("The engine has the certificate in DER only: binary_form=True.")
        certificate: bytes | None = self._source.extra_info("peer_certificate")
        return certificate


class Known:
    """A connection of the engine as `get_extra_info` tells of it, by the names that httpcore's streams have.

    - `client_addr`, `server_addr`: as Python's sockets give them; None for a Unix socket.
    - `is_readable`: whether something has come that is not read yet, or the connection is closed.
    - `ssl_object`: an EngineTLS; None without TLS.
    - `tls_version` ("TLSv1.3"), `cipher`, `alpn_protocol` ("h2") and `peer_certificate` (DER): parts of that.

    Anything else is None. So is `socket`: a timeout that a program sets on it would stop the engine's thread.
    """

    __slots__ = ("_source",)

    def __init__(self, source: Reply | Operation) -> None:
        self._source = source

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - each name has its own type
        source = self._source
        if info == "ssl_object":
            return None if source.extra_info("tls_version") is None else EngineTLS(source)
        return source.extra_info(info)


class EngineNetworkStream(Known):
    """For looking at: the bytes of the connection are not for others to read, nor to write."""

    __slots__ = ()

    def read(self, max_bytes: int, timeout: float | None = None) -> NoReturn:  # noqa: ARG002 - nothing is read
        raise RuntimeError(_REFUSAL)

    def write(self, buffer: bytes, timeout: float | None = None) -> NoReturn:  # noqa: ARG002 - nor written
        raise RuntimeError(_REFUSAL)

    def start_tls(self, *arguments: Any, **keywords: Any) -> NoReturn:  # noqa: ANN401, ARG002 - it never starts
        raise RuntimeError(_REFUSAL)
