"""wreq's blocking client: one call after another, or shared by threads."""

import wreq.blocking

from loops import one_by_one, threads

TITLE = "wreq blocking"
PACKAGE = "wreq"
# More threads than this make it slower, not faster.
THREADS = 32


def many(url: str, count: int, in_flight: int) -> int:
    client = wreq.blocking.Client(no_proxy=True)
    return threads(lambda: len(client.get(url).bytes()), count, min(in_flight, THREADS))


def sequential(url: str, count: int) -> tuple[int, list[float]]:
    client = wreq.blocking.Client(no_proxy=True)
    return one_by_one(lambda: len(client.get(url).bytes()), count)
