"""A certificate authority for the time of the tests, and one server certificate for `localhost`."""

from __future__ import annotations

from pathlib import Path

import trustme


class Certificates:
    """Files in PEM: `ca` to verify with, `server` with a chain and its key."""

    def __init__(self, directory: Path) -> None:
        authority = trustme.CA()
        self.ca = directory / "ca.pem"
        self.server = directory / "server.pem"
        authority.cert_pem.write_to_path(str(self.ca))
        issued = authority.issue_cert("localhost")
        issued.private_key_and_cert_chain_pem.write_to_path(str(self.server))
