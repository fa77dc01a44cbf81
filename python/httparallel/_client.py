"""Where the clients are found, whichever kind, and where others look for what they share."""

from __future__ import annotations

from ._async_client import AsyncClient
from ._config import USE_CLIENT_DEFAULT, UseClientDefault
from ._sync_client import Client

__all__ = ["USE_CLIENT_DEFAULT", "AsyncClient", "Client", "UseClientDefault"]
