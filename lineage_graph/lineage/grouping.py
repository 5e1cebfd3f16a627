"""Large lineages as a few groups, and the members of one. Only what is shown leaves the server and this module."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from lineage_graph import queries
from lineage_graph.answers.cards import Named, clusters_of, to_name
from lineage_graph.answers.cluster import Clusters, Members, Rule, Sort, Toward
from lineage_graph.answers.groups import LEAST_CARDS, RULES, grouped, nodes_of, witnesses
from lineage_graph.answers.shape import Shape, distances, shape
from lineage_graph.errors import NotRecorded, ParameterWrong, TimeRanOut
from lineage_graph.lineage.deadline import Deadline, look_on
from lineage_graph.lineage.values import Time, cursor, moment, seconds, time_text, whole_number
from lineage_graph.lineage.walking import Walking
from lineage_graph.models import RunNode, Truncated, VersionNode
from lineage_graph.names import RunName, check_project, parse
from lineage_graph.walks import unhurried

WAYS: dict[str, tuple[str, ...]] = {
    "upstream": ("cluster/shape_upstream",),
    "downstream": ("cluster/shape_downstream",),
    "both": ("cluster/shape_upstream", "cluster/shape_downstream"),
}


@dataclass(frozen=True)
class _Looked:
    """What was found: its shape, home and what stays apart in it, the places of uids, and how far was looked when time ran
    out."""

    shape: Shape
    name: str
    home: int | None
    apart: frozenset[int]
    place: dict[str, int]
    cut: int | None


class Grouping(Walking):
    """Clusters and their members."""

    def clusters(
        self,
        name: str,
        direction: Toward = "upstream",
        *,
        at_least: int = 5,
        by: Sequence[Rule] = RULES,
        cards: int = 400,
        apart: Sequence[str] = (),
        depth: int | None = None,
        as_of: Time = None,
        known_at: Time = None,
        timeout: float | None = None,
    ) -> Clusters:
        """A lineage as groups with counts, for drawing what has too many runs and versions to draw one by one.

        Levels are by longest path, so that edges between groups only climb; what is in a loop shares a level and is marked.

        name:      '[project/]name[:version]' or 'project/runs/ID'; a project's name where direction is 'project'.
        direction: 'upstream', 'downstream', 'both' of them, or 'project': everything in a project.
        at_least:  how many runs or versions make a group.
        by:        which groups to make: 'made', the versions of one artifact that one run made (two or more); then
                   'neighbours', what has the same neighbours; then 'level', what is of one type or job type on a level.
        cards:     at most so many groups and single nodes; coarser groups are made until they are, and `coarsened` says how.
        apart:     full names of runs and versions that stay single; those that are not found do not matter.
        depth, as_of, known_at: as for `upstream`.
        timeout:   seconds; what was found by then is grouped, whole up to some depth, and `truncated` says so.
        Raises NameNotUnderstood, NotRecorded, ParameterWrong, TimeRanOut (nothing was found in that time, or not all of a
        project), GraphProblem. Runs cluster/shape_upstream, shape_downstream or shape_project, then cluster/names.
        """
        whole_number(at_least, "at_least", 2)
        whole_number(cards, "cards", LEAST_CARDS)
        if not set(by) <= set(RULES):
            raise ParameterWrong("by", f"it is some of {', '.join(RULES)}, not {by!r}")
        with unhurried():
            found = self._look(name, direction, depth, apart, (), as_of, known_at, timeout)
            grouping = grouped(found.shape, by, at_least, cards, found.home, found.apart)
            cut = None if found.cut is None else {"reason": "time", "limit": timeout, "cursor": str(found.cut)}
            return clusters_of(
                found.shape,
                grouping,
                self._named(found.shape, to_name(found.shape, grouping), as_of, known_at, timeout),
                home=found.home,
                name=found.name,
                direction=direction,
                at_least=at_least,
                as_of=moment(as_of, "as_of"),
                known_at=moment(known_at, "known_at"),
                truncated=None if cut is None else Truncated.model_validate(cut),
            )

    def members(
        self,
        name: str,
        group: str,
        direction: Toward = "upstream",
        *,
        search: str | None = None,
        sort: Sort = "name",
        descending: bool = False,
        limit: int = 50,
        after: str | None = None,
        apart: Sequence[str] = (),
        depth: int | None = None,
        as_of: Time = None,
        known_at: Time = None,
        timeout: float | None = None,
    ) -> Members:
        """The runs and versions of one group, a page at a time.

        name, direction, apart, depth, as_of, known_at: as they were given to `clusters`, and the group's id from its answer.
        search:     a part of a name, a run's id or an alias, in any case.
        sort:       'name', 'created' or 'started' (one order of time), 'size' or 'state'; what has none of it comes last.
        limit:      at most so many; `truncated` says when there are more. after: the cursor of such an answer.
        timeout:    seconds; all or TimeRanOut.
        Raises NameNotUnderstood, NotRecorded (also for a group that is no longer there), ParameterWrong, TimeRanOut,
        GraphProblem. Runs cluster/shape_upstream, shape_downstream or shape_project, then cluster/members.
        """
        with unhurried():
            found = self._look(name, direction, depth, apart, witnesses(group), as_of, known_at, timeout)
            if found.cut is not None:
                raise TimeRanOut("cluster/members", timeout)
            nodes = nodes_of(found.shape, group, found.place.get, found.home, found.apart)
            ways = {"upstream": ("before",), "downstream": ("after",), "both": ("before", "after")}.get(direction, ())
            far = {} if found.home is None else distances(found.shape, found.home, [getattr(found.shape, way) for way in ways])
        numbers = found.shape.numbers
        return self._page(
            "clusters",
            found.name,
            group,
            [numbers[node] for node in nodes],
            {numbers[node]: far[node] for node in nodes if node in far},
            search=search,
            sort=sort,
            descending=descending,
            limit=limit,
            after=after,
            as_of=as_of,
            known_at=known_at,
            timeout=timeout,
        )

    def _page(
        self,
        question: str,
        home: str,
        group: str,
        numbers: Sequence[int],
        far: Mapping[int, int],
        *,
        search: str | None,
        sort: Sort,
        descending: bool,
        limit: int,
        after: str | None,
        as_of: Time,
        known_at: Time,
        timeout: float | None,
    ) -> Members:
        """question: what gave the group. numbers: the server's, of all members; far: of those, how far they are from home."""
        whole_number(limit, "limit", 1)
        left_out = cursor(after)
        if sort not in get_args(Sort):
            raise ParameterWrong("sort", f"it is one of {', '.join(get_args(Sort))}, not {sort!r}")
        if not numbers:
            raise NotRecorded("group", group, f"what is recorded may have grown since; ask `{question}` again")
        [row] = self._read(
            "cluster/members",
            timeout,
            numbers=numbers,
            search=search,
            sort="time" if sort in ("created", "started") else sort,
            descending=descending,
            limit=limit,
            after=left_out,
            as_of=time_text(as_of, "as_of"),
            known_at=time_text(known_at, "known_at"),
        )
        members = [one | {"depth": far.get(one["number"], 0)} for one in row["members"]]
        more = left_out + limit < row["found"]
        return Members(
            home=home,
            group=group,
            as_of=moment(as_of, "as_of"),
            known_at=moment(known_at, "known_at"),
            count=len(numbers),
            found=row["found"],
            runs=tuple(RunNode.model_validate(one) for one in members if one["run"]),
            versions=tuple(VersionNode.model_validate(one) for one in members if not one["run"]),
            truncated=Truncated(reason="limit", limit=limit, cursor=str(left_out + limit)) if more else None,
        )

    def _look(
        self,
        name: str,
        direction: Toward,
        depth: int | None,
        apart: Sequence[str],
        uids: Collection[str],
        as_of: Time,
        known_at: Time,
        timeout: float | None,
    ) -> _Looked:
        """uids: nodes whose place is wanted as well."""
        if direction not in get_args(Toward):
            raise ParameterWrong("direction", f"it is one of {', '.join(get_args(Toward))}, not {direction!r}")
        seconds(timeout, "timeout")
        whole_number(depth, "depth", 0)
        taken_out = self._keys(apart, as_of, known_at)
        keys: dict[str, Any] = {"as_of": time_text(as_of, "as_of"), "known_at": time_text(known_at, "known_at")}
        keys |= {"apart": [*taken_out, *uids]}
        if direction == "project":
            check_project(name)
            full_name, cut = name, None
            rows = self._read("cluster/shape_project", timeout, project=name, **keys)
            if not rows[0]["runs"] and not rows[0]["versions"]:
                known = [project["project"] for project in self.projects()]
                if name not in known:
                    raise NotRecorded("project", name, f"there are {', '.join(known[:5]) or 'none'}")
        else:
            home = self.find(name, as_of=as_of, known_at=known_at)
            full_name = home.full_name
            rows, cut = self._shapes(WAYS[direction], depth, timeout, uid=home.uid, **keys)
        whole = shape(rows)
        place = {given: whole.index[number] for row in rows for given, number in row["apart"] if number in whole.index}
        home_node = None if direction == "project" else whole.index[rows[0]["home"]]
        return _Looked(whole, full_name, home_node, frozenset(place[key] for key in taken_out if key in place), place, cut)

    def _keys(self, names: Sequence[str], as_of: Time, known_at: Time) -> list[str]:
        """Names as the queries look them up: a run's uid, a version's full name."""
        keys = []
        for name in names:
            asked = parse(name, self.project)
            if isinstance(asked, RunName):
                keys.append(asked.uid)
            elif asked.number is not None:
                keys.append(str(asked))
            else:
                keys.append(self.version(asked, as_of=as_of, known_at=known_at).name)
        return keys

    def _shapes(
        self, names: Sequence[str], depth: int | None, timeout: float | None, **keys: Any
    ) -> tuple[list[dict[str, Any]], int | None]:
        """(a row of each query, how far was looked where the time did not last)."""
        deadline = Deadline(names[0], timeout)

        def look(bound: int | None) -> tuple[list[dict[str, Any]], int]:
            rows = []
            for name in names:
                rows += self.graph.read(queries.get(name).bounded(bound), deadline.left(name), depth=bound, **keys)
            if len(rows) < len(names):
                raise NotRecorded("uid", keys["uid"], "it was there a moment ago; ask again")
            return rows, max(row["deepest"] for row in rows)

        return look_on(look, depth, deadline)

    def _named(
        self, whole: Shape, nodes: Sequence[int], as_of: Time, known_at: Time, timeout: float | None
    ) -> dict[int, Named]:
        then = {"as_of": time_text(as_of, "as_of"), "known_at": time_text(known_at, "known_at")}
        [row] = self._read("cluster/names", timeout, numbers=[whole.numbers[node] for node in nodes], **then)
        held: dict[int, list[str]] = {}
        for number, alias in sorted(row["aliases"]):
            held.setdefault(number, []).append(alias)
        now = as_of is None and known_at is None
        named = {}
        for number, uid, full_name, label, aliases in row["nodes"]:
            shown = label if label != full_name else label.rpartition("/")[2]
            named[whole.index[number]] = Named(uid, full_name, shown, tuple(aliases or () if now else held.get(number, ())))
        return named
