"""Consequences: what a change touches."""

from __future__ import annotations

from lineage_graph import queries
from lineage_graph.answers import impact as found
from lineage_graph.answers.impact import Impact
from lineage_graph.errors import NotRecorded
from lineage_graph.lineage.things import Things
from lineage_graph.lineage.values import Time, cursor, seconds, time_text, whole_number
from lineage_graph.models import Run, Truncated
from lineage_graph.walks import page_of

PAGE = 100


class Consequences(Things):
    """Impact."""

    def impact(
        self,
        name: str,
        *,
        depth: int | None = None,
        as_of: Time = None,
        known_at: Time = None,
        limit: int | None = PAGE,
        after: str | None = None,
        timeout: float | None = None,
    ) -> Impact:
        """What would a change of this version or run touch? Everything downstream, counted by type, author and project.

        name:     '[project/]name[:version]' or 'project/runs/ID'.
        depth:    how many relationships to look; 1 is the runs that used it, None is no limit.
        as_of:    only what had happened by then; aliases as they were then.
        known_at: only what the graph knew by then.
        limit:    at most so many runs and versions are listed, the nearest first; None lists all. All are counted.
        after:    the cursor of such an answer, to list those after it.
        timeout:  seconds.
        Returns an Impact whose `home` is the version, in full. Raises NameNotUnderstood, NotRecorded, ParameterWrong,
        TimeRanOut, GraphProblem. Runs lineage/impact.
        """
        left_out = cursor(after)
        then = {"as_of": time_text(as_of, "as_of"), "known_at": time_text(known_at, "known_at")}
        query = queries.get("lineage/impact").bounded(whole_number(depth, "depth", 0))
        page = {"limit": whole_number(limit, "limit", 1), "after": left_out or None}
        seconds(timeout, "timeout")
        home = self.find(name, as_of=as_of, known_at=known_at)
        rows = self.graph.read(query, timeout, uid=home.uid, depth=depth, **then, **page)
        if not rows:
            raise NotRecorded("uid", home.uid, "it was there a moment ago; ask again")
        [row] = rows
        named, latest = found.aliases(row["aliases"])
        held: dict[str, list[str]] = {}
        for alias in sorted((*named, *latest), key=lambda a: a.alias):
            held.setdefault(alias.version, []).append(alias.alias)
        runs, versions = page_of(row, None if as_of is None and known_at is None else held)
        seen = left_out + len(row["uids"])
        more = limit is not None and seen < row["found"]
        return Impact.model_validate(
            {
                "home": home.full_name if isinstance(home, Run) else home.name,
                "looped": row["looped"],
                **then,
                "depth": depth,
                "run_count": sum(group[-1] for group in row["run_groups"]),
                "version_count": sum(group[-1] for group in row["version_groups"]),
                "groups": found.groups(row["run_groups"], row["version_groups"]),
                "projects": found.projects(row["run_groups"], row["version_groups"]),
                "states": found.states(row["run_groups"]),
                "aliases": named,
                "latest": latest,
                "runs": runs,
                "versions": versions,
                "truncated": Truncated(reason="limit", limit=limit, cursor=str(seen)) if more and limit else None,
            }
        )
