"""Proxies of other people: tinyproxy for HTTP, microsocks for SOCKS, and stunnel to put TLS around one."""

from __future__ import annotations

from pathlib import Path

from certificates import Certificates
from programs import Program, found

USER, PASSWORD = "user", "pass word"


class Tinyproxy(Program):
    """A running tinyproxy. `protected` wants credentials."""

    def __init__(self, directory: Path, *, protected: bool) -> None:
        super().__init__(directory)
        program = found("tinyproxy")

        def command(ports: list[int]) -> list[str]:
            lines = [f"Port {ports[0]}", "Listen 127.0.0.1", "Timeout 60", "LogLevel Connect"]
            # Its configuration knows no way to write a space.
            lines += [f"BasicAuth {USER} {PASSWORD.replace(' ', '_')}"] if protected else []
            (directory / "tinyproxy.conf").write_text("\n".join(lines) + "\n")
            return [program, "-d", "-c", "tinyproxy.conf"]

        [self.port] = self.start(1, command)
        self.url = f"http://127.0.0.1:{self.port}"
        self.auth = (USER, PASSWORD.replace(" ", "_"))


class Microsocks(Program):
    """A running microsocks. `protected` wants credentials."""

    def __init__(self, directory: Path, *, protected: bool) -> None:
        super().__init__(directory)
        program = found("microsocks")
        credentials = ["-u", USER, "-P", PASSWORD] if protected else []

        def command(ports: list[int]) -> list[str]:
            return [program, "-i", "127.0.0.1", "-p", str(ports[0]), *credentials]

        [self.port] = self.start(1, command)
        self.auth = (USER, PASSWORD)

    def url(self, scheme: str) -> str:
        return f"{scheme}://127.0.0.1:{self.port}"


class Stunnel(Program):
    """A running stunnel: TLS with the tests' certificate, and behind it a port of this machine."""

    def __init__(self, directory: Path, certificates: Certificates, behind: int) -> None:
        super().__init__(directory)
        program = found("stunnel")

        def command(ports: list[int]) -> list[str]:
            lines = [
                "foreground = yes",
                "pid =",
                "syslog = no",
                f"cert = {certificates.server}",
                "[proxy]",
                f"accept = 127.0.0.1:{ports[0]}",
                f"connect = 127.0.0.1:{behind}",
            ]
            (directory / "stunnel.conf").write_text("\n".join(lines) + "\n")
            return [program, "stunnel.conf"]

        [port] = self.start(1, command)
        self.url = f"https://localhost:{port}"
