"""Recording from a shell: log, use, alias, edit, download, run."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_graph.cli.running import parse_input, parse_output
from lineage_graph.errors import NameNotUnderstood, ParameterWrong
from tests.conftest import Address
from tests.doors.conftest import Cli, World, ended, start


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# ── log, use ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_log_files_with_all_that_can_be_said(lineage_graph: Cli, online: Address, project: str) -> None:
    write("a.txt", "a")
    write("folder/b.txt", "b")
    said = lineage_graph(
        "log", "thing", "a.txt", "folder", "--type", "dataset", "--project", project, "--alias", "gold", "--tag", "t",
        "--description", "two files", "--metadata", "rows=2", "--metadata", "from=here", "--format", "json",
    ).json  # fmt: skip
    assert said["version"] == f"{project}/thing:v0" and said["run"].startswith(f"{project}/runs/")
    shown = lineage_graph("show", f"{project}/thing:gold", "--format", "json").json
    assert [f["path"] for f in shown["files"]] == ["a.txt", "folder/b.txt"]
    version = shown["version"]
    assert (version["type"], version["description"], version["tags"]) == ("dataset", "two files", ["t"])
    assert version["metadata"] == {"rows": 2, "from": "here"} and version["digest"] == said["digest"]
    [run] = shown["logged_by"]
    assert (run["state"], run["step"], run["job_type"]) == ("finished", "log", "log")


def test_log_the_same_bytes_again_is_the_same_version_and_knows_the_type(
    lineage_graph: Cli, online: Address, project: str
) -> None:
    write("a.txt", "a")
    first = lineage_graph("log", f"{project}/thing", "a.txt", "--type", "dataset")
    assert first.out == f"{project}/thing:v0\n" and first.err == ""
    assert lineage_graph("log", f"{project}/thing", "a.txt").out == first.out
    write("a.txt", "b")
    assert lineage_graph("log", f"{project}/thing", "a.txt").out == f"{project}/thing:v1\n"


def test_a_reference_stays_where_it_is(lineage_graph: Cli, online: Address, project: str) -> None:
    lineage_graph("log", f"{project}/far", "s3://bucket/data.csv", "--type", "dataset")
    [file] = lineage_graph("show", f"{project}/far", "--format", "json").json["files"]
    assert file["ref"] == "s3://bucket/data.csv"


def test_use_outside_a_run_is_a_run_of_its_own(lineage_graph: Cli, world: World) -> None:
    said = lineage_graph("use", f"{world.project}/model:best", "--as", "judge", "--format", "json").json
    assert said["version"] == world.model
    [row] = lineage_graph("query", "consumers", "-p", f"version={world.model}", "--format", "json").json
    assert row["used_as"] == "judge" and said["run"].endswith(row["run"]["id"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["log", "{p}/x", "nothing.txt", "--type", "t"], "nothing.txt: is not there"),
        (["log", "{p}/x"], "missing argument 'PATH...'"),
        (["log", "a b", "file.txt", "--type", "t"], "'a b' is not understood"),
        (["log", "{p}/x:v3", "file.txt", "--type", "t"], "is not understood"),
        (["log", "{p}/x", "file.txt", "--type", "a/b"], "'a/b' is not understood"),
        (["log", "{p}/x", "file.txt", "--type", "t", "--alias", "v3"], "'v3' is not understood"),
        (["log", "{p}/x", "file.txt", "--type", "t", "--metadata", "rows"], "'rows' is not key=value"),
        (["log", "{p}/x", "file.txt", "--type", "t", "--metadata", "n=9007199254740993"], "metadata.n cannot be recorded"),
        (["log", "{p}/raw", "file.txt", "--type", "model"], "is of type 'dataset' and cannot be 'model' as well"),
        (["use", "{p}/nothing"], "no artifact '{p}/nothing' is recorded"),
        (["use", "{p}/model:prod"], "no version '{p}/model:prod' is recorded"),
        (["alias", "{p}/model", "latest"], "'latest' moves by itself"),
        (["alias", "{p}/model", "a/b"], "'a/b' is not understood"),
        (["alias", "{p}/nothing", "x"], "no artifact '{p}/nothing' is recorded"),
        (["alias", "{p}/model", "x", "--remove"], "no version '{p}/model:x' is recorded"),
        (["edit", "{p}/model"], "say what to edit"),
        (["edit", "{p}/model", "--metadata", "=1"], "'=1' is not key=value"),
        (["edit", "{p}/model:v5", "--tag", "a"], "no version '{p}/model:v5' is recorded"),
        (["download", "{p}/model:v5"], "no version '{p}/model:v5' is recorded"),
        (["download", "{p}/model", "-o", "file.txt"], "file.txt"),
    ],
)
def test_recorded_wrongly(refuses: Callable[..., str], world: World, arguments: list[str], words: str) -> None:
    write("file.txt", "x")
    assert words.format(p=world.project) in refuses(*(a.format(p=world.project) for a in arguments))


def test_wrong_use_begins_no_run(lineage_graph: Cli, refuses: Callable[..., str], world: World) -> None:
    refuses("use", f"{world.project}/nothing")
    refuses("run", "--project", world.project, "--use", "nothing", "--", "true")
    refuses("run", "--project", world.project, "--", "no-such-program")
    assert len(lineage_graph("ls", world.project, "--runs", "--format", "json").json) == 3


def test_a_home_that_cannot_be_written_is_said_and_loses_nothing(
    lineage_graph: Cli, online: Address, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.txt", "a")
    monkeypatch.setenv("LINEAGE_GRAPH_HOME", "/dev/null/home")
    said = lineage_graph("log", f"{project}/thing", "a.txt", "--type", "dataset")
    assert said.out == f"{project}/thing:v0\n" and "/dev/null/home" in said.err and "LINEAGE_GRAPH_HOME" in said.err
    assert all(line.startswith("lineage-graph: ") for line in said.err.splitlines())


# ── alias, edit, download ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_alias_moves_and_goes(lineage_graph: Cli, refuses: Callable[..., str], world: World) -> None:
    assert "prod" in lineage_graph("alias", world.model, "prod", "--format", "json").json["aliases"]
    assert lineage_graph("show", f"{world.project}/model:prod", "--format", "json").json["version"]["name"] == world.model
    write("m", "new")
    lineage_graph("log", f"{world.project}/model", "m")
    newer = f"{world.project}/model:v1"
    assert lineage_graph("alias", newer, "prod").out == f"{newer}: latest, prod\n"
    assert "it points to" in refuses("alias", world.model, "prod", "--remove")
    assert lineage_graph("alias", newer, "prod", "--remove", "--format", "json").json["aliases"] == ["latest"]
    assert lineage_graph("alias", world.model, "best", "--remove").out == f"{world.model}: no alias\n"


def test_an_edit_keeps_what_it_does_not_name(lineage_graph: Cli, world: World) -> None:
    lineage_graph("edit", world.model, "--metadata", "a=1", "--metadata", "b=two", "--tag", "x", "--tag", "y")
    version = lineage_graph("edit", world.model, "--metadata", "a=null", "--description", "good", "--format", "json").json[
        "version"
    ]
    assert (version["metadata"], version["tags"], version["description"]) == ({"b": "two"}, ["x", "y"], "good")
    assert "good" in lineage_graph("edit", world.model, "--tag", "").out
    assert lineage_graph("show", world.model, "--format", "json").json["version"]["tags"] == []


def test_download(lineage_graph: Cli, world: World) -> None:
    assert lineage_graph("download", world.raw).out == "artifacts/raw:v0\n"
    assert Path("artifacts/raw:v0/raw.txt").read_text() == "raw"
    said = lineage_graph("download", world.raw, "-o", "there", "--format", "json").json
    assert said == {"version": world.raw, "folder": "there", "files": ["raw.txt"]} and Path("there/raw.txt").exists()


# ── run ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_use_and_log_mean() -> None:
    assert parse_input("raw:latest=in") == ("raw:latest", "in") and parse_input("raw") == ("raw", None)
    output = parse_output("team/p/model:model=out=1.bin")
    assert (output.name, output.kind, output.path) == ("team/p/model", "model", "out=1.bin")
    assert parse_output("model=out").kind is None
    for text in ("model", "=out", "model:model=", "model="):
        with pytest.raises(ParameterWrong):
            parse_output(text)
    for text in ("", "=in", "raw="):
        with pytest.raises(ParameterWrong):
            parse_input(text)
    with pytest.raises(NameNotUnderstood):
        parse_output("model:=out")


def test_a_program_is_a_run(lineage_graph: Cli, world: World) -> None:
    write("fit.sh", "cat in/train.txt > out.bin; echo $LINEAGE_GRAPH_RUN > run.txt; echo said; echo whispered >&2")
    arguments = ["run", "--project", world.project, "--job-type", "fit", "--name", "by hand", "--use", "train=in", "--log",
                 "weights:model=out.bin", "--config", "C=0.5", "--config", "kind=rbf", "--", "sh", "fit.sh"]  # fmt: skip
    said = ended(start(*arguments))
    assert said.code == 0 and said.out == "said\n", said.err
    run = Path("run.txt").read_text().strip()
    assert said.err == f"whispered\nlineage-graph: run {run} (by hand) finished, logged {world.project}/weights:v0\n"
    shown = lineage_graph("show", run, "--format", "json").json
    assert [v["name"] for v in shown["used"]] == [world.train] and [v["type"] for v in shown["logged"]] == ["model"]
    facts = shown["run"]
    assert (facts["command"], facts["step"], facts["job_type"]) == ("sh fit.sh", "fit.sh", "fit")
    assert (facts["config"], facts["state"], facts["exit_code"]) == ({"C": 0.5, "kind": "rbf"}, "finished", 0)


def test_what_happens_inside_joins_the_run(lineage_graph: Cli, world: World) -> None:
    write("x.txt", "x")
    inside = (
        f"import os, subprocess, sys, lineage_graph as lg\nwith lg.init() as run: run.use_artifact('{world.test}')\n"
        f"sys.exit(subprocess.call([sys.executable, '-m', 'lineage_graph', 'log', 'more', 'x.txt', '--type', 'dataset']))"
    )
    write("inside.py", inside)
    said = ended(start("run", "--project", world.project, "--", sys.executable, "inside.py"))
    assert said.code == 0 and said.out == f"{world.project}/more:v0\n", said.err
    [run] = [r for r in lineage_graph("ls", world.project, "--runs", "--format", "json").json if r["step"] == "inside.py"]
    shown = lineage_graph("show", f"{world.project}/runs/{run['id']}", "--format", "json").json
    assert [v["name"] for v in shown["used"]] == [world.test]
    assert [v["name"] for v in shown["logged"]] == [f"{world.project}/more:v0"] and shown["run"]["state"] == "finished"


def test_a_run_inside_a_run_is_its_child(lineage_graph: Cli, online: Address, project: str, graph: object) -> None:
    inner = ["-m", "lineage_graph", "run", "--project", project, "--name", "inner", "--", "true"]
    said = ended(start("run", "--project", project, "--name", "outer", "--", sys.executable, *inner))
    assert said.code == 0, said.err
    runs = {r["name"]: r for r in lineage_graph("ls", project, "--runs", "--format", "json").json}
    assert runs["inner"]["state"] == runs["outer"]["state"] == "finished"


def test_an_exit_code_is_passed_through_and_nothing_is_logged(lineage_graph: Cli, online: Address, project: str) -> None:
    arguments = ["run", "--project", project, "--log", "out:model=out.bin"]
    program = ["--", "sh", "-c", "echo half > out.bin; exit 7"]
    said = ended(start(*arguments, *program))
    assert said.code == 7 and "ended with exit code 7" in said.err and said.out == ""
    [run] = lineage_graph("ls", project, "--runs", "--format", "json").json
    assert (run["state"], run["exit_code"]) == ("failed", 7)
    assert lineage_graph("ls", project, "--format", "json").json == []
    assert ended(start(*arguments, "--log-anyway", *program)).code == 7
    assert [a["name"] for a in lineage_graph("ls", project, "--format", "json").json] == ["out"]


def test_an_output_that_is_not_there_fails_the_run(
    lineage_graph: Cli, refuses: Callable[..., str], online: Address, project: str
) -> None:
    assert "nothing.bin: is not there" in refuses("run", "--project", project, "--log", "x:model=nothing.bin", "--", "true")
    [run] = lineage_graph("ls", project, "--runs", "--format", "json").json
    assert run["state"] == "failed"


def test_a_program_that_a_signal_ends(lineage_graph: Cli, online: Address, project: str) -> None:
    said = ended(start("run", "--project", project, "--", "sh", "-c", "kill -9 $$"))
    assert said.code == 137
    [run] = lineage_graph("ls", project, "--runs", "--format", "json").json
    assert run["state"] == "killed"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_signals_are_passed_on(lineage_graph: Cli, online: Address, project: str, name: str) -> None:
    write("wait.sh", f"trap 'echo {name} >> got; exit 5' {name[3:]}\necho > ready\nwhile :; do sleep 0.05; done\n")
    before = signal.signal(getattr(signal, name), signal.SIG_DFL)  # one that is ignored (as under nohup) would be inherited
    try:
        process = start("run", "--project", project, "--", "sh", "wait.sh", stdin=subprocess.DEVNULL)
    finally:
        signal.signal(getattr(signal, name), before)
    for _ in range(600):
        if Path("ready").exists():
            break
        time.sleep(0.05)
    process.send_signal(getattr(signal, name))
    said = ended(process)
    assert said.code == 5 and Path("got").read_text() == f"{name}\n", said.err
    [run] = lineage_graph("ls", project, "--runs", "--format", "json").json
    assert (run["state"], run["exit_code"]) == ("failed", 5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--", "no-such-program"], "'no-such-program' is not there or is no program"),
        ([], "missing argument '-- COMMAND...'"),
        (["--log", "model", "--", "true"], "'model' is not NAME:TYPE=PATH"),
        (["--log", "a b:model=x", "--", "true"], "'a b' is not understood"),
        (["--use", "x=", "--", "true"], "'x=' is not NAME or NAME=DIR"),
        (["--use", "a b", "--", "true"], "'a b' is not understood"),
        (["--config", "C", "--", "true"], "'C' is not key=value"),
        (["--project", "a/b/c", "--", "true"], "'a/b/c' is not understood"),
        (["--nope", "--", "true"], "no such option '--nope'"),
    ],
)
def test_run_asked_wrongly(refuses: Callable[..., str], online: Address, arguments: list[str], words: str) -> None:
    assert words in refuses("run", *arguments)


def test_a_run_while_neo4j_is_down_goes_on(lineage_graph: Cli, closed_port: str, project: str) -> None:
    said = ended(
        start("run", "--project", project, "--log", "out:model=out.bin", "--", "sh", "-c", "echo 1 > out.bin; echo done")
    )
    assert said.code == 0 and said.out == "done\n"
    assert closed_port in said.err and "Traceback" not in said.err and f"logged {project}/out@sha256:" in said.err
    assert said.err.count("\n") == 2
    assert json.loads(lineage_graph("status", "--format", "json").out)["journals"][0]["events"] == 3


def test_recording_that_is_offline_says_so_once(lineage_graph: Cli, project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_MODE", "offline")
    write("a.txt", "a")
    said = lineage_graph("log", f"{project}/thing", "a.txt", "--type", "dataset", "--format", "json")
    assert said.json["version"] is None and said.json["digest"].startswith("sha256:")
    assert "offline" in said.err and said.err.count("\n") == 1
