"""Paths: what lies between two things."""

from __future__ import annotations

from typing import Any

from lineage_graph.answers.paths import WHICH, Paths, Which, between
from lineage_graph.errors import NotRecorded, ParameterWrong
from lineage_graph.lineage.deadline import Deadline
from lineage_graph.lineage.values import Time, cursor, times, whole_number
from lineage_graph.lineage.walking import Walking
from lineage_graph.models import ArtifactVersion, Lineage, Run
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
            upstream = below is home
            lineage = self._lineage(row, above.uid, which, upstream, then, limit, left_out, deadline, said["home"])
        return Paths(
            found=True, distance=distance, direction=lineage.direction, runs=lineage.runs, versions=lineage.versions,
            edges=lineage.edges, truncated=lineage.truncated, **said,
        )  # fmt: skip

    def _lineage(
        self,
        row: dict[str, Any],
        above: str,
        which: Which,
        upstream: bool,
        then: dict[str, Any],
        limit: int | None,
        left_out: int,
        deadline: Deadline,
        home: str,
    ) -> Lineage:
        """What the row of lineage/origins has between its first node and `above`, from whichever end is home."""
        uids = dict(zip(row["ids"], row["uids"], strict=True))
        goal = next((i for i, uid in uids.items() if uid == above), None)
        used, logged = row["used"], row["logged"]
        near, far, at = used[0] + logged[1], used[1] + logged[0], used[3] + logged[3]
        if goal is None:
            raise NotRecorded("uid", above, "it was there a moment ago; ask again")
        names = dict(zip(row["ids"], row["names"], strict=True))
        found = between(which, row["ids"][0], goal, near, far, names)
        depths = found.from_start if upstream else found.to_goal
        ids = sorted(depths, key=lambda i: (depths[i], uids[i]))
        ids = ids if limit is None else ids[: left_out + limit + 1]
        runs = {i for i, artifact in zip(row["ids"], row["artifacts"], strict=True) if artifact is None}
        page = ids[left_out:]
        kinds = {
            "runs": [uids[i] for i in page if i in runs],
            "versions": [uids[i] for i in page if i not in runs],
        }
        [details] = self._read("lineage/nodes", deadline.left(), **kinds, **then)
        ends = ([near[e] for e in found.edges], [far[e] for e in found.edges])
        walked = details | {
            "ids": ids,
            "uids": [uids[i] for i in ids],
            "depths": [depths[i] for i in ids],
            "edges": [*(ends if upstream else ends[::-1]), [at[e] for e in found.edges]],
        }
        return lineage_of(
            home, "upstream" if upstream else "downstream", walked, then["as_of"], then["known_at"], limit, left_out
        )


def _name(thing: Run | ArtifactVersion) -> str:
    return thing.full_name if isinstance(thing, Run) else thing.name
