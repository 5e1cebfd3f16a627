"""Erasing on a real graph: no byte is left, what remains verifies, and no old journal brings anything back."""

from __future__ import annotations

import io
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import lineage_graph as lg
from lineage_graph import journal
from lineage_graph.canonical import digest_of
from lineage_graph.errors import NotRecorded, ParameterWrong
from lineage_graph.events import AliasMoved, Edited, Erased, Event, RunFinished, RunStarted, Used
from lineage_graph.exchange import export_entries, import_lines
from lineage_graph.formats.jsonl import entry_of
from lineage_graph.graph import Graph
from lineage_graph.journal import genesis
from lineage_graph.ledger import Ledger
from lineage_graph.lineage import Reader
from lineage_graph.recording import recorder
from tests.conftest import Address
from tests.graph.test_ledger import Writer, at, digest, rows

WHY = "asked for by the data officer"
SINCE = (datetime.now(UTC) - timedelta(hours=1)).isoformat()


pytestmark = pytest.mark.usefixtures("work")


@pytest.fixture
def mark() -> str:
    """A text that stands nowhere else in the world."""
    return f"mark{uuid4().hex}"


@pytest.fixture
def w(graph: Graph, project: str) -> Writer:
    return Writer(graph, project)


def journals_of(graph: Graph, project: str) -> list[str]:
    """The journals that speak of a project of this session's."""
    found = rows(
        graph,
        "MATCH (e:Entry) WHERE e.recorded_at >= datetime($since) AND e.body CONTAINS $inside RETURN DISTINCT e.journal AS uid",
        since=SINCE,
        inside=f'"{project}/',
    )
    return [row["uid"] for row in found]


def kept(graph: Graph, project: str) -> str:
    """Every property of every node and relationship of a project, and of the entries that speak of it."""
    journals = journals_of(graph, project)
    nodes = rows(
        graph,
        "CALL () { MATCH (n:Run {project: $project}) RETURN n UNION MATCH (n:ArtifactVersion) WHERE n.name STARTS WITH $inside"
        " RETURN n UNION MATCH (n:Artifact {project: $project}) RETURN n UNION MATCH (n:Alias) WHERE n.artifact STARTS WITH"
        " $inside RETURN n UNION MATCH (n:Edit)-[:OF]->(x) WHERE x.project = $project RETURN n UNION"
        " UNWIND $journals AS uid MATCH (n:Entry {journal: uid}) RETURN n UNION"
        " UNWIND $journals AS uid MATCH (n:Journal {uid: uid}) RETURN n UNION"
        " MATCH (n:Erasure) WHERE n.project = $project RETURN n }"
        " OPTIONAL MATCH (n)-[r]->() RETURN labels(n) AS labels, properties(n) AS node, collect(properties(r)) AS edges",
        project=project,
        inside=f"{project}/",
        journals=journals,
    )
    return json.dumps(nodes, default=str, sort_keys=True)


def dump(graph: Graph, project: str) -> list[str]:
    """The same as a list that compares, without what locks and counters leave."""
    found = json.loads(kept(graph, project))
    for row in found:
        row["node"] = {k: v for k, v in row["node"].items() if k not in {"lock", "rev"}}
        row["edges"] = sorted(json.dumps(e, sort_keys=True) for e in row["edges"])
    return sorted(json.dumps(row, sort_keys=True) for row in found)


def verify(graph: Graph, project: str) -> int:
    """Recomputes the chain of entries and the chain of receipts of every journal that speaks of a project; how many entries."""
    count = 0
    for uid in journals_of(graph, project):
        head = receipt_head = genesis(uid)
        kept_rows = rows(graph, "MATCH (e:Entry {journal: $uid}) RETURN properties(e) AS e ORDER BY e.seq", uid=uid)
        for seq, row in enumerate((r["e"] for r in kept_rows), 1):
            entry = entry_of(row["body"], row["hash"], row["openings"], "here")  # checks the hash and every opening
            assert (entry.seq, entry.prev) == (seq, head)
            head = entry.hash
            assert digest_of(row["receipt"].encode()) == row["receipt_hash"]
            body = json.loads(row["receipt"])
            assert body["prev"] == receipt_head and body["entry"] == entry.hash
            receipt_head = row["receipt_hash"]
            count += 1
        [end] = rows(graph, "MATCH (j:Journal {uid: $uid}) RETURN j.head AS head, j.receipt_head AS receipt", uid=uid)
        assert (end["head"], end["receipt"]) == (head, receipt_head)
    return count


def on_disk(folder: Path, mark: str) -> list[Path]:
    """The files that have a text in them or in their name."""
    return [path for path in folder.rglob("*") if mark in path.name or (path.is_file() and mark.encode() in path.read_bytes())]


