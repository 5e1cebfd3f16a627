"""Checkpoints: how far every journal was, under one Merkle root, chained, and signed where there is a key.

A checkpoint is one JSON object in canonical form; the graph keeps it, and as a file it can be kept where nobody who can write
the graph can write. What was sealed cannot be rewritten or cut any more without a checkpoint telling.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lineage_graph.answers.verification import Finding, Sealed, short
from lineage_graph.canonical import canonical, digest_of, iso
from lineage_graph.errors import CheckpointProblem
from lineage_graph.events import now
from lineage_graph.evidence import keys, merkle
from lineage_graph.evidence.times import normal
from lineage_graph.graph import Graph
from lineage_graph.queries import get

FORMAT = 1
FIRST = digest_of(b"lineage-graph checkpoints")  # what the first one names as the hash before it
PAGE = 10
HEADS, CHECKPOINTS, KEEP = get("evidence/heads"), get("evidence/checkpoints"), get("record/checkpoint")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as it is kept. where: what to call it in a message."""

    where: str
    body: str
    hash: str
    signature: str | None

    def line(self) -> bytes:
        return canonical({"checkpoint": json.loads(self.body), "hash": self.hash, "signature": self.signature}) + b"\n"

    def content(self) -> dict[str, Any]:
        value = json.loads(self.body)
        if not isinstance(value, dict) or not isinstance(value.get("journals"), list):
            raise ValueError("it is no checkpoint")
        return value


def root_of(journals: Sequence[Sequence[Any]]) -> str:
    """The Merkle root over the journals' heads."""
    return "sha256:" + merkle.root([merkle.leaf(canonical(list(head))) for head in journals]).hex()


