"""`import FORMAT FILE`: other people's records through the door; whole or not at all; found again by their own ids."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lineage_graph import intake
from lineage_graph.cli.app import cli as door
from lineage_graph.errors import JournalProblem
from lineage_graph.graph import Graph
from lineage_graph.ledger import Ledger
from tests.conftest import Address
from tests.doors.conftest import Cli, Said, sentence
from tests.unit.test_readers_csv import WHOLE as EDGES
from tests.unit.test_readers_dvc import LOCK, commit
from tests.unit.test_readers_wfformat import workflow

Refuses = Callable[..., str]


def files() -> None:
    Path("w.json").write_text(json.dumps(workflow()))
    Path("h.json").write_text(json.dumps([commit(1), commit(2, LOCK.replace("1e-3", "1e-2"))]))
    Path("e.csv").write_text(EDGES)


EACH = pytest.mark.parametrize(
    ("kind", "file", "counts"),
    [
        ("wfformat", "w.json", {"runs": 4, "versions": 6, "used": 5, "logged": 5}),
        ("dvc", "h.json", {"runs": 3, "versions": 3, "used": 3, "logged": 3}),
        ("csv", "e.csv", {"runs": 2, "versions": 2, "used": 2, "logged": 1}),
    ],
)


def exported(lineage_graph: Cli, project: str) -> Any:
    return lineage_graph("export", "--project", project).json


def nothing_of(lineage_graph: Cli, project: str, home: Path) -> bool:
    """Whether neither the graph nor this computer has anything of a project."""
    journals = lineage_graph("query", "journals", "-p", f"project={project}", "--format", "json").json
    return journals == [] and not list(home.rglob("*.jsonl"))


# ── once, twice, elsewhere ────────────────────────────────────────────────────────────────────────────────────────────────


@EACH
def test_importing_twice_changes_nothing(
    lineage_graph: Cli, online: Address, project: str, home: Path, kind: str, file: str, counts: dict[str, int]
) -> None:
    files()
    done = lineage_graph("import", kind, file, "--project", project, "--format", "json").json
    events = 2 * counts["runs"] + counts["used"] + counts["logged"]
    assert (done["format"], done["read"], done["events"], done["applied"]) == (kind, counts, events, events)
    before = exported(lineage_graph, project)
    assert [len(before["runs"]), len(before["versions"])] == [counts["runs"], counts["versions"]]
    assert len(before["edges"]) == counts["used"] + counts["logged"]
    shutil.rmtree(home)  # the second time on another computer, the third time there again
    for _ in range(2):
        again = lineage_graph("import", kind, file, "--project", project, "--format", "json").json
        assert (again["applied"], again["repeated"], again["rejected"]) == (0, events, 0)
        assert exported(lineage_graph, project) == before
    everything = exported(lineage_graph, project)
    assert all(one["source_id"] for one in (*everything["runs"], *everything["versions"]))


@EACH
def test_a_dry_run_says_what_would_be_and_changes_nothing(
    lineage_graph: Cli, online: Address, project: str, home: Path, kind: str, file: str, counts: dict[str, int]
) -> None:
    files()
    said = lineage_graph("import", kind, file, "--project", project, "--dry-run", "--format", "json").json
    assert said["dry_run"] and said["read"] == counts and said["applied"] == said["events"] and said["mapped"] is not None
    assert "events: would be " in lineage_graph("import", kind, file, "--project", project, "--dry-run").out
    assert nothing_of(lineage_graph, project, home)
    lineage_graph("import", kind, file, "--project", project)
    before = exported(lineage_graph, project)
    said = lineage_graph("import", kind, file, "--project", project, "--dry-run", "--format", "json").json
    assert (said["applied"], said["repeated"]) == (0, said["events"]) and exported(lineage_graph, project) == before


def test_the_summary_for_people(lineage_graph: Cli, online: Address, project: str) -> None:
    files()
    said = lineage_graph("import", "wfformat", "w.json", "--project", project).lines
    assert said[:2] == [
        "4 runs, 6 versions, 5 used, 5 logged read from w.json", "18 events: 18 applied, 0 there before, 0 rejected",
    ]  # fmt: skip
    assert said[2].startswith("2 names are mapped: 'l 1' as 'l_1--") and "'out/x.csv' as 'out_x.csv--" in said[2]
    assert said[3:] == ["left out: description, execution.makespanInSeconds: it says nothing of a run or a file"]
    said = lineage_graph("import", "dvc", "h.json", "--project", project).lines
    assert said[2].startswith("5 names are mapped: ") and said[2].endswith(" and 2 more (--format json has all)")


def test_from_stdin_and_into_the_project_that_is_set(
    lineage_graph: Cli, online: Address, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_PROJECT", project)
    assert lineage_graph("import", "csv", "-", stdin=EDGES, code=0).lines[0].endswith("read from stdin")
    assert lineage_graph("import", "csv", "-", "--project", f"{project}/team", stdin=EDGES, code=0)
    assert {len(exported(lineage_graph, p)["runs"]) for p in (project, f"{project}/team")} == {2}


def test_jsonl_is_the_format_when_none_is_said(lineage_graph: Cli, online: Address, project: str) -> None:
    event = {"kind": "run_started", "run": f"{project}/runs/a", "at": "2026-01-05T08:00:00Z"}
    Path("csv").write_text(json.dumps(event))
    assert lineage_graph("import", "csv", "--format", "json").json["applied"] == 1, "a file may have a format's name"
    assert lineage_graph("import", "jsonl", "csv", "--format", "json").json["repeated"] == 1
    assert (
        lineage_graph("import", "csv", "--dry-run").out
        == "1 events read from csv: would be 0 applied, 1 there before, 0 rejected\n"
    )


def test_a_repository_that_grows(lineage_graph: Cli, online: Address, project: str, work: Path) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=Ada", "-c", "user.email=a@x", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *arguments], check=True, capture_output=True)

    git("init", "-q", "-b", "main", ".")
    for rate in ("0.1", "0.2"):
        (work / "dvc.lock").write_text(LOCK.replace("1e-3", rate))
        git("add", "dvc.lock")
        git("commit", "-q", "-m", rate)
    first = lineage_graph("import", "dvc", ".", "--project", project, "--format", "json").json
    assert first["read"]["runs"] == 3 == len(lineage_graph("ls", project, "--runs", "--format", "json").json)
    (work / "dvc.lock").write_text(LOCK.replace("1e-3", "0.3"))
    git("commit", "-q", "-a", "-m", "0.3")
    more = lineage_graph("import", "dvc", ".", "--project", project, "--format", "json").json
    assert (more["read"]["runs"], more["applied"], more["repeated"]) == (4, 4, 12)
    # History that is written anew shows the same runs in other commits.
    git("commit", "-q", "--amend", "-m", "again", "--date", "2030-01-05T08:00:00Z")
    git("reflog", "expire", "--expire=now", "--all")
    lineage_graph("import", "dvc", ".", "--project", project)
    assert len(lineage_graph("ls", project, "--runs", "--format", "json").json) == 4
    model = lineage_graph("upstream", "model.pkl@c5e58ac55c3f8077ffac66b0e9b3536a", "--source-id", "--project", project,
                          "--format", "json").json  # fmt: skip
    assert (len(model["runs"]), len(model["versions"])) == (4, 3)


# ── whole or not at all ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_artifact_that_is_of_another_type(
    lineage_graph: Cli, refuses: Refuses, online: Address, project: str, home: Path
) -> None:
    files()
    lineage_graph("import", "csv", "-", "--project", project, stdin=f"kind,run,version,at,type\nlogged,x,b,{AT},dataset\n")
    before = exported(lineage_graph, project)
    said = refuses("import", "wfformat", "w.json", "--project", project)
    assert said == (
        f"w.json, workflow.specification.tasks[1]: artifact {project}/b is of type 'dataset' and cannot be 'file' as well; "
        "nothing was imported"
    )
    assert exported(lineage_graph, project) == before and len(list(home.rglob("*.jsonl"))) == 1
    assert said == refuses("import", "wfformat", "w.json", "--project", project, "--dry-run")


AT = "2026-01-05T08:00:00Z"


def test_a_run_that_is_another_workflows(lineage_graph: Cli, refuses: Refuses, online: Address, project: str) -> None:
    files()
    lineage_graph("import", "wfformat", "w.json", "--project", project)
    before = exported(lineage_graph, project)
    other = workflow()
    other["name"] = "another"
    Path("o.json").write_text(json.dumps(other))
    said = refuses("import", "wfformat", "o.json", "--project", project)
    assert f"run {project}/runs/split was started before" in said and said.endswith("nothing was imported")
    assert exported(lineage_graph, project) == before
    lineage_graph("import", "wfformat", "o.json", "--project", f"{project}/o")


def test_an_import_that_was_cut_short_is_finished_by_sync(
    lineage_graph: Cli, online: Address, project: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    files()
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "apply", cut)
        lineage_graph("import", "wfformat", "w.json", "--project", project, code=130)
    assert len(list((home / "journals").glob("*.jsonl"))) == 1
    assert lineage_graph("sync", "--format", "json").json["events"] == 18
    assert lineage_graph("import", "wfformat", "w.json", "--project", project, "--format", "json").json["repeated"] == 18
    assert list((home / "journals").glob("*.jsonl")) == []


def test_another_computer_imports_it_at_the_same_moment(
    lineage_graph: Cli,
    refuses: Refuses,
    online: Address,
    graph: Graph,
    project: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its journal has other salts, so that ours is another history of it: ours is taken back, theirs goes on."""
    rows = "".join(f"used,r{n},x,{AT}\n" for n in range(60))
    Path("many.csv").write_text(f"kind,run,version,at\n{rows}")
    rehearse, theirs = Ledger.rehearse, []

    def meanwhile(self: Ledger, entries: Any) -> Any:
        found = rehearse(self, entries)
        monkeypatch.setattr(Ledger, "rehearse", rehearse)
        events = [e for entry in entries for e in entry.events]
        theirs.extend(intake._sealed("many.csv", entries[0].journal, events, [None] * len(events)))
        Ledger(graph).apply(theirs[:1])
        return found

    monkeypatch.setattr(Ledger, "rehearse", meanwhile)
    said = refuses("import", "csv", "many.csv", "--project", project)
    assert said == "many.csv: another computer imports it at this moment; import it again after that; nothing was imported"
    assert not list((home / "journals").glob("*.jsonl"))
    assert "finish it there" in refuses("import", "csv", "many.csv", "--project", project)
    Ledger(graph).apply(theirs)
    assert lineage_graph("import", "csv", "many.csv", "--project", project, "--format", "json").json["repeated"] == 180
    with pytest.raises(JournalProblem):
        twice = [e for entry in theirs for e in entry.events] * 2
        Ledger(graph).apply(list(intake._sealed("many.csv", theirs[0].journal, twice, [None] * len(twice)))[3:])


