"""What the ledger will write for a batch of entries, decided without a database.

`ask` lists what must be looked up, `decide` takes the answers and returns the rows to write and one receipt an entry. All
rules of recording are here: version numbers, who is the creator, what an alias means, what is a repetition, what is rejected.

Two rules make the order in which journals arrive matter as little as it can: what is said twice is settled by the later
(`at`, event uid), and a thing that is spoken of before it is introduced is made as a stub. Numbers alone follow arrival.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage_graph.canonical import canonical_plain, digest_of
from lineage_graph.events import (
    AliasMoved,
    AliasRemoved,
    Edited,
    Event,
    Json,
    Logged,
    RunFinished,
    RunStarted,
    Used,
)
from lineage_graph.flatten import flatten
from lineage_graph.journal import Entry
from lineage_graph.names import LATEST, ArtifactName, RunName, parse_artifact, parse_run

Key = tuple[str, str]  # (at, event uid): the later one settles what is said twice
NEVER: Key = ("", "")


@dataclass(slots=True)
class Version:
    uid: str
    name: str
    logged: bool
    created_at: str
    metadata: str | None = None
    description: str | None = None
    tags: list[str] | None = None


@dataclass(slots=True)
class RunNow:
    started_by: str | None = None
    ended: Key = NEVER
    resumed_at: str = ""
    known: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an entry. outcomes: one for each event, in order."""

    journal: str
    seq: int
    body: str
    hash: str
    outcomes: tuple[Json, ...]
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The parameters of record/apply.cypher, and the receipts they contain."""

    rows: Json
    receipts: list[Receipt]


def ask(entries: Iterable[Entry]) -> Json:
    """The parameters of record/lock_and_look.cypher (but journal and genesis) for these entries."""
    wanted: dict[str, dict[Any, None]] = {
        k: {}
        for k in (
            "sequences",
            "artifacts",
            "runs",
            "versions",
            "names",
            "prefixes",
            "aliases",
            "asked",
            "pairs",
            "moves",
            "edited",
        )
    }

    def want(what: str, *keys: Any) -> None:
        for key in keys:
            wanted[what][key] = None

    for entry in entries:
        for event in entry.events:
            run = getattr(event, "run", None)
            if run is not None:
                want("runs", _run(run).uid)
            artifact_name = getattr(event, "artifact", None)
            if artifact_name is None:
                if isinstance(event, Edited) and run is not None:
                    want("edited", _run(run).uid)
                continue
            name = _artifact(artifact_name)
            digest = getattr(event, "digest", None)
            version = name.version_uid(digest) if digest else None
            want("artifacts", name.uid)
            if version is not None:
                want("versions", version)
            if getattr(event, "number", None) is not None:
                want("names", f"{name}:v{event.number}")  # type: ignore[union-attr]
            match event:
                case Logged():
                    moving = [name.alias_uid(a) for a in (LATEST, *event.aliases)]
                    want("sequences", name.uid)
                    want("pairs", (_run(event.run).uid, version))
                    want("aliases", *moving)
                    want("moves", *((a, version, event.uid) for a in moving))
                    want("edited", version)
                case Used():
                    if version is not None:
                        want("sequences", *([name.uid] if event.type else []))
                        want("pairs", (_run(event.run).uid, version))
                    elif event.prefix is not None:
                        want("prefixes", (name.uid, event.prefix))
                    elif event.alias is not None:
                        want("asked", (name.alias_uid(event.alias), event.at_text))
                case AliasMoved():
                    want("sequences", name.uid)
                    want("aliases", name.alias_uid(event.alias))
                    if event.source is not None:
                        want("asked", (name.alias_uid(event.source), event.at_text))
                    if version is not None:
                        want("moves", (name.alias_uid(event.alias), version, event.uid))
                case AliasRemoved():
                    want("sequences", name.uid)
                    want("aliases", name.alias_uid(event.alias))
                    want("asked", (name.alias_uid(event.alias), event.at_text))
                case Edited():
                    want("edited", version or name.uid)
    asked: Json = {k: [list(x) if isinstance(x, tuple) else x for x in v] for k, v in wanted.items()}
    asked["sequences"].sort()
    return asked


def decide(entries: Sequence[Entry], seen: Mapping[str, Any]) -> Decision:
    """The rows and receipts for `entries`, given what lock_and_look answered (`seen`)."""
    deciding = _Deciding(seen)
    previous: str = seen["journal"][2]
    receipts: list[Receipt] = []
    rows: list[Json] = []
    for entry in entries:
        outcomes = tuple(deciding.outcome(event) for event in entry.events)
        body = canonical_plain(
            {
                "entry": entry.hash,
                "journal": entry.journal,
                "outcomes": outcomes,
                "prev": previous,
                "recorded_at": deciding.now,
                "seq": entry.seq,
            }
        )
        previous = digest_of(body)
        receipts.append(Receipt(entry.journal, entry.seq, body.decode(), previous, outcomes, deciding.now))
        rejected = sum(o["result"] == "rejected" for o in outcomes)
        rows.append(
            {
                "seq": entry.seq,
                "hash": entry.hash,
                "body": entry.body.decode(),
                "openings": json.dumps(entry.openings, ensure_ascii=False, separators=(",", ":")),
                "receipt": receipts[-1].body,
                "receipt_hash": previous,
                "rejected": rejected or None,
            }
        )
    last = entries[-1]
    written = deciding.rows()
    written |= {
        "journal": last.journal,
        "applied": last.seq,
        "head": last.hash,
        "receipt": previous,
        "now": deciding.now,
        "entries": rows,
    }
    return Decision(written, receipts)


class _Refused(Exception):
    """An event that is rejected; the text is the reason in its receipt."""


_ARTIFACTS: dict[str, ArtifactName] = {}
_RUNS: dict[str, RunName] = {}


def _artifact(text: str) -> ArtifactName:
    if len(_ARTIFACTS) > 10_000:
        _ARTIFACTS.clear()
    return _ARTIFACTS.get(text) or _ARTIFACTS.setdefault(text, parse_artifact(text))


def _run(text: str) -> RunName:
    if len(_RUNS) > 10_000:
        _RUNS.clear()
    return _RUNS.get(text) or _RUNS.setdefault(text, parse_run(text))


def _micro(at: str | None) -> str:
    """A server's time text as events have it, so that texts compare as times do."""
    if not at:
        return ""
    stem = at.rstrip("Z")
    head, _, fraction = stem.partition(".")
    if head.count(":") == 1:
        head += ":00"
    return f"{head}.{fraction[:6]:0<6}Z"


