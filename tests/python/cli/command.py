"""The command, run inside the tests' own process."""

from __future__ import annotations

from click.testing import CliRunner, Result

import httparallel


def run(*arguments: str, status: int = 0, terminal_input: str | None = None) -> Result:
    """Runs the command; its result, if its status is the expected one."""
    result = CliRunner().invoke(httparallel.main, arguments, input=terminal_input)
    assert result.exit_code == status, result.output
    return result


def lines(result: Result) -> list[str]:
    return [line.rstrip() for line in result.output.splitlines()]
