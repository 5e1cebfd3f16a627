"""Views of real graphs: what is shown is what is recorded, as asked; more of it keeps what was there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from lineage_graph.answers.choosing import READABLE
from lineage_graph.answers.view import View, ViewCard
from lineage_graph.errors import NameNotUnderstood, NotRecorded, ParameterWrong, TimeRanOut
from lineage_graph.events import AliasMoved, Logged, RunFinished, RunStarted, Used
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from tests import worlds
from tests.conftest import shared_data
from tests.graph.conftest import Say
from tests.worlds import START

WIDE = 5_000


def recorded(graph: Graph, world: worlds.World) -> Reader:
    project = f"t{uuid4().hex[:12]}"
    worlds.record(graph, project, world)
    return Reader(graph, project)


def named(reader: Reader, thing: str) -> str:
    """The full name of a thing in a world, or of 'run ID'."""
    if thing.startswith("run "):
        return f"{reader.project}/runs/{thing.removeprefix('run ')}"
    return reader.version(f"{thing.partition('#')[0]}@{worlds.digest_of(thing)}").name


def labels(view: View) -> set[str]:
    return {card.label or f"{card.count} {card.type}" for card in view.cards}


def card(view: View, label: str) -> ViewCard:
    return next(card for card in view.cards if label in (card.label, f"{card.count} {card.type}"))


def edges(view: View) -> set[tuple[str, str]]:
    shown = {card.id: card.label or f"{card.count} {card.type}" for card in view.cards}
    return {(shown[edge.source], shown[edge.target]) for edge in view.edges}


def counts(view: View) -> dict[str, int]:
    return {one.reason: one.count for one in view.omitted}


def pipeline() -> worlds.World:
    """raw → split → train, test; two trainings on train; the better one is evaluated on test; a report on all."""
    return worlds.steps(
        [
            ("ingest", "", "raw"),
            ("split", "raw", "train test"),
            ("fit-a", "train", "model#a"),
            ("fit-b", "train", "model#b"),
            ("evaluate", "model#a test", "score"),
            ("report", "model#a score raw", "report"),
        ]
    )


@pytest.fixture(scope="module")
def demo(graph: Graph) -> Reader:
    return recorded(graph, pipeline())


@pytest.fixture(scope="module")
def wide(graph: Graph) -> Reader:
    """One version with 5,000 consumers."""
    return recorded(graph, worlds.wide_sweep(WIDE))


# ── what is shown ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_before_and_after_with_what_leads_past_home(demo: Reader) -> None:
    view = demo.view(named(demo, "model#a"))
    assert labels(view) == {
        "ingest", "raw:v0", "split", "train:v0", "fit-a", "model:v0", "evaluate", "score:v0", "report", "report:v0",
    }  # fmt: skip
    assert ("raw:v0", "report") in edges(view) and len(view.edges) == 11  # report used what lies before home
    assert (view.up, view.down, view.runs, view.versions, view.omitted) == (None, None, 5, 5, ())
    home = card(view, "model:v0")
    assert view.home == home.id and view.name == home.name == f"{demo.project}/model:v0"
    assert [(c.label, c.level) for c in view.cards][:3] == [("ingest", 0), ("raw:v0", 1), ("split", 2)]
    assert (home.kind, home.type, home.project, home.count, home.group) == ("version", "dataset", demo.project, 1, None)
    assert (card(view, "fit-a").state, card(view, "fit-a").type) == ("finished", worlds.JOB)
    more = {label: (card(view, label).more.up, card(view, label).more.down) for label in labels(view)}
    assert {label: n for label, n in more.items() if n != (0, 0)} == {"split": (0, 1), "train:v0": (0, 1), "evaluate": (1, 0)}
    assert [one.name for one in view.queries] == ["cluster/shape_upstream", "cluster/shape_downstream"]
    assert view.queries[0].parameters["uid"] == home.id
    assert demo.view(named(demo, "model#a")) == view == View.model_validate_json(view.model_dump_json())


def test_full_scope_adds_what_else_the_runs_used_and_logged(demo: Reader) -> None:
    direct, full = demo.view(named(demo, "model#a")), demo.view(named(demo, "model#a"), scope="full")
    assert labels(full) - labels(direct) == {"test:v0"} and labels(direct) < labels(full)
    assert {("split", "test:v0"), ("test:v0", "evaluate")} <= edges(full)
    assert card(full, "train:v0").more.down == 1 and card(full, "evaluate").more.up == 0
    near = demo.view(named(demo, "model#a"), scope="full", up=1, down=1)
    assert labels(near) == {"train:v0", "fit-a", "model:v0", "evaluate", "test:v0", "score:v0", "report", "raw:v0", "report:v0"}


def test_depths_and_what_lies_beyond(demo: Reader) -> None:
    view = demo.view(named(demo, "model#a"), up=2, down=1)
    assert labels(view) == {"train:v0", "fit-a", "model:v0", "evaluate", "report"}
    assert (view.up, view.down) == (2, 1) and view.omitted[0].reason == "beyond" and view.omitted[0].at_least
    assert card(view, "train:v0").more.up == 1 and card(view, "report").more.down == 1
    assert demo.view(named(demo, "model#a"), up=6, down="all").up is None
    assert labels(demo.view(named(demo, "model#a"), up=0, down=0)) == {"model:v0"}


def test_filters_leave_ways_as_edges(demo: Reader) -> None:
    view = demo.view(named(demo, "report"), job_type=["none of these"])
    assert labels(view) == {"raw:v0", "train:v0", "test:v0", "model:v0", "score:v0", "report:v0"}
    assert {("raw:v0", "train:v0"), ("train:v0", "model:v0"), ("raw:v0", "report:v0")} <= edges(view)
    assert all(edge.via and not edge.back for edge in view.edges)
    assert view.facets.job_types == {worlds.JOB: 5} and view.facets.types == {"dataset": 6}
    assert counts(view) == {"filtered": 5} and all(c.more.up == 0 == c.more.down for c in view.cards if c.label != "train:v0")
    assert labels(demo.view(named(demo, "report"), type=["x"], job_type=[""])) == {"report:v0"}


def test_what_is_hidden_is_listed(demo: Reader) -> None:
    hide = [named(demo, "run fit-a"), f"{demo.project}/nothing:v7"]
    view = demo.view(named(demo, "report"), hide=hide)
    assert "fit-a" not in labels(view) and ("train:v0", "model:v0") in edges(view)
    assert [(one.name, one.label, one.count) for one in view.hidden] == [(hide[0], "fit-a", 1), (hide[1], "nothing:v7", 0)]
    assert counts(view) == {"hidden": 1} and card(view, "train:v0").more.down == 1
    assert demo.view("report", hide=[named(demo, "report")]).hidden[0].count == 0  # home stays


def test_more_adds_and_changes_nothing_that_was_there(demo: Reader) -> None:
    home = named(demo, "model#a")
    before = demo.view(home)
    more = [f"{named(demo, 'train')}>"]
    once, twice = demo.view(home, more=more), demo.view(home, more=more * 2)
    assert labels(once) - labels(before) == {"fit-b"} and labels(twice) - labels(once) == {"model:v1"}
    assert {c.id for c in before.cards} < {c.id for c in once.cards} < {c.id for c in twice.cards}
    assert {("train:v0", "fit-b"), ("fit-b", "model:v1")} <= edges(twice) and edges(before) < edges(twice)
    up = demo.view(home, more=[f"{named(demo, 'run evaluate')}<"])
    assert labels(up) - labels(before) == {"test:v0"} and ("split", "test:v0") in edges(up)
    assert labels(demo.view(home, up=1, down=0, more=[f"{named(demo, 'report')}<"])) == {"fit-a", "model:v0"}  # not there
    assert labels(demo.view(home, up=1, down=0, more=[f"{named(demo, 'run fit-a')}<"])) == {"train:v0", "fit-a", "model:v0"}
    full = demo.view(home, scope="full", more=more)
    assert labels(full) == {*labels(once), "test:v0", "model:v1"}


# ── large ones ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_home_with_many_consumers(wide: Reader) -> None:
    view = wide.view("raw", down=1)
    group = next(c for c in view.cards if c.group)
    assert (len(view.cards), view.runs, group.count, group.rule) == (3, WIDE + 1, WIDE, "neighbours")
    assert group.states == {"finished": WIDE} and group.id == group.group and len(group.samples) == 3
    assert (group.more.down, card(view, "raw:v0").more.down) == (WIDE, 0) and counts(view)["beyond"] == WIDE
    whole = wide.view("raw")
    assert whole.nodes == 2 * WIDE + 4 and len(whole.cards) == 6 and len(whole.model_dump_json()) < 6_000
    assert sum(edge.count for edge in whole.edges) == 3 * WIDE + 2

    page = wide.view_members("raw", group.id, limit=2, search="fit1", sort="started", descending=True, down=1)
    assert (page.count, page.found) == (WIDE, 1_111) and [run.id for run in page.runs] == ["fit1999", "fit1998"]
    assert page.runs[0].depth == 1 and page.truncated is not None
    on = wide.view_members("raw", group.id, limit=2, search="fit1", sort="started", descending=True, down=1, after="2")
    assert [run.id for run in on.runs] == ["fit1997", "fit1996"]


def test_members_taken_out_and_groups_hidden(wide: Reader) -> None:
    out = [f"{wide.project}/runs/fit7", f"{wide.project}/model:v7"]
    view = wide.view("report", out=out)
    assert {"fit7", "model:v7"} <= labels(view) and ("fit7", "model:v7") in edges(view)
    runs = card(view, f"{WIDE - 1} {worlds.JOB}")
    assert wide.view_members("report", runs.id, out=out, search="fit7", limit=1).runs[0].id == "fit70"
    hidden = wide.view("report", hide=[runs.id], out=out)
    assert (hidden.hidden[0].group, hidden.hidden[0].count) == (runs.id, WIDE - 1)
    assert ("raw:v0", f"{WIDE - 1} dataset") in edges(hidden) and counts(hidden)["hidden"] == WIDE - 1
    with pytest.raises(NotRecorded):
        wide.view_members("report", runs.id, hide=[runs.id], out=out)


def test_more_of_a_hub_is_a_group(wide: Reader) -> None:
    home = f"{wide.project}/model:v7"
    before = wide.view(home, up=2, down=0)
    after = wide.view(home, up=2, down=0, more=[f"{wide.project}/raw:v0>"])
    assert {c.id for c in before.cards} < {c.id for c in after.cards} and before.nodes + WIDE - 1 == after.nodes
    assert len(after.cards) == len(before.cards) + 1


def test_a_workflow_as_a_picture(graph: Graph) -> None:
    reader = recorded(graph, worlds.wfformat(shared_data("wfformat/montage-2mass-05d.json")))
    home = f"{worlds.artifact_of(str(reader.project), 'mosaic-color.jpg')}@{worlds.digest_of('mosaic-color.jpg')}"
    lineage = reader.upstream(home)
    view = reader.view(home, up="all")
    assert (view.nodes, view.runs) == (4_204, len(lineage.runs)) and len(view.cards) <= 400
    inner = len(lineage.edges) - sum(edge.count for edge in view.edges)
    assert inner == 0 and not view.coarsened  # groups are within single levels
    few = reader.view(home, up="all", cards=10)
    assert len(few.cards) <= 10 and few.coarsened and few.nodes == view.nodes


def test_auto_is_as_far_as_can_be_read(graph: Graph) -> None:
    reader = recorded(graph, worlds.long_chain(300))
    home = "v@" + worlds.digest_of("v#150")
    view = reader.view(home)
    assert (view.up, view.down) == ((READABLE - 1) // 2,) * 2 and len(view.cards) == READABLE - 1 and not view.coarsened
    assert counts(view)["beyond"] > 0
    one_way = reader.view(home, down=0)
    assert (one_way.up, one_way.down, len(one_way.cards)) == (READABLE - 1, 0, READABLE)
    near = reader.view("v@" + worlds.digest_of("v#20"), down=0)
    assert near.up is None and len(near.cards) == 42
    everything = reader.view(home, up="all", down="all")
    assert (everything.up, everything.down, everything.nodes) == (None, None, 600) and len(everything.cards) <= 400


# ── loops and times ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_loops_are_marked_and_closed_by_one_edge(graph: Graph) -> None:
    for world, home, looped in ((worlds.loop(), "model", 2), (worlds.cycle(), "c", 4)):
        view = recorded(graph, world).view(home)
        assert [c.loop for c in view.cards].count(0) == looped and [e.back for e in view.edges].count(True) == 1
        assert len({c.level for c in view.cards if c.loop == 0}) == 1


def test_as_it_was_and_as_it_was_known(graph: Graph, project: str, say: Say) -> None:
    reader, minute = Reader(graph, project), timedelta(minutes=1)
    raw, model = {"artifact": f"{project}/raw", "digest": worlds.digest_of("raw"), "type": "data"}, f"{project}/model"
    fit, use = f"{project}/runs/fit", f"{project}/runs/use"
    made = {"artifact": model, "digest": worlds.digest_of("m0"), "type": "model"}
    other = {"artifact": model, "digest": worlds.digest_of("m1"), "type": "model"}
    early = say(
        RunStarted(run=fit, at=START), Used(run=fit, at=START, **raw),
        Logged(run=fit, at=START + minute, aliases=("best",), **made), RunFinished(run=fit, at=START + 2 * minute),
    )  # fmt: skip
    say(
        RunStarted(run=use, at=START + 3 * minute), Used(run=use, at=START + 3 * minute, **made),
        Logged(run=use, at=START + 4 * minute, **other),
        AliasMoved(artifact=model, alias="best", digest=other["digest"], at=START + 5 * minute),
    )  # fmt: skip
    now = reader.view("raw:v0")
    assert labels(now) == {"raw:v0", "fit", "model:v0", "use", "model:v1"} and "best" in card(now, "model:v1").aliases
    when: dict[str, Any]
    for when in ({"as_of": START + 2 * minute}, {"known_at": early}):
        then = reader.view("raw:v0", **when)
        assert labels(then) == {"raw:v0", "fit", "model:v0"} and card(then, "model:v0").more.down == 0
        assert set(card(then, "model:v0").aliases) == {"best", "latest"}
    assert reader.view("model:best", as_of=START + 2 * minute).name == f"{model}:v0"


# ── time, and wrong questions ─────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_found_in_time_is_shown(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = recorded(graph, worlds.long_chain(60))
    home = "v@" + worlds.digest_of("v#59")
    assert reader.view(home, up="all", timeout=30).cards == reader.view(home, up="all").cards
    real = graph.read

    def slow(query: Any, timeout: float | None = None, **given: Any) -> Any:
        if query.name.startswith("cluster/shape") and (given.get("depth") or 0) > 16:
            raise TimeRanOut(query.name, timeout)
        return real(query, timeout, **given)

    monkeypatch.setattr(graph, "read", slow)
    view = reader.view(home, up="all", timeout=30)
    assert view.truncated is not None and (view.truncated.reason, view.truncated.cursor) == ("time", "16")
    assert (view.nodes, view.up) == (17, 16) and view.omitted[-1].at_least
    more = reader.view(home, up="all", timeout=30, more=[f"{named(reader, 'run r53')}<"])
    assert more.nodes == 17 and more.truncated == view.truncated  # it is there already
    with pytest.raises(TimeRanOut):
        reader.view_members(home, "g:x", up="all", timeout=30)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"up": -1}, ParameterWrong),
        ({"down": "far"}, ParameterWrong),
        ({"scope": "all"}, ParameterWrong),
        ({"cards": 4}, ParameterWrong),
        ({"cards": 401}, ParameterWrong),
        ({"at_least": 1}, ParameterWrong),
        ({"more": ["raw:v0"]}, ParameterWrong),
        ({"more": ["{p}/raw:v0>"] * 65}, ParameterWrong),
        ({"more": ["{p}/nothing:v0>"]}, NotRecorded),
        ({"hide": ["a/b/c/d/e"]}, NameNotUnderstood),
        ({"as_of": "yesterday"}, ParameterWrong),
        ({"timeout": 0}, ParameterWrong),
        ({"home": "nothing"}, NotRecorded),
    ],
)
def test_wrong_questions_are_one_sentence(demo: Reader, given: dict[str, Any], problem: type[Exception]) -> None:
    asked = {k: [one.replace("{p}", str(demo.project)) for one in v] if isinstance(v, list) else v for k, v in given.items()}
    with pytest.raises(problem) as raised:
        demo.view(**({"home": "raw"} | asked))
    assert "\n" not in str(raised.value)


def test_what_is_no_group_has_no_members(demo: Reader) -> None:
    with pytest.raises(ParameterWrong, match="is not the id of a group"):
        demo.view_members("raw", "level/1/run/x/mn5")
    with pytest.raises(NotRecorded, match="group"):
        demo.view_members("raw", "g:nothing")
