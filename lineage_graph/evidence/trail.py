"""`audit trail`: everything that happened to one thing, read from the entries and their receipts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lineage_graph.answers.verification import TrailStep
from lineage_graph.errors import JournalProblem
from lineage_graph.events import SEALED
from lineage_graph.evidence.chain import Said
from lineage_graph.graph import Graph
from lineage_graph.names import LATEST
from lineage_graph.queries import get

SPEAKING = get("evidence/speaking")
Event = dict[str, Any]
Outcome = Mapping[str, Any]


def run_trail(graph: Graph, run: str) -> Iterator[TrailStep]:
    """What happened to a run. Runs evidence/speaking."""
    for event, outcome, entry in _said(graph, run):
        if event.get("run") == run or run in (event.get("child_of"), event.get("retry_of"), event.get("resumed_from")):
            yield _step(event, outcome, entry, _of_run(event, outcome, run))


def artifact_trail(graph: Graph, artifact: str) -> Iterator[TrailStep]:
    """What happened to an artifact: to its versions, its aliases and itself. Runs evidence/speaking."""
    for event, outcome, entry in _said(graph, artifact):
        if event.get("artifact") == artifact:
            yield _step(event, outcome, entry, _of_version(event, outcome))


def version_trail(graph: Graph, artifact: str, version: str, digest: str) -> Iterator[TrailStep]:
    """What happened to a version, aliases that went from it to another one included. Runs evidence/speaking."""
    means: dict[str, str | None] = {}
    for event, outcome, entry in _said(graph, artifact):
        if event.get("artifact") != artifact:
            continue
        named = outcome.get("version")
        about = named == version or (named is None and event.get("digest") == digest)
        moved = [] if outcome.get("result") == "rejected" else _moved(event)
        left = [alias for alias in moved if means.get(alias) == version and named != version]
        means |= dict.fromkeys(moved, None if event["kind"] == "alias_removed" else named)
        if about:
            yield _step(event, outcome, entry, _of_version(event, outcome))
        for alias in left:
            yield _step(event, outcome, entry, f"alias {alias!r} moved from it to {named}")


def erasing(graph: Graph) -> Iterator[Said]:
    """The events that erase, of all journals. Runs evidence/speaking."""
    for event, outcome, entry in _said(graph, "erased", broken=True):
        if event["kind"] == "erased":
            yield Said(event, dict(outcome), entry["recorded_at"])


def _moved(event: Event) -> list[str]:
    if event["kind"] == "logged" and not event.get("rerun"):
        return list(dict.fromkeys((LATEST, *event.get("aliases", ()))))
    return [event["alias"]] if event["kind"] in {"alias_moved", "alias_removed"} else []


def _said(graph: Graph, name: str, broken: bool = False) -> list[tuple[Event, Outcome, Mapping[str, Any]]]:
    """The events of entries that speak of a name, in the order in which they happened.

    broken: leave out what cannot be read. Raises JournalProblem.
    """
    [row] = graph.read(SPEAKING, text=f'"{name}"')
    found: list[tuple[Event, Outcome, Mapping[str, Any]]] = []
    for journal, seq, entry_hash, body, openings, receipt in row["entries"]:
        try:
            told = json.loads(receipt)
            entry = {
                "journal": journal,
                "seq": seq,
                "hash": entry_hash,
                "recorded_at": told["recorded_at"],
                "via": told.get("via"),
            }
            events = zip(json.loads(body)["events"], json.loads(openings), told["outcomes"], strict=True)
            found += [(_opened(written, opening), outcome, entry) for written, opening, outcome in events]
        except (ValueError, KeyError, TypeError, AttributeError):
            if not broken:
                raise JournalProblem(journal, f"entry {seq} in the graph cannot be read; `audit verify` says why") from None
    found.sort(key=lambda one: (one[0]["at"], one[0]["uid"], one[2]["recorded_at"]))
    return found


def _opened(written: Event, opening: Mapping[str, Any]) -> Event:
    event = {key: value for key, value in written.items() if key not in SEALED.values()}
    for group in SEALED:
        event |= opening.get(group, {}).get("value", {})
    return event


def _step(event: Event, outcome: Outcome, entry: Mapping[str, Any], what: str) -> TrailStep:
    return TrailStep.model_validate(
        {
            **entry,
            "at": event["at"],
            "who": event.get("actor"),
            "kind": event["kind"],
            "what": what,
            "run": event.get("run"),
            "version": outcome.get("version"),
            "result": outcome["result"],
            "reason": outcome.get("reason"),
            "event": event["uid"],
        }
    )


def _of_run(event: Event, outcome: Outcome, run: str) -> str:
    kind = event["kind"]
    if event.get("run") != run:
        link = next(name for name in ("child_of", "retry_of", "resumed_from") if event.get(name) == run)
        return f"{event['run']} began as {link.replace('_', ' ')} it"
    if kind == "run_started":
        return {"owner": "it began", "worker": "a worker joined it"}.get(event.get("role", "owner"), "it was resumed")
    if kind == "run_finished":
        code = event.get("exit_code")
        return f"it ended: {event['state']}" + (f" (exit code {code})" if code is not None else "")
    return _of_version(event, outcome) if kind != "edited" else f"edited: {_fields(event)}"


def _fields(event: Event) -> str:
    return ", ".join(name for name in ("description", "metadata", "tags") if event.get(name) is not None) or "what was erased"


def _of_version(event: Event, outcome: Outcome) -> str:
    kind, version = event["kind"], outcome.get("version") or event.get("artifact")
    if kind == "used":
        return f"{event['run']} used {version}" + (f" as {event['used_as']}" if event.get("used_as") else "")
    if kind == "logged":
        made = "made" if outcome.get("created") else "logged"
        return f"{event['run']} {made} {version}" + (f", aliases {', '.join(a)}" if (a := event.get("aliases")) else "")
    if kind == "alias_moved":
        return f"alias {event['alias']!r} moved to {version}"
    if kind == "alias_removed":
        return f"alias {event['alias']!r} was taken off {version}"
    return f"{version} edited: {_fields(event)}" if kind == "edited" else f"{version}: {kind.replace('_', ' ')}"
