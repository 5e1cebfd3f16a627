"""Journals into a real graph: numbers, receipts, races, and what is refused."""

from __future__ import annotations

import json
import multiprocessing
import random
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lineage_graph import queries
from lineage_graph.canonical import digest_of
from lineage_graph.errors import JournalProblem
from lineage_graph.events import AliasMoved, AliasRemoved, Edited, Event, Logged, RunFinished, RunStarted, Used, new_uid
from lineage_graph.graph import Clash, Graph
from lineage_graph.journal import Entry, Journal, genesis, read, seal
from lineage_graph.ledger import Ledger, Receipt, writer
from lineage_graph.names import parse_artifact, parse_run
from lineage_graph.queries import Query

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
WRITERS, OWN, SHARED = 32, 3, 4


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def digest(i: int) -> str:
    return f"sha256:{i:064x}"


def rows(graph: Graph, text: str, **parameters: Any) -> list[dict[str, Any]]:
    """What a query of the test's own finds."""
    query = Query("test", "test", text, "?", "", {p: queries.Declared(p, "ANY", "") for p in parameters}, (), (), {}, None)
    return graph.read(query, **parameters)


class Writer:
    """A journal in memory and the ledger that applies it. via: the token that its events come by."""

    via: str | None = None

    def __init__(self, graph: Graph, project: str, ledger: Ledger | None = None) -> None:
        self.ledger = ledger or Ledger(graph)
        self.project, self.journal = project, new_uid()
        self.entries: list[Entry] = []
        self.receipts: list[Receipt] = []

    def append(self, *events: Event) -> Entry:
        last = self.entries[-1] if self.entries else None
        entry = seal(self.journal, len(self.entries) + 1, last.hash if last else genesis(self.journal), events, self.via)
        self.entries.append(entry)
        return entry

    def say(self, *events: Event) -> list[dict[str, Any]]:
        """Applies one entry with these events and returns their outcomes."""
        self.ledger.apply([self.append(*events)], self.receipts.extend)
        return list(self.receipts[-1].outcomes)

    def run(self, name: str = "r") -> str:
        return f"{self.project}/runs/{name}"

    def logged(self, i: int, seconds: float = 0, run: str = "r", **more: Any) -> Logged:
        return Logged(run=self.run(run), artifact=f"{self.project}/a", digest=digest(i), type="t", at=at(seconds), **more)

    def used(self, seconds: float = 0, run: str = "q", **how: Any) -> Used:
        return Used(run=self.run(run), artifact=f"{self.project}/a", at=at(seconds), **how)


@pytest.fixture
def w(graph: Graph, project: str) -> Writer:
    return Writer(graph, project)


def version(graph: Graph, w: Writer, number: int) -> dict[str, Any]:
    [row] = graph.read(queries.get("lineage/version"), version=f"{w.project}/a:v{number}")
    return dict(row["version"])


def alias(graph: Graph, w: Writer, name: str) -> str | None:
    found = graph.read(queries.get("lineage/alias_at"), artifact=f"{w.project}/a", alias=name, at=None, known_at=None)
    return str(found[0]["version"]["name"]).rpartition(":")[2] if found else None


def mirrors(graph: Graph, project: str) -> None:
    [row] = rows(
        graph,
        "MATCH (r:Run {project: $project})"
        " RETURN sum(COUNT { (r)-[:LOGGED]->() }) AS made, sum(COUNT { (r)<-[:LOGGED_BY]-() }) AS by,"
        " sum(COUNT { (r)-[l:LOGGED]->(v)-[b:LOGGED_BY]->(r) WHERE l.at = b.at AND l.recorded_at = b.recorded_at }) AS both",
        project=project,
    )
    assert row["made"] == row["by"] == row["both"]