def torn(text: bytes, chance: random.Random) -> bytes:
    """A file as accidents leave it: cut off, with a hole, with bytes changed."""
    at, end = sorted(chance.randrange(len(text) + 1) for _ in range(2))
    return chance.choice([text[:at], text[:at] + text[end:], text[:at] + bytes(chance.randbytes(3)) + text[at + 3 :]])


@EACH
def test_a_broken_file_leaves_nothing_behind(
    lineage_graph: Cli, online: Address, project: str, home: Path, kind: str, file: str, counts: dict[str, int]
) -> None:
    files()
    whole, chance = Path(file).read_bytes(), random.Random(5)
    refused = set()
    for number in range(10):
        Path(file).write_bytes(torn(whole, chance))
        name = f"{project}/n{number}"
        result = CliRunner().invoke(door, ["import", kind, file, "--project", name])
        if result.exit_code:
            assert sentence(Said(result.exit_code, result.stdout, result.stderr)).endswith("; nothing was imported")
            refused.add(name)
    there = {one["project"] for one in lineage_graph("ls", "--format", "json").json}
    assert len(refused) >= 4 and not refused & there


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import"], "say what to import: FILE, or FORMAT and FILE"),
        (["import", "wfformat"], "say which file of wfformat to import"),
        (["import", "mlmd", "x"], "there is no format 'mlmd'; there are jsonl, wfformat, dvc, csv"),
        (["import", "csv", "e.csv", "more"], "say what to import"),
        (["import", "csv", "e.csv"], "say where its runs and versions go: --project"),
        (["import", "csv", "e.csv", "--project", "a b"], "'a b' is not understood"),
        (["import", "csv", "nothing.csv", "--project", "{p}"], "it cannot be read (No such file"),
        (["import", "csv", ".", "--project", "{p}"], "it is a folder"),
        (["import", "wfformat", "e.csv", "--project", "{p}"], "e.csv, line 1: it is not JSON"),
        (["import", "wfformat", "w.json", "--project", "{p}", "--at", "{at}"], "--at is for csv"),
        (["import", "dvc", ".", "--project", "{p}"], "git cannot read it (not a git repository"),
        (["import", "dvc", "w.json", "--project", "{p}"], "a list is expected, not an object"),
        (["import", "e.csv"], "e.csv, line 1: it is not JSON"),
        (["import", "csv", "header.csv", "--project", "{p}"], "it says nothing of a run"),
        (["import", "csv", "bare.csv", "--project", "{p}"], "give the column `at`, or --at"),
    ],
)
def test_asked_wrongly(refuses: Refuses, online: Address, project: str, arguments: list[str], words: str) -> None:
    files()
    Path("header.csv").write_text("kind,run,version,at\n")
    Path("bare.csv").write_text("kind,run,version\nused,a,x\n")
    assert words in refuses(*(a.format(p=project, at=AT) for a in arguments))


