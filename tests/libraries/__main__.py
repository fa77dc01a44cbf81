"""Runs the tests of this directory: libraries that were written for httpx, with httparallel under its name.

Theirs is the order that programs need: the name is given away before anything imports it. Plugins of pytest
are among what imports it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import httparallel

httparallel.alias_httpx()

HERE = Path(__file__).resolve().parent

if __name__ == "__main__":
    import pytest

    # For the test server.
    sys.path.insert(0, str(HERE.parent / "python"))
    sys.exit(pytest.main(["--rootdir", str(HERE.parent.parent), str(HERE), *sys.argv[1:]]))
