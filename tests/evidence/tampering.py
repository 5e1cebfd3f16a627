"""Changes behind the ledger's back, and a world rich enough to be changed in every way.

A change is made in a transaction that is rolled back after the graph was verified in it, so one world is enough for all.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from neo4j.exceptions import ConstraintError

from lineage_graph.answers.verification import Verification
from lineage_graph.canonical import canonical, digest_of, iso
from lineage_graph.events import (
    AliasMoved,
    AliasRemoved,
    Asked,
    Edited,
    Erased,
    Event,
    Logged,
    RunFinished,
    RunStarted,
    Used,
    new_uid,
)
from lineage_graph.evidence import seals
from lineage_graph.evidence.evidence import Evidence
from lineage_graph.graph import Graph
from lineage_graph.journal import Entry, genesis, seal
from lineage_graph.ledger import Ledger
from lineage_graph.queries import Query

START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def digest(i: int) -> str:
    return f"sha256:{i:064x}"


class Journal:
    """A journal in memory, applied entry by entry."""

    def __init__(self, graph: Graph, via: str | None = None) -> None:
        self.ledger, self.uid, self.via = Ledger(graph), new_uid(), via
        self.seq, self.head = 0, genesis(self.uid)

    def next(self, *events: Event) -> Entry:
        entry = seal(self.uid, self.seq + 1, self.head, events, self.via)
        self.seq, self.head = entry.seq, entry.hash
        return entry

    def say(self, *events: Event) -> None:
        self.ledger.apply([self.next(*events)])


def rich(graph: Graph, project: str) -> tuple[Journal, Journal]:
    """Everything that can be recorded, by two journals that take turns."""
    a, b = Journal(graph), Journal(graph, via="0123456789")

    def run(name: str) -> str:
        return f"{project}/runs/{name}"

    def logged(name: str, thing: str, i: int, second: float, **more: Any) -> Logged:
        return Logged(
            run=run(name), artifact=f"{project}/{thing}", digest=digest(i), type="t", at=at(second), actor="ann", **more
        )

    a.say(
        RunStarted(
            run=run("fit"), at=at(0), name="otter", job_type="train", step="train.py", group="g", commit="ab", dirty=True,
            config={"lr": 0.1, "n": 3, "deep": {"on": True, "list": [1, 2]}}, command="train.py", description="first",
            tags=("x", "y"), environment={"PATH": "/bin"}, source_id="s1", author="ann", email="ann@example.org", host="h",
            actor="ann",
        ),
        logged("fit", "data", 1, 1, size=10, file_count=2, content="stored", metadata={"rows": 3, "k": {"m": 2}}, tags=("a",)),
        Used(run=run("fit"), artifact=f"{project}/raw", digest=digest(2), type="r", at=at(2), used_as="in", source_id="raw"),
    )  # fmt: skip
    b.say(RunStarted(run=run("worker"), at=at(3), child_of=run("fit"), retry_of=run("never"), resumed_from=run("old")))
    b.say(logged("worker", "data", 1, 0.5, description="earlier", metadata={"rows": 4}), logged("worker", "data", 3, 4))
    a.say(
        logged("fit", "data", 3, 5, aliases=("best", "prod"), description="of three"),
        Used(run=run("fit"), artifact=f"{project}/data", alias="best", at=at(6)),
        Used(run=run("fit"), artifact=f"{project}/data", number=7, at=at(6)),  # rejected
        Used(run=run("eval"), artifact=f"{project}/data", number=0, at=at(7), used_as="test"),
    )
    b.say(
        AliasMoved(artifact=f"{project}/data", alias="prod", number=0, at=at(8), actor="bob"),
        AliasRemoved(artifact=f"{project}/data", alias="best", at=at(9), actor="bob"),
        Edited(
            artifact=f"{project}/data", digest=digest(1), at=at(10), description="said anew", metadata={"z": 1}, actor="bob"
        ),
        Edited(artifact=f"{project}/data", at=at(11), description="a collection", tags=("c",)),
        Edited(run=run("fit"), at=at(12), tags=("final",), actor="bob"),
    )
    a.say(
        RunFinished(run=run("fit"), at=at(13), state="failed", exit_code=1, summary={"acc": 0.5}),
        RunStarted(run=run("fit"), role="resumed", at=at(14)),
        RunFinished(run=run("fit"), at=at(15), summary={"acc": 0.75, "loss": [0.1, 0.2]}, config={"lr": 0.2}),
    )
    b.say(RunStarted(run=run("eval"), at=at(16), config={"seed": 1}), RunFinished(run=run("eval"), at=at(17)))
    asked(a, b, project)
    erased(a, b, project)
    return a, b


def asked(a: Journal, b: Journal, project: str) -> None:
    """Questions that ran, were refused, and failed."""
    statement = {"project": project, "statement_digest": digest(50), "statement": "MATCH (n) RETURN n"}
    a.say(Asked(at=at(20), outcome="ran", rows=3, parameters_digest=digest(51), actor="ann", **statement))
    b.say(
        Asked(at=at(21), outcome="refused", reason="it writes", actor="bob", **statement),
        Asked(at=at(22), outcome="failed", reason="it was interrupted", **statement),
    )


def erased(a: Journal, b: Journal, project: str) -> None:
    """A run, a version and an artifact without what was said of them, and a person without a name."""
    secret, hidden, both = f"{project}/runs/secret", f"{project}/hidden", {"groups": ("content", "personal")}
    who: dict[str, Any] = {"actor": "eve"}
    begun = RunStarted(run=secret, at=at(23), config={"key": 1}, author="dan", host="h", **who)
    theirs = [
        RunStarted(run=f"{project}/runs/eves", at=at(24), config={"n": 1}, author="eve", email="eve@example.org", **who),
        AliasMoved(artifact=f"{project}/data", alias="gold", number=1, at=at(25), **who),
    ]
    question = Asked(at=at(26), project=project, outcome="ran", rows=1, statement_digest=digest(52), statement="s", **who)
    more: dict[str, Any] = {"artifact": hidden, "type": "t", "metadata": {"m": 1}, "description": "d", "at": at(27)}
    a.say(begun, *theirs, question, Logged(run=secret, digest=digest(60), **more, **who))
    a.say(Logged(run=secret, digest=digest(61), **more), Edited(artifact=hidden, at=at(28), description="e", **who))
    b.say(
        Erased(run=secret, reason="why", at=at(30), actor="officer", **both),
        Erased(artifact=hidden, digest=digest(60), groups=("content",), reason="why", at=at(31), actor="officer"),
    )
    b.say(
        Erased(artifact=hidden, reason="all of it", at=at(32), **both),
        Erased(events=tuple(event.uid for event in theirs), groups=("personal",), reason="asked for", at=at(33)),
        Erased(events=(question.uid,), reason="asked for", at=at(33), **both),
    )


# ── verified inside a transaction ─────────────────────────────────────────────────────────────────────────────────────────


class Inside:
    """A graph as one open transaction sees it, for `Evidence` to read and for a test to change."""

    def __init__(self, tx: Any) -> None:
        self.tx = tx

    def read(self, query: Query, timeout: float | None = None, **parameters: Any) -> list[dict[str, Any]]:
        return self.run(query.text, **parameters)

    def run(self, text: str, /, **parameters: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in self.tx.run(text, parameters)]

    def verify(self, project: str, **more: Any) -> Verification:
        return Evidence(self).verify(project=project, **more)  # type: ignore[arg-type]


@contextmanager
def inside(graph: Graph) -> Iterator[Inside]:
    """A transaction that is never committed."""
    with graph._driver.session(database=graph.database) as session, session.begin_transaction() as tx:
        try:
            yield Inside(tx)
        finally:
            tx.rollback()


SEALS = 3


def checkpoint(heads: list[list[Any]], number: int, prev: str, moment: str, signer: Any = None) -> seals.Checkpoint:
    """A checkpoint as `seal` makes it, of these journals alone: the shared graph has others' too."""
    content: dict[str, Any] = {
        "format": 1, "number": number, "at": moment, "prev": prev, "root": seals.root_of(heads),
        "journals": heads, "key": signer.public if signer else None, "certificates": signer.certificates if signer else [],
    }  # fmt: skip
    body = canonical(content)
    return seals.Checkpoint("", body.decode(), digest_of(body), signer.sign(body) if signer else None)


