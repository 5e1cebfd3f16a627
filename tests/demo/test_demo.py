"""The demonstration does what it says, twice the same, and what it tells to try next works."""

from __future__ import annotations

import io
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import joblib
import numpy as np
import pytest
from rich.console import Console

from lineage_graph.demo import pipeline, run_demo, show
from lineage_graph.errors import ExtraMissing, GraphUnreachable
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from lineage_graph.names import parse_artifact
from tests.conftest import Address
from tests.demo.demonstration import Demonstration, demonstrate, surroundings

LOGGED = re.compile(r"^  (\S+) +[\d.]+ s   logged (.*)$", re.MULTILINE)


def logged(said: str) -> dict[str, list[str]]:
    """For each step of what a demonstration printed, the versions that it logged."""
    found = {}
    for run, names in LOGGED.findall(said):
        step = next(s.id for s in sorted(pipeline.STEPS, key=lambda s: -len(s.id)) if run == s.id or run.startswith(f"{s.id}-"))
        found[step] = [name.removesuffix(" again") for name in names.split(", ")]
    return found


@pytest.fixture
def reader(demonstration: Demonstration, graph: Graph) -> Reader:
    return Reader(graph, "digits")


def test_it_runs_every_step_and_ends_well(demonstration: Demonstration) -> None:
    assert demonstration.code == 0, demonstration.said
    assert set(logged(demonstration.said)) == {step.id for step in pipeline.STEPS} - {"choose"}
    assert "moved the alias best" in demonstration.said
    assert "Where digits/classifier:best came from:" in demonstration.said
    assert re.search(r"upstream of digits/report:latest: \d+ versions, \d+ runs, \d+ edges", demonstration.said)


def test_the_examples_of_the_query_files_are_there(reader: Reader) -> None:
    assert reader.version("digits/classifier:v0").type == "model"
    assert reader.run("digits/runs/train-1").config["C"] == 1.0


def test_the_model_rests_on_the_raw_data_through_each_step(reader: Reader) -> None:
    up = reader.upstream("digits/report:latest")
    assert {run.job_type for run in up.runs} == {"ingest", "split", "train", "evaluate", "report"}
    artifacts = {parse_artifact(v.name.partition(":")[0]).name for v in up.versions}
    assert artifacts == {
        "digits-raw", "digits-train", "digits-validation", "digits-test", "classifier", "evaluation", "report",
    }  # fmt: skip
    assert len({v.name for v in up.versions if "/classifier:" in v.name}) == len(pipeline.GRID)
    best = reader.version("digits/classifier:best")
    assert any(v.uid == best.uid for v in up.versions)
    assert {run.state for run in up.runs} == {"finished"}


def test_the_chosen_model_loads_again_and_is_good(demonstration: Demonstration, tmp_path: Path) -> None:
    import lineage_graph as lg

    with surroundings(demonstration.environment), lg.connect() as graph:
        model = joblib.load(graph.artifact("digits/classifier:best").download(tmp_path / "m") / "classifier.joblib")
        test = np.load(graph.artifact("digits/digits-test").download(tmp_path / "t") / "test.npz")
        report = graph.version("digits/report:latest")
    accuracy = float(np.mean(model.predict(test["pixels"]) == test["labels"]))
    assert accuracy > 0.97
    assert report.metadata == {"accuracy": accuracy}


def test_it_is_made_again_from_an_empty_folder_with_every_digest_the_same(
    demonstration: Demonstration, reader: Reader, tmp_path: Path
) -> None:
    import lineage_graph as lg

    before = {a.full_name: (a.aliases, a.versions) for a in reader.artifacts("digits")}
    here = {"PYTHONPATH": str(Path(lg.__file__).parents[1])}
    with surroundings(demonstration.environment | here), lg.connect() as graph:
        found = graph.reproduce("digits/report:latest", tmp_path / "again", jobs=2)
        assert found.ok and found.different == found.missing == 0, found
        assert found.same == 6 + len(pipeline.GRID) and not found.beyond
        # One that logs nothing and moves an alias; what it uses is fetched.
        chosen = lg.reproduce(graph, graph.plan("digits/runs/choose"), tmp_path / "choose")
        assert chosen.ok and [run.name for run in chosen.runs] == ["digits/runs/choose"]
    assert {a.full_name: (a.aliases, a.versions) for a in reader.artifacts("digits")} == before


def test_a_second_one_gives_the_same_versions_and_nothing_is_refused(
    demonstration: Demonstration, reader: Reader, address: Address, tmp_path: Path
) -> None:
    refused, before = len(reader.rejections()), len(reader.versions("digits/classifier"))

    second = demonstrate(address, tmp_path / "home")

    assert second.code == 0, second.said
    assert logged(second.said) == logged(demonstration.said)
    assert second.said.count(" again") == sum(map(len, logged(second.said).values()))
    assert len(reader.versions("digits/classifier")) == before
    assert len(reader.rejections()) == refused
    assert not list((tmp_path / "home" / "demo").iterdir())


