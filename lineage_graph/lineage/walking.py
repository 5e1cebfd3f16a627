"""Walks: everything up or down from one node, each node once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar

from lineage_graph import queries
from lineage_graph.errors import NotRecorded
from lineage_graph.lineage.deadline import Deadline, look_on
from lineage_graph.lineage.things import Things
from lineage_graph.lineage.values import Time, cursor, seconds, time_text, whole_number
from lineage_graph.models import ArtifactVersion, Lineage, Run, RunNode, VersionNode
from lineage_graph.walks import Parts, nodes_of, unhurried

T = TypeVar("T")


class Walking(Things):
    """Upstream, downstream, closure."""

    def upstream(
        self,
        name: str,
        *,
        depth: int | None = None,
        as_of: Time = None,
        known_at: Time = None,
        limit: int | None = None,
        after: str | None = None,
        timeout: float | None = None,
    ) -> Lineage:
        """Everything a version or run was made from, back to the first recorded data.

        name:     '[project/]name[:version]' or 'project/runs/ID'.
        depth:    how many relationships to look; 1 is the run that logged it, None is no limit.
        as_of:    only what had happened by then; aliases as they were then.
        known_at: only what the graph knew by then; answers for the last seconds are provisional.
        limit:    at most so many runs and versions, the nearest first; `truncated` says when there are more.
        after:    the cursor of such an answer, to go on after it. Each edge comes with the later of its two ends. Pages of
                  one `known_at` fit together whatever is recorded in between.
        timeout:  seconds; what was found by then is the answer, whole up to some depth, and `truncated` says so.
        Returns a Lineage whose `home` is the version, in full. Raises NameNotUnderstood, NotRecorded, ParameterWrong,
        TimeRanOut (nothing was found in that time), GraphProblem. Runs lineage/upstream.
        """
        return self._walk("upstream", name, depth, as_of, known_at, limit, after, timeout)

    def downstream(
        self,
        name: str,
        *,
        depth: int | None = None,
        as_of: Time = None,
        known_at: Time = None,
        limit: int | None = None,
        after: str | None = None,
        timeout: float | None = None,
    ) -> Lineage:
        """Everything that was made from a version or run. Parameters and errors as `upstream`. Runs lineage/downstream."""
        return self._walk("downstream", name, depth, as_of, known_at, limit, after, timeout)

    def closure(
        self,
        name: str,
        *,
        depth: int | None = None,
        as_of: Time = None,
        known_at: Time = None,
        timeout: float | None = None,
    ) -> dict[str, int]:
        """Only uids and depths of what `upstream` finds, for programs that want the walk alone; whole or TimeRanOut.

        Runs lineage/closure.
        """
        home = self.find(name, as_of=as_of, known_at=known_at)
        return self._reach("lineage/closure", depths_of, home, depth, as_of, known_at, seconds(timeout, "timeout"))

    def _reach(
        self,
        query: str,
        take: Callable[[Iterator[dict[str, Any]]], T | None],
        home: Run | ArtifactVersion,
        depth: int | None,
        as_of: Time,
        known_at: Time,
        timeout: float | None,
        **more: int | None,
    ) -> T:
        found = self.graph.fold(
            queries.get(query).bounded(whole_number(depth, "depth", 0)),
            take,
            timeout,
            uid=home.uid,
            depth=depth,
            as_of=time_text(as_of, "as_of"),
            known_at=time_text(known_at, "known_at"),
            **more,
        )
        if not found:
            raise NotRecorded("uid", home.uid, "it was there a moment ago; ask again")
        return found

    def _nodes(
        self, kinds: tuple[list[str], list[str]], depths: dict[str, int], times: dict[str, str | None], timeout: float | None
    ) -> tuple[list[RunNode], list[VersionNode]]:
        """Runs and versions at these depths, by their uids. times: as_of and known_at, for aliases."""
        query, then = queries.get("lineage/nodes"), any(times.values())
        given: dict[str, Any] = {"runs": kinds[0], "versions": kinds[1], **times}
        return self.graph.fold(query, lambda rows: nodes_of(rows, depths, then), timeout, **given)

    def _walk(
        self,
        direction: Literal["upstream", "downstream"],
        name: str,
        depth: int | None,
        as_of: Time,
        known_at: Time,
        limit: int | None,
        after: str | None,
        timeout: float | None,
    ) -> Lineage:
        whole_number(limit, "limit", 1)
        seconds(timeout, "timeout")
        left_out = cursor(after)
        home = self.find(name, as_of=as_of, known_at=known_at)
        then = as_of is not None or known_at is not None

        query = f"lineage/{direction}"
        deadline = Deadline(query, timeout)

        def take(rows: Iterator[dict[str, Any]]) -> Parts | None:
            parts = Parts(direction, limit, left_out, then).take(rows)
            return parts if parts.uid_of else None

        def look(bound: int | None) -> tuple[Parts, int]:
            more = {"limit": limit, "after": left_out or None}
            parts = self._reach(query, take, home, bound, as_of, known_at, deadline.left(), **more)
            return parts, parts.deepest

        with unhurried():
            found, cut = look_on(look, depth, deadline)
            return found.lineage(
                home.full_name,
                time_text(as_of, "as_of"),
                time_text(known_at, "known_at"),
                None if cut is None else timeout,
            )


def depths_of(rows: Iterator[dict[str, Any]]) -> dict[str, int]:
    """The row of lineage/closure → depths by uid."""
    [row] = rows
    return dict(zip(row["uids"], row["depths"], strict=True))
