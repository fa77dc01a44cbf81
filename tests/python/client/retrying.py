"""Clients that send requests again, in each of the ways that a request may take."""

from __future__ import annotations

from typing import Any

from kinds import Kind

import httparallel
from httparallel import Retry

# The engine by itself, a flow that has the engine do it, and a flow that does it itself.
WAYS = ("engine", "flow", "transport")


def at_once(attempts: int = 3, **arguments: Any) -> Retry:
    """Without waits and without a budget."""
    return Retry(attempts, **({"backoff": 0.0, "budget": None} | arguments))


class Forwarding(httparallel.HTTPTransport):
    """A transport of the user's own, which has the engine carry the requests."""

    def handle_request(self, request: httparallel.Request) -> httparallel.Response:
        return super().handle_request(request)


class AsyncForwarding(httparallel.AsyncHTTPTransport):
    async def handle_async_request(self, request: httparallel.Request) -> httparallel.Response:
        return await super().handle_async_request(request)


def client_by(way: str, kind: Kind, **arguments: Any) -> Any:
    if way == "flow":
        arguments["event_hooks"] = {"request": [kind.function(lambda _: None)]}
    elif way == "transport":
        arguments["transport"] = AsyncForwarding() if kind.is_async else Forwarding()
    return kind.client(**arguments)
