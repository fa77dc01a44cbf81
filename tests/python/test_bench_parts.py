"""The rows of the benchmark that make no requests. `make smoke` runs the others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.mark.parametrize("part", ["import", "client", "models"])
def test_the_benchmark_measures_what_its_tables_show(part: str) -> None:
    program = f"""
from charts import chart
from measurement import Extent
from noise import Watch
from parts import OURS, PARTS, measured
from report import cells

extent = Extent(seconds=0, repeats=1, minutes=1, attempts=1, has_slow=False)
chosen = [part for part in PARTS if part.name == {part!r}]
[table] = measured(chosen, (OURS,), None, Watch([]), extent)
[headings, line] = cells(table)
assert line[0] == OURS and len(line) == len(headings) > 2, line
assert "–" not in line, line
assert table.title in chart(table)
"""
    subprocess.run([sys.executable, "-c", program], cwd=BENCH, check=True)
