"""A walk in Graphviz's language: all of it, data flowing from left to right; runs round and green, versions blue notes."""

from __future__ import annotations

from collections.abc import Iterator

from lineage_graph.formats import words
from lineage_graph.formats.picture import picture_of
from lineage_graph.models import Lineage

SHAPES = {
    "run": 'shape=box, style="rounded,filled", color="#2f9157", fillcolor="#e6f6ec"',
    "version": 'shape=note, style=filled, color="#3a76d0", fillcolor="#e9f1fd"',
}
# `&` begins an entity in a label, and a backslash an escape such as \N; neither is meant.
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "&": "&amp;"})


def draw(lineage: Lineage) -> str:
    """The walk as a digraph. Raises nothing; whatever a name holds is text."""
    return "\n".join(_lines(lineage)) + "\n"


def _lines(lineage: Lineage) -> Iterator[str]:
    picture = picture_of(lineage)
    yield from (f"// {words.printable(note)}" for note in (picture.title, picture.counts, *picture.notes))
    yield "digraph lineage {"
    yield "  rankdir=LR;"
    yield '  node [fontname="Helvetica,Arial,sans-serif", fontsize=11, margin="0.15,0.08"];'
    yield '  edge [fontname="Helvetica,Arial,sans-serif", fontsize=9, color="#8a95a3", fontcolor="#5a6675"];'
    number = {card.uid: f"n{i}" for i, card in enumerate(picture.cards)}
    for card in picture.cards:
        label = _text(card.type, card.name, *([", ".join(card.aliases)] if card.aliases else []))
        home = ", penwidth=3" if card.home else ""
        yield f"  {number[card.uid]} [label={label}, tooltip={_text(card.name, *card.details)}, {SHAPES[card.kind]}{home}];"
    for arrow in picture.arrows:
        ends = f"{number[arrow.source]} -> {number[arrow.target]}"
        yield f"  {ends} [label={arrow.kind}, tooltip={_text(arrow.words)}];"
    yield "}"


def _text(*lines: str) -> str:
    """Lines as one quoted string."""
    return '"' + "\\n".join(words.printable(line).translate(_ESCAPES) for line in lines) + '"'