def record(project: str, mark: str) -> str:
    """A run and a version that say `mark` wherever one can."""
    with lg.init(
        project=project, id="r", job_type="train", config={"c": mark, "n": {mark: [1]}}, tags=[mark], notes=mark
    ) as run:
        run.summary["s"] = mark
        made = lg.Artifact("a", "model", description=mark, metadata={"m": {"k": mark}})
        with made.new_file(f"{mark}.txt") as file:
            file.write(mark)
        version = run.log_artifact(made, aliases=["best"])
    version.edit(description=f"{mark} again", metadata={"m": mark, "z": 1}, tags=[mark])
    recorder.close_all()
    return version.name


# ── through the facade ────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_byte_is_left_and_all_of_it_verifies(online: Address, graph: Graph, project: str, home: Path, mark: str) -> None:
    name = record(project, mark)
    copies = home.parent / "copies"
    shutil.copytree(home / "journals", copies)
    assert kept(graph, project).count(mark) > 10 and len(on_disk(home, mark)) >= 3
    before = verify(graph, project)
    connected = lg.connect(project=project)
    would = connected.erase(name, content=True, reason=WHY, dry_run=True)
    assert would.dry_run and not would.events and would.values and would.blobs == 1 and mark in kept(graph, project)
    done = connected.artifact(name).erase(content=True, reason=WHY)
    assert (done.values, done.blobs, done.bytes, done.manifests) == (would.values, 1, len(mark), 1)
    assert done.here == done.values and not done.elsewhere and not done.remains and len(done.events) == 1
    again = connected.recorded_run(f"{project}/runs/r").erase(content=True, personal=True, reason=WHY)
    assert again.values and not again.remains
    assert mark not in kept(graph, project) and not on_disk(home, mark)
    assert verify(graph, project) > before
    record_now = connected.version(name)
    assert record_now.content == "erased" and not record_now.metadata and record_now.description is None
    run = connected.run(f"{project}/runs/r")
    assert (run.config, run.summary, run.author, run.host, run.command, run.state) == ({}, {}, None, None, None, "finished")
    assert [m.why for m in connected.plan(name).missing if m.why == "no command"]  # what makes it again is gone, and said
    [told] = connected.erasures(record_now.uid)
    assert (told.groups, told.reason) == (("content",), WHY) and told.event == done.events[0]
    # An old copy of the journals is put back, and applied.
    settled = dump(graph, project)
    for path in copies.rglob("*.jsonl"):
        shutil.copy(path, home / "journals" / path.name)
    connected.sync()
    assert dump(graph, project) == settled and verify(graph, project) > before
    # The same call again takes the copies too, and says no more in the graph.
    repeated = connected.erase(name, content=True, reason=WHY)
    assert (repeated.events, repeated.values, repeated.here) == ((), 0, done.here)
    connected.erase(f"{project}/runs/r", content=True, personal=True, reason=WHY)
    assert not on_disk(home, mark) and dump(graph, project) == settled


def test_an_export_has_no_holes_filled_and_an_older_one_fills_none(
    online: Address, graph: Graph, project: str, home: Path, mark: str, tmp_path: Path
) -> None:
    name = record(project, mark)
    reader, old, new = Reader(graph), io.BytesIO(), io.BytesIO()
    export_entries(reader, project, old.write)
    with lg.connect(project=project) as connected:
        connected.erase(name, content=True, reason=WHY)
        connected.erase(f"{project}/runs/r", content=True, reason=WHY)
    export_entries(reader, project, new.write)
    assert mark in old.getvalue().decode() and mark not in new.getvalue().decode()
    settled = dump(graph, project)
    for file in (old, new):
        file.seek(0)
        import_lines(file, "a file", reader, Ledger(graph), home / "journals")
    assert dump(graph, project) == settled and mark not in kept(graph, project)


def test_a_journal_that_is_being_written_is_erased_in_its_place(
    online: Address, graph: Graph, project: str, home: Path, mark: str
) -> None:
    with lg.init(project=project, id="r", config={"c": mark}) as run:
        run.summary["s"] = 1
        run.log_artifact(lg.Artifact("empty", "t")).wait()
        with lg.connect(project=project) as connected:
            done = connected.erase(f"{project}/runs/r", content=True, reason=WHY)
            assert done.here and not on_disk(home, mark)
    recorder.close_all()
    assert mark not in kept(graph, project) and Reader(graph).run(f"{project}/runs/r").summary == {"s": 1}
    entries = [entry for path in (home / "journals" / "done").glob("*.jsonl") for entry, _ in journal.read(path)]
    assert {event.kind for entry in entries for event in entry.events} == {"run_started", "logged", "erased", "run_finished"}


