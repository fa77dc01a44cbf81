"""All runs of one row: workers are started, interleaved, timed out, and repeated if they were disturbed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections import defaultdict
from dataclasses import dataclass

from adapters import HERE, Adapter
from noise import Watch
from results import Entry
from rows import Row
from server import Server, pinned

# A client that takes longer for one run, warm-up included, counts as failed.
RUN_LIMIT_S = 60
# Variables that send clients to proxies, or make them trust others than the job says.
ELSEWHERE = ("_proxy", "_ca_bundle", "ssl_cert_file", "ssl_cert_dir")
# A run that has taken this long is not repeated.
LENGTHY_S = 15


@dataclass(frozen=True)
class Outcome:
    """One run: what was measured, and what went wrong, if anything did."""

    figures: dict[str, float]
    failure: str | None


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    seconds: float
    repeats: int
    # What all rows together should take.
    minutes: float
    # How often a disturbed run is made before it is taken as it is.
    attempts: int
    # Whether clients take part in rows that they hold up.
    has_slow: bool


class RowMeasurement:
    """All runs of one row."""

    def __init__(
        self,
        row: Row,
        server: Server,
        core: int | None,
        watch: Watch,
        extent: Extent,
    ) -> None:
        self.row = row
        self.server = server
        self.core = core
        self.watch = watch
        self.extent = extent
        self.expected = server.expected(row)
        self.environment = {
            name: value for name, value in os.environ.items() if not name.lower().endswith(ELSEWHERE)
        }

    def run(self, clients: list[Adapter], deadline: float) -> list[Entry]:
        """Interleaved runs, each client at least once, and no new round behind the deadline."""
        plan = [
            client
            for client in clients
            if client.takes_part(self.row) and (self.extent.has_slow or self.has_time(client))
        ]
        outcomes: dict[str, list[Outcome]] = defaultdict(list)
        lengthy = set()
        for repeat in range(self.extent.repeats * self.row.repeats):
            for client in plan:
                if repeat and (time.monotonic() > deadline or client.key in lengthy):
                    continue
                start = time.monotonic()
                outcomes[client.key].append(self.measured(client))
                if time.monotonic() - start > LENGTHY_S:
                    lengthy.add(client.key)
        return [
            Entry(
                client.key,
                client.title,
                client.kind,
                [outcome.figures for outcome in outcomes[client.key] if outcome.figures],
                [outcome.failure for outcome in outcomes[client.key] if outcome.failure],
            )
            for client in plan
        ]

    def has_time(self, client: Adapter) -> bool:
        """Whether a short measurement can afford this client in this row."""
        return not client.slow or self.row.name in ("sync", "async", "c100", "cold", "pool-100")

    def measured(self, client: Adapter) -> Outcome:
        """One run, repeated if it was disturbed, which is decided without a look at its figures."""
        for attempt in range(self.extent.attempts):
            slowdown = self.watch.spin()
            outcome, is_disturbed = self.once(client, slowdown)
            if not is_disturbed or outcome.failure or attempt == self.extent.attempts - 1:
                return outcome
        raise AssertionError

    def once(self, client: Adapter, slowdown: float) -> tuple[Outcome, bool]:
        """Starts a worker, lets it warm up, and takes what it and the server have counted."""
        self.server.reset()
        with pinned(self.core):
            worker = subprocess.Popen(
                self.command(client),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=self.environment,
            )
        assert worker.stdout is not None
        limit = threading.Timer(RUN_LIMIT_S, worker.kill)
        limit.start()
        worker.stdout.readline()  # "ready", or nothing if it has failed
        if self.row.fresh:
            # The connections of the warm-up are another client's.
            self.server.reset()
        before = self.watch.read()
        server_used = self.server.seconds()
        output, errors = worker.communicate("go\n")
        limit.cancel()
        after = self.watch.read()
        if not output:
            return Outcome({}, without_figures(worker.returncode, errors)), False
        figures = json.loads(output)
        outcome = Outcome(self.with_rates(figures), self.failure(client, worker.returncode, figures))
        if not self.watch.cores:
            return outcome, False
        # From "go" to its exit the worker used what it measured, and a little for closing.
        used = (self.server.seconds() - server_used, figures["cpu_s"])
        slowdown = max(slowdown, self.watch.spin())
        is_disturbed = self.watch.is_disturbed(
            before, after, dict(zip(self.watch.cores, used, strict=True)), slowdown
        )
        return outcome, is_disturbed

    def command(self, client: Adapter) -> list[str]:
        """What starts the worker."""
        row = self.row
        url = self.server.addresses[row.endpoint]
        words = {
            "backend": client.backend,
            "operation": row.operation,
            "url": url + row.path,
            "warm_url": url + (row.warm_path or row.path),
            "in_flight": row.in_flight,
            "seconds": self.extent.seconds,
            "least": row.least,
            "most": row.most,
            "ca": "" if row.endpoint == "http" else self.server.addresses["ca_pem"],
            "http2": int(row.http2),
            "fresh": int(row.fresh),
            "busy": int(row.busy),
            "size": row.size,
        }
        script = "cold.py" if row.operation == "cold" else "worker.py"
        return [
            client.python,
            str(HERE / script),
            client.name,
            *(f"{name}={word}" for name, word in words.items()),
        ]

    def with_rates(self, figures: dict[str, float]) -> dict[str, float]:
        """What a run measured, by request."""
        count, stats = figures["count"], self.server.stats()
        return figures | {
            "requests_per_s": count / figures["wall_s"],
            "cpu_ms_per_1000": figures["cpu_s"] / count * 1e6,
            "cpu_ms_each": figures["cpu_s"] / count * 1e3,
            "connections": stats["connections_opened"],
            "tls_full": stats["tls_full"],
            "tls_resumed": stats["tls_resumed"],
        }

    def failure(self, client: Adapter, status: int, figures: dict[str, float]) -> str | None:
        """What is wrong with a run that has figures."""
        if client.backend != "program" and figures["size"] != figures["count"] * self.expected:
            return f"{figures['size']} instead of {self.expected} for each request"
        # A client that delivers everything and then crashes at exit has still crashed.
        return f"exit status {status} after its last response" if status else None


def without_figures(status: int, errors: str) -> str:
    """What went wrong in a run that has no figures."""
    if status == -signal.SIGKILL:
        return f"took longer than {RUN_LIMIT_S} s"
    # The last line of a traceback; that of an exception group is a ruler.
    lines = [line.strip(" |") for line in errors.splitlines() if any(map(str.isalpha, line))]
    return lines[-1][:200] if lines else f"exit status {status}"
