"""Every query file keeps its header's promises, on a real server."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from lineage_graph import queries
from lineage_graph.errors import ParameterWrong
from lineage_graph.graph import Graph
from lineage_graph.queries import TYPES, UNBOUNDED, WRITING_AREAS, Query
from tests import worlds

ALL = sorted(queries.QUERIES.values(), key=lambda q: q.name)
ASKED = [q for q in ALL if not q.name.startswith("schema/")]
READ = [q for q in ALL if q.access == "read"]
WALKS = [q for q in ALL if UNBOUNDED in q.text]
# Each lists ways where a walk must find nodes: as many as there are, which is without bound.
WAYS = ("VarLengthExpand(All)", "VarLengthExpand(Into)", "Repeat", "StatefulShortestPath")
WRITES = ("Create", "Merge", "Set", "Delete", "DetachDelete", "Remove", "Foreach", "LoadCSV", "LockingMerge")
COLUMN_TYPES = {*TYPES, "NODE", "RELATIONSHIP", "PATH"}

every = pytest.mark.parametrize("query", ALL, ids=lambda q: q.name)
every_asked = pytest.mark.parametrize("query", ASKED, ids=lambda q: q.name)
every_read = pytest.mark.parametrize("query", READ, ids=lambda q: q.name)
every_walk = pytest.mark.parametrize("query", WALKS, ids=lambda q: q.name)


def operators(plan: dict[str, Any]) -> set[str]:
    """The names of a plan's operators."""
    return {str(plan["operatorType"]).partition("@")[0]}.union(*(operators(c) for c in plan.get("children", [])))


def explained(graph: Graph, query: Query) -> tuple[list[str], set[str]]:
    keys, plan = graph.explain(query, dict.fromkeys(query.parameters))
    return keys, operators(plan)


def value_of(graph: Graph, literal: str) -> Any:
    """What the server reads in a literal."""
    text = f"// What is it?\n//\n// Columns\n//   value  MAP  it\nRETURN {literal} AS value"
    return graph.read(queries.parse("lineage/a_test", "a test", text))[0]["value"]


# ── headers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@every
def test_the_first_line_is_a_question(query: Query) -> None:
    first = query.text.splitlines()[0]
    assert re.fullmatch(r"// [A-Z][^?]*\?", first) and query.question == first[3:]


@every
def test_the_header_is_whole(query: Query) -> None:
    assert all(p.meaning and p.type in TYPES for p in query.parameters.values())
    assert all(c.meaning and c.type in COLUMN_TYPES for c in query.columns)
    assert len({c.name for c in query.columns}) == len(query.columns)
    assert query.draw is None or queries.get(query.draw).access == "read"
    assert set(query.tries) <= set(query.parameters)


@every
def test_what_is_declared_is_what_is_used(query: Query) -> None:
    code = "\n".join(line for line in query.text.splitlines() if not line.lstrip().startswith("//"))
    assert set(re.findall(r"\$(\w+)", code)) == set(query.parameters)


# ── plans ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@every_asked
def test_the_server_gives_the_columns_that_are_declared(graph: Graph, query: Query) -> None:
    graph._ensure_schema()
    keys, found = explained(graph, query)
    assert keys == [c.name for c in query.columns]
    for operator in query.plan:
        assert any(f.startswith(operator) for f in found), f"no {operator} among {sorted(found)}"
    assert not [f for f in found if f.startswith(WAYS)]
    assert "AllNodesScan" not in found


@every_read
def test_a_question_writes_nothing(graph: Graph, query: Query) -> None:
    assert query.name.split("/")[0] not in WRITING_AREAS
    _, found = explained(graph, query)
    assert not [f for f in found if f.startswith(WRITES)]


def test_the_walks_are_those_there_should_be() -> None:
    assert {"lineage/closure", "lineage/upstream", "lineage/downstream"} <= {q.name for q in WALKS}
    assert all(any(p.startswith("VarLengthExpand(Pruning,BFS") for p in q.plan) for q in WALKS)


