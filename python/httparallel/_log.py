"""The logger `httparallel`: one line for each response, at level INFO.

Nothing here is done, and `logging` is not even imported, unless the program has imported it.
"""

from __future__ import annotations

from sys import modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._response import Response

_INFO = 20

_logs_at: Callable[[int], bool] | None = None


def is_logged() -> bool:
    """Whether somebody wants to read the lines."""
    global _logs_at
    if _logs_at is None:
        if "logging" not in modules:
            return False
        from logging import getLogger

        _logs_at = getLogger("httparallel").isEnabledFor
    return _logs_at(_INFO)


def log(response: Response) -> None:
    """Writes the line for a response, and the lines for the redirects that led to it."""
    from logging import getLogger

    for each in (*response.history, response):
        url = each.request.url
        getLogger("httparallel").info(
            'HTTP Request: %s %s "%s %d %s"',
            each.request.method,
            # Logs are read by more people than passwords are meant for.
            url.copy_with(username=None, password=None) if url.userinfo else url,
            each.http_version,
            each.status_code,
            each.reason_phrase,
        )
