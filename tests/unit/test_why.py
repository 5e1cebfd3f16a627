"""`why` names exactly what was done differently, in pipelines whose results are known to depend on everything upstream."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.answers.changes import Told
from lineage_graph.answers.origins import Origins, Thing, Use
from lineage_graph.answers.why import Cause, explain, follow

INPUTS = 3
STEPS = 6


@dataclass(frozen=True)
class Pipeline:
    """Step i makes artifact s{i} of some earlier artifacts; `told` is each step's config, `raw` the content of each input."""

    shape: tuple[tuple[str, ...], ...]
    told: tuple[int, ...]
    raw: tuple[int, ...]

    def run(self, label: str) -> tuple[Origins, dict[str, Told]]:
        """Does it: every result is a function of config and inputs, as in a deterministic pipeline."""
        things: dict[str, Thing] = {}
        for i, content in enumerate(self.raw):
            things[f"raw{i}"] = thing(f"raw{i}", str(content))
        used, maker, recipes = {}, {}, {}
        for i, inputs in enumerate(self.shape):
            run = Thing(f"{label}{i}", f"p/runs/{label}{i}")
            used[run.uid] = [Use(things[name]) for name in inputs]
            content = sha256(repr((i, self.told[i], [things[n].digest for n in inputs])).encode()).hexdigest()
            things[f"s{i}"] = thing(f"s{i}", content)
            maker[things[f"s{i}"].uid] = run
            recipes[run.uid] = Told(f"{label}{i}", config={"told": self.told[i]})
        return Origins(things[f"s{len(self.shape) - 1}"], used, maker), recipes

    def upstream(self) -> set[str]:
        found, queue = set(), [f"s{len(self.shape) - 1}"]
        for name in queue:
            if name not in found:
                found.add(name)
                queue += self.shape[int(name[1:])] if name.startswith("s") else ()
        return found


def thing(artifact: str, content: str) -> Thing:
    return Thing(f"{artifact}={content}", f"p/{artifact}:v{content}", f"p/{artifact}", f"sha256:{content}")


@st.composite
def pipelines(draw: st.DrawFn) -> tuple[Pipeline, Pipeline]:
    """One pipeline done twice, with other configs and other raw data here and there."""
    shape = []
    for i in range(draw(st.integers(1, STEPS))):
        earlier = [*(f"raw{k}" for k in range(INPUTS)), *(f"s{k}" for k in range(i))]
        shape.append(tuple(draw(st.lists(st.sampled_from(earlier), max_size=3, unique=True))))
    few = st.integers(0, 1)
    told, raw = st.tuples(*[few] * len(shape)), st.tuples(*[few] * INPUTS)
    return Pipeline(tuple(shape), draw(told), draw(raw)), Pipeline(tuple(shape), draw(told), draw(raw))


def causes_of(one: tuple[Origins, dict[str, Told]], other: tuple[Origins, dict[str, Told]]) -> list[Cause]:
    return explain(follow(one[0], other[0]), one[1], other[1], results_differ=one[0].home.digest != other[0].home.digest)


@given(pipelines())
def test_the_causes_are_what_was_done_differently_upstream_and_nothing_else(both: tuple[Pipeline, Pipeline]) -> None:
    one, other = both
    first, second = one.run("a"), other.run("b")
    if first[0].home.digest == second[0].home.digest:
        return
    found = {(c.kind, c.chain[-1].a) for c in causes_of(first, second)}
    reached = one.upstream()
    expected = {
        ("config", f"p/runs/a{i}") for i in range(len(one.shape)) if f"s{i}" in reached and one.told[i] != other.told[i]
    } | {("input", f"p/raw{i}:v{one.raw[i]}") for i in range(INPUTS) if f"raw{i}" in reached and one.raw[i] != other.raw[i]}
    assert found == expected


@given(pipelines())
def test_a_chain_leads_from_the_two_homes_to_its_cause_step_by_step(both: tuple[Pipeline, Pipeline]) -> None:
    first, second = both[0].run("a"), both[1].run("b")
    if first[0].home.digest == second[0].home.digest:
        return
    lengths = []
    for cause in causes_of(first, second):
        assert (cause.chain[0].a, cause.chain[0].b) == (first[0].home.name, second[0].home.name)
        assert all(link.kind == ("version" if i % 2 == 0 else "run") for i, link in enumerate(cause.chain))
        assert all(link.a_digest != link.b_digest for link in cause.chain if link.kind == "version")
        lengths.append(len(cause.chain))
    assert lengths == sorted(lengths, reverse=True) and lengths


