"""pycurl with many handles, driven by epoll: libcurl's quickest way."""

from __future__ import annotations

import select
from collections.abc import Callable
from io import BytesIO

import pycurl

from clients.pycurl_easy import handle
from job import Closing, Job

TITLE = "pycurl multi"
PACKAGES = ("pycurl",)
BACKENDS = ("block",)
PROTOCOLS = ("http/1.1", "h2c", "h2")


class Multi:
    """libcurl's handles, which sockets they wait for, and until when."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.multi = pycurl.CurlMulti()
        self.idle: list[pycurl.Curl] = []
        self.epoll = select.epoll()
        self.watched: set[int] = set()
        self.wait_ms = -1
        self.multi.setopt(pycurl.M_SOCKETFUNCTION, self.watch)
        self.multi.setopt(pycurl.M_TIMERFUNCTION, self.set_timer)
        self.multi.setopt(pycurl.M_MAXCONNECTS, job.in_flight)
        self.multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX if job.http2 else pycurl.PIPE_NOTHING)

    def set_timer(self, wait_ms: int) -> None:
        self.wait_ms = wait_ms

    def watch(self, event: int, fd: int, _multi: object, _data: object) -> None:
        """libcurl tells what it waits for on a socket."""
        if event == pycurl.POLL_REMOVE:
            if fd in self.watched:
                self.watched.discard(fd)
                self.epoll.unregister(fd)
            return
        mask = select.EPOLLIN if event & pycurl.POLL_IN else 0
        mask |= select.EPOLLOUT if event & pycurl.POLL_OUT else 0
        if fd in self.watched:
            self.epoll.modify(fd, mask)
        else:
            self.watched.add(fd)
            self.epoll.register(fd, mask)

    def step(self) -> None:
        """Waits for a socket or the timer, and lets libcurl act."""
        wait = 1 if self.wait_ms < 0 else self.wait_ms / 1000
        events = self.epoll.poll(wait) if self.wait_ms != 0 else []
        if not events:
            self.wait_ms = -1
            self.multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        for fd, event in events:
            mask = pycurl.CSELECT_IN if event & ~select.EPOLLOUT else 0
            mask |= pycurl.CSELECT_OUT if event & select.EPOLLOUT else 0
            self.multi.socket_action(fd, mask)

    def close(self) -> None:
        for curl in self.idle:
            curl.close()
        self.multi.close()
        self.epoll.close()


def client(job: Job) -> Closing:
    return Closing(Multi(job))


def many(client: Multi, url: str, count: int, in_flight: int, take: Callable[[bytes], int]) -> int:
    size, left, running = 0, count, 0

    def start(curl: pycurl.Curl) -> None:
        curl.body = BytesIO()
        curl.setopt(pycurl.WRITEDATA, curl.body)
        client.multi.add_handle(curl)

    while left and running < in_flight:
        curl = client.idle.pop() if client.idle else handle(client.job)
        curl.setopt(pycurl.URL, url)
        start(curl)
        left, running = left - 1, running + 1
    while running:
        client.step()
        _, done, failed = client.multi.info_read()
        if failed:
            raise OSError(failed[0][2])
        for curl in done:
            size += take(curl.body.getvalue())
            client.multi.remove_handle(curl)
            if left:
                start(curl)
                left -= 1
            else:
                client.idle.append(curl)
                running -= 1
    return size


def many_get(client: Multi, url: str, count: int, in_flight: int) -> int:
    return many(client, url, count, in_flight, len)


many_gzip = many_get


def many_json(client: Multi, url: str, count: int, in_flight: int) -> int:
    import json

    return many(client, url, count, in_flight, lambda body: len(json.loads(body)))
