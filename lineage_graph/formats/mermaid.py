"""A walk as a Mermaid flowchart, which GitHub, GitLab and many wikis draw: all of it, data flowing from left to right.

Mermaid itself draws no more than 500 edges unless its setting `maxEdges` says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lineage_graph.formats import words
from lineage_graph.formats.picture import Card, picture_of
from lineage_graph.models import Lineage

EDGES = 500
STYLES = {
    "run": "fill:#e6f6ec,stroke:#2f9157,color:#1d2530",
    "version": "fill:#e9f1fd,stroke:#3a76d0,color:#1d2530",
    "home": "stroke:#e8920c,stroke-width:3px",
}
# What could end a label, or mean something in HTML or Markdown, is written as a character's number.
_SPECIAL = re.compile(r"""["'#&<>\\`*_~|;{}\[\]()$^%]|(?<![^>])[-+=.!](?=\s)|(?<=[0-9])\.(?=\s)""")


def draw(lineage: Lineage) -> str:
    """The walk as a flowchart. Raises nothing; whatever a name holds is text."""
    return "\n".join(_lines(lineage)) + "\n"


def _lines(lineage: Lineage) -> Iterator[str]:
    picture = picture_of(lineage)
    yield "flowchart LR"
    notes = [picture.title, picture.counts, *picture.notes]
    if len(picture.arrows) > EDGES:
        notes.append(f"more than {EDGES} edges: Mermaid draws these only where its setting maxEdges is raised")
    yield from (f"  %% {_comment(note)}" for note in notes)
    number = {card.uid: f"n{i}" for i, card in enumerate(picture.cards)}
    for card in picture.cards:
        yield f"  {number[card.uid]}{_shape(card)}"
    for arrow in picture.arrows:
        yield f"  {number[arrow.source]} -->|{arrow.kind}| {number[arrow.target]}"
    for class_, style in STYLES.items():
        members = [number[card.uid] for card in picture.cards if (card.home if class_ == "home" else card.kind == class_)]
        if members:
            yield f"  classDef {class_} {style}"
            yield f"  class {','.join(members)} {class_}"


def _shape(card: Card) -> str:
    lines = [card.type, card.name, *([", ".join(card.aliases)] if card.aliases else [])]
    label = "<br/>".join(map(_text, lines))
    return f'(["{label}"])' if card.kind == "run" else f'[("{label}")]'


def _text(text: str) -> str:
    return _SPECIAL.sub(lambda match: "".join(f"#{ord(c)};" for c in match[0]), words.printable(text))


def _comment(text: str) -> str:
    """`%%{` begins a directive, not a comment."""
    return words.printable(text).replace("{", "(").replace("}", ")")
