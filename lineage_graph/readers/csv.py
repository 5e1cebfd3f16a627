"""Edges as CSV: a row says that a run used or logged a version.

Columns, in any order, named in the first row; UTF-8:

    kind      used or logged
    run       the run's own id, or project/runs/ID in the project that is imported into
    version   the version's own id, such as a path; no other version of the artifact has it
    artifact  what it is a version of, also project/name; default: the version's id, without ':v3' where it ends so
    digest    of its bytes, such as sha256:…; default: declared:… of artifact and version
    at        when it happened, such as 2026-01-05T08:00:00Z; default: the time that is given for the file
    type      the artifact's type; default: artifact
    size      the version's bytes
    used_as   the role in which it was used
    run_name, job_type, step, group, author, command, commit    of the run; one value for all its rows
    state     finished (the default), failed, crashed, killed; running leaves its end open

A text that a spreadsheet would take for a formula may have an apostrophe before it, as our own CSV has.
`kind`, `run`, and `version` or `artifact` are needed. A run begins with its first row and ends with its last, by `at`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

from lineage_graph.canonical import canonical, digest_of
from lineage_graph.errors import ImportRefused
from lineage_graph.events import RunState
from lineage_graph.names import NUMBER
from lineage_graph.readers.naming import is_segment
from lineage_graph.readers.reading import Reading, Record, Version
from lineage_graph.readers.value import Value, to_time

OF_RUN = ("run_name", "job_type", "step", "group", "author", "command", "commit", "state")
OF_VERSION = ("digest", "type", "size")
COLUMNS = frozenset({"kind", "run", "version", "artifact", "at", "used_as", *OF_RUN, *OF_VERSION})
GUARDED = "=+-@'\t\r"
STATES = (*get_args(RunState), "running")


@dataclass(slots=True)
class _Row:
    line: int
    kind: str
    version: Version
    at: datetime
    used_as: str | None


@dataclass(slots=True)
class _Run:
    """A run's rows. facts: what they say of it, each with the line that said it first."""

    name: str
    source_id: str
    line: int
    facts: dict[str, tuple[str, int]] = field(default_factory=dict)
    rows: list[_Row] = field(default_factory=list)


def read(data: bytes, file: str, project: str, at: str | None = None) -> Reading:
    """The runs and versions of a file of edges. at: when rows happened that do not say so. Raises ImportRefused."""
    given = to_time(at, Value(at, "--at")) if at is not None else None
    record = Record("csv", file, project, runs_by_name=True)
    runs: dict[str, _Run] = {}
    versions: dict[tuple[str, str], dict[str, tuple[str, int]]] = {}
    rows = list(_rows(record, data))
    for line, row in rows:
        _agree(versions.setdefault(_key(row, file, line), {}), row, OF_VERSION, file, line, "version")
    for line, row in rows:
        kind = row.get("kind")
        if kind not in {"used", "logged"}:
            raise ImportRefused(file, line, f"kind: it is used or logged, not {kind!r}")
        source = row.get("run")
        if not source:
            raise ImportRefused(file, line, "run: it is empty")
        own = source.removeprefix(f"{project}/runs/")
        name = record.run_name(own, line, own if own != source and is_segment(own) else None)
        run = runs.setdefault(name, _Run(name, source, line))
        _agree(run.facts, row, OF_RUN, file, line, "run")
        key = _key(row, file, line)
        version = _version(record, key, {k: v for k, (v, _) in versions[key].items()}, line)
        run.rows.append(_Row(line, kind, version, _at(row, given, file, line), row.get("used_as")))
    for run in sorted(runs.values(), key=lambda run: (min(row.at for row in run.rows), run.line)):
        _say(record, run)
    return record.reading()


