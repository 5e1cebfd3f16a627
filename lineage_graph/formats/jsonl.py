"""Journal entries as lines, and lines as entries or as events in the clear.

A backup's line is an entry's, with its receipt and that one's hash after it. The last line of a backup counts the others:

    {"entry": …, "hash": …, "openings": […], "receipt": {…}, "receipt_hash": …}
    {"backup": {"entries": 12, "events": 40, "format": 1, "journals": 3, "lines": "sha256:…", "project": "digits"}}
"""

from __future__ import annotations

import json
from typing import Any, Literal

from lineage_graph.canonical import canonical_plain
from lineage_graph.errors import JournalProblem
from lineage_graph.events import Event, parse_event
from lineage_graph.journal import Entry, parse_line

Kind = Literal["entries", "events"]
BACKUP = 1  # the form of backups
_ENTRY = b'{"entry":'
_LAST = b'{"backup":'
_HASH = b',"hash":"'


def entry_of(body: str, digest: str, openings: str, where: str) -> Entry:
    """An entry from what the graph keeps of it, with its hash and openings checked. Raises JournalProblem."""
    return parse_line(f'{{"entry":{body},"hash":"{digest}","openings":{openings}}}\n'.encode(), where)


def with_receipt(entry: Entry, body: str, digest: str) -> bytes:
    """A backup's line: an entry and its receipt, with that one's hash."""
    return b"".join((entry.line()[:-2], b',"receipt":', body.encode(), b',"receipt_hash":"', digest.encode(), b'"}\n'))


def receipt_in(line: bytes) -> tuple[Any, Any] | None:
    """(the receipt, its hash) beside the entry of a line; None where it has none. Raises ValueError."""
    outside = json.loads(b"{" + line[line.find(_HASH) + 1 :])
    return (outside["receipt"], outside.get("receipt_hash")) if "receipt" in outside else None


def last_line(counts: dict[str, Any]) -> bytes:
    """The line that ends a backup."""
    return _LAST + canonical_plain(counts | {"format": BACKUP}) + b"}\n"


def is_last(line: bytes) -> bool:
    """Whether a line has the form of the one that ends a backup."""
    return line.startswith(_LAST)


def is_backup(line: bytes) -> bool:
    """Whether the first line of a file is a backup's."""
    if is_last(line):
        return True
    try:
        return kind_of(line) == "entries" and receipt_in(line) is not None
    except ValueError:
        return False  # it is no whole line, which is said where it is read


def kind_of(line: bytes) -> Kind:
    """Whether a line has the form of a journal's entry or of an event in the clear."""
    return "entries" if line.startswith(_ENTRY) else "events"


def to_entry(line: bytes) -> Entry:
    """A journal's line → its entry. Raises ValueError that says what is wrong."""
    try:
        return parse_line(line if line.endswith(b"\n") else line + b"\n", "")
    except JournalProblem as problem:
        why = str(problem).removeprefix("journal : ").partition("; restore")[0]
        raise ValueError(why) from None


def to_json(line: bytes) -> dict[str, Any]:
    """A line → its JSON object. Raises ValueError that says what is wrong."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise ValueError('it is not a JSON object; an event is such as {"kind": "run_started", "run": "p/runs/a"}')
    return value


def to_event(value: dict[str, Any]) -> Event:
    """A JSON object with every value in the clear → its event. Raises ValueError with the path to the bad field."""
    from pydantic import ValidationError

    from lineage_graph.events import KINDS

    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"{repr(kind)[:100]} is no kind of event; kinds are {', '.join(KINDS)}")
    try:
        return parse_event(value)
    except ValidationError as error:
        first = error.errors()[0]
        # The first step of the path is the kind.
        path = ".".join(map(str, first["loc"][1:]))
        raise ValueError(f"{path or 'the event'}: {first['msg'].removeprefix('Value error, ')}") from None
