"""A walk as a piece of HTML, for notebooks: its picture, which scrolls where it is large, and what it counts."""

from __future__ import annotations

from html import escape

from lineage_graph.formats import svg, words
from lineage_graph.formats.picture import picture_of
from lineage_graph.models import Lineage

CARDS = 100  # a cell is smaller than a screen


def draw(lineage: Lineage) -> str:
    """The walk as one <figure>. Names are text, whatever they hold; there is no script, and nothing to fetch."""
    picture = picture_of(lineage, CARDS)
    notes = "".join(f"<br>{_text(note)}" for note in picture.notes)
    return (
        '<figure style="margin:0"><div style="overflow:auto;max-height:640px">'
        f"{svg.of(picture, heading=False)}</div>"
        f'<figcaption style="font-size:90%"><b>{_text(picture.title)}</b>: {_text(picture.counts)}{notes}</figcaption></figure>'
    )


def _text(text: str) -> str:
    return escape(words.printable(text))
