"""The functions for single requests, and `parallel()`: each makes a client, uses it, and closes it."""

from __future__ import annotations

from ._client import Client
from ._config import DEFAULT_TIMEOUT_CONFIG
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import Any

    from ._config import Limits
    from ._parallel import Parallel
    from ._response import Response
    from ._types import AuthTypes, CookieTypes, HeaderTypes, TimeoutTypes, URLTypes


@public
def request(
    method: str,
    url: URLTypes,
    *,
    cookies: CookieTypes | None = None,
    follow_redirects: bool = False,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    verify: Any = True,  # noqa: ANN401 - as `Client` has it
    trust_env: bool = True,
    **arguments: Any,  # noqa: ANN401 - those of `Client.request`
) -> Response:
    """Sends one request and returns its response.

    Takes the arguments of `Client.request`, and `verify` and `trust_env` of `Client`. For several requests
    use a `Client`: it keeps connections.
    """
    with Client(
        cookies=cookies,
        follow_redirects=follow_redirects,
        timeout=timeout,
        verify=verify,
        trust_env=trust_env,
    ) as client:
        return client.request(method, url, **arguments)


@public
def get(url: URLTypes, **arguments: Any) -> Response:  # noqa: ANN401 - those of `request`
    """Sends a `GET` request."""
    return request("GET", url, **arguments)


@public
def options(url: URLTypes, **arguments: Any) -> Response:  # noqa: ANN401 - those of `request`
    """Sends an `OPTIONS` request."""
    return request("OPTIONS", url, **arguments)


@public
def head(url: URLTypes, **arguments: Any) -> Response:  # noqa: ANN401 - those of `request`
    """Sends a `HEAD` request."""
    return request("HEAD", url, **arguments)


@public
def post(url: URLTypes, **arguments: Any) -> Response:  # noqa: ANN401 - those of `request`
    """Sends a `POST` request."""
    return request("POST", url, **arguments)


@public
def put(url: URLTypes, **arguments: Any) -> Response:  # noqa: ANN401 - those of `request`
    """Sends a `PUT` request."""
    return request("PUT", url, **arguments)


@public
def patch(url: URLTypes, **arguments: Any) -> Response:  # noqa: ANN401 - those of `request`
    """Sends a `PATCH` request."""
    return request("PATCH", url, **arguments)


@public
def delete(url: URLTypes, **arguments: Any) -> Response:  # noqa: ANN401 - those of `request`
    """Sends a `DELETE` request."""
    return request("DELETE", url, **arguments)


@public
def stream(
    method: str,
    url: URLTypes,
    *,
    cookies: CookieTypes | None = None,
    follow_redirects: bool = False,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    verify: Any = True,  # noqa: ANN401 - as `Client` has it
    trust_env: bool = True,
    **arguments: Any,  # noqa: ANN401 - those of `Client.request`
) -> AbstractContextManager[Response]:
    """A response whose body is read inside the `with` block: see `Client.stream`."""
    from contextlib import contextmanager

    @contextmanager
    def streamed() -> Iterator[Response]:
        with (
            Client(
                cookies=cookies,
                follow_redirects=follow_redirects,
                timeout=timeout,
                verify=verify,
                trust_env=trust_env,
            ) as client,
            client.stream(method, url, **arguments) as response,
        ):
            yield response

    return streamed()


@public
def parallel(
    *,
    max_concurrency: int | None = None,
    auth: AuthTypes | None = None,
    headers: HeaderTypes | None = None,
    cookies: CookieTypes | None = None,
    follow_redirects: bool = False,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    limits: Limits | None = None,
    verify: Any = True,  # noqa: ANN401 - as `Client` has it
    trust_env: bool = True,
    http2: bool = False,
) -> Parallel:
    """A block in which requests run side by side, with a client of its own::

        with httparallel.parallel() as parallel:
            pending_one = parallel.get("https://example.org/1")
            pending_two = parallel.get("https://example.org/2")
            response_one = pending_one.get_response()
            response_two = pending_two.get_response()

    `max_concurrency` bounds how many run at once (100 by default, the client's limit on connections). The
    other arguments are those of `Client`. See `Client.parallel` for a block on a client that you have.
    """
    from ._config import DEFAULT_LIMITS
    from ._parallel import Parallel

    client = Client(
        auth=auth,
        headers=headers,
        cookies=cookies,
        follow_redirects=follow_redirects,
        timeout=timeout,
        limits=limits or DEFAULT_LIMITS,
        verify=verify,
        trust_env=trust_env,
        http2=http2,
    )
    return Parallel(client, max_concurrency, owns_client=True)
