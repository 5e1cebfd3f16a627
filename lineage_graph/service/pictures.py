"""What a project's token is shown of pictures: clusters and views, in which a card may stand for things of many projects.

A type counts as the project's own where something that is all of it is seen to have it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from lineage_graph.answers.cluster import Clusters, Group, LevelCount, Single
from lineage_graph.answers.view import Facets, Hidden, View, ViewCard
from lineage_graph.service.veil import OTHER, Veil


def clusters(veil: Veil, answer: Clusters) -> Clusters:
    """Clusters; a group's id is sealed."""
    own: set[tuple[str, str | None]] = set()
    for single in answer.singles:
        if veil.owns(single.name):
            own.add((single.kind, single.type or single.job_type))
    for group in answer.groups:
        if group.artifact is not None and veil.owns(group.artifact):
            own.add(("version", group.type))
    uids = {single.uid: single.uid if veil.owns(single.name) else veil.id(single.uid) for single in answer.singles}
    ids = {group.id: veil.group(group.id) for group in answer.groups}
    counts: Counter[tuple[int, str, str | None, str | None, str | None]] = Counter()
    for level in answer.counts:
        known = (level.kind, level.type or level.job_type) in own
        counts[level.level, level.kind, level.type if known else None, level.job_type if known else None, level.state] += (
            level.count
        )
    return answer.model_copy(
        update={
            "singles": tuple(_single(veil, single, uids[single.uid]) for single in answer.singles),
            "groups": tuple(_group(veil, group, ids[group.id], own) for group in answer.groups),
            "bundles": tuple(
                bundle.model_copy(
                    update={
                        "source": uids.get(bundle.source) or ids.get(bundle.source) or veil.id(bundle.source),
                        "target": uids.get(bundle.target) or ids.get(bundle.target) or veil.id(bundle.target),
                    }
                )
                for bundle in answer.bundles
            ),
            "counts": tuple(
                LevelCount(level=level, kind=kind, type=type_, job_type=job, state=state, count=n)  # type: ignore[arg-type]
                for (level, kind, type_, job, state), n in counts.items()
            ),
        }
    )


def _single(veil: Veil, single: Single, uid: str) -> Single:
    if veil.owns(single.name):
        return single
    hidden = {"uid": uid, "name": veil.name(single.name), "label": OTHER, "type": None, "job_type": None, "state": None}
    return single.model_copy(update={**hidden, "aliases": ()})


def _group(veil: Veil, group: Group, key: str, own: set[tuple[str, str | None]]) -> Group:
    hidden: dict[str, Any] = {"id": key, "samples": veil.names(group.samples), "made_by": veil.names(group.made_by)}
    if group.artifact is not None:
        hidden["artifact"] = veil.name(group.artifact)
    if (group.kind, group.type or group.job_type) not in own:
        hidden |= {"type": None, "job_type": None}
    return group.model_copy(update=hidden)


def view(veil: Veil, answer: View) -> View:
    """A view; the ids of groups are sealed, and the queries are left out, as they name what was found."""
    ours = [card for card in answer.cards if card.project == veil.project]
    types = {card.type or "" for card in ours if card.kind == "version"}
    job_types = {card.type or "" for card in ours if card.kind == "run"}
    ids = {card.id: _card_id(veil, card) for card in answer.cards}
    return answer.model_copy(
        update={
            "cards": tuple(_view_card(veil, card, ids[card.id], types, job_types) for card in answer.cards),
            "edges": tuple(
                edge.model_copy(update={"source": ids[edge.source], "target": ids[edge.target]}) for edge in answer.edges
            ),
            "facets": Facets(types=_facet(answer.facets.types, types), job_types=_facet(answer.facets.job_types, job_types)),
            "hidden": tuple(_hidden(veil, hidden) for hidden in answer.hidden),
            "queries": (),
        }
    )


def _card_id(veil: Veil, card: ViewCard) -> str:
    if card.group is not None:
        return veil.group(card.id)
    return card.id if veil.owns(card.name) else veil.id(card.id)


def _view_card(veil: Veil, card: ViewCard, key: str, types: set[str], job_types: set[str]) -> ViewCard:
    update: dict[str, Any] = {"id": key, "made_by": veil.names(card.made_by)}
    if card.group is not None:
        update["group"] = key
    if card.project == veil.project:
        return card.model_copy(update=update)
    known = (card.type or "") in {"version": types, "run": job_types, "mixed": set()}[card.kind]
    update |= {"artifact": veil.maybe(card.artifact), "aliases": (), "samples": (), "type": card.type if known else None}
    if card.group is None:
        update |= {"name": veil.maybe(card.name), "label": OTHER, "project": OTHER, "state": None, "type": None}
    else:
        update |= {"project": None if card.project is None else OTHER}
    return card.model_copy(update=update)


def _facet(counts: Mapping[str, int], known: set[str]) -> dict[str, int]:
    shown = {kind: n for kind, n in counts.items() if kind in known or not kind}
    rest = sum(counts.values()) - sum(shown.values())
    return shown | ({OTHER: rest} if rest else {})


def _hidden(veil: Veil, hidden: Hidden) -> Hidden:
    if hidden.group is None:
        return hidden
    return hidden.model_copy(update={"group": veil.group(hidden.group), "label": f"{hidden.count}"})
