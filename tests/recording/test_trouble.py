"""Nothing about Neo4j or the disk reaches a training, and nothing is lost."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import lineage_graph as lg
from lineage_graph.errors import GraphRefusedLogin, GraphTooOld, GraphUnreachable, NotYetRecorded, SettingWrong
from lineage_graph.graph import Graph
from lineage_graph.recording import backlog, recorder
from lineage_graph.recording.bounded import within
from lineage_graph.recording.recorder import LineageWarning
from tests.conftest import Address, small_file_system
from tests.recording.conftest import Start, finish
from tests.recording.test_facade import artifact


@pytest.fixture
def closed_port(monkeypatch: pytest.MonkeyPatch) -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("LINEAGE_GRAPH_URI", f"bolt://127.0.0.1:{port}")
    monkeypatch.setenv("LINEAGE_GRAPH_PASSWORD", "x")
    return str(port)


def use(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_URI", address.uri)
    monkeypatch.setenv("LINEAGE_GRAPH_PASSWORD", address.password)


def pipeline(project: str) -> lg.RecordedVersion:
    with lg.init(project=project, id="ingest") as run:
        raw = run.log_artifact(artifact("raw", "x"))
    with lg.init(project=project, id="train") as run:
        run.use_artifact("raw:latest")
        run.use_artifact(raw)
        return run.log_artifact(artifact("model", "y", "model"))


def test_a_neo4j_that_is_down_warns_once_and_loses_nothing(
    project: str, closed_port: str, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.warns(LineageWarning) as caught:
        version = pipeline(project)
        with pytest.raises(NotYetRecorded, match=closed_port):
            _ = version.version
        recorder.close_all()
    assert len(caught) == 1, [str(w.message) for w in caught]
    assert closed_port in str(caught[0].message)
    use(address, monkeypatch)
    with lg.connect() as graph:
        done = graph.sync()
        assert (done.entries, done.rejected, done.problems) == (8, 0, [])
        assert graph.sync().entries == 0
        walk = graph.upstream(f"{project}/model")
    assert [r.id for r in walk.runs] == ["train", "ingest"]
    assert [r.state for r in walk.runs] == ["finished", "finished"]
    assert len(walk.edges) == 3


def test_offline_on_purpose_is_silent(project: str, address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    use(address, monkeypatch)
    monkeypatch.setenv("LINEAGE_GRAPH_MODE", "offline")
    version = pipeline(project)
    with pytest.raises(NotYetRecorded, match="offline"):
        _ = version.name
    assert version.digest.startswith("sha256:") and version.uid
    recorder.close_all()
    monkeypatch.delenv("LINEAGE_GRAPH_MODE")
    with lg.connect() as graph:
        graph.sync()
        assert len(graph.upstream(f"{project}/model").runs) == 2


def test_disabled_records_nothing(project: str, online: Address, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_MODE", "disabled")
    pipeline(project)
    recorder.close_all()
    assert not (home / "journals").exists()


def test_a_refused_password_is_a_sentence_for_who_asks_and_a_warning_for_who_records(
    project: str, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(address, monkeypatch)
    monkeypatch.setenv("LINEAGE_GRAPH_USER", "nobody")  # not neo4j, whom the server would lock out for the next tests
    with pytest.raises(GraphRefusedLogin, match="refuses user 'nobody'"):
        lg.connect()
    with pytest.warns(LineageWarning, match="refuses user"), lg.init(project=project):
        pass


def test_a_server_that_is_down_is_a_sentence(closed_port: str) -> None:
    with pytest.raises(GraphUnreachable, match=closed_port):
        lg.connect()


def test_no_server_at_all_is_a_sentence(home: Path) -> None:
    with pytest.raises(GraphUnreachable, match="lineage-graph up"):
        lg.connect()


def test_a_server_that_is_too_old_is_refused(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    # An old server cannot be had beside the new one: only its name is made up here.
    class Old:
        agent = "Neo4j/4.4.41"

    graph = Graph(address.uri, address.user, address.password)
    monkeypatch.setattr(graph._driver, "get_server_info", Old)
    with contextlib.closing(graph), pytest.raises(GraphTooOld, match=r"4\.4\.41.*5\.23"):
        graph.version()


def test_an_unwritable_journal_folder_warns_once_and_the_run_is_recorded(
    project: str, online: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    monkeypatch.setenv("LINEAGE_GRAPH_HOME", str(blocked / "home"))
    with pytest.warns(LineageWarning) as caught:
        with lg.init(project=project, id="r") as run:
            version = run.log_artifact(artifact("raw", "x"))
            version.wait()
        assert lg.connect().run(f"{project}/runs/r").state == "finished"
    assert sorted(str(w.message).split(":")[1].split()[0] for w in caught) == ["content", "journal"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    with small_file_system(tmp_path / "small", "64k") as folder:
        yield folder
        recorder.close_all()


def test_a_full_disk_warns_once_and_the_chain_has_no_hole(
    project: str, small_disk: Path, address: Address, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(address, monkeypatch)
    monkeypatch.setenv("LINEAGE_GRAPH_HOME", str(small_disk))
    monkeypatch.setenv("LINEAGE_GRAPH_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("LINEAGE_GRAPH_MODE", "offline")
    with pytest.warns(LineageWarning) as caught, lg.init(project=project, id="r") as run:
        for i in range(60):
            run.log_artifact(artifact("raw", f"{i}", metadata={"text": f"{i}" * 500}))
    assert len(caught) == 1 and "journal" in str(caught[0].message)
    [journal] = (small_disk / "journals").glob("*.jsonl")
    before = journal.stat().st_size
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    recorder.close_all()
    assert journal.stat().st_size > before
    monkeypatch.delenv("LINEAGE_GRAPH_MODE")
    with lg.connect() as graph:
        done = graph.sync()
        assert (done.entries, done.problems) == (62, [])
        assert len(graph.versions(f"{project}/raw")) == 60


def test_a_process_that_dies_leaves_a_crashed_run_and_all_its_events(
    project: str, online: Address, python: Start, home: Path
) -> None:
    code = """
        import os, signal, sys
        import lineage_graph as lg
        run = lg.init(project=sys.argv[1], id="doomed", mode="offline")
        made = lg.Artifact("raw", type="dataset")
        with made.new_file("f") as file:
            file.write("x")
        run.log_artifact(made)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    finish(python(code, project), code=-signal.SIGKILL)
    with lg.init(project=project) as run:
        assert run.use_artifact("raw").version == "v0"
    graph = lg.connect()
    assert graph.run(f"{project}/runs/doomed").state == "crashed"
    assert len(list((home / "journals" / "done").glob("*.jsonl"))) == 1


