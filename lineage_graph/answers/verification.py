"""Answers about evidence: whether the record is what was written, what was sealed, and what happened to one thing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from lineage_graph.models import Frozen, Truncated

Kind = Literal["changed", "added", "missing", "chain", "receipt", "checkpoint", "hole"]


class Finding(Frozen):
    """One thing that is not as it was written.

    kind:     'changed', 'added' or 'missing': a node, a relationship or a property; 'chain' and 'receipt': an entry or its
              receipt that does not fit its hash or its neighbours; 'checkpoint': what was sealed is not there any more;
              'hole': an opening that is gone and that no event has erased.
    what:     a label ('Run') or a relationship's type ('USED'), or 'Journal', 'Entry', 'Checkpoint'.
    where:    the full name of what it is about, or its uid.
    property: the property that differs; null where it is the whole.
    expected, found: short texts of both values; null where there is none.
    sentence: all of it, for people.
    """

    kind: Kind
    what: str
    where: str
    property: str | None = None
    expected: str | None = None
    found: str | None = None
    sentence: str


class Hole(Frozen):
    """What was erased, and so cannot be compared. entry: 'JOURNAL, entry N'; event: its uid; group: 'content' or 'personal'."""

    entry: str
    event: str
    group: str


class Verification(Frozen):
    """Whether the record is what was written.

    ok:        no finding. Holes that an event accounts for are none.
    scope:     null for everything, else a project or a name.
    journals, entries, events, receipts, nodes, relationships: how many were looked at.
    findings:  what differs, in the order in which it was found.
    holes:     what was erased, the first of them; erased: how many there are.
    moving:    how many things were written about meanwhile, and not compared. Verify again for those.
    checkpoints: how many seals were compared with the chains.
    truncated: null when these are all the findings.
    """

    ok: bool
    scope: str | None
    journals: int
    entries: int
    events: int
    receipts: int
    nodes: int
    relationships: int
    checkpoints: int
    findings: tuple[Finding, ...]
    holes: tuple[Hole, ...]
    erased: int
    moving: int
    truncated: Truncated | None = None


class Sealed(Frozen):
    """A checkpoint: how far every journal was, signed.

    number: from 1. at: when, UTC. journals, entries: what it covers. root: the Merkle root over the journals. prev: the hash of
    the checkpoint before it. hash: of its own text. key: the public key's fingerprint; null without a signature. file: where
    it was written to.
    """

    number: int
    at: datetime
    journals: int
    entries: int
    root: str
    prev: str
    hash: str
    key: str | None
    file: str | None


class TrailStep(Frozen):
    """One thing that happened, with its evidence.

    at: when it happened; recorded_at: when the graph learnt of it. who: who says so. kind: of event. what: a sentence.
    via: the token by which it came, where a service took it in.
    run, version: whom it is about. result: 'recorded', 'repeated' or 'rejected'; reason: why it was rejected.
    event: its uid. journal, seq, hash: the entry that says so.
    """

    at: datetime
    recorded_at: datetime | None
    who: str | None
    kind: str
    what: str
    run: str | None
    version: str | None
    result: str
    reason: str | None
    event: str
    journal: str
    seq: int
    hash: str
    via: str | None = None


class Trail(Frozen):
    """Everything that happened to a version, a run or an artifact, in the order in which it happened."""

    name: str
    steps: tuple[TrailStep, ...]
    truncated: Truncated | None = None


def short(value: Any) -> str:
    """A value as a short text: whole where it is short, else its beginning and its digest."""
    from lineage_graph.canonical import digest_of

    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 100 else f"{text[:60]}… ({digest_of(text.encode('utf-8', 'backslashreplace'))[:19]})"
