"""Sends what the command was asked to, one URL after another or all at once, and shows what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from .. import URL, Client, Cookies, InvalidURL, RequestError, Response
from ._output import Output
from ._steps import Steps

Arguments = Mapping[str, Any]


def fetch(
    url: str,
    client: Client,
    request: Arguments,
    output: Output,
    verbose: bool = False,
    download: IO[bytes] | None = None,
) -> bool:
    """Fetches one URL, showing each response's head as it arrives. Returns whether it was a success."""
    if verbose:
        request = {**request, "extensions": {"trace": Steps(output)}}
    else:
        client.event_hooks = {"response": [output.response_head]}
    try:
        with client.stream(**_asking(url, request)) as response:
            if download is not None:
                output.download(response, download)
            else:
                response.read()
                output.body(response)
    except (InvalidURL, RequestError) as error:
        output.error(error)
        return False
    return response.is_success


def fetch_all(urls: Sequence[str], client: Client, request: Arguments, output: Output) -> list[bool]:
    """Fetches many URLs at once, and shows each response when it is there. Returns which were successes."""
    # A file can be read once only.
    files = [(name, (Path(str(file.name)).name, file.read())) for name, file in request["files"]]
    outcomes = []
    with client.parallel() as parallel:
        for url in urls:
            try:
                parallel.request(**_asking(url, {**request, "files": files}))
            except (InvalidURL, RequestError) as error:
                output.title(url)
                output.error(error)
                outcomes.append(False)
        while parallel.has_pending_responses:
            try:
                response = parallel.next_response()
            except RequestError as error:
                output.title(str(error.request.url))
                output.error(error)
                outcomes.append(False)
            else:
                _show(response, output)
                outcomes.append(response.is_success)
    return outcomes


def bound_cookies(urls: Sequence[str], named: Mapping[str, str]) -> Cookies:
    """Cookies for the hosts that they are given for: no redirect takes them elsewhere."""
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


def _asking(url: str, request: Arguments) -> dict[str, Any]:
    """The arguments of a request. Parameters are added to those that the URL has."""
    params = request["params"]
    merged = URL(url).copy_merge_params(params) if params else url
    return {**request, "url": merged, "params": None}


def _show(response: Response, output: Output) -> None:
    hops = [*response.history, response]
    output.title(str(hops[0].url))
    for hop in hops:
        output.response_head(hop)
    output.body(response)
