"""Large graphs from the command line: cluster and members, and every way to ask wrongly."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import lineage_graph as lg
from lineage_graph.graph import Graph
from tests import worlds
from tests.conftest import Address
from tests.doors.conftest import Cli, World


@pytest.fixture
def sweep(online: Address, graph: Graph, project: str) -> str:
    """The name of a report on a sweep of 30."""
    worlds.record(graph, project, worlds.wide_sweep(30))
    return f"{project}/report:v0"


def test_a_sweep_as_a_table_and_as_json(lineage_graph: Cli, sweep: str) -> None:
    said = lineage_graph("cluster", sweep)
    assert said.lines[0].split() == ["level", "count", "kind", "type", "state", "name", "group"]
    assert [line.split()[:2] for line in said.lines[1:]] == [
        ["0", "1"], ["1", "1"], ["2", "30"], ["3", "30"], ["4", "1"], ["5", "1"],
    ]  # fmt: skip
    assert f"fit2, … 27 more  level/2/run/{worlds.JOB}/mn5" in said.lines[3]
    assert said.err == "64 nodes on 6 levels: 2 groups, 4 single\n"
    with lg.connect() as graph:
        assert lineage_graph("cluster", sweep, "--format", "json").out == graph.clusters(sweep).model_dump_json() + "\n"


def test_options_of_cluster_reach_the_question(lineage_graph: Cli, sweep: str, project: str) -> None:
    def groups(*options: object, name: str = sweep) -> list[int]:
        return [group["count"] for group in lineage_graph("cluster", name, *options, "--format", "json").json["groups"]]

    assert groups("--at-least", 31) == groups("--by", "made") == groups("--depth", 1) == []
    assert groups("--direction", "downstream", name=f"{project}/raw:v0") == [30, 30]
    assert groups("--direction", "project", name=project) == [30, 30]
    assert groups("--apart", f"{project}/model:v3", "--apart", f"{project}/runs/fit3") == [29, 29]
    assert groups("--as-of", "2026-01-05T08:05:30Z", "--direction", "project", name=project) == [5, 5]
    assert len(groups("--cards", 5)) <= 5
    coarse = lineage_graph("cluster", sweep, "--cards", 5)
    assert "to have no more cards," in coarse.err and "levels are taken together" in coarse.err


def test_members_as_a_table_and_as_json(lineage_graph: Cli, sweep: str) -> None:
    group = "level/3/version/dataset/mn5"
    said = lineage_graph("members", sweep, group, "--search", "V1", "--limit", 3, "--sort", "created", "--descending")
    assert [line.split()[1] for line in said.lines[1:]] == ["model:v19", "model:v18", "model:v17"]
    assert said.err == "3 of 11 are shown; --after 3 goes on\n"
    rest = lineage_graph("members", sweep, group, "--search", "V1", "--after", 9).lines
    assert [line.split()[1] for line in rest[1:]] == ["model:v18", "model:v19"]
    nothing = lineage_graph("members", sweep, group, "--search", "nothing")
    assert nothing.out == "" and nothing.err == "none of them is named so\n"
    with lg.connect() as graph:
        expected = graph.members(sweep, f"level/2/run/{worlds.JOB}/mn5").model_dump_json()
    assert lineage_graph("members", sweep, f"level/2/run/{worlds.JOB}/mn5", "--format", "json").out == expected + "\n"
    runs = lineage_graph("members", sweep, f"level/2/run/{worlds.JOB}/mn5").lines
    assert len(runs) == 31 and "finished" in runs[1]


def test_a_loop_is_marked(lineage_graph: Cli, online: Address, graph: Graph, project: str) -> None:
    worlds.record(graph, project, worlds.loop())
    said = lineage_graph("cluster", f"{project}/model")
    assert sum(line.startswith("1 *") for line in said.lines) == 2 and "1 loop: levels with a * are in one" in said.err


def test_a_few_nodes_stay_single(lineage_graph: Cli, world: World) -> None:
    said = lineage_graph("cluster", world.model)
    assert len(said.lines) == 8 and said.err == "7 nodes on 6 levels: 0 groups, 7 single\n"


def test_wrong_questions(refuses: Callable[..., str], sweep: str, project: str) -> None:
    assert "no artifact" in refuses("cluster", f"{project}/nothing")
    assert "no project 'no-such'" in refuses("cluster", "no-such", "--direction", "project")
    assert "is not a time" in refuses("cluster", sweep, "--as-of", "yesterday")
    assert "is not the id of a group" in refuses("members", sweep, "models")
    assert "ask `clusters` again" in refuses("members", sweep, f"level/9/run/{worlds.JOB}/mn5")
    assert "is not the cursor" in refuses("members", sweep, f"level/2/run/{worlds.JOB}/mn5", "--after", "x")
