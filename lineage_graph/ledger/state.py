"""What the ledger knows of the graph: what it looked up, and what it has written since.

It may be out of date: others write too. Every write names the counters it was decided on (a journal's last entry, an
artifact's and a run's `rev`), and the server refuses it when one has moved; then the state is thrown away.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lineage_graph.canonical import iso
from lineage_graph.flatten import flatten
from lineage_graph.ledger.erasing import Erasures

Key = tuple[str, str]  # (at, event uid): the later one settles what is said twice
NEVER: Key = ("", "")
FLAT = frozenset({"config", "summary", "metadata"})
CONTENT_RANK = {None: 0, "erased": 0, "none": 1, "elsewhere": 2, "stored": 3}
MOST = 50_000  # things remembered
CLOCK_SECONDS = 60.0
CLOCK_STEP = 0.1
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode


def as_json(value: Any) -> str | None:
    return None if value is None else _encode(value)


def micro(at: str | None) -> str:
    """A server's time text as events have it, so that texts compare as times do."""
    if not at:
        return ""
    head, _, fraction = at.rstrip("Z").partition(".")
    if head.count(":") == 1:
        head += ":00"
    return f"{head}.{fraction[:6]:0<6}Z"


@dataclass(slots=True)
class Thing:
    """A node with fields that may be said again (`values`): of each, what the latest (at, event uid) says is true.

    begun: the key of what its beginning said. said: the keys of fields that something else said.
    """

    uid: str
    begun: Key = NEVER
    values: dict[str, Any] = field(default_factory=dict)
    said: dict[str, Key] = field(default_factory=dict)

    def default(self, name: str) -> Key:
        return self.begun

    def key(self, name: str) -> Key:
        """When its present value was said, and by which event."""
        if name in self.said:
            return self.said[name]
        return self.default(name) if self.values.get(name) is not None else NEVER

    def say(self, name: str, value: Any, key: Key) -> dict[str, Any]:
        """The properties that change when `key` says so; none when something later was said."""
        if key < self.key(name):
            return {}
        props: dict[str, Any] = flatten(name, value) if name in FLAT else {name: list(value) if name == "tags" else value}
        old, new = self.values.get(name), props[name]
        if new == old:
            props = {}
        else:
            self.values[name] = new
            if name in FLAT and old is not None:
                props = dict.fromkeys(flatten(name, json.loads(old))) | props
        since = None if key == self.default(name) else key
        if since != self.said.get(name):
            if since is None:
                del self.said[name]
            else:
                self.said[name] = since
            props["said"] = self.said_texts
        return props

    @property
    def said_texts(self) -> list[str] | None:
        """`said` as a property: 'field at event' each."""
        return [f"{name} {at} {event}" for name, (at, event) in sorted(self.said.items())] or None

    def recall(self, values: Mapping[str, Any], said: Sequence[str] | None) -> None:
        self.values = {name: value for name, value in values.items() if value is not None}
        for text in said or ():
            name, at, event = text.split(" ")
            self.said[name] = (at, event)


@dataclass(slots=True)
class Artifact(Thing):
    """type: none as long as it has no version. exists: whether its VersionSequence is in the graph."""

    exists: bool = False
    rev: int = 0
    next: int = 0
    type: str | None = None
    created_at: str = ""


@dataclass(slots=True)
class Version(Thing):
    artifact: str = ""
    name: str = ""
    logged: bool = False
    facts: dict[str, Any] = field(default_factory=dict)

    def adds(self, name: str, value: Any) -> bool:
        """Whether a fact is one that was not known; bytes that are kept in one place are known to be there."""
        has = self.facts.get(name)
        if name == "content":
            return CONTENT_RANK[value] > CONTENT_RANK[has]
        return value is not None and has is None

    def begin_earlier(self, at: str) -> dict[str, Any]:
        """It was there before it was thought to be: what its first event said keeps that event's time."""
        for name in self.values:
            self.said.setdefault(name, self.begun)
        self.begun = (at, "")
        return {"said": self.said_texts}


@dataclass(slots=True)
class Run(Thing):
    """whole: every edge it has is known. started_by: none for a stub."""

    rev: int = 0
    whole: bool = False
    started_by: str | None = None
    started_at: str = ""
    ended: Key = NEVER
    resumed_at: str = ""

    def default(self, name: str) -> Key:
        return self.ended if name == "summary" else self.begun


@dataclass(slots=True)
class Clock:
    """The server's clock, from when it was last heard and our own since then."""

    server: datetime | None = None
    wall: float = 0.0
    steady: float = 0.0
    last: str = ""

    def heard(self, text: str) -> None:
        self.server = datetime.fromisoformat(micro(text))
        self.wall, self.steady = time.time(), time.monotonic()

    def now(self) -> str | None:
        """The time there, never earlier than before; None when it is too long since it was heard, or our clock was set."""
        if self.server is None:
            return None
        passed = time.monotonic() - self.steady
        if passed > CLOCK_SECONDS or abs(time.time() - self.wall - passed) > CLOCK_STEP:
            return None
        self.last = max(self.last, iso(self.server.astimezone(UTC) + timedelta(seconds=passed)))
        return self.last


