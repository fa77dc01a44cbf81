"""The limit for HTTP/1.1: wrk, on one thread, which understands little of what it gets."""

from __future__ import annotations

import re
import subprocess

from job import Job

TITLE = "wrk"
KIND = "limit"
COMMAND = "wrk"
BACKENDS = ("program",)

UNITS = {"us": 1, "ms": 1_000, "s": 1_000_000}


def run_get(job: Job) -> dict[str, float]:
    # It measures for whole seconds only.
    seconds = max(1, round(job.seconds))
    command = ["wrk", "-t1", f"-c{job.in_flight}", f"-d{seconds}s", "--latency", job.url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    figures: dict[str, float] = {"count": int(found(said, r"(\d+) requests in"))}
    for percent in (50, 99):
        number, unit = re.findall(rf"\s{percent}%\s+([\d.]+)(us|ms|s)", said)[0]
        figures[f"p{percent}_us"] = float(number) * UNITS[unit]
    return figures


def found(text: str, pattern: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match.group(1)
