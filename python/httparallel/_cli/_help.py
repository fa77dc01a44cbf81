"""The text of `--help`: a table made of what the options say about themselves."""

from __future__ import annotations

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table


def show_help(context: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001
    """The callback of `--help`."""
    if not value or context.resilient_parsing:
        return
    console = Console()
    console.print("[bold]httparallel", justify="center")
    console.print(f"\n{context.command.help}", justify="center", highlight=False)
    console.print(f"\nUsage: [bold]{escape(context.command_path)}[/bold] [cyan]<URL> ... \\[OPTIONS]\n")
    table = Table.grid(padding=(0, 2, 1, 0), pad_edge=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for option in context.command.params:
        record = option.get_help_record(context)
        if record is not None:
            table.add_row(*map(escape, record))
    console.print(table, highlight=False)
    console.print("Several URLs are fetched at once, and shown in the order in which they arrive.")
    context.exit()