# ── what is written ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_as_it_was_told(graph: Graph, w: Writer) -> None:
    w.say(
        RunStarted(run=w.run(), name="brave", config={"lr": 0.1, "opt": {"n": [1, 2]}}, tags=("x",), author="me", at=at(0)),
        w.logged(1, 1, size=3, metadata={"m": 1}, aliases=("gold",)),
        w.used(2, run="r", alias="latest", used_as="input"),
        RunFinished(run=w.run(), summary={"acc": 0.9}, exit_code=0, at=at(3)),
    )
    [row] = rows(graph, "MATCH (r:Run {uid: $uid}) RETURN properties(r) AS run", uid=parse_run(w.run()).uid)
    run = row["run"]
    assert (run["name"], run["config.lr"], run["config.opt.n"], run["summary.acc"]) == ("brave", 0.1, [1, 2], 0.9)
    assert (run["state"], run["tags"], run["exit_code"], run["author"]) == ("finished", ["x"], 0, "me") and "stub" not in run
    assert run["ended_at"].to_native() == at(3) and json.loads(run["config"]) == {"lr": 0.1, "opt": {"n": [1, 2]}}
    found = version(graph, w, 0)
    assert (found["size"], found["metadata.m"], sorted(found["aliases"])) == (3, 1, ["gold", "latest"])
    [edge] = rows(
        graph,
        "MATCH (:Run {uid: $uid})-[u:USED]->(v)"
        " RETURN u.used_as AS used_as, u.asked AS asked, u.at = $at AS at, v.name AS name",
        uid=parse_run(w.run()).uid,
        at=at(2),
    )
    assert edge == {"used_as": "input", "asked": "latest", "at": True, "name": f"{w.project}/a:v0"}
    mirrors(graph, w.project)


def test_receipts_are_chained_and_the_graph_keeps_them(graph: Graph, w: Writer) -> None:
    w.say(w.logged(1))
    assert [o["result"] for o in w.say(w.logged(2), w.used(number=7), w.logged(3))] == ["recorded", "rejected", "recorded"]
    assert [o["result"] for o in w.say(Logged(run=w.run(), artifact=f"{w.project}/a", digest=digest(4), type="u"))] == [
        "rejected"
    ]
    previous = genesis(w.journal)
    for entry, receipt in zip(w.entries, w.receipts, strict=True):
        body = json.loads(receipt.body)
        assert receipt.hash == digest_of(receipt.body.encode()) and body["prev"] == previous and body["entry"] == entry.hash
        assert body["recorded_at"] == receipt.recorded_at and tuple(body["outcomes"]) == receipt.outcomes
        previous = receipt.hash
    assert w.ledger.receipts(w.journal, 0, 9) == w.receipts and w.ledger.receipts(w.journal, 1, 2) == w.receipts[1:2]
    kept = rows(
        graph,
        "MATCH (e:Entry {journal: $j}) RETURN e.body AS body, e.rejected AS rejected, e.openings AS o ORDER BY e.seq",
        j=w.journal,
    )
    assert [k["body"].encode() for k in kept] == [e.body for e in w.entries] and [k["o"] for k in kept] == [
        e.openings_text for e in w.entries
    ]
    assert [k["rejected"] for k in kept] == [None, 1, 1]
    assert w.ledger.applied([w.journal, new_uid()]) == {w.journal: (3, w.entries[-1].hash)}
    assert abs((datetime.fromisoformat(w.receipts[-1].recorded_at) - datetime.now(UTC)).total_seconds()) < 60


