"""What a reader makes of a file: events, and an account of what was read, mapped and left out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from lineage_graph.canonical import canonical, iso, text
from lineage_graph.errors import ImportRefused, NotJson
from lineage_graph.events import Event, Logged, RunFinished, RunStarted, Used
from lineage_graph.readers.naming import segment

_EVENTS = uuid.UUID("5f0e7b0a-8a45-5f0c-9d1b-2f6f8f8f1c11")
Place = int | str | None  # a line, or the way to a value


@dataclass(frozen=True, slots=True)
class Mapped:
    """A name that was mapped. kind: 'run' or 'artifact'; name: without its project."""

    kind: str
    source_id: str
    name: str


@dataclass(slots=True)
class LeftOut:
    """Something that was read and not imported. where: the first place; count: how many there are."""

    what: str
    why: str
    where: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    """A version as its file names it. artifact: 'project/name'."""

    source_id: str
    artifact: str
    digest: str
    type: str
    size: int | None = None
    file_count: int | None = None

    @property
    def facts(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(slots=True)
class Reading:
    """What was read. events: in order, with a place each; uid: a function of what they say."""

    format: str
    file: str
    uid: str
    events: list[Event]
    places: list[Place]
    counts: dict[str, int]
    mapped: list[Mapped]
    left_out: list[LeftOut]


@dataclass(slots=True)
class Record:
    """Gathers a file's runs, versions and edges into events, each once.

    runs_by_name: a run of that name is the same run in every file; else one that is described otherwise is another, and the
    graph refuses it.
    """

    format: str
    file: str
    project: str
    runs_by_name: bool = False
    _events: list[Event] = field(default_factory=list)
    _places: list[Place] = field(default_factory=list)
    _said: Any = field(default_factory=sha256)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)
    _mapped: list[Mapped] = field(default_factory=list)
    _left_out: dict[tuple[str, str], LeftOut] = field(default_factory=dict)
    _types: dict[str, str] = field(default_factory=dict)
    _versions: dict[tuple[str, str], str] = field(default_factory=dict)
    _edges: set[tuple[str, ...]] = field(default_factory=set)
    _counts: dict[str, int] = field(default_factory=lambda: {"runs": 0, "used": 0, "logged": 0})

    # ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def run_name(self, source_id: str, place: Place, name: str | None = None) -> str:
        """'project/runs/ID' of a run. name: the ID, where it is not the source's own."""
        return f"{self.project}/runs/{self._name('run', source_id, name or segment(source_id), place)}"

    def artifact_name(self, source: str, place: Place, name: str | None = None) -> str:
        """'project/name' of an artifact. name: the name, where it is one of ours already."""
        return f"{self.project}/{self._name('artifact', source, name or segment(source), place)}"

    def _name(self, kind: str, source: str, name: str, place: Place) -> str:
        before = self._names.get((kind, name))
        if before is None:
            self._names[kind, name] = source
            if name != source:
                self._mapped.append(Mapped(kind, source, name))
        elif before != source:
            raise ImportRefused(self.file, place, f"{source!r} and {before!r} would both be the {kind} {name!r}; rename one")
        return name

    # ── events ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, run: str, source_id: str, at: datetime, place: Place, **facts: Any) -> None:
        self._counts["runs"] += 1
        key = {"kind": "run_started", "run": run} if self.runs_by_name else None
        self._add(RunStarted, place, at, {"run": run, "source_id": source_id, **facts}, key)

    def used(self, run: str, version: Version, at: datetime, place: Place, used_as: str | None = None) -> None:
        self._edge(Used, run, version, at, place, used_as)

    def logged(self, run: str, version: Version, at: datetime, place: Place) -> None:
        self._edge(Logged, run, version, at, place, None)

    def finish(self, run: str, at: datetime, place: Place, state: str = "finished", **facts: Any) -> None:
        self._add(RunFinished, place, at, {"run": run, "state": state, **facts})

    def _edge(
        self, model: type[Used | Logged], run: str, version: Version, at: datetime, place: Place, used_as: str | None
    ) -> None:
        kind = model.model_fields["kind"].default
        has = self._types.setdefault(version.artifact, version.type)
        if has != version.type:
            said = f"{version.source_id!r} is of type {version.type!r}, and its artifact of type {has!r}; give it one of them"
            raise ImportRefused(self.file, place, said)
        key = (version.artifact, version.digest)
        if self._versions.setdefault(key, version.source_id) != version.source_id:
            self.leave_out("source id", "the same bytes under the same name are one version, which keeps its first id", place)
        edge = (kind, run, *key, used_as or "")
        if edge in self._edges:
            self.leave_out(f"{kind} again", "the same was said before", place)
            return
        self._edges.add(edge)
        self._counts[kind] += 1
        given = {"run": run, **version.facts, "content": "none"}
        self._add(model, place, at, given | ({"used_as": used_as} if used_as else {}))

    def _add(
        self,
        model: type[RunStarted | Used | Logged | RunFinished],
        place: Place,
        at: datetime,
        facts: Mapping[str, Any],
        key: dict[str, Any] | None = None,
    ) -> None:
        """One event. Its uid follows from `key`, or from all that it says."""
        values: dict[str, Any] = {"kind": model.model_fields["kind"].default, "at": iso(at)}
        values |= {k: text(v) if isinstance(v, str) else v for k, v in facts.items() if v is not None}
        try:
            written = canonical(values)
            uid = uuid.uuid5(_EVENTS, (written if key is None else canonical(key)).decode())
            self._events.append(model(uid=str(uid), **values))
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            raise ImportRefused(self.file, place, f"{name}: {first['msg'].removeprefix('Value error, ')}") from None
        except NotJson as error:
            raise ImportRefused(self.file, place, str(error)) from None
        self._places.append(place)
        self._said.update(written + b"\n")

    # ── account ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def leave_out(self, what: str, why: str, place: Place) -> None:
        """Says that something of the file is not imported."""
        where = f"line {place}" if isinstance(place, int) else place or ""
        self._left_out.setdefault((what, why), LeftOut(what, why, where)).count += 1

    def reading(self) -> Reading:
        uid = str(uuid.UUID(bytes=self._said.digest()[:16], version=5))
        counts = {"runs": self._counts["runs"], "versions": len(self._versions)} | self._counts
        left_out = list(self._left_out.values())
        return Reading(self.format, self.file, uid, self._events, self._places, counts, self._mapped, left_out)