def test_rows_without_a_time_take_the_one_that_is_given(lineage_graph: Cli, online: Address, project: str) -> None:
    lineage_graph("import", "csv", "-", "--project", project, "--at", AT, stdin="kind,run,version\nused,a,x\n")
    assert exported(lineage_graph, project)["edges"][0]["at"] == "2026-01-05T08:00:00Z"


def test_without_the_extra_one_sentence(
    refuses: Refuses, online: Address, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files()
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert "pip install 'lineage-graph[dvc]'" in refuses("import", "dvc", "h.json", "--project", project)


# ── by their own ids ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_walk_begins_at_a_source_id(lineage_graph: Cli, online: Address, project: str) -> None:
    files()
    lineage_graph("import", "wfformat", "w.json", "--project", project)
    up = lineage_graph("upstream", "--source-id", "out/x.csv", "--project", project, "--format", "json")
    assert {v["source_id"] for v in up.json["versions"]} == {"out/x.csv", "l 1", "r", "a", "b", "raw"}
    assert up.out == lineage_graph("upstream", up.json["home"], "--format", "json").out
    down = lineage_graph("downstream", "--source-id", "split", "--project", project, "--depth", 2, "--format", "json").json
    assert {r["source_id"] for r in down["runs"]} == {"split", "left", "right"} and down["home"] == f"{project}/runs/split"
    shown = lineage_graph("show", "--source-id", "l 1", "--project", project, "--format", "json").json
    assert shown["version"]["source_id"] == "l 1" and shown["logged_by"][0]["source_id"] == "left"
    assert lineage_graph("show", "--source-id", "left", "--project", project, "--format", "json").json["kind"] == "run"
    assert "source_id" in lineage_graph("show", shown["version"]["name"]).out


def test_a_source_id_of_several_things_names_them(lineage_graph: Cli, refuses: Refuses, online: Address, project: str) -> None:
    text = f"kind,run,version,at\nused,{project}x,{project}x,{AT}\nused,other,{project}y,{AT}\n"
    for name in (project, f"{project}/team"):
        lineage_graph("import", "csv", "-", "--project", name, stdin=text)
    said = refuses("upstream", "--source-id", f"{project}x", "--project", project)
    assert f"{project}/runs/{project}x" in said and f"{project}/{project}x:v0" in said and "have it" in said
    assert f"{project}/team/{project}y:v0" in refuses("show", "--source-id", f"{project}y")
    assert (
        lineage_graph("show", "--source-id", f"{project}y", "--project", project, "--format", "json").json["kind"] == "version"
    )
    assert "in project" in refuses("show", "--source-id", "nothing", "--project", project)
    assert "in any project" in refuses("downstream", "--source-id", f"{project}-nothing")
