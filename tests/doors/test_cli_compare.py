"""Comparing at the command line: diff, why, path; what they print, their exit codes, and every way to ask wrongly."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import lineage_graph as lg
from lineage_graph.recording import recorder
from tests.conftest import Address
from tests.doors.conftest import Cli, World


@pytest.fixture
def trainings(world: World) -> World:
    """The world's pipeline, and a second training told something else."""
    with lg.init(project=world.project, id="fit-2", job_type="train", config={"C": 2.0, "new": True}) as run:
        run.use_artifact("train", use_as="train")
        run.use_artifact("test")
        made = lg.Artifact("model", "model", metadata={"accuracy": 0.9})
        for name in ("model.txt", "extra.txt"):
            with made.new_file(name) as file:
                file.write("other")
        run.log_artifact(made)
    recorder.close_all()
    return world


def test_two_trainings_side_by_side(lineage_graph: Cli, trainings: World) -> None:
    a, b = trainings.model, f"{trainings.project}/model:v1"
    with lg.connect() as graph:
        assert lineage_graph("diff", a, b, "--format", "json").out == graph.diff(a, b).model_dump_json() + "\n"
    lines = lineage_graph("diff", a, b).lines
    assert lines[0] == f"{a} → {b}" and lines[1].endswith("/runs/fit-2")
    one = "0 versions and 1 run only of the"
    assert lines[2] == f"upstream: {one} first, {one} second, 3 versions and 2 runs of both"
    for line in ("  ~ C  1.0 → 2.0", "  + new  true", "  + accuracy  0.9", f"  ~ {a} → v1"):
        assert line in lines
    files = lines[lines.index("files") + 1 :][:2]
    assert files[0].startswith("  + extra.txt  5 bytes ") and files[1].startswith("  ~ model.txt  5 bytes ")
    for sign, run in (("-", "fit"), ("+", "fit-2")):
        assert any(line.startswith(f"  {sign} ") and line.endswith(f"{trainings.project}/runs/{run}") for line in lines)
    assert not any(line.startswith("  · ") for line in lines)
    assert sum(line.startswith("  · ") for line in lineage_graph("diff", a, b, "--both").lines) == 5


def test_why_says_config(lineage_graph: Cli, trainings: World) -> None:
    a, b = trainings.model, f"{trainings.project}/model:v1"
    lines = lineage_graph("why", a, b).lines
    assert lines[0] == f"{a} → {b}" and lines[2] == "first: the config differs"
    assert lines[4] == f"    └ {trainings.project}/runs/fit → {trainings.project}/runs/fit-2"
    assert lines[5:7] == ["    ~ C  1.0 → 2.0", "    + new  true"] and lines[-1] == "1 cause, 2 pairs compared"
    said = lineage_graph("why", a, b, "--format", "json").json
    assert [c["kind"] for c in said["causes"]] == ["config"] and said["same"] is False
    assert "nothing to explain" in lineage_graph("why", a, a).out


def test_exit_codes_are_for_ci(lineage_graph: Cli, trainings: World) -> None:
    a, b = trainings.model, f"{trainings.project}/model:v1"
    for command in ("diff", "why"):
        lineage_graph(command, a, b, "--exit-code", code=1)
        assert lineage_graph(command, a, b, "--exit-code", "--format", "json", code=1).json["b"]
        lineage_graph(command, a, a, "--exit-code", code=0)
        lineage_graph(command, a, b, code=0)
    assert "nothing differs" in lineage_graph("diff", a, a, "--exit-code").lines
    lineage_graph("path", a, trainings.raw, "--exit-code", code=0)
    lineage_graph("path", a, b, "--exit-code", code=1)


def test_files_that_cannot_be_read_are_said_and_no_failure(lineage_graph: Cli, trainings: World, home: Path) -> None:
    shutil.rmtree(home / "store")
    said = lineage_graph("diff", trainings.model, f"{trainings.project}/model:v1", "--exit-code", code=1)
    assert any(line.startswith("  ? not compared: ") for line in said.lines) and said.err == ""
    files = lineage_graph("diff", trainings.model, f"{trainings.project}/model:v1", "--format", "json").json["files"]
    assert files["problem"] and files["changes"] == []


def test_two_runs(lineage_graph: Cli, trainings: World) -> None:
    a, b = (f"{trainings.project}/runs/{run}" for run in ("fit", "fit-2"))
    said = lineage_graph("diff", a, b, "--format", "json").json
    assert said["files"] is None and [c["key"] for c in said["config"]] == ["C", "new"] and said["inputs"] == []
    assert lineage_graph("diff", a, b).lines[0] == f"{a} → {b}" and "config" in lineage_graph("why", a, b).out


def test_one_name_at_two_times(lineage_graph: Cli, trainings: World) -> None:
    with lg.connect() as graph:
        then = graph.version(f"{trainings.model}").created_at.isoformat()
        second = graph.version(f"{trainings.project}/model:v1").created_at.isoformat()
    name = f"{trainings.project}/model"
    for at in (["--at", then], ["--at", then, "--at", second]):
        said = lineage_graph("diff", name, *at, "--format", "json").json
        assert (said["a"]["name"], said["b"]["name"]) == (trainings.model, f"{name}:v1")
        assert lineage_graph("why", name, *at).lines[2] == "first: the config differs"
    said = lineage_graph("diff", f"{name}:v0", f"{name}:v1", "--at", then, "--at", second, "--format", "json").json
    assert said["a"]["as_of"] < said["b"]["as_of"]


