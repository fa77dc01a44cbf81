"""`SSLKEYLOGFILE`: the keys of TLS connections, for whoever wants to read what was said on them."""

from __future__ import annotations

from pathlib import Path

import pytest
from kinds import Kind
from testserver import Server

import httparallel
import httparallel.core


@pytest.fixture
def key_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(path))
    return path


def connections_in(key_log: Path) -> int:
    """How many connections the file has the keys of."""
    labels = [line.split()[0] for line in key_log.read_text().splitlines() if not line.startswith("#")]
    return sum(label in ("CLIENT_TRAFFIC_SECRET_0", "CLIENT_RANDOM") for label in labels)


async def test_the_keys_of_connections_are_written(kind: Kind, server: Server, key_log: Path) -> None:
    async with kind.client(verify=server.ca_pem) as client:
        for _ in range(2):
            assert (await client.get(server.https)).text == "Hello, world!"
        assert connections_in(key_log) == 1
        assert (await client.get(server.https_tls12)).status_code == 200
    assert connections_in(key_log) == 2
    # Others add to the file, whatever they verify.
    async with kind.client(verify=False) as client:
        assert (await client.get(server.https)).status_code == 200
    assert connections_in(key_log) == 3


async def test_who_does_not_trust_the_environment_writes_none(
    kind: Kind, server: Server, key_log: Path
) -> None:
    async with kind.client(verify=server.ca_pem, trust_env=False) as client:
        assert (await client.get(server.https)).status_code == 200
        # The low level carries this one.
        traced = await client.get(server.https, extensions={"trace": kind.function(lambda *_: None)})
        assert traced.status_code == 200
    assert not key_log.exists()


def test_a_parallel_block_writes_them(server: Server, key_log: Path) -> None:
    with httparallel.parallel(verify=server.ca_pem) as parallel:
        pending = parallel.get(server.https)
        assert pending.get_response().status_code == 200
    assert connections_in(key_log) == 1


async def test_a_request_that_is_verified_otherwise_does_as_its_client(
    kind: Kind, server: Server, key_log: Path
) -> None:
    async with kind.client(trust_env=False) as client:
        assert (await client.get(server.https, verify=server.ca_pem)).status_code == 200
    assert not key_log.exists()
    async with kind.client() as client:
        assert (await client.get(server.https, verify=server.ca_pem)).status_code == 200
    assert connections_in(key_log) == 1


async def test_a_file_that_cannot_be_written_is_no_reason_to_fail(
    kind: Kind, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path in (tmp_path / "absent" / "keys", tmp_path, ""):
        monkeypatch.setenv("SSLKEYLOGFILE", str(path))
        async with kind.client(verify=server.ca_pem) as client:
            assert (await client.get(server.https)).status_code == 200


@pytest.mark.parametrize("has_context", [False, True], ids=["engine", "default_ssl_context"])
def test_the_low_level_writes_them(
    server: Server, key_log: Path, monkeypatch: pytest.MonkeyPatch, has_context: bool
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", server.ca_pem)
    context = httparallel.core.default_ssl_context() if has_context else None
    with httparallel.core.ConnectionPool(ssl_context=context) as pool:
        assert pool.request("GET", server.https).status == 200
    assert connections_in(key_log) == 1


@pytest.mark.parametrize("verify", ["path", True])
def test_a_context_that_does_not_trust_the_environment_has_no_key_log(
    server: Server, key_log: Path, verify: str | bool
) -> None:
    verify = server.ca_pem if verify == "path" else verify
    assert httparallel.create_ssl_context(verify, trust_env=False).keylog_filename is None
    assert not key_log.exists()
    assert httparallel.create_ssl_context(verify).keylog_filename == str(key_log)
