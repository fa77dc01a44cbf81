"""What the demo shows: a progress bar while it fetches, and a table at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import httparallel as httpx
from sites import Target


class Mode:
    """One way of fetching the URLs, and what came of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.wall = 0.0
        self.slowest = 0.0
        self.connections: int | None = None
        self.errors = 0
        self.outcomes: Counter[str] = Counter()

    def add(self, outcome: httpx.Response | httpx.HTTPError) -> None:
        """Counts a response by its status, an exception by its class."""
        if isinstance(outcome, httpx.Response):
            self.outcomes[str(outcome.status_code)] += 1
            self.slowest = max(self.slowest, outcome.elapsed.total_seconds())
        else:
            self.outcomes[type(outcome).__name__] += 1
            self.errors += 1


class Display:
    """Writes to a terminal, or plainly to a file or pipe."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def introduce(self, target: Target) -> None:
        """Says what is about to be fetched."""
        self.console.print(f"Fetching {target.description}", highlight=False)

    @contextmanager
    def progress(self, name: str, total: int) -> Iterator[Callable[[str], None]]:
        """A bar that the yielded function moves on by one; nothing where the output is no terminal."""
        columns = (
            TextColumn("{task.description:<25}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[latest]}", style="dim"),
        )
        with Progress(*columns, console=self.console, disable=not self.console.is_terminal) as progress:
            task = progress.add_task(name, total=total, latest="")
            yield lambda latest: progress.update(task, advance=1, latest=latest)
            progress.update(task, latest="")

    def table(self, modes: list[Mode]) -> None:
        """All ways side by side; the first is what the others are compared with."""
        table = Table(
            box=box.SIMPLE,
            pad_edge=False,
            padding=(0, 1, 0, 0),
            caption="ideal: the slowest single response, which no client can beat",
        )
        table.add_column("", no_wrap=True)
        for heading in ("wall", "speed-up", "ideal", "connections"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("responses")
        for mode in modes:
            table.add_row(
                mode.name,
                f"{mode.wall:.2f} s",
                f"{modes[0].wall / mode.wall:.1f}×",
                f"{mode.slowest:.2f} s",
                "–" if mode.connections is None else str(mode.connections),
                ", ".join(f"{number}×{outcome}" for outcome, number in sorted(mode.outcomes.items())),
            )
        self.console.print(table)
