"""What is recorded is made again in an empty folder: from its own commits, with its own inputs, and nobody's names move."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import lineage_graph as lg
from lineage_graph.answers.reproduction import Reproduction
from lineage_graph.errors import CannotReproduce, ParameterWrong
from tests.doors.conftest import Cli, ended, start
from tests.reproduction.conftest import Repository


def states(found: Reproduction) -> dict[str, str]:
    return {run.name.rpartition("/")[2]: run.state for run in found.runs}


def results(found: Reproduction) -> dict[str, str]:
    return {version.name.rpartition("/")[2]: version.result for version in found.versions}


def test_the_recorded_commit_and_inputs_are_used_whatever_came_later(
    pipeline: Repository, project: str, tmp_path: Path
) -> None:
    commit = pipeline.git("rev-parse", "HEAD")
    pipeline.write("words.py", "WORD = 'second'")
    pipeline.commit()
    pipeline.write(
        "more.py", "import lineage_graph as lg, sys\nlg.init(project=sys.argv[1]).log_artifact('words.py', 'raw', 'dataset')"
    )
    pipeline.run("more.py", project)
    shutil.rmtree(pipeline.steps)  # what is not committed is gone, too
    graph = lg.connect(project=project)
    before = [graph.version(name).name for name in ("raw:latest", "model:best", "model:good", "report:latest")]

    found = graph.reproduce("report", tmp_path / "again")

    assert found.ok and (found.same, found.different, found.missing) == (3, 0, 0), found
    assert results(found) == {"raw:v0": "same", "model:v0": "same", "report:v0": "same"} and not found.beyond
    assert [graph.version(name).name for name in ("raw:latest", "model:best", "model:good", "report:latest")] == before
    again = graph.run(found.runs[1].again or "")
    assert again.state == "finished" and again.commit == commit and not again.dirty and again.summary == {"length": 3}
    assert [v.name for v in graph.inputs(again.full_name)] == [f"{project}/raw:v0"]
    [retry] = graph.query("reproduce/retries", run=f"{project}/runs/train", as_of=None)
    assert retry["run"]["id"] == again.id
    model = graph.version("model:v0")
    assert model.metadata == {"word": "first"} and [r.id for r in graph.producers(model.name)] == ["train", again.id]
    assert not (pipeline.top / "artifacts").exists() and "train.py" in Path(found.runs[1].log or "").read_text()


def test_a_change_that_was_not_committed_is_applied(repository: Repository, project: str, tmp_path: Path) -> None:
    repository.run("ingest.py", project)
    repository.write("words.py", "WORD = 'changed'\n")
    repository.run("train.py", project)
    repository.git("checkout", "-q", "--", ".")
    graph = lg.connect(project=project)
    assert graph.run(f"{project}/runs/train").environment["subfolder"] == "steps"

    found = graph.reproduce("model", tmp_path / "again")

    assert found.ok, found
    again, first = graph.run(found.runs[1].again or ""), graph.run(f"{project}/runs/train")
    assert again.dirty and again.patch == first.patch and first.patch is not None


def test_programs_that_know_nothing_of_it_get_their_inputs_and_their_outputs_are_logged(
    repository: Repository, project: str, tmp_path: Path
) -> None:
    repository.write("upper.py", "import sys\nopen(sys.argv[2], 'w').write(open(sys.argv[1]).read().upper())")
    repository.commit()
    repository.run("ingest.py", project)
    words = ("--use", "raw:latest=in", "--log", "shout:text=out.txt", "--config", "x=1")
    python = ("--", sys.executable, str(repository.steps / "upper.py"), "in/raw.txt", "out.txt")
    repository.run("-m", "lineage_graph", "run", "--project", project, *words, *python)
    (repository.steps / "out.txt").write_text("not this one")
    graph = lg.connect(project=project)

    found = graph.reproduce("shout", tmp_path / "again")

    assert found.ok and states(found)["ingest"] == "done", found
    again = graph.run(found.runs[1].again or "")
    assert again.state == "finished" and again.config == {"x": 1} and again.exit_code == 0
    assert [v.name for v in graph.inputs(again.full_name)] == [f"{project}/raw:v0"]
    assert (repository.steps / "out.txt").read_text() == "not this one"


def test_other_bytes_are_told_and_go_on_into_what_uses_them(repository: Repository, project: str, tmp_path: Path) -> None:
    repository.write("words.py", "import time\nWORD = str(time.time_ns())")
    repository.commit()
    for name in ("ingest.py", "train.py", "report.py"):
        repository.run(name, project)
    graph = lg.connect(project=project)

    found = graph.reproduce("report", tmp_path / "again", jobs=2)

    assert not found.ok and results(found) == {"raw:v0": "same", "model:v0": "different", "report:v0": "different"}
    model = next(v for v in found.versions if "model" in v.name)
    used = graph.inputs(next(run.again or "" for run in found.runs if run.name.endswith("report")))
    assert [v.digest for v in used] == list(model.found) and used[0].aliases == ()
    assert graph.version(used[0].name).content == "none"  # its bytes are in the folder alone
    assert graph.version("model:best").name == graph.version("model").name == f"{project}/model:v0"


def test_what_fails_or_hangs_is_told_and_gone_on_from(shared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = lg.connect(project=shared)
    into = tmp_path / "again"
    monkeypatch.setenv("BREAK", "1")
    broken = graph.reproduce("report", into)
    assert states(broken) == {"ingest": "done", "train": "failed", "report": "not run"}
    assert (broken.same, broken.missing, broken.runs[1].exit_code) == (1, 2, 1)
    log = into / "logs" / "02-train.txt"
    assert str(log) in (broken.runs[1].problem or "") and "it is broken" in log.read_text()
    failed = graph.run(broken.runs[1].again or "")
    assert failed.state == "failed" and failed.exit_code == 1

    monkeypatch.delenv("BREAK")
    monkeypatch.setenv("HANG", str(tmp_path / "pid"))
    hung = graph.reproduce("report", into, timeout_run=1)
    assert hung.runs[1].state == "failed" and "was stopped after 1 s" in (hung.runs[1].problem or "")
    assert graph.run(hung.runs[1].again or "").state == "failed"

    monkeypatch.delenv("HANG")
    whole = graph.reproduce("report", into)
    assert whole.ok and whole.runs[0].again == broken.runs[0].again
    assert len({run.again for run in (broken.runs[1], hung.runs[1], whole.runs[1])}) == 3
    assert graph.reproduce("report", into) == whole


def test_ctrl_c_ends_what_runs_and_keeps_what_is_done(shared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = tmp_path / "pid"
    monkeypatch.setenv("HANG", str(pid))
    process = start("reproduce", f"{shared}/model", "--into", tmp_path / "again")
    until = time.monotonic() + 60
    while not pid.exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = ended(process)
    assert said.code == 130 and "interrupted" in said.err
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    monkeypatch.delenv("HANG")
    graph = lg.connect(project=shared)
    graph.sync()
    found = graph.reproduce("model", tmp_path / "again")
    assert found.ok
    stopped = graph.query("reproduce/retries", run=f"{shared}/runs/train", as_of=None)
    assert [row["run"]["state"] for row in stopped][-2:] == ["killed", "finished"]


def test_runs_of_one_process_are_done_again_by_one(repository: Repository, project: str, tmp_path: Path) -> None:
    repository.write(
        "all.py",
        """
        import sys
        import lineage_graph as lg

        @lg.step(project=sys.argv[1])
        def make(i):
            made = lg.Artifact("part", "t")
            with made.new_file("part.txt") as file:
                file.write(str(i))
            return made

        @lg.step(project=sys.argv[1])
        def join(parts, run):
            first = run.use_artifact("part:v0").download() / "part.txt"
            made = lg.Artifact("whole", "t")
            with made.new_file("whole.txt") as file:
                file.write(first.read_text() + str(len(parts)))
            return made

        join([make(0), make(1)])
        print("once")
        """,
    )
    repository.commit()
    repository.run("all.py", project)
    graph = lg.connect(project=project)

    found = graph.reproduce("whole", tmp_path / "again")

    assert found.ok and found.same == 3 and not found.beyond, found
    [log] = (tmp_path / "again" / "logs").iterdir()
    assert log.read_text().count("once") == 1
    for run in found.runs:
        first, again = graph.run(run.name), graph.run(run.again or "")
        assert (again.step, again.config, again.state) == (first.step, first.config, "finished")
        assert [v.name for v in graph.outputs(again.full_name)] == [v.name for v in graph.outputs(first.full_name)]


def test_jobs_that_need_nothing_of_each_other_run_at_once(
    repository: Repository, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write(
        "half.py",
        """
        import os, sys, time
        from pathlib import Path
        import lineage_graph as lg

        with lg.init(project=sys.argv[1], id=sys.argv[2]) as run:
            if "MEET" in os.environ:
                Path(os.environ["MEET"], sys.argv[2]).touch()
                until = time.monotonic() + 60
                while len(os.listdir(os.environ["MEET"])) < 2:
                    assert time.monotonic() < until
                    time.sleep(0.05)
            run.log_artifact("half.py", sys.argv[2], "t")
        """,
    )
    repository.write(
        "both.py",
        """
        import sys
        import lineage_graph as lg

        with lg.init(project=sys.argv[1]) as run:
            run.use_artifact("left"), run.use_artifact("right")
            run.log_artifact("both.py", "both", "t")
        """,
    )
    repository.commit()
    for words in (("half.py", project, "left"), ("half.py", project, "right"), ("both.py", project)):
        repository.run(*words)
    meet = tmp_path / "meet"
    meet.mkdir()
    monkeypatch.setenv("MEET", str(meet))
    calls: list[tuple[int, int]] = []
    found = lg.connect(project=project).reproduce("both", tmp_path / "again", jobs=2, progress=lambda *n: calls.append(n))
    assert found.ok and calls[0] == (0, 3) and calls[-1] == (3, 3), found


def test_code_in_no_commit_is_run_as_it_is_now_and_that_is_said(project: str, tmp_path: Path) -> None:
    plain = Repository(tmp_path / "plain")
    plain.steps.mkdir(parents=True)
    code = "import sys, lineage_graph as lg\nwith lg.init(project=sys.argv[1]) as run: run.log_artifact(sys.argv[0], 'a', 't')"
    plain.write("make.py", code)
    plain.run("make.py", project)
    found = lg.connect(project=project).reproduce("a", tmp_path / "again")
    assert found.ok and "make.py is in no commit" in found.runs[0].notes[0]


def test_what_stands_in_the_way_is_said_before_anything_is_written(
    pipeline: Repository, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = lg.connect(project=project)
    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.txt").write_text("mine")
    with pytest.raises(CannotReproduce, match=r"is not empty \(it has thesis\.txt\)"):
        graph.reproduce("model", full)
    assert [path.name for path in full.iterdir()] == ["thesis.txt"]
    with pytest.raises(CannotReproduce, match="is a file"):
        graph.reproduce("model", full / "thesis.txt")
    with pytest.raises(ParameterWrong, match="jobs"):
        graph.reproduce("model", tmp_path / "none", jobs=0)
    with pytest.raises(ParameterWrong, match="timeout_run"):
        graph.reproduce("model", tmp_path / "none", timeout_run=0)

    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)  # as in a notebook, which has no command line
    with lg.init(project=project) as run:
        run.use_artifact("model")
        run.log_artifact(str(full / "thesis.txt"), "thesis", "t")
    with pytest.raises(CannotReproduce, match=r"thesis:v0 cannot be made again: .* has no command on record"):
        graph.reproduce("thesis", tmp_path / "none")
    assert not (tmp_path / "none").exists()

    pipeline.git("checkout", "-q", "--orphan", "other")
    shutil.rmtree(pipeline.top / ".git")
    with pytest.raises(CannotReproduce, match=r"its commit [0-9a-f]{40} is not in any place that is recorded"):
        graph.reproduce("model", tmp_path / "none")


def test_a_folder_is_for_one_plan(shared: str, tmp_path: Path) -> None:
    graph = lg.connect(project=shared)
    assert graph.reproduce("raw", tmp_path / "again").ok
    with pytest.raises(CannotReproduce, match=f"holds a reproduction of {shared}/raw:v0"):
        graph.reproduce("model", tmp_path / "again")
    (tmp_path / "again" / "reproduction.json").write_text("{")
    with pytest.raises(CannotReproduce, match="is damaged"):
        graph.reproduce("raw", tmp_path / "again")


def test_at_the_command_line(
    shared: str, lineage_graph: Cli, refuses: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    into = tmp_path / "again"
    name = f"{shared}/model:best"
    monkeypatch.setenv("BREAK", "1")
    said = lineage_graph("reproduce", name, "--into", into, code=2)
    assert "ended with exit code 1; see" in said.err and said.lines[-1] == f"{shared}/model:v0: 1 same, 0 different, 1 missing"
    monkeypatch.delenv("BREAK")
    said = lineage_graph("reproduce", name, "--into", into, "--jobs", "2")
    assert said.lines[-1] == f"{shared}/model:v0: 2 same, 0 different, 0 missing" and not said.err
    found = lineage_graph("reproduce", name, "--into", into, "--format", "json").json
    assert found["ok"] and [v["result"] for v in found["versions"]] == ["same", "same"]
    monkeypatch.setenv("RAW", "other")
    other = lineage_graph("reproduce", f"{shared}/raw", "--into", tmp_path / "other", code=1)
    assert other.lines[-1] == f"{shared}/raw:v0: 0 same, 1 different, 0 missing"
    assert "is not empty" in refuses("reproduce", name, "--into", tmp_path)
    assert "no artifact" in refuses("reproduce", f"{shared}/nothing", "--into", into)
