"""In what a thing in the graph differs from what it must be. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from heapq import merge
from itertools import pairwise
from operator import itemgetter
from typing import Any

from lineage_graph.answers.verification import Finding, Kind, short
from lineage_graph.evidence.facts import ERASED, FLATTENED, UNSURE, Claim, Facts, OutOfOrder, Props, Rel
from lineage_graph.evidence.times import normal
from lineage_graph.ledger.saying import DESCRIBED

TIMES = {"at", "recorded_at", "created_at", "started_at", "ended_at", "end_recorded_at", "resumed_at"}
OWN = {"rev", "lock"}  # the ledger's counters and locks, which say nothing of what happened
SKEW = 5.0  # seconds by which the clocks of two ledgers may differ, at most
ORDERS = 200  # tried, where the receipts leave it open which of two came first
FIRSTS = 16  # journals that are tried as the first
# A thing as it is found: uid, labels, properties, relationships from it, relationships to it, its edits.
Found = Sequence[Any]


def equal(a: Any, b: Any) -> bool:
    """Whether two values are one; 1, 1.0 and true are three."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(map(equal, a, b))
    return bool(a == b)


def odd(wanted: Props, has: Props) -> set[str]:
    """Names of properties that may differ; no others do. Nearly all values are no lists, and equal."""
    names = {
        name
        for name, found in has.items()
        if found.__class__ is list or (expected := wanted.get(name)).__class__ is not found.__class__ or expected != found
    }
    if not wanted.keys() <= has.keys():
        names.update(name for name in wanted.keys() - has.keys() if wanted[name] is not None)
    return names


def _erased(name: str, found: Any) -> bool:
    """Whether an Edit is as one whose content was erased before it came, or after: then its fields still have names."""
    if name == "values":
        return found is None or found == "{}"
    return isinstance(found, list) and set(found) <= set(DESCRIBED) and found == sorted(set(found))


