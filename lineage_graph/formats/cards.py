"""Clusters and the members of one as rows of cells."""

from __future__ import annotations

from lineage_graph.answers.cluster import Clusters, Group, Members
from lineage_graph.formats import words

CARDS = ("level", "count", "kind", "type", "state", "name", "group")
MEMBERS = ("kind", "name", "type", "state / aliases", "size / took", "at", "full name")
Row = tuple[str, ...]
COARSER = {
    "neighbours": "what has the same neighbours is not kept apart",
    "made": "what one run made is not kept apart",
    "type": "types are taken together",
    "kind": "runs and versions are taken together",
    "levels": "levels are taken together",
}


def card_rows(clusters: Clusters) -> list[Row]:
    """One row a card, level by level; the columns are `CARDS`."""
    rows: list[tuple[int, Row]] = [
        (g.level, (_levels(g), f"{g.count:,}", _kind(g), g.type or g.job_type or "", _states(g.states), _what(g), g.id))
        for g in clusters.groups
    ]
    rows += [
        (s.level, (_loop(str(s.level), s.loop), "1", s.kind, s.type or s.job_type or "", s.state or "", s.name, ""))
        for s in clusters.singles
    ]
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def card_notes(clusters: Clusters) -> list[str]:
    """What there is to say about the whole, and what was given up to keep it small."""
    nodes, levels = words.counted(clusters.nodes, "node"), words.counted(clusters.levels, "level")
    groups, singles = words.counted(len(clusters.groups), "group"), len(clusters.singles)
    notes = [f"{nodes} on {levels}: {groups}, {singles:,} single"]
    if clusters.loops:
        notes.append(f"{words.counted(clusters.loops, 'loop')}: levels with a * are in one")
    if clusters.coarsened:
        notes.append(f"to have no more cards, {'; '.join(COARSER[step] for step in clusters.coarsened)}")
    if clusters.truncated:
        cut = clusters.truncated
        notes.append(f"cut after {cut.limit:g} s: whole up to depth {cut.cursor}; --timeout gives it more time")
    return notes


def member_rows(members: Members) -> list[Row]:
    """One row a member; the columns are `MEMBERS`."""
    rows: list[Row] = []
    for r in members.runs:
        took, started = words.took(r.started_at, r.ended_at), words.moment(r.started_at)
        rows.append(("run", r.name, r.job_type or "", r.state, took, started, r.full_name))
    for v in members.versions:
        label, aliases = v.name.rpartition("/")[2], ", ".join(v.aliases)
        rows.append(("version", label, v.type, aliases, words.size(v.size), words.moment(v.created_at), v.name))
    return rows


def _levels(group: Group) -> str:
    levels = str(group.level) if group.level == group.last_level else f"{group.level}-{group.last_level}"
    return _loop(levels, group.loop)


def _loop(level: str, loop: int | None) -> str:
    return level if loop is None else f"{level} *"


def _kind(group: Group) -> str:
    return f"{group.kind}s" if group.kind else "runs, versions"


def _states(states: dict[str, int]) -> str:
    return next(iter(states)) if len(states) == 1 else ", ".join(f"{n:,} {state}" for state, n in states.items())


def _what(group: Group) -> str:
    more = f", … {group.count - len(group.samples):,} more" if group.count > len(group.samples) else ""
    by = f" by {', '.join(group.made_by)}" if group.made_by else ""
    return ", ".join(group.samples) + more + by
