"""Other people's servers, started when the first test needs them. Tests of a missing program are skipped."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from certificates import Certificates
from nghttpd import Nghttpd
from nginx import Nginx
from proxies import Microsocks, Stunnel, Tinyproxy

# Every file that the servers have, by its name.
FILES = {
    "hello.txt": b"Hello from a file.\n",
    "empty.txt": b"",
    # It does not compress, so that content codings have work to do.
    "large.bin": random.Random(1).randbytes(20_000_000),
    "medium.bin": random.Random(2).randbytes(300_000),
    "repeated.txt": b"the same words again and again, " * 10_000,
}


@pytest.fixture(scope="session")
def files() -> dict[str, bytes]:
    return FILES


@pytest.fixture(scope="session")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the files."""
    directory = tmp_path_factory.mktemp("html")
    for name, content in FILES.items():
        (directory / name).write_bytes(content)
    return directory


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


def serve(server: Nginx | Nghttpd, html: Path) -> None:
    """Puts the files where the server looks for them."""
    for file in html.iterdir():
        (server.html / file.name).hardlink_to(file)


@pytest.fixture(scope="session")
def nginx(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates, html: Path
) -> Iterator[Nginx]:
    with Nginx(tmp_path_factory.mktemp("nginx"), certificates) as server:
        serve(server, html)
        yield server


@pytest.fixture
def ending_nginx(tmp_path: Path, certificates: Certificates, html: Path) -> Iterator[Nginx]:
    """An nginx that a test may end."""
    with Nginx(tmp_path, certificates) as server:
        serve(server, html)
        yield server


@pytest.fixture(scope="session")
def nghttpd(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates, html: Path
) -> Iterator[Nghttpd]:
    with Nghttpd(tmp_path_factory.mktemp("nghttpd"), certificates) as server:
        serve(server, html)
        yield server


@pytest.fixture(scope="session")
def nghttpd_plain(tmp_path_factory: pytest.TempPathFactory, html: Path) -> Iterator[Nghttpd]:
    """nghttpd without TLS, with what is rare: few streams, small windows, padding, trailers, no length."""
    options = ("--max-concurrent-streams=8", "--window-bits=10", "--padding=100", "--no-content-length")
    with Nghttpd(tmp_path_factory.mktemp("nghttpd_plain"), None, *options, "--trailer=x-sum: 1") as server:
        serve(server, html)
        yield server


@pytest.fixture
def ending_nghttpd(tmp_path: Path, certificates: Certificates, html: Path) -> Iterator[Nghttpd]:
    """An nghttpd that a test may end."""
    with Nghttpd(tmp_path, certificates) as server:
        serve(server, html)
        yield server


@pytest.fixture(scope="session")
def tinyproxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tinyproxy]:
    with Tinyproxy(tmp_path_factory.mktemp("tinyproxy"), protected=False) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def protected_tinyproxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tinyproxy]:
    with Tinyproxy(tmp_path_factory.mktemp("protected"), protected=True) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def microsocks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Microsocks]:
    with Microsocks(tmp_path_factory.mktemp("microsocks"), protected=False) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def protected_microsocks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Microsocks]:
    with Microsocks(tmp_path_factory.mktemp("protected_socks"), protected=True) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def stunnel(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates, protected_tinyproxy: Tinyproxy
) -> Iterator[Stunnel]:
    with Stunnel(tmp_path_factory.mktemp("stunnel"), certificates, protected_tinyproxy.port) as proxy:
        yield proxy
