"""The command's arguments, which are those of httpx's, and what it does with them.

Its status is 0 if every response was a success (2xx), 1 if one was not or something went wrong, and
2 if the arguments make no sense.
"""

from __future__ import annotations

import json
from typing import IO, Any

import click

from .. import Client, Proxy, __version__
from .._exceptions import InvalidURL
from ._fetch import bound_cookies, fetch, fetch_all
from ._help import show_help
from ._output import Output

Pairs = tuple[tuple[str, str], ...]


def _json(context: click.Context, parameter: click.Parameter, value: str | None) -> Any:  # noqa: ANN401, ARG001
    if value is None:
        return None
    try:
        return json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f"Not valid JSON: {error}") from None


def _auth(
    context: click.Context,  # noqa: ARG001
    parameter: click.Parameter,  # noqa: ARG001
    value: tuple[str, str] | None,
) -> tuple[str, str] | None:
    if value is None or value[1] != "-":
        return value
    return value[0], click.prompt("Password", hide_input=True)


def _proxy(context: click.Context, parameter: click.Parameter, value: str | None) -> Proxy | None:  # noqa: ARG001
    try:
        return None if value is None else Proxy(value)
    except (InvalidURL, ValueError) as error:
        raise click.BadParameter(str(error)) from None


@click.command(add_help_option=False)
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option(
    "--method",
    "-m",
    metavar="METHOD",
    help="Request method, such as GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD, QUERY. "
    "[Default: GET, or POST if there is a request body]",
)
@click.option(
    "--params",
    "-p",
    metavar="<NAME VALUE> ...",
    type=(str, str),
    multiple=True,
    help="Query parameters to include in the request URL.",
)
@click.option("--content", "-c", metavar="TEXT", help="Text to send as the request body.")
@click.option(
    "--data",
    "-d",
    metavar="<NAME VALUE> ...",
    type=(str, str),
    multiple=True,
    help="Form data to send as the request body.",
)
@click.option(
    "--files",
    "-f",
    metavar="<NAME FILENAME> ...",
    type=(str, click.File("rb")),
    multiple=True,
    help="Form files to send as the request body.",
)
@click.option("--json", "-j", metavar="TEXT", callback=_json, help="JSON data to send as the request body.")
@click.option(
    "--headers",
    "-h",
    metavar="<NAME VALUE> ...",
    type=(str, str),
    multiple=True,
    help="Headers to include in the request.",
)
@click.option(
    "--cookies",
    metavar="<NAME VALUE> ...",
    type=(str, str),
    multiple=True,
    help="Cookies to include in the request.",
)
@click.option(
    "--auth",
    metavar="<USER PASS>",
    type=(str, str),
    default=None,
    callback=_auth,
    help="Username and password to include in the request. Specify '-' for the password to be asked for it. "
    "Note that --verbose shows the Authorization header, from which the password is easily read.",
)
@click.option(
    "--proxy",
    metavar="URL",
    callback=_proxy,
    help="Send the request through a proxy: http://, https://, socks5:// or socks5h://.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=float,
    default=5.0,
    help="How long to wait for a connection, for the next piece of the response, and so on. [Default: 5.0]",
)
@click.option("--follow-redirects", is_flag=True, help="Follow redirects.")
@click.option("--verify/--no-verify", default=True, help="Verify TLS certificates. [Default: yes]")
@click.option("--http2", is_flag=True, help="Send the request using HTTP/2, if the server supports it.")
@click.option(
    "--download",
    metavar="FILE",
    type=click.File("wb"),
    help="Save the response body as a file instead of showing it; '-' is the standard output. For one URL.",
)
@click.option(
    "--verbose",
    "-v",
    is_flag=True,
    help="Show connections and requests as well as responses. Several URLs are then fetched one by one.",
)
@click.version_option(__version__, "--version", prog_name="httparallel", help="Show the version and exit.")
@click.option(
    "--help", is_flag=True, is_eager=True, expose_value=False, callback=show_help, help="Show this and exit."
)
@click.pass_context
def main(
    context: click.Context,
    urls: tuple[str, ...],
    method: str | None,
    params: Pairs,
    content: str | None,
    data: Pairs,
    files: tuple[tuple[str, IO[bytes]], ...],
    json: Any | None,  # noqa: ANN401 - whatever was JSON
    headers: Pairs,
    cookies: Pairs,
    auth: tuple[str, str] | None,
    proxy: Proxy | None,
    timeout: float,
    follow_redirects: bool,
    verify: bool,
    http2: bool,
    download: IO[bytes] | None,
    verbose: bool,
) -> None:
    """A next generation HTTP client. It fetches many URLs at once."""
    if download is not None and len(urls) > 1:
        raise click.UsageError("'--download' is for one URL.")
    form: dict[str, list[str]] = {}
    for name, value in data:
        form.setdefault(name, []).append(value)
    has_body = bool(content or form or files) or json is not None
    request: dict[str, Any] = {
        "method": method or ("POST" if has_body else "GET"),
        "params": list(params),
        "content": content,
        "data": form,
        "files": files,
        "json": json,
        "headers": list(headers),
        "auth": auth,
        "follow_redirects": follow_redirects,
    }
    output = Output(on_stderr=download is not None and download.name == "<stdout>")
    bound = bound_cookies(urls, dict(cookies))
    with Client(cookies=bound, proxy=proxy, timeout=timeout, verify=verify, http2=http2) as client:
        if len(urls) == 1 or verbose:
            outcomes = [fetch(url, client, request, output, verbose, download) for url in urls]
        else:
            outcomes = fetch_all(urls, client, request, output)
    succeeded = all(outcomes)
    context.exit(0 if succeeded else 1)
