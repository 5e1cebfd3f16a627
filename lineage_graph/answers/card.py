"""All that a page about one run or one version says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from lineage_graph.answers.view import Asked
from lineage_graph.models import Artifact, ArtifactVersion, Frozen, Run, RunNode, VersionNode

Relation = Literal["parent", "child", "retry_of", "retried_by", "resumed_from", "resumed_by"]


class RunLink(RunNode):
    """A run that logged or used the version. at: when it first did. created: whether it made it. used_as: in which roles."""

    at: datetime
    created: bool = False
    used_as: tuple[str, ...] = ()


class VersionLink(VersionNode):
    """A version that the run used or logged. at: when it first did. created: whether it made it. used_as: in which roles."""

    at: datetime
    created: bool = False
    used_as: tuple[str, ...] = ()


class RunLinks(Frozen):
    """items: the first of them; count: how many there are."""

    items: tuple[RunLink, ...]
    count: int


class VersionLinks(Frozen):
    """items: the first of them; count: how many there are."""

    items: tuple[VersionLink, ...]
    count: int


class Relatives(Frozen):
    """Runs of one relation. items: the first of them; count: how many there are."""

    items: tuple[RunNode, ...]
    count: int


class Siblings(Frozen):
    """Other versions of the artifact, the newest first. items: the first of them; count: how many there are."""

    items: tuple[VersionNode, ...]
    count: int


class Card(Frozen):
    """One run or version and what is right around it; what is of the other kind is null.

    aliases of a version are those of that time; those of other versions in the lists are today's.
    relations: by 'parent', 'child', 'retry_of', 'retried_by', 'resumed_from', 'resumed_by'; those that there are.
    queries:   what was run.
    """

    kind: Literal["run", "version"]
    name: str
    uid: str
    as_of: datetime | None
    run: Run | None = None
    version: ArtifactVersion | None = None
    artifact: Artifact | None = None
    inputs: VersionLinks | None = None
    outputs: VersionLinks | None = None
    producers: RunLinks | None = None
    consumers: RunLinks | None = None
    relations: dict[Relation, Relatives] | None = None
    siblings: Siblings | None = None
    queries: tuple[Asked, ...] = ()


def run_card(run: Run, row: Mapping[str, Any], as_of: datetime | None, queries: Iterable[Asked]) -> Card:
    """row: of lineage/run_card."""
    relations = {kind: {"items": [_node(one, 1) for one in some], "count": count} for kind, count, some in row["relations"]}
    return Card.model_validate(
        {
            "kind": "run",
            "name": run.full_name,
            "uid": run.uid,
            "as_of": as_of,
            "run": run,
            "inputs": {"items": _links(row["inputs"], "used_as"), "count": row["input_count"]},
            "outputs": {"items": _links(row["outputs"], "created"), "count": row["output_count"]},
            "relations": relations,
            "queries": tuple(queries),
        }
    )


def version_card(version: ArtifactVersion, row: Mapping[str, Any], as_of: datetime | None, queries: Iterable[Asked]) -> Card:
    """row: of lineage/version_card."""
    if row["aliases"] is not None:
        version = version.model_copy(update={"aliases": tuple(row["aliases"])})
    return Card.model_validate(
        {
            "kind": "version",
            "name": version.name,
            "uid": version.uid,
            "as_of": as_of,
            "version": version,
            "artifact": row["artifact"],
            "producers": {"items": _links(row["producers"], "created"), "count": row["producer_count"]},
            "consumers": {"items": _links(row["consumers"], "used_as"), "count": row["consumer_count"]},
            "siblings": {"items": [_node(one, 2) for one in row["siblings"]], "count": row["sibling_count"]},
            "queries": tuple(queries),
        }
    )


def _node(properties: Mapping[str, Any], depth: int) -> dict[str, Any]:
    return {**properties, "depth": depth}


def _links(rows: Sequence[Sequence[Any]], what: str) -> list[dict[str, Any]]:
    return [_node(properties, 1) | {"at": at, what: value} for properties, at, value in rows]