def test_bytes_that_another_version_has_stay(online: Address, graph: Graph, project: str, home: Path, mark: str) -> None:
    name = record(project, mark)
    with lg.init(project=project, id="q") as run:
        twin, other = lg.Artifact("twin", "model"), lg.Artifact("other", "model")
        for made, file_name in ((twin, f"{mark}.txt"), (other, "b.txt")):
            with made.new_file(file_name) as file:
                file.write(mark)
        names = [run.log_artifact(made).name for made in (twin, other)]
    with lg.connect(project=project) as connected:
        first = connected.erase(name, content=True, reason=WHY)
        assert first.blobs == 0 and first.remains == (f"the bytes of {name} stay: {names[0]} has the same ones",)
        second = connected.erase(names[0], content=True, reason=WHY)
        assert (second.manifests, second.blobs, second.kept) == (1, 0, 1)
        assert connected.artifact(names[1]).download().joinpath("b.txt").read_text() == mark
        assert connected.erase(names[1], content=True, reason=WHY).blobs == 1
    assert not on_disk(home / "store", mark)


def test_every_version_of_an_artifact(online: Address, graph: Graph, project: str, home: Path, mark: str) -> None:
    record(project, mark)
    with lg.init(project=project, id="q") as run:
        made = lg.Artifact("a", "model", metadata={"m": mark})
        with made.new_file("b.txt") as file:
            file.write(f"{mark} 2")
        run.log_artifact(made).wait()
    with lg.connect(project=project) as connected:
        done = connected.erase("a", content=True, all_versions=True, reason=WHY)
        assert (done.of, done.blobs, len(done.events)) == (f"{project}/a", 2, 1)
        assert {v.content for v in connected.versions("a")} == {"erased"}
        assert not any(v.metadata or v.tags or v.description for v in connected.versions("a"))
        assert connected.erase("a", content=True, all_versions=True, reason=WHY).events == ()
        connected.erase(f"{project}/runs/r", content=True, reason=WHY)
    assert mark not in kept(graph, project) and not on_disk(home, mark)