@pytest.mark.parametrize("remembering", [False, True])
def test_two_clocks_of_an_alias(graph: Graph, w: Writer, remembering: bool) -> None:
    def say(*events: Event) -> list[dict[str, Any]]:
        if not remembering:
            w.ledger = Ledger(graph)
        return w.say(*events)

    name = f"{w.project}/a"
    say(w.logged(1, 0), w.logged(2, 1), AliasMoved(artifact=name, alias="best", number=1, at=at(20)))
    say(AliasMoved(artifact=name, alias="best", digest=digest(1), at=at(10)))
    assert (alias(graph, w, "best"), alias(graph, w, "latest")) == ("v1", "v1")
    assert [o["version"][-2:] for o in say(w.used(15, alias="best"), w.used(25, alias="best"))] == ["v0", "v1"]
    say(w.logged(1, 9, run="again"))
    assert alias(graph, w, "latest") == "v0" and version(graph, w, 0)["aliases"] == ["latest"]
    assert version(graph, w, 1)["aliases"] == ["best"]
    assert say(w.used(30, run="z", prefix=digest(2)))[0]["version"].endswith(":v1")
    say(AliasRemoved(artifact=name, alias="best", at=at(40)))
    assert alias(graph, w, "best") is None and version(graph, w, 1)["aliases"] == []
    assert say(w.used(41, alias="best"))[0]["result"] == "rejected"
    assert say(w.used(31, run="z", number=1))[0]["result"] == "repeated"


@pytest.mark.parametrize("remembering", [False, True])
def test_stubs_edits_and_earlier_times(graph: Graph, w: Writer, remembering: bool) -> None:
    def say(*events: Event) -> list[dict[str, Any]]:
        if not remembering:
            w.ledger = Ledger(graph)
        return w.say(*events)

    say(w.logged(1, 5, metadata={"a": 1, "b": {"c": 2}}))
    say(RunStarted(run=w.run(), config={"x": 1, "y": 2}, child_of=w.run("parent"), at=at(1)))
    assert say(RunStarted(run=w.run(), at=at(2)))[0]["result"] == "rejected"
    say(RunFinished(run=w.run(), config={"y": 3}, at=at(9)))
    [row] = rows(
        graph,
        "MATCH (r:Run {uid: $uid})-[:CHILD_OF]->(p) RETURN properties(r) AS run, p.stub AS stub",
        uid=parse_run(w.run()).uid,
    )
    assert {k: v for k, v in row["run"].items() if k.startswith("config.")} == {"config.y": 3}
    assert row["stub"] and "stub" not in row["run"] and row["run"]["started_at"].to_native() == at(1)
    edit = Edited(artifact=f"{w.project}/a", digest=digest(1), metadata={"b": {"d": 1}}, tags=("t",), at=at(20))
    assert say(edit)[0]["result"] == "recorded"
    say(w.logged(1, 4, run="earlier", metadata={"zz": 1}, size=9))
    found = version(graph, w, 0)
    assert {k: v for k, v in found.items() if k.startswith("metadata.")} == {"metadata.b.d": 1}
    assert (found["tags"], found["size"], found["created_at"]) == (["t"], 9, "2026-01-05T08:00:04Z")
    say(w.logged(1, 3), w.used(9, number=0), w.used(8, run="q", number=0))
    times = rows(
        graph,
        "MATCH (r:Run {project: $project})-[e:USED|LOGGED]->() RETURN r.id AS id, e.at.second AS at ORDER BY id",
        project=w.project,
    )
    assert [(t["id"], t["at"]) for t in times] == [("earlier", 4), ("q", 8), ("r", 3)]
    mirrors(graph, w.project)
    edits = rows(graph, "MATCH (e:Edit)-[:OF]->(:ArtifactVersion {name: $name}) RETURN e.fields AS f", name=f"{w.project}/a:v0")
    assert sorted(e["f"] for e in edits) == [["metadata"], ["metadata", "tags"]]
    for i, change in enumerate(({"description": "x"}, {"tags": ("y",)})):
        assert (
            say(Edited(run=w.run(), at=at(30 + i), **change), Edited(artifact=f"{w.project}/a", at=at(30 + i), **change))[1][
                "result"
            ]
            == "recorded"
        )
    [artifact] = rows(
        graph, "MATCH (a:Artifact {uid: $uid}) RETURN a.description AS d, a.tags AS t", uid=parse_artifact(f"{w.project}/a").uid
    )
    assert artifact == {"d": "x", "t": ["y"]}


