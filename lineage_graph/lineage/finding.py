"""Paths: what lies between two things."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from lineage_graph.answers.paths import WHICH, Paths, Which, walk_between
from lineage_graph.errors import NotRecorded, ParameterWrong
from lineage_graph.lineage.deadline import Deadline
from lineage_graph.lineage.values import Time, cursor, times, whole_number
from lineage_graph.lineage.walking import Walking
from lineage_graph.models import ArtifactVersion, Run
from lineage_graph.walks import lineage_of, unhurried


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
        said: dict[str, Any] = {"home": _name(home), "to": _name(to), "which": which, **then}
        with unhurried():
            for below, above in ((home, to), (to, home)):
                row = self._reach("lineage/closure", below, None, **then, timeout=deadline.left())
                if above.uid in row["uids"]:
                    distance = row["depths"][row["uids"].index(above.uid)]
                    break
            else:
                nothing: dict[str, Any] = {"direction": None, "distance": None, "runs": (), "versions": (), "edges": ()}
                return Paths(found=False, **nothing, **said)
            depth = None if which == "any" else distance
            row = self._reach("lineage/origins", below, depth, **then, timeout=deadline.left())
            walk = walk_between(which, row, above.uid, upstream=below is home)
            if walk is None:
                raise NotRecorded("uid", above.uid, "it was there a moment ago; ask again")
            if limit is not None:
                walk |= {column: walk[column][: left_out + limit + 1] for column in ("ids", "uids", "depths")}
            details = self._details(row, walk["uids"][left_out:], then, deadline)
            direction: Literal["upstream", "downstream"] = "upstream" if below is home else "downstream"
            lineage = lineage_of(said["home"], direction, details | walk, happened, known, limit, left_out)
        return Paths(
            found=True, distance=distance, direction=lineage.direction, runs=lineage.runs, versions=lineage.versions,
            edges=lineage.edges, truncated=lineage.truncated, **said,
        )  # fmt: skip

    def _details(
        self, row: Mapping[str, Any], uids: Iterable[str], then: Mapping[str, Any], deadline: Deadline
    ) -> dict[str, Any]:
        """What is recorded of some of the nodes in a row of lineage/origins."""
        known = dict(zip(row["uids"], row["artifacts"], strict=True))
        kinds: tuple[list[str], list[str]] = ([], [])
        for uid in uids:
            kinds[known[uid] is not None].append(uid)
        return self._read("lineage/nodes", deadline.left(), runs=kinds[0], versions=kinds[1], **then)[0]


def _name(thing: Run | ArtifactVersion) -> str:
    return thing.full_name if isinstance(thing, Run) else thing.name