def test_a_person_is_forgotten_in_every_project(
    online: Address, graph: Graph, project: str, home: Path, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = f"{project}-2"
    monkeypatch.setattr("lineage_graph.recording.capture.user", lambda: mark)
    for one in (project, other):
        record(one, "text")
    monkeypatch.setattr("lineage_graph.recording.capture.user", lambda: "someone-else")
    record(f"{project}-3", "text")
    assert mark in kept(graph, project) and mark in kept(graph, other) and on_disk(home, mark)
    with lg.connect(project=project) as connected:
        assert connected.erase(person=mark, reason=WHY, dry_run=True).values
        done = connected.erase(person=mark, reason=WHY)
        assert done.of == mark and done.groups == ("personal",) and done.values == done.here and len(done.events) == 1
        for one in (project, other):
            assert mark not in kept(graph, one) and verify(graph, one)
            run = connected.run(f"{one}/runs/r")
            assert (run.author, run.email, run.host) == (None, None, None) and run.config["c"] == "text"
            assert [e.reason for e in connected.erasures(run.uid)] == [WHY]
        assert connected.run(f"{project}-3/runs/r").author == "someone-else"
        [row] = connected.audit("erasures", project=project).rows
        assert (row["what"], row["name"], row["who"]) == ("person", None, "someone-else") and row["events"] > 3
        assert not on_disk(home, mark)
        with pytest.raises(NotRecorded, match="no person"):
            connected.erase(person=mark, reason=WHY)


def test_who_asks_to_be_forgotten_is_not_named_by_that(
    online: Address, graph: Graph, project: str, home: Path, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineage_graph.recording.capture.user", lambda: mark)
    record(project, "text")
    with lg.connect(project=project) as connected:
        connected.erase(f"{project}/runs/r", content=True, reason=WHY)
        assert [e.actor for e in connected.erasures(connected.run(f"{project}/runs/r").uid)] == [mark]
        connected.erase(person=mark, reason=WHY)
        assert [e.actor for e in connected.erasures(connected.run(f"{project}/runs/r").uid)] == [None, None]
    assert mark not in kept(graph, project) and not on_disk(home, mark)


def test_what_is_not_there_and_what_is_not_said(online: Address, project: str) -> None:
    record(project, "text")
    connected = lg.connect(project=project)
    for wrong, error, says in (
        ({"name": "nothing", "content": True, "reason": WHY}, NotRecorded, "no artifact"),
        ({"name": f"{project}/runs/none", "personal": True, "reason": WHY}, NotRecorded, "no run"),
        ({"name": "nothing", "content": True, "all_versions": True, "reason": WHY}, NotRecorded, "no artifact"),
        ({"person": f"nobody{uuid4().hex}", "reason": WHY}, NotRecorded, "no person"),
        ({"name": "a", "reason": WHY}, ParameterWrong, "content, personal or both"),
        ({"name": "a", "content": True, "reason": "  "}, ParameterWrong, "say why"),
        ({"name": "a", "content": True, "reason": "x" * 1_001}, ParameterWrong, "say why"),
        ({"name": "a", "person": "ann", "reason": WHY}, ParameterWrong, "a name or a person"),
        ({"content": True, "reason": WHY}, ParameterWrong, "a name or a person"),
        ({"person": "ann", "content": True, "reason": WHY}, ParameterWrong, "only what is personal"),
        ({"person": "ann", "reason": "ann asked"}, ParameterWrong, "must not name the person"),
        ({"person": " ", "reason": WHY}, ParameterWrong, "a login or an e-mail"),
    ):
        with pytest.raises(error, match=says):
            connected.erase(**wrong)  # type: ignore[arg-type]
    assert not connected.erasures(connected.version("a").uid)


# ── through the ledger ────────────────────────────────────────────────────────────────────────────────────────────────


def told(w: Writer, mark: str) -> list[Event]:
    a = f"{w.project}/a"
    return [
        RunStarted(run=w.run(), at=at(0), config={"c": mark}, author=mark, actor=mark, source_id=mark),
        w.logged(1, 1, metadata={"m": mark}, actor=mark, aliases=("gold",)),
        Edited(artifact=a, digest=digest(1), at=at(2), description=mark, actor=mark),
        AliasMoved(artifact=a, alias="best", number=0, at=at(3), actor=mark),
        Used(run=w.run("q"), artifact=a, alias="best", at=at(4), actor=mark),
        RunFinished(run=w.run(), summary={"s": mark}, at=at(5), actor=mark),
    ]


def erasures(w: Writer, seconds: float = 60) -> list[Event]:
    both: dict[str, Any] = {"groups": ("content", "personal"), "reason": WHY, "at": at(seconds)}
    return [
        Erased(run=w.run(), **both),
        Erased(run=w.run("q"), **both),
        Erased(artifact=f"{w.project}/a", **both),
        Erased(artifact=f"{w.project}/a", digest=digest(1), **both),
    ]


@pytest.mark.parametrize("when", ["before", "after", "together"])
def test_an_old_journal_brings_nothing_back(graph: Graph, w: Writer, mark: str, when: str) -> None:
    eraser = Writer(graph, w.project, w.ledger)
    events = told(w, mark)
    if when == "together":
        w.say(*events, *erasures(w))
    elif when == "before":  # the journal with the erasure arrives first
        eraser.say(*erasures(w))
        w.say(*events)
    else:
        w.say(*events)
        assert mark in kept(graph, w.project)
        eraser.say(*erasures(w))
    assert mark not in kept(graph, w.project) and verify(graph, w.project)
    # The same once more, in a journal that the graph does not know: as an import of an old file would be.
    Writer(graph, w.project).say(*events)
    assert mark not in kept(graph, w.project)
    # What is said from now on counts.
    w.say(Edited(artifact=f"{w.project}/a", digest=digest(1), at=at(70), description=mark))
    assert Reader(graph).version(f"{w.project}/a:v0").description == mark


def test_a_ledger_that_remembers_hears_of_it(graph: Graph, w: Writer, mark: str) -> None:
    """One ledger has seen the run; another erases; what the first one still has to say of it is without the values."""
    events = told(w, mark)
    w.say(*events[:3])
    eraser = Writer(graph, w.project)
    eraser.say(*erasures(w))
    w.say(*events[3:])
    assert mark not in kept(graph, w.project) and verify(graph, w.project)


def test_many_events_and_an_erasure_among_them(graph: Graph, w: Writer, mark: str) -> None:
    """A long journal is written while it is decided; an erasure in the middle is applied in its place."""
    for i in range(40):
        w.append(*[w.logged(100 * i + n, n, metadata={"m": mark}) for n in range(30)])
        if i == 20:
            w.append(*erasures(w))
    assert w.ledger.apply(w.entries) == 41 and mark not in kept(graph, w.project)
    [row] = rows(
        graph,
        "MATCH (v:ArtifactVersion {project: $p}) RETURN count(v) AS many, collect(DISTINCT v.content) AS content",
        p=w.project,
    )
    assert row == {"many": 1200, "content": ["erased"]}


def test_a_clock_that_is_ahead_leaves_nothing_out(online: Address, graph: Graph, project: str, mark: str) -> None:
    w = Writer(graph, project)
    ahead = datetime.now(UTC) + timedelta(hours=1)
    w.say(RunStarted(run=w.run(), at=ahead, config={"c": mark}), RunFinished(run=w.run(), at=ahead, summary={"s": mark}))
    with lg.connect(project=project) as connected:
        done = connected.erase(w.run(), content=True, reason=WHY)
    assert mark not in kept(graph, project) and [c.journal for c in done.elsewhere] == [w.journal]
