"""The extension `network_stream`: what is known of the connection that a response came over."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import urlsplit

import pytest
from kinds import Kind
from testserver import Server

import httparallel


def stream_of(response: Any) -> Any:
    return response.extensions["network_stream"]


async def test_it_tells_both_addresses(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        stream = stream_of(await client.get(server.http))
        again = stream_of(await client.get(server.http))
    assert stream.get_extra_info("server_addr") == ("127.0.0.1", urlsplit(server.http).port)
    host, port = stream.get_extra_info("client_addr")
    assert (host, type(port)) == ("127.0.0.1", int)
    # They are known when the connection is closed, too.
    assert again.get_extra_info("client_addr") == (host, port)
    for unknown in ("ssl_object", "socket", "tls_version", "alpn_protocol", "peer_certificate", "other"):
        assert stream.get_extra_info(unknown) is None


@pytest.mark.parametrize("http2", [False, True])
async def test_it_tells_of_tls(kind: Kind, server: Server, http2: bool) -> None:
    async with kind.client(verify=server.ca_pem, http2=http2) as client:
        stream = stream_of(await client.get(server.https))
        older = stream_of(await client.get(server.https_tls12))
    assert stream.get_extra_info("tls_version") == "TLSv1.3"
    assert stream.get_extra_info("cipher").startswith("TLS13_")
    assert stream.get_extra_info("alpn_protocol") == ("h2" if http2 else "http/1.1")
    assert older.get_extra_info("tls_version") == "TLSv1.2"
    certificate = stream.get_extra_info("peer_certificate")
    port = urlsplit(server.https).port
    assert port is not None
    context = ssl.create_default_context(cafile=server.ca_pem)
    assert ssl.DER_cert_to_PEM_cert(certificate) == pem_of(context, port)


async def test_its_ssl_object_answers_what_is_known_of_tls(kind: Kind, server: Server) -> None:
    async with kind.client(verify=server.ca_pem, http2=True) as client:
        stream = stream_of(await client.get(server.https))
        older = stream_of(await client.get(server.https_tls12)).get_extra_info("ssl_object")
    tls = stream.get_extra_info("ssl_object")
    assert tls.getpeercert(binary_form=True) == stream.get_extra_info("peer_certificate")
    # The rest it has not as Python has it.
    with pytest.raises(NotImplementedError, match="binary_form"):
        tls.getpeercert()
    assert not hasattr(tls, "read")
    name, version, bits = older.cipher()
    assert (version, older.version()) == ("TLSv1.2", "TLSv1.2")
    assert name.startswith("TLS_ECDHE_")
    assert bits in (128, 256)


def pem_of(context: ssl.SSLContext, port: int) -> str:
    """The certificate that the server shows."""
    import socket

    with (
        socket.create_connection(("localhost", port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        certificate = secure.getpeercert(binary_form=True)
    assert certificate is not None
    return ssl.DER_cert_to_PEM_cert(certificate)


async def test_a_connection_is_readable_when_something_has_come_or_it_is_closed(
    kind: Kind, server: Server
) -> None:
    async with kind.client() as client:
        stream = stream_of(await client.get(server.http))
        assert stream.get_extra_info("is_readable") is False
    await kind.until(lambda: stream.get_extra_info("is_readable") is True)


async def test_a_unix_socket_has_no_addresses(kind: Kind, server: Server) -> None:
    async with kind.client(transport=kind.transport(uds=server.uds)) as client:
        stream = stream_of(await client.get("http://example.org/"))
    assert stream.get_extra_info("server_addr") is None
    assert stream.get_extra_info("client_addr") is None


async def test_streamed_responses_and_redirects_have_one(kind: Kind, server: Server) -> None:
    async with kind.client(follow_redirects=True) as client:
        async with client.stream("GET", server.http) as response:
            address = stream_of(response).get_extra_info("client_addr")
            await response.aread()
        response = await client.get(f"{server.http}/redirect/1")
    for each in (response, *response.history):
        assert stream_of(each).get_extra_info("client_addr") == address


async def test_it_is_not_for_reading_nor_writing(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        stream = stream_of(await client.get(server.http))
    for use in (lambda: stream.read(1), lambda: stream.write(b"x"), stream.start_tls):
        with pytest.raises(RuntimeError, match="belongs to the engine"):
            use()


def test_a_response_made_by_hand_has_none() -> None:
    assert httparallel.Response(200).extensions == {}
