"""The examples of docs/requests.md, run against the test server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from testserver import Server

import httparallel

DOCUMENT = Path(__file__).parents[3] / "docs" / "requests.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 4


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs(server: Server, tmp_path: Path, example: str) -> None:
    (tmp_path / "internal-ca.pem").write_text(Path(server.ca_pem).read_text())
    (tmp_path / "video.mp4").write_bytes(b"v" * 300_000)
    (tmp_path / "report.csv").write_bytes(b"1,2\n")
    real = server.https if "verify" in example else server.http
    example = example.replace("https://example.com/", f"{real}/echo")
    example = example.replace("http://proxy.example:3128", server.http)
    environment = os.environ | {"PYTHONPATH": str(Path(httparallel.__file__).parent.parent)}
    program = [sys.executable, "-W", "error", "-c", example]
    subprocess.run(program, check=True, timeout=60, cwd=tmp_path, env=environment)
