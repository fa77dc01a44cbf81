"""One run of one library, in a process of its own: `part_worker.py PART LIBRARY LOOPS` prints its figures.

Nothing is imported before a clock starts that a library might need too.
"""

from __future__ import annotations

import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

URL = "https://www.example.org:8443/a/path/to/something?page=3&sort=name#part"
QUERY = {"page": "3", "sort": "name", "filter": "a b", "limit": "100"}
# Names as a server sends them, and about as many.
HEADERS = [
    ("Date", "Fri, 27 Nov 2026 10:00:00 GMT"),
    ("Content-Type", "application/json; charset=utf-8"),
    ("Content-Length", "1024"),
    ("Connection", "keep-alive"),
    ("Server", "example/1.0"),
    ("Vary", "Accept-Encoding"),
    ("ETag", '"33a64df551425fcc55e4d42a148795d9"'),
    ("Cache-Control", "max-age=3600, public"),
    ("Strict-Transport-Security", "max-age=31536000"),
    ("X-Request-Id", "7f3a1c52"),
]


def main() -> None:
    part, library, loops = sys.argv[1:]
    figures = PARTS[part](library, int(loops))
    words = ", ".join(f'"{name}": {value}' for name, value in figures.items())
    print(f"{{{words}}}", flush=True)


def imported(library: str, _: int) -> dict[str, float]:
    """How long `import` takes."""
    start, cpu = time.perf_counter(), time.process_time()
    __import__(library)
    return {"wall_s": time.perf_counter() - start, "cpu_s": time.process_time() - cpu}


def client(library: str, loops: int) -> dict[str, float]:
    """How long the first client takes, and each later one. All are kept: closing them is not measured."""
    make = __import__(library).Client
    start = time.perf_counter()
    made = [make()]
    first = time.perf_counter() - start
    start = time.perf_counter()
    made += [make() for _ in range(loops)]
    later = (time.perf_counter() - start) / loops
    for each in made:
        each.close()
    return {"first_s": first, "later_s": later}


def models(library: str, loops: int) -> dict[str, float]:
    """Microseconds for one call of each of these; `all_us` for one of every kind."""
    names: Any = __import__(library)
    headers, url, params = names.Headers(HEADERS), names.URL(URL), names.QueryParams(QUERY)
    calls: dict[str, Callable[[], object]] = {
        "headers_us": lambda: names.Headers(HEADERS),
        "header_us": lambda: headers["content-type"],
        "url_us": lambda: names.URL(URL),
        "join_us": lambda: url.join("../other?page=4"),
        "params_us": lambda: names.QueryParams(QUERY),
        "param_us": lambda: params["sort"],
        "written_us": lambda: str(params),
    }
    figures = {name: each_us(call, loops) for name, call in calls.items()}
    return figures | {"all_us": sum(figures.values())}


def each_us(call: Callable[[], object], loops: int) -> float:
    """The shortest mean of three, which is what the call takes when nothing is in its way."""
    means = []
    for _ in range(3):
        start = time.perf_counter()
        for _ in range(loops):
            call()
        means.append((time.perf_counter() - start) / loops * 1e6)
    return min(means)


PARTS = {"import": imported, "client": client, "models": models}


if __name__ == "__main__":
    main()
