"""One journal's entries and receipts, link by link: what does not fit is found, what is said is handed on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage_graph.answers.verification import Finding, Kind, short
from lineage_graph.canonical import digest_of, opens
from lineage_graph.events import SEALED
from lineage_graph.evidence.times import normal
from lineage_graph.journal import genesis

Props = Mapping[str, Any]
Say = Callable[[Finding], None]
ENTRY = {"journal", "seq", "hash", "body", "openings", "receipt", "receipt_hash", "rejected", "recorded_at"}
JOURNAL = {"uid", "applied", "head", "receipt_head", "lock"}


@dataclass(slots=True)
class Said:
    """An event, its values in the clear, and what became of it. n: its place among all that is read."""

    event: dict[str, Any]
    outcome: dict[str, Any]
    recorded: str


@dataclass(slots=True)
class Chain:
    """A journal on its way through. marks: seqs whose (hash, receipt hash) somebody wants to know → what they are."""

    journal: str
    say: Say
    marks: dict[int, tuple[str, str] | None] = field(default_factory=dict)
    seq: int = 0
    head: str = ""
    receipt_head: str = ""
    recorded: str = ""
    entries: int = 0
    receipts: int = 0
    events: int = 0

    def __post_init__(self) -> None:
        self.head = self.receipt_head = genesis(self.journal)

    def found(self, kind: Kind, seq: int, why: str, name: str | None = None, expected: Any = None, found: Any = None) -> None:
        self.say(
            Finding(
                kind=kind,
                what="Entry",
                where=f"{self.journal}, entry {seq}",
                property=name,
                expected=None if expected is None else short(expected),
                found=None if found is None else short(found),
                sentence=f"entry {seq} of journal {self.journal}: {why}",
            )
        )

    def take(self, labels: Sequence[str], props: Props, degree: int) -> Iterator[Said]:
        """The events of the next entry, checked as far as it goes."""
        seq = props["seq"]
        self.entries += 1
        if labels != ["Entry"]:
            self.found("changed", seq, f"its labels are {', '.join(labels)}", "labels", "Entry", ", ".join(labels))
        if degree:
            self.found("added", seq, f"{degree} relationships hang on it, which the ledger never wrote")
        for name in props.keys() - ENTRY:
            self.found("added", seq, f"property {name} was added", name, None, props[name])
        if seq != self.seq + 1:
            gap = f"entries {self.seq + 1} to {seq - 1} are" if seq > self.seq + 2 else f"entry {seq - 1} is"
            self.found("missing", seq - 1, f"{gap} missing before it")
        self.seq = seq
        entry = self._entry(seq, props)
        receipt = self._receipt(seq, props)
        if seq in self.marks:
            self.marks[seq] = (str(props.get("hash")), str(props.get("receipt_hash")))
        events = entry.get("events") if isinstance(entry, dict) else None
        outcomes = receipt.get("outcomes") if isinstance(receipt, dict) else None
        if not isinstance(events, list) or not isinstance(outcomes, list):
            return
        openings = self._openings(seq, props, len(events))
        if len(outcomes) != len(events):
            self.found("receipt", seq, f"its receipt has {len(outcomes)} outcomes for {len(events)} events")
        if receipt.get("via") != entry.get("via"):
            self.found("receipt", seq, "its receipt names another token", "receipt.via", entry.get("via"), receipt.get("via"))
        self._beside(seq, props, receipt, outcomes)
        self.events += len(events)
        for written, opening, outcome in zip(events, openings, outcomes, strict=False):
            event = self._opened(seq, written, opening)
            if event is None or not isinstance(outcome, dict):
                self.found("chain", seq, "an event in it cannot be read")
                continue
            if outcome.get("event") != event["uid"]:
                self.found("receipt", seq, f"the receipt speaks of event {outcome.get('event')}, not of {event['uid']}")
            yield Said(event, outcome, self.recorded)

    def _entry(self, seq: int, props: Props) -> Any:
        body, claimed = props.get("body"), props.get("hash")
        if not isinstance(body, str):
            self.found("chain", seq, "it has no body", "body")
            self.head = str(claimed)
            return None
        real = digest_of(body.encode("utf-8", "surrogatepass"))
        if real != claimed:
            self.found("chain", seq, "its body or its hash was changed, as they do not agree", "hash", real, claimed)
        try:
            entry = json.loads(body)
        except ValueError:
            self.found("chain", seq, "its body is no JSON", "body", None, body)
            entry = None
        before, self.head = self.head, claimed if isinstance(claimed, str) else real
        if isinstance(entry, dict):
            if (entry.get("journal"), entry.get("seq")) != (self.journal, seq):
                is_of = f"entry {entry.get('seq')} of journal {entry.get('journal')}"
                self.found("chain", seq, f"what stands here is {is_of}", "seq", seq, entry.get("seq"))
            if entry.get("prev") != before:
                self.found("chain", seq, "it does not follow the entry before it", "prev", before, entry.get("prev"))
        return entry

    def _receipt(self, seq: int, props: Props) -> Any:
        body, claimed = props.get("receipt"), props.get("receipt_hash")
        self.receipts += 1
        if not isinstance(body, str):
            self.found("receipt", seq, "it has no receipt", "receipt")
            self.receipt_head = str(claimed)
            return None
        real = digest_of(body.encode("utf-8", "surrogatepass"))
        if real != claimed:
            self.found(
                "receipt", seq, "its receipt or its hash was changed, as they do not agree", "receipt_hash", real, claimed
            )
        try:
            receipt = json.loads(body)
        except ValueError:
            self.found("receipt", seq, "its receipt is no JSON", "receipt", None, body)
            receipt = None
        before, self.receipt_head = self.receipt_head, claimed if isinstance(claimed, str) else real
        if isinstance(receipt, dict):
            for name, value in (("journal", self.journal), ("seq", seq), ("entry", props.get("hash")), ("prev", before)):
                if receipt.get(name) != value:
                    why = "does not follow the one before it" if name == "prev" else f"is of another {name}"
                    self.found("receipt", seq, f"its receipt {why}", f"receipt.{name}", value, receipt.get(name))
        return receipt

    def _beside(self, seq: int, props: Props, receipt: Props, outcomes: Sequence[Any]) -> None:
        """What stands on the entry for those who look for it."""
        recorded = str(receipt.get("recorded_at"))
        self.recorded = max(self.recorded, recorded)
        if normal(props.get("recorded_at")) != recorded:
            self.found("changed", seq, "its time of recording differs from its receipt's", "recorded_at", recorded,
                       props.get("recorded_at"))  # fmt: skip
        rejected = sum(isinstance(o, dict) and o.get("result") == "rejected" for o in outcomes) or None
        has = props.get("rejected")
        if has != rejected or type(has) is not type(rejected):
            self.found("changed", seq, "its number of rejections differs from its receipt's", "rejected", rejected, has)

    def _openings(self, seq: int, props: Props, wanted: int) -> list[Any]:
        try:
            openings = json.loads(props["openings"])
            if isinstance(openings, list) and len(openings) == wanted and all(isinstance(o, dict) for o in openings):
                return openings
        except (KeyError, TypeError, ValueError):
            pass
        self.found("changed", seq, "its openings are not those of its events", "openings", None, props.get("openings"))
        return [{}] * wanted

    def _opened(self, seq: int, written: Any, opening: Props) -> dict[str, Any] | None:
        """An event with its values in the clear; `holes` names the groups that are not, `gone` those whose opening is gone,
        `lost` those whose opening is another."""
        if not isinstance(written, dict) or not isinstance(written.get("uid"), str) or not isinstance(written.get("at"), str):
            return None
        event = dict(written)
        gone, lost = [], []
        for group, key in SEALED.items():
            commitment = event.pop(key, None)
            opened = opening.get(group)
            if commitment is None:
                if opened is not None:
                    self.found("changed", seq, f"{group} was added to event {event['uid']}", "openings", None, opened)
            elif opened is None:
                gone.append(group)
            elif not opens(commitment, opened):
                what = f"{group} of event {event['uid']} is not what was committed to"
                self.found("changed", seq, what, "openings", commitment, opened)
                lost.append(group)
            else:
                event |= opened["value"]
        for unknown in opening.keys() - SEALED.keys():
            self.found("changed", seq, f"an opening of no group that there is was added ({unknown})", "openings", None, unknown)
        event |= {name: some for name, some in (("holes", [*lost, *gone]), ("gone", gone), ("lost", lost)) if some}
        return event

    def end(self, nodes: Sequence[Any]) -> None:
        """What the Journal itself must say once its last entry was read."""
        if not nodes:
            if self.entries:
                self._journal("missing", "it is not there, and its entries are")
            return
        for labels, props, degree in nodes:
            if labels != ["Journal"]:
                self._journal("changed", f"its labels are {', '.join(labels)}", "labels", "Journal", ", ".join(labels))
            if degree:
                self._journal("added", f"{degree} relationships hang on it, which the ledger never wrote")
            for name in props.keys() - JOURNAL:
                self._journal("added", f"property {name} was added", name, None, props[name])
            applied = props.get("applied")
            if isinstance(applied, int) and applied > self.seq:
                self._journal("chain", f"it was applied to entry {applied}, and entry {self.seq} is the last: its tail is cut",
                              "applied", applied, self.seq)  # fmt: skip
            elif type(applied) is not int or applied != self.seq:
                self._journal("changed", f"it says that {applied} entries are applied, and there are {self.seq}",
                              "applied", self.seq, applied)  # fmt: skip
            if props.get("head") != self.head and applied == self.seq:
                self._journal("chain", "its head is not its last entry's hash", "head", self.head, props.get("head"))
            if props.get("receipt_head") != self.receipt_head and applied == self.seq:
                self._journal("receipt", "its receipt head is not its last receipt's hash", "receipt_head", self.receipt_head,
                              props.get("receipt_head"))  # fmt: skip

    def _journal(self, kind: Kind, why: str, name: str | None = None, expected: Any = None, found: Any = None) -> None:
        self.say(
            Finding(
                kind=kind,
                what="Journal",
                where=self.journal,
                property=name,
                expected=None if expected is None else short(expected),
                found=None if found is None else short(found),
                sentence=f"journal {self.journal}: {why}",
            )
        )
