"""Walks as csv, dot, mermaid and svg, over the same worlds and over names that try to break out."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import time
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.formats import csv as rows
from lineage_graph.formats import dot, mermaid, svg
from lineage_graph.formats.fit import fitted, width_of, wrapped
from lineage_graph.formats.layout import BETWEEN, Box, Layout, layout
from lineage_graph.formats.picture import FEW, Picture, picture_of
from lineage_graph.models import Lineage, Truncated
from tests import worlds
from tests.conftest import shared_data
from tests.walked import hostile, walked
from tests.worlds import Step, World

WALKS = {
    "one model": walked(worlds.one_model(), "model"),
    "diamond": walked(worlds.diamond(), "report"),
    "diamond downstream": walked(worlds.diamond(), "raw", "downstream"),
    "two heads": walked(worlds.two_heads(), "score"),
    "loop": walked(worlds.loop(), "model"),
    "cycle": walked(worlds.cycle(), "c"),
    "chain": walked(worlds.long_chain(30), "v#29"),
    "sweep": walked(worlds.wide_sweep(12), "report"),
    "ladder": walked(worlds.ladder(6), "a#5"),
    "woods": walked(worlds.woods(60, window=20), worlds.woods(60, window=20).steps[-1].logged[0]),
    "from a run": walked(worlds.diamond(), "run join"),
    "home alone": walked(World((Step("a", (), ("raw",)),)), "raw", "downstream"),
    "hostile": hostile(),
}
every = pytest.mark.parametrize("lineage", WALKS.values(), ids=WALKS)


def cut(lineage: Lineage) -> Lineage:
    return lineage.model_copy(update={"truncated": Truncated(reason="limit", limit=5, cursor="5")})


def second_page(lineage: Lineage) -> Lineage:
    """Without the nodes nearest to home, whose edges it still has."""
    return lineage.model_copy(
        update={
            "runs": tuple(r for r in lineage.runs if r.depth > 1),
            "versions": tuple(v for v in lineage.versions if v.depth > 1),
        }
    )


# ── all of them ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@every
def test_the_same_walk_is_the_same_text(lineage: Lineage) -> None:
    again = Lineage.model_validate_json(lineage.model_dump_json())
    for draw in (dot.draw, mermaid.draw, svg.draw, rows.write):
        assert draw(again) == draw(lineage)


@pytest.mark.parametrize("draw", [dot.draw, mermaid.draw, svg.draw], ids=["dot", "mermaid", "svg"])
def test_nothing_is_left_out_silently(draw: object) -> None:
    assert callable(draw)
    assert "limit of 5" in draw(cut(WALKS["diamond"]))
    assert "2 edges to runs or versions of an earlier page left out" in draw(second_page(WALKS["one model"]))


@every
def test_a_picture_has_every_node_and_edge(lineage: Lineage) -> None:
    picture = picture_of(lineage)
    assert {c.uid for c in picture.cards} == {n.uid for n in (*lineage.runs, *lineage.versions)}
    assert len(picture.arrows) == len(lineage.edges) and not picture.notes
    assert [c.home for c in picture.cards].count(True) == 1
    flow = {(e.version, e.run) if e.kind == "used" else (e.run, e.version) for e in lineage.edges}
    assert {(a.source, a.target) for a in picture.arrows} == flow


# ── csv ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def read(text: str) -> list[dict[str, str]]:
    return [{k: v.removeprefix("'") for k, v in row.items()} for row in csv.DictReader(io.StringIO(text, newline=""))]


@every
def test_csv_has_a_row_an_edge(lineage: Lineage) -> None:
    found = read(rows.write(lineage))
    runs, versions = {r.uid: r for r in lineage.runs}, {v.uid: v for v in lineage.versions}
    assert len(found) == len(lineage.edges)
    for row, edge in zip(found, lineage.edges, strict=True):
        run, version = runs[edge.run], versions[edge.version]
        assert (row["kind"], row["run"], row["version"]) == (edge.kind, run.full_name, version.name)
        assert (row["type"], row["digest"], row["job_type"]) == (version.type, version.digest, run.job_type or "")
        assert (row["run_name"], row["run_depth"], row["version_uid"]) == (run.name, str(run.depth), version.uid)
        assert row["at"] == edge.at.isoformat().replace("+00:00", "Z")


@every
def test_csv_of_nodes_has_a_row_a_node(lineage: Lineage) -> None:
    found = read(rows.write(lineage, "nodes"))
    assert sorted(row["name"] for row in found) == sorted(
        [*(r.full_name for r in lineage.runs), *(v.name for v in lineage.versions)]
    )
    assert [int(row["depth"]) for row in found] == sorted(int(row["depth"]) for row in found)


def test_no_cell_is_a_formula() -> None:
    run = WALKS["one model"].runs[0]
    for text in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'quoted", "''"):
        lineage = WALKS["one model"].model_copy(update={"runs": (run.model_copy(update={"name": text, "author": text}),)})
        for row in csv.DictReader(io.StringIO(rows.write(lineage, "nodes"), newline="")):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())
        assert [row["display_name"] for row in read(rows.write(lineage, "nodes")) if row["kind"] == "run"] == [text]


def test_csv_of_a_page_keeps_the_uid_of_what_is_elsewhere() -> None:
    found = read(rows.write(second_page(WALKS["one model"])))
    assert all(row["run_uid"] and row["version_uid"] for row in found) and any(not row["run"] for row in found)


# ── dot ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

QUOTED = r'"(?:[^"\\\n]|\\.)*"'
DOT_LINE = re.compile(
    rf"//[^\n]*|digraph lineage \{{|\}}|  rankdir=LR;|  (?:node|edge|n\d+|n\d+ -> n\d+) \[(?:\w+=(?:{QUOTED}|\w+)(?:, )?)+\];"
)


@every
def test_dot_is_lines_of_the_grammar(lineage: Lineage) -> None:
    lines = dot.draw(lineage).splitlines()
    assert all(DOT_LINE.fullmatch(line) for line in lines), [line for line in lines if not DOT_LINE.fullmatch(line)]
    assert sum(" -> " in line.partition("[")[0] for line in lines) == len(lineage.edges)
    assert sum("shape=note" in line for line in lines) == len(lineage.versions)
    assert sum('style="rounded,filled"' in line for line in lines) == len(lineage.runs)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not on this machine")
@pytest.mark.parametrize("name", ["diamond", "cycle", "hostile", "home alone"])
def test_graphviz_draws_it(name: str) -> None:
    lineage = WALKS[name]
    done = subprocess.run(["dot", "-Tsvg"], input=dot.draw(lineage).encode(), capture_output=True, timeout=60, check=True)
    root = ElementTree.fromstring(done.stdout)
    texts = {"".join(t.itertext()).replace("\xa0", " ") for t in root.iter("{http://www.w3.org/2000/svg}text")}
    if name == "hostile":
        for plain in ("<script>alert(1)</script>", 'say "no"', "&amp; &lt; & ;", "\\N \\G \\l", "]]>"):
            assert plain in texts
    else:
        assert {v.name for v in lineage.versions} | {r.name for r in lineage.runs} <= texts


# ── mermaid ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

LABEL = r'"(?:[^"\'#&<>\\`{}\[\]()|;*~\n]|#[0-9]+;|<br/>)*"'
MERMAID_LINE = re.compile(
    rf"flowchart LR|  %% [^{{}}\n]*|  n\d+(?:\(\[{LABEL}\]\)|\[\({LABEL}\)\])|  n\d+ -->\|(?:used|logged)\| n\d+"
    r"|  classDef \w+ [\w:#,-]+|  class n\d+(?:,n\d+)* \w+"
)


@every
def test_mermaid_is_lines_of_the_grammar(lineage: Lineage) -> None:
    lines = mermaid.draw(lineage).splitlines()
    assert all(MERMAID_LINE.fullmatch(line) for line in lines), [line for line in lines if not MERMAID_LINE.fullmatch(line)]
    assert sum("-->|" in line for line in lines) == len(lineage.edges)
    assert [sum(mark in line for line in lines) for mark in ('(["', '[("')] == [len(lineage.runs), len(lineage.versions)]


def test_mermaid_says_when_it_will_not_be_drawn() -> None:
    assert "maxEdges" in mermaid.draw(walked(worlds.wide_sweep(200), "report"))
    assert "maxEdges" not in mermaid.draw(WALKS["sweep"])


# ── svg ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

SVG = "{http://www.w3.org/2000/svg}"


def parsed(text: str) -> ElementTree.Element:
    root = ElementTree.fromstring(text.encode())
    assert root.tag == f"{SVG}svg" and not list(root.iter(f"{SVG}script"))
    return root


def shape(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    """Cards of a kind: groups with a title, as those of the legend have none."""
    return [g for g in root.iter(f"{SVG}g") if g.get("class", "").split(" ")[0] == kind and g.find(f"{SVG}title") is not None]


@every
def test_svg_is_well_formed_and_says_what_it_shows(lineage: Lineage) -> None:
    text = svg.draw(lineage)
    root = parsed(text)
    assert root.get("role") == "img" and root.get("aria-label") == root.findtext(f"{SVG}title")
    assert f"{len(lineage.edges)} edge" in (root.findtext(f"{SVG}desc") or "")
    assert len(shape(root, "run")) == len(lineage.runs) and len(shape(root, "version")) == len(lineage.versions)
    lines = [p for p in root.iter(f"{SVG}path") if p.get("class", "").startswith("line") and p.find(f"{SVG}title") is not None]
    assert len(lines) == len(lineage.edges)
    assert sum(1 for r in root.iter(f"{SVG}rect") if r.get("class") == "ring") == 1
    assert (
        "prefers-color-scheme:dark" in text
        and " id=" not in text
        and "http" not in text.replace("http://www.w3.org/2000/svg", "")
    )


@every
def test_every_text_is_in_full_in_a_title(lineage: Lineage) -> None:
    titles = "\n".join(t.text or "" for t in parsed(svg.draw(lineage)).iter(f"{SVG}title"))
    for version in lineage.versions:
        assert f"version: {version.name}\n" in titles
    if lineage is WALKS["hostile"]:
        assert "<script>alert(1)</script>" in titles and "x" * 300 in titles and "\x1b" not in titles


@every
def test_everything_is_inside_the_picture(lineage: Lineage) -> None:
    root = parsed(svg.draw(lineage))
    _, _, width, height = map(float, (root.get("viewBox") or "").split())
    group = next(g for g in root.iter(f"{SVG}g") if g.get("transform"))
    dx, dy = map(float, re.findall(r"[\d.]+", group.get("transform") or ""))
    for path in group.iter(f"{SVG}path"):
        for command, numbers in re.findall(r"([MCHVL])([^A-Za-z]*)", path.get("d") or ""):
            values = list(map(float, numbers.split()))
            xs = values if command == "H" else [] if command == "V" else values[::2]
            ys = values if command == "V" else [] if command == "H" else values[1::2]
            assert all(0 <= x + dx <= width for x in xs) and all(0 <= y + dy <= height for y in ys)
    for rect in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(rect.get(name) or 0) for name in ("x", "y", "width", "height"))
        inside = rect in list(group.iter(f"{SVG}rect"))
        assert x + dx * inside >= 0 and x + w + dx * inside <= width and y + h + dy * inside <= height


@every
def test_texts_fit_on_their_cards(lineage: Lineage) -> None:
    picture = picture_of(lineage)
    place = placed(picture)
    for card in picture.cards:
        face, box = svg._Face(card, ""), place.boxes[card.uid]
        room = svg.MOST - 2 * face.padding
        chips = sum(wide + 4 for _, wide in face.chips)
        assert width_of(face.name, svg.NAME) <= room and width_of(face.type, svg.SMALL) + chips <= room
        assert box.width <= svg.MOST + svg.STACK


def placed(picture: Picture) -> Layout:
    return svg.placed(picture, {card.uid: svg._Face(card, "") for card in picture.cards})


def test_a_failed_run_says_so_in_words() -> None:
    run = WALKS["one model"].runs[0].model_copy(update={"state": "crashed"})
    text = svg.draw(WALKS["one model"].model_copy(update={"runs": (run, *WALKS["one model"].runs[1:])}))
    assert "fit · crashed" in text and 'class="run failed"' in text


def test_a_line_that_closes_a_loop_is_another_line() -> None:
    backs = [p for p in parsed(svg.draw(WALKS["loop"])).iter(f"{SVG}path") if p.get("class") == "line back"]
    assert len(backs) == 2, "the line, and the legend's"
    assert "closes a loop" in svg.draw(WALKS["cycle"]) and "closes a loop" not in svg.draw(WALKS["diamond"])


def test_as_of_is_in_the_title() -> None:
    then = WALKS["diamond"].model_copy(update={"as_of": worlds.START})
    assert "as of 2026-01-05 08:00:00Z" in svg.draw(then)


# ── groups ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("world", "home"),
    [(worlds.wide_sweep(300), "report"), (worlds.long_chain(2000), "v#1999"), (worlds.ladder(400), "a#399"),
     (worlds.woods(1500), worlds.woods(1500).steps[-1].logged[0])],
    ids=["sweep", "chain", "ladder", "woods"],
)  # fmt: skip
@pytest.mark.parametrize("most", [1, 20, 400])
def test_a_large_walk_is_grouped_and_says_so(world: World, home: str, most: int) -> None:
    lineage = walked(world, home)
    nodes, picture = len(lineage.runs) + len(lineage.versions), picture_of(lineage, most)
    if nodes <= most:
        assert picture == picture_of(lineage)
        return
    groups = [card for card in picture.cards if card.count > 1]
    assert sum(card.count for card in picture.cards) == nodes, "every node is on one card"
    assert len(picture.cards) <= max(most, FEW + 1) and groups and all(group.count >= FEW for group in groups)
    assert [card.home for card in picture.cards if card.count == 1].count(True) == 1, "home stands alone"
    assert f"{sum(g.count for g in groups):,} runs and versions stand in" in picture.notes[0]
    inside = len(lineage.edges) - sum(arrow.count for arrow in picture.arrows)
    assert (inside > 0) == ("among them" in picture.notes[0])
    assert not any(line.back for line in placed(picture).lines.values()), "grouping makes no loop"
    parsed(svg.of(picture))


def test_a_group_tells_what_is_in_it() -> None:
    picture = picture_of(walked(worlds.wide_sweep(30), "report"), 10)
    fits = next(card for card in picture.cards if card.kind == "run" and card.count > 1)
    assert (fits.type, fits.name, fits.count) == ("fit", "30 runs", 30) and fits.details[-1] == "… and 10 more"
    bundle = next(arrow for arrow in picture.arrows if arrow.target == fits.uid)
    assert (bundle.count, bundle.words) == (30, "30 times used")
    assert fits.details[:3] == ("fit0", "fit1", "fit2"), "9 before 10"


def test_an_astronomers_workflow_is_a_picture() -> None:
    world = worlds.wfformat(shared_data("wfformat/montage-2mass-05d.json"))
    lineage = walked(world, "mosaic-color.jpg")
    picture = picture_of(lineage, 400)
    assert len(lineage.runs) + len(lineage.versions) == 4204 and len(picture.cards) < 60
    assert "2,469 versions, 1,735 runs" in svg.draw(lineage)


def test_four_hundred_cards_take_no_time() -> None:
    world = worlds.woods(180, window=60)
    lineage = walked(world, world.steps[-1].logged[0])
    assert 350 <= len(lineage.runs) + len(lineage.versions) <= 400
    begun = time.process_time()
    svg.draw(lineage)
    assert time.process_time() - begun < 5


# ── layout ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def overlap(a: Box, b: Box) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height - 1e-6 and b.y < a.y + a.height - 1e-6


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, tuple[float, float]], list[tuple[str, str]]]:
    """Any directed graph: with loops, repeated pairs, lonely nodes."""
    names = [f"n{i}" for i in range(draw(st.integers(1, 14)))]
    sizes = {n: (draw(st.sampled_from([90.0, 120.0, 200.0])), draw(st.sampled_from([48.0, 53.0]))) for n in names}
    one = st.sampled_from(names)
    return sizes, draw(st.lists(st.tuples(one, one).filter(lambda p: p[0] != p[1]), max_size=30))


@given(graphs())
def test_no_card_covers_another_and_no_line_a_card(graph: tuple[dict[str, tuple[float, float]], list[tuple[str, str]]]) -> None:
    sizes, pairs = graph
    place = layout(sizes, pairs)
    assert place == layout(sizes, pairs)
    assert set(place.boxes) == set(sizes) and set(place.lines) == set(pairs)
    for a, b in combinations(place.boxes.values(), 2):
        assert not overlap(a, b)
    for box in place.boxes.values():
        assert box.x >= 0 and box.x + box.width <= place.width and box.y >= -1e-6 and box.y + box.height <= place.height + 1e-6
    for (a, b), line in place.lines.items():
        left, right = (place.boxes[b], place.boxes[a]) if line.back else (place.boxes[a], place.boxes[b])
        assert left.x + left.width + BETWEEN <= right.x + 1e-6, "a line runs to another column, the way it says"
        ends = [left.x + left.width, *(x for near, far, _ in line.passes for x in (near, far)), right.x]
        assert ends == sorted(ends) and all(b - a <= BETWEEN + 200 for a, b in pairwise(ends))
        for near, far, y in line.passes:
            assert not any(
                box.x < far and near < box.x + box.width and box.y < y < box.y + box.height for box in place.boxes.values()
            )
    forward = [pair for pair, line in place.lines.items() if not line.back]
    left_of = {name: box.x for name, box in place.boxes.items()}
    assert all(left_of[a] < left_of[b] for a, b in forward)


def test_without_a_loop_nothing_runs_back() -> None:
    place = layout(dict.fromkeys("abcde", (90.0, 48.0)), [("a", "b"), ("b", "c"), ("a", "c"), ("d", "c"), ("c", "e")])
    assert not any(line.back for line in place.lines.values())
    assert place.boxes["d"].x == place.boxes["b"].x, "what begins late stands next to what is made of it"
    assert len(place.lines["a", "c"].passes) == 1
    assert layout({}, []) == Layout({}, {}, 0.0, 0.0)


def test_a_diamond_has_no_crossing_and_stands_straight() -> None:
    place = layout(dict.fromkeys("rabj", (90.0, 48.0)), [("r", "a"), ("r", "b"), ("a", "j"), ("b", "j")])
    assert place.boxes["r"].y == place.boxes["j"].y == (place.boxes["a"].y + place.boxes["b"].y) / 2


# ── text ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.text(max_size=60), st.floats(30, 300), st.integers(0, 6))
def test_a_text_is_made_to_fit(text: str, room: float, keep: int) -> None:
    short = fitted(text, 12, room, keep)
    assert width_of(short, 12) <= room or short == "…"
    assert short == text or "…" in short
    assert all(width_of(line, 12) <= room or line == "…" for line in wrapped(text, 12, room))


def test_a_version_keeps_its_number() -> None:
    assert fitted("a-very-long-name-indeed:v12", 12, 100, 4).endswith("…:v12")
    assert wrapped("one two three", 12, 55) == ["one two", "three"]
