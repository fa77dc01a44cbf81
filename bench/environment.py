"""The machine, and the versions that a result was measured with."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

from adapters import Adapter


def environment(clients: list[Adapter], server_core: int | None, client_core: int | None) -> dict[str, str]:
    """What a reader of the figures has to know."""
    packages = {name: version for client in clients for name, version in client.versions.items()}
    commands = {client.command for client in clients if client.command}
    shown = [f"{name} {version}" for name, version in sorted(packages.items())]
    shown += [f"{name} {program_version(name)}" for name in sorted(commands)]
    pinning = (
        "not pinned"
        if server_core is None
        else f"server on core {server_core}, clients on core {client_core}"
    )
    return {
        "machine": f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": ", ".join(shown + rust_versions()),
        "pinning": pinning,
    }


def processor() -> str:
    """The processor's model, as far as the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    found = (
        re.search(r"^model name\s*: (.*)$", cpuinfo.read_text(), re.MULTILINE) if cpuinfo.exists() else None
    )
    return found.group(1) if found else platform.machine()


def program_version(command: str) -> str:
    """What a program says about itself."""
    said = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+\.\d+", said.stdout + said.stderr)
    return found.group() if found else "?"


def rust_versions() -> list[str]:
    """The crates that the Rust clients are made of, if there are Rust clients."""
    if "HTTPARALLEL_BENCH_CLIENTS" not in os.environ:
        return []
    lock = (Path(__file__).resolve().parent / "rust" / "Cargo.lock").read_text()
    return [
        f"{name} {version}"
        for name, version in re.findall(r'^name = "(.*)"\nversion = "(.*)"$', lock, re.MULTILINE)
        if name in ("hyper", "reqwest")
    ]
