"""nghttpd, the HTTP/2 server of nghttp2: a second implementation of the protocol."""

from __future__ import annotations

from pathlib import Path

from certificates import Certificates
from programs import Program, found


class Nghttpd(Program):
    """A running nghttpd that serves `html` and sends uploads back. Without certificates, without TLS."""

    def __init__(self, directory: Path, certificates: Certificates | None, *options: str) -> None:
        super().__init__(directory)
        program = found("nghttpd")
        self.html = directory / "html"
        self.html.mkdir()
        tls = ["--no-tls"] if certificates is None else [str(certificates.server)] * 2
        options = ("--address=127.0.0.1", f"--htdocs={self.html}", "--echo-upload", *options)
        [port] = self.start(1, lambda ports: [program, *options, str(ports[0]), *tls])
        self.url = f"{'http' if certificates is None else 'https'}://localhost:{port}"