class State:
    """What is known. Whatever is absent from `runs`, `versions` … is either not in the graph or was never asked for."""

    def __init__(self) -> None:
        self.journals: dict[str, tuple[int, str, str] | None] = {}
        self.artifacts: dict[str, Artifact] = {}
        self.runs: dict[str, Run] = {}
        self.versions: dict[str, Version] = {}
        self.names: dict[str, str] = {}
        self.aliases: dict[str, tuple[Key, str | None]] = {}
        self.pairs: set[tuple[str, str]] = set()
        self.used: dict[tuple[str, str, str | None], str] = {}
        self.logged: dict[tuple[str, str], str] = {}
        self.erasures = Erasures()
        self.start_batch()

    def start_batch(self) -> None:
        """Forgets answers that are good for one batch only."""
        self.prefixes: dict[tuple[str, str], list[str]] = {}
        self.alias_then: dict[tuple[str, str], tuple[Key, str | None]] = {}
        self.moved_here: dict[str, list[tuple[Key, str | None]]] = {}
        self.digests_here: dict[str, list[tuple[str, str]]] = {}
        self.moves_seen: set[tuple[str, str]] = set()
        self.edits_seen: set[str] = set()

    @property
    def full(self) -> bool:
        return len(self.used) + len(self.logged) + len(self.versions) + len(self.runs) + len(self.pairs) > MOST

    def moved(self, seen: Mapping[str, Any]) -> bool:
        """Whether something remembered was changed by others since."""
        if self.erasures.count not in (None, seen["erased"][0]):
            return True
        return any(a[0] in self.artifacts and self.artifacts[a[0]].rev != a[1] for a in seen["artifacts"]) or any(
            r[0] in self.runs and self.runs[r[0]].rev != r[1] for r in seen["runs"]
        )

    def take(self, asked: Mapping[str, Any], seen: Mapping[str, Any]) -> None:
        """Takes in what record/look answered to what was `asked`."""
        if self.moved(seen):
            self.__init__()  # type: ignore[misc]
        self.journals |= dict.fromkeys(asked["journals"])
        self.journals |= {uid: (applied, head, receipt) for uid, applied, head, receipt in seen["journals"]}
        for uid in asked["artifacts"]:
            self.artifacts.setdefault(uid, Artifact(uid))
        for uid, rev, number, kind, created, description, tags, said in seen["artifacts"]:
            artifact = Artifact(uid, exists=True, rev=rev, next=number, type=kind, created_at=micro(created))
            artifact.recall({"description": description, "tags": tags}, said)
            self.artifacts[uid] = artifact
        for uid, rev, by, started, ended_by, ended, resumed, config, summary, description, tags, said in seen["runs"]:
            run = Run(uid, rev=rev, started_by=by, started_at=micro(started), resumed_at=micro(resumed))
            run.begun = (run.started_at, by) if by else NEVER
            run.ended = (micro(ended), ended_by) if ended_by else NEVER
            run.recall({"config": config, "summary": summary, "description": description, "tags": tags}, said)
            run.whole = uid in self.runs and self.runs[uid].whole
            self.runs[uid] = run
        for uid, of, name, logged, created, metadata, description, tags, said, facts in seen["versions"]:
            version = Version(uid, (micro(created), ""), artifact=of, name=name, logged=logged, facts=facts)
            version.recall({"metadata": metadata, "description": description, "tags": tags}, said)
            self.versions[uid] = version
            self.names[name] = uid
        self.names.update(seen["named"])
        for uid in asked["aliases"]:
            self.aliases.setdefault(uid, (NEVER, None))
        for uid, target, at, event in seen["aliases"]:
            self.aliases[uid] = ((micro(at), event), target)
        self.prefixes |= {(artifact, prefix): found for artifact, prefix, found in seen["prefixes"]}
        self.alias_then |= {
            (alias, at): ((micro(moved), event), None if removed else target)
            for alias, at, target, moved, event, removed in seen["asked"]
        }
        self.pairs.update((run, of) for run, of in asked["pairs"])
        for run_uid, of, used_as, at in seen["used"]:
            self.used[run_uid, of, used_as] = micro(at)
        for run_uid, of, at in seen["logged"]:
            self.logged[run_uid, of] = micro(at)
        self.moves_seen |= {(alias, event) for alias, event in seen["moves"]}
        self.edits_seen |= set(seen["edits"])
        self.erasures.count, self.erasures.upto = seen["erased"][0], micro(seen["erased"][1])
        for uid, event, at, groups in seen["erasures"]:
            self.erasures.take(uid, event, micro(at), groups)
