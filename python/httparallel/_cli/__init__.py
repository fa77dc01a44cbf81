"""The command line: `httparallel URL …`. It needs the packages of the extra `cli`, and says so without them.

It stands on the public interface of the package, as anybody's program does.
"""

from __future__ import annotations

try:
    from ._command import main
except ImportError as error:
    if (error.name or "").partition(".")[0] not in ("click", "pygments", "rich"):
        raise

    def main() -> None:  # type: ignore[misc] # in place of click's
        """Says what is missing, and ends the program with status 1."""
        import sys

        sys.exit("The command line needs more packages: pip install 'httparallel[cli]'")


__all__ = ["main"]