@every_walk
@pytest.mark.parametrize("depth", [0, 1, 2, 3, 4, 5, 64, 1000])
def test_a_bounded_variant_keeps_the_promises(graph: Graph, query: Query, depth: int) -> None:
    bounded = query.bounded(depth)
    bound = int(re.findall(r"\*0\.\.(\d+)\]", bounded.text)[0])
    assert bound >= max(depth, 2) and (bound & (bound - 1)) == 0 and bound < 2 * max(depth, 2)
    assert bounded.text.replace(f"*0..{bound}]", UNBOUNDED) == query.text
    keys, found = explained(graph, bounded)
    assert keys == [c.name for c in query.columns]
    assert all(any(f.startswith(operator) for f in found) for operator in query.plan)
    assert not [f for f in found if f.startswith(WAYS)]


def test_no_bound_leaves_a_text_as_it_is() -> None:
    for query in ALL:
        assert query.bounded(None) is query
    assert queries.get("lineage/producers").bounded(3) is queries.get("lineage/producers")


# ── pasting ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def pasted(graph: Graph, text: str) -> tuple[dict[str, Any], str]:
    """What Neo4j Browser makes of a pasted text: its parameters, and the statement."""
    values = {}
    rest = text
    while match := re.match(r":param (\w+) => (.*);\n", rest):
        values[match[1]] = value_of(graph, match[2])
        rest = rest[match.end() :]
    return values, rest


@every_read
def test_what_is_pasted_runs(graph: Graph, query: Query) -> None:
    values, statement = pasted(graph, query.paste())
    assert set(values) == set(query.parameters) and statement == query.text.strip()
    given = {name: values[name] for name in query.parameters}
    graph.read(query, **given)


VALUES: list[Any] = ["it's", 'a "b"', "back\\slash \\' end\\", "é 日 🙂", "//", "", None, True, 3, -2, 1.5, [1, "a'b", [None]]]


@pytest.mark.parametrize("value", [*VALUES, "a\nb\r\tc"], ids=repr)
def test_a_value_is_pasted_as_it_is(graph: Graph, value: Any) -> None:
    values, _ = pasted(graph, queries.get("lineage/version").paste(version=value))
    assert values == {"version": value}


def test_a_browser_address_opens_the_question_that_answers(graph: Graph, project: str) -> None:
    worlds.record(graph, project, worlds.diamond())
    version = f"{project}/report:v0"
    query = queries.get("lineage/producers")
    address = urlsplit(query.browser_url("http://127.0.0.1:7474/", version=version, as_of=None))
    assert (address.netloc, address.path) == ("127.0.0.1:7474", "/browser/")
    filled = parse_qs(address.query)
    assert filled["cmd"] == ["edit"]
    values, statement = pasted(graph, filled["arg"][0])
    assert values == {"version": version, "as_of": None} and statement == query.text.strip()
    [row] = graph.read(query, **values)
    assert row["run"]["id"] == "join"


# ── parameters ────────────────────────────────────────────────────────────────────────────────────────────────────────

RIGHT: dict[str, list[Any]] = {
    "STRING": ["a", None],
    "INTEGER": [3, None],
    "LIST": [[1], (1, 2), None],
    "MAP": [{"a": 1}, None],
    "BOOLEAN": [True, None],
    "FLOAT": [1.5, 1, None],
}
WRONG: dict[str, list[Any]] = {
    "STRING": [1, True, ["a"], b"a"],
    "INTEGER": ["3", 1.5, True],
    "LIST": ["ab", {"a": 1}, 1],
    "MAP": [[1], "a"],
    "BOOLEAN": [1, "true"],
    "FLOAT": ["1.5", True],
}


@every_asked
def test_parameters_are_checked_by_name_and_type(query: Query) -> None:
    nothing = dict.fromkeys(query.parameters)
    query.check(nothing)
    with pytest.raises(ParameterWrong, match=r"no parameter \$other"):
        query.check({**nothing, "other": 1})
    for name, declared in query.parameters.items():
        with pytest.raises(ParameterWrong, match=rf"\${name} .*is missing"):
            query.check({k: v for k, v in nothing.items() if k != name})
        for value in RIGHT[declared.type]:
            query.check(nothing | {name: value})
        for value in WRONG[declared.type]:
            with pytest.raises(ParameterWrong, match=rf"\${name} is {declared.type}, not") as refused:
                query.check(nothing | {name: value})
            assert query.name in str(refused.value)
