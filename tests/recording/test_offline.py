"""Offline for real: what a host knows without the graph, journals from other computers, silent servers, full disks."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lineage_graph as lg
from lineage_graph import journal
from lineage_graph.errors import ContentProblem, JournalProblem, NotYetRecorded, TypeClash
from lineage_graph.recording import backlog, recorder
from lineage_graph.recording.drain import note_applied
from lineage_graph.recording.recorder import LineageWarning
from tests.conftest import Address, small_file_system
from tests.recording.conftest import Start, finish
from tests.recording.test_facade import artifact

SEEN = ("used", "logged", "aliases")


@pytest.fixture
def offline(online: Address, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """To be called with True or False: whether this process may talk to Neo4j."""
    return monkeypatch


def go(offline: pytest.MonkeyPatch, off: bool = True) -> None:
    recorder.close_all()
    if off:
        offline.setenv("LINEAGE_GRAPH_MODE", "offline")
    else:
        offline.delenv("LINEAGE_GRAPH_MODE")


def three(project: str) -> list[lg.RecordedVersion]:
    with lg.init(project=project) as run:
        return [run.log_artifact(artifact("raw", f"content {i}")).wait() for i in range(3)]


# ── what this host knows ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_version_that_this_host_logged_is_used_and_fetched_offline(
    project: str, offline: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    versions = three(project)
    go(offline)
    with lg.init(project=project, id="train") as run:
        used = run.use_artifact("raw:v1", use_as="train")
        assert (used.name, used.version, used.type) == (f"{project}/raw:v1", "v1", "dataset")
        assert used.digest == versions[1].digest
        assert (used.download() / "data.txt").read_text() == "content 1"
        assert used.download() == Path("artifacts/raw:v1")
        by_digest = run.use_artifact(f"raw@{versions[2].digest.removeprefix('sha256:')[:10]}")
        assert by_digest.name == f"{project}/raw:v2"
        whole = run.use_artifact(f"raw@{versions[0].digest}")
        assert whole.name == f"{project}/raw:v0"
        with pytest.raises(TypeClash, match="'dataset'"):
            run.use_artifact("raw:v1", type="model")
    go(offline, False)
    with lg.connect() as graph:
        assert graph.sync().rejected == 0
        assert sorted(v.name for v in graph.inputs(f"{project}/runs/train")) == [f"{project}/raw:v{i}" for i in range(3)]


def test_a_version_that_came_with_a_look_up_or_a_sync_is_known(project: str, offline: pytest.MonkeyPatch, home: Path) -> None:
    three(project)
    for known in (home / "known").iterdir():
        known.unlink()
    recorder.close_all()
    with lg.init(project=project) as run:
        run.use_artifact("raw:v2")
    go(offline)
    with lg.init(project=project) as run:
        assert run.use_artifact("raw:v2").is_known()
        assert not run.use_artifact("raw:v1").is_known(), "nobody here heard of it"
        run.log_artifact(artifact("more", "x"))
    go(offline, False)
    with lg.connect() as graph:
        assert graph.sync().rejected == 0
    go(offline)
    with lg.init(project=project) as run:
        assert run.use_artifact("more:v0").is_known()


def test_an_alias_is_not_guessed(project: str, offline: pytest.MonkeyPatch) -> None:
    three(project)
    go(offline)
    with lg.init(project=project) as run:
        latest = run.use_artifact("raw")
        with pytest.raises(NotYetRecorded, match="offline"):
            latest.download()


def test_a_digest_alone_is_enough_to_fetch_what_was_just_logged(project: str, offline: pytest.MonkeyPatch) -> None:
    go(offline)
    with lg.init(project=project) as run:
        digest = run.log_artifact(artifact("raw", "x")).digest
    with lg.init(project=project) as run:
        folder = run.use_artifact(f"raw@{digest}").download()
    assert folder == Path(f"artifacts/raw@{digest.removeprefix('sha256:')[:12]}")
    assert (folder / "data.txt").read_text() == "x"
    go(offline, False)
    with lg.connect() as graph:
        assert (graph.sync().rejected, len(graph.consumers(f"{project}/raw:v0"))) == (0, 1)


def test_what_is_known_of_one_graph_is_nothing_about_another(project: str, offline: pytest.MonkeyPatch) -> None:
    three(project)
    go(offline)
    offline.setenv("LINEAGE_GRAPH_URI", "bolt://another:7687")
    with lg.init(project=project) as run:
        assert not run.use_artifact("raw:v1").is_known()


@pytest.mark.parametrize("damage", ["no database", "another table", "a folder"])
def test_what_is_known_is_never_a_reason_to_fail(project: str, damage: str, offline: pytest.MonkeyPatch, home: Path) -> None:
    three(project)
    [path] = (home / "known").iterdir()
    path.unlink()
    if damage == "a folder":
        path.mkdir()
    elif damage == "no database":
        path.write_bytes(b"no database" * 1_000)
    else:
        import sqlite3

        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE version (a)")
        database.close()
    go(offline)
    with lg.init(project=project) as run:
        assert not run.use_artifact("raw:v1").is_known()
    go(offline, False)
    three(f"{project}b")
    go(offline)
    with lg.init(project=f"{project}b") as run:
        assert run.use_artifact("raw:v1").is_known() == (damage == "no database"), "that one is made anew"


# ── journals of other computers ───────────────────────────────────────────────────────────────────────────────────────────

ELSEWHERE = """
    import sys
    import lineage_graph as lg
    project, steps = sys.argv[1], sys.argv[2:]
    for step in steps:
        with lg.init(project=project, id=step) as run:
            if step != "first":
                run.use_artifact("shared:latest")
                run.use_artifact("first:latest")
            for name in ("shared", step):
                made = lg.Artifact(name, type="dataset")
                with made.new_file("f") as file:
                    file.write(f"{name} of {step if name == 'shared' else name}")
                run.log_artifact(made, aliases=["best"])
