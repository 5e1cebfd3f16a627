"""What two things do not share, as lines: `-` only in the first, `+` only in the second, `~` in both and not the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from lineage_graph.answers.changes import Change
from lineage_graph.answers.diff import Counted, Diff, FileChange, GivenChange, Nodes, Side
from lineage_graph.answers.why import Cause, CauseKind, Link, Why
from lineage_graph.formats import words
from lineage_graph.formats.json import compact
from lineage_graph.formats.tree import run_line, version_line
from lineage_graph.models import Truncated

LINES = 20  # of each section
LINKS = 12  # of a chain
LONG = 120  # a value is cut here
SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
MEANING: dict[CauseKind, str] = {
    "input": "the input differs",
    "code": "the code differs",
    "config": "the config differs",
    "command": "the command line differs",
    "environment": "the environment differs",
    "no producer": "nothing is recorded of how one of them was made",
    "same run": "one run logged both",
    "not deterministic": "everything recorded is the same, and the result is not",
    "loop": "both lead back to themselves, with no other difference",
}


def diff_lines(diff: Diff) -> Iterator[Text]:
    """A Diff, counts first."""
    yield Text(f"{_side(diff.a)} → {_side(diff.b)}", style="bold")
    if diff.a.kind == "version" and (diff.a.run or diff.b.run):
        yield Text(f"made by {diff.a.run or 'no run'} → {diff.b.run or 'no run'}", style="dim")
    yield Text(f"upstream: {_counted(diff.only_a.counts)} only of the first, {_counted(diff.only_b.counts)} only of the second,"
               f" {_counted(diff.both.counts)} of both")  # fmt: skip
    if not diff.differ:
        yield Text("nothing differs")
    yield from _section("inputs", map(_given_line, diff.inputs))
    yield from _section("outputs", map(_given_line, diff.outputs))
    for title in ("config", "code", "command", "environment", "metadata"):
        yield from _section(title, map(change_line, getattr(diff, title)))
    if diff.files is not None:
        yield from _section("files", map(_file_line, diff.files.changes))
        if diff.files.problem is not None:
            yield from _section("files", [Text(f"? not compared: {words.printable(diff.files.problem)}", style="yellow")])
    yield from _section(
        "artifacts upstream with other versions",
        (_sign("changed", f"{r.artifact}  {_numbers(r.a)} → {_numbers(r.b)}") for r in diff.replaced),
    )
    yield from _section("only upstream of the first", _nodes(diff.only_a, "removed"))
    yield from _section("only upstream of the second", _nodes(diff.only_b, "added"))
    yield from _section("upstream of both", _nodes(diff.both, None))
    if diff.truncated is not None:
        yield Text()
        yield _more(diff.truncated, "runs and versions")


def why_lines(why: Why) -> Iterator[Text]:
    """A Why: the first cause in full, then the others."""
    yield Text(f"{why.a} → {why.b}", style="bold")
    if why.same:
        yield Text("there is nothing to explain: they are the same")
        return
    before: Cause | None = None
    for cause in why.causes:
        yield Text()
        yield Text(f"{'also' if before else 'first'}: {MEANING[cause.kind]}", style="yellow" if before else "bold yellow")
        if before is None or cause.chain != before.chain:
            yield from _chain(cause.chain)
        yield from _some([*map(change_line, cause.changes), *map(_given_line, cause.inputs)], "    ")
        before = cause
    yield Text()
    yield Text(f"{words.counted(len(why.causes), 'cause')}, {words.counted(why.pairs, 'pair')} compared")
    if why.truncated is not None:
        yield _more(why.truncated, "causes")


def change_line(change: Change) -> Text:
    """'~ lr  0.1 → 0.2'."""
    values = {"added": f"{_value(change.b)}", "removed": f"{_value(change.a)}"}
    shown = values.get(change.change, f"{_value(change.a)} → {_value(change.b)}")
    return _sign(change.change, f"{words.printable(change.key)}  {shown}")


def _chain(chain: Sequence[Link]) -> Iterator[Text]:
    links: list[Link | None] = list(chain)
    if len(links) > LINKS:
        links[LINKS // 2 : -LINKS // 2] = [None]
    for i, link in enumerate(links):
        indent = f"  {'  ' * min(i, LINKS)}{'└ ' if i else ''}"
        if link is None:
            yield Text(f"{indent}… {len(chain) - len(links) + 1:,} more pairs", style="dim")
            continue
        role = f"  as {words.printable(link.used_as)}" if link.used_as else ""
        digests = f"  {words.digest(link.a_digest)} → {words.digest(link.b_digest)}" if link.a_digest and link.b_digest else ""
        yield Text.assemble(
            indent, (f"{link.a} → {link.b}", "cyan" if link.kind == "version" else "magenta"), role, (digests, "dim")
        )


def _more(why: Truncated, what: str) -> Text:
    return Text(f"no more than {why.limit:,} {what} are listed; --after {why.cursor} goes on")


def _section(title: str, lines: Iterable[Text]) -> Iterator[Text]:
    listed = list(lines)
    if listed:
        yield Text(f"\n{title}", style="bold")
        yield from _some(listed, "  ")


def _some(lines: Sequence[Text], indent: str) -> Iterator[Text]:
    for line in lines[:LINES]:
        yield Text.assemble(indent, line)
    if len(lines) > LINES:
        yield Text(f"{indent}… and {len(lines) - LINES:,} more: `--format json` has them all", style="dim")


def _side(side: Side) -> str:
    return f"{side.name} at {words.moment(side.as_of)}" if side.as_of else side.name


def _counted(counts: Counted) -> str:
    return f"{words.counted(counts.versions, 'version')} and {words.counted(counts.runs, 'run')}"


def _numbers(names: Sequence[str]) -> str:
    shown = ", ".join(name.rpartition(":")[2] for name in names[:5])
    return f"{shown}, … {len(names) - 5:,} more" if len(names) > 5 else shown


def _nodes(nodes: Nodes, change: str | None) -> Iterator[Text]:
    listed = [(v.depth, v.name, version_line(v)) for v in nodes.versions] + [(r.depth, r.name, run_line(r)) for r in nodes.runs]
    for _, _, line in sorted(listed, key=lambda node: node[:2]):
        yield Text.assemble(SIGNS[change] if change else ("·", "dim"), " ", line)


def _given_line(change: GivenChange) -> Text:
    old, new = change.a, change.b
    roles = [f" as {words.printable(given.used_as)}" if given and given.used_as else "" for given in (old, new)]
    if old is None or new is None:
        return _sign(change.change, f"{(old or new).name}{roles[old is None]}")  # type: ignore[union-attr]
    short = new.name.rpartition(":")[2] if new.name.rpartition(":")[0] == change.artifact else new.name
    if roles[0] == roles[1]:
        return _sign(change.change, f"{old.name} → {short}{roles[1]}")
    return _sign(change.change, f"{old.name}{roles[0] or ' without a role'} → {short}{roles[1] or ' without a role'}")


def _file_line(change: FileChange) -> Text:
    facts = [
        f"{words.size(size)} {words.digest(digest)}".strip() if digest else ""
        for size, digest in ((change.a_size, change.a_digest), (change.b_size, change.b_digest))
    ]
    return _sign(change.change, f"{words.printable(change.path)}  {' → '.join(filter(None, facts))}")


def _sign(change: str, text: str) -> Text:
    sign, style = SIGNS[change]
    return Text.assemble((f"{sign} ", style), text)


def _value(value: object) -> str:
    text = words.printable(value if isinstance(value, str) else compact(value))
    return text if len(text) <= LONG else f"{text[:LONG]}…"