class Differ:
    """Gathers what differs about one thing after another. name: what to call the node with a uid, for the sentences."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.relationships = 0

    def add(self, kind: Kind, what: str, where: str, name: str | None, expected: Any, found: Any, why: str) -> None:
        self.findings.append(
            Finding(
                kind=kind,
                what=what,
                where=where,
                property=name,
                expected=None if expected is None else short(expected),
                found=None if found is None else short(found),
                sentence=why,
            )
        )

    # ── properties ────────────────────────────────────────────────────────────────────────────────────────────────────

    def props(
        self, what: str, where: str, wanted: Props, has: Props, unsure: Iterable[str] = (), own: Iterable[str] = OWN
    ) -> None:
        """Every property that differs."""
        names = odd(wanted, has)
        if not names:
            return
        hidden = set(unsure)
        for name in sorted(names):
            expected, found = wanted.get(name), has.get(name)
            if name in TIMES:
                found = normal(found)
            if name == "aliases" and isinstance(found, list) and isinstance(expected, list):
                found, expected = sorted(found, key=repr), sorted(expected)
            if equal(expected, found) or expected == UNSURE or name in own:
                continue
            if expected == ERASED:
                if _erased(name, found):
                    continue
                expected = "what was erased"
            if name in hidden or (name.partition(".")[0] in FLATTENED and name.partition(".")[0] in hidden):
                continue
            if expected is None:
                self.add("added", what, where, name, None, found, f"{what} {where}: property {name} was added ({short(found)})")
            elif found is None:
                why = f"{what} {where}: property {name} is missing, which was {short(expected)}"
                self.add("missing", what, where, name, expected, None, why)
            else:
                why = f"{what} {where}: property {name} was changed from {short(expected)} to {short(found)}"
                self.add("changed", what, where, name, expected, found, why)

    def labels(self, what: str, where: str, has: Sequence[str]) -> None:
        if list(has) != [what]:
            text = ", ".join(sorted(has))
            self.add("changed", what, where, "labels", what, text, f"{what} {where}: its labels were changed to {text}")

    # ── relationships ─────────────────────────────────────────────────────────────────────────────────────────────────

    def rels(self, what: str, where: str, wanted: Sequence[Rel], has: Sequence[Sequence[Any]], into: bool = False) -> None:
        """Relationships that are missing, added or changed; of several between the same two, the most alike are compared."""
        self.relationships += len(has)
        there: dict[tuple[str, Any], list[Props]] = {}
        for kind, other, props in has:
            there.setdefault((kind, other), []).append(props)
        missing: list[Rel] = []
        for kind, other, expected in wanted:
            some = there.get((kind, other))
            if not some:
                missing.append((kind, other, expected))
                continue
            best = min(some, key=lambda props: self._unlike(expected, props)) if len(some) > 1 else some[0]
            some.remove(best)
            if odd(expected, best):
                self.props(kind, self._way(where, other, into), expected, best, own=())
        for kind, other, expected in missing:
            way = self._way(where, other, into)
            self.add("missing", kind, way, None, expected, None, f"{kind} {way} is missing")
        for (kind, other), some in there.items():
            for props in some:
                way = self._way(where, other, into)
                self.add("added", kind, way, None, None, dict(props), f"{kind} {way} was added: no event says so")

    @staticmethod
    def _unlike(expected: Props, props: Props) -> int:
        return sum(
            not equal(expected.get(name), normal(props.get(name)) if name in TIMES else props.get(name))
            for name in expected.keys() | props.keys()
        )

    @staticmethod
    def _way(where: str, other: Any, into: bool) -> str:
        return f"{other} → {where}" if into else f"{where} → {other}"

    # ── things ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def thing(self, wanted: Facts, found: Found) -> None:
        """Everything about one thing."""
        _, labels, props, out, into, edits = found
        where = wanted.name
        self.labels(wanted.label, where, labels)
        self.props(wanted.label, where, wanted.props, props, wanted.unsure)
        self.rels(wanted.label, where, wanted.out, out)
        if wanted.label == "Artifact":
            self._sequence(wanted, into)
        else:
            self.rels(wanted.label, where, wanted.into, into, into=True)
        self._edits(wanted, edits)

    def _sequence(self, wanted: Facts, found: Sequence[Sequence[Any]]) -> None:
        [(_, _, expected)] = wanted.into
        if not found:
            why = f"VersionSequence {wanted.name} is missing"
            self.add("missing", "VersionSequence", wanted.name, None, expected, None, why)
        for _, labels, props, degree in found:
            self.labels("VersionSequence", wanted.name, labels)
            if degree:
                why = f"VersionSequence {wanted.name} has relationships, which the ledger never wrote"
                self.add("added", "VersionSequence", wanted.name, None, None, None, why)
            self.props("VersionSequence", wanted.name, expected, props)

    def _edits(self, wanted: Facts, found: Sequence[Sequence[Any]]) -> None:
        self.relationships += len(found)
        there: dict[Any, list[Sequence[Any]]] = {}
        for edit in found:
            there.setdefault(edit[1].get("uid"), []).append(edit)
        for expected in wanted.edits:
            where = f"{expected['uid']} of {wanted.name}"
            some = there.get(expected["uid"])
            if not some:
                self.add("missing", "Edit", where, None, expected, None, f"Edit {where}, or its OF, is missing")
                continue
            labels, props, rel, degree = some.pop()
            self.labels("Edit", where, labels)
            self.props("Edit", where, expected, props, own=())
            self.props("OF", f"{where} → {wanted.name}", {}, rel, own=())
            if degree != 1:
                self.add(
                    "added", "Edit", where, None, None, None, f"Edit {where} has {degree} relationships, and one is its own"
                )
        for uid, some in there.items():
            for _, props, _, _ in some:
                if uid not in wanted.maybe:
                    where = f"{uid} of {wanted.name}"
                    self.add("added", "Edit", where, None, None, dict(props), f"Edit {where} was added: no event says so")

    def missing(self, wanted: Facts) -> None:
        why = f"{wanted.label} {wanted.name} is missing (uid {wanted.uid})"
        self.add("missing", wanted.label, wanted.name, None, wanted.uid, None, why)

    def added(self, label: str, found: Found) -> None:
        uid, _, props, out, _, _ = found
        self.relationships += len(out)
        name = props.get("name") if label != "Run" else f"{props.get('project')}/runs/{props.get('id')}"
        where = uid if label == "Question" else f"{name} (uid {uid})"
        self.add("added", label, where, None, None, dict(props), f"{label} {where} was added: no event says so")


def differences(claims: Sequence[tuple[int, Claim]], make: Callable[[Sequence[Claim]], Facts], found: Found | None) -> Differ:
    """In what a thing differs, in that order of its claims in which it differs least.

    Claims of one journal have an order. Those of two are ordered by when they were recorded, as far as the ledgers' clocks can
    be trusted: where the thing is not as that order has it, the others that the receipts leave open are tried.
    """
    best: Differ | None = None
    for order in _orders(claims):
        try:
            wanted = make(order)
        except OutOfOrder:
            continue
        differ = Differ()
        if found is None:
            differ.missing(wanted)
            return differ
        differ.thing(wanted, found)
        if best is None or len(differ.findings) < len(best.findings):
            best = differ
        if not differ.findings:
            break
    if best is None:
        best = Differ()
        name = claims[0][1][2]
        best.add("receipt", "Entry", name, None, None, None, f"{name}: its receipts contradict each other")
    return best


def _orders(claims: Sequence[tuple[int, Claim]]) -> Iterable[list[Claim]]:
    yield [claim for _, claim in claims]
    queues: dict[int, list[Claim]] = {}
    for n, claim in claims:
        queues.setdefault(n >> 40, []).append(claim)
    if len(queues) < 2 or not _open(claims):
        return
    yield list(merge(*queues.values(), key=itemgetter(0, 3)))  # as journals that wait together are taken in
    for first in range(min(len(queues), FIRSTS)):  # or with those of one journal first, as its earlier entries held it back
        keyed = ([((c[0], n != first, c[3]), c) for c in queue] for n, queue in enumerate(queues.values()))
        yield [claim for _, claim in merge(*keyed, key=itemgetter(0))]
    if len(claims) > 40:
        return
    count = 0
    pending: list[tuple[list[Claim], tuple[int, ...]]] = [([], (0,) * len(queues))]
    lists = list(queues.values())
    while pending and count < ORDERS:
        done, at = pending.pop()
        heads = [(q[i][0], k) for k, (q, i) in enumerate(zip(lists, at, strict=True)) if i < len(q)]
        if not heads:
            count += 1
            yield done
            continue
        first = min(heads)[0]
        for recorded, k in sorted(heads, reverse=True):
            if recorded == first or _near(first, recorded):
                pending.append(([*done, lists[k][at[k]]], (*at[:k], at[k] + 1, *at[k + 1 :])))


def _open(claims: Sequence[tuple[int, Claim]]) -> bool:
    """Whether two claims of two journals are so near that either may have been the first."""
    return any(a[0] >> 40 != b[0] >> 40 and _near(a[1][0], b[1][0]) for a, b in pairwise(claims))


def _near(a: str, b: str) -> bool:
    try:
        return abs((datetime.fromisoformat(b) - datetime.fromisoformat(a)).total_seconds()) <= SKEW
    except ValueError:
        return False
