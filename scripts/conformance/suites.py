"""The suites of tests: what is downloaded, how our name gets into it, and which tests are left to differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Suite:
    """The tests in a source package of the Python package index."""

    name: str
    version: str
    # Of the source package: what is downloaded is run.
    sha256: str
    # Puts our name where a test spells out the other one's.
    in_our_name: Callable[[str], str]
    # What pytest is to run, apart from the files at the top.
    folders: tuple[str, ...]
    # Tests of something that is done otherwise here, and why. They are counted by themselves.
    otherwise: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.name}-{self.version}"

    def paths(self) -> list[str]:
        """What pytest is to run, in the unpacked package. Programs beside the tests are left out."""
        return [*self.folders, *sorted(str(path) for path in Path("tests").glob("test_*.py"))]


def _httpcore_in_our_name(text: str) -> str:
    """How loggers and mock streams are called."""
    text = re.sub(r'"httpcore\.(connection|http11|http2|proxy|socks)"', r'"httparallel.\1"', text)
    return re.sub(r"<httpcore\.((?:Async)?MockStream)>", r"<httparallel.\1>", text)


def _httpx_in_our_name(text: str) -> str:
    """What the `User-Agent` says, and how the logger is called."""
    text = text.replace("python-httpx/", "python-httparallel/")
    return re.sub(r'^(\s+)"httpx",$', r'\1"httparallel",', text, flags=re.MULTILINE)


HTTPCORE = Suite(
    name="httpcore",
    version="1.0.9",
    sha256="6e34463af53fd2ab5d807f399a9b45ea31c3dfa2276f15a2c3f00afff6e176e8",
    in_our_name=_httpcore_in_our_name,
    folders=("tests/_sync", "tests/_async"),
)

HTTPX = Suite(
    name="httpx",
    version="0.28.1",
    sha256="75e98c5f16b0f35b567856f597f06ff2270a374470a5c2392242528e3e3e42fc",
    in_our_name=_httpx_in_our_name,
    folders=("tests/client", "tests/models"),
)

SUITES = {suite.name: suite for suite in (HTTPCORE, HTTPX)}
