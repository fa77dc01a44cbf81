"""The handshake (RFC 6455, section 4): what is asked of a server, and whether its answer is one. No I/O."""

from __future__ import annotations

import base64
import os
import re
from contextlib import suppress

from wsproto.utilities import generate_accept_token

from .._flow import Read
from .._native import Headers
from ._exceptions import WebSocketUpgradeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._flow import Flow
    from .._response import Response
    from .._types import HeaderTypes

__all__ = ["accepted", "handshake_headers"]

# RFC 9110, section 5.6.2.
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def handshake_headers(headers: HeaderTypes | None, subprotocols: list[str] | None) -> Headers:
    """The headers of a handshake, with those that the program wants to send."""
    asked = Headers(headers)
    asked.update(
        {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
        }
    )
    if subprotocols:
        _check_subprotocols(subprotocols)
        asked["Sec-WebSocket-Protocol"] = ", ".join(subprotocols)
    return asked


def _check_subprotocols(subprotocols: list[str]) -> None:
    if isinstance(subprotocols, str):
        raise TypeError("'subprotocols' is a list of names, not a str.")
    wrong = [name for name in subprotocols if not _TOKEN.fullmatch(name)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} cannot be the name of a subprotocol.")
    # Section 4.1: they "MUST all be unique strings".
    if len(set(subprotocols)) != len(subprotocols):
        raise ValueError("A subprotocol is named twice in 'subprotocols'.")


def accepted(response: Response) -> Flow[Any]:
    """The stream of a WebSocket that the server has agreed to. WebSocketUpgradeError if it has not."""
    if response.status_code != 101:
        if response.is_error:
            # The answer was no, whatever becomes of the explanation.
            with suppress(Exception):
                yield Read(response)
        raise WebSocketUpgradeError(response)
    objection = _objection(response)
    if objection is not None:
        raise WebSocketUpgradeError._because(response, objection)
    stream = response.extensions.get("network_stream")
    if stream is None:
        raise RuntimeError("The transport gives no 'network_stream', and so cannot carry a WebSocket.")
    return stream


def _objection(response: Response) -> str | None:
    """What is wrong with an answer that claims to be a WebSocket's (section 4.1)."""
    asked, given = response.request.headers, response.headers
    if "websocket" not in _tokens(given.get("upgrade")):
        return "The server switches to another protocol than WebSocket."
    if "upgrade" not in _tokens(given.get("connection")):
        return "The server's answer has no 'Connection: Upgrade'."
    key = asked.get("sec-websocket-key", "").encode()
    if given.get("sec-websocket-accept", "").strip() != generate_accept_token(key).decode():
        return "The server's 'Sec-WebSocket-Accept' does not belong to the key that it was sent."
    if "sec-websocket-extensions" in given:
        return "The server uses an extension that it was not offered."
    chosen = given.get("sec-websocket-protocol")
    offered = [name.strip() for name in asked.get("sec-websocket-protocol", "").split(",")]
    if chosen is not None and chosen not in offered:
        return "The server has chosen a subprotocol that it was not offered."
    return None


def _tokens(value: str | None) -> list[str]:
    return [token.strip().lower() for token in (value or "").split(",")]