def test_an_uncaught_error_is_a_failed_run(project: str, online: Address, python: Start) -> None:
    code = """
        import sys
        import lineage_graph as lg
        run = lg.init(project=sys.argv[1], id="unlucky")
        raise ValueError("on purpose")
    """
    finish(python(code, project), code=1)
    assert lg.connect().run(f"{project}/runs/unlucky").state == "failed"


def test_a_torn_tail_is_seen_and_what_is_before_it_is_applied(
    project: str, address: Address, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_MODE", "offline")
    pipeline(project)
    recorder.close_all()
    [path] = (home / "journals").glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:-20])
    from lineage_graph.recording.drain import waiting

    assert [one.torn for one in waiting(home / "journals")] == [len(lines[-1]) - 20]
    use(address, monkeypatch)
    monkeypatch.delenv("LINEAGE_GRAPH_MODE")
    with lg.connect() as graph:
        assert graph.sync().entries == len(lines) - 1
        assert graph.run(f"{project}/runs/train").state == "crashed"


@pytest.mark.parametrize("damage", ["changed byte", "gap"])
def test_a_broken_journal_is_applied_up_to_the_break_and_named(
    project: str, damage: str, address: Address, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_MODE", "offline")
    pipeline(project)
    recorder.close_all()
    [path] = (home / "journals").glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    if damage == "gap":
        del lines[4]
    else:
        lines[4] = lines[4].replace(b"ingest", b"ingesT", 1) if b"ingest" in lines[4] else lines[4].replace(b"raw", b"rav", 1)
        if b"rav" not in lines[4] and b"ingesT" not in lines[4]:
            lines[4] = lines[4].replace(b"train", b"traiN", 1)
    path.write_bytes(b"".join(lines))
    use(address, monkeypatch)
    monkeypatch.delenv("LINEAGE_GRAPH_MODE")
    with lg.connect() as graph:
        done = graph.sync()
        assert done.entries == 4
        assert len(done.problems) == 1
        assert "entry 5" in str(done.problems[0]) or "entry 6" in str(done.problems[0])
        assert graph.run(f"{project}/runs/ingest").state == "finished"
        assert path.exists(), "a broken journal stays where it is"


def test_more_events_than_fit_in_memory_are_read_back(project: str, address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "PENDING_ENTRIES", 20)
    use(address, monkeypatch)
    with lg.init(project=project, id="many") as run:
        for i in range(100):
            run.log_artifact(lg_reference(i))
    versions = lg.connect().versions(f"{project}/refs")
    assert [v.version for v in versions] == list(range(100))


def lg_reference(i: int) -> lg.Artifact:
    made = lg.Artifact("refs", type="dataset")
    made.add_reference(f"warehouse://table/{i}", name="table")
    return made


def test_warnings_as_errors_do_not_stop_a_training(project: str, closed_port: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pipeline(project)


def test_a_fork_writes_a_journal_of_its_own(project: str, online: Address, home: Path) -> None:
    with lg.init(project=project, id="parent") as run:
        run.log_artifact(lg_reference(1)).wait()
        child = os.fork()
        if child == 0:
            code = 1
            with contextlib.suppress(BaseException):
                run.log_artifact(lg_reference(2))
                assert not run.owner
                code = 0
            os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        run.log_artifact(lg_reference(3))
    with lg.connect() as graph:
        graph.sync()
        assert len(graph.outputs(f"{project}/runs/parent")) == 3
        assert graph.run(f"{project}/runs/parent").state == "finished"


def test_a_worker_that_arrives_first_makes_a_stub(project: str, online: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_RUN", f"{project}/runs/shared")
    with lg.init() as worker:
        assert worker.id == "shared" and not worker.owner
        worker.log_artifact(lg_reference(1))
    graph = lg.connect()
    assert (graph.run(worker.full_name).stub, graph.run(worker.full_name).state) == (True, "running")
    monkeypatch.delenv("LINEAGE_GRAPH_RUN")
    with lg.init(project=project, id="shared", name="owner", config={"a": 1}):
        pass
    owner = graph.run(worker.full_name)
    assert (owner.stub, owner.state, owner.name, owner.config) == (False, "finished", "owner", {"a": 1})
    assert len(graph.outputs(worker.full_name)) == 1


def test_32_processes_log_to_one_artifact(project: str, online: Address, python: Start) -> None:
    code = """
        import sys
        import lineage_graph as lg
        with lg.init(project=sys.argv[1], id=f"w{sys.argv[2]}") as run:
            for i in range(3):
                made = lg.Artifact("one", type="dataset")
                made.add_reference(f"ref://{sys.argv[2]}/{i}", name="x")
                run.log_artifact(made)
            shared = lg.Artifact("one", type="dataset")
            shared.add_reference("ref://shared", name="x")
            run.log_artifact(shared)
    """
    for group in range(4):  # eight at a time on a small machine, 32 in all, each its own journal
        running = [python(code, project, str(group * 8 + i)) for i in range(8)]
        for process in running:
            assert finish(process) == ""
    graph = lg.connect()
    graph.sync()
    versions = graph.versions(f"{project}/one")
    assert [v.version for v in versions] == list(range(32 * 3 + 1))
    shared = next(v for v in versions if len(graph.producers(v.name)) > 1)
    assert len(graph.producers(shared.name)) == 32
    assert {r.state for r in graph.runs(project)} == {"finished"}


def test_what_a_run_says_of_itself(project: str, online: Address, python: Start, tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    git = ["git", "-C", str(repo), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    (repo / "train.py").write_text("import lineage_graph as lg\nwith lg.init() as run: print(run.full_name)\n")
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "x"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    run = [sys.executable, "train.py", "--lr", "0.1 x"]
    environment = os.environ | {"LINEAGE_GRAPH_PROJECT": project}
    clean = subprocess.run(run, cwd=repo, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    (repo / "train.py").write_text((repo / "train.py").read_text() + "# changed\n")
    dirty = subprocess.run(run, cwd=repo, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    graph = lg.connect()
    first, second = graph.run(clean), graph.run(dirty)
    assert (first.commit, first.dirty, first.patch) == (commit, False, None)
    assert (second.commit, second.dirty) == (commit, True)
    assert second.patch is not None and second.patch.startswith("sha256:")
    assert first.step == "train.py"
    assert first.command is not None and first.command.endswith("train.py --lr '0.1 x'")
    assert first.environment["python"].startswith("3.")
    assert "pydantic" in first.environment["packages"]
    assert first.author and first.host
    assert first.name.count("-") >= 1


def test_personal_and_content_values_are_not_in_what_is_hashed(
    project: str, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_MODE", "offline")
    with lg.init(project=project, config={"marker": "SECRET-CONFIG"}, notes="SECRET-NOTE") as run:
        run.log_artifact(artifact("raw", "x", metadata={"m": "SECRET-META"}))
    recorder.close_all()
    [path] = (home / "journals").glob("*.jsonl")
    for line in path.read_text().splitlines():
        hashed = line[: line.index(',"hash":"')]
        assert ("SECRET" not in hashed and "content_commitment" in line) or "personal_commitment" in hashed
        json.loads(line)
    assert path.read_text().count("SECRET") == 3


def test_what_json_cannot_hold_at_the_end_is_left_out_and_said(project: str, online: Address) -> None:
    with pytest.warns(LineageWarning, match=r"summary\.model") as caught, lg.init(project=project, config={"a": 1}) as run:
        run.summary |= {"model": object(), "loss": 0.5}
    assert len(caught) == 1
    recorded = lg.connect().run(run.full_name)
    assert (recorded.state, recorded.summary, recorded.config) == ("finished", {"loss": 0.5}, {"a": 1})


def test_a_remote_store_gets_what_was_staged_before_the_graph_hears_of_it(
    project: str, online: Address, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    remote = tmp_path / "remote"
    monkeypatch.setenv("LINEAGE_GRAPH_STORE", f"local://{remote}")
    with lg.init(project=project) as run:
        version = run.log_artifact(artifact("raw", "far away"))
    assert len(list(remote.rglob("*.json"))) == 1
    assert (version.download(tmp_path / "here") / "data.txt").read_text() == "far away"


def test_a_store_that_is_away_keeps_events_waiting_and_the_training_going(
    project: str, online: Address, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    monkeypatch.setenv("LINEAGE_GRAPH_STORE", f"local://{blocked}/store")
    with pytest.warns(LineageWarning, match="content store") as caught:
        with lg.init(project=project, id="r") as run:
            run.log_artifact(artifact("raw", "far away"))
        with lg.init(project=project) as run:
            run.use_artifact("raw")
        recorder.close_all()
    assert len(caught) == 1
    blocked.unlink()
    with lg.connect() as graph:
        done = graph.sync()
        assert (done.problems, done.rejected) == ([], 0)
        assert graph.artifact(f"{project}/raw").version == "v0"


def test_a_handle_of_the_parent_works_in_a_forked_child(project: str, online: Address, home: Path, tmp_path: Path) -> None:
    with lg.init(project=project) as run:
        version = run.log_artifact(lg_reference(1)).wait()
    victim = tmp_path / "victim"
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException), victim.open("w") as file:  # takes the number of the journal's file
            version.alias("best")
            file.flush()
            code = int(version.aliases != ("latest", "best"))
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert victim.read_text() == ""
    assert lg.connect().artifact(f"{project}/refs:best") == version


def test_a_name_no_property_can_have_does_not_stop_recording(project: str, online: Address) -> None:
    with lg.init(project=project, config={"a\0b": 2, "c": {"\0": 1, "d": 3}}) as run:
        pass
    assert lg.connect().run(run.full_name).config == {"a\0b": 2, "c": {"\0": 1, "d": 3}}


def test_an_unresolved_version_can_be_used_again(project: str, address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    use(address, monkeypatch)
    with lg.init(project=project) as run:
        run.log_artifact(artifact("raw", "x"))
    monkeypatch.setenv("LINEAGE_GRAPH_MODE", "offline")
    with lg.init(project=project) as one:
        raw = one.use_artifact("raw:latest")
        assert one.use_artifact(raw, type="dataset") is not None
    with lg.init(project=project) as two:
        two.use_artifact(raw)
    recorder.close_all()
    monkeypatch.delenv("LINEAGE_GRAPH_MODE")
    with lg.connect() as graph:
        assert graph.sync().rejected == 0
        assert {r.full_name for r in graph.consumers(f"{project}/raw:v0")} == {one.full_name, two.full_name}


def test_a_run_that_nobody_holds_is_finished_at_exit(project: str, online: Address, python: Start) -> None:
    code = """
        import sys
        import lineage_graph as lg
        def main():
            lg.init(project=sys.argv[1], id="loose")
        main()
    """
    finish(python(code, project))
    assert lg.connect().run(f"{project}/runs/loose").state == "finished"


def test_a_backlog_is_applied_at_exit(project: str, online: Address, python: Start) -> None:
    code = """
        import sys
        import lineage_graph as lg
        from lineage_graph.recording import backlog
        backlog.PENDING_ENTRIES = 50
        run = lg.init(project=sys.argv[1], id="long")
        for i in range(600):
            made = lg.Artifact("refs", type="dataset")
            made.add_reference(f"ref://{i}", name="x")
            run.log_artifact(made)
    """
    finish(python(code, project))
    graph = lg.connect()
    assert graph.run(f"{project}/runs/long").state == "finished"
    assert len(graph.versions(f"{project}/refs")) == 600


def test_a_corrected_password_is_used(address: Address) -> None:
    with pytest.raises(GraphRefusedLogin):
        lg.connect(address.uri, user="nobody2", password="wrong")
    lg.connect(address.uri, user=address.user, password=address.password).projects()


def test_an_address_of_another_kind_is_a_sentence() -> None:
    with pytest.raises(SettingWrong, match="bolt://"):
        lg.connect("http://127.0.0.1:7474")


def test_work_that_takes_too_long_is_not_waited_for() -> None:
    with pytest.raises(TimeoutError, match=r"0\.1 s"):
        within(0.1, lambda: time.sleep(1))
    with pytest.raises(ZeroDivisionError):
        within(1, lambda: 1 / 0)
    assert within(1, lambda: 3) == 3
