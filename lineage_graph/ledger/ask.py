"""What must be known of the graph before a batch of entries can be decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lineage_graph.events import (
    AliasMoved,
    AliasRemoved,
    Asked,
    Edited,
    Erased,
    Event,
    Json,
    Logged,
    RunFinished,
    RunStarted,
    Used,
)
from lineage_graph.journal import Entry
from lineage_graph.ledger.erasing import Spoken
from lineage_graph.ledger.receipt import Given
from lineage_graph.ledger.state import State
from lineage_graph.ledger.uids import alias_uid, artifact_of, run_of, version_uid
from lineage_graph.names import LATEST


class Wanted:
    """What a batch speaks of.

    started, logged: runs and versions that its events bring into being, most likely.
    changing:        artifacts that may change. must: whether only the graph can tell.
    journals:        whose entries they are.
    events:          every event; begins: when the first of them happened. erasures: those that erase.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.journals: set[str] = set()
        self.artifacts: set[str] = set()
        self.changing: set[str] = set()
        self.runs: set[str] = set()
        self.started: set[str] = set()
        self.versions: set[str] = set()
        self.logged: set[str] = set()
        self.names: set[str] = set()
        self.prefixes: set[tuple[str, str]] = set()
        self.aliases: set[str] = set()
        self.asked: set[tuple[str, str]] = set()
        self.pairs: set[tuple[str, str]] = set()
        self.logged_pairs: set[tuple[str, str]] = set()
        self.readers: set[str] = set()
        self.moves: set[tuple[str, str, str]] = set()
        self.turns: set[tuple[str, str]] = set()
        self.edits: set[str] = set()
        self.events: set[str] = set()
        self.erasures: list[Erased] = []
        self.begins = ""
        self.must = False
        for entry in entries:
            self.journals.add(entry.journal)
            for event in entry.events:
                self.events.add(event.uid)
                if not self.begins or event.at_text < self.begins:
                    self.begins = event.at_text
                _ASK[event.kind](self, event)
            if isinstance(entry, Given):
                for event, outcome in zip(entry.events, entry.receipt.outcomes, strict=True):
                    self._meant(event, outcome)

    def parameters(self) -> dict[str, Any]:
        """For record/look."""
        return {
            "journals": sorted(self.journals),
            "artifacts": sorted(self.artifacts),
            "runs": sorted(self.runs),
            "versions": sorted(self.versions),
            "names": sorted(self.names),
            "prefixes": [list(x) for x in sorted(self.prefixes)],
            "aliases": sorted(self.aliases),
            "asked": [list(x) for x in sorted(self.asked)],
            "pairs": [list(x) for x in sorted(self.pairs)],
            "readers": sorted(self.readers),
            "turns": [list(x) for x in sorted(self.turns)],
            "moves": [list(x) for x in sorted(self.moves)],
            "edits": sorted(self.edits),
            "events": sorted(self.events),
        }

    def known(self, state: State, assume: bool) -> bool:
        """Whether the state has it all; with `assume`, what is begun here and not known counts as new."""
        runs, versions = state.runs, state.versions
        return not (
            self.must
            or not self.journals <= state.journals.keys()
            or not state.erasures.spare(self.begins)
            or not self.artifacts <= state.artifacts.keys()
            or not self.aliases <= state.aliases.keys()
            or any(uid not in runs and not (assume and uid in self.started) for uid in self.runs)
            or any(uid not in versions and not (assume and uid in self.logged) for uid in self.versions)
            or any(pair in state.logged for pair in self.logged_pairs)
            or any(
                pair not in state.pairs and pair[1] in versions and pair[0] in runs and not runs[pair[0]].whole
                for pair in self.pairs
            )
        )

    def new(self, state: State) -> bool:
        """Whether assuming would have been right."""
        return self.started.isdisjoint(state.runs) and self.logged.isdisjoint(state.versions)

    def _meant(self, event: Event, outcome: Json) -> None:
        """What an event's receipt says that it meant."""
        if "version_uid" not in outcome:
            return
        self.versions.add(outcome["version_uid"])
        self.names.add(outcome["version"])
        if isinstance(event, Used):
            self.pairs.add((run_of(event.run)[1], outcome["version_uid"]))

    def reach(self, said: Iterable[Spoken]) -> list[str]:
        """Adds the runs and versions that erasures reach, by the entries that speak of them; the uids of the runs, sorted."""
        artifacts = {event.artifact for event in self.erasures if event.digest is None}
        begun: set[str] = set()
        for entry in said:
            for event, version in zip(entry.events, entry.versions, strict=True):
                if isinstance(event, RunStarted) and event.uid in self.events:
                    begun.add(run_of(event.run)[1])
                elif version is not None and getattr(event, "artifact", None) in artifacts:
                    self.versions.add(version)
        self.runs |= begun
        return sorted(begun)

    def _run_started(self, event: RunStarted) -> None:
        uid = run_of(event.run)[1]
        self.runs.add(uid)
        if event.role == "owner":
            self.started.add(uid)
        for other in (event.child_of, event.retry_of, event.resumed_from):
            if other is not None:
                self.runs.add(run_of(other)[1])

    def _run_finished(self, event: RunFinished) -> None:
        self.runs.add(run_of(event.run)[1])

    def _logged(self, event: Logged) -> None:
        artifact = artifact_of(event.artifact)[1]
        run = run_of(event.run)[1]
        version = version_uid(event.artifact, event.digest)
        self.artifacts.add(artifact)
        self.changing.add(artifact)
        self.runs.add(run)
        self.versions.add(version)
        self.logged.add(version)
        self.pairs.add((run, version))
        self.logged_pairs.add((run, version))
        for alias in (LATEST, *event.aliases):
            uid = alias_uid(event.artifact, alias)
            self.aliases.add(uid)
            self.moves.add((uid, version, event.uid))
        if event.metadata is not None or event.description is not None or event.tags is not None:
            self.edits.add(event.uid)

    def _used(self, event: Used) -> None:
        artifact = artifact_of(event.artifact)[1]
        run = run_of(event.run)[1]
        self.artifacts.add(artifact)
        self.runs.add(run)
        if event.digest is not None:
            version = version_uid(event.artifact, event.digest)
            self.versions.add(version)
            self.pairs.add((run, version))
            if event.type is not None:
                self.changing.add(artifact)
            return
        self.must = True
        self.readers.add(run)
        if event.number is not None:
            self.names.add(f"{event.artifact}:v{event.number}")
        elif event.prefix is not None:
            self.prefixes.add((artifact, event.prefix))
        else:
            self.asked.add((alias_uid(event.artifact, event.alias or LATEST), event.at_text))

    def _turned(self, event: AliasMoved | AliasRemoved) -> str:
        """The uid of an alias that may mean something else from now on."""
        self.must = True
        artifact = artifact_of(event.artifact)[1]
        self.artifacts.add(artifact)
        self.changing.add(artifact)
        alias = alias_uid(event.artifact, event.alias)
        self.aliases.add(alias)
        self.turns.add((alias, event.uid))
        return alias

    def _alias_moved(self, event: AliasMoved) -> None:
        self._turned(event)
        if event.digest is not None:
            version = version_uid(event.artifact, event.digest)
            self.versions.add(version)
        elif event.number is not None:
            self.names.add(f"{event.artifact}:v{event.number}")
        else:
            self.asked.add((alias_uid(event.artifact, event.source or LATEST), event.at_text))

    def _alias_removed(self, event: AliasRemoved) -> None:
        self.asked.add((self._turned(event), event.at_text))

    def _edited(self, event: Edited) -> None:
        self.edits.add(event.uid)
        self._about(event)

    def _erased(self, event: Erased) -> None:
        self.erasures.append(event)
        self.events.update(event.events)
        self._about(event)

    def _about(self, event: Edited | Erased) -> None:
        """What was there before is told anew, so only the graph can tell what that is."""
        self.must = True
        if event.run is not None:
            self.runs.add(run_of(event.run)[1])
        elif event.artifact is not None:
            artifact = artifact_of(event.artifact)[1]
            self.artifacts.add(artifact)
            self.changing.add(artifact)
            if event.digest is not None:
                self.versions.add(version_uid(event.artifact, event.digest))

    def _nothing(self, event: Asked) -> None:
        """It is about nothing in the graph."""


_ASK: dict[str, Callable[[Wanted, Any], None]] = {
    "run_started": Wanted._run_started,
    "used": Wanted._used,
    "logged": Wanted._logged,
    "run_finished": Wanted._run_finished,
    "alias_moved": Wanted._alias_moved,
    "alias_removed": Wanted._alias_removed,
    "edited": Wanted._edited,
    "erased": Wanted._erased,
    "asked": Wanted._nothing,
}
