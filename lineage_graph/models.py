"""The four nouns, as the graph answers with them: Run, Artifact, ArtifactVersion, Lineage. Frozen, no I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import repeat
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

Direction = Literal["upstream", "downstream", "neighbours"]
Content = Literal["stored", "pending", "elsewhere", "erased", "none"]


class Frozen(BaseModel):
    """What every answer is made of: it does not change."""

    model_config = ConfigDict(frozen=True)


Model = TypeVar("Model", bound=BaseModel)
# What a model's instance consists of: its values, which of them were given, and two that stay empty here.
_SLOTS: list[Callable[..., None]] = [
    vars(BaseModel)[slot].__set__
    for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
]


def made(model: type[Model], /, **values: Any) -> Model:
    """A model of values that were checked before, all its fields given; put together as pydantic's own `model_construct` does,
    which takes four times as long."""
    new = object.__new__(model)
    for slot, value in zip(_SLOTS, (values, set(values), None, None), strict=True):
        slot(new, value)
    return new


def made_all(model: type[Model], dicts: list[dict[str, Any]]) -> list[Model]:
    """The same of many at once, a slot of all of them at a time: one by one takes twice as long, and objects are most of what a
    large answer costs here."""
    new = list(map(object.__new__, repeat(model, len(dicts))))
    columns: tuple[Iterable[Any], ...] = (dicts, repeat(set(model.model_fields)), repeat(None), repeat(None))
    for slot, values in zip(_SLOTS, columns, strict=True):
        deque(map(slot, new, values), maxlen=0)
    return new


class RunNode(Frozen):
    """A run on a walk. depth: the least number of edges from home. Times are in UTC."""

    uid: str
    id: str
    name: str
    project: str
    job_type: str | None
    step: str | None
    state: str
    started_at: datetime | None
    ended_at: datetime | None
    author: str | None
    source_id: str | None
    depth: int

    @property
    def full_name(self) -> str:
        return f"{self.project}/runs/{self.id}"


class VersionNode(Frozen):
    """A version on a walk. name: 'project/name:vN'; size: bytes; depth: the least number of edges from home."""

    uid: str
    name: str
    type: str
    digest: str
    size: int | None
    created_at: datetime
    aliases: tuple[str, ...]
    source_id: str | None
    depth: int


class Edge(Frozen):
    """One USED or LOGGED between two nodes of the same answer. at: when it happened, UTC."""

    kind: Literal["used", "logged"]
    run: str
    version: str
    at: datetime


class Truncated(Frozen):
    """Why an answer is not whole. limit: the number of nodes or of seconds; cursor: give it back to go on from there."""

    reason: Literal["limit", "time"]
    limit: int | float
    cursor: str


class Lineage(Frozen):
    """What a walk found: every run and version once, and the edges between them.

    home:       the name the walk began at, in full.
    as_of:      only what had happened by then; null is now.
    known_at:   only what the graph knew by then; null is now.
    truncated:  null when the answer is whole.
    """

    home: str
    direction: Direction
    as_of: datetime | None
    known_at: datetime | None
    runs: tuple[RunNode, ...]
    versions: tuple[VersionNode, ...]
    edges: tuple[Edge, ...]
    truncated: Truncated | None = None

    # What rooms above make of a walk; bridges/views.py fills it, as this module imports nothing of ours.
    views: ClassVar[dict[str, Callable[..., Any]]] = {}

    def to_pandas(self, rows: Literal["edges", "nodes"] = "edges") -> Any:
        """The walk as a pandas DataFrame, its columns as those of `--format csv`.

        rows: 'edges' has a row an edge, with the columns of both its ends, in order of time; 'nodes' a row a run or version,
              the nearest first.
        Times have UTC as their zone, numbers may be missing (Int64), aliases are tuples. Raises ExtraMissing without the
        extra `[pandas]`, ParameterWrong.
        """
        return self._view("pandas", rows)

    def to_networkx(self) -> Any:
        """The walk as a networkx DiGraph whose edges point along the flow of data, so that `ancestors` are upstream.

        Nodes are uids; they have `kind` ('run' or 'version') and the fields of RunNode or VersionNode, edges `kind` and `at`,
        the graph `home`, `direction`, `as_of`, `known_at` and `truncated`. Pages of one walk compose. Raises ExtraMissing
        without the extra `[networkx]`.
        """
        return self._view("networkx")

    def _repr_html_(self) -> str:
        """The walk as notebooks show it: a picture."""
        return str(self._view("html"))

    def _view(self, name: str, *options: Any) -> Any:
        if name not in self.views:
            raise NotImplementedError("lineage_graph.bridges.views was not imported, which fills Lineage.views")
        return self.views[name](self, *options)


class Run(Frozen):
    """Everything recorded of a run. config, summary, environment: as they were given."""

    uid: str
    id: str
    name: str
    project: str
    state: str
    job_type: str | None = None
    step: str | None = None
    group: str | None = None
    author: str | None = None
    email: str | None = None
    host: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    recorded_at: datetime | None = None
    command: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    patch: str | None = None
    process: str | None = None
    exit_code: int | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    config: dict[str, Any] = {}
    summary: dict[str, Any] = {}
    environment: dict[str, Any] = {}
    source_id: str | None = None
    stub: bool = False

    @property
    def full_name(self) -> str:
        """'project/runs/ID'."""
        return f"{self.project}/runs/{self.id}"


class ArtifactVersion(Frozen):
    """Everything recorded of a version. name: 'project/name:vN'; version: N; size: bytes."""

    uid: str
    name: str
    artifact: str
    project: str
    version: int
    type: str
    digest: str
    size: int | None = None
    file_count: int | None = None
    content: Content | None = None
    aliases: tuple[str, ...] = ()
    created_at: datetime
    recorded_at: datetime | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    source_id: str | None = None

    @property
    def full_name(self) -> str:
        """'project/name:vN', as `name`: what a run and a version are both called by."""
        return self.name


class Artifact(Frozen):
    """A named collection of versions. versions: how many there are."""

    uid: str
    name: str
    project: str
    type: str
    versions: int
    description: str | None = None
    created_at: datetime
    aliases: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """'project/name'."""
        return f"{self.project}/{self.name}"
