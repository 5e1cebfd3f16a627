"""A walk as a tree: versions and runs in turn, each node opened once, then referred to as `… (above)`.

1. Home is the root; a child is one edge further from it.
2. A node has one place: where it is met first, reading downwards. Met again it is one line, so lines are at most edges + 1.
3. A large walk is opened as far as `LINES` lines allow, the nearest nodes first; what is not opened ends in `…`.
4. The last line always counts the whole walk; where not all of it is drawn, the line before says so and what to do.
Nothing here recurses, so a chain of any length is drawn.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from io import StringIO

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from lineage_graph.answers.audit import Audit
from lineage_graph.answers.verification import Trail
from lineage_graph.formats import words
from lineage_graph.models import Lineage, RunNode, VersionNode

LINES = 2_000
LEVELS = 60
CHILDREN = 200
WIDE = 100_000
STATES = {"finished": "green", "failed": "red", "crashed": "red", "killed": "red", "running": "yellow"}


@dataclass(frozen=True)
class Drawn:
    """A tree to print. hidden: how many runs and versions it leaves out."""

    tree: Tree
    hidden: int
    counts: str
    cut: str | None = None

    @property
    def notes(self) -> list[str]:
        """What stands below the tree: what is left out, and the counts of the whole walk."""
        left_out = (
            f"{self.hidden:,} of these are not drawn: `--format table` lists all, `--format json` has the edges too,"
            " `--depth N` looks less far"
        )
        return [*([left_out] if self.hidden else []), *([self.cut] if self.cut else []), self.counts]


def counts(lineage: Lineage) -> str:
    """'3 versions, 2 runs, 4 edges': each thing once, home among them."""
    return ", ".join(
        words.counted(len(things), one)
        for things, one in ((lineage.versions, "version"), (lineage.runs, "run"), (lineage.edges, "edge"))
    )


def cut(answer: Lineage | Audit | Trail) -> str | None:
    """What to say of an answer that is not whole; None for one that is."""
    if answer.truncated is None:
        return None
    why = answer.truncated
    ended = f"limit of {why.limit:,}" if why.reason == "limit" else f"time of {why.limit:g} s"
    return f"the answer ends at its {ended}: there is more than is counted here; --after {why.cursor} goes on"


def version_line(version: VersionNode) -> Text:
    """A version in one line: name, type, aliases, short digest, size."""
    aliases = ", ".join(map(words.printable, version.aliases))
    return _line(
        (version.name, "bold cyan"),
        (words.printable(version.type), ""),
        (aliases, "green"),
        (words.digest(version.digest), "dim"),
        (words.size(version.size), "dim"),
    )


def run_line(run: RunNode) -> Text:
    """A run in one line: readable name, job type, state, how long it took, full name."""
    return _line(
        (words.printable(run.name), "bold magenta"),
        (words.printable(run.job_type or run.step or "run"), ""),
        (run.state, STATES.get(run.state, "")),
        (words.took(run.started_at, run.ended_at), "dim"),
        (run.full_name, "dim"),
    )


def _line(*parts: tuple[str, str]) -> Text:
    line = Text("  ").join(Text(text, style) for text, style in parts if text)
    line.no_wrap = True
    return line


def draw(lineage: Lineage) -> Drawn:
    """The tree of an upstream or downstream walk."""
    children = _children(lineage)
    nodes: dict[str, RunNode | VersionNode] = {run.uid: run for run in lineage.runs}
    nodes |= {version.uid: version for version in lineage.versions}
    home = next((n for n in nodes.values() if n.depth == 0), None)
    limit = _levels_to_open(nodes, children)
    tree = Tree(_node_line(home) if home else _elsewhere(lineage), guide_style="dim")
    opened: set[str] = set()
    first = [home.uid] if home else _unled(nodes, children)[:CHILDREN]
    drawn = set(first)
    # Each step takes the next line to write: last in, first out is reading order.
    stack: list[tuple[Tree, str, int]] = [(tree, uid, 0 if home else 1) for uid in reversed(first)]
    while stack:
        branch, uid, level = stack.pop()
        if level > 0:
            branch = branch.add(_child_line(nodes[uid], uid in opened))
        if uid in opened or not children[uid]:
            opened.add(uid)
            continue
        if nodes[uid].depth >= limit or level >= LEVELS:
            branch.label = Text.assemble(branch.label, "  …")  # type: ignore[arg-type]
            continue
        opened.add(uid)
        shown = list(children[uid])[:CHILDREN]
        if len(shown) < len(children[uid]):
            branch.label = Text.assemble(branch.label, f"  … and {len(children[uid]) - len(shown):,} more")  # type: ignore[arg-type]
        drawn.update(shown)
        stack.extend((branch, child, level + 1) for child in reversed(shown))
    return Drawn(tree, len(nodes) - len(drawn), counts(lineage), cut(lineage))


def write(lineage: Lineage) -> str:
    """The tree of a walk and its notes as the text of a file: no colours, nothing wrapped."""
    drawn = draw(lineage)
    text = StringIO()
    Console(file=text, width=WIDE, highlight=False, markup=False, emoji=False, soft_wrap=True, no_color=True).print(drawn.tree)
    return "\n".join([text.getvalue(), *map(words.printable, drawn.notes)]) + "\n"


def _elsewhere(lineage: Lineage) -> Text:
    return Text(f"{lineage.home}  … (on an earlier page)", style="dim", no_wrap=True)


def _unled(nodes: dict[str, RunNode | VersionNode], children: dict[str, dict[str, None]]) -> list[str]:
    """Where a page without home begins: what no other node of it leads to, the nearest first."""
    led = {uid for after in children.values() for uid in after}
    return sorted((uid for uid in nodes if uid not in led), key=lambda uid: (nodes[uid].depth, nodes[uid].name))


def _node_line(node: RunNode | VersionNode) -> Text:
    return run_line(node) if isinstance(node, RunNode) else version_line(node)


def _child_line(node: RunNode | VersionNode, again: bool) -> Text:
    if not again:
        return _node_line(node)
    name = words.printable(node.name)
    return Text(f"{name}  … (above)", style="dim", no_wrap=True)


def _children(lineage: Lineage) -> dict[str, dict[str, None]]:
    """For each node the next ones away from home, each once, in order of time."""
    upstream = lineage.direction == "upstream"
    here = {run.uid for run in lineage.runs} | {
        version.uid for version in lineage.versions
    }  # an answer that is cut may end in the middle of an edge
    children: dict[str, dict[str, None]] = defaultdict(dict)
    for edge in lineage.edges:
        near, far = (edge.run, edge.version) if (edge.kind == "used") == upstream else (edge.version, edge.run)
        if near in here and far in here:
            children[near][far] = None
    return children


def _levels_to_open(nodes: dict[str, RunNode | VersionNode], children: dict[str, dict[str, None]]) -> int:
    """The depth from which on nodes stay closed, so that the tree has about `LINES` lines at most."""
    lines: dict[int, int] = defaultdict(int)
    for uid, node in nodes.items():
        lines[node.depth] += min(len(children[uid]), CHILDREN)
    total = 0
    for depth in sorted(lines):
        total += lines[depth]
        if total > LINES or depth >= LEVELS:
            return depth
    return max(lines, default=0) + 1
