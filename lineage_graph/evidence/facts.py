"""What the graph must hold of one thing, from all that was said about it. Pure: claims in, facts out.

A claim is (recorded_at, what, …) in the order in which the ledger took it in. What was decided then (numbers, the version that
an alias meant, rejections) stands in the receipts and is taken from there; the rest follows by the rules of recording.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lineage_graph.ledger.saying import ASKED, DESCRIBED, FACTS, STARTED
from lineage_graph.ledger.state import CONTENT_RANK, NEVER, Artifact, Run, Thing, Version, as_json

K = TypeVar("K")
Claim = tuple[Any, ...]
Props = dict[str, Any]
Rel = tuple[str, str, Props]
GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    "run_started": {
        "content": ("config", "command", "description", "tags", "environment", "source_id", "said"),
        "personal": ("author", "email", "host"),
    },
    "run_finished": {"content": ("config", "summary", "said")},
    "used": {"content": ("metadata", "description", "tags", "source_id", "content", "said")},
    "logged": {"content": ("metadata", "description", "tags", "source_id", "content", "said")},
    "edited": {"content": ("metadata", "description", "tags", "said")},
}
# Also beside the whole, as dotted properties.
SAYING = frozenset((*DESCRIBED, *FACTS))
FLATTENED = ("config", "summary", "metadata")
UNSURE = "\0unsure"  # a value whose opening is another one
ERASED = "\0erased"  # what an Edit said that was erased


class OutOfOrder(Exception):
    """These claims cannot have come in this order."""


@dataclass(slots=True)
class Facts:
    """What must be there of one thing.

    out:    relationships from it, (type, uid of the end, properties); into: those that come in and are looked at from here.
    edits:  properties of its Edits. maybe: uids of Edits that may be there or not, as what they would say was erased.
    unsure: properties that cannot be known any more. What was erased is known: it is not there.
    told:   of a version, the times at which it was said where its bytes are, or what its source is.
    """

    label: str
    uid: str
    name: str
    project: str
    props: Props
    out: list[Rel] = field(default_factory=list)
    into: list[Rel] = field(default_factory=list)
    edits: list[Props] = field(default_factory=list)
    maybe: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    told: dict[str, list[str]] = field(default_factory=dict)


def _say(thing: Thing, props: Props, event: Mapping[str, Any], fields: Sequence[str], key: tuple[str, str]) -> None:
    for name in fields:
        value = event.get(name)
        if value is not None:
            props |= thing.say(name, value, key)


def _edit(facts: Facts, event: Mapping[str, Any], recorded: str, values: Props) -> None:
    """An Edit that must be there."""
    said: Props = {"uid": event["uid"], "of": facts.uid, "at": event["at"], "recorded_at": recorded}
    lost = event.get("lost", ())
    said |= {"actor": UNSURE if "personal" in lost else event.get("actor")}
    said |= {"fields": sorted(values), "values": as_json(values)}
    if "content" in event.get("holes", ()):
        said |= dict.fromkeys(("fields", "values"), UNSURE if "content" in lost else ERASED)
    facts.edits.append(said)


def _unsure(facts: Facts, event: Mapping[str, Any]) -> None:
    for group in event.get("lost", ()):
        facts.unsure.update(GROUPS.get(event["kind"], {}).get(group, ()))


# ── runs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def run_facts(uid: str, claims: Sequence[Claim]) -> Facts:
    """A run, and what it used, logged and follows. Raises OutOfOrder."""
    project, _, run_id = claims[0][2].rpartition("/runs/")
    facts = Facts("Run", uid, claims[0][2], project, {})
    props = facts.props
    run: Run | None = None
    used: dict[tuple[str, str | None], Props] = {}
    logged: dict[str, Props] = {}
    for claim in claims:
        recorded, what, _, at = claim[:4]
        if what == "edit":
            if run is None:
                raise OutOfOrder
            event = claim[4]
            _unsure(facts, event)
            values = {name: event[name] for name in DESCRIBED if event.get(name) is not None}
            _say(run, props, event, tuple(values), (at, event["uid"]))
            _edit(facts, event, recorded, values)
            continue
        if run is None:
            run = Run(uid, started_at=at, whole=True)
            props |= {"uid": uid, "project": project, "id": run_id, "name": run_id, "state": "running", "stub": True}
            props |= {"started_at": at, "recorded_at": recorded}
        elif run.started_by is None and at < run.started_at:
            run.started_at = props["started_at"] = at
        if what == "used":
            _earliest(used, (claim[4], claim[5]), {"at": at, "recorded_at": recorded, "used_as": claim[5], "asked": claim[6]})
        elif what == "logged":
            _earliest(logged, claim[4], {"at": at, "recorded_at": recorded, "created": claim[5]})
        elif what == "start":
            _started(facts, run, claim[4], recorded, claim[5])
        elif what == "finish":
            _finished(facts, run, claim[4], recorded)
    facts.out += [("USED", version, edge) for (version, _), edge in used.items()]
    facts.out += [("LOGGED", version, edge) for version, edge in logged.items()]
    return facts


def _started(facts: Facts, run: Run, event: Mapping[str, Any], recorded: str, links: Sequence[tuple[str, str]]) -> None:
    props, at = facts.props, event["at"]
    _unsure(facts, event)
    if event["role"] != "owner":
        if event["role"] == "resumed" and at > run.resumed_at:
            run.resumed_at = props["resumed_at"] = at
            if at > run.ended[0]:
                props["state"] = "running"
        return
    if run.started_by is not None:
        raise OutOfOrder
    key = (at, event["uid"])
    run.started_by, run.started_at, run.begun = event["uid"], at, key
    props |= {"started_at": at, "name": event.get("name") or props["id"], "stub": None, "started_by": event["uid"]}
    props |= {name: value for name in STARTED if (value := event.get(name)) is not None}
    if event.get("environment") is not None:
        props["environment"] = as_json(event["environment"])
    _say(run, props, event, ("config", "description", "tags"), key)
    facts.out += [(kind, other, {"at": at, "recorded_at": recorded}) for kind, other in links]


def _finished(facts: Facts, run: Run, event: Mapping[str, Any], recorded: str) -> None:
    props, key = facts.props, (event["at"], event["uid"])
    _unsure(facts, event)
    if event["uid"] == run.ended[1]:
        return
    if key > run.ended:
        if "summary" not in run.said and run.values.get("summary") is not None:
            run.said["summary"] = run.ended
            props["said"] = run.said_texts
        run.ended = key
        props |= {"ended_at": key[0], "end_recorded_at": recorded}
        props |= {"finished_by": event["uid"], "exit_code": event.get("exit_code")}
        if key[0] >= run.resumed_at:
            props["state"] = event["state"]
    _say(run, props, event, ("config", "summary"), key)


# ── versions ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def version_facts(uid: str, claims: Sequence[Claim], artifact_uid: str) -> Facts:
    """A version, who logged it, which aliases it has and had. Raises OutOfOrder."""
    name = claims[0][2]
    artifact, _, number = name.rpartition(":v")
    facts = Facts("ArtifactVersion", uid, name, artifact.rpartition("/")[0], {})
    props = facts.props
    props |= {"uid": uid, "name": name, "artifact": artifact, "project": facts.project, "version": int(number)}
    props["aliases"] = []
    version: Version | None = None
    moves: set[tuple[str, str]] = set()
    edits: set[str] = set()
    logged: dict[str, Props] = {}
    used: dict[tuple[str, str | None], Props] = {}
    for claim in claims:
        recorded, what, _, at = claim[:4]
        if what == "said":
            event = claim[4]
            _unsure(facts, event)
            for name in ("content", "source_id"):
                if event.get(name) is not None:
                    facts.told.setdefault(name, []).append(at)
            if version is not None and event["kind"] == "logged" and "content" in event.get("holes", ()):
                facts.maybe.add(event["uid"])  # what it said anew, if anything, was erased
            if version is None:
                version = _new_version(facts, event, recorded)
            elif at < version.begun[0] or not _same(version, event):
                _more(facts, version, event, recorded, edits, event["uid"] in edits or any(event["uid"] == m[1] for m in moves))
        elif what == "edit":
            event = claim[4]
            if version is None:
                raise OutOfOrder
            _unsure(facts, event)
            values = {name: event[name] for name in DESCRIBED if event.get(name) is not None}
            _say(version, props, event, tuple(values), (at, event["uid"]))
            edits.add(event["uid"])
            _edit(facts, event, recorded, values)
        elif what == "logged_by":
            _earliest(logged, claim[4], {"at": at, "recorded_at": recorded})
        elif what == "move":
            _, _, _, _, alias, event_uid, actor, removed = claim
            if (alias, event_uid) not in moves:
                moves.add((alias, event_uid))
                said = {"at": at, "recorded_at": recorded, "event": event_uid, "actor": actor, "removed": removed}
                facts.into.append(("MOVED", alias, said))
        elif what == "held":
            props["aliases"].append(claim[4])
        elif what == "used_by":
            _earliest(used, (claim[4], claim[5]), {"at": at, "recorded_at": recorded, "used_as": claim[5], "asked": claim[6]})
        elif what == "logged_from":
            facts.into.append(("LOGGED", claim[4], {"recorded_at": recorded, "created": claim[5]}))
    if version is None:
        raise OutOfOrder
    facts.into = [
        (kind, other, edge | {"at": logged[other]["at"]} if kind == "LOGGED" else edge)
        for kind, other, edge in _once(facts.into)
    ]
    facts.into += [("USED", run, edge) for (run, _), edge in used.items()]
    facts.out += [("VERSION_OF", artifact_uid, {})]
    facts.out += [("LOGGED_BY", run, edge) for run, edge in logged.items()]
    return facts


def _earliest(edges: dict[K, Props], key: K, said: Props) -> None:
    """An edge is what was said first of it; said again of an earlier time, it is of that time and as it was asked then."""
    edge = edges.setdefault(key, said)
    if said["at"] < edge["at"]:
        edge |= {name: said[name] for name in ("at", "asked") if name in said}
    if said.get("created"):
        edge["created"] = True  # who was the creator said so first, whichever of its claims is seen first


def _once(rels: Sequence[Rel]) -> list[Rel]:
    """The same, of LOGGED from one run the first alone, which made the version if any of them did."""
    seen: dict[str, Props] = {}
    kept: list[Rel] = []
    for rel in rels:
        if rel[0] == "LOGGED":
            if rel[1] in seen:
                seen[rel[1]]["created"] |= rel[2]["created"]
                continue
            seen[rel[1]] = rel[2]
        kept.append(rel)
    return kept


def _new_version(facts: Facts, event: Mapping[str, Any], recorded: str) -> Version:
    at, props = event["at"], facts.props
    if event.get("type") is None:
        raise OutOfOrder
    version = Version(facts.uid, (at, ""), artifact=props["artifact"], name=facts.name)
    props |= {"digest": event["digest"], "type": event["type"], "created_at": at, "recorded_at": recorded}
    for name in FACTS:
        value = version.facts[name] = event.get(name)
        if value is not None:
            props[name] = value
    _say(version, props, event, DESCRIBED, version.begun)
    return version


def _more(facts: Facts, version: Version, event: Mapping[str, Any], recorded: str, edits: set[str], taken_before: bool) -> None:
    """What is said of a version that is there, as the ledger's rules have it."""
    if taken_before:
        return
    props, at, logged = facts.props, event["at"], event["kind"] == "logged"
    if at < version.begun[0]:
        props |= version.begin_earlier(at)
        props["created_at"] = at
    for name in FACTS:
        if _adds(version, name, event.get(name)):
            props[name] = version.facts[name] = event[name]
    described = () if logged and event.get("rerun") else DESCRIBED
    changed = {
        name: value
        for name in described
        if (value := event.get(name)) is not None
        and (as_json(value) if name == "metadata" else value) != version.values.get(name)
    }
    _say(version, props, event, described, (at, event["uid"]))
    if changed and logged:
        edits.add(event["uid"])
        _edit(facts, event, recorded, changed)


