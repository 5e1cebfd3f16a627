"""What two lineages do not share, and what explains it: against plain sets, in worlds and in pipelines done twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from lineage_graph.answers.diff import Diff, Nodes
from lineage_graph.answers.why import Why
from lineage_graph.errors import LineageError, NameNotUnderstood, NotRecorded, ParameterWrong, TimeRanOut
from lineage_graph.events import Event, Logged, RunFinished, RunStarted, Used, new_uid
from lineage_graph.graph import Graph
from lineage_graph.journal import genesis, seal
from lineage_graph.ledger import Ledger
from lineage_graph.lineage import Reader
from tests import worlds
from tests.conftest import shared_data
from tests.graph.test_walks import NAMED, Recorded, recorded
from tests.worlds import START

# ── ancestors, against plain sets ─────────────────────────────────────────────────────────────────────────────────────────


def depths(nodes: Nodes) -> dict[str, int]:
    found = {n.uid: n.depth for n in (*nodes.runs, *nodes.versions)}
    assert len(found) == len(nodes.runs) + len(nodes.versions)
    return found


def same_as_the_oracle(world: Recorded, a: str, b: str) -> Diff:
    """One diff against sets of what a plain search finds."""
    found = world.reader.diff(world.name(a), world.name(b), both=True)
    up, other = world.world.upstream(a), world.world.upstream(b)
    del up[a], other[b]
    for nodes, expected in (
        (found.only_a, {n: up[n] for n in up if n not in other}),
        (found.only_b, {n: other[n] for n in other if n not in up}),
        (found.both, {n: up[n] for n in up if n in other}),
    ):
        assert depths(nodes) == {world.uid(n): depth for n, depth in expected.items()}
        runs = sum(n.startswith("run ") for n in expected)
        assert (
            (nodes.counts.runs, nodes.counts.versions) == (runs, len(expected) - runs) == (len(nodes.runs), len(nodes.versions))
        )
    assert (found.a.ancestors.runs + found.a.ancestors.versions, found.b.kind) == (len(up), "run" if "run " in b else "version")
    return found


@pytest.mark.parametrize("world", NAMED.values(), ids=NAMED.keys())
def test_every_named_world_is_as_plain_sets_have_it(graph: Graph, world: worlds.World) -> None:
    here = recorded(graph, world)
    last, middle = world.steps[-1], world.steps[len(world.steps) // 2]
    pairs = [(last.logged[0], (middle.logged or last.used)[0]), (f"run {last.id}", f"run {middle.id}")]
    for a, b in pairs:
        if a == b:
            continue
        found, back = same_as_the_oracle(here, a, b), here.reader.diff(here.name(b), here.name(a))
        assert depths(back.only_a) == depths(found.only_b) and back.both.counts == found.both.counts and back.differ
        assert back.both.runs == back.both.versions == ()


def test_two_images_of_a_real_workflow(graph: Graph) -> None:
    montage = recorded(graph, worlds.wfformat(shared_data("wfformat/montage-2mass-05d.json")))
    made = [step for step in montage.world.steps if len(step.used) > 3]
    found = same_as_the_oracle(montage, "mosaic-color.jpg", made[len(made) // 2].logged[0])
    assert found.differ and found.a.run is not None


def test_a_version_upstream_of_the_other_is_upstream_of_it_alone(graph: Graph) -> None:
    world = recorded(graph, worlds.one_model())
    found = world.reader.diff("raw", "model")
    assert f"{world.project}/raw:v0" in {v.name for v in found.only_b.versions} and not found.only_a.versions


# ── pipelines done twice ──────────────────────────────────────────────────────────────────────────────────────────────────


class Lab:
    """raw → clean → model, done again and again, each time told something."""

    def __init__(self, graph: Graph, project: str) -> None:
        self.ledger, self.project, self.reader = Ledger(graph), project, Reader(graph, project)
        self.journal, self.seq, self.done = new_uid(), 0, 0
        self.head = genesis(self.journal)

    def run(self, run: str) -> str:
        """Its full name."""
        return f"{self.project}/runs/{run}"

    def apply(self, events: list[Event]) -> str:
        """Applies events as an entry; gives the time the graph learnt of them."""
        self.seq += 1
        entry = seal(self.journal, self.seq, self.head, events)
        self.head = entry.hash
        receipts: list[Any] = []
        self.ledger.apply([entry], receipts.extend)
        assert [o["result"] for o in receipts[0].outcomes] == ["recorded"] * len(events)
        return str(receipts[0].recorded_at)

    def work(self, run: str, used: dict[str, str | None], logged: list[str], **told: Any) -> str:
        """One run. used: thing → role; things are written 'artifact#content'."""
        at, name = START + timedelta(minutes=self.done), f"{self.project}/runs/{run}"
        self.done += 1
        events: list[Event] = [RunStarted(run=name, at=at, step="work.py", **told)]
        for thing, role in used.items():
            artifact, digest = str(worlds.artifact_of(self.project, thing)), worlds.digest_of(thing)
            events.append(Used(run=name, at=at, artifact=artifact, digest=digest, type="x", used_as=role))
        for thing in logged:
            artifact, digest = str(worlds.artifact_of(self.project, thing)), worlds.digest_of(thing)
            meta = {"from": thing.partition("#")[2]}
            events.append(Logged(run=name, at=at, artifact=artifact, digest=digest, type="x", metadata=meta))
        return self.apply([*events, RunFinished(run=name, at=at)])

    def pipeline(self, raw: str, clean: str, model: str, *, lr: float = 0.1, commit: str = "c1", numpy: str = "2.0") -> None:
        number = self.done
        told: dict[str, Any] = {"commit": commit, "environment": {"python": "3.11", "folder": f"/{number}",
                                                                  "packages": {"numpy": numpy}}}  # fmt: skip
        self.work(f"clean-{number}", {f"raw#{raw}": None}, [f"clean#{clean}"], command=f"clean --id=clean-{number}", **told)
        self.work(f"fit-{number}", {f"clean#{clean}": "train"}, [f"model#{model}"], config={"opt": {"lr": lr}, "n": 1}, **told)


@pytest.fixture
def lab(graph: Graph, project: str) -> Iterator[Lab]:
    yield Lab(graph, project)


def kinds(why: Why) -> list[tuple[str, str, str]]:
    return [(c.kind, *(name.rpartition("/")[2] for name in (c.chain[-1].a, c.chain[-1].b))) for c in why.causes]


def test_two_trainings_that_differ_in_config(lab: Lab) -> None:
    lab.pipeline("0", "0", "0", lr=0.1)
    lab.pipeline("0", "0", "1", lr=0.2)
    found = lab.reader.diff("model:v0", "model:v1")
    assert [(c.key, c.change, c.a, c.b) for c in found.config] == [("opt.lr", "changed", 0.1, 0.2)]
    assert found.inputs == found.code == found.command == found.environment == () and found.files is None
    assert [(c.key, c.a, c.b) for c in found.metadata] == [("from", "0", "1")]
    assert (found.a.run, found.b.run) == (f"{lab.project}/runs/fit-0", f"{lab.project}/runs/fit-2") and found.differ
    [output] = found.outputs
    assert output.change == "changed" and output.a is not None and output.a.name == f"{lab.project}/model:v0"
    why = lab.reader.why("model:v0", "model:v1")
    assert kinds(why) == [("config", "fit-0", "fit-2")] and why.causes[0].changes == found.config and not why.same
    assert [link.kind for link in why.causes[0].chain] == ["version", "run"] and why.pairs == 2


def test_raw_data_that_differ_are_the_first_difference(lab: Lab) -> None:
    lab.pipeline("0", "0", "0", lr=0.1)
    lab.pipeline("1", "1", "1", lr=0.2)
    why = lab.reader.why("model:v0", "model:v1")
    assert kinds(why) == [("input", "raw:v0", "raw:v1"), ("config", "fit-0", "fit-2")]
    assert [link.used_as for link in why.causes[0].chain] == [None, None, "train", None, None]
    found = lab.reader.diff("model:v0", "model:v1")
    [change] = found.inputs
    assert change.a is not None and change.b is not None
    assert (change.change, change.a.used_as, change.b.name) == ("changed", "train", f"{lab.project}/clean:v1")
    assert {(r.artifact.rpartition("/")[2], *r.a, *r.b) for r in found.replaced} == {
        (name, f"{lab.project}/{name}:v0", f"{lab.project}/{name}:v1") for name in ("raw", "clean")
    }


def test_data_that_differ_and_were_cleaned_to_the_same_are_no_cause(lab: Lab) -> None:
    lab.pipeline("0", "0", "0")
    lab.pipeline("1", "0", "1")
    assert kinds(lab.reader.why("model:v0", "model:v1")) == [("not deterministic", "fit-0", "fit-2")]


def test_code_and_environment_are_causes_where_they_first_matter(lab: Lab) -> None:
    lab.pipeline("0", "0", "0")
    lab.pipeline("0", "1", "1", commit="c2", numpy="2.1")
    why = lab.reader.why("model:v0", "model:v1")
    assert kinds(why) == [
        ("code", "clean-0", "clean-2"), ("environment", "clean-0", "clean-2"),
        ("code", "fit-0", "fit-2"), ("environment", "fit-0", "fit-2"),
    ]  # fmt: skip
    assert [(c.key, c.a, c.b) for c in why.causes[1].changes] == [("packages.numpy", "2.0", "2.1")]
    found = lab.reader.diff(lab.run("fit-0"), lab.run("fit-2"))
    assert [c.key for c in found.code] == ["commit"] and [c.key for c in found.environment] == ["packages.numpy"]
    assert found.metadata == () and found.a.digest is None and found.a.run == found.a.name


def test_the_same_done_again_is_no_difference(lab: Lab) -> None:
    lab.pipeline("0", "0", "0")
    lab.pipeline("0", "0", "0")
    found = lab.reader.diff(lab.run("fit-0"), lab.run("fit-2"))
    assert not found.differ and found.both.counts.versions == 2
    why = lab.reader.why(lab.run("fit-0"), lab.run("fit-2"))
    assert why.same and not why.causes
    assert lab.reader.why("model:v0", "model:v0").same


def test_two_runs_are_explained_by_what_they_were_given_and_logged(lab: Lab) -> None:
    lab.pipeline("0", "0", "0")
    lab.pipeline("0", "0", "1")
    assert kinds(lab.reader.why(lab.run("fit-0"), lab.run("fit-2"))) == [("not deterministic", "fit-0", "fit-2")]
    lab.pipeline("1", "1", "2")
    assert kinds(lab.reader.why(lab.run("fit-0"), lab.run("fit-4"))) == [("input", "raw:v0", "raw:v1")]


def test_an_input_that_only_one_had(lab: Lab) -> None:
    lab.work("one", {"raw#0": "train"}, ["model#1"])
    lab.work("two", {"raw#0": "train", "more#0": "extra"}, ["model#2"])
    found = lab.reader.diff("model:v0", "model:v1")
    assert [(i.change, i.artifact) for i in found.inputs] == [("added", f"{lab.project}/more")]
    [cause] = lab.reader.why("model:v0", "model:v1").causes
    assert cause.kind == "input" and cause.inputs == found.inputs


# ── times ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_name_at_two_times(lab: Lab) -> None:
    lab.pipeline("0", "0", "0", lr=0.1)
    then = START + timedelta(minutes=lab.done)
    lab.pipeline("0", "0", "1", lr=0.2)
    for options in ({"a_as_of": then}, {"a_as_of": then, "b_as_of": then + timedelta(minutes=9)}):
        found = lab.reader.diff("model", **options)  # type: ignore[arg-type]
        assert (found.a.name, found.b.name) == (f"{lab.project}/model:v0", f"{lab.project}/model:v1")
        assert found.a.as_of == then and [c.key for c in found.config] == ["opt.lr"]
        assert kinds(lab.reader.why("model", **options)) == [("config", "fit-0", "fit-2")]  # type: ignore[arg-type]
    # The same version, of which more is known now: it was made once more.
    lab.work("again", {"clean#0": "train"}, ["model#1"])
    found = lab.reader.diff("model:v1", a_as_of=START + timedelta(minutes=lab.done - 2), b_as_of=None)
    assert [r.id for r in found.only_b.runs] == ["again"] and found.differ and not found.only_a.runs
    assert lab.reader.why("model:v1", a_as_of=then).same


def test_aliases_are_those_of_each_side_s_time(lab: Lab) -> None:
    lab.pipeline("0", "0", "0")
    then = START + timedelta(minutes=lab.done, seconds=-1)
    lab.pipeline("1", "1", "1")

    def held(**times: Any) -> list[dict[str, tuple[str, ...]]]:
        found = lab.reader.diff("model:v0", "model:v1", **times)
        return [{v.name.rpartition("/")[2]: v.aliases for v in side.versions} for side in (found.only_a, found.only_b)]

    now = [{"clean:v0": (), "raw:v0": ()}, {"clean:v1": ("latest",), "raw:v1": ()}]  # raw was used, and never logged
    assert held() == now == held(as_of=then + timedelta(hours=1))
    assert held(a_as_of=then) == [{"clean:v0": ("latest",), "raw:v0": ()}, now[1]]
    assert held(b_as_of=then) == [now[0], {}]


def test_only_what_the_graph_knew(lab: Lab) -> None:
    lab.pipeline("0", "0", "0")
    lab.work("other", {"raw#1": None}, ["model#1"])
    lab.work("before", {}, ["before#0"])
    learnt = lab.work("late", {}, ["raw#1"])
    earlier = lab.reader.diff("model:v0", "model:v1", known_at=lab.reader.run(lab.run("before")).recorded_at)
    assert "late" not in {r.id for r in earlier.only_b.runs} and earlier.known_at is not None
    assert "late" in {r.id for r in lab.reader.diff("model:v0", "model:v1", known_at=learnt).only_b.runs}


@pytest.mark.parametrize("ask", ["diff", "why"])
@pytest.mark.parametrize(
    ("a", "b", "options", "error", "says"),
    [
        ("none", "raw", {}, NotRecorded, "none"),
        ("raw", "model:v9", {}, NotRecorded, "newest is v0"),
        ("runs/fit", "runs/none", {}, NotRecorded, "runs/none"),
        ("raw", "a b", {}, NameNotUnderstood, "a b"),
        ("raw", "runs/fit", {}, ParameterWrong, "runs/fit is a run and .*raw:v0 a version"),
        ("runs/fit", "raw", {}, ParameterWrong, "runs/fit is a run and .*raw:v0 a version"),
        ("raw", None, {}, ParameterWrong, "two different times"),
        ("raw", None, {"as_of": "2027-01-01T00:00:00Z"}, ParameterWrong, "two different times"),
        ("raw", None, {"a_as_of": "2027-01-01T00:00:00Z", "b_as_of": "2027-01-01T01:00:00+01:00"}, ParameterWrong, "itself"),
        ("raw", "model", {"as_of": START, "a_as_of": START}, ParameterWrong, "as_of: it is for both"),
        ("raw:v0", "model:v0", {"as_of": "2026-02-01T00:00:00Z", "known_at": START}, ParameterWrong, "after known_at"),
        ("raw:v0", "model:v0", {"b_as_of": "2026-02-01T00:00:00Z", "known_at": START}, ParameterWrong, "after known_at"),
        ("raw", "model", {"a_as_of": "2026-01-01"}, ParameterWrong, "a_as_of.*zone|as_of.*zone"),
        ("raw", "model", {"limit": 0}, ParameterWrong, "limit"),
        ("raw", "model", {"after": "-1"}, ParameterWrong, "cursor"),
        ("raw", "model", {"timeout": -1}, ParameterWrong, "timeout"),
    ],
)
def test_what_cannot_be_compared_is_told(
    graph: Graph, ask: str, a: str, b: str | None, options: dict[str, Any], error: type[LineageError], says: str
) -> None:
    world = recorded(graph, worlds.one_model())
    with pytest.raises(error, match=says):
        getattr(world.reader, ask)(f"{world.project}/{a}", f"{world.project}/{b}" if b else None, **options)


# ── pages, time, JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_pages_of_a_diff_are_the_whole(graph: Graph) -> None:
    world = recorded(graph, worlds.woods(60, window=20))
    a, b = (f"{world.project}/runs/{r}" for r in ("r59", "r40"))
    whole = world.reader.diff(a, b, both=True)
    found: dict[str, set[str]] = {"only_a": set(), "only_b": set(), "both": set()}
    after: str | None = None
    last = 0
    while True:
        page = world.reader.diff(a, b, both=True, limit=25, after=after)
        listed = [n for part in found for n in depths(getattr(page, part)).items()]
        assert len(listed) <= 25 and min(depth for _, depth in listed) >= last
        last = max(depth for _, depth in listed)
        for part, uids in found.items():
            uids.update(depths(getattr(page, part)))
            assert getattr(page, part).counts == getattr(whole, part).counts
        if page.truncated is None:
            break
        after = page.truncated.cursor
        assert (page.truncated.reason, page.truncated.limit) == ("limit", 25)
    assert {part: set(depths(getattr(whole, part))) for part in found} == found


def test_pages_of_causes_are_all_of_them(lab: Lab) -> None:
    lab.pipeline("0", "0", "0")
    lab.pipeline("1", "1", "1", lr=0.2, commit="c2", numpy="2.1")
    whole = lab.reader.why("model:v0", "model:v1")
    first = lab.reader.why("model:v0", "model:v1", limit=2)
    assert first.truncated is not None and first.causes == whole.causes[:2]
    rest = lab.reader.why("model:v0", "model:v1", limit=9, after=first.truncated.cursor)
    assert first.causes + rest.causes == whole.causes and rest.truncated is None and len(whole.causes) == 6


@pytest.mark.parametrize("ask", ["diff", "why"])
def test_a_comparison_has_one_time_for_all_of_it(lab: Lab, ask: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.pipeline("0", "0", "0")
    lab.pipeline("1", "1", "1")
    question: Callable[..., Any] = getattr(lab.reader, ask)
    assert question("model:v0", "model:v1", timeout=60) == question("model:v0", "model:v1")
    clock = iter(range(100, 300, 10))
    monkeypatch.setattr("lineage_graph.lineage.deadline.time.monotonic", lambda: next(clock))
    with pytest.raises(TimeRanOut, match=f"{ask} was not done within 15 s"):
        question("model:v0", "model:v1", timeout=15)


def test_the_questions_asked_do_not_grow_with_the_answer(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = recorded(graph, worlds.ladder(3)), recorded(graph, worlds.ladder(40))
    asked: list[str] = []
    plain = graph.fold

    def noted(query: Any, *more: Any, **given: Any) -> Any:
        asked.append(query.name)
        return plain(query, *more, **given)

    monkeypatch.setattr(graph, "fold", noted)

    def names(world: Recorded, layers: int, ask: str) -> list[str]:
        asked.clear()
        getattr(world.reader, ask)(f"a:v{layers - 1}", f"b:v{layers - 2}")
        return list(asked)

    for ask, most in (("diff", 12), ("why", 5)):
        assert names(small, 3, ask) == names(large, 40, ask) and len(asked) <= most


def test_the_json_reads_back(lab: Lab) -> None:
    lab.pipeline("0", "0", "0")
    lab.pipeline("1", "1", "1", lr=0.3)
    diff, why = lab.reader.diff("model:v0", "model:v1", both=True), lab.reader.why("model:v0", "model:v1")
    assert Diff.model_validate_json(diff.model_dump_json()) == diff and Why.model_validate_json(why.model_dump_json()) == why
    assert " ".join(json.loads(diff.model_dump_json())) == (
        "a b known_at differ only_a only_b both replaced"
        " inputs outputs config code command environment metadata files truncated"
    )
    assert " ".join(json.loads(why.model_dump_json())) == "a b a_as_of b_as_of known_at same causes pairs truncated"
