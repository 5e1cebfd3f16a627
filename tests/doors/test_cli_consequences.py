"""impact and stale as people meet them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import lineage_graph as lg
from lineage_graph.recording import recorder
from tests.doors.conftest import Cli, World

Refuses = Callable[..., str]


@pytest.fixture
def moved(world: World) -> World:
    """The world, and a second raw."""
    with lg.init(project=world.project, id="ingest-2", job_type="ingest") as run:
        raw = lg.Artifact("raw", "dataset")
        with raw.new_file("raw.txt") as file:
            file.write("raw anew")
        run.log_artifact(raw)
    recorder.close_all()
    return world


def test_impact_counts_then_names_then_lists(lineage_graph: Cli, world: World) -> None:
    said = lineage_graph("impact", world.raw)
    assert said.lines[0] == f"3 versions and 2 runs downstream of {world.raw}"
    text = said.out
    order = ["what and by whom", "\naliases\n", "\nlatest\n", "\nnearest first\n"]
    assert [text.index(word) for word in order] == sorted(text.index(word) for word in order)
    assert any(line.split()[:3] == ["4", "best", world.model] for line in said.lines)
    assert any(line.split()[:3] == ["2", "version", "dataset"] for line in said.lines)
    assert any(f"{world.project}/runs/fit" in line for line in said.lines) and "\nstates" not in text and said.err == ""


def test_impact_of_what_nothing_was_made_from(lineage_graph: Cli, world: World) -> None:
    assert lineage_graph("impact", world.model).out == f"0 versions and 0 runs downstream of {world.model}\n"


def test_impact_as_json_and_a_page_of_it(lineage_graph: Cli, world: World) -> None:
    first = lineage_graph("impact", world.raw, "--limit", 2, "--format", "json").json
    assert (first["run_count"], first["version_count"], first["truncated"]) == (
        2, 3, {"reason": "limit", "limit": 2, "cursor": "2"},
    )  # fmt: skip
    said = lineage_graph("impact", world.raw, "--limit", 2, "--after", 2)
    assert "--after 4 goes on" in said.err and said.lines[0].startswith("3 versions")
    rest = lineage_graph("impact", world.raw, "--after", 2, "--format", "json").json
    assert len(first["runs"] + first["versions"] + rest["runs"] + rest["versions"]) == 5 and rest["truncated"] is None
    near = lineage_graph("impact", world.raw, "--depth", 1, "--format", "json").json
    assert (near["run_count"], near["version_count"], near["depth"]) == (1, 0, 1)


def test_stale_says_what_and_why(lineage_graph: Cli, moved: World) -> None:
    said = lineage_graph("stale", moved.project)
    assert said.lines[0] == f"3 versions out of date, of 4 in {moved.project}"
    model = next(line for line in said.lines if line.startswith(moved.model))
    assert "best, latest" in model and "alias" in model
    assert model.endswith("fit ← test:v0 ← split ← raw:v0 (now v1)")
    one = lineage_graph("stale", moved.train)
    assert one.lines[0] == f"1 version out of date, of 1 of {moved.train} and what it was made from"


def test_stale_answers_no_with_an_exit_code_only_where_it_is_asked_to(lineage_graph: Cli, moved: World) -> None:
    assert lineage_graph("stale", moved.project, code=0).code == 0
    assert lineage_graph("stale", moved.project, "--exit-code", code=1).lines[0].startswith("3 versions")
    assert lineage_graph("stale", moved.project, "--exit-code", "--format", "json", code=1).json["count"] == 3
    assert lineage_graph("stale", f"{moved.project}/raw", "--exit-code", code=0).lines[0].startswith("0 versions")
    assert lineage_graph("stale", moved.project, "--because", "artifact", "--exit-code", code=0).err == ""


def test_stale_as_json_in_pages_and_at_a_time(lineage_graph: Cli, moved: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = lineage_graph("stale", moved.project, "--limit", 1, "--format", "json").json
    assert list(answer) == ["scope", "as_of", "known_at", "all", "because", "checked", "count", "versions", "truncated"]
    [version] = answer["versions"]
    assert " ".join(version) == "uid name type aliases created_at source_id step because moved cause path"
    assert version["path"] == [version["name"], f"{moved.project}/runs/split", moved.raw]
    assert version["cause"] == version["moved"][0] and version["cause"]["now"] == f"{moved.project}/raw:v1"
    assert "--after 1 goes on" in lineage_graph("stale", moved.project, "--limit", 1).err
    made = lineage_graph("show", f"{moved.project}/runs/ingest-2", "--format", "json").json["run"]["started_at"]
    before = lineage_graph("stale", moved.project, "--as-of", made, "--format", "json").json
    assert before["count"] == 0 and before["checked"] == 4
    monkeypatch.setenv("LINEAGE_GRAPH_PROJECT", moved.project)
    assert json.loads(lineage_graph("stale", "--all", "--format", "json").out)["scope"] == moved.project


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("impact", "nowhere/nothing"), "no artifact 'nowhere/nothing' is recorded"),
        (("impact", "{p}/raw", "--after", "soon"), "cursor"),
        (("impact", "{p}/raw", "--limit", "0"), "0 is not in the range"),
        (("impact", "{p}/raw", "--as-of", "noon"), "is not a time"),
        (("impact",), "missing argument"),
        (("stale",), "name a project or a version"),
        (("stale", "nowhere"), "no project or version 'nowhere' is recorded"),
        (("stale", "{p}/raw:v9"), "the newest is v0"),
        (("stale", "{p}/runs/fit"), "is a run"),
        (("stale", "{p}/raw", "--all"), "is a version"),
        (("stale", "{p}", "--because", "rain"), "'rain' is not one of"),
        (("stale", "{p}", "--known-at", "2026-01-05T08:00:00"), "no time zone"),
        (("stale", "{p}", "--timeout", "0.0000001"), "was not done within"),
        (("stale", "a b"), "not understood"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(refuses: Refuses, world: World, arguments: tuple[str, ...], says: str) -> None:
    assert says in refuses(*(a.format(p=world.project) for a in arguments))


@pytest.mark.usefixtures("closed_port")
@pytest.mark.parametrize("command", [("impact", "p/a"), ("stale", "p")])
def test_a_graph_that_does_not_answer_is_said(refuses: Refuses, command: tuple[str, ...]) -> None:
    assert "no Neo4j answers" in refuses(*command)
