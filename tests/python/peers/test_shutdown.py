"""Servers that end while requests are in flight: each request succeeds or fails by name, and none hangs."""

from __future__ import annotations

import signal

import pytest
from certificates import Certificates
from kinds import Kind
from nghttpd import Nghttpd
from nginx import Nginx

import httparallel

Files = dict[str, bytes]

# What a request may meet whose server ends: the connection breaks, or it ends in order but too early.
BROKEN = (httparallel.ReadError, httparallel.RemoteProtocolError)


@pytest.mark.parametrize("listener", ["plain", "tls", "h2"])
async def test_bodies_break_when_nginx_is_ended(
    kind: Kind, ending_nginx: Nginx, certificates: Certificates, listener: str
) -> None:
    url = f"{ending_nginx.urls[listener]}/slow/large.bin"
    async with kind.client(http2=True, verify=str(certificates.ca)) as client:
        async with client.parallel() as parallel:
            for _ in range(10):
                parallel.get(url, stream=True)
            responses = [response async for response in parallel]
            ending_nginx.end(signal.SIGTERM)
            for response in responses:
                with pytest.raises(BROKEN):
                    await response.read()
        with pytest.raises(httparallel.ConnectError):
            await client.get(url)


@pytest.mark.parametrize("listener", ["plain", "tls", "h2"])
async def test_requests_end_in_order_when_nginx_quits(
    kind: Kind, ending_nginx: Nginx, certificates: Certificates, files: Files, listener: str
) -> None:
    (ending_nginx.html / "short.bin").write_bytes(files["medium.bin"][:50_000])
    url = f"{ending_nginx.urls[listener]}/slow/short.bin"
    async with kind.client(http2=True, verify=str(certificates.ca)) as client:
        async with client.parallel() as parallel:
            for _ in range(10):
                parallel.get(url, stream=True)
            responses = [response async for response in parallel]
            # It lets go of its ports at once, and of each connection when its requests are answered.
            ending_nginx.signal(signal.SIGQUIT)
            contents = [await response.read() for response in responses]
        assert contents == [files["medium.bin"][:50_000]] * 10
        with pytest.raises(httparallel.ConnectError):
            await client.get(url)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT, signal.SIGKILL])
async def test_requests_succeed_or_break_when_nghttpd_is_ended(
    kind: Kind, ending_nghttpd: Nghttpd, certificates: Certificates, files: Files, number: signal.Signals
) -> None:
    outcomes = []
    async with kind.client(http2=True, verify=str(certificates.ca)) as client:
        async with client.parallel() as parallel:
            pending = [parallel.get(f"{ending_nghttpd.url}/large.bin", stream=True) for _ in range(5)]
            unread = [await request.get_response() for request in pending]
            waiting = [parallel.get(f"{ending_nghttpd.url}/medium.bin") for _ in range(50)]
            ending_nghttpd.end(number)
            for response in unread:
                with pytest.raises(BROKEN):
                    await response.read()
            for request in waiting:
                try:
                    outcomes.append((await request.get_response()).content)
                except httparallel.NetworkError as error:
                    outcomes.append(error)
                except httparallel.RemoteProtocolError as error:
                    outcomes.append(error)
    assert len(outcomes) == 50
    delivered = [outcome for outcome in outcomes if isinstance(outcome, bytes)]
    assert delivered == [files["medium.bin"]] * len(delivered)
