"""What to do again to make a version again, in which order, and what is missing for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple

from lineage_graph.models import Frozen, Truncated

Where = Literal["made", "stored", "on disk", "elsewhere", "missing"]
Why = Literal["no command", "no patch", "no commit", "input unreadable", "no producer", "loop", "unfinished", "erased"]


class PlannedVersion(Frozen):
    """A version that a run of the plan reads or makes.

    name:    'project/name:vN'.
    used_as: the role it was used in. asked: how the run asked for it, such as 'latest'; null where it was by digest.
    made_by: the run of this plan that makes it; null when it is fetched.
    where:   'made' by this plan; 'stored' in the content store; 'on disk' in the folder that is there; 'elsewhere', a
             reference; or 'missing'.
    at:      the folder on disk that holds its files as they were logged; null where there is none, or none is needed.
    """

    uid: str
    name: str
    type: str
    digest: str
    size: int | None
    used_as: str | None = None
    asked: str | None = None
    made_by: str | None = None
    where: Where
    at: str | None = None


class PlannedRun(Frozen):
    """A run to do again. name: 'project/runs/ID'; needs: names of the runs of this plan that it waits for; process: the same
    for all that one process recorded, null where it is not known."""

    uid: str
    name: str
    display_name: str
    job_type: str | None
    step: str | None
    state: str
    command: str | None
    commit: str | None
    dirty: bool | None
    patch: str | None
    environment: dict[str, Any]
    config: dict[str, Any]
    seed: int | None
    inputs: tuple[PlannedVersion, ...]
    outputs: tuple[PlannedVersion, ...]
    needs: tuple[str, ...]
    source_id: str | None = None
    process: str | None = None


class Moved(NamedTuple):
    """What `lineage-graph run` brought to a path, or took from it. name: as it was given, '[project/]name[:version]'."""

    name: str
    path: str
    type: str | None = None


def moved(run: PlannedRun, side: Literal["inputs", "outputs"]) -> list[Moved] | None:
    """What was brought or taken for a run; None where it was not `lineage-graph run` that recorded it."""
    said = run.environment.get(side)
    if not isinstance(said, list):
        return None
    return [
        Moved(one["name"], one["path"], one["type"] if isinstance(one.get("type"), str) else None)
        for one in said
        if isinstance(one, dict) and isinstance(one.get("name"), str) and isinstance(one.get("path"), str)
    ]


class Missing(Frozen):
    """Something without which the plan cannot be carried out. about: the run or version; sentence: for people."""

    about: str
    why: Why
    sentence: str


class Plan(Frozen):
    """The least that has to be done again to make `home`, in an order in which it can be done.

    home:    the version or run that is wanted, in full.
    runs:    in topological order. skipped: runs upstream that need not be done, as what they made is there.
    fetch:   versions that are read and not made by this plan.
    missing: empty when the plan can be carried out.
    loops:   runs and versions (names) that wait for each other.
    """

    home: str
    as_of: datetime | None
    known_at: datetime | None
    runs: tuple[PlannedRun, ...]
    fetch: tuple[PlannedVersion, ...]
    skipped: tuple[str, ...]
    missing: tuple[Missing, ...]
    loops: tuple[tuple[str, ...], ...]
    truncated: Truncated | None = None
