"""`python -m lineage_graph.cli.reference`: writes the pages that are made from the code.

CLI.md              every command, from the live commands
cypher/README.md    every query, from the headers of the files

A test compares; run this after a change of a command's help or of a query's header.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import click

from lineage_graph.cli.app import SECTIONS, cli
from lineage_graph.queries import QUERIES, Declared, Query

TOP = Path(__file__).parents[2]
MADE = "<!-- Made by `python -m lineage_graph.cli.reference`; do not edit. -->"
WIDTH = 100
AREAS = {
    "schema": "Constraints and indexes; safe to run again.",
    "record": "What the ledger writes; nobody else runs these.",
    "lineage": "What was made from what.",
    "reproduce": "How to make it again.",
    "audit": "Whether the record is whole, and who did what.",
    "cluster": "Large graphs in fewer nodes.",
}


def help_text(command: click.Command, name: str) -> str:
    """What `--help` prints, at a fixed width."""
    context = click.Context(command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH)
    context.help_option_names = ["-h", "--help"]
    return "\n".join(line.rstrip() for line in command.get_help(context).splitlines())


def cli_page() -> str:
    """CLI.md"""
    parts = ["# The command line", MADE, f"```text\n{help_text(cli, 'lineage-graph')}\n```"]
    for title, commands in SECTIONS.items():
        parts.append(f"## {title}")
        for command in commands:
            name = f"lineage-graph {command.name}"
            parts.append(f"### {name}\n\n```text\n{help_text(command, name)}\n```")
    return "\n\n".join(parts) + "\n"


def queries_page() -> str:
    """cypher/README.md"""
    about = (
        "Each file answers one question, and pastes into Neo4j Browser or cypher-shell as it is: parameters are set with"
        " `:param name => value`, as each file's header shows. `lineage-graph query NAME -p KEY=VALUE` runs one that reads,"
        " `lineage-graph query NAME --show` prints it to paste, `lineage-graph browser --query NAME` opens it in Neo4j Browser."
    )
    parts = ["# The queries", MADE, about]
    for area, queries in groupby(QUERIES.values(), key=lambda q: q.name.split("/")[0]):
        rows = "\n".join(map(_row, queries))
        head = "| Query | Question | Parameters | Columns |\n|---|---|---|---|"
        parts.append(f"## {area}\n\n{AREAS.get(area, '')}\n\n{head}\n{rows}")
    return "\n\n".join(parts) + "\n"


def _row(query: Query) -> str:
    link = f"[{query.name}]({query.name}.cypher)"
    return f"| {link} | {_escaped(query.question)} | {_list(query.parameters.values())} | {_list(query.columns)} |"


def _list(declared: Iterable[Declared]) -> str:
    return "<br>".join(f"`{d.name}` {d.type}: {_escaped(d.meaning)}" for d in declared)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


PAGES = {"CLI.md": cli_page, "cypher/README.md": queries_page}


def main() -> None:
    """Writes every page."""
    for name, page in PAGES.items():
        (TOP / name).write_text(page(), encoding="utf-8")
        click.echo(name)


if __name__ == "__main__":
    main()
