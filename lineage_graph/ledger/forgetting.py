"""The rule of erasing: what runs, versions and artifacts are without what was said of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lineage_graph.events import CONTENT, PERSONAL, Erased, Json
from lineage_graph.flatten import flatten
from lineage_graph.ledger.erasing import erased_by, project_of
from lineage_graph.ledger.rows import Row
from lineage_graph.ledger.state import FLAT, Artifact, Run, Thing, Version
from lineage_graph.ledger.uids import artifact_of, run_of, version_uid

if TYPE_CHECKING:
    from lineage_graph.ledger.rules import Rules

WHO = ("author", "email", "host")
BEGUN = ("command", "environment", "source_id")  # what a run says when it begins, and never again


def erase(rules: Rules, event: Erased) -> Json:
    """Takes an erasure in. It is recorded whether or not what it is of is here: it may come later, and then without this."""
    state, name = rules.state, _name(rules, event)
    said: Json = {"event": event.uid, "result": "recorded", "groups": list(event.groups)}
    if event.digest is not None:
        said["version"] = name
    if event.uid in rules.erased_before:
        return said | {"result": "repeated"}
    rules.erased_before.add(event.uid)
    if event.run is not None:
        run = state.runs.get(run_of(event.run)[1])
        if run is not None:
            rules.rows.run(run)["props"].update(_run(run, event))
    elif event.artifact is not None:
        artifact = state.artifacts[artifact_of(event.artifact)[1]]
        if event.digest is None:
            _artifact(rules, artifact, event)
            versions = [v for v in state.versions.values() if v.artifact == event.artifact]
        else:
            found = state.versions.get(version_uid(event.artifact, event.digest))
            versions = [] if found is None else [found]
        for version in versions:
            _version(rules, artifact, version, event)
    events = set(event.events)
    for run in [run for run in state.runs.values() if run.started_by in events]:
        rules.rows.run(run)["props"].update(dict.fromkeys(WHO))
    rules.rows.erasures += _stones(event, name)
    return said


def _name(rules: Rules, event: Erased) -> str | None:
    """What it is of, as people know it, or knew it then; none for single events."""
    if event.artifact is None or event.digest is None:
        return event.run or event.artifact
    if rules.was is not None:
        return str(rules.was["version"])
    version = rules.state.versions.get(version_uid(event.artifact, event.digest))
    return version.name if version is not None else f"{event.artifact}@{event.digest}"


def _run(run: Run, event: Erased) -> Row:
    props: Row = {}
    begun = run.started_at <= event.at_text
    if CONTENT in event.groups:
        props |= _unsaid(run, ("config", "summary", "description", "tags"), event.at_text)
        props |= dict.fromkeys(BEGUN) if begun else {}
    if PERSONAL in event.groups and begun:
        props |= dict.fromkeys(WHO)
    return props


def _version(rules: Rules, artifact: Artifact, version: Version, event: Erased) -> None:
    if CONTENT not in event.groups:
        return
    props = _unsaid(version, ("metadata", "description", "tags"), event.at_text)
    if version.begun[0] <= event.at_text:
        props |= {"source_id": None, "content": "erased"}
        version.facts |= {"source_id": None, "content": "erased"}
    if props:
        rules.rows.touch(artifact)
        rules.rows.change(version, props)


def _artifact(rules: Rules, artifact: Artifact, event: Erased) -> None:
    props = _unsaid(artifact, ("description", "tags"), event.at_text) if CONTENT in event.groups else {}
    if props and artifact.type is not None:
        rules.rows.touch(artifact)
        rules.rows.change_artifact(artifact, props)


def _unsaid(thing: Thing, names: Sequence[str], at: str) -> Row:
    """The properties that change when what was said of these fields up to a time is taken back."""
    props: Row = {}
    for name in names:
        old = thing.values.get(name)
        if old is None or thing.key(name)[0] > at:
            continue
        props |= dict.fromkeys(flatten(name, json.loads(old)) if name in FLAT else (name,))
        del thing.values[name]
        if thing.said.pop(name, None) is not None:
            props["said"] = thing.said_texts
    return props


def _stones(event: Erased, name: str | None) -> list[Row]:
    """The tombstones, one for each thing or event; the project of an event is told when it is there."""
    label = "Event" if event.events else "Run" if event.run else "Artifact" if event.digest is None else "ArtifactVersion"
    shared = {"label": label, "name": name, "event": event.uid, "groups": list(event.groups), "reason": event.reason}
    shared |= {"actor": event.actor, "project": project_of(event)}
    return [{"props": shared | {"of": uid}, "at": event.at_text} for uid in erased_by(event)]
