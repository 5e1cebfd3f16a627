"""Nothing recorded can be changed unnoticed: every kind of change is found and named, and what is whole is found whole."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from lineage_graph.canonical import digest_of
from lineage_graph.errors import NotRecorded, ParameterWrong
from lineage_graph.events import Edited, Logged, RunStarted
from lineage_graph.evidence.evidence import Evidence
from lineage_graph.graph import Graph
from tests import worlds
from tests.evidence import tampering
from tests.evidence.tampering import ENTRY, Inside, Journal, at, digest, inside, rich, soak

CHANGES = int(os.environ.get("LINEAGE_GRAPH_TAMPERINGS", "54"))
SEED = int(os.environ.get("LINEAGE_GRAPH_SEED", "20260105"))


@pytest.fixture(scope="module")
def world(graph: Graph) -> tuple[str, list[str]]:
    """A project with everything that can be recorded, and its journals."""
    import uuid

    name = f"t{uuid.uuid4().hex[:12]}"
    return name, [journal.uid for journal in rich(graph, name)]


@pytest.fixture
def open_(graph: Graph) -> Iterator[Inside]:
    with inside(graph) as inner:
        yield inner


# ── what is whole ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_written_verifies(graph: Graph, world: tuple[str, list[str]]) -> None:
    seen: list[tuple[int, int]] = []
    found = Evidence(graph).verify(project=world[0], progress=lambda done, total: seen.append((done, total)))
    assert found.findings == () and found.ok and found.truncated is None and found.moving == 0
    assert (found.journals, found.entries, found.events, found.receipts) == (2, 13, 35, 13)
    assert found.scope == world[0] and found.erased == len(found.holes) > 8
    assert seen == sorted(seen) and seen[-1][0] <= seen[-1][1]


@pytest.mark.parametrize(
    "made",
    [worlds.one_model(), worlds.two_heads(), worlds.loop(), worlds.cycle(), worlds.wide_sweep(30), worlds.woods(250)],
    ids=["one model", "two heads", "loop", "cycle", "sweep", "woods"],
)
def test_worlds_verify(graph: Graph, project: str, made: worlds.World) -> None:
    worlds.record(graph, project, made)
    found = Evidence(graph).verify(project=project)
    assert found.findings == () and found.nodes > len(made.steps)


def test_writers_at_the_same_moment_leave_a_record_that_verifies(graph: Graph, project: str) -> None:
    """Whatever order they came in: they say different things of the same versions."""

    def write(n: int) -> None:
        journal = Journal(graph)
        for i in range(12):
            run = f"{project}/runs/r{n}-{i}"
            thing: dict[str, Any] = {"run": run, "artifact": f"{project}/shared", "type": "t", "digest": digest(i)}
            journal.say(RunStarted(run=run, at=at(i), child_of=f"{project}/runs/parent"))
            journal.say(Logged(**thing, at=at(100 - n + i), size=n or None, metadata={"n": n}, description=f"by {n}"))
            journal.say(Edited(artifact=f"{project}/shared", at=at(200 + n), description=f"edited by {n}"))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = Evidence(graph).verify(project=project)
    assert [f.sentence for f in found.findings] == []


def test_verifying_while_others_write_raises_no_alarm(graph: Graph, project: str) -> None:
    stop = threading.Event()

    def write() -> None:
        journal, i = Journal(graph), 0
        while not stop.is_set():
            i += 1
            run = f"{project}/runs/r{i}"
            journal.say(RunStarted(run=run), Logged(run=run, artifact=f"{project}/a", digest=digest(i), type="t"))

    Journal(graph).say(RunStarted(run=f"{project}/runs/first"))
    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(3):
            found = Evidence(graph).verify(project=project)
            assert [f.sentence for f in found.findings] == []
    finally:
        stop.set()
        thread.join()


def test_by_whose_token_it_came_cannot_be_changed(world: tuple[str, list[str]], open_: Inside) -> None:
    """Not even by who makes the receipt's hash, and the journal's head, fit again."""
    project, (_, journal) = world
    [last] = open_.run("MATCH (n:Entry {journal: $j}) RETURN n {.*} AS e ORDER BY n.seq DESC LIMIT 1", j=journal)
    receipt = json.loads(last["e"]["receipt"])
    assert receipt["via"] == json.loads(last["e"]["body"])["via"] == "0123456789"
    for other in ({**receipt, "via": "somebody"}, {k: v for k, v in receipt.items() if k != "via"}):
        text = json.dumps(other, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        new = digest_of(text.encode())
        open_.run(f"{ENTRY} SET n.receipt = $text, n.receipt_hash = $hash", journal=journal, seq=last["e"]["seq"], text=text,
                  hash=new)  # fmt: skip
        open_.run("MATCH (n:Journal {uid: $j}) SET n.receipt_head = $hash", j=journal, hash=new)
        [found] = open_.verify(project).findings
        assert (found.kind, found.property, found.expected) == ("receipt", "receipt.via", "0123456789"), found


def test_one_name_is_verified_alone(graph: Graph, world: tuple[str, list[str]]) -> None:
    project = world[0]
    ask = Evidence(graph, project)
    assert ask.verify("data:v0").ok and ask.verify("data:prod").scope == f"{project}/data:v0"
    assert ask.verify(f"{project}/runs/fit").ok
    with inside(graph) as inner:
        inner.run("MATCH (v:ArtifactVersion {name: $n}) SET v.size = 11", n=f"{project}/data:v0")
        inside_it = Evidence(inner, project)  # type: ignore[arg-type]
        [finding] = inside_it.verify("data:v0").findings
        assert (finding.kind, finding.property, finding.expected, finding.found) == ("changed", "size", "10", "11")
        assert inside_it.verify("data:v1").ok and inside_it.verify(f"{project}/runs/fit").ok
        inner.run("MATCH (v:ArtifactVersion {name: $n}) DETACH DELETE v", n=f"{project}/data:v0")
        assert "missing" in {f.kind for f in inside_it.verify("data:v0").findings}
    with pytest.raises(NotRecorded):
        ask.verify("nothing:v0")
    with pytest.raises(NotRecorded):
        ask.verify(f"{project}/runs/nothing")


def test_an_unknown_project_is_said(graph: Graph) -> None:
    with pytest.raises(NotRecorded):
        Evidence(graph).verify(project="nobody-has-this")
    with pytest.raises(ParameterWrong):
        Evidence(graph).verify(limit=0)


# ── what was changed ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_single_change_is_found_and_named(graph: Graph, project: str) -> None:
    """A part of what `make soak` does; LINEAGE_GRAPH_TAMPERINGS and LINEAGE_GRAPH_SEED say how many, and which."""
    missed = soak(graph, project, CHANGES, SEED)
    assert not missed, "\n".join(missed)


def test_every_property_of_a_run_and_a_version_is_compared(open_: Inside, world: tuple[str, list[str]]) -> None:
    project = world[0]
    for label in ("Run", "ArtifactVersion", "Artifact", "Question", "Erasure"):
        rows = open_.run(
            f"MATCH (n:{label} {{project: $p}}) UNWIND keys(n) AS k WITH n, k WHERE NOT k IN $own"
            " RETURN elementId(n) AS id, k, properties(n)[k] AS v ORDER BY k LIMIT 200",
            p=project, own=["rev", "lock", "project", "uid"],
        )  # fmt: skip
        changed = {row["k"] for row in rows}
        [one] = open_.run(f"MATCH (n:{label} {{project: $p}}) RETURN count(n) AS n", p=project)
        assert one["n"]
        for row in rows:
            open_.run("MATCH (n) WHERE elementId(n) = $id SET n[$k] = 'other'", id=row["id"], k=f"also {row['k']}")
        found = open_.verify(project)
        assert {f"also {name}" for name in changed} <= {f.property for f in found.findings}
        for row in rows:
            open_.run("MATCH (n) WHERE elementId(n) = $id SET n[$k] = null", id=row["id"], k=f"also {row['k']}")
    assert open_.verify(project).ok


def test_a_question_is_what_was_asked(open_: Inside, world: tuple[str, list[str]]) -> None:
    asked = "MATCH (q:Question {project: $p, outcome: 'ran'}) WHERE q.parameters_digest IS NOT NULL"
    [row] = open_.run(f"{asked} RETURN q.uid AS uid, keys(q) AS keys", p=world[0])
    for name in row["keys"]:
        open_.run("MATCH (q:Question {uid: $uid}) SET q['was ' + $k] = q[$k], q[$k] = 'other'", uid=row["uid"], k=name)
        uid = "other" if name == "uid" else row["uid"]
        told = {(f.kind, f.what, f.where, f.property) for f in open_.verify(world[0]).findings}
        whole = ("missing", "Question", row["uid"], None)
        assert (whole if name in {"uid", "project"} else ("changed", "Question", uid, name)) in told, (name, told)
        open_.run(
            "MATCH (q:Question {uid: $uid}) WITH q, q['was ' + $k] AS was SET q[$k] = was, q['was ' + $k] = null",
            uid=uid,
            k=name,
        )
    open_.run(
        "MATCH (q:Question {uid: $uid}), (r:Run {project: $p, id: 'fit'}) CREATE (q)-[:LIKES]->(r)", uid=row["uid"], p=world[0]
    )
    assert ("added", "LIKES") in {(f.kind, f.what) for f in open_.verify(world[0]).findings}


def test_a_question_that_is_gone_is_missing(open_: Inside, world: tuple[str, list[str]]) -> None:
    [row] = open_.run("MATCH (q:Question {project: $p, rows: 3}) WITH q, q.uid AS uid DELETE q RETURN uid", p=world[0])
    [finding] = open_.verify(world[0]).findings
    assert (finding.kind, finding.what, finding.where) == ("missing", "Question", row["uid"])


@pytest.mark.parametrize(
    ("what", "name", "value"),
    [
        ("MATCH (n:Question {project: $p, rows: 1})", "actor", "eve"),
        ("MATCH (n:Question {project: $p, rows: 1})", "statement", "MATCH (n) RETURN n"),
        ("MATCH (n:Run {project: $p, id: 'secret'})", "author", "dan"),
        ("MATCH (n:Run {project: $p, id: 'secret'})", "config.key", 1),
        ("MATCH (n:Run {project: $p, id: 'eves'})", "email", "eve@example.org"),
        ("MATCH (n:ArtifactVersion {name: $p + '/hidden:v0'})", "description", "d"),
        ("MATCH (n:ArtifactVersion {name: $p + '/hidden:v1'})", "content", "stored"),
        ("MATCH (n:Artifact {project: $p, name: 'hidden'})", "description", "e"),
        ("MATCH (n:Edit)-[:OF]->(:Artifact {project: $p, name: 'hidden'})", "values", '{"description":"e"}'),
        ("MATCH (n:Edit)-[:OF]->(:Artifact {project: $p, name: 'hidden'})", "actor", "eve"),
        ("MATCH (:Alias {name: 'gold', artifact: $p + '/data'})-[n:MOVED]->()", "actor", "eve"),
        ("MATCH (n:Erasure {project: $p}) WHERE n.label = 'Event' WITH n LIMIT 1", "project", "another"),
        ("MATCH (n:Erasure {project: $p}) WHERE n.label = 'Event' WITH n LIMIT 1", "name", "whose"),
    ],
)  # fmt: skip
def test_what_was_erased_and_is_written_back_is_found(
    open_: Inside, world: tuple[str, list[str]], what: str, name: str, value: Any
) -> None:
    [row] = open_.run(f"{what} SET n[$name] = $value RETURN count(n) AS n", p=world[0], name=name, value=value)
    [finding] = open_.verify(world[0]).findings
    assert row["n"] == 1 and (finding.property, finding.found) == (name, str(value)), finding


def test_a_number_of_another_type_is_another_value(open_: Inside, world: tuple[str, list[str]]) -> None:
    open_.run("MATCH (r:Run {project: $p, id: 'eval'}) SET r.`config.seed` = 1.0", p=world[0])
    [finding] = open_.verify(world[0]).findings
    assert (finding.property, finding.expected, finding.found) == ("config.seed", "1", "1.0")


def test_a_time_written_as_text_is_another_value(open_: Inside, world: tuple[str, list[str]]) -> None:
    open_.run("MATCH (r:Run {project: $p, id: 'fit'}) SET r.started_at = toString(r.started_at)", p=world[0])
    [finding] = open_.verify(world[0]).findings
    assert finding.property == "started_at" and "STRING" in str(finding.found)


def test_a_node_without_a_key_is_found(open_: Inside, world: tuple[str, list[str]]) -> None:
    open_.run("CREATE (:Run {project: $p, id: 'ghost'})", p=world[0])
    [finding] = open_.verify(world[0]).findings
    assert finding.kind == "added" and "no uid" in finding.sentence


def test_a_chain_that_was_rewritten_to_its_end_still_tells(open_: Inside, world: tuple[str, list[str]]) -> None:
    """All hashes fit again, and the facts do not."""
    project, (journal, _) = world
    rewrite(open_, journal, lambda event: event.update(at="2026-01-04T08:00:00.000000Z"))
    found = open_.verify(project)
    assert {f.kind for f in found.findings} == {"changed"} and {"started_at"} <= {f.property for f in found.findings}


def rewrite(inner: Inside, journal: str, change: Any) -> None:
    """Changes a journal's first event and every hash after it, receipts too, so that the chain is whole again."""
    from lineage_graph.journal import genesis

    head = receipt_head = genesis(journal)
    for row in inner.run("MATCH (e:Entry {journal: $j}) RETURN properties(e) AS e ORDER BY e.seq", j=journal):
        entry, body, receipt = row["e"], json.loads(row["e"]["body"]), json.loads(row["e"]["receipt"])
        if entry["seq"] == 1:
            change(body["events"][0])
        body["prev"] = head
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        head = digest_of(text.encode())
        receipt |= {"entry": head, "prev": receipt_head}
        told = json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        receipt_head = digest_of(told.encode())
        inner.run(f"{ENTRY} SET n.body = $body, n.hash = $hash, n.receipt = $receipt, n.receipt_hash = $told", journal=journal,
                  seq=entry["seq"], body=text, hash=head, receipt=told, told=receipt_head)  # fmt: skip
    inner.run("MATCH (j:Journal {uid: $j}) SET j.head = $h, j.receipt_head = $r", j=journal, h=head, r=receipt_head)


