"""What a transport is told about its connections, in the engine's terms: certificates, proxy, sockets."""

from __future__ import annotations

from sys import modules

from ._config import Proxy
from ._native import ConnectionOptions, ProxyRules

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from ._recorded_context import Ingredients
    from ._request import Request
    from ._types import CertTypes, ProxyTypes, SocketOption

    ProxyArgument = tuple[str, tuple[str, str] | None, list[tuple[bytes, bytes]]]


def ingredients(
    verify: ssl.SSLContext | str | bool, cert: CertTypes | None, trust_env: bool
) -> tuple[ssl.SSLContext | str | bool, CertTypes | None, bool]:
    """`verify`, `cert` and `trust_env`, with what the context was made of in its place, if that is known."""
    made_of: Ingredients | None = getattr(verify, "_made_of", None)
    if made_of is None or cert is not None:
        return verify, cert, trust_env
    return made_of


def is_beyond_engine(
    verify: ssl.SSLContext | str | bool, cert: CertTypes | None, proxy: ProxyTypes | ProxyRules | None
) -> bool:
    """Whether these arguments of a transport are beyond the engine."""
    # Without the module there is no context either.
    ssl = modules.get("ssl")
    if ssl is not None and isinstance(verify, ssl.SSLContext):
        return True
    has_password = isinstance(cert, tuple) and len(cert) > 2 and bool(cert[2])
    return has_password or getattr(proxy, "ssl_context", None) is not None


def proxy_of(proxy: ProxyTypes | ProxyRules | None) -> ProxyArgument | ProxyRules | None:
    """URL, credentials and headers of a proxy; rules as they are."""
    if proxy is None or isinstance(proxy, ProxyRules):
        return proxy
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

    path = authorities_of(verify, trust_env)
    if path is None:
        return bool(verify)
    if not os.path.isdir(path):
        return _read(path)
    files = sorted(os.path.join(path, name) for name in os.listdir(path))
    return b"\n".join(_read(file) for file in files if os.path.isfile(file))


def authorities_of(verify: ssl.SSLContext | str | bool, trust_env: bool) -> str | None:
    """The file or directory of the certificate authorities, if it is named."""
    import os

    if isinstance(verify, str):
        return verify
    if not isinstance(verify, bool):
        raise TypeError(
            "verify must be True, False, or the path of a file or directory with certificate authorities; "
            f"{type(verify).__name__} is not supported yet."
        )
    if not verify or not trust_env:
        return None
    path = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
    return path if path is not None and os.path.exists(path) else None


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


def has_own_connection(request: Request) -> bool:
    """Whether a request says itself how its connections are made."""
    extensions = request.extensions
    return bool(extensions) and ("proxy" in extensions or "verify" in extensions)


def wants_more_than_engine(request: Request) -> bool:
    """Whether what it says is beyond the engine."""
    extensions = request.extensions
    verify, cert, _ = ingredients(extensions.get("verify", True), None, True)
    # A certificate of the client's is the engine's for all its requests.
    return cert is not None or is_beyond_engine(verify, None, extensions.get("proxy"))


# Settings of many requests in a row are the same, and certificates take long to read.
_known: dict[object, ConnectionOptions] = {}
_MAX_KNOWN = 16


def connection_of(request: Request, trust_env: bool) -> ConnectionOptions:
    """What a request's connections are otherwise than its transport's, in the engine's terms.

    `trust_env`: whether SSL_CERT_FILE and SSL_CERT_DIR may name the authorities of `verify=True`.
    """
    extensions = request.extensions
    direct = "proxy" in extensions and extensions["proxy"] is None
    proxy = proxy_of(extensions.get("proxy"))
    assert not isinstance(proxy, ProxyRules), "a request has one proxy or none"
    verify, authorities, state = None, None, None
    if "verify" in extensions:
        verify, _, trust_env = ingredients(extensions["verify"], None, trust_env)
        authorities = authorities_of(verify, trust_env)
        state = None if authorities is None else _state_of(authorities)
    key = (proxy and (*proxy[:2], tuple(proxy[2])), direct, verify, authorities, state)
    found = _known.get(key)
    if found is None:
        roots = None if verify is None else roots_of(verify, trust_env)
        found = ConnectionOptions(proxy=proxy, direct=direct, verify=roots)
        if len(_known) >= _MAX_KNOWN:
            _known.clear()
        _known[key] = found
    return found


def _state_of(path: str) -> tuple[int, int, int]:
    """What changes when a file of authorities is replaced."""
    import os

    found = os.stat(path)
    return found.st_mtime_ns, found.st_size, found.st_ino
