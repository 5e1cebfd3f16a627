"""Plans from a real graph: creators, times, loops, and a workflow of 1,735 runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import lineage_graph as lg
from lineage_graph import queries
from lineage_graph.canonical import iso
from lineage_graph.errors import LineageError, NameNotUnderstood, NotRecorded, ParameterWrong, TimeRanOut
from lineage_graph.events import Event, Logged, RunFinished, RunStarted, Used, new_uid
from lineage_graph.graph import Graph
from lineage_graph.journal import genesis, seal
from lineage_graph.ledger import Ledger
from lineage_graph.lineage import Reader
from lineage_graph.recording import recorder
from tests import worlds
from tests.conftest import Address, shared_data
from tests.worlds import START


@pytest.fixture
def say(graph: Graph) -> Callable[..., None]:
    """Puts events into the graph, as a journal of their own each time."""

    def put(*events: Event) -> None:
        journal = new_uid()
        Ledger(graph).apply([seal(journal, 1, genesis(journal), list(events))])

    return put


def ids(plan: Any) -> list[str]:
    return [run.name.rpartition("/")[2] for run in plan.runs]


def test_the_mosaic_takes_1735_runs_in_an_order(graph: Graph, project: str) -> None:
    world = worlds.wfformat(shared_data("wfformat/montage-2mass-05d.json"))
    worlds.record(graph, project, world)
    home = f"{project}/mosaic-color.jpg"
    plan = Reader(graph, project).plan(home, from_scratch=True)
    assert len(plan.runs) == 1735 and plan.loops == () and plan.skipped == ()
    place = {name: i for i, name in enumerate(ids(plan))}
    used = {step.id: set(step.used) for step in world.steps}
    maker = {thing: step.id for step in world.steps for thing in step.logged}
    for run in place:
        assert all(place[maker[thing]] < place[run] for thing in used[run] if thing in maker)
    outside = {thing for run in place for thing in used[run] if thing not in maker}
    assert {v.name for v in plan.fetch} == {f"{worlds.artifact_of(project, thing)}:v0" for thing in outside}
    assert {v.where for v in plan.fetch} == {"missing"}
    assert len([m for m in plan.missing if m.why == "no producer"]) == len(outside)
    assert len([m for m in plan.missing if m.why == "no command"]) == 1735
    outputs = {v.name for run in plan.runs for v in run.outputs}
    assert outputs == {f"{worlds.artifact_of(project, thing)}:v0" for thing, run in maker.items() if run in place}
    page = Reader(graph, project).plan(home, from_scratch=True, limit=100, after="1700")
    assert page.runs == plan.runs[1700:] and page.truncated is None


def test_of_several_producers_the_creator_is_planned_as_time_has_it(
    graph: Graph, project: str, say: Callable[..., None]
) -> None:
    worlds.record(graph, project, worlds.two_heads())
    reader = Reader(graph, project)
    assert ids(reader.plan("score", from_scratch=True)) == ["ingest", "fit", "try-small"]
    # A run that logged the same bytes earlier is learnt of later: who made the version first stays its creator …
    digest = worlds.digest_of("score")
    early = f"{project}/runs/early"
    say(
        RunStarted(run=early, at=START, command="early"),
        Logged(run=early, at=START, artifact=f"{project}/score", digest=digest, type="dataset"),
        RunFinished(run=early, at=START),
    )
    assert ids(reader.plan("score", from_scratch=True)) == ["ingest", "fit", "try-small"]
    # … but in a time when only the other had logged it, that one is the maker.
    then = iso(START + timedelta(seconds=30))
    plan = reader.plan(f"{project}/score:v0", as_of=then)
    assert ids(plan) == ["early"] and plan.as_of is not None and plan.runs[0].outputs[0].made_by == early
    before = reader.plan(f"{project}/score:v0", as_of="2020-01-01T00:00:00Z")
    assert before.runs == () and [v.where for v in before.fetch] == ["missing"]
    assert reader.plan(f"{project}/score:v0", known_at="2020-01-01T00:00:00Z").runs == ()


def test_loops_are_told_and_a_run_that_logs_what_it_used_is_none(graph: Graph, project: str) -> None:
    worlds.record(graph, project, worlds.loop())
    plan = Reader(graph, project).plan("model", from_scratch=True)
    assert ids(plan) == ["ingest", "tidy", "fit"] and plan.loops == ()
    other = f"{project}c"
    worlds.record(graph, other, worlds.cycle())
    plan = Reader(graph, other).plan("c", from_scratch=True)
    assert set(ids(plan)) == {"there", "back", "on"} and ids(plan)[-1] == "on"
    assert [set(loop) for loop in plan.loops] == [
        {f"{other}/runs/there", f"{other}/runs/back", f"{other}/a:v0", f"{other}/b:v0"}
    ]
    assert [m.about for m in plan.missing if m.why == "loop"] == [plan.loops[0][0]]


def test_a_plan_carries_the_whole_recipe(graph: Graph, project: str, say: Callable[..., None]) -> None:
    run = f"{project}/runs/fit"
    environment = {"python": "3.13.1", "packages": {"numpy": "2.4"}}
    say(
        RunStarted(
            run=run, at=START, name="quiet river", job_type="train", step="fit.py", commit="c0ffee", dirty=True,
            patch="sha256:" + "0" * 64, command="python fit.py", config={"seed": 3, "lr": 0.1}, environment=environment,
            source_id="task-7",
        ),
        Used(run=run, at=START, artifact=f"{project}/raw", digest=worlds.digest_of("raw"), type="d", size=5, used_as="train"),
        Logged(run=run, at=START, artifact=f"{project}/model", digest=worlds.digest_of("m"), type="model", size=9),
        RunFinished(run=run, at=START, state="failed"),
    )  # fmt: skip
    reader = Reader(graph, project)
    plan = reader.plan("model")
    [done] = plan.runs
    assert (done.name, done.display_name, done.job_type, done.step) == (run, "quiet river", "train", "fit.py")
    assert (done.command, done.commit, done.dirty, done.patch) == ("python fit.py", "c0ffee", True, "sha256:" + "0" * 64)
    assert (done.environment, done.config, done.seed) == (environment, {"seed": 3, "lr": 0.1}, 3)
    assert (done.state, done.source_id, done.needs) == ("failed", "task-7", ())
    assert [(v.name, v.digest, v.size, v.used_as) for v in done.inputs] == [
        (f"{project}/raw:v0", worlds.digest_of("raw"), 5, "train")
    ]
    assert [(v.digest, v.size, v.made_by, v.where) for v in done.outputs] == [(worlds.digest_of("m"), 9, run, "made")]
    assert [(m.about, m.why) for m in plan.missing] == [
        (run, "no patch"), (run, "unfinished"), (f"{project}/raw:v0", "no producer")
    ]  # fmt: skip
    [row] = reader.query("reproduce/recipe_of", run=run)
    assert (row["command"], row["commit"], row["dirty"], row["state"]) == ("python fit.py", "c0ffee", True, "failed")
    assert row["inputs"][0] | {"creator": None} == row["inputs"][0] and row["inputs"][0]["used_as"] == "train"
    assert row["outputs"] == [{"name": f"{project}/model:v0", "digest": worlds.digest_of("m"), "created": True}]


def test_recipe_of_has_a_row_for_a_run_without_edges_and_retries_are_listed(
    graph: Graph, project: str, say: Callable[..., None]
) -> None:
    first, again = f"{project}/runs/first", f"{project}/runs/again"
    say(RunStarted(run=first, at=START), RunStarted(run=again, at=START + timedelta(hours=1), retry_of=first))
    reader = Reader(graph, project)
    [row] = reader.query("reproduce/recipe_of", run=first)
    assert row["inputs"] == row["outputs"] == [] and row["run"] == first
    assert reader.query("reproduce/recipe_of", run=f"{project}/runs/none") == []
    [retry] = reader.query("reproduce/retries", run=first, as_of=None)
    assert retry["run"]["id"] == "again" and retry["at"].startswith("2026-01-05T09")
    assert reader.query("reproduce/retries", run=first, as_of=iso(START)) == []


def test_runs_of_one_environment_share_its_text(graph: Graph, project: str, say: Callable[..., None]) -> None:
    names = [f"{project}/runs/r{i}" for i in range(3)]
    say(*(RunStarted(run=name, at=START, environment={"python": "3.13" if i else "3.12"}) for i, name in enumerate(names)))
    uids = [lg_run.uid for lg_run in Reader(graph, project).runs(project)]
    rows = graph.read(queries.get("reproduce/recipes"), runs=uids)
    assert [(row["environment"], len(row["runs"][0])) for row in rows] == [
        ('{"python":"3.12"}', 1), ('{"python":"3.13"}', 2)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "options", "error", "says"),
    [
        ("nothing", {}, NotRecorded, "nothing"),
        ("runs/none", {}, NotRecorded, "runs/none"),
        ("a b", {}, NameNotUnderstood, "a b"),
        ("model", {"limit": 0}, ParameterWrong, "limit"),
        ("model", {"after": "x"}, ParameterWrong, "cursor"),
        ("model", {"timeout": -1}, ParameterWrong, "seconds"),
        ("model", {"timeout": 1e-9}, TimeRanOut, "reproduce/plan"),
        ("model", {"as_of": "yesterday"}, ParameterWrong, "as_of"),
        ("model", {"have": "."}, ParameterWrong, "have"),
    ],
)
def test_what_cannot_be_planned_is_told(
    graph: Graph, project: str, name: str, options: dict[str, Any], error: type[LineageError], says: str
) -> None:
    worlds.record(graph, project, worlds.one_model())
    with pytest.raises(error, match=says):
        Reader(graph, project).plan(f"{project}/{name}", **options)


# ── content ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def pipeline(online: Address, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """raw (from outside) → split → parts → fit → model, recorded through the facade."""
    monkeypatch.chdir(tmp_path)
    Path("raw").mkdir()
    Path("raw", "a.txt").write_text("raw a")
    Path("raw", "b.txt").write_text("raw b")
    raw, parts, model = lg.Artifact("raw", "dataset"), lg.Artifact("parts", "dataset"), lg.Artifact("model", "model")
    raw.add_dir("raw")
    for made, text in ((parts, "the parts"), (model, "the model")):
        with made.new_file("it.txt") as file:
            file.write(text)
    with lg.init(project=project, id="split", command="split") as run:
        run.use_artifact(raw)
        run.log_artifact(parts)
    with lg.init(project=project, id="fit", command="fit", config={"seed": 1}) as run:
        run.use_artifact("parts")
        run.log_artifact(model)
    recorder.close_all()
    return project


def lose(home: Path, text: str) -> None:
    """Takes a blob out of the content store."""
    [blob] = [path for path in (home / "store" / "sha256").rglob("*") if path.is_file() and path.read_text() == text]
    blob.chmod(0o600)
    blob.unlink()


def test_content_is_looked_for_where_it_should_be(pipeline: str, home: Path, tmp_path: Path) -> None:
    graph = lg.connect(project=pipeline)
    plan = graph.plan("model")
    assert ids(plan) == ["fit"] and plan.skipped == (f"{pipeline}/runs/split",) and plan.missing == ()
    assert [(v.name, v.where) for v in plan.fetch] == [(f"{pipeline}/parts:v0", "stored")]
    scratch = graph.plan("model", from_scratch=True)
    assert ids(scratch) == ["split", "fit"] and [(v.where, v.at) for v in scratch.fetch] == [("stored", None)]

    lose(home, "the parts")
    assert ids(graph.plan("model")) == ["split", "fit"]
    Path("have").mkdir()
    Path("have", "renamed").write_text("the parts")
    plan = graph.plan("model", have="have")
    assert ids(plan) == ["fit"] and [(v.where, v.at) for v in plan.fetch] == [("on disk", None)]
    Path("have", "deep").mkdir()
    Path("have", "deep", "it.txt").write_text("the parts")
    assert [v.at for v in graph.plan("model", have="have").fetch] == [str(tmp_path / "have" / "deep")]

    lose(home, "raw a")
    [missing] = graph.plan("model").missing
    assert (missing.about, missing.why) == (f"{pipeline}/raw:v0", "input unreadable")
    plan = graph.plan("model", from_scratch=True, have=tmp_path / "raw")
    assert plan.missing == () and [(v.where, v.at) for v in plan.fetch] == [("on disk", str(tmp_path / "raw"))]
    Path("raw", "b.txt").write_text("raw B")
    assert [m.why for m in graph.plan("model", from_scratch=True, have="raw").missing] == ["input unreadable"]
    with pytest.raises(ParameterWrong, match="no folder"):
        graph.plan("model", have="nowhere")


def test_references_are_elsewhere_while_they_can_be_read(
    online: Address, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    target = tmp_path / "far.bin"
    target.write_text("far away")
    far = lg.Artifact("far", "dataset")
    far.add_reference(target.as_uri())
    with lg.init(project=project, id="use", command="use") as run:
        run.use_artifact(far)
    recorder.close_all()
    graph = lg.connect(project=project)
    assert [v.where for v in graph.plan(f"{project}/runs/use").fetch] == ["elsewhere"]
    target.unlink()
    plan = graph.plan(f"{project}/runs/use")
    assert [v.where for v in plan.fetch] == ["missing"] and [m.why for m in plan.missing] == ["input unreadable"]
    (tmp_path / "copy").write_text("far away")
    assert [v.where for v in graph.plan(f"{project}/runs/use", have=tmp_path).fetch] == ["on disk"]


def test_a_patch_is_looked_for_in_the_store(
    online: Address, project: str, home: Path, say: Callable[..., None], tmp_path: Path
) -> None:
    from lineage_graph.canonical import digest_of
    from lineage_graph.store import Store

    patch = tmp_path / "patch"
    patch.write_bytes(b"--- a\n+++ b\n")
    digest, run = digest_of(patch.read_bytes()), f"{project}/runs/r"
    say(
        RunStarted(run=run, at=START, commit="c0ffee", dirty=True, patch=digest, command="make"),
        RunFinished(run=run, at=START),
    )
    graph = lg.connect(project=project)
    assert [m.why for m in graph.plan(run).missing] == ["no patch"] and graph.patch(digest) is None
    Store(home / "store").put_file(patch, digest)
    assert graph.plan(run).missing == () and graph.patch(digest) == patch.read_bytes()


def test_a_record_of_single_files_is_found_on_disk(
    online: Address, project: str, say: Callable[..., None], tmp_path: Path
) -> None:
    run = f"{project}/runs/r"
    say(
        RunStarted(run=run, at=START, command="make"),
        Used(run=run, artifact=f"{project}/in.csv", digest="md5:0cc175b9c0f1b6a831c399e269772661", size=1, type="file"),
        RunFinished(run=run, at=START),
    )
    graph = lg.connect(project=project)
    (tmp_path / "b").write_text("b")
    assert [v.where for v in graph.plan(run, have=tmp_path).fetch] == ["missing"]
    (tmp_path / "a").write_text("a")
    assert [v.where for v in graph.plan(run, have=tmp_path).fetch] == ["on disk"]
