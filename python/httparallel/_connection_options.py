"""What a transport is told about its connections, in the engine's terms: certificates, proxy, sockets."""

from __future__ import annotations

from sys import modules

from ._config import Proxy

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from ._recorded_context import Ingredients
    from ._types import CertTypes, ProxyTypes, SocketOption


def ingredients(
    verify: ssl.SSLContext | str | bool, cert: CertTypes | None, trust_env: bool
) -> tuple[ssl.SSLContext | str | bool, CertTypes | None, bool]:
    """`verify`, `cert` and `trust_env`, with what the context was made of in its place, if that is known."""
    made_of: Ingredients | None = getattr(verify, "_made_of", None)
    if made_of is None or cert is not None:
        return verify, cert, trust_env
    return made_of


def is_beyond_engine(
    verify: ssl.SSLContext | str | bool, cert: CertTypes | None, proxy: ProxyTypes | None
) -> bool:
    """Whether these arguments of a transport are beyond the engine."""
    # Without the module there is no context either.
    ssl = modules.get("ssl")
    if ssl is not None and isinstance(verify, ssl.SSLContext):
        return True
    has_password = isinstance(cert, tuple) and len(cert) > 2 and bool(cert[2])
    return has_password or getattr(proxy, "ssl_context", None) is not None


def proxy_of(
    proxy: ProxyTypes | None,
) -> tuple[str, tuple[str, str] | None, list[tuple[bytes, bytes]]] | None:
    """URL, credentials and headers of a proxy."""
    if proxy is None:
        return None
    if not isinstance(proxy, Proxy):
        proxy = Proxy(proxy)
    return str(proxy.url), proxy.auth, proxy.headers.raw


def socket_options_of(options: Iterable[SocketOption] | None) -> list[tuple[int, int, int | bytes]]:
    """Level, name and value of each."""
    return [
        (level, name, value if isinstance(value, int) else bytes(value))
        for level, name, value in options or ()
    ]


def roots_of(verify: ssl.SSLContext | str | bool, trust_env: bool) -> bytes | bool:
    import os

    if isinstance(verify, bool):
        if not verify or not trust_env:
            return verify
        path = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
        if path is None or not os.path.exists(path):
            return verify
    elif isinstance(verify, str):
        path = verify
    else:
        raise TypeError(
            "verify must be True, False, or the path of a file or directory with certificate authorities; "
            f"{type(verify).__name__} is not supported yet."
        )
    if not os.path.isdir(path):
        return _read(path)
    files = sorted(os.path.join(path, name) for name in os.listdir(path))
    return b"\n".join(_read(file) for file in files if os.path.isfile(file))


def certificate_of(cert: CertTypes | None) -> tuple[bytes, bytes] | None:
    if cert is None:
        return None
    if isinstance(cert, str):
        pem = _read(cert)
        return pem, pem
    if len(cert) > 2 and cert[2]:
        raise TypeError("Client keys with a password are not supported yet; store the key without one.")
    return _read(cert[0]), _read(cert[1])


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
