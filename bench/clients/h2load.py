"""The limit for HTTP/2: h2load, with one connection on one thread."""

from __future__ import annotations

import re
import subprocess

from job import Job

TITLE = "h2load"
KIND = "limit"
COMMAND = "h2load"
BACKENDS = ("program",)
PROTOCOLS = ("h2c", "h2")


def run_get(job: Job) -> dict[str, float]:
    seconds = max(1, round(job.seconds))
    command = ["h2load", "-t1", "-c1", f"-m{job.in_flight}", f"-D{seconds}", job.url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    done = re.search(r"(\d+) done", said)
    assert done, said
    return {"count": int(done.group(1))}
