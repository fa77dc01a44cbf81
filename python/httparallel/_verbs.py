"""The request methods, written once for all that make requests: clients and parallel blocks.

What `request` returns differs (a response, a coroutine for one, a pending response) and so does what these
return; what they accept does not.
"""

# mypy: disable-error-code="empty-body"
# The verbs are signatures; what they do is in `_verb`.

from __future__ import annotations

from ._config import USE_CLIENT_DEFAULT
from ._request_options import OPTIONS, check_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Generic, TypeVar, Unpack

    from ._config import UseClientDefault
    from ._types import (
        AuthTypes,
        CookieTypes,
        HeaderTypes,
        QueryParamTypes,
        RequestContent,
        RequestData,
        RequestExtensions,
        RequestFiles,
        RequestOptions,
        TimeoutTypes,
        URLTypes,
    )

    Outcome = TypeVar("Outcome", covariant=True)
    Function = TypeVar("Function", bound=Callable[..., Any])

    class _Base(Generic[Outcome]):
        pass
else:

    class _Base:
        def __class_getitem__(cls, _: object) -> type:
            return cls


def _verb(method: str) -> Callable[[Function], Function]:
    """Makes a method that hands its arguments to `request`, of a function that says which ones there are."""

    def made(signature: Function) -> Function:
        allowed = frozenset(signature.__kwdefaults__ or ()) | OPTIONS
        name = signature.__name__

        def verb(self: Verbs[Any], url: URLTypes, **arguments: Any) -> Any:  # noqa: ANN401
            # Most calls have none.
            if not arguments:
                return self._plain(method, url)
            if not allowed.issuperset(arguments):
                check_names(name, arguments, allowed)
            return self.request(method, url, **arguments)

        verb.__name__, verb.__qualname__, verb.__doc__ = name, signature.__qualname__, signature.__doc__
        verb.__wrapped__ = signature  # type: ignore[attr-defined] # for inspect.signature
        return verb  # type: ignore[return-value]

    return made


class Verbs(_Base["Outcome"]):
    """`get`, `post` and the others, in terms of `request`."""

    def request(
        self,
        method: str,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: Any | None = None,  # noqa: ANN401 - whatever json.dumps takes
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        stream: bool = False,
        **options: Unpack[RequestOptions],
    ) -> Outcome:
        """Sends a request with any method."""
        raise NotImplementedError

    def _plain(self, method: str, url: URLTypes) -> Outcome:
        """`request` without arguments, which may be quicker."""
        return self.request(method, url)

    @_verb("GET")
    def get(
        self,
        url: URLTypes,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        stream: bool = False,
        **options: Unpack[RequestOptions],
    ) -> Outcome:
        """Sends a `GET` request."""

    @_verb("OPTIONS")
    def options(
        self,
        url: URLTypes,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        stream: bool = False,
        **options: Unpack[RequestOptions],
    ) -> Outcome:
        """Sends an `OPTIONS` request."""

    @_verb("HEAD")
    def head(
        self,
        url: URLTypes,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        stream: bool = False,
        **options: Unpack[RequestOptions],
    ) -> Outcome:
        """Sends a `HEAD` request."""

    @_verb("DELETE")
    def delete(
        self,
        url: URLTypes,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        stream: bool = False,
        **options: Unpack[RequestOptions],
    ) -> Outcome:
        """Sends a `DELETE` request."""

    @_verb("POST")
    def post(
        self,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: Any | None = None,  # noqa: ANN401 - whatever json.dumps takes
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        stream: bool = False,
        **options: Unpack[RequestOptions],
    ) -> Outcome:
        """Sends a `POST` request."""

    @_verb("PUT")
    def put(
        self,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: Any | None = None,  # noqa: ANN401 - whatever json.dumps takes
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        stream: bool = False,
        **options: Unpack[RequestOptions],
    ) -> Outcome:
        """Sends a `PUT` request."""

    @_verb("PATCH")
    def patch(
        self,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: Any | None = None,  # noqa: ANN401 - whatever json.dumps takes
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        stream: bool = False,
        **options: Unpack[RequestOptions],
    ) -> Outcome:
        """Sends a `PATCH` request."""

    @_verb("QUERY")
    def query(
        self,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: Any | None = None,  # noqa: ANN401 - whatever json.dumps takes
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        stream: bool = False,
        **options: Unpack[RequestOptions],
    ) -> Outcome:
        """Sends a `QUERY` request: like `GET` with content (RFC 10008)."""
