"""The steps that `--verbose` shows, as the `trace` extension of a request tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._output import Output, certificate_lines

Info = Mapping[str, Any]


class Steps:
    """A `trace` extension that shows connections being made, and heads being sent and received."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def __call__(self, event: str, info: Info) -> None:
        layer, _, step = event.partition(".")
        version = "HTTP/2" if layer == "http2" else "HTTP/1.1"
        if step == "connect_tcp.started":
            self._output.step(f"Connecting to {info['host']!r}")
        elif step == "connect_tcp.complete":
            address = info["return_value"].get_extra_info("server_addr")
            self._output.step(f"Connected to {address[0]!r} on port {address[1]}")
        elif step == "start_tls.complete":
            self._secured(info["return_value"].get_extra_info("ssl_object"))
        elif step == "send_request_headers.started":
            request = info["request"]
            lower = layer == "http2"
            headers = [(name.lower() if lower else name, value) for name, value in request.headers]
            self._output.sent_head(request.method, request.url.target, version, headers)
        elif step == "receive_response_headers.complete":
            self._received(version, info["return_value"])

    def _secured(self, tls: Any) -> None:  # noqa: ANN401 - an ssl.SSLObject, or what a backend has in its place
        self._output.step(f"SSL established using {tls.version()!r} / {tls.cipher()[0]!r}")
        self._output.step(f"Selected ALPN protocol: {tls.selected_alpn_protocol()!r}")
        certificate = tls.getpeercert()
        if certificate:
            self._output.step("Server certificate:")
            for line in certificate_lines(certificate):
                self._output.step(line)

    def _received(self, version: str, head: Any) -> None:  # noqa: ANN401 - a tuple of the version's own
        if version == "HTTP/2":
            status, headers = head
            self._output.received_head(b"HTTP/2", status, None, headers)
        else:
            self._output.received_head(*head)
