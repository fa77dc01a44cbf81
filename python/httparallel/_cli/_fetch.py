"""Sends what the command was asked to, one URL after another or all at once, and shows what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO, Any

from .. import URL, Client, Cookies, InvalidURL, RequestError, Response
from ._output import Output
from ._steps import Steps

Arguments = Mapping[str, Any]


def fetch(
    url: str,
    client: Arguments,
    request: Arguments,
    output: Output,
    verbose: bool = False,
    download: IO[bytes] | None = None,
) -> bool:
    """Fetches one URL, showing each response's head as it arrives. Returns whether it was a success."""
    arguments = dict(request)
    if verbose:
        arguments["extensions"] = {"trace": Steps(output)}
    try:
        with _client((url,), client) as opened:
            if not verbose:
                opened.event_hooks = {"response": [output.response_head]}
            with opened.stream(url=url, **arguments) as response:
                if download is not None:
                    output.download(response, download)
                else:
                    response.read()
                    output.body(response)
    except (InvalidURL, RequestError) as error:
        output.error(error)
        return False
    return response.is_success


def fetch_all(urls: Sequence[str], client: Arguments, request: Arguments, output: Output) -> bool:
    """Fetches many URLs at once, and shows each response when it is there. Returns whether all succeeded."""
    # A file can be read once only.
    files = [(name, (_file_name(file), file.read())) for name, file in request["files"]]
    succeeded = True
    with _client(urls, client) as opened, opened.parallel() as parallel:
        asked = []
        for url in urls:
            try:
                asked.append(parallel.request(url=url, **{**request, "files": files}))
            except (InvalidURL, RequestError) as error:
                output.step(url)
                output.error(error)
                succeeded = False
        while parallel.has_pending_responses:
            try:
                response = parallel.next_response()
            except RequestError as error:
                output.step(str(error.request.url))
                output.error(error)
                succeeded = False
            else:
                _show(response, output)
                succeeded = succeeded and response.is_success
    return succeeded


def _show(response: Response, output: Output) -> None:
    hops = [*response.history, response]
    output.step(str(hops[0].url))
    for hop in hops:
        output.response_head(hop)
    output.body(response)


def _client(urls: Sequence[str], arguments: Arguments) -> Client:
    return Client(**{**arguments, "cookies": _cookies(urls, arguments["cookies"])})


def _cookies(urls: Sequence[str], named: Mapping[str, str]) -> Cookies:
    """The cookies, bound to the hosts that they are given for: no redirect takes them elsewhere."""
    cookies = Cookies()
    for url in urls if named else ():
        try:
            host = URL(url).host
        except InvalidURL:
            continue
        # `http.cookiejar` calls a host without a dot so.
        domain = host if "." in host else f"{host}.local"
        for name, value in named.items():
            cookies.set(name, value, domain)
    return cookies


def _file_name(file: IO[bytes]) -> str:
    from pathlib import Path

    return Path(str(file.name)).name
