"""pyreqwest's synchronous client: one call after another, or shared by threads."""

from pyreqwest.client import SyncClientBuilder

from loops import one_by_one, threads

TITLE = "pyreqwest sync"
PACKAGE = "pyreqwest"
# More threads than this make it slower, not faster.
THREADS = 32


def many(url: str, count: int, in_flight: int) -> int:
    with SyncClientBuilder().no_proxy().build() as client:
        return threads(lambda: len(client.get(url).build().send().bytes()), count, min(in_flight, THREADS))


def sequential(url: str, count: int) -> tuple[int, list[float]]:
    with SyncClientBuilder().no_proxy().build() as client:
        return one_by_one(lambda: len(client.get(url).build().send().bytes()), count)
