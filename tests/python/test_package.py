"""What the installed package says of itself."""

from __future__ import annotations

from importlib.metadata import metadata


def test_the_extras_of_httpx_and_httpcore_are_accepted() -> None:
    extras = metadata("httparallel").get_all("Provides-Extra") or []
    assert {"asyncio", "brotli", "http2", "socks", "trio", "zstd"} <= set(extras)
