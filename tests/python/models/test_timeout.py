"""Timeout, Limits, Proxy and TLS settings."""

from __future__ import annotations

import copy
import pickle
import ssl

import pytest

from httparallel import Limits, Timeout, create_ssl_context
from httparallel._config import (
    DEFAULT_LIMITS,
    DEFAULT_MAX_REDIRECTS,
    DEFAULT_TIMEOUT_CONFIG,
    UNSET,
    USE_CLIENT_DEFAULT,
    Proxy,
)


def waits(timeout: Timeout) -> tuple[float | None, ...]:
    return timeout.connect, timeout.read, timeout.write, timeout.pool


def test_one_number_bounds_each_wait_but_not_the_whole() -> None:
    timeout = Timeout(5.0)
    assert waits(timeout) == (5.0, 5.0, 5.0, 5.0)
    assert timeout.total is None


def test_none_means_no_limit() -> None:
    assert waits(Timeout(None)) == (None, None, None, None)


def test_a_keyword_overrides_the_default() -> None:
    assert waits(Timeout(5.0, pool=60.0)) == (5.0, 5.0, 5.0, 60.0)
    assert waits(Timeout(5.0, read=None)) == (5.0, None, 5.0, 5.0)


def test_a_total_is_independent_of_the_waits() -> None:
    timeout = Timeout(5.0, total=30.0)
    assert timeout.total == 30.0
    assert waits(timeout) == (5.0, 5.0, 5.0, 5.0)
    assert timeout != Timeout(5.0)


def test_all_four_waits_need_no_default() -> None:
    assert Timeout(connect=1.0, read=2.0, write=3.0, pool=4.0) == Timeout((1.0, 2.0, 3.0, 4.0))


@pytest.mark.parametrize("given", [{}, {"pool": 60.0}, {"connect": 1, "read": 1, "write": 1}, {"total": 1}])
def test_some_of_the_waits_without_a_default_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="default"):
        Timeout(**given)  # type: ignore[arg-type]


def test_a_tuple_gives_connect_read_write_and_pool() -> None:
    assert waits(Timeout((1.0, 2.0, 3.0, 4.0))) == (1.0, 2.0, 3.0, 4.0)
    assert waits(Timeout((1.0, 2.0))) == (1.0, 2.0, None, None)  # type: ignore[arg-type]


def test_a_tuple_of_any_other_length_is_refused() -> None:
    with pytest.raises(ValueError, match="tuple"):
        Timeout((1.0,))  # type: ignore[arg-type]


def test_a_timeout_can_be_made_from_a_timeout() -> None:
    first = Timeout(5.0, total=9.0)
    assert Timeout(first) == first
    assert Timeout(first, connect=1.0) == Timeout(5.0, connect=1.0, total=9.0)


@pytest.mark.parametrize(
    ("timeout", "shown"),
    [
        (Timeout(5.0), "Timeout(timeout=5.0)"),
        (Timeout(None, read=5.0), "Timeout(connect=None, read=5.0, write=None, pool=None)"),
        (Timeout(5.0, total=30.0), "Timeout(timeout=5.0, total=30.0)"),
        (
            Timeout(5.0, pool=1.0, total=30.0),
            "Timeout(connect=5.0, read=5.0, write=5.0, pool=1.0, total=30.0)",
        ),
    ],
)
def test_a_timeout_shows_what_it_is(timeout: Timeout, shown: str) -> None:
    assert repr(timeout) == shown


def test_the_extension_has_a_total_only_if_there_is_one() -> None:
    assert Timeout(5.0).as_dict() == {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}
    assert Timeout(None, total=1.0).as_dict()["total"] == 1.0


@pytest.mark.parametrize("settings", [Timeout(5.0, total=1.0), Limits(max_connections=3)])
def test_settings_can_be_copied_and_pickled(settings: Timeout | Limits) -> None:
    assert copy.deepcopy(settings) == settings
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert type(settings).__module__ == "httparallel"


def test_settings_are_equal_only_to_their_own_kind() -> None:
    assert Timeout(5.0) != (5.0, 5.0, 5.0, 5.0)
    assert Timeout(5.0) != Limits()


def test_limits_show_what_they_are() -> None:
    shown = "Limits(max_connections=100, max_keepalive_connections=None, keepalive_expiry=5.0)"
    assert repr(Limits(max_connections=100)) == shown
    aging = Limits(max_connections=100, max_connection_age=60.0)
    assert repr(aging) == f"{shown.removesuffix(')')}, max_connection_age=60.0)"
    assert aging != Limits(max_connections=100)


def test_the_defaults_are_those_of_httpx() -> None:
    assert Timeout(5.0) == DEFAULT_TIMEOUT_CONFIG
    assert Limits(max_connections=100, max_keepalive_connections=20) == DEFAULT_LIMITS
    assert DEFAULT_MAX_REDIRECTS == 20
    assert repr(USE_CLIENT_DEFAULT) == "USE_CLIENT_DEFAULT"
    assert repr(UNSET) == "UNSET"


def test_a_proxy_takes_its_credentials_out_of_the_url_and_never_shows_them() -> None:
    proxy = Proxy("https://user:secret@example.com:8080", headers={"X-Proxy": "1"})
    assert str(proxy.url) == "https://example.com:8080"
    assert proxy.auth == ("user", "secret")
    assert proxy.raw_auth == (b"user", b"secret")
    assert "secret" not in repr(proxy)
    assert repr(Proxy("http://a")) == "Proxy('http://a')"


def test_a_proxy_without_credentials_has_none() -> None:
    assert Proxy("socks5h://example.com").raw_auth is None


def test_a_proxy_of_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="Unknown scheme"):
        Proxy("ftp://example.com")


@pytest.mark.parametrize("trust_env", [True, False])
def test_the_default_context_verifies(trust_env: bool) -> None:
    context = create_ssl_context(trust_env=trust_env)
    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_verification_is_off_only_if_it_is_switched_off() -> None:
    context = create_ssl_context(verify=False)
    assert context.verify_mode is ssl.CERT_NONE
    assert not context.check_hostname


def test_a_context_of_ones_own_is_passed_through() -> None:
    context = ssl.create_default_context()
    assert create_ssl_context(verify=context) is context


def test_authorities_that_do_not_exist_are_an_error() -> None:
    with pytest.raises(OSError, match="No such file"):
        create_ssl_context(verify="/path/to/nowhere.pem")
