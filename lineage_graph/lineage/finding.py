"""Paths: what lies between two things."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lineage_graph.answers.paths import WHICH, Lists, Paths, Which, walk_between
from lineage_graph.errors import ParameterWrong
from lineage_graph.lineage.deadline import Deadline
from lineage_graph.lineage.values import Time, cursor, times, whole_number
from lineage_graph.lineage.walking import Walking, depths_of
from lineage_graph.walks import Parts, unhurried


class Finding(Walking):
    """Path."""

    def path(
        self,
        a: str,
        b: str,
        *,
        which: Which = "shortest",
        as_of: Time = None,
        known_at: Time = None,
        limit: int | None = None,
        after: str | None = None,
        timeout: float | None = None,
    ) -> Paths:
        """How `b` and `a` hang together: what lies between them, whichever of the two was made from the other.

        a, b:     '[project/]name[:version]' or 'project/runs/ID'; the answer begins at `a`.
        which:    'shortest': one shortest path; 'all-shortest': every run and version on some shortest path; 'any': on any.
        as_of:    only what had happened by then; aliases as they were then.
        known_at: only what the graph knew by then.
        limit:    at most so many runs and versions, those nearest to `a` first; `truncated` says when there are more.
        after:    the cursor of such an answer, to go on after it.
        timeout:  seconds for all of it.
        Returns Paths, whose `found` is false when neither was made from the other. Raises NameNotUnderstood, NotRecorded,
        ParameterWrong, TimeRanOut, GraphProblem. Runs lineage/closure, lineage/origins and lineage/nodes.
        """
        whole_number(limit, "limit", 1)
        if which not in WHICH:
            raise ParameterWrong("which", f"it is {', '.join(map(repr, WHICH))}, not {which!r}")
        left_out, deadline = cursor(after), Deadline("path", timeout)
        happened, known = times(as_of, known_at)
        then: dict[str, Any] = {"as_of": happened, "known_at": known}
        home, to = (self.find(name, **then) for name in (a, b))
        said: dict[str, Any] = {"home": home.full_name, "to": to.full_name, "which": which, **then}
        with unhurried():
            for below, above in ((home, to), (to, home)):
                reached = self._reach("lineage/closure", depths_of, below, None, **then, timeout=deadline.left())
                if above.uid in reached:
                    break
            else:
                nothing: dict[str, Any] = {"direction": None, "distance": None, "runs": (), "versions": (), "edges": ()}
                return Paths(found=False, **nothing, **said)
            upstream, distance = below is home, reached[above.uid]

            def take(rows: Iterator[dict[str, Any]]) -> tuple[Lists, Lists] | None:
                row = next(rows, None)
                return None if row is None else walk_between(which, row, above.uid, upstream=upstream)

            depth = None if which == "any" else distance
            nodes, edges = self._reach("lineage/origins", take, below, depth, **then, timeout=deadline.left())
            if limit is not None:
                nodes = [column[: left_out + limit + 1] for column in nodes]
            parts = Parts("upstream" if upstream else "downstream", limit, left_out, any(then.values()))
            parts.take([{"part": "nodes", "lists": nodes}, {"part": "edges", "lists": edges}])
            kinds: tuple[list[str], list[str]] = ([], [])
            for number in parts.page:
                kinds[number not in parts.is_run].append(parts.uid_of[number])
            depths = dict(zip(nodes[1], nodes[2], strict=True))
            parts.runs, parts.versions = self._nodes(kinds, depths, then, deadline.left())
            lineage = parts.lineage(said["home"], happened, known, None)
        return Paths(
            found=True, distance=distance, direction=lineage.direction, runs=lineage.runs, versions=lineage.versions,
            edges=lineage.edges, truncated=lineage.truncated, **said,
        )  # fmt: skip
