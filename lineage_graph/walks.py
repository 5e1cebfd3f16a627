"""A walk's answer, as the query gives it, made into a `Lineage`.

The queries answer in lists, one a property, and name nodes by the server's own numbers: that is what crosses the wire fast.
Here the lists become runs, versions and edges, once each and in a stable order.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, TypeAdapter

from lineage_graph.models import Edge, Lineage, RunNode, VersionNode, made_all

Row = Mapping[str, Any]
EdgeRow = tuple[float, str, str, str]  # seconds since 1970, kind, uid of the run, uid of the version
Node = TypeVar("Node", RunNode, VersionNode)

_COLUMNS: dict[type[BaseModel], list[TypeAdapter[list[Any]]]] = {
    model: [TypeAdapter(list[field.annotation]) for field in model.model_fields.values()]  # type: ignore[name-defined]
    for model in (RunNode, VersionNode)
}
_ALIASES = list(VersionNode.model_fields).index("aliases")
_depth_and_name = attrgetter("depth", "name", "uid")


@contextmanager
def unhurried() -> Iterator[None]:
    """No garbage collection inside. A large answer is hundreds of thousands of new objects and no garbage; looking for some
    again and again took more than half of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class Parts:
    """The rows of lineage/upstream or lineage/downstream, worked on as they arrive: the server is at the next one meanwhile.

    limit, left_out: as they were asked; one node more than both together says that there are more.
    """

    def __init__(self, direction: Literal["upstream", "downstream"], limit: int | None, left_out: int, then: bool) -> None:
        self.direction, self.limit, self.left_out, self.then = direction, limit, left_out, then
        self.uid_of: dict[int, str] = {}
        self.depth_of: dict[int, int] = {}
        self.page: set[int] = set()
        self.is_run: set[int] = set()
        self.more = False
        self.edges: list[Edge] = []
        self.runs: list[RunNode] = []
        self.versions: list[VersionNode] = []

    @property
    def deepest(self) -> int:
        return max(self.depth_of.values(), default=0)

    def take(self, rows: Iterable[Row]) -> Parts:
        """Takes in every row."""
        make: dict[str, Callable[..., None]] = {
            "nodes": self._take_nodes,
            "edges": self._take_edges,
            "versions": self._take_versions,
            "runs": self._take_runs,
        }
        for row in rows:
            make[row["part"]](*row["lists"])
        return self

    def _take_nodes(self, ids: list[int], uids: list[str], depths: list[int], runs: list[bool]) -> None:
        last = None if self.limit is None else self.left_out + self.limit
        self.more = last is not None and len(ids) > last
        self.uid_of = dict(zip(ids[:last], uids, strict=False))
        self.depth_of = dict(zip(ids[:last], depths, strict=False))
        self.page = set(ids[self.left_out : last])
        self.is_run = {n for n, run in zip(ids, runs, strict=True) if run}

    def _take_edges(self, near: list[int], far: list[int], times: list[float]) -> None:
        if self.more or self.left_out:
            near, far, times = self._of_page(near, far, times)
        self.edges = _edges(near, far, times, self.is_run, self.uid_of, self.direction)

    def _of_page(self, *edges: list[Any]) -> list[list[Any]]:
        """Of all edges between nodes found so far, those with an end in this page."""
        kept = [
            edge
            for edge in zip(*edges, strict=True)
            if (edge[0] in self.page or edge[1] in self.page) and edge[0] in self.uid_of and edge[1] in self.uid_of
        ]
        return [list(column) for column in zip(*kept, strict=True)] or [[], [], []]

    def _take_versions(self, *lists: list[Any]) -> None:
        *properties, aliases = lists
        self.versions = self._nodes(VersionNode, _then(properties, aliases) if self.then else properties)

    def _take_runs(self, *lists: list[Any]) -> None:
        self.runs = self._nodes(RunNode, lists)

    def _nodes(self, model: type[Node], lists: Sequence[list[Any]]) -> list[Node]:
        numbers, *properties = lists
        if not self.uid_of.keys() >= set(numbers):  # the one node too many, which says that there are more
            kept = [i for i, number in enumerate(numbers) if number in self.uid_of]
            numbers, *properties = ([values[i] for i in kept] for values in lists)
        return _nodes(model, [self.uid_of[n] for n in numbers], properties, [self.depth_of[n] for n in numbers])

    def lineage(self, home: str, as_of: str | None, known_at: str | None, ran_out: float | None) -> Lineage:
        """Runs and versions in the order of depth, then name; edges in the order of time, then kind, run and version.

        ran_out: the seconds that were not enough to see all there is.
        """
        truncated: dict[str, Any] | None = None
        if self.more:
            truncated = {"reason": "limit", "limit": self.limit, "cursor": str(len(self.uid_of))}
        elif ran_out is not None:
            truncated = {"reason": "time", "limit": ran_out, "cursor": str(max(self.left_out, len(self.uid_of)))}
        return Lineage.model_validate(
            {
                "home": home,
                "direction": self.direction,
                "as_of": as_of,
                "known_at": known_at,
                "runs": self.runs,
                "versions": self.versions,
                "edges": self.edges,
                "truncated": truncated,
            }
        )