"""


@pytest.fixture
def elsewhere(project: str, tmp_path: Path, python: Start) -> Path:
    """The home of another computer, where three processes recorded offline."""
    far = tmp_path / "elsewhere"
    for step in ("first", "second", "third"):
        finish(python(ELSEWHERE, project, step, LINEAGE_GRAPH_HOME=str(far), LINEAGE_GRAPH_MODE="offline"))
    return far


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def shape(graph: Any, project: str) -> dict[str, Any]:
    """What is recorded of a project, without the numbers (which follow arrival) and the times of arrival."""
    digests = {v.name: v.digest for a in ("shared", "first", "second", "third") for v in graph.versions(f"{project}/{a}")}
    return {
        "runs": {r.id: (r.state, r.started_at, r.ended_at) for r in graph.runs(project)},
        "used": {r.id: {digests[v.name] for v in graph.inputs(r.full_name)} for r in graph.runs(project)},
        "logged": {r.id: {digests[v.name] for v in graph.outputs(r.full_name)} for r in graph.runs(project)},
        "best": {graph.version(f"{project}/{a}:best").digest for a in ("shared", "first")},
        "latest": graph.version(f"{project}/shared").digest,
    }


def test_journals_of_another_computer_are_applied_twice_and_left_as_they_are(
    project: str, online: Address, elsewhere: Path, tmp_path: Path, home: Path
) -> None:
    before = contents(elsewhere)
    with lg.connect() as graph:
        done = graph.sync(elsewhere)
        assert (done.rejected, done.crashed, done.problems) == (0, 0, []) and done.entries > 10
        first = shape(graph, project)
        again = graph.sync(elsewhere / "journals")
        assert (again.entries, again.rejected, again.problems) == (0, 0, [])
        assert shape(graph, project) == first and len(first["runs"]) == 3 and len(first["used"]["third"]) == 2
        assert contents(elsewhere) == before
        folder = graph.artifact(f"{project}/third:v0").download(tmp_path / "here")
        assert (folder / "f").read_text() == "third of third", "its content came with the home"
    assert not (home / "journals").exists() or not list((home / "journals").glob("*.jsonl"))


def test_journals_one_by_one_in_any_order_are_the_same_record(project: str, online: Address, elsewhere: Path) -> None:
    """What a use names may come after it: it is refused, and settled when that is there."""
    files = sorted((elsewhere / "journals").glob("*.jsonl"))
    with lg.connect() as opened:
        done = [opened.sync(files[i]) for i in (2, 0, 2, 1, 0)]
        assert [(one.rejected, one.resolved, one.problems) for one in done] == [(2, 0, []), (0, 2, []), *3 * [(0, 0, [])]]
        found = shape(opened, project)
        assert {r: len(used) for r, used in found["used"].items()} == {"first": 0, "second": 2, "third": 2}
        assert found["latest"] in found["logged"]["third"]
        assert {state for state, _, _ in found["runs"].values()} == {"finished"}


def test_a_journal_copied_while_it_was_written_is_applied_and_then_the_rest(
    project: str, online: Address, elsewhere: Path, tmp_path: Path
) -> None:
    [whole, *_] = sorted((elsewhere / "journals").glob("*.jsonl"))
    data = whole.read_bytes()
    lines = data.splitlines(keepends=True)
    early = tmp_path / "early" / whole.name
    early.parent.mkdir()
    early.write_bytes(b"".join(lines[:2]) + lines[2][:50])
    with lg.connect() as graph:
        assert graph.sync(early).entries == 2
        assert graph.run(f"{project}/runs/first").state == "running", "who knows whether it still runs there"
        assert graph.sync(whole).entries == len(lines) - 2
        assert graph.run(f"{project}/runs/first").state == "finished"
        again = graph.sync(early)
        assert (again.entries, again.problems) == (0, []), "an older copy is no other history"


def test_another_history_is_named(project: str, online: Address, elsewhere: Path, tmp_path: Path) -> None:
    [whole, *_] = sorted((elsewhere / "journals").glob("*.jsonl"))
    entries = [entry for entry, _ in journal.read(whole)]
    forged = tmp_path / "forged" / whole.name
    forged.parent.mkdir()
    head, lines = journal.genesis(whole.stem), []
    for entry in entries[:2]:
        made = journal.seal(whole.stem, entry.seq, head, entry.events)  # the same words under other salts
        head = made.hash
        lines.append(made.line())
    forged.write_bytes(b"".join(lines))
    with lg.connect() as graph:
        graph.sync(whole)
        done = graph.sync(forged)
        assert done.entries == 0 and len(done.problems) == 1
        assert "entry 2 is another one in the graph" in str(done.problems[0])
        with pytest.raises(JournalProblem, match="there is no journal"):
            graph.sync(tmp_path / "forged" / "nothing")


def test_a_mark_of_another_graph_is_no_mark(project: str, offline: pytest.MonkeyPatch, home: Path) -> None:
    go(offline)
    with lg.init(project=project, id="r") as run:
        run.log_artifact(artifact("raw", "x"))
    recorder.close_all()
    [path] = (home / "journals").glob("*.jsonl")
    [*_, (_, second), _] = journal.read(path)
    note_applied(path, second)
    go(offline, False)
    with lg.connect() as graph:
        done = graph.sync()
        assert (done.problems, graph.run(f"{project}/runs/r").state) == ([], "finished")


def test_two_syncs_at_once_while_others_record(project: str, online: Address, elsewhere: Path, python: Start) -> None:
    sync = "import sys, lineage_graph as lg\nwith lg.connect() as graph: print(graph.sync(sys.argv[1]).problems)"
    live = """
        import sys
        import lineage_graph as lg
        with lg.init(project=sys.argv[1], id="live") as run:
            for i in range(40):
                made = lg.Artifact("shared", type="dataset")
                made.add_reference(f"ref://{i}", name="x")
                run.log_artifact(made)
    """
    running = [python(sync, str(elsewhere)), python(live, project), python(sync, str(elsewhere / "journals"))]
    out = [finish(process) for process in running]
    assert (out[0], out[2]) == ("[]\n", "[]\n")
    with lg.connect() as graph:
        graph.sync()
        assert {r.id: r.state for r in graph.runs(project)} == dict.fromkeys(("first", "second", "third", "live"), "finished")
        versions = graph.versions(f"{project}/shared")
        assert [v.version for v in versions] == list(range(43))


# ── a server that says nothing ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that takes the connection and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        monkeypatch.setenv("LINEAGE_GRAPH_URI", f"bolt://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setenv("LINEAGE_GRAPH_PASSWORD", "x")
        monkeypatch.setenv("LINEAGE_GRAPH_TIMEOUT", "1")
        yield
        recorder.close_all()


def test_a_server_that_never_answers_is_waited_for_once(
    project: str, frozen: None, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = time.monotonic()
    for i in range(10):
        with lg.init(project=project, id=f"r{i}") as run:
            if i:
                run.use_artifact("raw:latest")
            run.log_artifact(artifact("raw", str(i)))
    recorder.close_all()
    assert time.monotonic() - start < 12, "ten runs, each with a look-up and an end, and a timeout of one second"
    monkeypatch.setenv("LINEAGE_GRAPH_URI", address.uri)
    monkeypatch.setenv("LINEAGE_GRAPH_PASSWORD", address.password)
    monkeypatch.setenv("LINEAGE_GRAPH_TIMEOUT", "30")
    with lg.connect() as graph:
        done = graph.sync()
        assert (done.rejected, done.problems) == (0, [])
        assert {r.state for r in graph.runs(project)} == {"finished"} and len(graph.versions(f"{project}/raw")) == 10
        assert [len(graph.inputs(f"{project}/runs/r{i}")) for i in range(10)] == [0] + 9 * [1]


def test_a_server_that_answers_again_is_asked_again() -> None:
    from lineage_graph.recording.bounded import Silence

    silence = Silence()
    assert not silence.lasts(0)
    silence.begins(5)
    assert silence.lasts(5) and not silence.lasts(6), "it applied something meanwhile"


# ── disks that take nothing ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home on a file system of 64 KiB, with content elsewhere."""
    with small_file_system(tmp_path / "small", "64k") as folder:
        monkeypatch.setenv("LINEAGE_GRAPH_HOME", str(folder))
        monkeypatch.setenv("LINEAGE_GRAPH_STORE", str(tmp_path / "store"))
        yield folder
        recorder.close_all()


