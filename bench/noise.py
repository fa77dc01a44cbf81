"""Whether anything but the benchmark used the two cores during a run.

Decided without a look at what the run measured: by the kernel's account of each core, from which the time of
the benchmark's own processes is taken, and by a fixed piece of work before and after the run.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

# A run is repeated if others used more of a core than this part of the run, beyond what the kernel's
# clock of 10 ms cannot tell.
MAX_SHARE = 0.03
TICKS_S = 0.03
# ... or if the fixed piece of work took so many times as long as its best so far.
MAX_SLOWDOWN = 1.25


@dataclass(frozen=True)
class Reading:
    """The seconds that a core has been busy, or taken away by the machine below."""

    at: float
    busy: dict[int, float]


class Watch:
    """Watches cores; one for all runs."""

    def __init__(self, cores: list[int]) -> None:
        self.cores = cores
        self.best = float("inf")
        self.disturbed = 0
        if cores:
            for _ in range(20):
                self.spin()

    def read(self) -> Reading:
        """The account of each core now."""
        busy = {}
        if self.cores:
            tick = os.sysconf("SC_CLK_TCK")
            for line in Path("/proc/stat").read_text().splitlines():
                name, *fields = line.split()
                if name[3:].isdigit() and int(name[3:]) in self.cores:
                    user, nice, system, _idle, _iowait, _irq, _softirq, steal = (int(x) for x in fields[:8])
                    busy[int(name[3:])] = (user + nice + system + steal) / tick
        return Reading(time.perf_counter(), busy)

    def spin(self) -> float:
        """How many times as long as at best a fixed piece of work takes, on the cores' last one."""
        if not self.cores:
            return 1
        allowed = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {self.cores[-1]})
        times = []
        for _ in range(3):
            start = time.perf_counter()
            sum(range(50_000))
            times.append(time.perf_counter() - start)
        os.sched_setaffinity(0, allowed)
        self.best = min(self.best, *times)
        return min(times) / self.best

    def is_disturbed(self, before: Reading, after: Reading, own: dict[int, float], slowdown: float) -> bool:
        """Whether a run was: `own` is what the benchmark's processes used of each core."""
        bound = MAX_SHARE * (after.at - before.at) + TICKS_S
        foreign = (after.busy[core] - before.busy[core] - own.get(core, 0) for core in after.busy)
        is_disturbed = slowdown > MAX_SLOWDOWN or any(seconds > bound for seconds in foreign)
        self.disturbed += is_disturbed
        return is_disturbed


def process_seconds(pid: int) -> float:
    """User and system time of a running process, all its threads."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
