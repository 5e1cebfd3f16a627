"""A walk's answer, as the query gives it, made into a `Lineage`.

The queries answer in lists, one a property, and name nodes by the server's own numbers: that is what crosses the wire fast.
Here the lists become runs, versions and edges, once each and in a stable order.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, TypeAdapter

from lineage_graph.models import Edge, Lineage, RunNode, VersionNode

Row = Mapping[str, Any]
EdgeRow = tuple[float, str, str, str]  # seconds since 1970, kind, uid of the run, uid of the version
Model = TypeVar("Model", bound=BaseModel)
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


def lineage_of(
    home: str,
    direction: Literal["upstream", "downstream"],
    row: Row,
    as_of: str | None,
    known_at: str | None,
    limit: int | None = None,
    left_out: int = 0,
    ran_out: float | None = None,
) -> Lineage:
    """The row of lineage/upstream or lineage/downstream → Lineage.

    Runs and versions are in the order of depth, then name; edges in the order of time, then kind, run and version.
    limit, left_out: as they were asked; one node more than both together says that there are more.
    ran_out: the seconds that were not enough to see all there is.
    """
    ids = row["ids"]
    truncated = None
    if limit is not None and len(ids) > left_out + limit:
        ids = ids[: left_out + limit]
        truncated = {"reason": "limit", "limit": limit, "cursor": str(left_out + limit)}
    elif ran_out is not None:
        truncated = {"reason": "time", "limit": ran_out, "cursor": str(max(left_out, len(ids)))}
    uid_of = dict(zip(ids, row["uids"], strict=False))
    depth_of = dict(zip(ids, row["depths"], strict=False))
    then = None if as_of is None and known_at is None else row["aliases"]
    whole = truncated is None and not left_out
    near, far, times = row["edges"] if whole else _of_page(row, uid_of)
    return Lineage.model_validate(
        {
            "home": home,
            "direction": direction,
            "as_of": as_of,
            "known_at": known_at,
            "runs": _nodes(RunNode, row["runs"], uid_of, depth_of),
            "versions": _nodes(VersionNode, _then(row["versions"], then), uid_of, depth_of),
            "edges": _edges(near, far, times, set(row["runs"][0]), set(row["versions"][0]), uid_of, direction),
            "truncated": truncated,
        }
    )


def nodes_of(row: Row, depths: Mapping[str, int], *, then: bool) -> tuple[list[RunNode], list[VersionNode]]:
    """The row of lineage/nodes → runs and versions, in the order of depth, then name.

    depths: by uid, of each of them. then: whether aliases are those of another time.
    """
    uid_of = dict(zip(row["ids"], row["uids"], strict=True))
    depth_of = {number: depths[uid] for number, uid in uid_of.items()}
    versions = _then(row["versions"], row["aliases"] if then else None)
    return _nodes(RunNode, row["runs"], uid_of, depth_of), _nodes(VersionNode, versions, uid_of, depth_of)


def _made(model: type[Model], dicts: Iterable[dict[str, Any]]) -> list[Model]:
    """Models of values that were checked before, put together as pydantic's own `model_construct` does, which takes four times
    as long; a tenth of the objects of a large answer would take all of its time."""
    new, put = object.__new__, object.__setattr__
    given = set(model.model_fields)
    made = []
    for values in dicts:
        one = new(model)
        put(one, "__dict__", values)
        put(one, "__pydantic_fields_set__", given)
        put(one, "__pydantic_extra__", None)
        put(one, "__pydantic_private__", None)
        made.append(one)
    return made


def _nodes(model: type[Node], lists: Sequence[list[Any]], uid_of: Mapping[int, str], depth_of: Mapping[int, int]) -> list[Node]:
    """The runs or the versions of an answer; checked a list at a time, which takes a tenth of checking them one by one."""
    numbers, *properties = lists
    if not uid_of.keys() >= set(numbers):  # the one node too many, which says that there are more
        kept = [i for i, number in enumerate(numbers) if number in uid_of]
        numbers, *properties = ([values[i] for i in kept] for values in lists)
    columns = [[uid_of[n] for n in numbers], *properties, [depth_of[n] for n in numbers]]
    checked = [check.validate_python(column) for check, column in zip(_COLUMNS[model], columns, strict=True)]
    names = tuple(model.model_fields)
    nodes = _made(model, (dict(zip(names, values, strict=True)) for values in zip(*checked, strict=True)))
    nodes.sort(key=_depth_and_name)
    return nodes


def _then(versions: list[list[Any]], aliases: list[list[Any]] | None) -> list[list[Any]]:
    """The lists of versions, with the aliases of another time in place of today's."""
    if aliases is None:
        return versions
    held: dict[int, list[str]] = {}
    for number, alias in sorted(aliases):
        held.setdefault(number, []).append(alias)
    return [*versions[:_ALIASES], [held.get(n, []) for n in versions[0]], *versions[_ALIASES + 1 :]]


def _of_page(row: Row, uid_of: Mapping[int, str]) -> list[list[Any]]:
    """Of all edges between nodes found so far, those with an end in this page."""
    page = {n for lists in (row["runs"], row["versions"]) for n in lists[0] if n in uid_of}
    kept = [
        edge
        for edge in zip(*row["edges"], strict=True)
        if (edge[0] in page or edge[1] in page) and edge[0] in uid_of and edge[1] in uid_of
    ]
    return [list(column) for column in zip(*kept, strict=True)] or [[], [], []]


def _edges(
    near: list[int],
    far: list[int],
    times: list[float],
    runs: set[int],
    versions: set[int],
    uid_of: Mapping[int, str],
    direction: str,
) -> list[Edge]:
    """The edges, each once: a version that a run used in two roles was used when it was used first.

    runs, versions: of this page; where one end is of an earlier page, the other tells which it is.
    """
    from_run, from_version = ("used", "logged") if direction == "upstream" else ("logged", "used")
    found: list[EdgeRow] = [
        (at, from_run, uid_of[a], uid_of[b]) if a in runs or b in versions else (at, from_version, uid_of[b], uid_of[a])
        for a, b, at in zip(near, far, times, strict=True)
    ]
    found.sort()
    if len(set(zip(near, far, strict=True))) < len(found):
        first: dict[tuple[str, str, str], float] = {}
        for at, *edge in found:
            first.setdefault((edge[0], edge[1], edge[2]), at)
        found = [(at, *edge) for edge, at in first.items()]
    when = datetime.fromtimestamp
    return _made(Edge, ({"kind": k, "run": r, "version": v, "at": when(at, UTC)} for at, k, r, v in found))