def sealed(inner: Inside, journals: list[str], out: Path) -> list[int]:
    """Seals these journals several times, after whatever is sealed already; the numbers. out: where the last one goes."""
    [row] = inner.read(seals.HEADS, journals=journals)
    heads = [list(head) for head in row["heads"]]
    last = inner.run("MATCH (c:Checkpoint) RETURN c.number AS number, c.hash AS hash ORDER BY number DESC LIMIT 1")
    number, prev = (last[0]["number"], last[0]["hash"]) if last else (0, seals.FIRST)
    numbers = []
    for second in range(SEALS):
        number += 1
        made = checkpoint(heads, number, prev, moment := iso(at(100 + second)))
        props = {"body": made.body, "hash": made.hash, "root": seals.root_of(heads), "prev": prev}
        inner.run(seals.KEEP.text, number=number, props=props, at=moment)
        numbers.append(number)
        prev = made.hash
    out.write_bytes(made.line())
    return numbers


@contextmanager
def tampered(graph: Graph, project: str, journals: list[str]) -> Iterator[tuple[Inside, World, Callable[[], Verification]]]:
    """A sealed world that is open for a change, and what verifies it, also against its last checkpoint."""
    with inside(graph) as inner, tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "seal.json")
        world = World(inner, project, journals, sealed(inner, journals, out))
        yield inner, world, lambda: inner.verify(project, checkpoint=out)


