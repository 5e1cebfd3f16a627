"""The pages and parts of pages that are made from the code: `make docs` writes them, a test compares.

README.md          between `<!-- settings -->` and its end: every setting; `<!-- limits -->`: every limit; `<!-- commands -->`:
                   every command
cypher/README.md   every query file: its question, parameters and columns
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lineage_graph import limits
from lineage_graph.settings import NEO4J, Settings

TOP = Path(__file__).parents[2]
README = TOP / "README.md"

MEANING = {
    "uri": "the Neo4j to use: `bolt://` for one server, `neo4j://` for a cluster or Aura, each also with `+s`",
    "user": "its user",
    "password": "its password; in the environment or in a file that only you can read",
    "database": "the database in it",
    "home": "folder for journals, the local server and, by default, content",
    "store": "where content goes: a folder, an fsspec URL (`s3://bucket/prefix`), or `off` for digests alone",
    "project": "the default project",
    "mode": "`online`, `offline` (journal only, applied by `lineage-graph sync`) or `disabled`",
    "fsync": "when the journal is forced to the disk: `always` (each event), `batch` or `never`",
    "fsync_interval": "seconds between, for `batch`",
    "timeout": "seconds to wait for the graph when a run looks something up, or ends",
}
# What is no setting of the model, and only read from the environment.
VARIABLES = {
    "LINEAGE_GRAPH_RUN": "`project/runs/ID`: the process joins this run instead of starting one",
    "LINEAGE_GRAPH_REPLAY": "set by `reproduce`: the process does recorded runs again, those in this file",
    "LINEAGE_GRAPH_JARS": "where the jars of the local Neo4j are kept, for all folders",
    "LINEAGE_GRAPH_MAVEN": "a mirror to fetch them from",
    "LINEAGE_GRAPH_HEAP": "memory for the local Neo4j's heap, such as `2g`; default `1g`",
    "LINEAGE_GRAPH_PAGECACHE": "and for its page cache; default `256m`",
    "LINEAGE_GRAPH_TRACEBACK": "the command line shows where an error came from",
}


REFUSED = "refused at the call"
# (constants of limits.py, what they are of, how much, what happens beyond it)
LIMITS = (
    (("NAME",), "each part of a project's, an artifact's or a run's name", "{NAME} of `A-Z a-z 0-9 _ . -`", REFUSED),
    (("ALIAS", "TAG", "TYPE"), "an alias, a tag, a type", "{ALIAS} characters", REFUSED),
    (("TAGS",), "tags of one thing", "{TAGS}", REFUSED),
    (
        ("WORD",),
        "a run's name, job type, step, group; a role; who and where",
        "{WORD} characters",
        f"{REFUSED}; what a run finds out by itself is cut",
    ),
    (("TEXT",), "a description, a command", "{TEXT} characters", f"{REFUSED}; a command found out is cut"),
    (("DIGEST",), "a digest", "{DIGEST} characters", REFUSED),
    (("SOURCE_ID",), "a source id", "{SOURCE_ID} characters", "the import is refused"),
    (
        ("JSON_BYTES", "JSON_DEPTH", "JSON_INT"),
        "config, metadata, summary, environment",
        "each {JSON_BYTES} bytes as JSON, {JSON_DEPTH} levels, integers to 2^53 - 1",
        f"{REFUSED}; at a run's end what does not fit is left out, with a warning",
    ),
    (
        ("DOTTED", "DOTTED_TEXT"),
        "values of one of these that are properties of their own",
        "{DOTTED}, texts of {DOTTED_TEXT} characters",
        "the others are in its JSON text alone",
    ),
    (("FILES",), "files in one version", "{FILES} (100,000 is normal)", REFUSED),
    (("FILE_PATH",), "a path in a version, a reference's URI", "{FILE_PATH} characters", REFUSED),
    (("PATCH_BYTES",), "a Git patch that is kept", "{PATCH_BYTES} bytes", "its digest alone is recorded"),
    (("POST_BYTES",), "one request with events", "{POST_BYTES} bytes", "taken up to there, and answered so"),
    (("POST_LINES",), "events in it, a line each", "{POST_LINES}", "taken up to there, and answered so"),
    (("LINE_BYTES",), "one of these lines", "{LINE_BYTES} bytes", "refused, that line alone"),
    (("ENTRY_BYTES",), "an entry, or a line that is imported", "{ENTRY_BYTES} bytes", "the file is refused"),
    (("BATCH_EVENTS", "BATCH_BYTES"), "one transaction", "{BATCH_EVENTS} events or {BATCH_BYTES} bytes", "there are more"),
    (
        ("PENDING_ENTRIES", "PENDING_BYTES"),
        "entries in memory beside the journal",
        "{PENDING_ENTRIES} or {PENDING_BYTES} bytes",
        "they are read back from the file",
    ),
    (
        ("KEPT_BYTES",),
        "entries in memory while the disk takes nothing",
        "{KEPT_BYTES} bytes",
        "what is recorded from then on is lost: a warning says so, and at the end how much",
    ),
    (("USED",), "versions that a run remembers to have used", "{USED}", "a use may be sent twice; it counts once"),
    (("KNOWN",), "versions that a host knows without the graph", "{KNOWN}", "those heard of longest ago are forgotten"),
)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def default(name: str) -> str:
    """A setting's default, as people read it."""
    field = Settings.model_fields[name]
    if name == "home":
        return "the user's data folder"
    if name == "uri":
        return "the local server"
    if name == "store":
        return "`home`/store"
    return "" if field.default is None else f"`{field.default}`"


def settings() -> str:
    """Every setting, then every other variable."""
    rows = []
    for name in Settings.model_fields:
        also = f", `{NEO4J[name]}`" if name in NEO4J else ""
        rows.append((f"`{name}`", f"`LINEAGE_GRAPH_{name.upper()}`{also}", default(name), MEANING[name]))
    others = [(f"`{name}`", meaning) for name, meaning in VARIABLES.items()]
    return f"{table(('setting', 'in the environment', 'default', 'meaning'), rows)}\n\n{table(('variable', 'meaning'), others)}"


def limit_table() -> str:
    """Every limit, and what happens beyond it."""
    values = {name: f"{value:,}" for name, value in vars(limits).items() if name.isupper()}
    rows = [(what, most.format(**values), beyond) for _, what, most, beyond in LIMITS]
    return table(("of", "at most", "beyond it"), rows)


def commands() -> str:
    """Every command and what it is for, in the sections of `--help`."""
    from lineage_graph.cli.app import cli

    rows = [
        (section, f"`{command.name}`", command.get_short_help_str(limit=200))
        for section, found in cli.sections.items()
        for command in found
    ]
    return table(("", "command", "what it does or answers"), _once(rows))


def _once(rows: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    """The first cell only where it changes."""
    found: list[tuple[str, ...]] = []
    last = None
    for first, *rest in rows:
        found.append(("" if first == last else str(first).rstrip(":"), *map(str, rest)))
        last = first
    return found


def put(page: str, mark: str, text: str) -> str:
    """The page with `text` between `<!-- mark -->` and `<!-- /mark -->`."""
    pattern = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"the page has no <!-- {mark} --> … <!-- /{mark} -->")
    return pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page)


def readme() -> str:
    """README.md as it should be."""
    page = README.read_text(encoding="utf-8")
    for mark, text in (("settings", settings()), ("limits", limit_table()), ("commands", commands())):
        page = put(page, mark, text)
    return page


def write() -> None:
    """Writes README.md anew."""
    README.write_text(readme(), encoding="utf-8")


if __name__ == "__main__":
    write()