def test_a_use_by_an_alias_that_moves_in_the_same_batch_is_a_repetition_too(graph: Graph, w: Writer) -> None:
    w.say(w.logged(1, 0), w.logged(2, 1), w.used(2, digest=digest(1)), w.used(3, digest=digest(2)))
    w.ledger = Ledger(graph)  # one that does not remember
    said = w.say(AliasMoved(artifact=f"{w.project}/a", alias="best", digest=digest(1), at=at(4)), w.used(5, alias="best"))
    assert [outcome["result"] for outcome in said] == ["recorded", "repeated"]
    w.ledger = Ledger(graph)
    assert [o["result"] for o in w.say(w.logged(2, 6, run="again"), w.used(7, alias="latest"))] == ["recorded", "repeated"]
    [row] = rows(graph, "MATCH (:Run {uid: $uid})-[u:USED]->() RETURN count(u) AS n", uid=parse_run(w.run("q")).uid)
    assert row["n"] == 2


# ── delivery ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_entry_counts_once_however_often_it_comes(graph: Graph, w: Writer) -> None:
    for i in range(4):
        w.append(w.logged(i, i))
    delivered: list[Receipt] = []
    assert w.ledger.apply(w.entries[:2], delivered.extend) == 2
    assert w.ledger.apply(w.entries, delivered.extend) == 2 and Ledger(graph).apply(w.entries, delivered.extend) == 0
    assert [r.seq for r in delivered] == [1, 2, 1, 2, 3, 4, 1, 2, 3, 4] and len({r.hash for r in delivered}) == 4
    [row] = rows(graph, "MATCH (v:ArtifactVersion {project: $p}) RETURN count(*) AS n", p=w.project)
    assert row["n"] == 4


def test_a_gap_and_a_second_history_are_refused(graph: Graph, w: Writer) -> None:
    for i in range(3):
        w.append(w.logged(i, i))
    for ledger in (w.ledger, Ledger(graph)):
        with pytest.raises(JournalProblem, match="entry 2 came after entry 0"):
            ledger.apply(w.entries[1:])
    w.ledger.apply(w.entries[:1])
    for ledger in (w.ledger, Ledger(graph)):
        with pytest.raises(JournalProblem, match="entry 3 came after entry 1"):
            ledger.apply([w.entries[2]])
        with pytest.raises(JournalProblem, match="another history"):
            ledger.apply([seal(w.journal, 2, digest(5), [w.logged(9)])])
    assert w.ledger.apply(w.entries) == 2


def test_a_broken_file_is_applied_up_to_the_break(graph: Graph, w: Writer, tmp_path: Path) -> None:
    journal = Journal(tmp_path, fsync="never")
    for i in range(3):
        journal.append([w.logged(i, i)])
    journal.close()
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(lines[0] + lines[1].replace(b'"seq":2', b'"seq":7') + lines[2])
    with pytest.raises(JournalProblem, match="entry 2"):
        w.ledger.apply(e for e, _ in read(journal.path))
    journal.path.write_bytes(lines[0] + lines[1] + lines[2][:-9])
    assert w.ledger.apply(e for e, _ in read(journal.path)) in (1, 2)
    assert w.ledger.applied([journal.uid])[journal.uid][0] == 2


class Unlucky(Graph):
    """A graph whose answers get lost: every other write happens, and nobody hears of it."""

    lost = 0

    def write_once(self, plan: Any, name: str) -> Any:
        answer = super().write_once(plan, name)
        self.lost += 1
        if self.lost % 2:
            raise Clash("the connection broke after the commit")
        return answer


def test_a_commit_nobody_heard_of_counts_once(address: Any, project: str) -> None:
    graph = Unlucky(address.uri, address.user, address.password)
    try:
        w = Writer(graph, project)
        for i in range(6):
            assert w.say(w.logged(i, i))[0]["version"] == f"{project}/a:v{i}"
        assert [r.seq for r in w.receipts] == list(range(1, 7))
    finally:
        graph.close()