def test_a_cut_answer_says_so(lineage_graph: Cli, trainings: World) -> None:
    a, b = trainings.model, f"{trainings.project}/model:v1"
    said = lineage_graph("diff", a, b, "--both", "--limit", 3)
    assert said.lines[-1] == "no more than 3 runs and versions are listed; --after 3 goes on"
    rest = lineage_graph("diff", a, b, "--both", "--limit", 5, "--after", 3)
    assert "--after" not in rest.out and sum(line.startswith(("  · ", "  - ", "  + ")) for line in rest.lines[-8:]) >= 4
    assert "--after 2 goes on" in lineage_graph("path", a, trainings.raw, "--limit", 2).out


# ── path ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_path_in_three_formats_and_both_directions(lineage_graph: Cli, world: World) -> None:
    for a, b in ((world.model, world.raw), (world.raw, world.model)):
        for option, which, counts in (
            (None, "shortest", "3 versions, 2 runs, 4 edges"),
            ("--all-shortest", "all-shortest", "4 versions, 2 runs, 6 edges"),
            ("--any", "any", "4 versions, 2 runs, 6 edges"),
        ):
            asked = ["path", a, b, *([option] if option else [])]
            with lg.connect() as graph:
                facade = graph.path(a, b, which=which)  # type: ignore[arg-type]
            assert lineage_graph(*asked, "--format", "json").out == facade.model_dump_json() + "\n"
            tree = lineage_graph(*asked)
            assert tree.lines[0].startswith(a) and tree.lines[-1] == counts and "\x1b" not in tree.out
            assert len(lineage_graph(*asked, "--format", "table").lines) == 1 + len(facade.runs) + len(facade.versions)


def test_no_path_is_an_answer(lineage_graph: Cli, world: World) -> None:
    for form in ([], ["--format", "table"]):
        said = lineage_graph("path", world.train, world.test, *form)
        assert said.lines == [f"there is no path between {world.train} and {world.test}"]
    assert lineage_graph("path", world.train, world.test, "--format", "json").json["found"] is False


# ── asked wrongly ─────────────────────────────────────────────────────────────────────────────────────────────────────────


CONTRADICTION = ["--as-of", "2099-01-02T00:00:00Z", "--known-at", "2099-01-01T00:00:00Z"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{c}", "{p}/none", "{p}/raw"], "no artifact '{p}/none' is recorded"),
        (["{c}", "{p}/raw", "{p}/raw:v7"], "the newest is v0"),
        (["{c}", "{p}/raw", "{p}/runs/none"], "no run '{p}/runs/none' is recorded"),
        (["{c}", "{p}/raw", "{p}/runs/fit"], "{p}/runs/fit is a run and {p}/raw:v0 a version; compare two runs"),
        (["{c}", "{p}/raw"], "one name is compared at two times"),
        (["{c}", "{p}/raw", "--at", "2099-01-01T00:00:00Z", "--at", "2099-01-01T01:00:00+01:00"], "compared with itself"),
        (["{c}", "{p}/raw", "{p}/model", "--at", "2099-01-01T00:00:00Z"], "--at is given twice"),
        (["{c}", "{p}/raw", *["--at", "2099-01-01T00:00:00Z"] * 3], "at most twice"),
        (["{c}", "{p}/raw", "--at", "2099-01-01T00:00:00Z", "--as-of", "2099-01-01T00:00:00Z"], "contradict"),
        (["{c}", "{p}/raw", "--at", "tomorrow"], "'tomorrow' is not a time"),
        (["{c}", "{p}/raw:v0", "{p}/model:v0", *CONTRADICTION], "is after"),
        (["{c}", "{p}/raw", "{p}/model", "--limit", "0"], "--limit"),
        (["{c}", "{p}/raw", "{p}/model", "--after", "x"], "cursor"),
        (["{c}", "{p}/raw", "{p}/model", "--format", "tree"], "--format"),
        (["{c}"], "missing argument 'A'"),
        (["path", "{p}/raw"], "missing argument 'B'"),
        (["path", "{p}/none", "{p}/raw"], "no artifact '{p}/none' is recorded"),
        (["path", "{p}/raw", "{p}/runs/none"], "no run '{p}/runs/none' is recorded"),
        (["path", "{p}/raw:v0", "{p}/model:v0", *CONTRADICTION], "is after"),
        (["path", "{p}/raw", "{p}/model", "--timeout", "0"], "--timeout"),
    ],
)  # fmt: skip
def test_asked_wrongly(refuses: Callable[..., str], world: World, arguments: list[str], words: str) -> None:
    for command in ("diff", "why") if any("{c}" in a for a in arguments) else ("path",):
        asked = [a.format(p=world.project, c=command) for a in arguments]
        assert words.format(p=world.project).lower() in refuses(*asked).lower()


@pytest.mark.parametrize("command", ["diff", "why", "path"])
def test_a_neo4j_that_is_down(refuses: Callable[..., str], closed_port: str, command: str, online: Address) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINEAGE_GRAPH_URI", closed_port)
        assert closed_port in refuses(command, "a", "b")
