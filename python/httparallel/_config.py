"""What a client can be told: time limits, connection limits, proxies, TLS. Plain values; nothing acts."""

from __future__ import annotations

from ._native import URL, Headers
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

    from ._types import CertTypes, HeaderTypes, TimeoutTypes

__all__ = [
    "USE_CLIENT_DEFAULT",
    "Limits",
    "Proxy",
    "RateLimit",
    "Timeout",
    "UseClientDefault",
    "create_ssl_context",
]


class UnsetType:
    """The type of UNSET."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET = UnsetType()

if TYPE_CHECKING:
    Wait = float | UnsetType | None


class UseClientDefault:
    """The type of USE_CLIENT_DEFAULT.

    `timeout=None` means no time limit, and `auth=None` no authentication; leaving the argument out means
    what the client is set to.
    """

    def __repr__(self) -> str:
        return "USE_CLIENT_DEFAULT"


USE_CLIENT_DEFAULT = UseClientDefault()


class _Settings:
    """Equality and nothing else: settings of one class are equal if all their slots are.

    Settings can be changed, so they have no hash.
    """

    __slots__: tuple[str, ...] = ()

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self._values() == other._values()

    __hash__ = None  # type: ignore[assignment]


@public
class Timeout(_Settings):
    """Time limits in seconds; None means no limit.

    `connect`, `read`, `write` and `pool` each bound one wait: for a connection to be established, for the
    next bytes to arrive, for bytes to be taken, for a connection of the pool. `total` bounds the whole
    request, redirects and body included, and is off unless it is set::

        Timeout(5.0)                # 5 s for each wait
        Timeout(None)               # no limit
        Timeout(5.0, connect=10.0)  # 10 s to connect, 5 s for everything else
        Timeout(5.0, total=30.0)    # 5 s for each wait, and never more than 30 s in all
    """

    __slots__ = ("connect", "pool", "read", "total", "write")

    connect: float | None
    read: float | None
    write: float | None
    pool: float | None
    total: float | None

    def __init__(
        self,
        timeout: TimeoutTypes | UnsetType = UNSET,
        *,
        connect: Wait = UNSET,
        read: Wait = UNSET,
        write: Wait = UNSET,
        pool: Wait = UNSET,
        total: Wait = UNSET,
    ) -> None:
        each = _defaults(timeout)
        self.connect = _required(connect, each[0])
        self.read = _required(read, each[1])
        self.write = _required(write, each[2])
        self.pool = _required(pool, each[3])
        self.total = each[4] if isinstance(total, UnsetType) else total

    def as_dict(self) -> dict[str, float | None]:
        """The limits by name, as in the request extension `timeout`. `total` is there if it is set."""
        limits = {"connect": self.connect, "read": self.read, "write": self.write, "pool": self.pool}
        if self.total is not None:
            limits["total"] = self.total
        return limits

    def __repr__(self) -> str:
        limits = self.as_dict()
        if self.connect == self.read == self.write == self.pool:
            limits = {"timeout": self.connect} | ({} if self.total is None else {"total": self.total})
        return f"{type(self).__name__}({', '.join(f'{name}={value}' for name, value in limits.items())})"


def _defaults(timeout: TimeoutTypes | UnsetType) -> tuple[Wait, Wait, Wait, Wait, float | None]:
    """Connect, read, write, pool and total, as the one positional argument of Timeout gives them."""
    if isinstance(timeout, Timeout):
        return timeout.connect, timeout.read, timeout.write, timeout.pool, timeout.total
    if isinstance(timeout, tuple):
        if not 2 <= len(timeout) <= 4:
            raise ValueError("A timeout tuple is (connect, read, write, pool); the last two may be left out.")
        write, pool = (*timeout[2:], None, None)[:2]
        return timeout[0], timeout[1], write, pool, None
    return timeout, timeout, timeout, timeout, None


def _required(value: Wait, default: Wait) -> float | None:
    if isinstance(value, UnsetType):
        value = default
    if isinstance(value, UnsetType):
        raise ValueError(
            "Timeout needs either a default for all four of connect, read, write and pool, or all four."
        )
    return value


@public
class Limits(_Settings):
    """How many connections a client may hold, and how long they are kept, in seconds.

    None means no limit.

    - `max_connections`: connections of any state, over all origins.
    - `max_keepalive_connections`: those that idle.
    - `keepalive_expiry`: how long they do.
    - `max_concurrency_per_host`: how many requests may be on their way to one origin (scheme, host and port)
      at a time. Others wait in their order, and use up no pool timeout; a streamed response counts until all
      of it has arrived, or it is closed.
    - `max_connection_age`: how long a connection takes new requests, from when it was opened. An older one is
      closed as soon as nothing is on it. So a program that never rests notices new addresses of a name, and
      new servers behind a balancer::

          Client(limits=Limits(max_connections=100, max_connection_age=300.0))
    """

    __slots__ = (
        "keepalive_expiry",
        "max_concurrency_per_host",
        "max_connection_age",
        "max_connections",
        "max_keepalive_connections",
    )

    def __init__(
        self,
        *,
        max_connections: int | None = None,
        max_keepalive_connections: int | None = None,
        keepalive_expiry: float | None = 5.0,
        max_connection_age: float | None = None,
        max_concurrency_per_host: int | None = None,
    ) -> None:
        self.max_connections = max_connections
        self.max_keepalive_connections = max_keepalive_connections
        self.keepalive_expiry = keepalive_expiry
        if max_concurrency_per_host is not None and max_concurrency_per_host < 1:
            raise ValueError("max_concurrency_per_host must be at least 1, or None for no limit.")
        self.max_concurrency_per_host = max_concurrency_per_host
        self.max_connection_age = max_connection_age

    def __repr__(self) -> str:
        age = self.max_connection_age
        per_host = self.max_concurrency_per_host
        return (
            f"{type(self).__name__}(max_connections={self.max_connections}, "
            f"max_keepalive_connections={self.max_keepalive_connections}, "
            f"keepalive_expiry={self.keepalive_expiry}"
            f"{'' if age is None else f', max_connection_age={age}'}"
            f"{'' if per_host is None else f', max_concurrency_per_host={per_host}'})"
        )


@public
class RateLimit(_Settings):
    """How many requests may start in a stretch of time.

    `requests` in each `per` seconds, evenly spaced; `burst` of them may start at once after a time without
    any. So at most `burst + t * requests / per` start in any `t` seconds::

        RateLimit(10)                  # one every 100 ms
        RateLimit(100, per=60)         # one every 600 ms
        RateLimit(10, burst=10)        # 10 at once, if there were none for a second
    """

    __slots__ = ("burst", "per", "requests")

    def __init__(self, requests: float, *, per: float = 1.0, burst: int = 1) -> None:
        if not (requests > 0 and per > 0 and burst >= 1):
            raise ValueError(
                "A rate limit is more than 0 requests in more than 0 seconds, with a burst of at least 1."
            )
        self.requests = requests
        self.per = per
        self.burst = burst

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.requests}, per={self.per}, burst={self.burst})"


@public
class Proxy:
    """A proxy to send requests through: `http`, `https`, `socks5` or `socks5h`.

    Credentials may stand in the URL; they are moved to `auth` and never shown.
    """

    def __init__(
        self,
        url: URL | str,
        *,
        ssl_context: ssl.SSLContext | None = None,
        auth: tuple[str, str] | None = None,
        headers: HeaderTypes | None = None,
    ) -> None:
        url = URL(url)
        if url.scheme not in ("http", "https", "socks5", "socks5h"):
            raise ValueError(f"Unknown scheme for proxy URL {url!r}")
        if url.username or url.password:
            auth = (url.username, url.password)
            url = url.copy_with(username=None, password=None)
        self.url = url
        self.auth = auth
        self.headers = Headers(headers)
        self.ssl_context = ssl_context

    @property
    def raw_auth(self) -> tuple[bytes, bytes] | None:
        """User name and password as bytes."""
        return None if self.auth is None else (self.auth[0].encode(), self.auth[1].encode())

    def __repr__(self) -> str:
        shown = [repr(str(self.url))]
        if self.auth:
            shown.append(f"auth={(self.auth[0], '********')!r}")
        if self.headers:
            shown.append(f"headers={dict(self.headers)!r}")
        return f"Proxy({', '.join(shown)})"


@public
def create_ssl_context(
    verify: ssl.SSLContext | str | bool = True,
    cert: CertTypes | None = None,
    trust_env: bool = True,
) -> ssl.SSLContext:
    """A TLS configuration for `verify=`, which may be changed further before it is used.

    - `verify`: True for the system's certificate authorities; False to accept any certificate, which gives
      the connection away to whoever can intercept it; a path to a file or directory of authorities.
    - `cert`: a client certificate: a file, `(file, key)` or `(file, key, password)`.
    - `trust_env`: whether `SSL_CERT_FILE` and `SSL_CERT_DIR` may name the authorities, and `SSLKEYLOGFILE`
      a file for the keys of connections.
    """
    import ssl

    if isinstance(verify, str):
        make = ssl.create_default_context if trust_env else _context_without_environment
        context = make(capath=verify) if _is_directory(verify) else make(cafile=verify)
    elif verify is True:
        context = ssl.create_default_context() if trust_env else _context_without_environment()
    elif verify is False:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context = verify
    if cert:
        context.load_cert_chain(*([cert] if isinstance(cert, str) else cert))
    if isinstance(verify, ssl.SSLContext):
        return context
    from ._recorded_context import record

    return record(context, (verify, cert, trust_env))


def _is_directory(path: str) -> bool:
    import os

    return os.path.isdir(path)


def _context_without_environment(*, cafile: str | None = None, capath: str | None = None) -> ssl.SSLContext:
    """The default context, of these authorities or of OpenSSL's own, whatever the environment says."""
    import os
    import ssl
    import sys

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if cafile or capath:
        context.load_verify_locations(cafile, capath)
        return context
    if sys.platform == "win32":
        context.load_default_certs()
        return context
    paths = ssl.get_default_verify_paths()
    file, directory = paths.openssl_cafile, paths.openssl_capath
    if os.path.isfile(file):
        context.load_verify_locations(cafile=file)
    if os.path.isdir(directory):
        context.load_verify_locations(capath=directory)
    return context


DEFAULT_TIMEOUT_CONFIG = Timeout(5.0)
DEFAULT_LIMITS = Limits(max_connections=100, max_keepalive_connections=20)
DEFAULT_MAX_REDIRECTS = 20
DEFAULT_MAX_EVENT_SIZE = 1024 * 1024
# Of WebSockets.
DEFAULT_MAX_MESSAGE_SIZE_BYTES = 65_536
DEFAULT_QUEUE_SIZE = 512
DEFAULT_KEEPALIVE_PING_INTERVAL_SECONDS = 20.0
DEFAULT_KEEPALIVE_PING_TIMEOUT_SECONDS = 20.0