def fill(run: lg.Run, count: int) -> None:
    for i in range(count):
        made = lg.Artifact("raw", type="dataset", metadata={"text": f"{i}" * 500})
        made.add_reference(f"ref://{i}", name="x")
        run.log_artifact(made)


def test_while_the_disk_is_full_the_graph_gets_the_events(project: str, small_disk: Path, online: Address) -> None:
    with pytest.warns(LineageWarning) as caught, lg.init(project=project, id="r") as run:
        fill(run, 200)
    assert [str(w.message).split("lineage-graph: ")[1].split()[0] for w in caught] == ["journal"]
    graph = lg.connect()
    assert graph.run(f"{project}/runs/r").state == "finished"
    assert [v.version for v in graph.versions(f"{project}/raw")] == list(range(200))
    recorder.close_all()
    with lg.connect() as graph:
        done = graph.sync()
        assert (done.entries, done.problems, done.crashed) == (0, [], 0)
    assert not list((small_disk / "journals").glob("*.jsonl")), "the graph has all of what it was, and more"


def test_a_journal_that_lacks_much_is_followed_by_another(
    project: str, small_disk: Path, online: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "RENEW_BYTES", 20_000)
    with pytest.warns(LineageWarning), lg.init(project=project, id="r") as run:
        fill(run, 100)
        last = run.log_artifact(artifact("last", "x")).wait()
        subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
        for _ in range(50):  # the thread that applies goes on for a moment
            if run._recorder._backlog.journal is None:
                break
            time.sleep(0.1)
        run.use_artifact(last)
        assert run._recorder._backlog.journal is not None and run._recorder._backlog.journal.seq == 1
        assert run._recorder._backlog.journal.problem is None
        fill(run, 10)
    recorder.close_all()
    with lg.connect() as graph:
        assert (graph.sync().entries, graph.run(f"{project}/runs/r").state) == (0, "finished")
        assert len(graph.versions(f"{project}/raw")) == 100


