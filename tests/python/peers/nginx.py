"""nginx, with one port for each way of keeping connections."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

from certificates import Certificates
from programs import Program, found

# The listeners, and what makes each differ.
LISTENERS = {
    "plain": "",
    "few": "keepalive_requests 5;",
    "once": "keepalive_timeout 0;",
    "h2c": "",
    "tls": "",
    "tls_once": "keepalive_timeout 0;",
    "h2": "",
    "h2_few": "keepalive_requests 5;",
}

CONFIGURATION = """\
daemon off;
{user}
worker_processes 1;
pid nginx.pid;
error_log stderr info;
events {{ worker_connections 512; }}
http {{
    access_log off;
    default_type text/plain;
    root html;
    client_body_temp_path client_body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    ssl_certificate {certificate};
    ssl_certificate_key {certificate};
    ssl_session_cache shared:tls:1m;
    add_header X-Connection $connection always;
    add_header X-Protocol $server_protocol always;
    add_header X-Session-Reused $ssl_session_reused always;
    {servers}
}}
"""

SERVER = """
    server {{
        listen 127.0.0.1:{port}{options};
        {difference}
        client_max_body_size 0;
        client_body_buffer_size 64k;
        location /gzip/ {{ alias html/; gzip on; gzip_min_length 0; gzip_types *; gzip_proxied any; }}
        location /chunked/ {{ alias html/; ssi on; ssi_types *; }}
        location /slow/ {{ alias html/; limit_rate 40k; }}
        location /limited/ {{ client_max_body_size 100k; proxy_pass http://127.0.0.1:{plain}/; }}
        location /proxied/ {{ proxy_pass http://127.0.0.1:{plain}/; }}
        location /stored/ {{ alias stored/; dav_methods PUT DELETE; }}
        location = /redirect {{ absolute_redirect off; return 302 /hello.txt; }}
        location = /nothing {{ return 204; }}
        location = /unwilling {{ return 503 "not now"; }}
    }}
"""


class Nginx(Program):
    """A running nginx: `html` is what it serves, `stored` where uploads go, `urls` has a URL per listener."""

    def __init__(self, directory: Path, certificates: Certificates) -> None:
        super().__init__(directory)
        program = found("nginx")
        self.html = directory / "html"
        self.stored = directory / "stored"
        self.html.mkdir()
        self.stored.mkdir()

        def command(ports: list[int]) -> list[str]:
            configuration = _configuration(dict(zip(LISTENERS, ports, strict=True)), certificates)
            (directory / "nginx.conf").write_text(configuration)
            return [program, "-p", str(directory), "-c", "nginx.conf", "-e", "stderr"]

        ports = self.start(len(LISTENERS), command)
        self.urls = {
            name: f"{'https' if _is_tls(name) else 'http'}://localhost:{port}"
            for name, port in zip(LISTENERS, ports, strict=True)
        }


def _configuration(ports: dict[str, int], certificates: Certificates) -> str:
    servers = [
        SERVER.format(
            port=ports[name],
            plain=ports["plain"],
            options=(" ssl" if _is_tls(name) else "") + (" http2" if name.startswith("h2") else ""),
            difference=difference,
        )
        for name, difference in LISTENERS.items()
    ]
    return CONFIGURATION.format(user=_user(), certificate=certificates.server, servers="".join(servers))


def _user() -> str:
    """Started by root, nginx would become a user who cannot read the tests' files."""
    if os.geteuid() != 0:
        return ""
    return f"user {pwd.getpwuid(0).pw_name} {grp.getgrgid(0).gr_name};"


def _is_tls(name: str) -> bool:
    return name.startswith("tls") or (name.startswith("h2") and name != "h2c")