def test_what_it_tells_to_try_works_as_it_stands(demonstration: Demonstration, tmp_path: Path) -> None:
    pytest.importorskip("lineage_graph.cli.__main__")
    lines = re.findall(r"^    (\S*lineage-graph .*)$", demonstration.said, re.MULTILINE)
    assert len(lines) == len(show.NEXT)
    here = Path(sys.executable).parent
    with surroundings(demonstration.environment | {"PATH": f"{here}{os.pathsep}{os.environ['PATH']}"}):
        for line in lines:
            _, *words = shlex.split(line)
            done = subprocess.run(["lineage-graph", *words], cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{line}\n{done.stderr}"
            assert done.stdout.strip(), line


def test_a_step_that_fails_is_told_with_the_end_of_what_it_said(
    online: Address, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = pipeline.Step("train", "train-1", ("--C=much",))
    monkeypatch.setattr(pipeline, "STAGES", ((broken, pipeline.STEPS[0]), (pipeline.STEPS[0],)))
    out = io.StringIO()

    assert run_demo(Console(file=out, width=200)) == 2

    said = out.getvalue()
    assert "invalid float value: 'much'" in said
    assert "step train-1 failed" in said
    assert f"its files are in {home / 'demo'}" in said
    assert "Try next" not in said


def test_without_scikit_learn_it_says_what_to_install(online: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show, "find_spec", lambda name: None)
    with pytest.raises(ExtraMissing, match=r"pip install 'lineage-graph\[demo\]'"):
        run_demo(Console(file=io.StringIO()))


def test_without_an_answering_server_no_step_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_URI", "bolt://127.0.0.1:1")
    monkeypatch.setenv("LINEAGE_GRAPH_PASSWORD", "unused-here")
    with pytest.raises(GraphUnreachable):
        run_demo(Console(file=io.StringIO()))
    assert not (home / "demo").exists()


def test_where_no_server_is_set_it_starts_the_local_one(home: Path, address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    from lineage_graph import local

    asked: list[dict[str, Any]] = []

    def up(folder: Path, **options: Any) -> local.Server:
        asked.append({"folder": folder, **options})
        return local.Server("2026.09.0", address.uri, address.user, address.password, 1, folder, None, "")

    monkeypatch.delenv("NEO4J_URI", raising=False)
    monkeypatch.setattr(local, "up", up)
    monkeypatch.setattr(local, "running", lambda folder: up(folder) if asked else None)
    monkeypatch.setattr(pipeline, "STAGES", ())
    monkeypatch.setattr(show, "_lineage", lambda console, graph: None)
    out = io.StringIO()

    assert run_demo(Console(file=out, width=200)) == 0

    assert asked[0]["folder"] == home / "neo4j"
    assert asked[0]["progress"] is not None
    assert "it is fetched once" in out.getvalue()


def test_commands_are_told_as_this_shell_finds_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "lineage-graph"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program.parent / "python"))

    monkeypatch.setenv("PATH", str(program.parent))
    assert next(show.commands())[0].startswith("lineage-graph upstream ")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert next(show.commands())[0].startswith(f"{program} upstream ")
    monkeypatch.chdir(tmp_path)
    assert next(show.commands())[0].startswith("bin/lineage-graph upstream ")


@pytest.mark.parametrize("step", sorted({step.name for step in pipeline.STEPS}))
def test_each_step_explains_itself(step: str) -> None:
    command = [sys.executable, "-m", f"lineage_graph.demo.steps.{step}", "--help"]
    assert "--id" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_it_says_where_the_explorer_would_be(demonstration: Demonstration) -> None:
    assert re.search(r"lineage-graph serve, then http://127\.0\.0\.1:8137/#/lineage/digits/classifier:best", demonstration.said)


def test_in_a_terminal_it_ends_with_the_explorer_open(demonstration: Demonstration, tmp_path: Path) -> None:
    program = (
        "from rich.console import Console\n"
        "from lineage_graph.demo.show import _explorer\n"
        "from lineage_graph.settings import load\n"
        "_explorer(Console(force_terminal=True, width=200), load(), True)\n"
    )
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path / "opened"}\n')
    browser.chmod(0o755)
    environment = os.environ | demonstration.environment | {"BROWSER": f"{browser} %s"}
    command = [sys.executable, "-u", "-c", program]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "explorer" in line)
        address = next(word for word in line.split() if word.startswith("http"))
        assert address.endswith("/#/lineage/digits/classifier:best")
        with urlopen(address.partition("#")[0], timeout=10) as page:
            assert b"<title>" in page.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert (tmp_path / "opened").read_text() == address
