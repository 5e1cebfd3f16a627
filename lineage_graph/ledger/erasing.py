"""What erasures cover: of an event, which groups; of the graph's entries, what has to go.

An erasure of a thing covers what was said of it up to its time, wherever and whenever that turns up: so an old journal brings
nothing back. One of single events covers these events.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage_graph.events import (
    CONTENT,
    PERSONAL,
    AliasMoved,
    AliasRemoved,
    Asked,
    Erased,
    Event,
    Json,
    Logged,
    Used,
    unsealed,
)
from lineage_graph.ledger.uids import alias_uid, artifact_of, run_of, version_uid
from lineage_graph.names import LATEST, parse_artifact, parse_run

Groups = frozenset[str]
NOTHING: Groups = frozenset()
ALL: Groups = frozenset({CONTENT, PERSONAL})
WHO: Groups = frozenset({PERSONAL})
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def spoken_of(event: Event, version: str | None = None) -> Iterator[tuple[str, Groups]]:
    """The uids of what an event speaks of (itself, too), each with the groups that are said of it.

    What a run says when it uses or logs is said of the version; who says so is said of both. What an event says is said of
    itself only where it is about nothing else.
    version: the uid of the one that an alias or a number turned out to mean.
    """
    yield event.uid, ALL if isinstance(event, Asked) else WHO
    if isinstance(event, Erased):
        return
    run: str | None = getattr(event, "run", None)
    if run is not None:
        yield run_of(run)[1], WHO if isinstance(event, Used | Logged) else ALL
    artifact: str | None = getattr(event, "artifact", None)
    if artifact is not None:
        yield artifact_of(artifact)[1], ALL
        digest: str | None = getattr(event, "digest", None)
        meant = version or (version_uid(artifact, digest) if digest is not None else None)
        if meant is not None:
            yield meant, ALL


def erased_by(event: Erased) -> list[str]:
    """The uids of what an erasure is of."""
    if event.run is not None:
        return [run_of(event.run)[1]]
    if event.artifact is not None:
        return [artifact_of(event.artifact)[1] if event.digest is None else version_uid(event.artifact, event.digest)]
    return list(dict.fromkeys(event.events))


def project_of(event: Event) -> str | None:
    """The project of what an event is about."""
    run, artifact = getattr(event, "run", None), getattr(event, "artifact", None)
    if run is not None:
        return parse_run(run).project
    return parse_artifact(artifact).project if artifact is not None else getattr(event, "project", None)


@dataclass(slots=True)
class Erasures:
    """The erasures that are known. count: how many the graph has (none: nobody asked); upto: the time of the latest."""

    count: int | None = None
    upto: str = ""
    of: dict[str, dict[str, tuple[str, Groups]]] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)

    def take(self, uid: str, event: str, at: str, groups: Iterable[str]) -> None:
        """Remembers one that the graph has."""
        self.events.add(event)
        self.of.setdefault(uid, {})[event] = (at, frozenset(groups))

    def learn(self, event: Erased) -> bool:
        """Takes in an event that erases; False when the graph had it before."""
        if event.uid in self.events:
            return False
        uids = erased_by(event)
        for uid in uids:
            self.take(uid, event.uid, event.at_text, event.groups)
        self.count = (self.count or 0) + len(uids)
        self.upto = max(self.upto, event.at_text)
        return True

    def placed(self, event: Event) -> list[list[str]]:
        """For record/erase: the project of an event that is erased by itself, of which its tombstones tell."""
        project = project_of(event) if event.uid in self.of else None
        return [[event.uid, project]] if project is not None else []

    def spare(self, begins: str) -> bool:
        """Whether it is known, without another look, that none covers events from that time on."""
        return self.count == 0 or (self.count is not None and begins > self.upto)

    def groups(self, event: Event, version: str | None = None) -> Groups:
        """The groups of an event that are erased."""
        if not self.of:
            return NOTHING
        found = NOTHING
        for uid, theirs in spoken_of(event, version):
            for at, groups in self.of.get(uid, {}).values():
                if uid == event.uid or event.at_text <= at:
                    found |= groups & theirs
        return found

    def of_content(self, event: Event, version: str) -> bool:
        """Whether the content of an event about that version is erased."""
        return CONTENT in self.groups(event, version)

    def of_who(self, event: Event, version: str) -> bool:
        """Whether it is erased who said an event about that version."""
        return PERSONAL in self.groups(event, version)


def openings_text(openings: Sequence[Mapping[str, Any]], groups: Sequence[Groups]) -> str:
    """Openings without what is erased of each, as entries have them."""
    return _encode([{g: o for g, o in one.items() if g not in gone} for one, gone in zip(openings, groups, strict=True)])


@dataclass(frozen=True, slots=True)
class Spoken:
    """An entry of the graph that may speak of what is erased. versions: the uid of the one that each event means, if any."""

    journal: str
    seq: int
    events: tuple[Event, ...]
    openings: tuple[Json, ...]
    versions: tuple[str | None, ...]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Spoken:
        """From a row of lineage/said_of or lineage/said_by. Openings are not checked: they may be what has to go."""
        events = tuple(unsealed(written, {}) for written in json.loads(row["body"])["events"])
        versions = tuple(outcome.get("version_uid") for outcome in json.loads(row["receipt"])["outcomes"])
        return cls(row["journal"], row["seq"], events, tuple(json.loads(row["openings"])), versions)

    def groups(self, erasures: Erasures) -> list[Groups]:
        """Of each event, what is erased."""
        return [erasures.groups(event, version) for event, version in zip(self.events, self.versions, strict=True)]

    def kept(self, erasures: Erasures) -> int:
        """How many values (one of each group and event) are here and are to go."""
        return sum(len(gone & one.keys()) for one, gone in zip(self.openings, self.groups(erasures), strict=True))


def where_said(erasures: Iterable[Erased]) -> dict[str, list[Any]]:
    """For lineage/said_of: what the bodies and receipts say of entries that speak of what is erased."""
    texts: list[str] = []
    versions: list[dict[str, str]] = []
    events: list[str] = []
    for event in erasures:
        events += event.events
        artifact = f'"artifact":{_encode(event.artifact)}'
        if event.run is not None:
            texts.append(f'"run":{_encode(event.run)}')
        elif event.digest is not None:
            digest = f'"digest":{_encode(event.digest)}'
            versions.append({"artifact": artifact, "digest": digest, "uid": erased_by(event)[0]})
        elif event.artifact is not None:
            texts.append(artifact)
    return {"texts": texts, "versions": versions, "events": events}


def to_erase(said: Iterable[Spoken], erasures: Erasures) -> dict[str, list[Any]]:
    """For record/erase (but what is written anew): what of these entries, and of what they once made, has to go."""
    entries: list[list[Any]] = []
    edits: list[list[Any]] = []
    moves: list[list[str]] = []
    acts: list[str] = []
    questions: list[list[Any]] = []
    placed: list[list[str]] = []
    for one in said:
        gone = one.groups(erasures)
        if one.kept(erasures):
            entries.append([one.journal, one.seq, openings_text(one.openings, gone)])
        for event, groups in zip(one.events, gone, strict=True):
            placed += erasures.placed(event)
            if groups:
                what = questions if isinstance(event, Asked) else edits
                what.append([event.uid, CONTENT in groups, PERSONAL in groups])
            if PERSONAL not in groups:
                continue
            if isinstance(event, Logged) and not event.rerun:
                moves += ([alias_uid(event.artifact, alias), event.uid] for alias in (LATEST, *event.aliases))
            elif isinstance(event, AliasMoved | AliasRemoved):
                moves.append([alias_uid(event.artifact, event.alias), event.uid])
            elif isinstance(event, Erased):
                acts.append(event.uid)
    return {
        "entries": entries,
        "edits": edits,
        "moves": moves,
        "acts": acts,
        "questions": questions,
        "placed": placed,
    }