def test_what_others_write_is_noticed(graph: Graph, w: Writer) -> None:
    other = Writer(graph, w.project)
    for i in range(6):
        mine, theirs = (w, other) if i % 2 else (other, w)
        assert mine.say(mine.logged(2 * i, 2 * i))[0]["version"].endswith(f":v{2 * i}")
        assert theirs.say(theirs.logged(2 * i, 2 * i, run="t"))[0]["created"] is False
        assert theirs.say(theirs.logged(2 * i + 1, 2 * i + 1))[0]["created"] is True
        assert mine.say(RunFinished(run=mine.run(), at=at(i)))[0]["result"] == "recorded"
    assert alias(graph, w, "latest") == "v11"
    mirrors(graph, w.project)


def test_a_large_journal_is_written_while_the_next_part_is_decided(
    graph: Graph, w: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "OVERLAP_EVENTS", 2)
    monkeypatch.setattr(writer, "batches", lambda entries: ([e] for e in entries))
    other = Writer(graph, w.project)
    for i in range(12):
        w.append(w.logged(i, i), w.used(i, number=0), w.used(i + 0.5, run=f"u{i}", digest=digest(i)))

    def done(receipts: Sequence[Receipt]) -> None:
        w.receipts.extend(receipts)
        if len(w.receipts) in (3, 7):  # somebody comes between
            other.say(other.logged(100 + len(w.receipts), 50))

    assert w.ledger.apply(w.entries, done) == 12 and [r.seq for r in w.receipts] == list(range(1, 13))
    assert w.ledger.receipts(w.journal, 0, 12) == w.receipts
    found = rows(graph, "MATCH (v:ArtifactVersion {project: $p}) RETURN v.version AS n ORDER BY n", p=w.project)
    assert [f["n"] for f in found] == list(range(14))
    with pytest.raises(JournalProblem):
        w.ledger.apply([w.append(w.logged(50), w.logged(51)), seal(w.journal, 20, digest(1), [w.logged(1), w.logged(2)])])
    assert w.ledger.applied([w.journal])[w.journal][0] == 13


# ── races ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_ledgers_at_one_journal(graph: Graph, w: Writer) -> None:
    for i in range(30):
        w.append(RunStarted(run=w.run(f"r{i}")), w.logged(i, i, run=f"r{i}"))
    done: list[list[Receipt]] = [[], [], []]
    errors: list[BaseException] = []

    def apply(into: list[Receipt]) -> None:
        try:
            ledger = Ledger(graph)
            for i in range(0, 30, 3):
                ledger.apply(w.entries[i : i + 3], into.extend)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=apply, args=(into,)) for into in done]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and [[r.seq for r in d] for d in done] == [list(range(1, 31))] * 3 and done[0] == done[1] == done[2]


def _write_much(address: tuple[str, str, str], project: str, n: int, ready: Any, out: Any) -> None:
    """One process: its own versions and those that all offer, into one artifact, some as a worker of one run."""
    graph = Graph(*address)
    try:
        w = Writer(graph, project)
        ready.wait()
        for i in range(OWN):
            w.say(w.logged(1_000 + n * OWN + i, n, run=f"r{n}", metadata={"by": n}))
            w.say(w.logged(i % SHARED, n + i / 10, run=f"r{n}"), RunStarted(run=w.run("all"), role="worker"))
        w.say(*(w.logged(i, n + i / 10, run="all") for i in range(SHARED)))
        out.put([o for r in w.receipts for o in r.outcomes])
    except BaseException as error:
        out.put(repr(error))
    finally:
        graph.close()