def load(path: Path) -> Checkpoint:
    """A checkpoint from its file. Raises CheckpointProblem."""
    try:
        value = json.loads(path.read_bytes())
        body = canonical(value["checkpoint"]).decode()
        found = Checkpoint(str(path), body, str(value["hash"]), value["signature"])
        found.content()
        if value["checkpoint"]["format"] > FORMAT:
            raise CheckpointProblem(path, "a newer lineage-graph wrote it; upgrade this one")
    except OSError as error:
        raise CheckpointProblem(path, f"it cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointProblem(path, f"it is no checkpoint ({error}); give a file that `audit seal --out` wrote") from None
    return found


def seal(graph: Graph, key: Path | None, out: Path | None) -> Sealed:
    """Seals every journal as far as it is. Raises CheckpointProblem, ExtraMissing, GraphProblem."""
    signer = keys.load_private(key) if key is not None else None
    if out is not None and out.exists():
        raise CheckpointProblem(out, "it is there already; give a name of its own, as every checkpoint is worth keeping")
    [row] = graph.read(HEADS, journals=None)
    journals = [list(head) for head in row["heads"] if head[1]]
    while True:
        last = _last(graph)
        at = now()
        number = last[0] + 1
        content: dict[str, Any] = {
            "format": FORMAT,
            "number": number,
            "at": iso(at),
            "prev": last[1],
            "root": root_of(journals),
            "journals": journals,
            "key": signer.public if signer else None,
            "certificates": signer.certificates if signer else [],
        }
        body = canonical(content)
        signature = signer.sign(body) if signer else None
        made = Checkpoint(f"checkpoint {number}", body.decode(), digest_of(body), signature)
        props = {
            "body": made.body,
            "hash": made.hash,
            "root": content["root"],
            "prev": last[1],
            "key": keys.fingerprint(signer.public) if signer else None,
            "signature": signature,
        }
        if graph.write_once([(KEEP, {"number": number, "props": props, "at": iso(at)})], KEEP.name) is not None:
            break
    if out is not None:
        try:
            out.write_bytes(made.line())
        except OSError as error:
            raise CheckpointProblem(
                out, f"it cannot be written ({error.strerror}); checkpoint {number} is in the graph"
            ) from None
    return Sealed(
        number=number,
        at=at,
        journals=len(journals),
        entries=sum(head[1] for head in journals),
        root=content["root"],
        prev=last[1],
        hash=made.hash,
        key=props["key"],
        file=str(out) if out is not None else None,
    )


def _last(graph: Graph) -> tuple[int, str]:
    """(number, hash) of the last checkpoint."""
    number, found = 0, FIRST
    while rows := graph.read(CHECKPOINTS, after=number, limit=PAGE):
        number, found = rows[-1]["number"], str(rows[-1]["properties"].get("hash"))
    return number, found


@dataclass
class Marks:
    """What checkpoints say of journals, to be compared with their chains.

    public: the key that signatures must lead to; None: a signature must only be that of the key which it names.
    """

    public: keys.Public | None = None
    count: int = 0
    findings: list[Finding] = field(default_factory=list)
    _kept: dict[int, str] = field(default_factory=dict)
    _marks: dict[str, dict[int, dict[tuple[str, str], str]]] = field(default_factory=dict)

    def read(self, graph: Graph) -> None:
        """Takes in the graph's own checkpoints, each checked and chained to the one before."""
        number, prev = 0, FIRST
        while rows := graph.read(CHECKPOINTS, after=number, limit=PAGE):
            for row in rows:
                props: Mapping[str, Any] = row["properties"]
                where = f"checkpoint {row['number']}"
                if row["number"] != number + 1:
                    self._say(where, f"checkpoint {number + 1} is missing before it", kind="missing")
                number = row["number"]
                made = Checkpoint(where, str(props.get("body")), str(props.get("hash")), props.get("signature"))
                if row["labels"] != ["Checkpoint"]:
                    labels = ", ".join(row["labels"])
                    self._say(where, f"its labels were changed to {labels}", "labels", "Checkpoint", labels)
                if row["degree"]:
                    self._say(where, f"{row['degree']} relationships hang on it, which nobody sealed")
                content = self.add(made)
                prev = self._fits(made, content, props, prev)
                self._kept[number] = made.hash

    def _fits(self, made: Checkpoint, content: Mapping[str, Any] | None, props: Mapping[str, Any], prev: str) -> str:
        if content is not None:
            if content.get("prev") != prev:
                self._say(made.where, "it does not follow the checkpoint before it", "prev", prev, content.get("prev"))
            beside = {"number": content.get("number"), "prev": content.get("prev"), "root": content.get("root")}
            beside |= {"key": keys.fingerprint(content["key"]) if content.get("key") else None}
            for name, value in beside.items():
                if props.get(name) != value:
                    self._say(made.where, f"its {name} is not what it was sealed with", name, value, props.get(name))
            at = normal(props.get("at"))
            if at != content.get("at"):
                self._say(made.where, "its at is not what it was sealed with", "at", content.get("at"), at)
        for name in props.keys() - {"number", "at", "body", "hash", "root", "prev", "key", "signature"}:
            self._say(made.where, f"property {name} was added", name, None, props[name])
        return made.hash

    def add(self, made: Checkpoint) -> Mapping[str, Any] | None:
        """Takes in one checkpoint; its content where it can be read."""
        self.count += 1
        real = digest_of(made.body.encode("utf-8", "surrogatepass"))
        if real != made.hash:
            self._say(made.where, "its text or its hash was changed, as they do not agree", "hash", real, made.hash)
        try:
            content = made.content()
            journals = [(str(uid), int(seq), str(head), str(receipt)) for uid, seq, head, receipt in content["journals"]]
        except (ValueError, TypeError):
            self._say(made.where, "it cannot be read as a checkpoint")
            return None
        if root_of(content["journals"]) != content.get("root"):
            self._say(
                made.where, "its root is not that of its journals", "root", root_of(content["journals"]), content.get("root")
            )
        why = keys.wrong(content, made.body.encode("utf-8", "surrogatepass"), made.signature, self.public)
        if why is not None:
            self._say(made.where, why, "signature", None, made.signature)
        for uid, seq, head, receipt in journals:
            self._marks.setdefault(uid, {}).setdefault(seq, {})[head, receipt] = made.where
        return content

    def keeps(self, given: Checkpoint) -> None:
        """A checkpoint from outside must be the graph's own, where the graph has the one that was sealed before it."""
        try:
            number, prev = given.content()["number"], given.content()["prev"]
        except (ValueError, KeyError):
            return  # it was said when it was added
        if self._kept.get(number - 1) == prev and self._kept.get(number) != given.hash:
            self._say(f"checkpoint {number}", f"it is not in the graph as it is in {given.where}", "hash", given.hash,
                      self._kept.get(number), kind="changed" if number in self._kept else "missing")  # fmt: skip

    def wanted(self, uid: str) -> dict[int, tuple[str, str] | None]:
        """The entries of a journal whose hashes are to be compared."""
        return dict.fromkeys(self._marks.get(uid, ()))

    def compare(self, uid: str, last: int, seen: Mapping[int, tuple[str, str] | None]) -> None:
        for seq, sealed in sorted(self._marks.get(uid, {}).items()):
            for (head, receipt), where in sealed.items():
                has = seen.get(seq)
                if has is None:
                    why = f"journal {uid} was sealed up to entry {seq}, and ends at entry {last}: it was cut"
                    self._say(where, why, "seq", seq, last)
                elif has[0] != head:
                    why = f"journal {uid} was rewritten: entry {seq} is not the one that was sealed"
                    self._say(where, why, "hash", head, has[0])
                elif has[1] != receipt:
                    why = f"the receipts of journal {uid} were rewritten: that of entry {seq} is not the one that was sealed"
                    self._say(where, why, "receipt_hash", receipt, has[1])

    def gone(self, there: set[str]) -> None:
        """Journals that were sealed and are not there at all."""
        for uid in sorted(self._marks.keys() - there):
            for seq, sealed in self._marks[uid].items():
                for where in sealed.values():
                    self._say(where, f"journal {uid} was sealed up to entry {seq}, and is not there any more", "journal", uid)

    def _say(
        self, where: str, why: str, name: str | None = None, expected: Any = None, found: Any = None, kind: Any = "checkpoint"
    ) -> None:
        self.findings.append(
            Finding(
                kind=kind,
                what="Checkpoint",
                where=where,
                property=name,
                expected=None if expected is None else short(expected),
                found=None if found is None else short(found),
                sentence=f"{where}: {why}",
            )
        )