def test_an_opening_that_no_event_erased_is_found(open_: Inside, world: tuple[str, list[str]]) -> None:
    project, (journal, _) = world
    [row] = open_.run("MATCH (e:Entry {journal: $j, seq: 1}) RETURN e.openings AS o", j=journal)
    openings = json.loads(row["o"])
    del openings[0]["personal"]
    open_.run(f"{ENTRY} SET n.openings = $o", journal=journal, seq=1, o=json.dumps(openings))
    open_.run("MATCH (r:Run {project: $p, id: 'fit'}) REMOVE r.author, r.email, r.host", p=project)
    found = open_.verify(project)
    assert found.holes[0].group == "personal" and found.holes[0].entry == f"{journal}, entry 1"
    [finding] = found.findings
    assert finding.kind == "hole" and "no event erased it" in finding.sentence


def test_findings_come_in_pages(open_: Inside, world: tuple[str, list[str]]) -> None:
    open_.run("MATCH (r:Run {project: $p}) SET r.sneaked = 1", p=world[0])
    whole = open_.verify(world[0])
    first = open_.verify(world[0], limit=2)
    assert first.truncated is not None and first.truncated.cursor == "2" and not first.ok
    rest = open_.verify(world[0], after=first.truncated.cursor)
    assert first.findings + rest.findings == whole.findings and rest.truncated is None


@pytest.mark.parametrize("change", dict.fromkeys(tampering.CHANGES), ids=lambda c: c.__name__)
def test_a_kind_of_change_is_found(graph: Graph, world: tuple[str, list[str]], change: tampering.Change) -> None:
    import random

    with tampering.tampered(graph, *world) as (inner, there, verify):
        tokens = change(inner, there, random.Random(1))
        found = verify()
        assert tampering.told(found, tokens), (tokens, [f.sentence for f in found.findings])
