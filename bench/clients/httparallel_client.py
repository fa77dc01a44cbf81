"""httparallel's plain synchronous client."""

import httparallel as httpx
from loops import one_by_one

TITLE = "httparallel Client.get"
PACKAGE = "httparallel"


def sequential(url: str, count: int) -> tuple[int, list[float]]:
    with httpx.Client(timeout=60) as client:
        return one_by_one(lambda: len(client.get(url).content), count)
