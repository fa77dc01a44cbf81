"""Servers for WebSockets."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from websocket_peers import RuleKeeper


@pytest.fixture
def echo() -> Iterator[RuleKeeper]:
    """A server that gives back what it gets."""
    with RuleKeeper() as server:
        yield server


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_pem(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of the certificate to verify with."""
    path: Path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="session")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """What a server needs to be `127.0.0.1` or `localhost`. It would speak HTTP/2, too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context
