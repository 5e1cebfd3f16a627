"""What is called something like what a person typed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any, Literal

from lineage_graph.models import Frozen

HitKind = Literal["project", "artifact", "version", "alias", "run"]
PIECE = re.compile(r"[^\W_]+")
NUMBER = re.compile(r":v(\d{1,18})$")
DIGEST = re.compile(r"(?:[a-z0-9]+:)?[0-9a-f]{6,}")
SUBSTRING = 3  # characters from which on a piece may be anywhere in a word
LONGEST, MOST = 64, 16  # characters of a piece, and pieces, that are looked for: the index refuses what is too complex


class Hit(Frozen):
    """name: in full; of an alias 'project/name:alias'. label: without its project; a run's name. type: a run's job type."""

    kind: HitKind
    name: str
    label: str
    type: str | None
    project: str


class Search(Frozen):
    """hits: what is called exactly so first. truncated: whether there are more."""

    hits: tuple[Hit, ...]
    truncated: bool


def parameters(text: str, project: str | None) -> dict[str, Any] | None:
    """What lineage/search takes for a typed text; None when there is nothing in it to look for."""
    number = NUMBER.search(text)
    pieces = PIECE.findall(NUMBER.sub("", text).replace("/runs/", " ").lower())
    if not pieces:
        return None
    pieces = sorted({piece[:LONGEST] for piece in pieces}, key=lambda piece: (-len(piece), piece))[:MOST]
    digest = text.strip() if DIGEST.fullmatch(text.strip()) else None
    if digest is not None and ":" not in digest:
        digest = f"sha256:{digest}"
    words = " ".join(f"+({_piece(piece)})" for piece in pieces)
    return {
        "words": words,
        "project_words": f"project:({words})",
        "project": project,
        "number": None if number is None else int(number[1]),
        "digest": digest,
    }


def _piece(piece: str) -> str:
    """The whole word first, then what begins so, then what has it in it."""
    return f"{piece}^8 {piece}*^3" + (f" *{piece}*" if len(piece) >= SUBSTRING else "")


def hits(row: Mapping[str, Any], text: str, limit: int) -> Search:
    """The row of lineage/search as hits: of each kind in turn, until there are `limit`."""
    kinds: Sequence[list[Hit]] = [
        [_hit("project", name, name, None, name) for name in row["projects"]],
        [_named("artifact", name, type_) for name, type_ in row["artifacts"]],
        [_named("version", name, type_) for name, type_ in row["versions"]],
        [_named("alias", f"{artifact}:{alias}", type_) for artifact, alias, type_ in row["aliases"]],
        [_hit("run", name, label or name, job_type, name.rpartition("/runs/")[0]) for name, label, job_type in row["runs"]],
    ]
    exact = text.strip().lower()
    found = [hit for hit in chain.from_iterable(zip_longest(*kinds)) if hit is not None]
    found.sort(key=lambda hit: exact not in (hit.name.lower(), hit.label.lower()))
    shown = found[:limit]
    order = list(HitKind.__args__)  # type: ignore[attr-defined]
    shown.sort(key=lambda hit: (exact not in (hit.name.lower(), hit.label.lower()), order.index(hit.kind)))
    return Search(hits=tuple(shown), truncated=len(found) > limit)


def _hit(kind: HitKind, name: str, label: str, type_: str | None, project: str) -> Hit:
    return Hit(kind=kind, name=name, label=label, type=type_, project=project)


def _named(kind: HitKind, name: str, type_: str | None) -> Hit:
    project, _, label = name.rpartition("/")
    return _hit(kind, name, label, type_, project)
