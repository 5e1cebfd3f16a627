"""What was erased: which holes an event accounts for, and the tombstones that keep it out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage_graph.answers.verification import Finding, Hole
from lineage_graph.evidence.chain import Said
from lineage_graph.evidence.compare import Differ
from lineage_graph.evidence.facts import UNSURE, Facts
from lineage_graph.ledger.uids import artifact_of, run_of, version_uid
from lineage_graph.names import parse_run


@dataclass
class Erasures:
    """Every erasure that the entries tell of: uid of what was erased → [(time, groups)].

    stones: the tombstones that must be there. projects: of events of which something is gone.
    """

    of: dict[str, list[tuple[str, set[str]]]] = field(default_factory=dict)
    stones: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    projects: dict[str, str | None] = field(default_factory=dict)
    pending: list[tuple[Hole, str, tuple[str, ...]]] = field(default_factory=list)

    def take(self, said: Said) -> None:
        """Takes an event in, where it erases or has a hole."""
        event, outcome = said.event, said.outcome
        if event.get("kind") == "erased" and outcome.get("result") != "rejected":
            name = outcome.get("version") or event.get("run") or event.get("artifact")
            for uid, label in _targets(event):
                self.of.setdefault(uid, []).append((event["at"], set(event.get("groups", ()))))
                actor = UNSURE if "personal" in event.get("lost", ()) else event.get("actor")
                stone = {"of": uid, "event": event["uid"], "label": label, "groups": event.get("groups"), "at": event["at"]}
                stone |= {"reason": event.get("reason"), "actor": actor, "recorded_at": said.recorded}
                stone |= {"name": name, "project": _project(event)}
                before = self.stones.setdefault((event["uid"], uid), stone)
                if stone["recorded_at"] < before["recorded_at"]:
                    self.stones[event["uid"], uid] = stone

    def hole(self, hole: Hole, said: Said) -> None:
        event = said.event
        self.projects[event["uid"]] = _project(event)
        uids = [event["uid"]]
        if event.get("run") is not None:
            uids.append(run_of(event["run"])[1])
        if event.get("artifact") is not None:
            uids.append(artifact_of(event["artifact"])[1])
            version = said.outcome.get("version_uid")
            digest = event.get("digest")
            uids += [version] if version else [version_uid(event["artifact"], digest)] if digest else []
        known = (hole, event["at"], tuple(uids))
        if not self._covers(*known):
            self.pending.append(known)

    def _covers(self, hole: Hole, at: str, uids: Sequence[str]) -> bool:
        return any(
            hole.group in groups and (uid == hole.event or at <= until)
            for uid in uids
            for until, groups in self.of.get(uid, ())
        )

    def unaccounted(self) -> Iterator[Finding]:
        """Holes that no event has made."""
        for known in self.pending:
            hole = known[0]
            if not self._covers(*known):
                why = f"{hole.entry}: the {hole.group} of event {hole.event} is gone, and no event erased it"
                yield Finding(
                    kind="hole", what="Entry", where=hole.entry, property="openings", expected=hole.group, sentence=why
                )

    def unsure(self, facts: Facts) -> None:
        """What of a version cannot be known, as it was erased, or all of its artifact was.

        What no opening says is not there any more; but where its bytes are is in the clear, and whether that, and its source,
        were told again before or after it was erased, is not known.
        """
        if facts.label != "ArtifactVersion":
            return
        erased = [
            at
            for uid in (facts.uid, artifact_of(facts.props["artifact"])[1])
            for at, groups in self.of.get(uid, ())
            if "content" in groups
        ]
        if not erased or facts.props["created_at"] > max(erased):
            return
        again = {name for name, times in facts.told.items() if max(times) > max(erased)}
        facts.unsure |= again
        if "content" not in again:
            facts.props["content"] = "erased"

    def compare(self, found: Sequence[Sequence[Any]], own: Collection[str] | None, differ: Differ) -> None:
        """The tombstones that must be there, and no others. own: of these events alone, and whatever else was found."""
        there = {(event, uid): rest for event, uid, *rest in found}
        for key, wanted in self.stones.items():
            if own is not None and key[0] not in own and key not in there:
                continue
            where = f"{key[1]} by event {key[0]}"
            rest = there.pop(key, None)
            if rest is None:
                differ.add(
                    "missing",
                    "Erasure",
                    where,
                    None,
                    wanted,
                    None,
                    f"Erasure {where} is missing: what it keeps out may come back",
                )
                continue
            labels, props, degree = rest
            differ.labels("Erasure", where, labels)
            if wanted["label"] == "Event":
                # An event that is not looked at, or of which nothing could go, does not say whose it is.
                wanted = wanted | {"project": self.projects.get(key[1], props.get("project"))}
            differ.props("Erasure", where, wanted, props, own=())
            if degree:
                differ.add("added", "Erasure", where, None, None, None, f"Erasure {where} has relationships")
        for (event, uid), (_, props, _) in there.items():
            where = f"{uid} by event {event}"
            differ.add("added", "Erasure", where, None, None, dict(props), f"Erasure {where} was added: no event says so")


def _targets(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(uid, label) of what an event erases."""
    if event.get("run") is not None:
        return [(run_of(event["run"])[1], "Run")]
    if event.get("artifact") is not None:
        if event.get("digest") is None:
            return [(artifact_of(event["artifact"])[1], "Artifact")]
        return [(version_uid(event["artifact"], event["digest"]), "ArtifactVersion")]
    return [(uid, "Event") for uid in dict.fromkeys(event.get("events", ()))]


def _project(event: Mapping[str, Any]) -> str | None:
    if event.get("run") is not None:
        return parse_run(event["run"]).project
    return event["artifact"].rpartition("/")[0] if event.get("artifact") is not None else event.get("project")


Make = Callable[[Any], Facts]


def with_holes(make: Make, erasures: Erasures) -> Make:
    """The same facts, unsure where something was erased."""
    if not erasures.of:
        return make

    def made(claims: Any) -> Facts:
        facts = make(claims)
        erasures.unsure(facts)
        return facts

    return made
