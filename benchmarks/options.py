"""What every benchmark that needs a Neo4j is told: which one."""

from __future__ import annotations

import argparse


def parser_for(about: str | None) -> argparse.ArgumentParser:
    """A command line with the address of a Neo4j. about: the benchmark's own text."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uri", required=True)
    parser.add_argument("--user", default="neo4j")
    parser.add_argument("--password", default="")
    return parser
