"""TLS over streams of every backend, by whatever SSLContext a program has made."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import pytest
from network import Network, port_of
from testserver import Server

from httparallel.core._exceptions import (
    ConnectError,
    ReadError,
    ReadTimeout,
    WriteError,
)
from httparallel.core._ssl import default_ssl_context

REQUEST = b"GET /small HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def context_for(server: Server, *protocols: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=server.ca_pem)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


async def connected(network: Network, server: Server, url: str, **arguments: Any) -> Any:
    stream = await network.tcp("127.0.0.1", port_of(url))
    context = arguments.pop("context", None) or context_for(server, "http/1.1")
    return await network.tls(stream, context, **arguments)


@pytest.mark.parametrize("name", ["https_http1_only", "https_tls12"])
async def test_a_page_comes_through_tls(network: Network, server: Server, name: str) -> None:
    stream = await connected(network, server, getattr(server, name), timeout=5)
    await network.write(stream, REQUEST)
    assert (await network.read_to_end(stream)).endswith(b"Hello, world!")
    # The end stays the end.
    assert await network.read(stream) == b""
    await network.close(stream)


async def test_large_bodies_go_both_ways(network: Network, server: Server) -> None:
    body = bytes(range(256)) * 12_000
    stream = await connected(network, server, server.https_http1_only)
    head = b"POST /echo-body HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    await network.write(stream, head % len(body) + body)
    response = await network.read_to_end(stream)
    assert response.partition(b"\r\n\r\n")[2] == body
    await network.close(stream)


async def test_the_ssl_object_says_what_was_negotiated(network: Network, server: Server) -> None:
    stream = await connected(network, server, server.https, context=context_for(server, "h2", "http/1.1"))
    negotiated = stream.get_extra_info("ssl_object")
    assert negotiated.selected_alpn_protocol() == "h2"
    assert negotiated.version() == "TLSv1.3"
    assert ("DNS", "localhost") in negotiated.getpeercert()["subjectAltName"]
    assert stream.get_extra_info("server_addr") == ("127.0.0.1", port_of(server.https))
    assert stream.get_extra_info("socket").type == socket.SOCK_STREAM
    assert stream.get_extra_info("anything else") is None
    await network.close(stream)


async def test_a_client_certificate_is_presented(network: Network, server: Server) -> None:
    context = context_for(server, "http/1.1")
    context.load_cert_chain(server.client_pem)
    stream = await connected(network, server, server.https_client_required, context=context)
    await network.write(stream, REQUEST)
    assert (await network.read_to_end(stream)).endswith(b"Hello, world!")
    await network.close(stream)


async def test_a_missing_client_certificate_is_a_read_error(network: Network, server: Server) -> None:
    # In TLS 1.3 the handshake is over, for the client, before the server has looked at the certificate.
    stream = await connected(network, server, server.https_client_required)
    with pytest.raises((ReadError, WriteError), match=r"(?i)certificate|reset|pipe"):
        await network.write(stream, REQUEST)
        await network.read_to_end(stream)
    await network.close(stream)


@pytest.mark.parametrize(
    "name", ["https_expired", "https_wrong_host", "https_self_signed", "https_untrusted"]
)
async def test_bad_certificates_are_connect_errors(network: Network, server: Server, name: str) -> None:
    stream = await network.tcp("127.0.0.1", port_of(getattr(server, name)))
    with pytest.raises(ConnectError, match="certificate verify failed") as raised:
        await network.tls(stream, context_for(server))
    assert isinstance(raised.value.__cause__, ssl.SSLCertVerificationError)
    assert stream.get_extra_info("is_readable"), "the stream is closed"


async def test_a_context_may_accept_any_certificate(network: Network, server: Server) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    stream = await connected(network, server, server.https_self_signed, context=context, hostname=None)
    await network.write(stream, REQUEST)
    assert await network.read(stream)
    await network.close(stream)


async def test_a_subclass_of_the_context_is_used_as_it_is(network: Network, server: Server) -> None:
    wrapped: list[str | None] = []

    class Context(ssl.SSLContext):
        def wrap_bio(self, *arguments: Any, **keywords: Any) -> ssl.SSLObject:
            wrapped.append(keywords["server_hostname"])
            return super().wrap_bio(*arguments, **keywords)

    context = Context(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(server.ca_pem)
    stream = await connected(network, server, server.https, context=context, hostname="example.test")
    assert wrapped == ["example.test"]
    await network.close(stream)


async def test_tls_runs_inside_of_tls(network: Network, server: Server) -> None:
    outer = await connected(network, server, server.https_http1_only)
    await network.write(outer, b"CONNECT localhost:%d HTTP/1.1\r\n\r\n" % port_of(server.https))
    assert (await network.read(outer)).startswith(b"HTTP/1.1 200")
    inner = await network.tls(outer, context_for(server, "h2", "http/1.1"), timeout=5)
    assert inner.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    assert outer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
    assert inner.get_extra_info("server_addr") == ("127.0.0.1", port_of(server.https_http1_only))
    await network.close(inner)


async def test_a_stream_that_no_backend_has_made_is_wrapped_too(network: Network, server: Server) -> None:
    from httparallel.core._backends.tls import astart_tls, start_tls

    below = await network.tcp("127.0.0.1", port_of(server.https_http1_only))
    context = context_for(server)
    if network.kind.is_async:
        stream: Any = await astart_tls(_Delegating(below), context, "localhost", 5)
    else:
        stream = start_tls(_Delegating(below), context, "localhost", 5)
    await network.write(stream, REQUEST)
    assert (await network.read_to_end(stream)).endswith(b"Hello, world!")
    await network.close(stream)


class _Delegating:
    """A stream as a program may have its own: in a class that knows of no other."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


async def test_reading_goes_on_after_a_timeout(network: Network, server: Server) -> None:
    stream = await connected(network, server, server.https_http1_only)
    with pytest.raises(ReadTimeout):
        await network.read(stream, timeout=0.02)
    assert not stream.get_extra_info("is_readable")
    await network.write(stream, REQUEST)
    assert (await network.read_to_end(stream)).endswith(b"Hello, world!")
    # The end of TLS may be read before that of TCP has come.
    await network.kind.until(lambda: stream.get_extra_info("is_readable"))
    await network.close(stream)


def test_the_default_context_verifies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    context = default_ssl_context()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_the_environment_names_the_authorities(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, variable: str
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setenv(variable, server.ca_pem if variable == "SSL_CERT_FILE" else str(tmp_path))
    # Certificates of a directory are loaded when they are needed.
    expected = 1 if variable == "SSL_CERT_FILE" else 0
    assert default_ssl_context().cert_store_stats()["x509_ca"] == expected