def as_json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(slots=True)
class _RunRow:
    props: Json = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    used: list[Json] = field(default_factory=list)
    logged: list[Json] = field(default_factory=list)


class _Deciding:
    """The graph as it will be while a batch is being decided: what was seen, and what the batch has added so far."""

    def __init__(self, seen: Mapping[str, Any]) -> None:
        self.now = _micro(seen["now"])
        self.next: dict[str, int] = dict(seen["sequences"])
        self.types: dict[str, str] = dict(seen["artifacts"])
        self.runs = {
            uid: RunNow(started_by, (_micro(ended), finished_by or ""), _micro(resumed), True)
            for uid, started_by, ended, finished_by, resumed in seen["runs"]
        }
        self.versions: dict[str, Version] = {}
        for uid, name, logged, created, *rest in seen["versions"]:
            self.versions[uid] = Version(uid, name, logged, _micro(created), *rest)
        self.names = {v.name: v.uid for v in self.versions.values()}
        self.prefixes: dict[tuple[str, str], list[str]] = {}
        for artifact, prefix, found in seen["prefixes"]:
            for uid, name, logged, created, *rest in found:
                self.versions.setdefault(uid, Version(uid, name, logged, _micro(created), *rest))
            self.prefixes[artifact, prefix] = [f[0] for f in found]
        self.alias_now: dict[str, tuple[Key, str | None]] = {
            uid: ((_micro(at), event), version) for uid, version, at, event in seen["aliases"]
        }
        self.alias_before = {uid: version for uid, (_, version) in self.alias_now.items()}
        self.alias_then: dict[tuple[str, str], tuple[Key, str | None]] = {}
        for alias, at, (version, name, moved_at, event, removed) in seen["asked"]:
            self.alias_then[alias, at] = ((_micro(moved_at), event), None if removed else version)
            self.versions.setdefault(version, Version(version, name, True, ""))
        self.moved_here: dict[str, list[tuple[Key, str | None]]] = {}
        self.digests_here: dict[str, list[tuple[str, str]]] = {}
        self.used = {tuple(x) for x in seen["used"]}
        self.logged = {tuple(x) for x in seen["logged"]}
        self.moves_seen = {tuple(x) for x in seen["moves"]}
        self.edit_keys: dict[tuple[str, str], Key] = {}
        self.edits_seen: set[str] = set()
        for uid, at, event, fields in seen["edits"]:
            self.edits_seen.add(event)
            for name in fields:
                self.edit_keys[uid, name] = max(self.edit_keys.get((uid, name), NEVER), (_micro(at), event))
        self.run_rows: dict[str, _RunRow] = {}
        self.artifact_rows: dict[str, Json] = {}
        self.links: list[Json] = []
        self.moves: list[Json] = []
        self.alias_names: dict[str, str] = {}
        self.edits: list[Json] = []

    def outcome(self, event: Event) -> Json:
        """Takes one event in and says what became of it."""
        try:
            match event:
                case RunStarted():
                    return self._started(event)
                case Used():
                    return self._used(event)
                case Logged():
                    return self._logged(event)
                case RunFinished():
                    return self._finished(event)
                case AliasMoved() | AliasRemoved():
                    return self._alias(event)
                case Edited():
                    return self._edited(event)
        except _Refused as reason:
            return {"event": event.uid, "result": "rejected", "reason": str(reason)}

    # ── runs ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _run_row(self, text: str, at: str) -> tuple[str, RunNow, _RunRow]:
        """The run of that name; a stub when nobody introduced it yet."""
        name = _run(text)
        run = self.runs.setdefault(name.uid, RunNow())
        row = self.run_rows.setdefault(name.uid, _RunRow())
        if not run.known:
            run.known = True
            row.props |= {"project": name.project, "id": name.id, "name": name.id, "state": "running", "stub": True}
            row.times["started_at"] = at
        return name.uid, run, row

    def _started(self, event: RunStarted) -> Json:
        at = event.at_text
        uid, run, row = self._run_row(event.run, at)
        if event.role != "owner":
            if event.role == "resumed" and at > max(run.ended[0], run.resumed_at):
                run.resumed_at = row.times["resumed_at"] = at
                row.props["state"] = "running"
            return self._said(event, run=event.run)
        if run.started_by is not None:
            if run.started_by == event.uid:
                return self._said(event, "repeated", run=event.run)
            raise _Refused(f"run {event.run} was started before; give a new id, or resume it")
        run.started_by = event.uid
        row.times["started_at"] = at
        row.props |= {
            "name": event.name or _run(event.run).id,
            "stub": None,
            "started_by": event.uid,
            **{
                k: getattr(event, k)
                for k in (
                    "job_type", "step", "group", "commit", "dirty", "patch", "command", "description", "source_id",
                    "author", "email", "host",
                )
                if getattr(event, k) is not None
            },
        }  # fmt: skip
        if event.tags is not None:
            row.props["tags"] = list(event.tags)
        if event.environment is not None:
            row.props["environment"] = as_json(event.environment)
        if event.config is not None:
            row.props |= flatten("config", event.config)
        for kind in ("child_of", "retry_of", "resumed_from"):
            target = getattr(event, kind)
            if target is not None:
                other, _, _ = self._run_row(target, at)
                self.links.append({"run": uid, "kind": kind.upper(), "to": other, "at": at})
        return self._said(event, run=event.run)

    def _finished(self, event: RunFinished) -> Json:
        at = event.at_text
        _, run, row = self._run_row(event.run, at)
        key = (at, event.uid)
        if key <= run.ended:
            return self._said(event, "repeated", run=event.run)
        run.ended = key
        row.times["ended_at"] = at
        row.props |= {"finished_by": event.uid, "exit_code": event.exit_code}
        if at >= run.resumed_at:
            row.props["state"] = event.state
        if event.config is not None:
            row.props |= flatten("config", event.config)
        if event.summary is not None:
            row.props |= flatten("summary", event.summary)
        return self._said(event, run=event.run)

    # ── versions ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _artifact_row(self, name: ArtifactName) -> Json:
        return self.artifact_rows.setdefault(
            name.uid, {"uid": name.uid, "props": None, "created_at": None, "next": None, "versions": []}
        )

    def _version(self, event: Used | Logged, name: ArtifactName, digest: str) -> tuple[Version, bool]:
        """The version with that digest, and whether this event is the first to speak of it."""
        uid = name.version_uid(digest)
        has = self.types.get(name.uid)
        if has is not None and event.type is not None and has != event.type:
            raise _Refused(f"artifact {name} is of type {has!r} and cannot be {event.type!r} as well")
        found = self.versions.get(uid)
        if found is not None:
            return found, False
        if event.type is None:
            raise _Refused(f"no version {name}@{digest} is recorded, and its type is not said")
        at = event.at_text
        row = self._artifact_row(name)
        if has is None:
            self.types[name.uid] = event.type
            row["props"] = {"project": name.project, "name": name.name, "type": event.type}
            row["created_at"] = at
        number = self.next[name.uid]
        self.next[name.uid] = row["next"] = number + 1
        version = Version(uid, f"{name}:v{number}", False, at)
        props: Json = {
            "name": version.name,
            "artifact": str(name),
            "project": name.project,
            "version": number,
            "digest": digest,
            "type": event.type,
            "aliases": [],
            **{
                k: getattr(event, k)
                for k in ("size", "file_count", "content", "description", "source_id")
                if getattr(event, k) is not None
            },
        }
        if event.tags is not None:
            props["tags"] = version.tags = list(event.tags)
        if event.metadata is not None:
            props |= flatten("metadata", event.metadata)
            version.metadata = as_json(event.metadata)
        version.description = event.description
        row["versions"].append({"uid": uid, "props": props, "created_at": at})
        self.versions[uid] = version
        self.names[version.name] = uid
        self.digests_here.setdefault(name.uid, []).append((digest, uid))
        return version, True

    def _used(self, event: Used) -> Json:
        name = _artifact(event.artifact)
        if event.digest is not None:
            version, _ = self._version(event, name, event.digest)
        else:
            version = self._meant(name, event.at_text, number=event.number, prefix=event.prefix, alias=event.alias)
            if event.type is not None and self.types.get(name.uid, event.type) != event.type:
                raise _Refused(f"artifact {name} is of type {self.types[name.uid]!r}, not {event.type!r}")
        uid, _, row = self._run_row(event.run, event.at_text)
        asked = event.alias or (f"v{event.number}" if event.number is not None else event.prefix)
        said = {"run": event.run, "version": version.name, "version_uid": version.uid}
        edge = (uid, version.uid, event.used_as)
        if edge in self.used:
            return self._said(event, "repeated", **said)
        self.used.add(edge)
        row.used.append({"version": version.uid, "at": event.at_text, "used_as": event.used_as, "asked": asked})
        return self._said(event, **said)

    def _logged(self, event: Logged) -> Json:
        name = _artifact(event.artifact)
        version, new = self._version(event, name, event.digest)
        at = event.at_text
        uid, _, row = self._run_row(event.run, at)
        created = not version.logged
        version.logged = True
        if not new:
            self._edit(event, "ArtifactVersion", version.uid, _changed(version, event), since=version.created_at)
        edge = (uid, version.uid)
        repeated = edge in self.logged
        if not repeated:
            self.logged.add(edge)
            row.logged.append({"version": version.uid, "at": at, "created": created})
        for alias in (LATEST, *(a for a in event.aliases if a != LATEST)):
            self._move(name, alias, version.uid, (at, event.uid))
        said = {"run": event.run, "version": version.name, "version_uid": version.uid}
        return self._said(event, "repeated" if repeated else "recorded", created=created and not repeated, **said)

    # ── aliases ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _meant(self, name: ArtifactName, at: str, *, number: int | None, prefix: str | None, alias: str | None) -> Version:
        """The version that a number, a digest's beginning or an alias means at a time."""
        if number is not None:
            uid = self.names.get(f"{name}:v{number}")
            if uid is None:
                raise _Refused(f"no version {name}:v{number} is recorded")
            return self.versions[uid]
        if prefix is not None:
            found = set(self.prefixes.get((name.uid, prefix), ()))
            found |= {
                uid
                for digest, uid in self.digests_here.get(name.uid, ())
                if digest.startswith(prefix) or digest.partition(":")[2].startswith(prefix)
            }
            if len(found) != 1:
                raise _Refused(f"{'no' if not found else 'more than one'} version {name}@{prefix} is recorded")
            return self.versions[found.pop()]
        alias = alias or LATEST
        uid = self._alias_at(name.alias_uid(alias), at)
        if uid is None:
            raise _Refused(f"no version {name}:{alias} was recorded at {at}")
        return self.versions[uid]

    def _alias_at(self, alias: str, at: str) -> str | None:
        found = self.alias_then.get((alias, at), (NEVER, None))
        for key, version in self.moved_here.get(alias, ()):
            if key[0] <= at and key > found[0]:
                found = (key, version)
        return found[1]

    def _move(self, name: ArtifactName, alias: str, version: str, key: Key, removed: bool = False) -> bool:
        """Moves an alias; False when this very move is in the graph already."""
        uid = name.alias_uid(alias)
        if (uid, version, key[1]) in self.moves_seen:
            return False
        self.moves_seen.add((uid, version, key[1]))
        target = None if removed else version
        self.moves.append(
            {
                "alias": uid,
                "artifact": str(name),
                "name": alias,
                "version": version,
                "at": key[0],
                "event": key[1],
                "removed": removed or None,
            }  # fmt: skip
        )
        self.alias_names[uid] = alias
        self.moved_here.setdefault(uid, []).append((key, target))
        if key > self.alias_now.get(uid, (NEVER, None))[0]:
            self.alias_now[uid] = (key, target)
        return True

    def _alias(self, event: AliasMoved | AliasRemoved) -> Json:
        name = _artifact(event.artifact)
        if event.alias == LATEST:
            raise _Refused("'latest' moves by itself, to the version logged last")
        removed = isinstance(event, AliasRemoved)
        if isinstance(event, AliasRemoved):
            uid = self._alias_at(name.alias_uid(event.alias), event.at_text)
            if uid is None:
                raise _Refused(f"no alias {name}:{event.alias} was there at {event.at_text}")
            version = self.versions[uid]
        elif event.digest is not None:
            found = self.versions.get(name.version_uid(event.digest))
            if found is None:
                raise _Refused(f"no version {name}@{event.digest} is recorded")
            version = found
        else:
            version = self._meant(name, event.at_text, number=event.number, prefix=None, alias=event.source)
        fresh = self._move(name, event.alias, version.uid, (event.at_text, event.uid), removed)
        said = {"version": version.name, "version_uid": version.uid}
        return self._said(event, "recorded" if fresh else "repeated", **said)

    # ── edits ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _edited(self, event: Edited) -> Json:
        values = {k: getattr(event, k) for k in ("description", "tags", "metadata") if getattr(event, k) is not None}
        if event.run is not None:
            uid = _run(event.run).uid
            if uid not in self.runs:
                raise _Refused(f"no run {event.run} is recorded")
            label, since, said = "Run", "", {"run": event.run}
        elif event.artifact is not None and event.digest is not None:
            uid = _artifact(event.artifact).version_uid(event.digest)
            if uid not in self.versions:
                raise _Refused(f"no version {event.artifact}@{event.digest} is recorded")
            version = self.versions[uid]
            label, since, said = "ArtifactVersion", version.created_at, {"version": version.name, "version_uid": uid}
        elif event.artifact is not None:
            uid = _artifact(event.artifact).uid
            if uid not in self.types:
                raise _Refused(f"no artifact {event.artifact} is recorded")
            label, since, said = "Artifact", "", {"artifact": event.artifact}
        else:
            raise _Refused("an edit names an artifact, a version or a run")
        fresh = self._edit(event, label, uid, values, since=since)
        return self._said(event, "recorded" if fresh else "repeated", **said)

    def _edit(self, event: Edited | Logged, label: str, uid: str, values: Json, *, since: str) -> bool:
        """Keeps an edit; its values take effect field by field, unless a later edit or a later beginning says otherwise."""
        if not values or event.uid in self.edits_seen:
            return False
        self.edits_seen.add(event.uid)
        key = (event.at_text, event.uid)
        props: Json = {}
        for name, value in values.items():
            if event.at_text < since or key < self.edit_keys.get((uid, name), NEVER):
                continue
            self.edit_keys[uid, name] = key
            props |= flatten("metadata", value) if name == "metadata" else {name: list(value) if name == "tags" else value}
            version = self.versions.get(uid)
            if version is not None:
                setattr(version, name, as_json(value) if name == "metadata" else props[name])
        self.edits.append(
            {
                "uid": event.uid,
                "of": uid,
                "label": label,
                "at": key[0],
                "actor": event.actor,
                "fields": sorted(values),
                "values": as_json(values),
                "props": props,
            }  # fmt: skip
        )
        return True

    # ── the result ────────────────────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def _said(event: Event, result: str = "recorded", **facts: Any) -> Json:
        return {"event": event.uid, "result": result, **facts}

    def rows(self) -> Json:
        """What record/apply.cypher writes, sorted by uid so that concurrent ledgers lock nodes in one order."""
        aliases = []
        for uid, name in self.alias_names.items():
            (at, event), version = self.alias_now[uid]
            before = self.alias_before.get(uid)
            aliases.append(
                {
                    "alias": uid,
                    "name": name,
                    "at": at,
                    "event": event,
                    "version": version,
                    "before": before if before != version else None,
                    "after": version if before != version else None,
                }  # fmt: skip
            )
        return {
            "artifacts": [row for _, row in sorted(self.artifact_rows.items())],
            "runs": [
                {
                    "uid": uid,
                    "props": row.props,
                    **{t: [row.times[t]] if t in row.times else [] for t in ("started_at", "ended_at", "resumed_at")},
                    "used": sorted(row.used, key=lambda u: str(u["version"])),
                    "logged": sorted(row.logged, key=lambda u: str(u["version"])),
                }
                for uid, row in sorted(self.run_rows.items())
            ],
            "links": self.links,
            "moves": sorted(self.moves, key=lambda m: str(m["alias"])),
            "aliases": sorted(aliases, key=lambda a: str(a["alias"])),
            "edits": self.edits,
        }


def _changed(version: Version, event: Logged) -> Json:
    """What a repeated log of known bytes says anew about them."""
    changed: Json = {}
    if event.metadata is not None and as_json(event.metadata) != version.metadata:
        changed["metadata"] = event.metadata
    if event.description is not None and event.description != version.description:
        changed["description"] = event.description
    if event.tags is not None and list(event.tags) != (version.tags or []):
        changed["tags"] = event.tags
    return changed