@pytest.mark.slow
def test_many_processes_number_one_artifact(graph: Graph, address: Any, project: str) -> None:
    graph.write(lambda run: None, "test")  # the schema is there
    context = multiprocessing.get_context("spawn")
    out, ready = context.Queue(), context.Barrier(WRITERS)
    where = (address.uri, address.user, address.password)
    processes = [context.Process(target=_write_much, args=(where, project, n, ready, out)) for n in range(WRITERS)]
    for process in processes:
        process.start()
    answers = [out.get(timeout=300) for _ in processes]
    for process in processes:
        process.join()
    out.close()
    out.join_thread()
    assert not [a for a in answers if isinstance(a, str)]
    outcomes = [o for a in answers for o in a]
    assert {o["result"] for o in outcomes} <= {"recorded", "repeated"}
    versions = rows(
        graph,
        "MATCH (v:ArtifactVersion {artifact: $a}) RETURN v.version AS n, v.digest AS d, COUNT { (v)<-[:LOGGED]-() } AS runs,"
        " COUNT { (v)<-[:LOGGED {created: true}]-() } AS created ORDER BY n",
        a=f"{project}/a",
    )
    assert [v["n"] for v in versions] == list(range(WRITERS * OWN + SHARED)) and {v["created"] for v in versions} == {1}
    own = [digest(1_000 + k) for k in range(WRITERS * OWN)]
    assert {v["d"] for v in versions} == {*own, *(digest(i) for i in range(SHARED))}
    offered = {v["d"]: v["runs"] for v in versions}
    assert [offered[digest(i)] for i in range(SHARED)] == [WRITERS + 1 if i < OWN else 1 for i in range(SHARED)]
    assert all(offered[d] == 1 for d in own) and sum(bool(o.get("created")) for o in outcomes) == len(versions)
    assert len(rows(graph, "MATCH (r:Run {project: $p}) RETURN r.id AS id", p=project)) == WRITERS + 1
    mirrors(graph, project)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_journals_in_any_order_give_one_graph(graph: Graph, project: str, seed: int) -> None:
    """The same events under two projects, the journals shuffled and at times together in one ledger."""

    def told(name: str) -> Iterator[list[Event]]:
        chance = random.Random(seed)
        for _ in range(3):
            journal: list[Event] = []
            for k in range(6):
                of: dict[str, Any] = {
                    "run": f"{name}/runs/r{chance.randrange(3)}",
                    "artifact": f"{name}/a",
                    "digest": digest(chance.randrange(3)),
                }
                of |= {"type": "t", "at": at(chance.random() * 100), "metadata": {"k": k} if chance.random() < 0.5 else None}
                journal.append(Logged(**of) if chance.random() < 0.6 else Used(**of))
                journal.append(RunFinished(run=of["run"], at=at(chance.random() * 100), summary={"s": chance.randrange(3)}))
            yield journal

    found = []
    for n in range(2):
        name = f"{project}-{n}"
        ledger = Ledger(graph)
        writers = [(Writer(graph, name, ledger if n else None), iter(j)) for j in told(name)]
        order = [i for i in range(3) for _ in range(12)]
        random.Random(n).shuffle(order)
        for i in order:
            writers[i][0].say(next(writers[i][1]))
        [row] = rows(
            graph,
            "MATCH (r:Run {project: $p})"
            " WITH collect([r.id, toString(r.started_at), toString(r.ended_at), r.summary, r.stub]) AS runs"
            " MATCH (v:ArtifactVersion {project: $p})"
            " WITH runs, collect([v.digest, toString(v.created_at), v.metadata, v.`metadata.k`, v.aliases]) AS versions"
            " MATCH (r:Run {project: $p})-[e:USED|LOGGED]->(v)"
            " RETURN runs, versions, collect([r.id, type(e), v.digest, toString(e.at)]) AS edges",
            p=name,
        )
        found.append({k: sorted(v, key=str) for k, v in row.items()})
        mirrors(graph, name)
    assert found[0] == found[1]