# ── single changes ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Place:
    """A node or a relationship of a world. tokens: what a finding about it says in its place."""

    id: str
    what: str
    tokens: tuple[str, ...]
    props: tuple[str, ...]


OURS = (
    "MATCH (n) WHERE n.project = $p OR n.artifact STARTS WITH $p + '/' OR n.journal IN $j OR (n:Journal AND n.uid IN $j)"
    " OR (n:Checkpoint AND n.number IN $c)"
    " WITH collect(n) AS some"
    " CALL (some) { UNWIND some AS n MATCH (s:VersionSequence {artifact: n.uid}) RETURN s AS one"
    " UNION UNWIND some AS n MATCH (d:Edit {of: n.uid}) RETURN d AS one UNION UNWIND some AS n RETURN n AS one }"
    " RETURN DISTINCT one AS n, elementId(one) AS id, labels(one)[0] AS what, properties(one) AS props ORDER BY id"
)


class World:
    """What there is of a project, to choose a change from."""

    def __init__(self, inner: Inside, project: str, journals: list[str], seals: list[int]) -> None:
        self.project, self.journals = project, journals
        rows = inner.run(OURS, p=project, j=journals, c=seals)
        names = {row["props"].get("uid"): self._name(row["what"], row["props"]) for row in rows}
        self.nodes = [
            Place(row["id"], row["what"], (self._name(row["what"], row["props"], names),), tuple(sorted(row["props"])))
            for row in rows
        ]
        by_id = {place.id: place for place in self.nodes}
        self.rels = [
            Place(
                row["id"], row["what"], (by_id[row["a"]].tokens if row["what"] == "OF" else (row["what"],)), tuple(row["keys"])
            )
            for row in inner.run(
                "MATCH (a)-[e]->(b) WHERE elementId(a) IN $ids RETURN elementId(e) AS id, type(e) AS what, keys(e) AS keys,"
                " elementId(a) AS a ORDER BY id",
                ids=list(by_id),
            )
        ]

    @staticmethod
    def _name(what: str, props: dict[str, Any], names: dict[Any, str] | None = None) -> str:
        """What a finding calls a node, or a part of it."""
        if what == "Run":
            return f"{props['project']}/runs/{props['id']}"
        if what == "Artifact":
            return f"{props['project']}/{props['name']}"
        if what == "Alias":
            return f"{props['artifact']}:{props['name']}"
        if what == "Entry":
            return f"entry {props['seq']}"
        if what == "VersionSequence":
            return (names or {}).get(props["artifact"], "?")
        if what == "Checkpoint":
            return f"checkpoint {props['number']}"
        if what == "Erasure":
            return f"{props['of']} by event {props['event']}"
        return str(props["uid"] if what in {"Edit", "Journal", "Question"} else props["name"])

    def of_kinds(self, chance: random.Random, *places: list[Place]) -> Place:
        """Any of them, each kind as likely as the others: of some there are few."""
        kinds: dict[str, list[Place]] = {}
        for place in chain.from_iterable(places):
            kinds.setdefault(place.what, []).append(place)
        return chance.choice(kinds[chance.choice(sorted(kinds))])


