"""Processor time, memory and percentiles of one run."""

from __future__ import annotations

import gc
import json
import resource
import statistics
import sys
import time
from pathlib import Path

STATUS = Path("/proc/self/status")


class Measurement:
    """Says that the warm-up is over, waits until the run may begin, and measures from here."""

    def __init__(self) -> None:
        gc.collect()
        print("ready", flush=True)
        sys.stdin.readline()
        forget_peak()
        self.memory = memory_mb("VmRSS:")
        self.cpu = cpu_seconds(resource.RUSAGE_SELF)
        self.start = time.perf_counter()

    def end(self, count: int, size: int, seconds: list[float]) -> None:
        """Prints the figures as JSON. `seconds` are those of each call, where they were taken."""
        wall = time.perf_counter() - self.start
        cpu = cpu_seconds(resource.RUSAGE_SELF) - self.cpu
        memory = max(memory_mb("VmHWM:") - self.memory, 0)
        measured = {"count": count, "size": size, "wall_s": wall, "cpu_s": cpu, "memory_mb": memory}
        if len(seconds) > 1:
            cuts = statistics.quantiles(seconds, n=100, method="inclusive")
            measured |= {"p50_us": cuts[49] * 1e6, "p99_us": cuts[98] * 1e6}
        print(json.dumps(measured), flush=True)

    def children(self) -> dict[str, float]:
        """The figures of a program that has been run instead."""
        wall = time.perf_counter() - self.start
        return {"wall_s": wall, "cpu_s": cpu_seconds(resource.RUSAGE_CHILDREN)}


def cpu_seconds(who: int) -> float:
    """User and system time of all threads, or of all children that have ended."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def forget_peak() -> None:
    """Sets the peak of memory to what is used now, where the system can do that."""
    peak = Path("/proc/self/clear_refs")
    if peak.exists():
        peak.write_text("5")


def memory_mb(name: str) -> float:
    """Resident memory now (`VmRSS:`) or at its peak (`VmHWM:`)."""
    if STATUS.exists():
        [line] = [line for line in STATUS.read_text().splitlines() if line.startswith(name)]
        return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
