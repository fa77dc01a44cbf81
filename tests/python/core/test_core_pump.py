"""Connections over bytes that somebody else carries: the native classes themselves."""

from __future__ import annotations

import pytest
from frames import frame

import httparallel
from httparallel._native import (
    ConnectionQueue,
    Http1Connection,
    Http1Origins,
    Http2Connection,
    Socks5,
    is_misdirected,
)

SETTINGS = frame(4, 0, 0)


def go_away(last: int, reason: int = 0) -> bytes:
    return frame(7, 0, 0, last.to_bytes(4, "big") + reason.to_bytes(4, "big"))


class TestHttp1:
    def test_a_request_and_its_response(self) -> None:
        connection = Http1Connection()
        fields = [(b"Host", b"example.org"), (b"Content-Length", b"2")]
        head = connection.start(b"POST", b"/", fields)
        assert head == b"POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 2\r\n\r\n"
        piece = b"hi"
        assert connection.data(piece) is piece
        assert connection.end() == b""
        assert connection.event() is None
        connection.receive(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nX-Case: Kept\r\n")
        assert connection.event() == (b"HTTP/1.1", 103, b"Early Hints", [])
        connection.receive(b"Content-Length: 3\r\n\r\nyes")
        kept = [(b"X-Case", b"Kept"), (b"Content-Length", b"3")]
        assert connection.event() == (b"HTTP/1.1", 200, b"OK", kept)
        assert connection.event() == b"yes"
        assert connection.event() is True
        assert not connection.is_upgraded
        connection.start(b"GET", b"/", [(b"Host", b"example.org")])

    def test_a_body_in_chunks(self) -> None:
        connection = Http1Connection()
        connection.start(b"POST", b"/", [(b"Host", b"a"), (b"Transfer-Encoding", b"chunked")])
        assert connection.data(b"hello") == b"5\r\nhello\r\n"
        assert connection.end() == b"0\r\n\r\n"

    def test_an_upgraded_connection_gives_back_what_followed(self) -> None:
        connection = Http1Connection()
        asks = [(b"Host", b"a"), (b"Connection", b"upgrade"), (b"Upgrade", b"custom")]
        connection.start(b"GET", b"/", asks)
        connection.end()
        connection.receive(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: custom\r\n\r\nfoobar")
        assert connection.event() == (
            b"HTTP/1.1",
            101,
            b"Switching Protocols",
            [(b"Upgrade", b"custom")],
        )
        assert connection.event() is False
        assert connection.is_upgraded
        assert connection.trailing() == b"foobar"
        assert connection.trailing() == b""

    def test_a_head_of_one_long_line_is_read(self) -> None:
        connection = Http1Connection()
        connection.start(b"GET", b"/", [(b"Host", b"a")])
        cookie = b"x" * (100 * 1024 - 72)
        connection.receive(b"HTTP/1.1 200 OK\r\nCookie: " + cookie + b"\r\nContent-Length: 0\r\n\r\n")
        head = connection.event()
        assert isinstance(head, tuple)
        assert head[3][0] == (b"Cookie", cookie)

    def test_an_invalid_head_sends_nothing(self) -> None:
        connection = Http1Connection()
        with pytest.raises(httparallel.LocalProtocolError) as caught:
            connection.start(b"GET", b"/", [(b"Host", b"\0")])
        assert str(caught.value) == r"Illegal header value b'\x00'"
        with pytest.raises(httparallel.LocalProtocolError):
            connection.data(b"x")

    def test_a_body_is_held_to_its_length(self) -> None:
        connection = Http1Connection()
        connection.start(b"POST", b"/", [(b"Host", b"a"), (b"Content-Length", b"2")])
        with pytest.raises(httparallel.LocalProtocolError, match="Too much data"):
            connection.data(b"abc")
        with pytest.raises(httparallel.LocalProtocolError, match="Too little data"):
            connection.end()

    @pytest.mark.parametrize(
        ("received", "message"),
        [
            ([b"Wait, this isn't valid HTTP!"], "not HTTP/1"),
            ([b""], "Server disconnected without sending a response."),
            ([b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", b""], "within the body"),
        ],
    )
    def test_a_peer_that_breaks_the_protocol(self, received: list[bytes], message: str) -> None:
        connection = Http1Connection()
        connection.start(b"GET", b"/", [(b"Host", b"a")])
        connection.end()
        for data in received:
            connection.receive(data)
        with pytest.raises(httparallel.RemoteProtocolError, match=message):
            while connection.event() is not None:
                pass


class TestHttp2:
    def open(self, connection: Http2Connection, *, end: bool = True) -> int:
        return connection.open(b"GET", b"https", b"example.org", b"/", [(b"Accept", b"*/*")], end)

    def test_a_request_and_its_response(self) -> None:
        connection = Http2Connection()
        assert connection.outgoing().startswith(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        stream = self.open(connection)
        assert (stream, connection.open_streams, connection.max_streams) == (1, 1, 100)
        assert connection.outgoing()
        assert connection.event(stream) is None
        connection.receive(SETTINGS + frame(1, 4, 1, b"\x88") + frame(0, 1, 1, b"hello"))
        assert connection.event(stream) == (b"HTTP/2", 200, b"", [])
        assert connection.event(stream) == b"hello"
        assert connection.event(stream) is True
        assert connection.open_streams == 0
        connection.reset(stream)
        assert connection.outgoing() == frame(4, 1, 0, b"")
        assert connection.can_open()

    def test_it_says_whom_what_was_received_concerns(self) -> None:
        connection = Http2Connection()
        first, second = self.open(connection), self.open(connection)
        assert connection.event(first) is connection.event(second) is None
        connection.receive(SETTINGS + frame(1, 5, second, b"\x88"))
        assert connection.news() == [second]
        assert connection.news() == []

    def test_a_body_goes_as_the_window_allows(self) -> None:
        connection = Http2Connection()
        stream = self.open(connection, end=False)
        assert connection.capacity(stream, 10) == 10
        content = bytes(70_000)
        assert connection.data(stream, content, True) == 65_535
        assert connection.capacity(stream, 10) == 0
        grown = (10_000).to_bytes(4, "big")
        connection.receive(SETTINGS + frame(8, 0, 0, grown) + frame(8, 0, stream, grown))
        assert connection.data(stream, content[65_535:], True) == 4_465
        with pytest.raises(httparallel.LocalProtocolError):
            connection.data(stream, b"more", True)

    def test_the_peer_limits_the_streams(self) -> None:
        connection = Http2Connection()
        connection.receive(frame(4, 0, 0, b"\x00\x03\x00\x00\x00\x01"))
        assert connection.max_streams == 1
        self.open(connection)
        assert not connection.can_open()
        with pytest.raises(httparallel.LocalProtocolError):
            self.open(connection)

    def test_a_stream_that_is_given_up_is_reset(self) -> None:
        connection = Http2Connection()
        stream = self.open(connection)
        connection.outgoing()
        connection.reset(stream)
        assert connection.outgoing() == frame(3, 0, stream, b"\x00\x00\x00\x08")
        with pytest.raises(httparallel.LocalProtocolError):
            connection.event(stream)

    @pytest.mark.parametrize(
        ("reason", "refusal"), [(7, "unprocessed"), (13, "http1_required"), (2, None), (8, None)]
    )
    def test_a_reset_says_how_the_request_may_be_sent_again(self, reason: int, refusal: str | None) -> None:
        connection = Http2Connection()
        stream = self.open(connection)
        connection.receive(SETTINGS + frame(3, 0, stream, reason.to_bytes(4, "big")))
        with pytest.raises(httparallel.RemoteProtocolError) as caught:
            connection.event(stream)
        assert vars(caught.value)["refusal"] == refusal

    def test_a_peer_that_goes_away_takes_no_more_requests(self) -> None:
        connection = Http2Connection()
        first, second = self.open(connection), self.open(connection)
        connection.receive(SETTINGS + go_away(last=first))
        assert connection.is_going_away
        assert not connection.can_open()
        with pytest.raises(httparallel.RemoteProtocolError) as caught:
            connection.event(second)
        assert vars(caught.value)["refusal"] == "unprocessed"
        connection.receive(frame(1, 5, first, b"\x88"))
        assert connection.event(first) == (b"HTTP/2", 200, b"", [])
        assert connection.event(first) is True

    def test_a_peer_that_speaks_something_else(self) -> None:
        connection = Http2Connection()
        stream = self.open(connection)
        with pytest.raises(httparallel.RemoteProtocolError):
            connection.receive(b"Wait, this isn't valid HTTP!")
        assert connection.is_closed
        with pytest.raises(httparallel.RemoteProtocolError) as caught:
            connection.event(stream)
        assert vars(caught.value)["refusal"] is None

    def test_a_peer_that_keeps_it_busy_with_nothing_is_given_up(self) -> None:
        connection = Http2Connection()
        stream = self.open(connection)
        connection.receive(SETTINGS)
        # 64 KiB of PING.
        noise = frame(6, 0, 0, bytes(8)) * 3855
        with pytest.raises(httparallel.RemoteProtocolError, match="belongs to no response"):
            # More than any bound: 1 GiB.
            for _ in range(16 * 1024):
                connection.receive(noise)
                connection.outgoing()
        assert connection.is_closed
        with pytest.raises(httparallel.RemoteProtocolError, match="belongs to no response"):
            connection.event(stream)

    def test_shutting_down_says_goaway(self) -> None:
        connection = Http2Connection()
        connection.outgoing()
        connection.shut_down()
        assert connection.outgoing() == go_away(last=0)
        assert connection.is_closed


class TestConnectionQueue:
    def queue(self, max_connections: int | None = None, keep: int | None = None) -> ConnectionQueue:
        return ConnectionQueue(
            max_connections=max_connections, max_keepalive_connections=keep, keepalive_expiry=None
        )

    def test_a_connection_serves_one_request_after_another(self) -> None:
        queue = self.queue(max_connections=1)
        first, actions = queue.request(b"a", False)
        [(what, connection, origin)] = actions
        assert (what, origin) == ("connect", b"a")
        second, actions = queue.request(b"a", False)
        assert (actions, queue.waiting()) == ([], 2)
        assert queue.connections() == [(connection, b"a", "CONNECTING", 0)]
        assert queue.connected(connection, False, 1) == [("start", connection, first)]
        assert queue.connections() == [(connection, b"a", "ACTIVE", 1)]
        assert queue.released(connection, first, True) == [("start", connection, second)]
        assert queue.released(connection, first, True) == []
        assert queue.released(connection, second, True) == []
        assert queue.connections() == [(connection, b"a", "IDLE", 2)]

    def test_http2_connections_are_shared(self) -> None:
        queue = self.queue(max_connections=1)
        first, [(_, connection, *_)] = queue.request(b"a", True)
        second, _ = queue.request(b"a", True)
        third, _ = queue.request(b"a", True)
        started = queue.connected(connection, True, 2)
        assert started == [("start", connection, first), ("start", connection, second)]
        assert queue.set_max_streams(connection, 3) == [("start", connection, third)]
        assert queue.retire(connection) == []
        _, actions = queue.request(b"a", True)
        assert actions == []
        assert queue.released(connection, first, True) == []
        assert queue.released(connection, second, True) == []
        closed, connect = queue.released(connection, third, True)
        assert closed[:2] == ("close", connection)
        assert connect[0] == "connect"

    def test_what_cannot_be_reused_is_closed(self) -> None:
        queue = self.queue()
        request, [(_, connection, *_)] = queue.request(b"a", False)
        queue.connected(connection, False, 1)
        [action] = queue.released(connection, request, False)
        assert action[:2] == ("close", connection)
        assert queue.connections() == []
        assert queue.closed(connection) == []

    def test_idle_connections_above_the_limit_are_closed_at_once(self) -> None:
        queue = self.queue(keep=0)
        request, [(_, connection, *_)] = queue.request(b"a", False)
        queue.connected(connection, False, 1)
        [action] = queue.released(connection, request, True)
        assert action[:2] == ("close", connection)

    def test_idle_connections_expire(self) -> None:
        queue = ConnectionQueue(max_connections=None, max_keepalive_connections=None, keepalive_expiry=0.0)
        request, [(_, connection, *_)] = queue.request(b"a", False)
        queue.connected(connection, False, 1)
        actions = [*queue.released(connection, request, True), *queue.expire()]
        assert [action[:2] for action in actions] == [("close", connection)]

    def test_a_failed_attempt_fails_its_request(self) -> None:
        queue = self.queue(max_connections=1)
        first, [(_, connection, *_)] = queue.request(b"a", False)
        _, actions = queue.request(b"b", False)
        assert actions == []
        failed, actions = queue.connect_failed(connection)
        assert failed == [first]
        assert [action[0] for action in actions] == ["connect"]
        assert queue.connect_failed(connection) == ([], [])

    def test_a_cancelled_request_leaves_the_queue(self) -> None:
        queue = self.queue(max_connections=1)
        request, [(_, connection, *_)] = queue.request(b"a", False)
        assert queue.cancel(request) == [("abandon", connection)]
        assert queue.cancel(request) == []
        assert (queue.waiting(), queue.connections()) == (0, [])
        [action] = queue.connected(connection, False, 1)
        assert action[:2] == ("close", connection)

    def test_closing_gives_up_everything(self) -> None:
        queue = self.queue(max_connections=1)
        first, [(_, connection, *_)] = queue.request(b"a", False)
        second, _ = queue.request(b"a", False)
        queue.connected(connection, False, 1)
        waiting, actions = queue.close()
        assert (waiting, first not in waiting) == ([second], True)
        assert [action[:2] for action in actions] == [("close", connection)]
        assert (queue.waiting(), queue.connections()) == (0, [])


def test_origins_that_want_http_1_are_remembered() -> None:
    origins = Http1Origins()
    for number in range(65):
        origins.insert(b"https://%d.example:443" % number)
    # As many as 64.
    assert b"https://0.example:443" not in origins
    assert b"https://1.example:443" in origins


@pytest.mark.parametrize(
    ("status", "reused", "replayable", "again"),
    [(421, True, True, True), (421, False, True, False), (421, True, False, False), (404, True, True, False)],
)
def test_a_misdirected_request_may_be_sent_again(
    status: int, reused: bool, replayable: bool, again: bool
) -> None:
    assert is_misdirected(status, reused, replayable) is again


class TestSocks5:
    def test_a_tunnel_with_credentials(self) -> None:
        handshake = Socks5(b"example.org", 443, b"user", b"pass")
        assert handshake.outgoing() == b"\x05\x02\x00\x02"
        assert handshake.receive(b"\x05\x02") is False
        assert handshake.outgoing() == b"\x01\x04user\x04pass"
        assert handshake.receive(b"\x01\x00") is False
        assert handshake.outgoing() == b"\x05\x01\x00\x03\x0bexample.org\x01\xbb"
        assert handshake.receive(b"\x05\x00\x00\x01\x7f\x00") is False
        assert handshake.receive(b"\x00\x01\x00\x50") is True
        assert handshake.outgoing() == b""

    @pytest.mark.parametrize(
        ("answers", "message"),
        [
            (
                [b"\x05\x02"],
                "Requested NO AUTHENTICATION REQUIRED from proxy server, but got USERNAME/PASSWORD.",
            ),
            (
                [b"\x05\x00", b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"],
                "Proxy Server could not connect: Connection refused.",
            ),
            ([b""], "The proxy closed the connection during the SOCKS handshake"),
            (
                [b"\x05\x00", b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00HTTP"],
                "The proxy sent more than its answer to the SOCKS handshake",
            ),
        ],
    )
    def test_a_proxy_that_refuses(self, answers: list[bytes], message: str) -> None:
        handshake = Socks5(b"example.org", 443, None, None)
        with pytest.raises(httparallel.ProxyError) as caught:
            for answer in answers:
                handshake.receive(answer)
        assert str(caught.value) == message

    def test_what_does_not_fit_is_refused(self) -> None:
        with pytest.raises(httparallel.ProxyError, match="255 bytes"):
            Socks5(b"a" * 256, 443, None, None)
