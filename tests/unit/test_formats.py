"""Answers as text, without a graph."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from rich.console import Console

from lineage_graph.events import RunStarted
from lineage_graph.formats import jsonl, table, tree, words
from lineage_graph.formats.json import compact, steady
from lineage_graph.journal import parse_line, seal
from lineage_graph.models import Lineage

AT = datetime(2026, 1, 5, 8, tzinfo=UTC)


def walk(edges: list[tuple[str, str, str]], home: str = "v0", direction: str = "upstream") -> Lineage:
    """A Lineage from (kind, run, version) edges; names beginning with r are runs."""
    near: dict[str, list[str]] = {}
    for kind, run, version in edges:
        a, b = (run, version) if (kind == "used") == (direction == "upstream") else (version, run)
        near.setdefault(a, []).append(b)
    depth, ring = {home: 0}, [home]
    while ring:
        ring = [b for a in ring for b in near.get(a, []) if b not in depth and depth.setdefault(b, depth[a] + 1)]
    runs = [
        {"uid": u, "id": u, "name": f"name-{u}", "project": "p", "job_type": "train", "step": None, "state": "finished",
         "started_at": AT, "ended_at": AT + timedelta(seconds=61), "author": None, "source_id": None, "depth": d}
        for u, d in depth.items() if u.startswith("r")
    ]  # fmt: skip
    versions = [
        {"uid": u, "name": f"p/{u}:v0", "type": "dataset", "digest": "sha256:0123456789abcdef", "size": 1200, "created_at": AT,
         "aliases": ("latest",), "source_id": None, "depth": d}
        for u, d in depth.items() if u.startswith("v")
    ]  # fmt: skip
    lines = [{"kind": k, "run": r, "version": v, "at": AT} for k, r, v in edges]
    return Lineage.model_validate(
        {
            "home": f"p/{home}:v0",
            "direction": direction,
            "as_of": None,
            "known_at": None,
            "runs": runs,
            "versions": versions,
            "edges": lines,
        }
    )


def drawn(lineage: Lineage) -> list[str]:
    screen = Console(file=io.StringIO(), width=100_000, highlight=False, soft_wrap=True)
    result = tree.draw(lineage)
    screen.print(result.tree)
    assert isinstance(screen.file, io.StringIO)
    return [*screen.file.getvalue().splitlines(), *result.notes]


DIAMOND = [
    ("logged", "r0", "v0"),
    ("used", "r0", "v1"),
    ("used", "r0", "v2"),
    ("logged", "r1", "v1"),
    ("logged", "r1", "v2"),
    ("used", "r1", "v3"),
]


def test_a_diamond() -> None:
    assert drawn(walk(DIAMOND)) == [
        "p/v0:v0  dataset  latest  01234567  1.2 kB",
        "└── name-r0  train  finished  1 min 1 s  p/runs/r0",
        "    ├── p/v1:v0  dataset  latest  01234567  1.2 kB",
        "    │   └── name-r1  train  finished  1 min 1 s  p/runs/r1",
        "    │       └── p/v3:v0  dataset  latest  01234567  1.2 kB",
        "    └── p/v2:v0  dataset  latest  01234567  1.2 kB",
        "        └── name-r1  … (above)",
        "4 versions, 2 runs, 6 edges",
    ]


def test_downstream_reads_the_other_way() -> None:
    lines = drawn(walk(DIAMOND, "v3", "downstream"))
    assert lines[0].startswith("p/v3:v0") and lines[-1] == "4 versions, 2 runs, 6 edges"
    assert sum("… (above)" in line for line in lines) == 1 and len(lines) == 8


def test_a_loop_ends() -> None:
    lines = drawn(walk([("logged", "r0", "v0"), ("used", "r0", "v0")]))
    assert lines[2].strip() == "└── p/v0:v0  … (above)" and lines[-1] == "1 version, 1 run, 2 edges"


def test_home_alone() -> None:
    assert drawn(walk([])) == ["p/v0:v0  dataset  latest  01234567  1.2 kB", "1 version, 0 runs, 0 edges"]


def test_a_chain_of_ten_thousand_runs_is_counted_and_partly_drawn() -> None:
    edges = [e for n in range(10_000) for e in (("logged", f"r{n}", f"v{n}"), ("used", f"r{n}", f"v{n + 1}"))]
    lines = drawn(walk(edges))
    assert lines[-1] == "10,001 versions, 10,000 runs, 20,000 edges"
    assert lines[-2].startswith("19,940 of these are not drawn: `--format table` lists all")
    assert len(lines) == tree.LEVELS + 3 and lines[-3].endswith("…")


@pytest.mark.parametrize("layers", [3, 30, 5_000])
def test_a_ladder_has_a_line_an_edge_not_a_path(layers: int) -> None:
    edges = []
    for n in range(layers):
        for side in "ab":
            edges.append(("logged", f"r{n}{side}", f"v{n}{side}"))
            edges += [("used", f"r{n}{side}", f"v{n + 1}{other}") for other in "ab"]
    lines = drawn(walk(edges, "v0a"))
    assert len(lines) <= min(len(edges), tree.LINES) + 4
    if layers == 3:
        assert lines[-1] == f"7 versions, 5 runs, {len(edges)} edges" and "not drawn" not in lines[-2]


def test_a_hub_says_how_many_more() -> None:
    edges = [("used", f"r{n}", "v0") for n in range(10_000)]
    lines = drawn(walk(edges, "v0", "downstream"))
    assert lines[0].endswith("… and 9,800 more") and len(lines) == 1 + tree.CHILDREN + 2
    assert lines[-2].startswith("9,800 of these are not drawn")


def test_a_long_way_round_to_a_near_node() -> None:
    """Depth first meets a node on its longest way; the tree stays within its levels all the same."""
    chain = [e for n in range(300) for e in (("logged", f"r{n}", f"v{n}"), ("used", f"r{n}", f"v{n + 1}"))]
    short = [("logged", "rs", "v0"), *(("used", "rs", f"v{n}") for n in range(1, 301))]
    lines = drawn(walk(chain + short))
    assert len(lines) <= tree.LINES + 3 and max(len(line) - len(line.lstrip(" │├└─")) for line in lines) <= 4 * tree.LEVELS


def test_an_answer_that_is_cut_says_so() -> None:
    whole = walk(DIAMOND)
    some = {"versions": whole.versions[:2], "truncated": {"reason": "limit", "limit": 4, "cursor": "x"}}
    lines = drawn(Lineage.model_validate(whole.model_dump() | some))
    assert "limit of 4" in lines[-2] and lines[-1] == "2 versions, 2 runs, 6 edges"


def test_a_page_without_home_begins_where_nothing_leads() -> None:
    whole = walk(DIAMOND)
    page = whole.model_copy(update={"runs": whole.runs[1:], "versions": whole.versions[1:]})
    assert drawn(page) == [
        "p/v0:v0  … (on an earlier page)",
        "├── p/v1:v0  dataset  latest  01234567  1.2 kB",
        "│   └── name-r1  train  finished  1 min 1 s  p/runs/r1",
        "│       └── p/v3:v0  dataset  latest  01234567  1.2 kB",
        "└── p/v2:v0  dataset  latest  01234567  1.2 kB",
        "    └── name-r1  … (above)",
        "3 versions, 1 run, 6 edges",
    ]
    nothing = whole.model_copy(update={"runs": (), "versions": (), "edges": ()})
    assert drawn(nothing) == ["p/v0:v0  … (on an earlier page)", "0 versions, 0 runs, 0 edges"]
    assert tree.write(whole).splitlines()[0] == drawn(whole)[0] and tree.write(whole).endswith(
        "\n4 versions, 2 runs, 6 edges\n"
    )


def test_names_cannot_drive_the_terminal() -> None:
    lineage = walk(DIAMOND)
    run = lineage.runs[0].model_copy(update={"name": "a\x1b[31m\nb[bold]c", "job_type": ":smile:"})
    text = "\n".join(drawn(lineage.model_copy(update={"runs": (run, *lineage.runs[1:])})))
    assert "\x1b" not in text and "a\\x1b[31m\\nb[bold]c" in text and ":smile:" in text
    assert "\x1b" not in "".join(table.lines(["a"], [["\x1b[31m"]]))


def test_a_table_has_a_row_a_node_the_nearest_first() -> None:
    rows = table.walk_rows(walk(DIAMOND))
    assert [int(row[0]) for row in rows] == sorted(int(row[0]) for row in rows) and len(rows) == 6
    lines = list(table.lines(table.WALK, rows))
    assert (
        len(lines) == 7 and lines[0].split()[:3] == ["depth", "kind", "name"] and not any(line.endswith(" ") for line in lines)
    )
    starts = {line.index(kind) for line in lines[1:] for kind in ("version", "run") if f" {kind} " in line}
    assert starts == {lines[0].index("kind")}


def test_columns_are_aligned_by_what_is_seen() -> None:
    wide, plain = table.lines(["a", "b"], [["日本", "x"]])
    assert wide == "a     b" and plain == "日本  x"
    assert table.query_rows(["a", "b"], [{"b": [1, {"c": None}], "a": None}]) == [("", '[1,{"c":null}]')]


def test_words() -> None:
    assert [words.size(n) for n in (None, 0, 1, 1200, 10**9)] == ["", "0 bytes", "1 byte", "1.2 kB", "1.0 GB"]
    spans = [0.04, 59.9, 59.96, 3599, 3600, 86399, 86400, 10**6]
    said = [words.took(AT, AT + timedelta(seconds=s)) for s in spans]
    assert said == ["0.0 s", "59.9 s", "0 min 59 s", "59 min 59 s", "1 h 0 min", "23 h 59 min", "1 d 0 h", "11 d 13 h"]
    assert words.took(AT, None) == words.took(None, AT) == "" and words.took(AT, AT - timedelta(1)) == "0.0 s"
    assert words.digest("sha256:0123456789") == "01234567" and words.counted(1, "run") == "1 run"
    assert words.moment(AT) == "2026-01-05 08:00:00Z"


def test_json_is_one_line_and_steady() -> None:
    assert compact({"b": 1, "a": [AT, "ü\n"]}) == '{"b":1,"a":["2026-01-05T08:00:00+00:00","ü\\n"]}'
    assert list(steady({"b": {"z": 1, "y": 2}, "a": 1})["b"]) == ["y", "z"]
    lineage = walk(DIAMOND)
    assert Lineage.model_validate_json(compact(lineage)) == lineage


def test_lines_and_entries() -> None:
    uid = "0198d2c4-0000-7000-8000-000000000000"
    entry = seal(uid, 1, "sha256:x", [RunStarted(run="p/runs/a", config={"a": 1})])
    line = entry.line()
    assert jsonl.kind_of(line) == "entries" and jsonl.to_entry(line.rstrip(b"\n")) == entry
    openings = json.dumps(entry.openings)
    assert jsonl.entry_of(entry.body.decode(), entry.hash, openings, "here") == parse_line(line, "here")
    event = jsonl.to_event(jsonl.to_json(b'{"kind": "run_started", "run": "p/runs/a"}'))
    assert jsonl.kind_of(b'{"kind": "run_started"}') == "events" and isinstance(event, RunStarted)
    for bad in (b"[]", b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(ValueError):
            jsonl.to_json(bad)


def test_depths_of_neighbours_differ_by_one() -> None:
    lineage = walk(DIAMOND)
    by_depth = sorted({n.depth for n in (*lineage.runs, *lineage.versions)})
    assert all(b - a == 1 for a, b in pairwise(by_depth))
