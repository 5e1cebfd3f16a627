"""For notebooks that speak py2neo: query files through its `Graph`, and a `Lineage` as its `Subgraph` and back.

py2neo is at its end of life; 2021.2.4 is its last version. Hence an extra, `[py2neo]`, and a module that nothing else imports.

    from py2neo import Graph
    from lineage_graph.bridges import py2neo as bridge

    graph = Graph("bolt://localhost:7687", auth=("neo4j", password))
    bridge.run(graph, "lineage/producers", version="digits/classifier:v0", as_of=None)

A subgraph is for another database than the lineage graph, which only its ledger writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from lineage_graph import queries
from lineage_graph.bridges.extras import need
from lineage_graph.bridges.views import Lineage
from lineage_graph.errors import ParameterWrong
from lineage_graph.models import Direction, Edge, RunNode, VersionNode

if TYPE_CHECKING:
    from py2neo import Graph, Node, Subgraph

LABELS = {RunNode: "Run", VersionNode: "ArtifactVersion"}
TYPES = {"USED": "used", "LOGGED": "logged"}
Model = TypeVar("Model", RunNode, VersionNode)


def run(graph: Graph, name: str, **parameters: Any) -> list[dict[str, Any]]:
    """Runs a query file through py2neo, and returns its rows as dictionaries.

    graph: a py2neo `Graph`. name: such as 'lineage/producers'; files that write are refused. parameters: as its header says.
    Times come as Python's own, in UTC, to the microsecond; nodes and relationships as py2neo's.
    Raises QueryUnknown, ParameterWrong, and what py2neo raises.
    """
    query = queries.get(name)
    if query.access != "read":
        raise ParameterWrong(name, "it writes, and only the ledger runs it")
    query.check(parameters)
    return [{key: _plain(value) for key, value in row.items()} for row in graph.query(query.text, parameters).data()]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if type(value) is dict:
        return {key: _plain(one) for key, one in value.items()}
    if hasattr(value, "hour_minute_second") and hasattr(value, "year_month_day"):
        return _time(value)
    return value.to_native() if hasattr(value, "to_native") else value


def _time(value: Any) -> datetime:
    """py2neo's time as Python's; its own conversion loses a microsecond now and then."""
    hour, minute, second = value.hour_minute_second
    year, month, day = value.year_month_day
    whole = datetime(year, month, day, hour, minute) + timedelta(microseconds=round(second * 1_000_000))
    if value.tzinfo is None:
        return whole
    return (whole - (value.utcoffset() or timedelta())).replace(tzinfo=UTC)


def to_subgraph(lineage: Lineage) -> Subgraph:
    """A walk as a py2neo `Subgraph`: (:Run)-[:USED|LOGGED {at}]->(:ArtifactVersion), with what the walk tells of each.

    `uid` is the key of every node, so `graph.merge(subgraph)` can be repeated. An end of an edge that is on another page of
    the walk has its uid alone. Depths, and what the walk was asked for, are not kept. Raises ExtraMissing, and ParameterWrong
    for a walk that found nothing, as there is no empty Subgraph.
    """
    py2neo = need("py2neo", "a Lineage as a Subgraph")
    if not lineage.runs and not lineage.versions:
        raise ParameterWrong("lineage", "it has no runs and no versions, and a py2neo Subgraph has at least one node")
    nodes: dict[str, Node] = {}
    found: list[RunNode | VersionNode] = [*lineage.runs, *lineage.versions]
    for one in found:
        nodes[one.uid] = _node(py2neo, LABELS[type(one)], one.model_dump(exclude={"depth"}))
    edges = []
    for edge in lineage.edges:
        for uid, label in ((edge.run, "Run"), (edge.version, "ArtifactVersion")):
            nodes.setdefault(uid, _node(py2neo, label, {"uid": uid}))
        edges.append(py2neo.Relationship(nodes[edge.run], edge.kind.upper(), nodes[edge.version], at=_foreign(edge.at)))
    return py2neo.Subgraph(nodes.values(), edges)


def _node(py2neo: Any, label: str, properties: Mapping[str, Any]) -> Node:
    node = py2neo.Node(label, **{key: _foreign(value) for key, value in properties.items() if value is not None})
    node.__primarylabel__, node.__primarykey__ = label, "uid"
    return node


def _foreign(value: Any) -> Any:
    """A value as py2neo can send it: it knows no tuples, and no time zones but those of pytz, which came with it."""
    if isinstance(value, datetime):
        from pytz import utc

        return value.astimezone(utc)
    return list(value) if isinstance(value, tuple) else value


def from_subgraph(
    subgraph: Subgraph,
    *,
    home: str,
    direction: Direction = "upstream",
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> Lineage:
    """A py2neo `Subgraph` as the walk from `home`; the opposite of `to_subgraph`, and for what py2neo read from the graph.

    home: 'project/name:vN' or 'project/runs/ID', in full; it must be in the subgraph.
    direction: 'upstream', 'downstream', or 'neighbours' for both ways. as_of, known_at: noted in the answer, nothing else.
    Runs and versions that the walk does not reach, other labels, types and properties are left out; depths are counted anew.
    Raises ParameterWrong when home is not there, or a node or relationship lacks what a Lineage has.
    """
    found = {label: _of_label(subgraph, label) for label in LABELS.values()}
    names = {properties.get("name"): uid for uid, properties in found["ArtifactVersion"].items()}
    names |= {f"{properties.get('project')}/runs/{properties.get('id')}": uid for uid, properties in found["Run"].items()}
    if home not in names:
        raise ParameterWrong("home", f"{home!r} is not in this subgraph; write it in full: project/name:v0 or project/runs/ID")
    edges = _edges(subgraph)
    depths = _depths(names[home], edges, direction)
    return Lineage(
        home=home,
        direction=direction,
        as_of=as_of,
        known_at=known_at,
        runs=_models(RunNode, found["Run"], depths),
        versions=_models(VersionNode, found["ArtifactVersion"], depths),
        edges=tuple(edge for edge in edges if edge.run in depths and edge.version in depths),
    )


def _of_label(subgraph: Subgraph, label: str) -> dict[str, dict[str, Any]]:
    """Properties of the nodes with that label, by uid."""
    dicts = [{key: _plain(value) for key, value in node.items()} for node in subgraph.nodes if node.has_label(label)]
    if any("uid" not in properties for properties in dicts):
        raise ParameterWrong("subgraph", f"a {label} in it has no uid")
    return {properties["uid"]: properties for properties in dicts}


def _edges(subgraph: Subgraph) -> list[Edge]:
    """The edges in the order that walks have; what was used in two roles was used when it was used first."""
    first: dict[tuple[str, str, str], datetime] = {}
    for relationship in subgraph.relationships:
        kind = TYPES.get(type(relationship).__name__)
        if kind is None:
            continue
        at = _plain(relationship.get("at"))
        if not isinstance(at, datetime):
            raise ParameterWrong("subgraph", f"a {kind.upper()} in it has no time `at`")
        key = (kind, relationship.start_node["uid"], relationship.end_node["uid"])
        first[key] = min(at, first.get(key, at))
    ordered = sorted((at, *key) for key, at in first.items())
    return [Edge.model_validate({"at": at, "kind": kind, "run": run, "version": version}) for at, kind, run, version in ordered]


def _depths(home: str, edges: list[Edge], direction: Direction) -> dict[str, int]:
    """The least number of edges from home to whatever the walk reaches."""
    near: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        up = (edge.run, edge.version) if edge.kind == "used" else (edge.version, edge.run)
        if direction != "downstream":
            near[up[0]].append(up[1])
        if direction != "upstream":
            near[up[1]].append(up[0])
    depths, queue = {home: 0}, [home]
    for uid in queue:
        for other in near[uid]:
            if other not in depths:
                depths[other] = depths[uid] + 1
                queue.append(other)
    return depths


def _models(model: type[Model], found: Mapping[str, Mapping[str, Any]], depths: Mapping[str, int]) -> tuple[Model, ...]:
    made = []
    for uid in found.keys() & depths.keys():
        given: dict[str, Any] = dict.fromkeys(
            name for name, field in model.model_fields.items() if _may_be_none(field.annotation)
        )
        given |= {key: value for key, value in found[uid].items() if key in model.model_fields}
        try:
            made.append(model.model_validate({"aliases": (), **given, "depth": depths[uid]}))
        except ValidationError as error:
            wrong = error.errors()[0]
            raise ParameterWrong("subgraph", f"{LABELS[model]} {uid}: {wrong['loc'][0]}: {wrong['msg']}") from None
    return tuple(sorted(made, key=lambda one: (one.depth, one.name, one.uid)))


def _may_be_none(annotation: Any) -> bool:
    return type(None) in getattr(annotation, "__args__", ())
