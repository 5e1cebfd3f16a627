"""Trust from the command line: exit codes that answer, sentences that name, files that are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_graph.graph import Graph
from tests.doors.conftest import Cli, World


@pytest.fixture
def broken(graph: Graph, world: World) -> World:
    """A world of which somebody changed one size."""
    with graph._driver.session(database=graph.database) as session:
        session.run("MATCH (v:ArtifactVersion {name: $n}) SET v.size = 99", n=world.model).consume()
    return world


def test_what_is_whole_is_answered_with_yes(lineage_graph: Cli, world: World) -> None:
    said = lineage_graph("audit", "verify", "--project", world.project)
    assert "as it was written" in said.out and "NOT" not in said.out and not said.err
    found = lineage_graph("audit", "verify", "--project", world.project, "--format", "json").json
    assert found["ok"] and found["findings"] == [] and found["truncated"] is None
    assert found["scope"] == world.project and found["events"] == found["receipts"] + found["events"] - found["entries"]
    assert lineage_graph("audit", "verify", world.model, "--format", "json").json["scope"] == world.model


def test_what_was_changed_is_answered_with_no_and_named(lineage_graph: Cli, broken: World) -> None:
    said = lineage_graph("audit", "verify", "--project", broken.project, code=1)
    assert f"ArtifactVersion {broken.model}: property size was changed" in said.out and "NOT as it was written" in said.out
    [finding] = lineage_graph("audit", "verify", broken.model, "--format", "json", code=1).json["findings"]
    assert (finding["kind"], finding["what"], finding["property"], finding["found"]) == (
        "changed",
        "ArtifactVersion",
        "size",
        "99",
    )
    lineage_graph("audit", "verify", broken.raw)


def test_a_seal_with_a_key_from_end_to_end(lineage_graph: Cli, world: World, work: Path) -> None:
    assert "its public key in new.pub" in lineage_graph("audit", "key", "new").out
    made = lineage_graph("audit", "seal", "--key", "new", "--out", "seal.json", "--format", "json").json
    assert made["key"] and made["file"] == "seal.json" and made["journals"] >= 1 and (work / "seal.json").exists()
    assert "checkpoint" in lineage_graph("audit", "seal").out
    lineage_graph("audit", "key", "newer", "--rotate", "new")
    for public in ("new.pub", "newer.pub"):
        given = ("audit", "verify", "--project", world.project, "--checkpoint", "seal.json", "--public-key", public)
        found = lineage_graph(*given, "--format", "json", code=_any(lineage_graph, *given)).json
        assert not [f for f in found["findings"] if f["where"] == "seal.json"]


def _any(lineage_graph: Cli, *given: str) -> int:
    """The shared graph may hold seals of other tests, signed with other keys or none, and then the answer is no."""
    from click.testing import CliRunner

    from lineage_graph.cli.app import cli

    return CliRunner().invoke(cli, list(given)).exit_code


def test_a_trail_tells_what_happened_in_order(lineage_graph: Cli, world: World) -> None:
    lineage_graph("alias", world.model, "prod")
    lineage_graph("edit", world.model, "--description", "the one")
    steps = lineage_graph("audit", "trail", world.model, "--format", "json").json["steps"]
    assert [step["kind"] for step in steps] == ["logged", "alias_moved", "edited"]
    assert all(step["result"] == "recorded" and step["journal"] and step["seq"] and step["hash"] for step in steps)
    assert steps == sorted(steps, key=lambda step: step["at"])
    run = lineage_graph("audit", "trail", f"{world.project}/runs/fit").lines
    assert "it began" in run[1] and "it ended: finished" in run[-1]
    assert len(lineage_graph("audit", "trail", f"{world.project}/raw", "--format", "json").json["steps"]) == 2
    cut = lineage_graph("audit", "trail", world.model, "--limit", 1)
    assert len(cut.lines) == 2 and "--after 1 goes on" in cut.err


def test_wrong_use_is_told(refuses: Callable[..., str], world: World, work: Path) -> None:
    assert "no version" in refuses("audit", "verify", f"{world.project}/raw:v7")
    assert "no project" in refuses("audit", "verify", "--project", "nobody-has-this")
    assert "cannot be read" in refuses("audit", "verify", "--checkpoint", "none.json")
    assert "audit key" in refuses("audit", "seal", "--key", "none")
    (work / "there").write_text("x")
    assert "never written over" in refuses("audit", "key", "there")
    assert "no entry speaks of it" in refuses("audit", "trail", f"{world.project}/runs/none")
    assert "is not understood" in refuses("audit", "trail", "a b c")
