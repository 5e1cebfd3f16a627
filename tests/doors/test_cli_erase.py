"""`erase` from the command line: what went, what could not be reached, and every way to ask wrongly."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import Address
from tests.doors.conftest import Cli, World

WHY = ("--reason", "asked for by the data officer")


@pytest.fixture
def secret(lineage_graph: Cli, online: Address, project: str, work: Path) -> str:
    """A version whose bytes nothing else has, with something said of it."""
    (work / "secret.txt").write_text(uuid4().hex)
    logged = ("log", "secret", "secret.txt", "--project", project, "--metadata", "source=a hospital")
    return lineage_graph(*logged).out.strip()


def test_what_went_is_told(lineage_graph: Cli, secret: str, project: str) -> None:
    would = lineage_graph("erase", secret, "--content", *WHY, "--dry-run")
    counts = "1 value in the graph, 1 in journals here, 1 file (32 bytes) in the content store"
    assert would.out == f"would erase content of {secret}: {counts}\n"
    assert lineage_graph("show", secret, "--format", "json").json["erased"] == []
    done = lineage_graph("erase", secret, "--content", *WHY)
    assert done.out == would.out.replace("would erase", "erased") and not done.err
    assert "content (asked for by the data officer, " in lineage_graph("show", secret).out
    told = lineage_graph("show", secret, "--format", "json").json
    assert told["version"]["content"] == "erased" and told["files"] is None and told["version"]["metadata"] == {}
    assert [(e["groups"], e["reason"]) for e in told["erased"]] == [(["content"], WHY[1])]
    [row] = lineage_graph("query", "audit/erasures", "--project", project, "--format", "json").json["rows"]
    assert (row["what"], row["name"], row["groups"], row["reason"]) == ("version", secret, "content", WHY[1])


def test_the_answer_is_one_line_of_json(lineage_graph: Cli, world: World) -> None:
    run = f"{world.project}/runs/fit"
    answer = lineage_graph("erase", run, "--content", "--personal", *WHY, "--yes", "--format", "json").json
    assert (answer["of"], answer["groups"], answer["dry_run"]) == (run, ["content", "personal"], False)
    assert answer["values"] == answer["here"] > 3 and len(answer["events"]) == 1 and answer["remains"] == []
    told = lineage_graph("show", run, "--format", "json").json
    assert told["run"]["author"] is None and told["run"]["config"] == {} and len(told["erased"]) == 1
    assert lineage_graph("erase", run, "--personal", *WHY, "--format", "json").json["events"] == []


def test_a_plan_says_what_was_erased(lineage_graph: Cli, world: World) -> None:
    lineage_graph("erase", world.raw, "--content", *WHY)
    lineage_graph("erase", f"{world.project}/runs/ingest", "--content", *WHY)
    missing = lineage_graph("plan", world.train, "--from-scratch", "--format", "json").json["missing"]
    assert missing and {m["about"] for m in missing} >= {f"{world.project}/runs/ingest"}


def test_journals_elsewhere_are_named(lineage_graph: Cli, world: World, home: Path) -> None:
    shutil.rmtree(home / "journals")
    done = lineage_graph("erase", world.raw, "--personal", *WHY)
    assert "is not on this computer but on " in done.out and done.out.count("erase it there") >= 1


def test_files_elsewhere_are_told(lineage_graph: Cli, secret: str, home: Path) -> None:
    shutil.rmtree(home / "store")
    done = lineage_graph("erase", secret, "--content", *WHY)
    assert f"has no files of {secret}; erase it again where they are" in done.out


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--content",), "give a NAME, or --person LOGIN"),
        (("x", "--person", "ann", "--personal"), "give a NAME, or --person LOGIN"),
        (("raw",), "--content, --personal or both"),
        (("raw", "--content", "--reason", ""), "say why"),
        (("nothing", "--content"), "no artifact"),
        (("--person", "nobody-of-that-name-ever"), "no person"),
        (("--person", "ann", "--content"), "only what is personal"),
        (("--person", "asked"), "must not name the person"),
    ],
)
def test_asking_wrongly(refuses: Callable[..., str], world: World, given: tuple[str, ...], says: str) -> None:
    assert says in refuses("erase", "--project", world.project, *WHY, *given)


def test_a_reason_is_needed(refuses: Callable[..., str], world: World) -> None:
    assert "--reason" in refuses("erase", world.raw, "--content")


def test_a_person_at_a_terminal_is_asked_first(lineage_graph: Cli, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage_graph.cli.erase._at_a_terminal", lambda: True)
    asked = ("erase", world.raw, "--content", *WHY)
    no = lineage_graph(*asked, code=2, stdin="n\n")
    assert f"Erase content of {world.raw} for good?" in no.err and "nothing was erased" in no.err and not no.out
    assert lineage_graph("show", world.raw, "--format", "json").json["erased"] == []
    assert "erased content" in lineage_graph(*asked, stdin="y\n").out
