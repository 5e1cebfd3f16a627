"""The table of an impact sums up groups as plain counting does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.answers import impact

words = st.sampled_from(["a", "b", "c"])
maybe = st.none() | words
runs = st.lists(st.tuples(words, maybe, maybe, words, st.integers(1, 5)), max_size=20)
versions = st.lists(st.tuples(words, words, maybe, st.integers(1, 5)), max_size=20)


@given(runs, versions)
def test_groups_projects_and_states_are_sums(runs: list[impact.RunGroup], versions: list[impact.VersionGroup]) -> None:
    things = [("run", p, t, a) for p, t, a, _, n in runs for _ in range(n)]
    things += [("version", p, t, a) for p, t, a, n in versions for _ in range(n)]
    groups = impact.groups(runs, versions)
    assert {(g.kind, g.type, g.author): g.count for g in groups} == {
        (k, t, a): sum((k2, t2, a2) == (k, t, a) for k2, _, t2, a2 in things) for k, _, t, a in things
    }
    counts = [g.count for g in groups]
    assert counts == sorted(counts, reverse=True) and sum(counts) == len(things)
    assert {p.project: (p.runs, p.versions) for p in impact.projects(runs, versions)} == {
        p: tuple(sum((k2, p2) == (k, p) for k2, p2, _, _ in things) for k in ("run", "version")) for _, p, _, _ in things
    }
    states = [state for *_, state, n in runs for _ in range(n)]
    assert {s.state: s.runs for s in impact.states(runs)} == {s: states.count(s) for s in states}


def test_latest_stands_apart_and_the_nearest_come_first() -> None:
    rows = [["best", "p/m", "p/m:v1", 4], ["latest", "p/m", "p/m:v2", 2], ["a", "p/n", "p/n:v0", 2], ["b", "p/m", "p/m:v2", 2]]
    named, latest = impact.aliases(rows)
    assert [(a.depth, a.alias) for a in named] == [(2, "a"), (2, "b"), (4, "best")]
    assert [a.version for a in latest] == ["p/m:v2"]