def test_what_there_is_no_room_for_is_counted(
    project: str, small_disk: Path, online: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "KEPT_BYTES", 50_000)
    monkeypatch.setenv("LINEAGE_GRAPH_MODE", "offline")
    with pytest.warns(LineageWarning) as caught:
        with lg.init(project=project, id="r") as run:
            fill(run, 200)
            lost = run.log_artifact(artifact("raw", "x"))
        recorder.close_all()
    said = [str(w.message) for w in caught]
    assert len(said) == 3 and "kept in memory only" in said[0] and "from now on is lost" in said[1], said
    assert "events are lost: neither the disk nor the graph took them" in said[2]
    with pytest.raises(NotYetRecorded):
        _ = lost.name


def test_a_read_only_disk_warns_once(project: str, small_disk: Path, online: Address) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.warns(LineageWarning) as caught, lg.init(project=project, id="r") as run:
        fill(run, 5)
    assert len(caught) == 1 and "Read-only file system" in str(caught[0].message)
    assert lg.connect().run(f"{project}/runs/r").state == "finished"


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_without_any_disk_the_graph_gets_the_events_or_their_loss_is_said(
    project: str, mode: str, online: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    monkeypatch.setenv("LINEAGE_GRAPH_HOME", str(blocked / "home"))
    monkeypatch.setenv("LINEAGE_GRAPH_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("LINEAGE_GRAPH_MODE", mode)
    monkeypatch.setattr(tempfile, "tempdir", str(blocked))
    with pytest.warns(LineageWarning) as caught:
        with lg.init(project=project, id="r") as run:
            fill(run, 5)
        recorder.close_all()
    said = [str(w.message) for w in caught]
    assert "kept in memory only" in said[0]
    monkeypatch.setattr(tempfile, "tempdir", None)
    if mode == "online":
        assert len(said) == 1
        assert lg.connect().run(f"{project}/runs/r").state == "finished"
    else:
        assert len(said) == 2 and "7 events are lost" in said[1]


def test_a_spare_journal_is_applied_by_its_folder(
    project: str, offline: pytest.MonkeyPatch, tmp_path: Path, home: Path
) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    offline.setenv("LINEAGE_GRAPH_HOME", str(blocked / "home"))
    offline.setenv("LINEAGE_GRAPH_STORE", str(tmp_path / "store"))
    go(offline)
    with pytest.warns(LineageWarning, match="sync --from") as caught, lg.init(project=project, id="r") as run:
        fill(run, 5)
    spare = Path(str(caught[0].message).split("events go to ")[1].split(" ")[0])
    go(offline, False)
    offline.setenv("LINEAGE_GRAPH_HOME", str(home))
    with lg.connect() as graph:
        assert graph.sync(spare).entries == 7
        assert graph.run(f"{project}/runs/r").state == "finished"
    shutil.rmtree(spare)


def test_content_that_is_nowhere_here_is_a_sentence(project: str, offline: pytest.MonkeyPatch, home: Path) -> None:
    three(project)
    shutil.rmtree(home / "store")
    go(offline)
    with lg.init(project=project) as run, pytest.raises(ContentProblem):
        run.use_artifact("raw:v1").download()


def test_a_child_of_a_fork_knows_what_its_parent_knew(project: str, offline: pytest.MonkeyPatch) -> None:
    three(project)
    go(offline)
    with lg.init(project=project) as run:
        child = os.fork()
        if child == 0:
            os._exit(0 if run.use_artifact("raw:v1").is_known() else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
