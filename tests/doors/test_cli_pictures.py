"""Walks in every format, on stdout and into a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lineage_graph.cli.ask import FORMS
from tests.doors.conftest import Cli, World

BEGINS = {
    "tree": "{model}  model",
    "table": "depth  kind",
    "json": '{{"home":"{model}"',
    "csv": "kind,run,version,at,type,digest,job_type",
    "dot": "// Upstream of {model}\n",
    "mermaid": "flowchart LR\n",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"',
}


@pytest.mark.parametrize("form", FORMS)
def test_a_walk_in_every_format(lineage_graph: Cli, world: World, form: str) -> None:
    shown = lineage_graph("upstream", world.model, "--format", form)
    assert shown.out.startswith(BEGINS[form].format(model=world.model)) and shown.err == ""
    said = lineage_graph("upstream", world.model, "--format", form, "-o", f"walk.{form}")
    assert said.out == f"{world.model} is in walk.{form}\n" and said.err == ""
    assert Path(f"walk.{form}").read_text() == shown.out
    exported = lineage_graph("export", world.model, "--format", form, "--output", "again")
    assert exported.out == f"{world.model} is in again\n" and Path("again").read_text() == shown.out


def test_downstream_too(lineage_graph: Cli, world: World) -> None:
    root = ElementTree.fromstring(lineage_graph("downstream", world.raw, "--format", "svg").out)
    assert root.get("aria-label") == f"Downstream of {world.raw}"


def test_csv_has_edges_or_nodes(lineage_graph: Cli, world: World) -> None:
    walk = lineage_graph("upstream", world.model, "--format", "json").json
    edges = list(csv.DictReader(io.StringIO(lineage_graph("upstream", world.model, "--format", "csv").out)))
    assert [(row["kind"], row["run_uid"], row["version_uid"]) for row in edges] == [
        (edge["kind"], edge["run"], edge["version"]) for edge in walk["edges"]
    ]
    nodes = lineage_graph("upstream", world.model, "--format", "csv", "--rows", "nodes").out
    assert {row["uid"] for row in csv.DictReader(io.StringIO(nodes))} == {n["uid"] for n in (*walk["runs"], *walk["versions"])}
    assert lineage_graph("export", world.model, "--format", "csv", "--rows", "nodes").out == nodes


@pytest.mark.parametrize("form", ["table", "csv"])
def test_rows_that_are_not_all_say_so(lineage_graph: Cli, world: World, form: str) -> None:
    said = lineage_graph("upstream", world.model, "--limit", 2, "--format", form)
    assert "limit of 2" in said.err and "limit of" not in said.out


@pytest.mark.parametrize("form", FORMS)
def test_every_page_has_a_picture(lineage_graph: Cli, world: World, form: str) -> None:
    for after in (2, 4, 99):
        lineage_graph("upstream", world.model, "--limit", 2, "--after", after, "--format", form)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["upstream", "{m}", "--format", "svg", "--rows", "nodes"], "--rows is of --format csv"),
        (["export", "{m}", "--rows", "nodes"], "--rows is of --format csv"),
        (["export", "--project", "{p}", "--format", "svg"], "svg is of one walk; give a NAME"),
        (["upstream", "{m}", "--format", "png"], "'png' is not one of"),
        (["upstream", "{m}", "--format", "svg", "-o", "no/such/folder/x.svg"], "cannot be written (No such file or directory)"),
        (["upstream", "{p}/nothing", "--format", "svg", "-o", "x.svg"], "no artifact '{p}/nothing' is recorded"),
    ],
)
def test_pictures_asked_wrongly(refuses: Callable[..., str], world: World, arguments: list[str], words: str) -> None:
    given = [a.format(m=world.model, p=world.project) for a in arguments]
    assert words.format(p=world.project) in refuses(*given)
    assert list(Path.cwd().iterdir()) == []


def test_a_file_is_there_whole_or_as_it_was(refuses: Callable[..., str], lineage_graph: Cli, world: World) -> None:
    Path("x.svg").write_text("before")
    refuses("upstream", f"{world.project}/nothing", "--format", "svg", "-o", "x.svg")
    assert Path("x.svg").read_text() == "before"
    lineage_graph("upstream", world.model, "--format", "svg", "-o", "x.svg")
    assert Path("x.svg").read_text().startswith("<svg") and [p.name for p in Path.cwd().iterdir()] == ["x.svg"]