Change = Callable[[Inside, World, random.Random], tuple[str, ...]]
BY_ID = "MATCH (n) WHERE elementId(n) = $id "
EDGE = "MATCH (a)-[n]->(b) WHERE elementId(n) = $id "
OWN = {"rev", "lock"}


def _other(value: Any, chance: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice([-1, 1, 1000])
    if isinstance(value, float):
        return value * 2 + 1
    if isinstance(value, str):
        return chance.choice([value + "x", value[:-1], "other"])
    if isinstance(value, list):
        return [*value, value[0]] if value else ["new"]
    return value + timedelta(seconds=chance.choice([-1, 1, 3600]))  # a time


def _any(world: World, chance: random.Random) -> tuple[Place, str]:
    place = world.of_kinds(chance, world.nodes, world.rels)
    return place, BY_ID if place in world.nodes else EDGE


def property_set(inner: Inside, world: World, chance: random.Random) -> tuple[str, ...]:
    while True:
        place, match = _any(world, chance)
        names = [name for name in place.props if name not in OWN]
        if names:
            break
    name = chance.choice(names)
    [row] = inner.run(f"{match} RETURN n[$name] AS value", id=place.id, name=name)
    inner.run(f"{match} SET n[$name] = $value", id=place.id, name=name, value=_other(row["value"], chance))
    return _named(place, name)


def property_removed(inner: Inside, world: World, chance: random.Random) -> tuple[str, ...]:
    while True:
        place, match = _any(world, chance)
        names = [name for name in place.props if name not in OWN]
        if names:
            break
    name = chance.choice(names)
    inner.run(f"{match} SET n[$name] = null", id=place.id, name=name)
    return _named(place, name)


def property_added(inner: Inside, world: World, chance: random.Random) -> tuple[str, ...]:
    place, match = _any(world, chance)
    inner.run(f"{match} SET n.sneaked = $value", id=place.id, value=chance.choice([1, "x", True, [1]]))
    return (*place.tokens, "sneaked")


def _named(place: Place, name: str) -> tuple[str, ...]:
    """A key that changes makes another thing of it: one is missing then, and another there."""
    if place.what == "Checkpoint" and name in {"number", "body", "hash", "prev"}:
        return place.tokens if name != "number" else ("checkpoint", "missing")
    if place.what == "Erasure" and name == "event":
        return (place.tokens[0].partition(" ")[0],)
    if place.what in {"Entry", "Journal"} or name in {"uid", "artifact", "project", "of", "id", "name"}:
        return place.tokens if place.what != "Entry" or name not in {"journal", "seq"} else ("journal",)
    return (*place.tokens, name)


def label_added(inner: Inside, world: World, chance: random.Random) -> tuple[str, ...]:
    place = world.of_kinds(chance, world.nodes)
    inner.run(f"{BY_ID} SET n:Blessed", id=place.id)
    return (*place.tokens, "Blessed")


def node_added(inner: Inside, world: World, chance: random.Random) -> tuple[str, ...]:
    kinds = ["Run", "ArtifactVersion", "Artifact", "Alias", "Edit", "Question", "Erasure", "Checkpoint"]
    uid, kind = f"{chance.getrandbits(128):032x}", chance.choice(kinds)
    props = {
        "Run": {"project": world.project, "id": "ghost"},
        "ArtifactVersion": {"project": world.project, "name": f"{world.project}/data:v9", "artifact": f"{world.project}/data"},
        "Artifact": {"project": world.project, "name": "ghost"},
        "Alias": {"artifact": f"{world.project}/data", "name": "ghost"},
        "Edit": {},
        "Question": {"project": world.project, "statement": "MATCH (n) RETURN n", "outcome": "ran"},
        "Erasure": {"project": world.project, "of": uid, "event": uid, "groups": ["content"]},
        "Checkpoint": {},
    }[kind]
    if kind == "Checkpoint":
        number = 1_000_000 + chance.randrange(1_000_000)
        inner.run("CREATE (:Checkpoint {number: $number, hash: 'sha256:0'})", number=number)
        return (f"checkpoint {number}",)
    inner.run(f"CREATE (n:{kind}) SET n = $props, n.uid = $uid", props=props, uid=uid)
    if kind == "Edit":
        inner.run("MATCH (e:Edit {uid: $uid}), (r:Run {project: $p, id: 'fit'}) CREATE (e)-[:OF]->(r) SET e.of = r.uid",
                  uid=uid, p=world.project)  # fmt: skip
    return (uid, "added")


def node_deleted(inner: Inside, world: World, chance: random.Random) -> tuple[str, ...]:
    place = world.of_kinds(chance, world.nodes)
    inner.run(f"{BY_ID} DETACH DELETE n", id=place.id)
    return ("journal",) if place.what == "Entry" else place.tokens


def relationship_added(inner: Inside, world: World, chance: random.Random) -> tuple[str, ...]:
    ends = [n for n in world.nodes if n.what in {"Run", "ArtifactVersion"}]
    a, b = chance.sample(ends, 2)
    kind = chance.choice(["USED", "LOGGED", "LOGGED_BY", "CHILD_OF", "VERSION_OF", "LIKES"])
    inner.run(f"MATCH (a), (b) WHERE elementId(a) = $a AND elementId(b) = $b CREATE (a)-[:{kind} {{sneaked: 1}}]->(b)",
              a=a.id, b=b.id)  # fmt: skip
    return (kind, *a.tokens, "added")


def relationship_deleted(inner: Inside, world: World, chance: random.Random) -> tuple[str, ...]:
    place = world.of_kinds(chance, world.rels)
    inner.run(f"{EDGE} DELETE n", id=place.id)
    return (*place.tokens, "missing")


def relationship_moved(inner: Inside, world: World, chance: random.Random) -> tuple[str, ...]:
    place = world.of_kinds(chance, world.rels)
    [row] = inner.run(f"{EDGE} RETURN elementId(b) AS id, labels(b)[0] AS what", id=place.id)
    others = [n for n in world.nodes if n.what == row["what"] and n.id != row["id"]]
    other = chance.choice(others)
    inner.run(f"{EDGE} MATCH (c) WHERE elementId(c) = $other CREATE (a)-[m:{place.what}]->(c) SET m = properties(n) DELETE n",
              id=place.id, other=other.id)  # fmt: skip
    return place.tokens


def _entry(inner: Inside, world: World, chance: random.Random) -> dict[str, Any]:
    rows = inner.run(
        "MATCH (e:Entry) WHERE e.journal IN $j RETURN properties(e) AS e ORDER BY e.journal, e.seq", j=world.journals
    )
    return dict(chance.choice(rows)["e"])


ENTRY = "MATCH (n:Entry {journal: $journal, seq: $seq}) "


def body_changed(inner: Inside, world: World, chance: random.Random) -> tuple[str, ...]:
    """What an entry says; in half of the cases with a hash that fits."""
    entry = _entry(inner, world, chance)
    body = json.loads(entry["body"])
    event = chance.choice(body["events"])
    event["at"] = event["at"].replace("2026-01-05", "2026-01-04")
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    new = digest_of(text.encode()) if chance.random() < 0.5 else entry["hash"]
    inner.run(f"{ENTRY} SET n.body = $body, n.hash = $hash", journal=entry["journal"], seq=entry["seq"], body=text, hash=new)
    return (entry["journal"],)


def receipt_changed(inner: Inside, world: World, chance: random.Random) -> tuple[str, ...]:
    entry = _entry(inner, world, chance)
    receipt = json.loads(entry["receipt"])
    outcome = chance.choice(receipt["outcomes"])
    outcome["result"] = "rejected" if outcome["result"] != "rejected" else "recorded"
    text = json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    new = digest_of(text.encode()) if chance.random() < 0.5 else entry["receipt_hash"]
    inner.run(f"{ENTRY} SET n.receipt = $text, n.receipt_hash = $hash", journal=entry["journal"], seq=entry["seq"], text=text,
              hash=new)  # fmt: skip
    return (entry["journal"],)


def opening_changed(inner: Inside, world: World, chance: random.Random) -> tuple[str, ...]:
    while True:
        entry = _entry(inner, world, chance)
        openings = json.loads(entry["openings"])
        some = [o for o in openings if o]
        if some:
            break
    opening = chance.choice(some)
    opening[chance.choice(list(opening))]["value"] = {"actor": "mallory"}
    inner.run(f"{ENTRY} SET n.openings = $text", journal=entry["journal"], seq=entry["seq"], text=json.dumps(openings))
    return (entry["journal"], "openings")


def tail_cut(inner: Inside, world: World, chance: random.Random) -> tuple[str, ...]:
    """The last entry is gone; in half of the cases the journal says so too, and what it brought and its seal tell."""
    journal = chance.choice(world.journals)
    rows = inner.run("MATCH (e:Entry {journal: $j}) RETURN e.seq AS seq, e.hash AS hash, e.receipt_hash AS receipt"
                     " ORDER BY seq", j=journal)  # fmt: skip
    inner.run(f"{ENTRY} DELETE n", journal=journal, seq=rows[-1]["seq"])
    if chance.random() < 0.5:
        inner.run("MATCH (n:Journal {uid: $j}) SET n.applied = $seq, n.head = $hash, n.receipt_head = $receipt", j=journal,
                  **rows[-2])  # fmt: skip
    return (journal, "cut")


def entries_swapped(inner: Inside, world: World, chance: random.Random) -> tuple[str, ...]:
    journal = chance.choice(world.journals)
    rows = inner.run("MATCH (e:Entry {journal: $j}) RETURN e.seq AS seq, elementId(e) AS id ORDER BY seq", j=journal)
    a, b = chance.sample(rows, 2)
    for one, seq in ((a, -1), (b, a["seq"]), (a, b["seq"])):
        inner.run(f"{BY_ID} SET n.seq = $seq", id=one["id"], seq=seq)
    return (journal, f"entry {a['seq']}")


def hash_rewritten(inner: Inside, world: World, chance: random.Random) -> tuple[str, ...]:
    entry, name = _entry(inner, world, chance), chance.choice(["hash", "receipt_hash"])
    inner.run(f"{ENTRY} SET n[$name] = $hash", journal=entry["journal"], seq=entry["seq"], name=name, hash=digest_of(b"other"))
    return (entry["journal"], f"entry {entry['seq']}")


CHANGES: tuple[Change, ...] = (
    property_set, property_set, property_set, property_removed, property_removed, property_added, label_added, node_added,
    node_deleted, relationship_added, relationship_deleted, relationship_moved, body_changed, receipt_changed, opening_changed,
    tail_cut, entries_swapped, hash_rewritten,
)  # fmt: skip


def told(found: Verification, tokens: tuple[str, ...]) -> bool:
    """Whether one finding names all of it."""
    return not found.ok and any(
        all(token in " ".join(map(str, (f.kind, f.what, f.where, f.property, f.sentence))) for token in tokens)
        for f in found.findings
    )


def soak(graph: Graph, project: str, changes: int, seed: int) -> list[str]:
    """Makes so many single changes, each alone, to a world of its own; what was not found and named, if anything."""
    journals = [journal.uid for journal in rich(graph, project)]
    chance = random.Random(seed)
    with tampered(graph, project, journals) as (_, _, verify):
        assert verify().findings == ()
    missed = []
    for i in range(changes):
        change = CHANGES[i % len(CHANGES)]
        tokens = None
        while tokens is None:
            # What the server itself refuses is no change.
            with tampered(graph, project, journals) as (inner, world, verify), suppress(ConstraintError):
                tokens = change(inner, world, chance)
                found = verify()
        if not told(found, tokens):
            missed.append(f"{change.__name__} {i} (seed {seed}): {tokens} in {[f.sentence for f in found.findings][:5]}")
    return missed
