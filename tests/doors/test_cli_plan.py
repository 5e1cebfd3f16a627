"""plan: table, JSON, a script that really makes it again, and every way to ask wrongly."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lineage_graph as lg
from lineage_graph.answers.plan import Plan
from lineage_graph.recording import capture, recorder
from tests.conftest import Address
from tests.doors.conftest import Cli, World


def test_a_plan_in_two_formats(lineage_graph: Cli, world: World) -> None:
    with lg.connect() as graph:
        facade = graph.plan(world.model, from_scratch=True)
    said = lineage_graph("plan", world.model, "--from-scratch", "--format", "json")
    assert Plan.model_validate_json(said.out) == facade
    assert [run["name"] for run in said.json["runs"]] == [f"{world.project}/runs/{i}" for i in ("ingest", "split", "fit")]
    table = lineage_graph("plan", world.model, "--from-scratch")
    assert [line.split()[:2] for line in table.lines[1:4]] == [
        ["1", f"{world.project}/runs/ingest"], ["2", f"{world.project}/runs/split"], ["3", f"{world.project}/runs/fit"]
    ]  # fmt: skip
    assert f"→ {world.model}" in table.lines[3] and "\x1b" not in table.out


def test_what_is_there_is_skipped_and_fetched(lineage_graph: Cli, world: World) -> None:
    said = lineage_graph("plan", world.model)
    text = said.out
    assert "fetch (2)" in text and "skipped (2)" in text and "stored" in text
    assert [line for line in said.lines if line.endswith("runs/split")]


def test_a_plan_that_is_cut_says_how_to_go_on(lineage_graph: Cli, world: World) -> None:
    said = lineage_graph("plan", world.model, "--from-scratch", "--limit", 2)
    assert said.lines[2].startswith("2") and len(said.lines) == 3 and "--after 2" in said.err
    rest = lineage_graph("plan", world.model, "--from-scratch", "--after", 2)
    assert rest.lines[1].split()[:2] == ["3", f"{world.project}/runs/fit"] and "--after" not in rest.err
    assert "exit 2" in lineage_graph("plan", world.model, "--limit", 1, "--from-scratch", "--format", "sh").out


def test_time_and_outside(lineage_graph: Cli, world: World) -> None:
    said = lineage_graph("plan", world.raw, "--as-of", "2020-01-01T00:00:00Z")
    assert "no run made" in said.err and "fetch (1)" in said.out and "stored" in said.out


def test_what_is_missing_is_listed(lineage_graph: Cli, online: Address, project: str, work: Path) -> None:
    source = lg.Artifact("raw", "dataset")
    source.add_reference("s3://nowhere/raw.csv", checksum="md5:" + "0" * 32)
    gone = work / "gone.csv"
    gone.write_text("x")
    local = lg.Artifact("local", "dataset")
    local.add_reference(gone.as_uri())
    with lg.init(project=project, id="r", command="make it") as run:
        run.use_artifact(source)
        run.use_artifact(local)
    recorder.close_all()
    gone.unlink()
    said = lineage_graph("plan", f"{project}/runs/r")
    assert "missing (1)" in said.out and "input unreadable" in said.out and f"{project}/local:v0" in said.out
    assert "elsewhere" in said.out and "1 run without a commit" in said.err
    gone.write_text("x")
    assert "missing" not in lineage_graph("plan", f"{project}/runs/r").out
    gone.rename(work / "kept.csv")
    assert f"on disk: {work}" not in lineage_graph("plan", f"{project}/runs/r", "--have", work).out
    assert "missing" not in lineage_graph("plan", f"{project}/runs/r", "--have", work).out


def test_bad_input_is_one_sentence(refuses: Callable[..., str], world: World) -> None:
    assert "no artifact" in refuses("plan", f"{world.project}/none")
    assert "no run" in refuses("plan", f"{world.project}/runs/none")
    assert "not understood" in refuses("plan", "a b")
    assert "no folder" in refuses("plan", world.model, "--have", "nowhere")
    assert "cursor" in refuses("plan", world.model, "--after", "x")
    assert "zone" in refuses("plan", world.model, "--as-of", "2026-01-05T08:00:00")
    assert "--limit" in refuses("plan", world.model, "--limit", 0)
    assert "--format" in refuses("plan", world.model, "--format", "yaml")
    assert "reproduce/plan" in refuses("plan", world.model, "--timeout", 1e-9)


def test_the_queries_of_an_auditor(lineage_graph: Cli, world: World) -> None:
    [row] = lineage_graph("query", "reproduce/recipe_of", "-p", f"run={world.project}/runs/fit", "--format", "json").json
    assert row["state"] == "finished" and {v["name"] for v in row["inputs"]} == {world.train, world.test}
    assert lineage_graph("query", "retries", "-p", f"run={world.project}/runs/fit", "--format", "json").json == []


# ── the script ────────────────────────────────────────────────────────────────────────────────────────────────────────


def git(folder: Path, *arguments: str) -> None:
    person = [f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
    subprocess.run(
        ["git", *arguments], cwd=folder, env=os.environ | dict.fromkeys(person, "a@b"), capture_output=True, check=True
    )


@pytest.fixture
def recorded(online: Address, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """raw → upper → doubled: two shell commands on the code of a commit, recorded as `lineage-graph run` would."""
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "upper.sh").write_text("tr a-z A-Z < in/raw.txt > upper.txt\n")
    (repository / "double.sh").write_text("cat in/upper.txt in/upper.txt > doubled.txt\n")
    git(repository, "init", "-q")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "steps")
    monkeypatch.chdir(repository)
    plain = capture.environment
    places: dict[str, Any] = {}
    monkeypatch.setattr(capture, "environment", lambda folder: plain(folder) | places)

    def step(id: str, used: str | lg.Artifact, name: str) -> None:
        places["inputs"] = [{"name": "raw" if id == "upper" else "upper", "path": "in"}]
        places["outputs"] = [{"name": name, "path": f"{name}.txt"}]
        with lg.init(project=project, id=id, command=f"sh {'upper' if id == 'upper' else 'double'}.sh") as run:
            run.use_artifact(used).download("in")
            subprocess.run(["sh", f"{'upper' if id == 'upper' else 'double'}.sh"], check=True)
            made = lg.Artifact(name, "dataset")
            made.add_file(f"{name}.txt")
            run.log_artifact(made)

    raw = lg.Artifact("raw", "dataset")
    with raw.new_file("raw.txt") as file:
        file.write("some text\n")
    step("upper", raw, "upper")
    step("double", "upper", "doubled")
    recorder.close_all()
    capture.code.cache_clear()
    return f"{project}/doubled:v0"


def test_a_script_makes_it_again(lineage_graph: Cli, recorded: str, tmp_path: Path) -> None:
    text = lineage_graph("plan", recorded, "--from-scratch", "--format", "sh").out
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "again.sh").write_text(text)
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "again.sh", "here"], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, (done.stdout, done.stderr, text)
    [made] = folder.rglob("doubled.txt")
    assert made.read_text() == "SOME TEXT\n" * 2 and made.is_relative_to(folder / "here")
    assert f"lineage-graph show {recorded}" in done.stdout
    # From the middle: the first step is skipped, what it made is fetched.
    text = lineage_graph("plan", recorded, "--format", "sh").out
    assert "upper.sh" not in text and f"lineage-graph download {recorded.replace('doubled', 'upper')} --output in" in text


def test_a_script_of_something_incomplete_refuses(lineage_graph: Cli, online: Address, project: str, work: Path) -> None:
    with lg.init(project=project, id="r") as run:
        made = lg.Artifact("it", "dataset")
        with made.new_file("it") as file:
            file.write("it")
        run.log_artifact(made)
        run.finish(1)
    recorder.close_all()
    said = lineage_graph("plan", f"{project}/it", "--format", "sh")
    done = subprocess.run(["sh"], input=said.out, cwd=work, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "missing" in done.stderr and not (work / "again").exists()
