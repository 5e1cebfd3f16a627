"""The rules for what was taken in before: its receipt says which number, which creator, and which version was meant.

They are no function of the events alone, so a backup carries receipts, and what is restored becomes what it was.
"""

from __future__ import annotations

from collections.abc import Sequence

from lineage_graph.events import Event, Json, Logged
from lineage_graph.ledger.receipt import Given, Misfit
from lineage_graph.ledger.rules import Refused, Rules
from lineage_graph.ledger.state import Artifact, Version


class Again(Rules):
    """Rules under which entries get the outcomes they had."""

    was: Json

    def outcomes(self, entry: Given, events: Sequence[Event]) -> tuple[Json, ...]:
        """Takes an entry in as its receipt says. events: its own, without what was erased. Raises Misfit."""
        for event, was in zip(events, entry.receipt.outcomes, strict=True):
            if was["result"] == "rejected":
                continue
            self.was = was
            try:
                found = self.take(event)
            except Refused as reason:
                raise Misfit(entry, str(reason)) from None
            # What was there before may have come in a journal that is not among these.
            if found != was and found | {"result": "repeated"} != was:
                raise Misfit(entry, f"it was {_shown(was)}, and would be {_shown(found)} here")
        return entry.receipt.outcomes

    def _number(self, name: str, artifact: Artifact) -> int:
        had = str(self.was["version"])
        if self.state.names.get(had) is not None:
            raise Refused(f"{had} is another version in this graph")
        of, _, number = had.rpartition(":v")
        if of != name or not number.isdecimal():
            raise Refused(f"{had} is no version of {name}")
        return int(number)

    def _creates(self, version: Version, event: Logged) -> bool:
        return super()._creates(version, event) and bool(self.was["created"])

    def _meant(self, artifact: str, at: str, *, number: int | None, prefix: str | None, alias: str | None) -> Version:
        version = self.state.versions.get(self.was["version_uid"])
        if version is None:
            raise Refused(f"{self.was['version']} is neither in this graph nor in what came before")
        return version


def _shown(outcome: Json) -> str:
    created = ", created" if outcome.get("created") else ""
    return f"{outcome['result']} as {outcome.get('version') or outcome.get('run') or outcome.get('artifact')}{created}"
