"""Requests as a client makes them: with what all its requests share, and those that redirects lead to."""

from __future__ import annotations

from ._client_settings import ClientSettings
from ._config import USE_CLIENT_DEFAULT, Timeout, UseClientDefault
from ._exceptions import RemoteProtocolError, UnsupportedProtocol
from ._json_codec import Coded
from ._native import URL, Headers, redirect
from ._request import Request
from ._request_options import extended

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Unpack

    from ._response import Response
    from ._types import (
        CookieTypes,
        HeaderTypes,
        JSONCodecTypes,
        QueryParamTypes,
        RequestContent,
        RequestData,
        RequestExtensions,
        RequestFiles,
        RequestOptions,
        TimeoutTypes,
        URLTypes,
    )


class RequestBuilding(ClientSettings):
    """The part of a client that makes requests, and sends none."""

    _json_codec: JSONCodecTypes | None

    def build_request(
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
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        **options: Unpack[RequestOptions],
    ) -> Request:
        """A request with the client's headers, cookies, parameters and base URL; `send` sends it."""
        if options:
            extensions = extended("build_request", extensions, options)
        if json is not None and self._json_codec is not None:
            json = Coded(self._json_codec, json)
        limits = self._timeout if isinstance(timeout, UseClientDefault) else Timeout(timeout)
        with_limits = dict(extensions or {})
        with_limits.setdefault("timeout", limits.as_dict())
        if self._max_body is not None:
            with_limits.setdefault("max_body", self._max_body)
        return Request(
            method,
            self._merge_url(url),
            content=content,
            data=data,
            files=files,
            json=json,
            params=self._merge_params(params),
            headers=self._merge_headers(headers),
            cookies=self._merge_cookies(cookies),
            extensions=with_limits,
        )

    def _merge_url(self, url: URLTypes) -> URL:
        url = URL(url)
        # `mailto:me` has no host, and is nevertheless not to be found below the base URL.
        if url.scheme or not url.is_relative_url:
            return url
        # Not joined but appended: `/users` under `https://example.org/api` is `https://example.org/api/users`.
        return self._base_url.copy_with(raw_path=self._base_url.raw_path + url.raw_path.lstrip(b"/"))

    def _merge_params(self, params: QueryParamTypes | None) -> QueryParamTypes | None:
        return self._params.merge(params) if params or self._has_params else params

    def _merge_headers(self, headers: HeaderTypes | None) -> Headers:
        merged = Headers(self._headers)
        merged.update(headers)
        return merged

    def _merge_cookies(self, cookies: CookieTypes | None) -> CookieTypes | None:
        if not cookies and not self._cookies:
            return None
        from ._cookies import Cookies

        merged = Cookies(self._cookies)
        merged.update(Cookies(cookies))
        return merged

    def _redirect_request(self, request: Request, response: Response) -> Request:
        """The request that a redirect leads to, by the engine's rules."""
        # Whether a stream can be sent again only shows when it is: a file can, a generator cannot.
        streamed = not hasattr(request, "_content")
        content = b"stream" if streamed else request.content
        name: str | bytes | None = request.extensions.get("sni_hostname")
        found = redirect(
            request.method,
            request.url,
            request.headers,
            content,
            False,
            response.status_code,
            response.headers,
            name.decode("ascii") if isinstance(name, bytes) else name,
            self._sensitive_headers + request._put_there_by_auth(),
        )
        assert found is not None, "only redirects are followed"
        method, url, headers, keeps_content, name, keeps_credentials = found
        # The target was another resource's. The name was another host's, unless the engine keeps it.
        not_kept = {"target"} if name else {"target", "sni_hostname"}
        is_abroad = request._is_abroad or not keeps_credentials
        following = Request(
            method,
            url,
            headers=headers,
            # Cookies that name no host were meant for where the first request went.
            cookies=self._cookies._of_hosts() if is_abroad else self._cookies,
            content=content if keeps_content and not streamed else None,
            stream=request.stream if keeps_content and streamed else None,
            extensions={key: each for key, each in request.extensions.items() if key not in not_kept},
        )
        if is_abroad:
            following._is_abroad = True
        elif request._unauthenticated is not None:
            following._unauthenticated = request._unauthenticated
        return following

    def _next_request(self, request: Request, response: Response) -> Request | None:
        """The request that a redirect leads to, where it is not followed. None if it leads nowhere."""
        try:
            return self._redirect_request(request, response)
        except (RemoteProtocolError, UnsupportedProtocol):
            return None
