"""The public names and signatures, compared with those of httpx2 2.16.2: `httpx2-2.16.2.json` has them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from public_names import described

import httparallel
import httparallel.websockets

HTTPX2: dict[str, str] = json.loads(Path(__file__).with_name("httpx2-2.16.2.json").read_text())
OURS = described(httparallel)
OURS |= {f"websockets.{name}": text for name, text in described(httparallel.websockets).items()}
DOCUMENTED = (Path(__file__).parents[3] / "docs" / "httpx-differences.md").read_text()

VERBS = ("delete", "get", "head", "options", "patch", "post", "put", "query", "request")

CLIENTS = ("Client", "AsyncClient")

# What an argument list has that httpx2's has not; and by what words the documentation says so.
ADDED = {
    **{f"{client}.{verb}": ("stream=, **options", "`stream=True`") for client in CLIENTS for verb in VERBS},
    **{
        f"{client}.{method}": (
            "**options",
            "`proxy=`, `verify=`, `retries=` and `max_body=` of a single request",
        )
        for client in CLIENTS
        for method in ("build_request", "stream", "sse")
    },
    "AsyncClient": (
        "backend=, json_codec=, retries=, sensitive_headers=, max_body=, rate_limit=",
        "`AsyncClient(backend=…)`",
    ),
    "Client": (
        "json_codec=, retries=, sensitive_headers=, max_body=, rate_limit=",
        "`Client(retries=…)`",
    ),
    "Limits": ("max_connection_age=, max_concurrency_per_host=", "`Limits(max_concurrency_per_host=…)`"),
    "Timeout": ("total=", "`Timeout(total=…)`"),
}
OTHERWISE = {
    "Headers.pop": "(key, *default)",
    "Headers.setdefault": "(key, default)",
}


def test_the_names_of_httpx2_are_there() -> None:
    assert not HTTPX2.keys() - OURS.keys()


@pytest.mark.parametrize("name", sorted(HTTPX2))
def test_a_signature_is_that_of_httpx2(name: str) -> None:
    expected = OTHERWISE.get(name, HTTPX2[name])
    if name in ADDED:
        argument, documented = ADDED[name]
        assert documented in DOCUMENTED
        expected = f"{expected.removesuffix(')')}, {argument})"
    assert OURS[name] == expected


def test_all_is_what_is_public() -> None:
    # In a program of its own, because submodules that others import become attributes too.
    program = """
import httparallel
public = {name for name in vars(httparallel) if not name.startswith("_")}
public |= {"__description__", "__title__", "__version__"}
assert set(httparallel.__all__) == public, set(httparallel.__all__) ^ public
assert httparallel.__all__ == sorted(httparallel.__all__, key=str.casefold)
assert all(getattr(httparallel, name) is not None for name in httparallel.__all__)
assert set(httparallel.__all__) <= set(dir(httparallel))
assert httparallel.codes is vars(httparallel)["codes"]
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20)


def test_public_things_say_where_they_are() -> None:
    for name in httparallel.__all__:
        module = getattr(getattr(httparallel, name), "__module__", "httparallel")
        assert module == "httparallel" or name in ("codes", "USE_CLIENT_DEFAULT"), name
    for name in set(httparallel.websockets.__all__) - {"JSONMode"}:
        assert getattr(httparallel.websockets, name).__module__ == "httparallel.websockets", name


def test_importing_loads_nothing_heavy() -> None:
    program = """
import sys
import httparallel
heavy = {"asyncio", "ssl", "logging", "email", "http.cookiejar", "typing", "dataclasses", "inspect", "trio"}
heavy |= {"urllib.request", "ipaddress", "json", "httparallel.core", "httparallel._asgi", "httparallel._wsgi"}
heavy |= {"httparallel._event_stream", "httparallel.websockets", "importlib.util"}
assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()
with httparallel.Client() as client:
    assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()
assert httparallel.core.ConnectionPool
assert "httparallel.websockets" not in sys.modules
"""
    # Without `site`, whose `.pth` files import what they like; so the package's place has to be named.
    place = str(Path(httparallel.__file__).parent.parent)
    environment = os.environ | {"PYTHONPATH": place}
    subprocess.run([sys.executable, "-S", "-c", program], check=True, timeout=20, env=environment)


def test_private_names_that_others_import() -> None:
    from httparallel._client import USE_CLIENT_DEFAULT, UseClientDefault
    from httparallel._config import DEFAULT_LIMITS, DEFAULT_TIMEOUT_CONFIG
    from httparallel._content import AsyncIteratorByteStream, IteratorByteStream
    from httparallel._multipart import MultipartStream
    from httparallel._types import (
        AsyncByteStream,
        AuthTypes,
        CookieTypes,
        HeaderTypes,
        QueryParamTypes,
        RequestContent,
        RequestData,
        RequestExtensions,
        RequestFiles,
        SyncByteStream,
        TimeoutTypes,
        URLTypes,
    )

    assert isinstance(USE_CLIENT_DEFAULT, UseClientDefault)
    assert httparallel.Timeout(5.0) == DEFAULT_TIMEOUT_CONFIG
    assert DEFAULT_LIMITS.max_connections == 100
    assert issubclass(IteratorByteStream, SyncByteStream)
    assert issubclass(AsyncIteratorByteStream, AsyncByteStream)
    assert issubclass(MultipartStream, (SyncByteStream, AsyncByteStream))
    types = (AuthTypes, CookieTypes, HeaderTypes, QueryParamTypes, RequestContent, RequestData)
    assert all((*types, RequestExtensions, RequestFiles, TimeoutTypes, URLTypes))
