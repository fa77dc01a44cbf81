"""A parallel block over several engines, or none: what a client with proxies or `mounts=` needs.

Each engine has a native block of its own, a lane; numbers tell the lane. `max_concurrency` holds for each
lane, as the limits of its transport do.
"""

from __future__ import annotations

from ._config import DEFAULT_LIMITS
from ._native import Block, Completions
from ._routes import engine_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._base import BaseClient
    from ._native import URL, Engine, Headers, Operation, Settings
    from ._routes import EngineTransport

# Far more lanes than a client has transports, and a number of a lane never grows as large as the rest.
_LANES = 1 << 16


class Lanes:
    """Has the methods of a native Block."""

    def __init__(self, client: BaseClient[Any], max_concurrency: int | None) -> None:
        self._client = client
        self._max_concurrency = max_concurrency
        self._lanes: list[Block] = []
        self._by_engine: dict[Engine, int] = {}
        # How many operations of each lane were not delivered.
        self._pending: list[int] = []
        self._completions: Completions | None = None

    def submit(
        self, method: str, url: URL | str, headers: Headers, content: bytes | None, settings: Settings
    ) -> tuple[int, Operation]:
        from ._native import URL

        transport = self._client._engine_for(URL(url))
        assert transport is not None, "only requests that an engine carries are submitted"
        lane = self._lane_of(transport)
        number, operation = self._lanes[lane].submit(method, url, headers, content, settings)
        self._pending[lane] += 1
        return number * _LANES + lane, operation

    def _lane_of(self, transport: EngineTransport) -> int:
        engine = transport._engine
        lane = self._by_engine.get(engine)
        if lane is None:
            lane = self._by_engine[engine] = len(self._lanes)
            self._lanes.append(Block(engine, self._max_concurrency or transport._max_connections))
            self._pending.append(0)
        return lane

    def try_next(self) -> tuple[int, Operation] | None:
        for lane, block in enumerate(self._lanes):
            ready = block.try_next()
            if ready is not None:
                self._pending[lane] -= 1
                return ready[0] * _LANES + lane, ready[1]
        return None

    def deliver(self, number: int) -> None:
        number, lane = divmod(number, _LANES)
        self._lanes[lane].deliver(number)
        self._pending[lane] -= 1

    def close(self) -> None:
        for block in self._lanes:
            block.close()

    def busy(self) -> list[Block]:
        """The blocks that have something to wait for."""
        return [block for block, pending in zip(self._lanes, self._pending, strict=True) if pending]

    def wait(self, timeout: float | None = None) -> None:
        """Blocks until some lane has an operation that is ready, or so many seconds have passed."""
        from select import POLLIN, poll

        completions = self._completions
        if completions is None:
            completions = self._completions = Completions()
        tokens = register_all(completions, self.busy(), self)
        if tokens is None:
            return
        poller = poll()
        poller.register(completions.fileno(), POLLIN)
        try:
            # Rounded up: a wait that ends early is begun again at once.
            poller.poll(None if timeout is None else timeout * 1000 + 1)
        finally:
            completions.take()
            for token in tokens:
                completions.forget(token)


def register_all(completions: Completions, blocks: list[Block], waiter: object) -> list[int] | None:
    """Waits on behalf of `waiter` for whichever block is ready first. None if one is."""
    tokens: list[int] = []
    for block in blocks:
        token = completions.register(block, waiter)
        if token is None:
            for earlier in tokens:
                completions.forget(earlier)
            return None
        tokens.append(token)
    return tokens


def native_block(client: BaseClient[Any], max_concurrency: int | None) -> tuple[Block | Lanes, int | None]:
    """What gathers the operations of a parallel block, and how many of them run at once."""
    transport = client._engine_transport
    if transport is not None and not client._is_patched():
        limit = max_concurrency or transport._max_connections
        return Block(transport._engine, limit), limit
    limits = [each._max_connections for each in client._transports() if engine_of(each)]
    if not limits:
        limits.append(DEFAULT_LIMITS.max_connections)
    return Lanes(client, max_concurrency), max_concurrency or (None if None in limits else max(limits))
