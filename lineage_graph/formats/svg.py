"""A walk as a picture: one SVG file without scripts, ids, or anything to fetch; light or dark as its reader's screen is.

Runs are green and round, versions blue with a folded corner: colour and shape both tell. Data flows from left to right;
the home of the walk has a ring; a line that closes a loop is dashed and runs back. What does not fit is shortened with `…`
and stands in full in the title that a pointer shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from typing import Any

from lineage_graph.formats import words
from lineage_graph.formats.fit import fitted, width_of, wrapped
from lineage_graph.formats.layout import Box, Layout, Line, Point, layout
from lineage_graph.formats.picture import CARDS, Arrow, Card, Picture, picture_of
from lineage_graph.models import Lineage

MARGIN = 24.0
LEAST, MOST = 120.0, 250.0  # a card's width
HEIGHT, STACK = 48.0, 5.0  # a card's height; how far a group's second card looks out
SMALL, NAME, HEAD = 11.0, 13.0, 17.0  # sizes of text
NARROWEST = 460.0
BOLD = 1.13  # how much wider than others
KEPT = 24  # characters at the end of a title that is too long
PADDING = {"run": 20.0, "version": 13.0, "both": 13.0}
FOLD = 11.0
ARROW = 7.0

STYLE = """
.lineage-graph{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans",sans-serif}
.lineage-graph .paper{fill:#fff}
.lineage-graph text{fill:#1d2530}
.lineage-graph .head{font-size:17px;font-weight:600}
.lineage-graph .small{font-size:11px;fill:#5a6675}
.lineage-graph .note{font-size:11px;fill:#94560a}
.lineage-graph .name{font-size:13px;font-weight:500}
.lineage-graph .run .card{fill:#e6f6ec;stroke:#2f9157}
.lineage-graph .run .small{fill:#2c6b45}
.lineage-graph .version .card{fill:#e9f1fd;stroke:#3a76d0}
.lineage-graph .version .small{fill:#38608f}
.lineage-graph .fold{fill:#bcd4f6;stroke:#3a76d0}
.lineage-graph .both .card{fill:#f1f2f4;stroke:#7d8794}
.lineage-graph .card,.lineage-graph .fold{stroke-width:1.3;stroke-linejoin:round}
.lineage-graph .ring{fill:none;stroke:#e8920c;stroke-width:2.5}
.lineage-graph .failed .small{fill:#b3261e;font-weight:600}
.lineage-graph .chip{fill:#fff;stroke:#9dbbe6}
.lineage-graph .alias{font-size:10px;fill:#274f86;text-anchor:middle}
.lineage-graph .line{fill:none;stroke:#9aa5b3;stroke-width:1.4}
.lineage-graph .line:hover{stroke:#e8920c}
.lineage-graph .back{stroke:#b4589a;stroke-dasharray:5 4}
.lineage-graph .tip{fill:#7f8b9a}
.lineage-graph .back-tip{fill:#b4589a}
@media (prefers-color-scheme:dark){
.lineage-graph .paper{fill:#15181d}
.lineage-graph text{fill:#e4e8ee}
.lineage-graph .small{fill:#9aa6b5}
.lineage-graph .note{fill:#f0b357}
.lineage-graph .run .card{fill:#14301f;stroke:#43b06f}
.lineage-graph .run .small{fill:#8fd0a9}
.lineage-graph .version .card{fill:#15263f;stroke:#5b97ea}
.lineage-graph .version .small{fill:#9dbfee}
.lineage-graph .fold{fill:#2b4b7a;stroke:#5b97ea}
.lineage-graph .both .card{fill:#23272e;stroke:#8a94a2}
.lineage-graph .failed .small{fill:#ff9a92}
.lineage-graph .chip{fill:#0e1b2f;stroke:#4672ad}
.lineage-graph .alias{fill:#bcd5f8}
.lineage-graph .line{stroke:#5f6b7a}
.lineage-graph .back{stroke:#d27fba}
.lineage-graph .tip{fill:#7d8a9a}
.lineage-graph .back-tip{fill:#d27fba}
}
"""


def draw(lineage: Lineage, most: int = CARDS) -> str:
    """The walk as SVG. most: above so many cards groups are made, and the picture says so."""
    return of(picture_of(lineage, most))


def of(picture: Picture, heading: bool = True) -> str:
    """A picture as SVG. heading: with the name, the counts and the notes above it."""
    project = _project(picture)
    faces = {card.uid: _Face(card, project) for card in picture.cards}
    return "\n".join(_drawing(picture, faces, placed(picture, faces), heading)) + "\n"


def placed(picture: Picture, faces: dict[str, _Face]) -> Layout:
    """Where the cards stand."""
    return layout({card.uid: faces[card.uid].size for card in picture.cards}, [(a.source, a.target) for a in picture.arrows])


def _project(picture: Picture) -> str:
    """The project that all versions are of, with its slash, which their cards leave out; else nothing."""
    projects = {card.name.rpartition("/")[0] for card in picture.cards if card.kind == "version" and card.count == 1}
    return f"{projects.pop()}/" if len(projects) == 1 else ""


class _Face:
    """What is written on a card, and the room that takes."""

    def __init__(self, card: Card, project: str) -> None:
        self.card = card
        self.padding = PADDING[card.kind]
        room = MOST - 2 * self.padding
        self.state = card.state if card.state not in {"", "finished"} else ""
        type_ = words.printable(card.type) + (f" · {words.printable(self.state)}" if self.state else "")
        name = words.printable(card.name.removeprefix(project) if card.kind == "version" and card.count == 1 else card.name)
        tail = len(name) - name.rfind(":") if card.kind == "version" and card.count == 1 and ":" in name else 0
        self.name = fitted(name, NAME, room, tail)
        taken = FOLD if card.kind == "version" else 0.0
        self.chips = list(_chips(card.aliases, room - taken - min(width_of(type_, SMALL), room / 2)))
        used = sum(wide + 4 for _, wide in self.chips)
        self.type = fitted(type_, SMALL, room - taken - used)
        inner = max(width_of(self.name, NAME), width_of(self.type, SMALL) + taken + used)
        stack = STACK if card.count > 1 else 0.0
        self.size: Point = (max(LEAST, math.ceil(inner + 2 * self.padding)) + stack, HEIGHT + stack)

    @property
    def whole(self) -> str:
        """Everything known, for the title."""
        card = self.card
        what = card.kind if card.count == 1 else "group"
        lines = [f"{what}: {card.name}", f"type: {card.type}", *card.details]
        if card.aliases:
            lines.append(f"aliases: {', '.join(card.aliases)}")
        return "\n".join(map(words.printable, lines))


def _chips(aliases: tuple[str, ...], room: float) -> Iterator[tuple[str, float]]:
    """As many aliases as there is room for, with their widths; the last says how many more there are."""
    texts = [fitted(words.printable(alias), 10, 90) for alias in aliases]
    for i, text in enumerate(texts):
        wide = width_of(text, 10) + 12
        more = f"+{len(texts) - i}"
        reserve = width_of(more, 10) + 16 if i < len(texts) - 1 else 0.0
        if wide + 4 + reserve > room:
            yield more, width_of(more, 10) + 12
            return
        room -= wide + 4
        yield text, wide


# ── the drawing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _drawing(picture: Picture, faces: dict[str, _Face], place: Layout, heading: bool) -> Iterator[str]:
    width = max(place.width + 2 * MARGIN, NARROWEST)
    head, top = _heading(picture, width) if heading else ([], MARGIN)
    height = top + place.height + MARGIN + 32
    x, y = (width - place.width) / 2, top
    yield _open(
        "svg", xmlns="http://www.w3.org/2000/svg", class_="lineage-graph", role="img", aria_label=picture.title,
        viewBox=f"0 0 {_n(width)} {_n(height)}", width=_n(width), height=_n(height), style="display:block;max-width:none",
    )  # fmt: skip
    yield f"<title>{_t(picture.title)}</title>"
    yield f"<desc>{_t('. '.join([picture.counts, *picture.notes]))}</desc>"
    yield f"<style>{STYLE}</style>"
    yield _tag("rect", class_="paper", width=_n(width), height=_n(height))
    yield from head
    yield f'<g transform="translate({_n(x)} {_n(y)})">'
    tips: dict[str, None] = {}
    for arrow in picture.arrows:
        line = place.lines[arrow.source, arrow.target]
        tips[_tip(place.boxes[arrow.target], line)] = None
        yield _line(arrow, line, place.boxes, faces)
    yield from tips  # once for all lines that end in one place
    for card in picture.cards:
        yield from _card(faces[card.uid], place.boxes[card.uid])
    yield "</g>"
    yield from _legend(height - 20, any(line.back for line in place.lines.values()))
    yield "</svg>"


def _heading(picture: Picture, width: float) -> tuple[list[str], float]:
    room, y = width - 2 * MARGIN, MARGIN + 12
    title = words.printable(picture.title)
    lines = [_text(fitted(title, HEAD, room / BOLD, KEPT), MARGIN, y, "head", picture.title)]
    for class_, said in (("small", [picture.counts]), ("note", picture.notes)):
        for sentence in said:
            for line in wrapped(words.printable(sentence), SMALL, room):
                y += 18
                lines.append(_text(line, MARGIN, y, class_))
    return lines, y + 24


def _line(arrow: Arrow, line: Line, boxes: dict[str, Box], faces: dict[str, _Face]) -> str:
    """An edge as a row of curves, one from column to column; past a column it runs straight."""
    source, target = boxes[arrow.source], boxes[arrow.target]
    if line.back:
        first, last = _port(source, line, -1), _port(target, line, 0)
        end = target.x + target.width
        stops = [(source.x, source.x, first), *((b, a, y) for a, b, y in reversed(line.passes)), (end + ARROW, end, last)]
    else:
        begin = source.x + source.width
        stops = [(begin, begin, _middle(source)), *line.passes, (target.x - ARROW, target.x, _middle(target))]
    bow = 24.0 if line.back and not line.passes else 0.0
    x, y = stops[0][1:]
    path = [f"M{_n(x)} {_n(y)}"]
    for left, right, height in stops[1:]:
        reach = (left - x) / 2
        path.append(f"C{_n(x + reach)} {_n(y + bow)} {_n(left - reach)} {_n(height + bow)} {_n(left)} {_n(height)}")
        if right != left:
            path.append(f"H{_n(right)}")
        x, y = right, height
    # The last piece ends below the arrow's tip, not in the card.
    path = path[:-1]
    names = (faces[uid].card.name for uid in (arrow.source, arrow.target))
    told = words.printable(f"{' → '.join(names)}: {arrow.words}")
    thick = {"style": f"stroke-width:{_n(1.4 + 0.55 * math.log2(arrow.count))}"} if arrow.count > 1 else {}
    path_open = _open("path", class_="line back" if line.back else "line", d="".join(path), **thick)
    return f"{path_open}<title>{_t(told)}</title></path>"


def _tip(box: Box, line: Line) -> str:
    """The arrow's head."""
    if line.back:
        x, y, far = box.x + box.width + 1, _port(box, line, 0), ARROW + 1
    else:
        x, y, far = box.x - 1, _middle(box), -ARROW - 1
    return _tag("path", class_="back-tip" if line.back else "tip", d=f"M{_n(x)} {_n(y)}l{_n(far)} -4v8Z")


def _port(box: Box, line: Line, which: int) -> float:
    """Where a line that runs back meets a card: below the middle, or above it where that is its way."""
    above = bool(line.passes) and line.passes[which][2] < _middle(box)
    return _middle(box) + HEIGHT * (-0.28 if above else 0.28)


def _middle(box: Box) -> float:
    return box.y + box.height / 2


def _card(face: _Face, box: Box) -> Iterator[str]:
    card = face.card
    failed = " failed" if card.state in {"failed", "crashed", "killed"} else ""
    yield f'<g class="{card.kind}{failed}"><title>{_t(face.whole)}</title>'
    x, y, width = box.x, box.y, box.width
    if card.count > 1:
        width -= STACK
        yield _shape(card.kind, x + STACK, y, width)
        y += STACK
    if card.home:
        rx = HEIGHT / 2 + 4 if card.kind == "run" else 7
        yield _tag("rect", class_="ring", x=_n(x - 4), y=_n(y - 4), width=_n(width + 8), height=_n(HEIGHT + 8), rx=_n(rx))
    yield _shape(card.kind, x, y, width)
    right = x + width - face.padding
    if card.kind == "version":
        fold = x + width - FOLD
        yield _tag("path", class_="fold", d=f"M{_n(fold)} {_n(y)}V{_n(y + FOLD)}H{_n(x + width)}Z")
        right = fold - 3
    yield _text(face.type, x + face.padding, y + 19, "small")
    yield _text(face.name, x + face.padding, y + 36, "name")
    for text, wide in reversed(face.chips):
        right -= wide
        yield _tag("rect", class_="chip", x=_n(right), y=_n(y + 7), width=_n(wide), height="15", rx="7.5")
        yield _text(text, right + wide / 2, y + 18, "alias")
        right -= 4
    yield "</g>"


def _shape(kind: str, x: float, y: float, width: float, height: float = HEIGHT) -> str:
    """The outline: round for a run, with a folded corner for a version, with four corners for both."""
    if kind == "version":
        fold = min(FOLD, height / 3)
        corners = f"M{_n(x)} {_n(y)}H{_n(x + width - fold)}L{_n(x + width)} {_n(y + fold)}V{_n(y + height)}H{_n(x)}Z"
        return _tag("path", class_="card", d=corners)
    rx = height / 2 if kind == "run" else 6
    return _tag("rect", class_="card", x=_n(x), y=_n(y), width=_n(width), height=_n(height), rx=_n(rx))


def _legend(y: float, loops: bool) -> Iterator[str]:
    x = MARGIN
    for kind, text in (("run", "run"), ("version", "artifact version")):
        yield f'<g class="{kind}">{_shape(kind, x, y - 9, 20, 12)}</g>'
        yield _text(text, x + 26, y + 1, "small")
        x += 26 + width_of(text, SMALL) + 14
    for class_, text in (("line", "data flows"), *([("line back", "closes a loop")] if loops else [])):
        yield _tag("path", class_=class_, d=f"M{_n(x)} {_n(y - 3)}h22")
        yield _tag("path", class_="back-tip" if "back" in class_ else "tip", d=f"M{_n(x + 28)} {_n(y - 3)}l-7 -4v8Z")
        yield _text(text, x + 34, y + 1, "small")
        x += 34 + width_of(text, SMALL) + 14


# ── text of the file ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _n(value: float) -> str:
    """A number as short as a tenth of a pixel allows."""
    return f"{value:.1f}".removesuffix(".0")


def _t(text: str) -> str:
    """A text inside the file. Line breaks stay; nothing else that XML does not take is left."""
    return "\n".join(escape(words.printable(line)) for line in text.split("\n"))


def _attributes(given: dict[str, Any]) -> str:
    return "".join(f' {key.rstrip("_").replace("_", "-")}="{_t(str(value))}"' for key, value in given.items())


def _open(name: str, **attributes: Any) -> str:
    return f"<{name}{_attributes(attributes)}>"


def _tag(name: str, **attributes: Any) -> str:
    return f"<{name}{_attributes(attributes)}/>"


def _text(text: str, x: float, y: float, class_: str, title: str | None = None) -> str:
    more = f"<title>{_t(title)}</title>" if title is not None and title != text else ""
    return f'<text class="{class_}" x="{_n(x)}" y="{_n(y)}">{more}{_t(text)}</text>'
