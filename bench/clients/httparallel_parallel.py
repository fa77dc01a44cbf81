"""httparallel's synchronous `parallel()` block."""

import httparallel as httpx

TITLE = "httparallel parallel()"
PACKAGE = "httparallel"

UNLIMITED = httpx.Limits(max_connections=None, max_keepalive_connections=None)


def many(url: str, count: int, in_flight: int) -> int:
    size = 0
    with (
        httpx.Client(limits=UNLIMITED, timeout=60) as client,
        client.parallel(max_concurrency=in_flight if in_flight < count else None) as parallel,
    ):
        for _ in range(count):
            parallel.get(url)
        while parallel.has_pending_responses:
            size += len(parallel.next_response().content)
    return size


def ahead(url: str, count: int, in_flight: int) -> int:
    """One block with at most `in_flight` requests outstanding: a response makes room for a request."""
    size = 0
    with httpx.Client(limits=UNLIMITED, timeout=60) as client, client.parallel() as parallel:
        for _ in range(min(in_flight, count)):
            parallel.get(url)
        for _ in range(count - in_flight):
            size += len(parallel.next_response().content)
            parallel.get(url)
        while parallel.has_pending_responses:
            size += len(parallel.next_response().content)
    return size