def _adds(version: Version, name: str, value: Any) -> bool:
    has = version.facts.get(name)
    if name == "content":
        return CONTENT_RANK.get(value, 0) > CONTENT_RANK.get(has, 0)
    return value is not None and has is None


def _same(version: Version, event: Mapping[str, Any]) -> bool:
    if event.keys().isdisjoint(SAYING):
        return True
    return all(event.get(name) is None for name in DESCRIBED) and not any(
        _adds(version, name, event.get(name)) for name in FACTS
    )


# ── artifacts and aliases ─────────────────────────────────────────────────────────────────────────────────────────────────


def artifact_facts(uid: str, began: tuple[str, str, str, str | None, int], claims: Sequence[Claim]) -> Facts:
    """An artifact and its sequence. began: its name, its type, the times it is from and was first recorded, its next number."""
    name, kind, at, recorded, following = began
    project, _, own = name.rpartition("/")
    props: Props = {"uid": uid, "project": project, "name": own, "type": kind, "created_at": at, "recorded_at": recorded}
    facts = Facts("Artifact", uid, name, project, props)
    artifact = Artifact(uid)
    artifact.begun = NEVER
    for claim in claims:
        event = claim[4]
        _unsure(facts, event)
        values = {name: event[name] for name in DESCRIBED if event.get(name) is not None}
        _say(artifact, props, event, tuple(values), (claim[3], event["uid"]))
        _edit(facts, event, claim[0], values)
    facts.into = [("SEQUENCE", "VersionSequence", {"artifact": uid, "next": following})]
    return facts


def alias_facts(uid: str, means: tuple[str, str, str, str, str | None]) -> Facts:
    """An alias and what it means. means: its artifact, its name, and time, event and version (if any) of its last move."""
    artifact, name, at, event, version = means
    props: Props = {"uid": uid, "artifact": artifact, "name": name, "at": at, "event": event, "version": version}
    return Facts("Alias", uid, f"{artifact}:{name}", artifact.rpartition("/")[0], props)


# ── questions ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def question_facts(uid: str, claims: Sequence[Claim]) -> Facts:
    """What somebody asked, as it was first recorded. One event says all of it, so what was erased of that is not there."""
    recorded, _, _, at, event = claims[0]
    said = {name: event[name] for name in ASKED if event.get(name) is not None}
    props: Props = {"uid": uid, "at": at, "recorded_at": recorded, **said}
    return Facts("Question", uid, uid, event.get("project") or "", props)
