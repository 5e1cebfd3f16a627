"""The rules of recording over again, in plain Python and without a thought for speed: what a graph should answer.

Events are taken in one after another, as they arrive. Nothing of the ledger's is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lineage_graph.events import AliasMoved, AliasRemoved, Edited, Erased, Event, Logged, RunFinished, RunStarted, Used, sealed

Version = tuple[str, str]  # (artifact, digest)
LATEST = "latest"


class Refused(Exception):
    """The event is rejected."""


@dataclass
class Plain:
    """What was said, as it arrived."""

    types: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, list[str]] = field(default_factory=dict)  # artifact → digests, in the order of their numbers
    used: dict[tuple[str, Version, str | None], datetime] = field(default_factory=dict)
    logged: dict[tuple[str, Version], datetime] = field(default_factory=dict)
    creators: dict[Version, str] = field(default_factory=dict)
    moves: dict[tuple[str, str], list[tuple[datetime, str, Version | None]]] = field(default_factory=dict)
    said: dict[str | Version, dict[str, list[tuple[datetime, str, Any]]]] = field(default_factory=dict)  # of runs, of versions
    sources: dict[Version, list[tuple[str, str]]] = field(default_factory=dict)  # (event, source)
    about: dict[str, tuple[Event, Version | None]] = field(default_factory=dict)  # every event, and the version that it meant
    erased: list[Erased] = field(default_factory=list)
    runs: dict[str, list[tuple[datetime, str, str]]] = field(default_factory=dict)  # what they ended as
    started: set[str] = field(default_factory=set)
    rejected: set[str] = field(default_factory=set)

    def take(self, event: Event) -> bool:
        """False when it is rejected."""
        digest = getattr(event, "digest", None)
        named = (event.artifact, digest) if digest is not None and not isinstance(event, RunStarted | RunFinished) else None
        self.about[event.uid] = (event, named)
        try:
            meant = _TAKE[event.kind](self, event)
        except Refused:
            self.rejected.add(event.uid)
            return False
        self.about[event.uid] = (event, meant)
        return True

    # ── what arrives ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _run_started(self, event: RunStarted) -> None:
        if event.run in self.started:
            raise Refused
        self.started.add(event.run)
        self.runs.setdefault(event.run, [])
        self._say(event.run, event, "config", "author")

    def _run_finished(self, event: RunFinished) -> None:
        self.runs.setdefault(event.run, []).append((event.at, event.uid, event.state))
        self._say(event.run, event, "config", "summary")

    def _say(self, of: str | Version, event: Any, *names: str) -> None:
        for name in names:
            if getattr(event, name) is not None:
                self.said.setdefault(of, {}).setdefault(name, []).append((event.at, event.uid, getattr(event, name)))

    def _there(self, artifact: str, digest: str, type: str | None) -> Version:
        if type is not None and self.types.get(artifact, type) != type:
            raise Refused
        known = self.numbers.get(artifact, [])
        if digest not in known:
            if type is None:
                raise Refused
            self.types[artifact] = type
            self.numbers.setdefault(artifact, []).append(digest)
        return artifact, digest

    def _meant(self, artifact: str, at: datetime, number: int | None, alias: str | None) -> Version:
        if number is not None:
            known = self.numbers.get(artifact, [])
            if number >= len(known):
                raise Refused
            return artifact, known[number]
        found = self.alias(artifact, alias or LATEST, at)
        if found is None:
            raise Refused
        return found

    def _used(self, event: Used) -> Version:
        if event.digest is not None:
            version = self._there(event.artifact, event.digest, event.type)
        else:
            version = self._meant(event.artifact, event.at, event.number, event.alias)
        edge = (event.run, version, event.used_as)
        self.used[edge] = min(event.at, self.used.get(edge, event.at))
        self.runs.setdefault(event.run, [])
        return version

    def _logged(self, event: Logged) -> Version:
        version = self._there(event.artifact, event.digest, event.type)
        self.logged[event.run, version] = min(event.at, self.logged.get((event.run, version), event.at))
        self.creators.setdefault(version, event.run)
        self.runs.setdefault(event.run, [])
        for alias in (LATEST, *event.aliases):
            self._move(event, alias, version)
        if event.source_id is not None:
            self.sources.setdefault(version, []).append((event.uid, event.source_id))
        return version

    def _move(self, event: Logged | AliasMoved | AliasRemoved, alias: str, version: Version | None) -> None:
        self.moves.setdefault((event.artifact, alias), []).append((event.at, event.uid, version))

    def _alias_moved(self, event: AliasMoved) -> Version:
        if event.digest is not None:
            version = self._there(event.artifact, event.digest, None)
        else:
            version = self._meant(event.artifact, event.at, event.number, event.source)
        self._move(event, event.alias, version)
        return version

    def _alias_removed(self, event: AliasRemoved) -> Version:
        version = self.alias(event.artifact, event.alias, event.at)
        if version is None:
            raise Refused
        self._move(event, event.alias, None)
        return version

    def _edited(self, event: Edited) -> Version:
        assert event.artifact is not None and event.digest is not None
        version = self._there(event.artifact, event.digest, None)
        self._say(version, event, "description", "tags")
        return version

    def _erased(self, event: Erased) -> None:
        self.erased.append(event)

    # ── what is left ──────────────────────────────────────────────────────────────────────────────────────────────────

    def gone(self, uid: str) -> set[str]:
        """The groups of an event that were erased: 'content', 'personal'."""
        event, version = self.about[uid]
        run, artifact = getattr(event, "run", None), getattr(event, "artifact", None)
        found: set[str] = set()
        for erasure in self.erased:
            groups = set(erasure.groups)
            if uid in erasure.events:
                found |= groups & {"personal"}
            if event.at > erasure.at or isinstance(event, Erased):
                continue
            if run is not None and run == erasure.run:
                found |= groups & ({"personal"} if isinstance(event, Used | Logged) else groups)
            if artifact is not None and artifact == erasure.artifact:
                found |= groups if erasure.digest is None or version == (artifact, erasure.digest) else set()
        return found

    def kept(self, uid: str) -> set[str]:
        """The groups of an event that must still be there."""
        event = self.about[uid][0]
        return sealed(event)[1].keys() - self.gone(uid)

    # ── what is asked ─────────────────────────────────────────────────────────────────────────────────────────────────

    def alias(self, artifact: str, alias: str, at: datetime | None) -> Version | None:
        """What it meant at a time, as far as is known by now."""
        moves = [move for move in self.moves.get((artifact, alias), ()) if at is None or move[0] <= at]
        return max(moves, key=lambda move: move[:2])[2] if moves else None

    def state(self, run: str) -> str:
        ends = self.runs[run]
        return max(ends)[2] if ends else "running"

    def says(self, of: str | Version, name: str) -> Any:
        group = "personal" if name == "author" else "content"
        said = [one for one in self.said.get(of, {}).get(name, ()) if group not in self.gone(one[1])]
        return max(said, key=lambda one: one[:2])[2] if said else None

    def source_ids(self, version: Version) -> set[str | None]:
        """What the source of a version may be said to be: of several the first that arrived, or none where one was erased."""
        return {one for uid, one in self.sources.get(version, ()) if "content" not in self.gone(uid)} | {None}

    def edges(self, as_of: datetime | None = None) -> set[tuple[str, str, Version]]:
        """(kind, run, version) of all that had happened by then."""
        then = [("used", run, version) for (run, version, _), at in self.used.items() if as_of is None or at <= as_of]
        made = [("logged", run, version) for (run, version), at in self.logged.items() if as_of is None or at <= as_of]
        return {*then, *made}

    def walk(self, home: str | Version, up: bool, as_of: datetime | None = None) -> dict[str | Version, int]:
        """Everything home came from, or that came of it, with its distance."""
        near: dict[str | Version, set[str | Version]] = {}
        for kind, run, version in self.edges(as_of):
            above, below = (version, run) if kind == "used" else (run, version)
            one, other = (below, above) if up else (above, below)
            near.setdefault(one, set()).add(other)
        found: dict[str | Version, int] = {home: 0}
        queue = [home]
        for node in queue:
            for other in near.get(node, ()):
                if other not in found:
                    found[other] = found[node] + 1
                    queue.append(other)
        return found


_TAKE: dict[str, Callable[[Plain, Any], Version | None]] = {
    "run_started": Plain._run_started,
    "run_finished": Plain._run_finished,
    "used": Plain._used,
    "logged": Plain._logged,
    "alias_moved": Plain._alias_moved,
    "alias_removed": Plain._alias_removed,
    "edited": Plain._edited,
    "erased": Plain._erased,
}
