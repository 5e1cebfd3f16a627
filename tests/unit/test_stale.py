"""What is stale follows from what was taken, in any world; the oracle below says so again, slowly and another way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from lineage_graph.answers.stale import Because, Move, Taken, judge, newest_of_steps

RUN = 1000  # numbers of runs begin here


@dataclass(frozen=True)
class Told:
    """What the graph would tell. made: (version, run); used: (run, version, asked, at); meant: {(artifact, alias): version}."""

    versions: int
    artifacts: int
    runs: int
    made: frozenset[tuple[int, int]]
    used: frozenset[tuple[int, int, str | None, int]]
    meant: tuple[tuple[tuple[int, str], int | None], ...]
    steps: tuple[str | None, ...] = ()

    def name(self, version: int) -> str:
        return f"p/a{version % self.artifacts}:v{version // self.artifacts}"

    @property
    def taken(self) -> Taken:
        taken = Taken()
        numbers = list(range(self.versions))
        runs = [RUN + i for i in range(self.runs)]
        steps = [*self.steps, *["s"] * self.runs][: self.runs]
        row: dict[str, Any] = {
            "versions": [numbers, [self.name(v) for v in numbers]],
            "runs": [runs, [f"p/runs/r{r:04}" for r in runs], steps],
            "made": [list(column) for column in zip(*sorted(self.made), strict=True)] or [[], []],
            "used": [[r, v, asked or "", "", float(at)] for r, v, asked, at in sorted(self.used, key=str)],
            "names": [
                [f"p/a{a}", alias, v, None if v is None else self.name(v), None if v is None else float(v)]
                for (a, alias), v in self.meant
            ],
        }
        row["used"] = [list(column) for column in zip(*row["used"], strict=True)] or [[]] * 5
        taken.add(row)
        taken.add(row)  # what is told twice is known once
        return taken


ALIASES = ("latest", "best")


@st.composite
def told(draw: st.DrawFn) -> Told:
    versions, artifacts, runs = draw(st.integers(1, 9)), draw(st.integers(1, 3)), draw(st.integers(1, 6))
    version, run = st.integers(0, versions - 1), st.integers(RUN, RUN + runs - 1)
    made = draw(st.frozensets(st.tuples(version, run), max_size=12))
    asked = st.sampled_from([None, "latest", "best", "v0"])
    used = draw(st.frozensets(st.tuples(run, version, asked, st.integers(0, 9)), max_size=14))
    meant = {}
    for artifact in range(artifacts):
        own = [v for v in range(versions) if v % artifacts == artifact]
        for alias in ALIASES:
            if own and draw(st.booleans()):
                meant[artifact, alias] = draw(st.sampled_from([None, *own] if alias == "best" else own))
    steps = draw(st.lists(st.sampled_from(["s", "t", None]), min_size=runs, max_size=runs))
    return Told(versions, artifacts, runs, made, used, tuple(meant.items()), tuple(steps))


def reach(edges: set[tuple[int, int]], start: int) -> set[int]:
    """What is reached from `start` by one edge or more."""
    found: set[int] = set()
    edge = {b for a, b in edges if a == start}
    while edge:
        found |= edge
        edge = {b for a, b in edges if a in edge} - found
    return found


def moved(world: Told, because: Because | None) -> set[tuple[int, int, int, str]]:
    """(run, took, now, because) of each input that moved."""
    meant = dict(world.meant)
    found = set()
    for run, version, asked, at in world.used:
        artifact = version % world.artifacts
        if asked is not None and (artifact, asked) in meant:
            now, why = meant[artifact, asked], "alias"
        else:
            now, why = meant.get((artifact, "latest")), "artifact"
            if now is not None and now <= at:  # version number n was first seen at n seconds
                continue
        if now is not None and now != version and because in (None, why):
            found.add((run, version, now, why))
    return found


def oracle(world: Told, current: set[int], because: Because | None = None) -> dict[int, int]:
    """Each stale version with the length of its shortest way to an input that moved."""
    real = {(v, r) for r, v, _, _ in world.used} | {(r, v) for v, r in world.made}
    all_moved = moved(world, because)
    wanted = real | {(now, run) for run, _, now, _ in all_moved}
    direct = {run for run, _, now, _ in all_moved if now not in reach(wanted, run)}
    producers = {}
    for version in range(world.versions):
        runs = {r for v, r in world.made if v == version}
        producers[version] = {r for r in runs if r not in reach(real, version)} or runs
    stale: set[int] = set()
    while True:
        runs = direct | {r for r, v, _, _ in world.used if v in stale}
        new = {v for v in current if producers[v] and producers[v] <= runs} - stale
        if not new:
            break
        stale |= new
    distance = dict.fromkeys(direct, 1)
    for _ in range(world.versions + world.runs):
        for version in stale:
            for run in producers[version] & distance.keys():
                distance[version] = min(distance.get(version, 99), distance[run] + 1)
        for run, version, _, _ in world.used:
            if version in stale and version in distance:
                distance[run] = min(distance.get(run, 99), distance[version] + 1)
    return {version: distance[version] for version in stale}


@given(told(), st.sampled_from([None, "alias", "artifact"]), st.booleans())
@example(Told(2, 1, 1, frozenset({(0, RUN)}), frozenset({(RUN, 0, None, 0)}), (((0, "latest"), 1),)), None, True)
def test_what_is_stale_is_what_a_slow_search_says(world: Told, because: Because | None, every: bool) -> None:
    taken = world.taken
    current = set(range(world.versions)) if every else set(taken.aliases())
    verdict = judge(taken, current, because)
    assert {v: verdict.distance[v] for v in verdict.versions} == oracle(world, current, because)
    assert len(set(verdict.versions)) == len(verdict.versions)
    distances = [verdict.distance[v] for v in verdict.versions]
    assert distances == sorted(distances)


@given(told())
def test_a_way_is_real_and_ends_in_what_moved(world: Told) -> None:
    taken = world.taken
    current = set(range(world.versions))
    verdict = judge(taken, current)
    used = {(r, v) for r, v, _, _ in world.used}
    for version in verdict.versions:
        way, move = verdict.way(version)
        assert way[0] == version and len(way) == verdict.distance[version] + 1 and len(way) % 2 == 1
        for made, run, took in zip(way[0::2], way[1::2], way[2::2], strict=False):
            assert (made, run) in world.made and (run, took) in used
        assert all(v in verdict.versions for v in way[0:-2:2])
        assert (move.run, move.use.version) == (way[-2], way[-1])
        assert (move.run, move.use.version, move.now.version, move.because) in moved(world, None)


@given(told())
def test_the_verdict_does_not_depend_on_the_order_of_what_is_told(world: Told) -> None:
    one, other = world.taken, world.taken
    for table in (other.producers, other.uses, other.meanings, other.names, other.steps):
        turned = dict(reversed(list(table.items())))
        table.clear()
        table.update(turned)  # type: ignore[arg-type]
    current = set(range(world.versions))
    first, second = judge(one, current), judge(other, current)
    assert first.versions == second.versions
    assert [first.way(v) for v in first.versions] == [second.way(v) for v in second.versions]


@given(told())
def test_the_newest_of_each_step_is_what_counting_says(world: Told) -> None:
    taken = world.taken
    expected = set()
    for version, run in world.made:
        rivals = [
            v for v, r in world.made
            if v % world.artifacts == version % world.artifacts and taken.steps[r] == taken.steps[run]
        ]  # fmt: skip
        if version == max(rivals):
            expected.add(version)
    assert newest_of_steps(taken, range(world.versions)) == expected


# ── rules, one by one ─────────────────────────────────────────────────────────────────────────────────────────────────


def verdict_of(
    versions: int, artifacts: int, made: list[tuple[int, int]], used: list[tuple[int, int, str | None, int]], **meant: Any
) -> set[str]:
    """Names of what is stale. made: (version, run); used: (run, version, asked, at); meant: a0_latest=2, …"""
    meanings = tuple(((int(key[1]), key[3:]), version) for key, version in meant.items())
    runs = 1 + max(run for _, run in made)
    world = Told(versions, artifacts, runs, frozenset((v, RUN + r) for v, r in made),
                 frozenset((RUN + r, v, asked, at) for r, v, asked, at in used), meanings)  # fmt: skip
    taken = world.taken
    verdict = judge(taken, set(taken.aliases()))
    return {taken.names[v] for v in verdict.versions}


def test_an_alias_that_moved_makes_stale_and_one_that_is_where_it_was_does_not() -> None:
    chain = {"made": [(1, 0)], "used": [(0, 0, "best", 0)]}
    assert verdict_of(4, 2, **chain, a0_best=2, a1_latest=1) == {"p/a1:v0"}
    assert verdict_of(4, 2, **chain, a0_best=0, a0_latest=2, a1_latest=1) == set()


def test_a_removed_alias_has_not_moved() -> None:
    assert verdict_of(4, 2, made=[(1, 0)], used=[(0, 0, "best", 0)], a0_best=None, a0_latest=2, a1_latest=1) == set()


def test_what_was_there_already_was_passed_over_on_purpose() -> None:
    assert verdict_of(4, 2, made=[(1, 0)], used=[(0, 0, "v0", 1)], a0_latest=2, a1_latest=1) == {"p/a1:v0"}
    assert verdict_of(4, 2, made=[(1, 0)], used=[(0, 0, "v0", 3)], a0_latest=2, a1_latest=1) == set()


def test_a_rerun_that_came_to_the_same_makes_fresh_and_a_replay_does_not_make_stale() -> None:
    used: list[tuple[int, int, str | None, int]] = [(0, 0, "latest", 0), (1, 2, "latest", 5), (2, 0, "latest", 9)]
    assert verdict_of(4, 2, made=[(1, 0), (1, 1), (1, 2)], used=used, a0_latest=2, a1_latest=1) == set()
    assert verdict_of(4, 2, made=[(1, 0), (1, 2)], used=used, a0_latest=2, a1_latest=1) == {"p/a1:v0"}


def test_a_training_that_goes_on_from_its_latest_is_fresh() -> None:
    """a0:v0 → r0 → a0:v1 → r1 → a0:v2, each asked for as latest."""
    made, used = [(1, 0), (2, 1)], [(0, 0, "latest", 0), (1, 1, "latest", 1)]
    assert verdict_of(3, 1, made, used, a0_latest=2, a0_best=1) == set()


def test_only_current_versions_hand_it_on() -> None:
    """a0 → r0 → a1:v0 → r1 → a2:v0, which asked for an alias that was removed since."""
    made, used = [(1, 0), (2, 1)], [(0, 0, "latest", 0), (1, 1, "best", 1)]
    assert verdict_of(4, 3, made, used, a0_latest=3, a1_best=None, a2_latest=2) == set()
    assert verdict_of(4, 3, made, used, a0_latest=3, a1_best=1, a2_latest=2) == {"p/a1:v0", "p/a2:v0"}


def test_a_run_that_logs_what_it_used_does_not_vouch_for_it() -> None:
    """r0 makes a1:v0 from a0; r1 uses it and logs it again."""
    made, used = [(1, 0), (1, 1)], [(0, 0, "latest", 0), (1, 1, "latest", 1)]
    assert verdict_of(4, 2, made, used, a0_latest=2, a1_latest=1) == {"p/a1:v0"}


def test_a_long_chain_needs_no_recursion() -> None:
    n = 3000
    world = Told(n, n, 0, frozenset((i + 1, RUN * 10 + i) for i in range(n - 1)), frozenset(), ())
    taken = world.taken
    for i in range(n - 1):
        run = RUN * 10 + i
        taken.names[run], taken.steps[run] = f"p/runs/{i}", "s"
        taken.add({"versions": [[], []], "runs": [[], [], []], "made": [[], []], "names": [],
                   "used": [[run], [i], ["latest"], [""], [0.0]]})  # fmt: skip
    taken.add({"versions": [[n], ["p/a0:v1"]], "runs": [[], [], []], "made": [[], []], "used": [[]] * 5,
               "names": [["p/a0", "latest", n, "p/a0:v1", 1.0]]})  # fmt: skip
    verdict = judge(taken, set(range(n)))
    assert len(verdict.versions) == n - 1
    way, move = verdict.way(n - 1)
    assert len(way) == 2 * n - 1 and isinstance(move, Move) and way[-1] == 0
