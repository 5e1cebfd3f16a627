"""A person's own Cypher: allowed or refused, run within limits, and kept in the record.

Every statement that is let through, refused or stopped is an event of this process's journal before its answer is given. A
graph that is down, or a full disk, delays that event and warns, as for all events; it takes nobody's answer away.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lineage_graph.answers.table import Cut, Table
from lineage_graph.canonical import canonical, digest_of, plain, text
from lineage_graph.errors import (
    GraphFailed,
    GraphProblem,
    GraphReadOnly,
    LineageError,
    SettingWrong,
    StatementRefused,
    TimeRanOut,
    WrongUse,
)
from lineage_graph.events import Asked, now
from lineage_graph.formats.json import compact, steady
from lineage_graph.lineage.allowed import must_only_read, must_read
from lineage_graph.lineage.values import seconds, whole_number
from lineage_graph.recording import capture

if TYPE_CHECKING:
    from lineage_graph.recording.recorder import Recorder

ROWS, SECONDS, BYTES = 1_000, 30.0, 64_000_000
WRITTEN_WRONG = "Neo.ClientError.Statement."
PLACE = re.compile(r"\(line (\d+), column (\d+)")
EXPLAIN = len("EXPLAIN ")


def ask(
    recorder: Recorder,
    statement: str,
    parameters: Mapping[str, Any] | None,
    *,
    project: str | None,
    via: str | None = None,
    limit: int = ROWS,
    timeout: float = SECONDS,
    memory: int = BYTES,
) -> Table:
    """The answer to a statement, which is recorded whatever becomes of it. See `LineageGraph.cypher`."""
    whole_number(limit, "limit", 1)
    whole_number(memory, "memory", 1)
    seconds(timeout, "timeout")
    if recorder.settings.mode == "disabled":
        raise SettingWrong("mode", "recording is disabled, and what is asked here is recorded; set it to 'online'")
    given = dict(parameters or {})
    asked = Asked(
        at=now(),
        actor=via or capture.user(),
        project=project,
        outcome="failed",
        statement_digest=digest_of(text(statement).encode()),
        statement=text(statement),
        parameters_digest=digest_of(canonical(plain(given, "parameters"))) if given else None,
    )
    said: dict[str, Any] = {"reason": "it was interrupted"}
    try:
        answer = _answer(recorder, statement, given, asked.statement_digest, limit, timeout, memory)
        said = {"outcome": "ran", "rows": len(answer.rows)}
        return answer
    except LineageError as error:
        said = {"outcome": "refused" if isinstance(error, WrongUse) else "failed", "reason": text(str(error))}
        raise
    finally:
        recorder.record(asked.model_copy(update=said), what="what was asked", via=via)


def _answer(
    recorder: Recorder, statement: str, given: dict[str, Any], digest: str, limit: int, timeout: float, memory: int
) -> Table:
    must_read(statement, given)
    recorder.drain()
    begun = time.monotonic()
    try:
        columns, rows, cut = recorder.graph().ask(statement, given, must_only_read, _taking(limit, memory), timeout)
    except TimeRanOut:
        raise TimeRanOut("the statement", timeout) from None
    except GraphProblem as problem:
        raise _said_better(problem) from problem
    return Table(
        statement_digest=digest,
        columns=tuple(columns),
        rows=tuple(rows),
        truncated=cut,
        milliseconds=round((time.monotonic() - begun) * 1000),
    )


Taken = tuple[Sequence[str], list[dict[str, Any]], Cut | None]


def _taking(limit: int, memory: int) -> Callable[[list[str], Iterator[tuple[Any, ...]]], Taken]:
    """Takes rows as they arrive, until there are too many or they are too large."""

    def take(columns: list[str], values: Iterator[tuple[Any, ...]]) -> Taken:
        rows: list[dict[str, Any]] = []
        size = 0
        for row in values:
            if len(rows) == limit:
                return columns, rows, Cut(reason="limit", limit=limit)
            plain_row = {column: steady(value) for column, value in zip(columns, row, strict=True)}
            size += len(compact(plain_row).encode("utf-8", "replace"))
            if size > memory:
                return columns, rows, Cut(reason="memory", limit=memory)
            rows.append(plain_row)
        return columns, rows, None

    return take


def _said_better(problem: GraphProblem) -> LineageError:
    """A statement that the server did not understand is its writer's to mend, and the place is counted in what he wrote."""
    if isinstance(problem, GraphReadOnly):
        return StatementRefused("writes")
    cause = problem.__cause__
    if not isinstance(problem, GraphFailed) or not str(getattr(cause, "code", "")).startswith(WRITTEN_WRONG):
        return problem
    words = str(getattr(cause, "message", "") or cause)
    place = PLACE.search(words)
    where = ""
    if place is not None:
        line, column = int(place[1]), int(place[2])
        where = f" at line {line}, column {max(1, column - EXPLAIN if line == 1 else column)}"
    first = PLACE.split(words.splitlines()[0])[0].strip().rstrip(".")
    return StatementRefused(f"has a mistake{where}: {first[:300]}", "mend it and ask again")