def _rows(record: Record, data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row that is not blank, with its line; only what it says, of columns that are known."""
    file = record.file
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ImportRefused(file, line, "it is not UTF-8; save it so") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if not header:
                header = _header(record, [cell.strip() for cell in row], reader.line_num)
            elif len(row) != len(header):
                raise ImportRefused(file, reader.line_num, f"it has {len(row)} cells, and the header {len(header)}")
            else:
                said = {column: _said(cell) for column, cell in zip(header, row, strict=True) if column in COLUMNS}
                yield reader.line_num, {column: cell for column, cell in said.items() if cell}
    except csv.Error as error:
        raise ImportRefused(file, reader.line_num, f"it is not CSV ({error})") from None
    if not header:
        raise ImportRefused(file, None, "it has no line; the first one names the columns")


def _said(cell: str) -> str:
    """What a cell says: without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    text = cell.strip()
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in GUARDED else text


def _header(record: Record, header: list[str], line: int) -> list[str]:
    missing = [column for column in ("kind", "run") if column not in header]
    if not {"version", "artifact"} & set(header):
        missing.append("version")
    if missing:
        raise ImportRefused(record.file, line, f"the header names no column {', '.join(map(repr, missing))}")
    for i, column in enumerate(header):
        if column in header[:i]:
            raise ImportRefused(record.file, line, f"the header names column {column!r} twice")
        if column not in COLUMNS:
            record.leave_out(f"column {column!r}", "it is none that is read", line)
    return header


def _agree(
    said: dict[str, tuple[str, int]], row: dict[str, str], columns: tuple[str, ...], file: str, line: int, of: str
) -> None:
    """Takes what a row says of its run or its version; what was said before must be the same."""
    for column in columns:
        value = row.get(column)
        if value is not None and said.setdefault(column, (value, line))[0] != value:
            before, at = said[column]
            raise ImportRefused(file, line, f"{column}: {value!r}, and line {at} says {before!r} of the same {of}")


def _at(row: dict[str, str], given: datetime | None, file: str, line: int) -> datetime:
    if "at" in row:
        try:
            return to_time(row["at"], Value(None, file))
        except ImportRefused as error:
            why = str(error).removeprefix(f"{file}: ").removesuffix("; nothing was imported")
            raise ImportRefused(file, line, f"at: {why}") from None
    if given is None:
        raise ImportRefused(file, line, "at: it says no time; give the column `at`, or --at for all rows without one")
    return given


def _key(row: dict[str, str], file: str, line: int) -> tuple[str, str]:
    """(artifact, version) as a row names them."""
    version = row.get("version")
    artifact = row.get("artifact")
    if version is None:
        if artifact is None:
            raise ImportRefused(file, line, "version: it is empty")
        version = f"{artifact}@{row['digest']}" if "digest" in row else artifact
    if artifact is None:
        name, colon, number = version.rpartition(":")
        artifact = name if colon and NUMBER.fullmatch(number) else version
    return artifact, version


def _version(record: Record, key: tuple[str, str], said: dict[str, str], line: int) -> Version:
    artifact, source_id = key
    size = said.get("size")
    if size is not None and not (size.isascii() and size.isdigit() and len(size) < 16):
        raise ImportRefused(record.file, line, f"size: it is a number of bytes, not {size!r}")
    digest = said.get("digest") or digest_of(canonical([artifact, source_id])).replace("sha256:", "declared:")
    own = artifact.removeprefix(f"{record.project}/")
    name = record.artifact_name(own, line, own) if is_segment(own) and own != artifact else record.artifact_name(artifact, line)
    return Version(source_id, name, digest, said.get("type", "artifact"), None if size is None else int(size))


def _say(record: Record, run: _Run) -> None:
    """One run's events: its start, its rows in order of time, its end."""
    facts: dict[str, Any] = {column: value for column, (value, _) in run.facts.items()}
    state, name = facts.pop("state", "finished"), facts.pop("run_name", None)
    if state not in STATES:
        raise ImportRefused(record.file, run.facts["state"][1], f"state: it is one of {', '.join(STATES)}, not {state!r}")
    rows = sorted(run.rows, key=lambda row: (row.at, row.kind == "logged"))
    record.start(run.name, run.source_id, rows[0].at, run.line, name=name, **facts)
    for row in rows:
        if row.kind == "used":
            record.used(run.name, row.version, row.at, row.line, row.used_as)
        else:
            record.logged(run.name, row.version, row.at, row.line)
    if state != "running":
        record.finish(run.name, rows[-1].at, run.line, state)