def alone(name: str, content: str, made_by: str | None = None, inputs: tuple[Use, ...] = ()) -> Origins:
    home = thing(name, content)
    if made_by is None:
        return Origins(home, {}, {})
    run = Thing(made_by, f"p/runs/{made_by}")
    return Origins(home, {run.uid: list(inputs)}, {home.uid: run})


def kinds(a: Origins, b: Origins, **recipes: Told) -> list[str]:
    return [c.kind for c in explain(follow(a, b), recipes, recipes, results_differ=True)]


def test_every_kind_of_end_has_its_word() -> None:
    raw = Use(thing("raw", "0"))
    assert kinds(alone("m", "1"), alone("m", "2")) == ["input"]
    assert kinds(alone("m", "1"), alone("m", "2", "r")) == ["no producer"]
    assert kinds(alone("m", "1", "r"), alone("n", "2", "r")) == ["same run"]
    assert kinds(alone("m", "1", "r"), alone("m", "2", "s")) == ["not deterministic"]
    assert kinds(alone("m", "1", "r"), alone("m", "2", "s", (raw,))) == ["input"]
    assert kinds(alone("m", "1", "r"), alone("m", "2", "s"), r=Told("r"), s=Told("s")) == ["not deterministic"]
    told = {"r": Told("r", "x.py", "x 1", "c1", environment={"python": "3.11"}),
            "s": Told("s", "x.py", "x 2", "c2", config={"lr": 1}, environment={"python": "3.12"})}  # fmt: skip
    assert kinds(alone("m", "1", "r"), alone("m", "2", "s"), **told) == ["code", "config", "command", "environment"]


def test_an_input_that_only_one_run_had_is_named() -> None:
    raw = Use(thing("raw", "0"), "train")
    [cause] = explain(follow(alone("m", "1", "r"), alone("m", "2", "s", (raw,))), {}, {}, results_differ=True)
    assert [(i.change, i.b and i.b.name, i.b and i.b.used_as) for i in cause.inputs] == [("added", "p/raw:v0", "train")]


def test_loops_end_and_are_named() -> None:
    def looped(label: str) -> Origins:
        x, y = thing("x", label), thing("y", label)
        there, back = Thing(f"there{label}", f"p/runs/there{label}"), Thing(f"back{label}", f"p/runs/back{label}")
        return Origins(x, {there.uid: [Use(y)], back.uid: [Use(x)]}, {x.uid: there, y.uid: back})

    found = follow(looped("1"), looped("2"))
    assert found.pairs == 4
    [cause] = explain(found, {}, {}, results_differ=True)
    assert cause.kind == "loop" and len(cause.chain) == 4


def test_two_runs_that_came_to_the_same_need_no_explanation() -> None:
    a, b = (Origins(Thing(r, f"p/runs/{r}"), {}, {}) for r in "rs")
    assert explain(follow(a, b), {"r": Told("r")}, {"s": Told("s")}, results_differ=False) == []
    [cause] = explain(follow(a, b), {"r": Told("r")}, {"s": Told("s")}, results_differ=True)
    assert cause.kind == "not deterministic"
    [cause] = explain(follow(a, a), {"r": Told("r")}, {"r": Told("r")}, results_differ=True)
    assert cause.kind == "same run"


def test_many_ways_and_a_long_way_are_followed_once() -> None:
    layers = 3_000

    def ladder(label: str) -> Origins:
        used, maker = {}, {}
        for i in range(layers):
            for side in "ab":
                run = Thing(f"{label}{side}{i}", f"p/runs/{label}{side}{i}")
                used[run.uid] = [Use(thing(f"{s}{i - 1}", label)) for s in "ab"] if i else []
                maker[thing(f"{side}{i}", label).uid] = run
        return Origins(thing(f"a{layers - 1}", label), used, maker)

    found = follow(ladder("1"), ladder("2"))
    assert found.pairs == 4 * layers - 2
    causes = explain(found, {}, {}, results_differ=True)
    assert {c.kind for c in causes} == {"not deterministic"} and len(causes[0].chain) == 2 * layers
