"""A picture: every node is in one card, edges that do not close a circle make none, and what is shown is what was asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.answers.cards import Named
from lineage_graph.answers.choosing import READABLE, Depth, Filters, Found, choose
from lineage_graph.answers.picture import Picture, Stage, arrange, drawn
from lineage_graph.answers.shape import Shape, part_of, shape
from lineage_graph.answers.view import View
from lineage_graph.answers.viewed import alone, to_be_named, view_of
from lineage_graph.models import Truncated

NODES = 18  # even ones are runs, odd ones versions
JOBS = ["train", "a/b *", None]
Pair = tuple[int, int]
ALL = Filters()


def world(edges: Sequence[Pair], nodes: int = NODES, artifacts: int = 2, jobs: Sequence[str | None] = JOBS) -> Shape:
    """Even numbers are runs, odd ones versions, edges in the direction of data."""
    row: dict[str, Any] = {
        "runs": [[jobs[n // 2 % len(jobs)], "finished", [n]] for n in range(0, nodes, 2)],
        "versions": [[f"type{n // 2 % artifacts}", f"p/a{n // 2 % artifacts}", [n]] for n in range(1, nodes, 2)],
        "edges": [[a for a, _ in edges], [b for _, b in edges]],
    }
    return shape([row])


@dataclass(frozen=True)
class Ask:
    """What a picture is asked for; nodes by their numbers."""

    home: int = 1
    up: Depth = None
    down: Depth = None
    filters: Filters = ALL
    out: tuple[int, ...] = ()
    hide: tuple[tuple[int, bool], ...] = ()
    more: tuple[tuple[int, ...], ...] = ()  # an origin, and what it adds
    cards: int = 400
    at_least: int = 3


def chosen(whole: Shape, ask: Ask) -> tuple[Found, Any]:
    everything = Found(whole, ask.home, (None, None), True, True, False)
    walked = part_of(whole, sorted({*everything.up, *everything.down}))
    found = Found(walked, walked.index[ask.home], (None, None), True, True, False)
    out = [walked.index[n] for n in ask.out if n in walked.index]
    return found, choose(found, ask.up, ask.down, ask.filters, ask.at_least, out)


def pictured(whole: Shape, ask: Ask) -> tuple[Picture, View]:
    found, choice = chosen(whole, ask)
    walked = [found.shape.numbers[node] for node in choice.nodes]
    here = set(walked)
    added: list[tuple[int, set[int]]] = []
    for origin, *nodes in ask.more:
        if origin in here and (new := set(nodes) - here):
            added.append((origin, new))
            here |= new
    part = part_of(whole, sorted(here))
    at = part.index
    stages = [
        Stage([at[n] for n in walked], grouping=choice.grouping),
        *(Stage(sorted(at[n] for n in new), at[o]) for o, new in added),
    ]
    home = at[ask.home]
    picture = arrange(
        part, home, stages, [at[n] for n in ask.out if n in at], ask.filters.left_out(part, home),
        [(at.get(n), card) for n, card in ask.hide], ask.cards, ask.at_least,
    )  # fmt: skip
    named = {n: Named(f"uid{part.numbers[n]}", f"p/{part.numbers[n]}", str(part.numbers[n])) for n in to_be_named(picture)}
    degrees = {n: (len(whole.before[part.numbers[n]]), len(whole.after[part.numbers[n]])) for n in alone(picture)}
    view = view_of(
        picture, found, choice, named, degrees, name="home", scope="direct", as_of=None, known_at=None,
        hide=[f"g:uid{n}" if card else f"p/{n}" for n, card in ask.hide], truncated=None, queries=(),
    )  # fmt: skip
    return picture, view


def ids(view: View) -> set[str]:
    return {card.id for card in view.cards}


# ── any picture ───────────────────────────────────────────────────────────────────────────────────────────────────────────

numbers = st.integers(0, NODES - 1)
pairs = st.tuples(numbers, numbers).filter(lambda p: p[0] % 2 != p[1] % 2)


@st.composite
def worlds(draw: st.DrawFn) -> Shape:
    edges = draw(st.lists(pairs, max_size=45))
    if draw(st.booleans()):  # without loops, as most lineages are
        edges = [(min(a, b), max(a, b)) for a, b in edges]
    return world(edges)


asks = st.builds(
    Ask,
    home=numbers,
    up=st.one_of(st.none(), st.integers(0, 6), st.just("auto")),
    down=st.one_of(st.none(), st.integers(0, 6), st.just("auto")),
    filters=st.builds(
        Filters,
        st.frozensets(st.sampled_from(["type0", "type1", "none"]), max_size=2),
        st.frozensets(st.sampled_from(["train", "a/b *", ""]), max_size=2),
    ),
    out=st.lists(numbers, max_size=3).map(tuple),
    hide=st.lists(st.tuples(numbers, st.booleans()), max_size=3).map(tuple),
    more=st.lists(st.lists(numbers, min_size=2, max_size=5).map(tuple), max_size=3).map(tuple),
    cards=st.sampled_from([5, 7, 400]),
    at_least=st.integers(2, 5),
)


@given(worlds(), asks)
def test_every_node_is_in_one_card_and_counts_add_up(whole: Shape, ask: Ask) -> None:
    picture, view = pictured(whole, ask)
    found, _ = chosen(whole, ask)
    shown = Counter(node for card in picture.cards for node in card.nodes)
    assert all(count == 1 for count in shown.values())
    assert len(shown) == view.nodes == sum(card.count for card in view.cards) == view.runs + view.versions
    assert len(view.cards) <= ask.cards and len(ids(view)) == len(view.cards)
    left_out = picture.filtered | picture.all_hidden
    assert shown.keys() | left_out == set(range(len(picture.shape))) and not shown.keys() & left_out
    omitted = {one.reason: one.count for one in view.omitted}
    singles = sum(card.group is None for card in view.cards)
    assert singles + sum(omitted.values()) == len({*picture.shape.numbers, *found.shape.numbers})
    assert sum(view.facets.types.values()) + sum(view.facets.job_types.values()) == view.nodes + omitted.get("filtered", 0)


@given(worlds(), asks)
def test_without_what_closes_a_circle_cards_make_none(whole: Shape, ask: Ask) -> None:
    _, view = pictured(whole, ask)
    card = {card.id: card for card in view.cards}
    graph: dict[str, set[str]] = {one: set() for one in card}
    for edge in view.edges:
        a, b = card[edge.source], card[edge.target]
        assert edge.count >= 1 and a is not b
        circle = a.loop is not None and a.loop == b.loop
        assert a.level == b.level if circle else a.level < b.level
        if edge.back:
            assert circle
        else:
            graph[edge.target].add(edge.source)
    list(TopologicalSorter(graph).static_order())
    assert len({(edge.source, edge.target) for edge in view.edges}) == len(view.edges)
    assert min(one.level for one in view.cards) == 0


@given(worlds(), asks)
def test_what_is_left_out_is_nowhere_and_what_is_taken_out_is_single(whole: Shape, ask: Ask) -> None:
    picture, view = pictured(whole, ask)
    part = picture.shape
    home = next(card for card in view.cards if card.id == view.home)
    assert home.id == f"uid{ask.home}" and home.group is None
    hidden = {number for number, card in ask.hide if not card and number != ask.home}
    for card in picture.cards:
        for node in card.nodes:
            role = part.roles[part.role[node]]
            kept = ask.filters.job_types if role.kind == "run" else ask.filters.types
            assert part.numbers[node] not in hidden
            assert not kept or (role.type or "") in kept or part.numbers[node] == ask.home
    assert [one.count for one in view.hidden] == [len(nodes) for nodes in picture.hidden]
    if "levels" not in view.coarsened:
        single = {card.id for card in view.cards if card.group is None}
        shown = {part.numbers[node] for card in picture.cards for node in card.nodes}
        assert {f"uid{number}" for number in ask.out if number in shown} <= single
    assert pictured(whole, ask)[1] == view


@given(worlds(), asks)
def test_what_is_added_changes_no_card_that_was_there(whole: Shape, ask: Ask) -> None:
    _, after = pictured(whole, ask)
    for count in range(len(ask.more)):
        _, before = pictured(whole, replace(ask, more=ask.more[:count]))
        if not after.coarsened and not before.coarsened:
            assert ids(before) <= ids(after)
            counts = {card.id: card.count for card in after.cards}
            assert all(counts[card.id] == card.count for card in before.cards)


@given(worlds(), asks)
def test_there_is_a_way_on_the_picture_where_there_is_one_in_the_record(whole: Shape, ask: Ask) -> None:
    picture, _ = pictured(whole, ask)
    direct = {(link.source, link.target) for link in drawn(picture).links}
    part = picture.shape
    for start, first in enumerate(picture.card):
        if first < 0:
            continue
        queue = list(part.after[start])
        seen = set(queue)
        for node in queue:
            if picture.card[node] >= 0:
                assert first == picture.card[node] or (first, picture.card[node]) in direct
                continue
            queue += [other for other in part.after[node] if other not in seen]
            seen.update(part.after[node])


# ── pictures to look at ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_way_through_what_is_filtered_out_is_an_edge() -> None:
    # 1 → 2 → 3 → 4 → 5, and only versions of type0 (numbers 1, 5) are kept.
    whole = world([(1, 2), (2, 3), (3, 4), (4, 5)], nodes=6, jobs=["fit"])
    _, view = pictured(whole, Ask(home=5, filters=Filters(frozenset({"type0"}), frozenset({"other"}))))
    [edge] = view.edges
    assert (edge.source, edge.target, edge.count, edge.via, edge.back) == ("uid1", "uid5", 1, True, False)
    assert [(card.id, card.level) for card in view.cards] == [("uid1", 0), ("uid5", 1)]
    assert view.facets.types == {"type0": 2, "type1": 1} and view.facets.job_types == {"fit": 2}


def test_a_loop_that_is_filtered_to_one_card_is_still_marked() -> None:
    whole = world([(0, 1), (1, 2), (2, 1), (2, 3)], nodes=4, jobs=["x", "y"])
    _, view = pictured(whole, Ask(home=1, filters=Filters(job_types=frozenset({"x"}))))
    assert {card.id: card.loop for card in view.cards} == {"uid0": None, "uid1": 0, "uid3": None}
    assert [(edge.source, edge.target, edge.via) for edge in view.edges] == [("uid0", "uid1", False), ("uid1", "uid3", True)]


def test_a_loop_inside_a_group_is_marked() -> None:
    ring = [(n, (n + 1) % 12) for n in range(12)]
    whole = world([*ring, (11, 12)], nodes=14, jobs=["spin"], artifacts=1)
    _, view = pictured(whole, Ask(home=12, cards=5))
    assert {card.loop for card in view.cards if card.group} == {0}


def chain(length: int) -> Shape:
    return world([(n, n + 1) for n in range(length)], nodes=length + 1, artifacts=1)


def test_how_far_is_chosen_so_that_it_can_be_read() -> None:
    home = 301
    found, choice = chosen(chain(600), Ask(home=home, up="auto", down="auto"))
    assert (choice.up, choice.down) == ((READABLE - 1) // 2,) * 2
    _, one_side = chosen(found.shape, Ask(home=home, up="auto", down=0))
    assert (one_side.up, one_side.down) == (READABLE - 1, 0) and not one_side.further
    _, short = chosen(chain(20), Ask(home=7, up="auto", down="auto"))
    assert (short.up, short.down) == (None, None)
    near = Found(part_of(found.shape, range(285, 318)), found.shape.index[16], (16, 16), False, False, False)
    assert choose(near, "auto", "auto", Filters(), 5, ()).further


def test_what_lies_beyond_is_counted() -> None:
    _, view = pictured(chain(20), Ask(home=7, up=2, down=3))
    assert {one.reason: (one.count, one.at_least) for one in view.omitted} == {"beyond": (15, False)}
    more = {card.id: (card.more.up, card.more.down) for card in view.cards}
    assert more["uid5"] == (1, 0) and more["uid10"] == (0, 1) and more["uid7"] == (0, 0)


def test_a_hidden_group_is_found_by_any_of_its_members() -> None:
    edges = [(1, n) for n in range(2, 22, 2)] + [(n, n + 1) for n in range(2, 22, 2)]
    whole = world(edges, nodes=22, jobs=["fit"], artifacts=1)
    _, shown = pictured(whole, Ask(home=1))
    assert [(card.id, card.count) for card in shown.cards if card.group] == [("g:uid2", 10), ("g:uid3", 10)]
    _, view = pictured(whole, Ask(home=1, hide=((8, True),)))
    [hidden] = view.hidden
    assert (hidden.group, hidden.count, hidden.kind, hidden.label) == ("g:uid8", 10, "run", "10 fit")
    assert [(edge.source, edge.target, edge.via, edge.count) for edge in view.edges] == [("uid1", "g:uid3", True, 10)]
    _, fewer = pictured(whole, Ask(home=1, hide=((2, False),)))
    assert [(card.id, card.count) for card in fewer.cards if card.kind == "run"] == [("g:uid4", 9)]


def test_an_answer_is_its_own_json() -> None:
    _, view = pictured(chain(20), Ask(home=7, up=2))
    full = view.model_copy(update={"truncated": Truncated(reason="time", limit=1, cursor="16")})
    assert View.model_validate_json(full.model_dump_json()) == full
