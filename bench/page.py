"""Writes the page of results: `page.py RESULTS.json [--into docs/benchmarks]`.

Charts, tables and the goals, from what `run.py` has written. Rows that the page has and the file has not stay
on the page.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from behind import reason
from charts import chart
from goals import verdicts
from parts import NAMES
from report import cells, failures
from results import Results, Table

DOCS = Path(__file__).resolve().parent.parent / "docs" / "benchmarks"

INTRODUCTION = Path(__file__).with_suffix(".md")


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes the page of benchmark results.")
    parser.add_argument("results", type=Path)
    parser.add_argument("--into", type=Path, default=DOCS)
    options = parser.parse_args()
    update(Results.read(options.results), options.into)


def update(results: Results, into: Path = DOCS) -> None:
    """The page with these results in place of those that it has of the same rows."""
    kept = into / "results.json"
    if kept.exists():
        results = Results.read(kept).merge(results, NAMES)
    write(results, into)
    print(f"written: {into / 'README.md'}")


def write(results: Results, into: Path) -> None:
    """The page, its charts and the results that they were made from."""
    into.mkdir(parents=True, exist_ok=True)
    for outdated in into.glob("*.svg"):
        outdated.unlink()
    for table in results.tables:
        (into / f"{table.name}.svg").write_text(chart(table))
    results.write(into / "results.json")
    (into / "README.md").write_text(page(results))


def page(results: Results) -> str:
    """All of it in Markdown."""
    parts = [INTRODUCTION.read_text(), "## Machine and versions\n"]
    parts += [f"- **{name}**: {value}" for name, value in results.environment.items()]
    if lines := verdicts(results):
        parts += ["\n## Goals\n", "| goal | measured | |", "|---|---|---|"]
        parts += [
            f"| {line.goal} | {line.measured} | {'met' if line.met else '**not met**'} |" for line in lines
        ]
    parts.append("\n## Results")
    for table in results.tables:
        parts += section(table)
    return "\n".join(parts) + "\n"


def section(table: Table) -> list[str]:
    """One row: its chart, and its table to be opened."""
    headings, *lines = cells(table)
    parts = [f"\n### {table.title[0].upper()}{table.title[1:]}\n", f"![{table.title}]({table.name}.svg)\n"]
    parts += [
        f"<details><summary>All figures of <code>ROWS={table.name}</code>, {table.measured}</summary>\n"
    ]
    parts += ["| " + " | ".join(headings) + " |", "|---|" + "---:|" * (len(headings) - 1)]
    parts += ["| " + " | ".join(line) + " |" for line in lines]
    parts += ["\n</details>"]
    if told := failures(table):
        parts += ["", *(f"{failure}  " for failure in told)]
    if why := reason(table):
        parts += ["", f"**Why another one is ahead.** {why}"]
    return parts


if __name__ == "__main__":
    main()
