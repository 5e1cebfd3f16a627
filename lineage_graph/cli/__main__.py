"""The entry point."""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Runs `lineage-graph` with this process's arguments, and ends the process."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a character shows its number
    try:
        from lineage_graph.cli.app import cli

        cli.main(prog_name="lineage-graph")
    except KeyboardInterrupt:  # before the door was open
        sys.exit(130)
    raise AssertionError("not reached")


if __name__ == "__main__":
    main()
