"""Clusters of real graphs: they count what is there and send little; members are found, searched, sorted and paged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Literal
from uuid import uuid4

import pytest

from lineage_graph.answers.cluster import Clusters, Members
from lineage_graph.answers.order import order
from lineage_graph.errors import NameNotUnderstood, NotRecorded, ParameterWrong, TimeRanOut
from lineage_graph.events import AliasMoved, Event, Logged, RunFinished, RunStarted, Used
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from lineage_graph.models import Lineage
from tests import worlds
from tests.conftest import shared_data
from tests.worlds import START

SWEEP = 2_000


def recorded(graph: Graph, world: worlds.World) -> Reader:
    project = f"t{uuid4().hex[:12]}"
    worlds.record(graph, project, world)
    return Reader(graph, project)


@pytest.fixture(scope="module")
def sweep(graph: Graph) -> Reader:
    return recorded(graph, worlds.wide_sweep(SWEEP))


def names(members: Members) -> list[str]:
    return [r.id for r in members.runs] + [v.name.rpartition("/")[2] for v in members.versions]


def whole(reader: Reader, found: Clusters, name: str, **given: Any) -> set[str]:
    """The uids of all nodes of an answer, page by page; each is in one card."""
    uids = [one.uid for one in found.singles]
    for group in found.groups:
        after = None
        while True:
            page = reader.members(name, group.id, found.direction, limit=1_000, after=after, **given)
            assert page.count == page.found == group.count
            uids += [node.uid for node in (*page.runs, *page.versions)]
            if page.truncated is None:
                break
            after = page.truncated.cursor
    assert len(uids) == len(set(uids)) == found.nodes
    return set(uids)


def uids(lineage: Lineage) -> set[str]:
    return {node.uid for node in (*lineage.runs, *lineage.versions)}


# ── a sweep ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sweep_is_told_in_a_few_words(sweep: Reader) -> None:
    found = sweep.clusters("report")
    assert len(found.model_dump_json()) <= 5_000
    assert (found.home, found.nodes, found.levels) == (f"{sweep.project}/report:v0", 2 * SWEEP + 4, 6)
    fits, models = found.groups
    assert (fits.level, fits.kind, fits.job_type, fits.count, fits.states) == (2, "run", "work", SWEEP, {"finished": SWEEP})
    assert (models.level, models.type, models.count) == (3, "dataset", SWEEP)
    assert models.artifact == f"{sweep.project}/model"
    assert [one.label for one in found.singles] == ["ingest", "raw:v0", "report", "report:v0"]
    assert [bundle.count for bundle in found.bundles].count(SWEEP) == 3 and len(found.bundles) == 5
    assert sum(count.count for count in found.counts) == found.nodes and not found.coarsened and found.truncated is None


def test_members_are_searched_sorted_and_paged(sweep: Reader) -> None:
    fits, models = sweep.clusters("report").groups
    first = sweep.members("report", models.id, limit=3)
    assert names(first) == ["model:v0", "model:v1", "model:v2"] and (first.count, first.found) == (SWEEP, SWEEP)
    assert first.truncated is not None and first.versions[0].depth == 2
    second = sweep.members("report", models.id, limit=3, after=first.truncated.cursor)
    assert names(second) == ["model:v3", "model:v4", "model:v5"]
    last = sweep.members("report", models.id, limit=2, descending=True)
    assert names(last) == [f"model:v{SWEEP - 1}", f"model:v{SWEEP - 2}"]
    searched = sweep.members("report", models.id, search="V199", sort="created", descending=True)
    assert searched.found == 11 and names(searched)[:2] == ["model:v1999", "model:v1998"] and searched.truncated is None
    runs = sweep.members("report", fits.id, search="FIT199", sort="started", limit=2)
    assert names(runs) == ["fit199", "fit1990"] and runs.found == 11
    assert not names(sweep.members("report", models.id, search="nothing"))
    assert names(sweep.members("report", models.id, search="latest")) == [f"model:v{SWEEP - 1}"]  # an alias


def test_what_is_taken_out_stays_single(sweep: Reader) -> None:
    out = [f"{sweep.project}/model:v7", f"{sweep.project}/runs/fit9", "model@" + worlds.digest_of("model#8"), "model:v999999"]
    found = sweep.clusters("report", apart=out)
    assert {"model:v7", "model:v8", "fit9"} <= {one.label for one in found.singles}
    fits, models = found.groups
    assert (fits.count, models.count) == (SWEEP - 1, SWEEP - 2)
    assert sweep.members("report", models.id, apart=out).count == SWEEP - 2
    assert names(sweep.members("report", models.id, apart=out, search="model:v7", limit=1)) == ["model:v70"]


def test_a_sweep_downstream_both_ways_and_as_a_project(sweep: Reader) -> None:
    down = sweep.clusters("raw", "downstream")
    assert [(g.level, g.count) for g in down.groups] == [(1, SWEEP), (2, SWEEP)] and down.nodes == 2 * SWEEP + 3
    both = sweep.clusters("raw", "both")
    assert both.nodes == 2 * SWEEP + 4 and [one.label for one in both.singles] == ["ingest", "raw:v0", "report", "report:v0"]
    assert sweep.project is not None
    everything = sweep.clusters(sweep.project, "project")
    assert everything.counts == both.counts and everything.home_uid is None and everything.home == sweep.project
    assert sweep.members(sweep.project, everything.groups[0].id, "project", limit=1).count == SWEEP
    nothing = sweep.clusters(sweep.project, "project", as_of=START - timedelta(days=1))
    assert (nothing.nodes, nothing.levels, nothing.groups, nothing.singles, nothing.bundles) == (0, 0, (), (), ())
    near = sweep.clusters("raw", "both", depth=1)
    assert [(g.count, g.kind) for g in near.groups] == [(SWEEP, "run")] and len(near.singles) == 2
    assert near.groups[0].rule == "neighbours"
    assert names(sweep.members("raw", near.groups[0].id, "both", depth=1, search="fit7", limit=2)) == ["fit7", "fit70"]


# ── other people's graphs ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_montage_is_counted_as_it_is(graph: Graph) -> None:
    world = worlds.wfformat(shared_data("wfformat/montage-2mass-05d.json"))
    reader = recorded(graph, world)
    home = f"{worlds.artifact_of(str(reader.project), 'mosaic-color.jpg')}@{worlds.digest_of('mosaic-color.jpg')}"
    found = reader.clusters(home)
    lineage = reader.upstream(home)
    assert found.nodes == 4_204 == sum(group.count for group in found.groups) + len(found.singles)
    assert len(found.groups) + len(found.singles) <= 400

    edges = [(e.run, e.version) if e.kind == "logged" else (e.version, e.run) for e in lineage.edges]
    levels = order(uids(lineage), edges).levels
    kind = {run.uid: "run" for run in lineage.runs} | {version.uid: "version" for version in lineage.versions}
    counted = Counter((level, kind[uid]) for uid, level in levels.items())
    assert counted == Counter({(c.level, c.kind): c.count for c in found.counts})  # one type, job type and state here
    assert sum(b.count for b in found.bundles) + sum(g.inner for g in found.groups) == len(lineage.edges)

    few = reader.clusters(home, cards=12)
    assert few.coarsened and len(few.groups) + len(few.singles) <= 12
    assert whole(reader, few, home) == uids(lineage)


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
def test_the_summary_by_distance_needs_no_python(graph: Graph, direction: Literal["upstream", "downstream"]) -> None:
    reader = recorded(graph, worlds.ladder(30))
    home = "a@" + worlds.digest_of("a#15")
    lineage = getattr(reader, direction)(home)
    expected = Counter((v.depth, "version", v.type, None, None) for v in lineage.versions)
    expected += Counter((r.depth, "run", None, r.job_type, r.state) for r in lineage.runs)
    name = "cluster/level_summary" + ("" if direction == "upstream" else "_downstream")
    rows = reader.query(name, uid=reader.version(home).uid, depth=None, as_of=None, known_at=None)
    assert [tuple(row.values())[:5] for row in rows] == sorted(expected, key=lambda row: row[:2])
    assert sum(row["count"] for row in rows) == expected.total()


# ── loops ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_that_logs_what_it_used_is_a_loop(graph: Graph) -> None:
    reader = recorded(graph, worlds.loop())
    found = reader.clusters("model")
    assert found.loops == 1
    assert [(one.label, one.level, one.loop) for one in found.singles] == [
        ("ingest", 0, None), ("raw:v0", 1, 0), ("tidy", 1, 0), ("clean:v0", 2, None), ("fit", 3, None), ("model:v0", 4, None),
    ]  # fmt: skip
    assert len(found.bundles) == 6


def test_two_runs_that_make_each_others_input_are_a_loop(graph: Graph) -> None:
    found = recorded(graph, worlds.cycle()).clusters("c", "both")
    assert [(one.level, one.loop) for one in found.singles] == [(0, 0)] * 4 + [(1, None), (2, None)]


def test_home_in_a_loop_that_is_a_band(graph: Graph) -> None:
    ring = worlds.steps([(f"r{i}", f"v#{i}", f"v#{(i + 1) % 20}") for i in range(20)])
    reader = recorded(graph, worlds.World((*ring.steps, worlds.Step("after", ("v#3",), ("w",)))))
    home = "v@" + worlds.digest_of("v#3")
    found = reader.clusters(home, "both", cards=5, at_least=41)
    assert found.coarsened[-1] == "levels"
    [looped] = found.groups
    assert (looped.count, looped.loop, looped.id) == (39, 0, "levels/0-0/loop")
    assert [(one.level, one.loop) for one in found.singles] == [(0, 0), (1, None), (2, None)]
    assert len(whole(reader, found, home)) == 42

    # The loop's first node names it in the ids of its groups, also when that node is taken out.
    first = f"{reader.project}/runs/r0"
    groups = reader.clusters(home, "both", apart=[first]).groups
    assert sorted((group.count, group.loop) for group in groups) == [(19, 0), (19, 0)]
    for group in groups:
        assert reader.members(home, group.id, "both", apart=[first]).count == 19


# ── what one run made, and times ──────────────────────────────────────────────────────────────────────────────────────────


def test_versions_that_one_run_made_at_any_time(graph: Graph, project: str, say: Callable[..., str]) -> None:
    run, minute = f"{project}/runs/fit", timedelta(minutes=1)

    def logged(number: int, *aliases: str, by: str = run) -> Logged:
        digest, at = worlds.digest_of(f"epoch {number}"), START + number * minute
        artifact = f"{project}/checkpoint"
        return Logged(run=by, at=at, artifact=artifact, digest=digest, type="model", size=9 - number, aliases=aliases)

    learnt = say(
        RunStarted(run=run, at=START, job_type="train"),
        Used(run=run, at=START, artifact=f"{project}/raw", digest=worlds.digest_of("raw"), type="data"),
        *(logged(n, *(["best"] if n == 2 else [])) for n in range(1, 5)),
        RunFinished(run=run, at=START + 9 * minute),
    )
    moved = AliasMoved(
        artifact=f"{project}/checkpoint", alias="best", digest=worlds.digest_of("epoch 4"), at=START + 10 * minute
    )
    say(moved, logged(5))
    reader = Reader(graph, project)

    [group] = reader.clusters(run, "downstream").groups
    assert (group.rule, group.count, group.made_by, group.artifact) == ("made", 5, (run,), f"{project}/checkpoint")
    assert (group.type, group.level) == ("model", 1) and group.samples[0] == f"{project}/checkpoint:v0"
    [early] = reader.clusters(run, "downstream", as_of=START + 3 * minute).groups
    assert early.count == 3
    [known] = reader.clusters(run, "downstream", known_at=learnt).groups
    assert known.count == 4

    def held(alias: str, **when: Any) -> list[str]:
        return names(reader.members(run, group.id, "downstream", search=alias, **when))

    assert held("BEST") == ["checkpoint:v3"] and held("latest") == ["checkpoint:v4"]
    assert held("best", as_of=START + 3 * minute) == ["checkpoint:v1"]
    assert held("latest", known_at=learnt) == ["checkpoint:v3"]
    [then] = reader.members(run, group.id, "downstream", as_of=START + 3 * minute, search="v2").versions
    assert then.aliases == ("latest",)
    by_size = reader.members(run, group.id, "downstream", sort="size", limit=2)
    assert names(by_size) == ["checkpoint:v4", "checkpoint:v3"]

    # Another run comes to the first two again: these two were made by both.
    again = f"{project}/runs/again"
    say(RunStarted(run=again, at=START + 20 * minute), *(logged(n, by=again) for n in (1, 2)))
    found = reader.clusters(project, "project")
    assert {(g.count, tuple(sorted(g.made_by))) for g in found.groups} == {(3, (run,)), (2, (again, run))}


def test_states_are_counted_and_sorted_by(graph: Graph, project: str, say: Callable[..., str]) -> None:
    def worked(number: int) -> Iterator[Event]:
        run = f"{project}/runs/r{number}"
        yield RunStarted(run=run, at=START + timedelta(minutes=number), job_type="sweep")
        yield Used(
            run=run, at=START + timedelta(minutes=number), artifact=f"{project}/raw", digest=worlds.digest_of("x"), type="d"
        )
        if number:
            yield RunFinished(run=run, at=START + timedelta(hours=1), state="failed" if number % 2 else "finished")

    say(*(event for number in range(6) for event in worked(number)))
    reader = Reader(graph, project)
    [group] = reader.clusters("raw:v0", "downstream").groups
    assert group.rule == "neighbours" and group.states == {"failed": 3, "finished": 2, "running": 1}

    def states(**given: Any) -> list[str]:
        return [run.state for run in reader.members("raw:v0", group.id, "downstream", sort="state", **given).runs]

    assert states() == sorted(states()) and states(descending=True) == states()[::-1]


# ── time, and wrong questions ─────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_found_in_time_is_grouped(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = recorded(graph, worlds.long_chain(60))
    home = "v@" + worlds.digest_of("v#59")
    assert reader.clusters(home, timeout=30) == reader.clusters(home)
    real = graph.read

    def slow(query: Any, timeout: float | None = None, **given: Any) -> Any:
        if query.name.startswith("cluster/") and (given.get("depth") or 0) > 16:
            raise TimeRanOut(query.name, timeout)
        return real(query, timeout, **given)

    monkeypatch.setattr(graph, "read", slow)
    found = reader.clusters(home, timeout=30)
    assert found.truncated is not None and (found.truncated.reason, found.truncated.limit) == ("time", 30)
    assert found.nodes == 17 == reader.clusters(home, depth=int(found.truncated.cursor)).nodes
    with pytest.raises(TimeRanOut):
        reader.members(home, f"level/1/run/{worlds.JOB}/mn5", timeout=30)
    with pytest.raises(TimeRanOut):
        reader.clusters(home, timeout=1e-9)


def test_a_question_that_is_wrong_is_refused(sweep: Reader) -> None:
    wrong: list[tuple[type[Exception], str, Callable[[], object]]] = [
        (ParameterWrong, "at_least", lambda: sweep.clusters("report", at_least=1)),
        (ParameterWrong, "cards", lambda: sweep.clusters("report", cards=4)),
        (ParameterWrong, "by", lambda: sweep.clusters("report", by=("colour",))),  # type: ignore[arg-type]
        (ParameterWrong, "direction", lambda: sweep.clusters("report", "sideways")),  # type: ignore[arg-type]
        (ParameterWrong, "depth", lambda: sweep.clusters("report", depth=-1)),
        (ParameterWrong, "timeout", lambda: sweep.clusters("report", timeout=0)),
        (ParameterWrong, "as_of", lambda: sweep.clusters("report", as_of="yesterday")),
        (NotRecorded, "artifact", lambda: sweep.clusters("nothing")),
        (NotRecorded, "project", lambda: sweep.clusters("no-such-project", "project")),
        (NameNotUnderstood, "apart", lambda: sweep.clusters("report", apart=["apart:v0:v1"])),
        (ParameterWrong, "group", lambda: sweep.members("report", "models")),
        (NotRecorded, "group", lambda: sweep.members("report", "level/3/version/model/mn5")),
        (ParameterWrong, "sort", lambda: sweep.members("report", f"level/2/run/{worlds.JOB}/mn5", sort="colour")),  # type: ignore[arg-type]
        (ParameterWrong, "limit", lambda: sweep.members("report", f"level/2/run/{worlds.JOB}/mn5", limit=0)),
        (ParameterWrong, "after", lambda: sweep.members("report", f"level/2/run/{worlds.JOB}/mn5", after="x")),
    ]
    for error, words, ask in wrong:
        with pytest.raises(error, match=words):
            ask()
