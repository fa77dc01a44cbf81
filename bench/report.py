"""Tables of figures, for a terminal and for a page."""

from __future__ import annotations

from behind import reason
from goals import verdicts
from results import Entry, Results, Table

COLUMNS = (
    ("requests/s", "requests_per_s", ",.0f"),
    ("p50 µs", "p50_us", ",.0f"),
    ("p99 µs", "p99_us", ",.0f"),
    ("CPU ms/1,000", "cpu_ms_per_1000", ",.1f"),
    ("memory MB", "memory_mb", ",.1f"),
    ("connections", "connections", ",.0f"),
)
# Instead of requests/s and CPU per 1,000, where a run is a few big requests, or one.
BIG = (
    ("MB/s", "requests_per_s", ",.0f"),
    ("CPU ms each", "cpu_ms_each", ",.1f"),
    ("memory MB", "memory_mb", ",.1f"),
    ("connections", "connections", ",.0f"),
)
WALL = (("time ms", "wall_s", ",.1f"), ("CPU ms", "cpu_s", ",.1f"), ("connections", "connections", ",.0f"))
# Of parts that make no requests.
CLIENT = (("first, time ms", "first_s", ",.2f"), ("later, time ms", "later_s", ",.2f"))
MODELS = (
    ("Headers(…) µs", "headers_us", ",.2f"),
    ("[name]", "header_us", ",.2f"),
    ("URL(…)", "url_us", ",.2f"),
    (".join", "join_us", ",.2f"),
    ("QueryParams(…)", "params_us", ",.2f"),
    ("[name]", "param_us", ",.2f"),
    ("str", "written_us", ",.2f"),
    ("all", "all_us", ",.2f"),
)
HANDSHAKES = (("full", "tls_full", ",.0f"), ("resumed", "tls_resumed", ",.0f"))


def columns(table: Table) -> tuple[tuple[str, str, str], ...]:
    """What is shown of a row."""
    if table.rank in ("first_s", "all_us"):
        return CLIENT if table.rank == "first_s" else MODELS
    if table.rank == "wall_s":
        return WALL
    if table.rank == "cpu_ms_each":
        return BIG
    return COLUMNS + HANDSHAKES if table.name.startswith("tls") else COLUMNS


def cells(table: Table) -> list[list[str]]:
    """A row's table: headings, then one line per client, the best first, those without a result last."""
    shown = [(heading, figure, form) for heading, figure, form in columns(table) if has(table, figure)]
    lines = [["", *(heading for heading, _, _ in shown), "runs"]]
    ranked = table.ranked()
    for entry in [*ranked, *(entry for entry in table.entries if entry not in ranked)]:
        figures = [show(entry.median(figure), heading, form) for heading, figure, form in shown]
        lines.append([entry.title + ("†" if entry.failures else ""), *figures, str(len(entry.runs))])
    return lines


def has(table: Table, figure: str) -> bool:
    return any(entry.median(figure) is not None for entry in table.entries)


def show(value: float | None, heading: str, form: str) -> str:
    """A figure for people, or a dash."""
    if value is None:
        return "–"
    if heading == "MB/s":
        # The requests of such rows have 100 MB.
        value *= 100
    return format(value * 1000 if heading.endswith(("time ms", "CPU ms")) else value, form)


def failures(table: Table) -> list[str]:
    """What went wrong, and in how many runs."""
    return [
        f"† {entry.title}: in {entry.failures.count(failure)} of {attempts(entry)} runs: {failure}"
        for entry in table.entries
        for failure in sorted(set(entry.failures))
    ]


def attempts(entry: Entry) -> int:
    """How many runs there were: one without figures has failed."""
    return max(len(entry.runs), len(entry.failures))


def print_table(table: Table) -> None:
    """A row, for a terminal."""
    lines = cells(table)
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    print(f"\n({table.name}) {table.title}")
    for line in lines:
        padded = (cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))
        print("  " + "  ".join([line[0].ljust(widths[0]), *padded]))
    for failure in failures(table):
        print(f"  {failure}")
    if why := reason(table):
        print(f"  Why another one is ahead: {why}")


def print_goals(results: Results) -> None:
    """What was to be reached, and what was."""
    lines = verdicts(results)
    if not lines:
        return
    width = max(len(line.goal) for line in lines)
    print("\nGoals, as ratios within this measurement")
    for line in lines:
        print(f"  {line.goal.ljust(width)}  {line.measured.ljust(40)}  {line.verdict}")
