"""Which clients there are, and what each can do: read from their adapters without importing them."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from rows import Row

HERE = Path(__file__).resolve().parent
CLIENTS = HERE / "clients"


@dataclass(frozen=True)
class Adapter:
    """One client, driven in one way."""

    name: str
    backend: str
    title: str
    # "ours", "python", "rust" (for comparison) or "limit" (no client that a person would use).
    kind: str
    group: str
    # The distributions whose versions are reported; the first one must be installed.
    packages: tuple[str, ...]
    # The interpreter that has them.
    python: str
    # A program on PATH that it runs.
    command: str | None
    # Among "http/1.1", "h2c" (HTTP/2 without TLS) and "h2".
    protocols: tuple[str, ...]
    tls: bool
    # Left out of rows of `make bench` that it would hold up.
    slow: bool
    operations: frozenset[str]

    @property
    def key(self) -> str:
        """Its name in results and on the command line."""
        return f"{self.name}:{self.backend}"

    def takes_part(self, row: Row) -> bool:
        """Whether it can do what the row asks for."""
        prefix = {"block": "many_", "program": "run_"}.get(self.backend, "")
        operation = "get" if row.operation == "cold" else row.operation
        protocol = "http/1.1"
        if row.http2:
            protocol = "h2" if row.endpoint == "https_h2" else "h2c"
        return (
            self.backend in row.backends
            and self.group == row.group
            and prefix + operation in self.operations
            and protocol in self.protocols
            and (self.tls or row.endpoint == "http")
        )

    @property
    def missing(self) -> str | None:
        """What it needs and this machine has not, if that is so."""
        if self.command and not shutil.which(self.command):
            return self.command
        if self.backend.startswith("rust") and "HTTPARALLEL_BENCH_CLIENTS" not in os.environ:
            return "the Rust clients"
        if not Path(self.python).exists():
            return self.packages[0]
        wanted = [*self.packages[:1], *({"uvloop", "trio"} & {self.backend})]
        return next((package for package in wanted if version(self.python, package) is None), None)

    @property
    def versions(self) -> dict[str, str]:
        """The versions of its packages, or of its program."""
        return {name: version(self.python, name) or "?" for name in self.packages}


def adapters() -> list[Adapter]:
    """All of them, in the order of their files and backends."""
    return [
        replace(adapter, backend=backend, title=titled(adapter.title, backend))
        for path in sorted(CLIENTS.glob("*.py"))
        if path.stem != "__init__"
        for adapter, backends in [read(path)]
        for backend in backends
    ]


def titled(title: str, backend: str) -> str:
    """The name for people: how it is driven is part of it where there is a choice."""
    shown = {"asyncio": "asyncio", "uvloop": "uvloop", "trio": "trio", "threads": "32 threads"}
    shown |= {"sync": "sync", "rust-threads": "32 threads"}
    return f"{title}, {shown[backend]}" if backend in shown else title


def read(path: Path) -> tuple[Adapter, tuple[str, ...]]:
    """An adapter's constants, and the names of its functions."""
    constants: dict[str, object] = {}
    names: set[str] = set()
    for statement in ast.parse(path.read_text()).body:
        match statement:
            case ast.Assign(targets=[ast.Name(name)], value=ast.Constant() | ast.Tuple() as value):
                constants[name] = ast.literal_eval(value)
            case ast.Assign(targets=[ast.Name(name)]) | ast.FunctionDef(name) | ast.AsyncFunctionDef(name):
                names.add(name)
            case ast.ImportFrom(names=imported):
                names |= {alias.asname or alias.name for alias in imported}
    if program := constants.get("OPERATIONS"):
        assert isinstance(program, tuple)
        names |= set(program)

    def words(name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        value = constants.get(name, default)
        assert isinstance(value, tuple)
        return value

    environment = constants.get("ENVIRONMENT")
    command = constants.get("COMMAND")
    adapter = Adapter(
        name=path.stem,
        backend="",
        title=str(constants["TITLE"]),
        kind=str(constants.get("KIND", "python")),
        group=str(constants.get("GROUP", "client")),
        packages=words("PACKAGES"),
        python=str(HERE.parent / str(environment) / "bin" / "python") if environment else sys.executable,
        command=str(command) if command else None,
        protocols=words("PROTOCOLS", ("http/1.1",)),
        tls=bool(constants.get("TLS", True)),
        slow=bool(constants.get("SLOW", False)),
        operations=frozenset(names),
    )
    return adapter, words("BACKENDS")


@cache
def version(python: str, package: str) -> str | None:
    """The version of a package that this interpreter has; None if it has not."""
    if python == sys.executable and package == "httparallel" and importlib.util.find_spec("httparallel"):
        # May be used from its source tree, without being installed.
        import httparallel

        return httparallel.__version__
    code = f"import importlib.metadata; print(importlib.metadata.version({package!r}))"
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return found.stdout.strip() or None
