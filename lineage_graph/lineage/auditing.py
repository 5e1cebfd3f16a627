"""Audits: the questions of `cypher/audit/`, rows for people to read."""

from __future__ import annotations

from typing import Any

from lineage_graph import queries
from lineage_graph.answers.audit import Audit
from lineage_graph.answers.erasure import Erasure
from lineage_graph.errors import ParameterWrong, QueryUnknown, TimeRanOut
from lineage_graph.lineage.things import Things
from lineage_graph.lineage.values import Time, cursor, seconds, whole_number, with_times
from lineage_graph.names import VersionName, parse_artifact
from lineage_graph.queries import UNBOUNDED, Query

AREA = "audit/"
NEAR = 16  # how far an audit looks that has no time to look all the way


class Auditing(Things):
    """The audits, by name."""

    def audit(
        self,
        name: str,
        *,
        limit: int | None = None,
        after: str | None = None,
        timeout: float | None = None,
        **parameters: Any,
    ) -> Audit:
        """Answers an audit file's question, such as 'who_touched'; `queries audit` lists them with their parameters.

        limit:      at most so many rows; `truncated` says when there are more.
        after:      the cursor of such an answer, to go on after it; pages of one `known_at` fit together.
        timeout:    seconds. Where the audit is a walk, what lies within 16 steps is the answer, and `truncated` says so.
        parameters: those of the file; one that may be null may be left out. `version` is any version's name, an alias is
                    read at `as_of` and `known_at`; `artifact` may lack its project. Times are datetimes with a zone or
                    texts such as '2026-01-05T08:00:00Z'; write `from_` for `from`, which Python keeps for itself.
        Raises QueryUnknown, ParameterWrong, NameNotUnderstood, NotRecorded, TimeRanOut, GraphProblem. Runs audit/NAME.
        """
        query = find(name)
        whole_number(limit, "limit", 1)
        seconds(timeout, "timeout")
        left_out = cursor(after)
        given = {key.removesuffix("_"): value for key, value in parameters.items() if value is not None}
        given = query.filled(with_times(given) | {"limit": limit, "after": left_out or None})
        _in_order(query, given)
        given = self._in_full(given)
        rows, whole = self._rows(query, given | {"limit": None if limit is None else limit + 1}, timeout)
        truncated = None
        if limit is not None and len(rows) > limit:
            rows = rows[:limit]
            truncated = {"reason": "limit", "limit": limit, "cursor": str(left_out + limit)}
        elif not whole:
            truncated = {"reason": "time", "limit": timeout, "cursor": str(left_out + len(rows))}
        return Audit.model_validate(
            {
                "question": query.question,
                "name": query.name,
                "parameters": given,
                "columns": [column.name for column in query.columns],
                "rows": rows,
                "truncated": truncated,
            }
        )

    def erasures(self, uid: str) -> list[Erasure]:
        """What was erased of a run, a version or an artifact, the first erasure first. Runs lineage/erasures."""
        rows = self._read("lineage/erasures", uid=uid)
        return list({row["event"]: Erasure.model_validate(row) for row in rows}.values())

    def _in_full(self, given: dict[str, Any]) -> dict[str, Any]:
        """The same parameters with names that are recorded, in full: a slip of the pen is not an empty answer."""
        full = dict(given)
        if given.get("version") is not None:
            full["version"] = self.version(given["version"], as_of=given["as_of"], known_at=given["known_at"]).name
        if given.get("artifact") is not None:
            artifact = parse_artifact(given["artifact"], self.project)
            if not self._read("lineage/artifact", artifact=str(artifact)):
                raise self._nothing(VersionName(artifact), None)
            full["artifact"] = str(artifact)
        if given.get("project") is not None:
            self.must_be_project(given["project"])
        return full

    def _rows(self, query: Query, given: dict[str, Any], timeout: float | None) -> tuple[list[dict[str, Any]], bool]:
        """(rows, whether they are all): a walk looks all the way for half of the time, and near by for the other half."""
        try:
            if timeout is None or UNBOUNDED not in query.text:
                return self.graph.read(query, timeout, **given), True
            try:
                return self.graph.read(query, timeout / 2, **given), True
            except TimeRanOut:
                return self.graph.read(query.bounded(NEAR), timeout / 2, **given), False
        except TimeRanOut:
            raise TimeRanOut(query.name, timeout) from None


def find(name: str) -> Query:
    """The audit of that name, with or without 'audit/'. Raises QueryUnknown."""
    full = name if "/" in name else AREA + name
    audits = {known: query for known, query in queries.QUERIES.items() if known.startswith(AREA)}
    if full not in audits:
        raise QueryUnknown(full, audits)
    return audits[full]


def _in_order(query: Query, given: dict[str, Time]) -> None:
    """Raises ParameterWrong where nothing can lie between two times. They are texts of one width, which sort as times do."""
    for later in ("to", "as_of"):
        start, end = given.get("from"), given.get(later)
        if start is not None and end is not None and str(start) > str(end):
            raise ParameterWrong(query.name, f"$from ({start}) is after ${later} ({end}), and nothing lies between them")