def _nodes(model: type[Node], uids: list[str], properties: Sequence[list[Any]], depths: list[int]) -> list[Node]:
    """Runs or versions from lists, one a property, in the order of depth, then name; checked a list at a time, which takes a
    tenth of checking them one by one."""
    columns = [uids, *properties, depths]
    checked = [check.validate_python(column) for check, column in zip(_COLUMNS[model], columns, strict=True)]
    names = tuple(model.model_fields)
    nodes = made_all(model, [dict(zip(names, values, strict=True)) for values in zip(*checked, strict=True)])
    nodes.sort(key=_depth_and_name)
    return nodes


def nodes_of(rows: Iterable[Row], depths: Mapping[str, int], then: bool) -> tuple[list[RunNode], list[VersionNode]]:
    """The rows of lineage/nodes → runs and versions, in the order of depth, then name.

    depths: by uid, of each of them. then: whether aliases are those of another time.
    """
    runs: list[RunNode] = []
    versions: list[VersionNode] = []
    for row in rows:
        if row["part"] == "versions":
            *lists, aliases = row["lists"]
            uids, *properties = _then(lists, aliases) if then else lists
            versions = _nodes(VersionNode, uids, properties, [depths[uid] for uid in uids])
        else:
            uids, *properties = row["lists"]
            runs = _nodes(RunNode, uids, properties, [depths[uid] for uid in uids])
    return runs, versions


class Apart:
    """The rows of lineage/apart: what lies upstream of the first of two things alone (0), of the second alone (1), of both (2).

    depths: of all of them. runs, versions: those that were told of, in the order of depth, then name.
    """

    def __init__(self, rows: Iterable[Row], then: bool) -> None:
        self.depths: tuple[list[int], ...] = ([], [], [])
        self.runs: tuple[list[RunNode], ...] = ([], [], [])
        self.versions: tuple[list[VersionNode], ...] = ([], [], [])
        for row in rows:
            if row["part"] == "nodes":
                for whose, depth in zip(*row["lists"], strict=True):
                    self.depths[whose].append(depth)
                continue
            uids, whose_all, depths, *properties = row["lists"]
            whose_of = dict(zip(uids, whose_all, strict=True))
            if row["part"] == "runs":
                for run in _nodes(RunNode, uids, properties, depths):
                    self.runs[whose_of[run.uid]].append(run)
                continue
            *properties, aliases = properties
            if then:
                held = [[uid, alias] for uid, alias, by_b in aliases if by_b == (whose_of.get(uid) == 1)]
                _, *properties = _then([uids, *properties], held)
            for version in _nodes(VersionNode, uids, properties, depths):
                self.versions[whose_of[version.uid]].append(version)


def page_of(row: Row, aliases: Mapping[str, Sequence[str]] | None = None) -> tuple[list[RunNode], list[VersionNode]]:
    """The runs and versions of a row that has `uids`, `depths` and lists in `runs` and `versions` that begin with uids.

    aliases: of each version by its name, in place of those that it has now.
    """
    depth_of = dict(zip(row["uids"], row["depths"], strict=True))
    versions = row["versions"]
    if aliases is not None:
        versions = [*versions[:_ALIASES], [aliases.get(name, ()) for name in versions[1]], *versions[_ALIASES + 1 :]]

    def nodes(model: type[Node], uids: list[str], *properties: list[Any]) -> list[Node]:
        return _nodes(model, uids, properties, [depth_of[uid] for uid in uids])

    return nodes(RunNode, *row["runs"]), nodes(VersionNode, *versions)


def _then(versions: list[list[Any]], aliases: list[list[Any]]) -> list[list[Any]]:
    """The lists of versions, with the aliases of another time in place of today's."""
    held: dict[Any, list[str]] = {}
    for number, alias in sorted(aliases):
        held.setdefault(number, []).append(alias)
    return [*versions[:_ALIASES], [held.get(n, []) for n in versions[0]], *versions[_ALIASES + 1 :]]


def _edges(
    near: list[int], far: list[int], times: list[float], is_run: set[int], uid_of: Mapping[int, str], direction: str
) -> list[Edge]:
    """The edges, each once: a version that a run used in two roles was used when it was used first."""
    from_run, from_version = ("used", "logged") if direction == "upstream" else ("logged", "used")
    found: list[EdgeRow] = [
        (at, from_run, uid_of[a], uid_of[b]) if a in is_run else (at, from_version, uid_of[b], uid_of[a])
        for a, b, at in zip(near, far, times, strict=True)
    ]
    found.sort()
    if len(set(zip(near, far, strict=True))) < len(found):
        first: dict[tuple[str, str, str], float] = {}
        for at, *edge in found:
            first.setdefault((edge[0], edge[1], edge[2]), at)
        found = [(at, *edge) for edge, at in first.items()]
    when = {at: datetime.fromtimestamp(at, UTC) for at in set(times)}
    return made_all(Edge, [{"kind": kind, "run": run, "version": version, "at": when[at]} for at, kind, run, version in found])
