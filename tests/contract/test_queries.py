"""Every query file keeps its header's word, on the real server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

from lineage_graph import queries
from lineage_graph.errors import ParameterWrong, QueryBroken, QueryUnknown
from lineage_graph.graph import Graph
from lineage_graph.queries import QUERIES, Query

ALL = [q for q in QUERIES.values() if not q.name.startswith("schema/")]
READS = [q for q in ALL if q.access == "read"]
FORBIDDEN = re.compile(r"VarLengthExpand\((All|Into)\)|^Repeat|StatefulShortestPath|AllNodesScan")
WRITERS = re.compile(r"^(Create|Merge|Set|Delete|DetachDelete|Remove|Foreach|LoadCSV|.*Lock)")
by_name = {"ids": lambda q: q.name}


@pytest.fixture(scope="module", autouse=True)
def _schema(graph: Graph) -> None:
    """Plans are those of a graph with its indexes."""
    graph._ensure_schema()


def operators(plan: Any) -> Iterator[str]:
    """The names of a plan's operators."""
    kind = plan["operatorType"] if isinstance(plan, dict) else plan.operator_type
    yield kind.partition("@")[0]
    for child in (plan.get("children", []) if isinstance(plan, dict) else plan.children) or []:
        yield from operators(child)


def explained(graph: Graph, query: Query) -> tuple[list[str], list[str]]:
    keys, plan = graph.explain(query, dict.fromkeys(query.parameters))
    return keys, list(operators(plan))


@pytest.mark.parametrize("query", ALL, **by_name)
def test_columns_and_plan_are_as_the_header_says(graph: Graph, query: Query) -> None:
    keys, found = explained(graph, query)
    assert keys == [column.name for column in query.columns]
    assert not [name for name in found if FORBIDDEN.match(name)]
    for wanted in query.plan:
        assert any(name.startswith(wanted) for name in found), (wanted, found)
    if "*" in re.sub(r"\{\.\*|count\(\*\)|//.*", "", query.text):
        assert query.plan, "a walk names the operator it needs"


@pytest.mark.parametrize("query", READS, **by_name)
def test_what_reads_does_not_write(graph: Graph, query: Query) -> None:
    assert not [name for name in explained(graph, query)[1] if WRITERS.match(name)]


@pytest.mark.parametrize("query", [q for q in READS if queries.UNBOUNDED in q.text], **by_name)
@pytest.mark.parametrize("depth", [0, 1, 2, 3, 4, 5, 100])
def test_bounded_walks_keep_their_plan(graph: Graph, query: Query, depth: int) -> None:
    bounded = query.bounded(depth)
    bound = int(re.search(r"\*0\.\.(\d+)\]", bounded.text)[1])  # type: ignore[index]
    assert bound >= depth and bound & (bound - 1) == 0
    found = explained(graph, bounded)[1]
    assert any(name.startswith("VarLengthExpand(Pruning,BFS") for name in found)
    assert not [name for name in found if FORBIDDEN.match(name)]


@pytest.mark.parametrize("query", READS, **by_name)
def test_the_header_is_whole(query: Query) -> None:
    assert query.question.endswith("?") and query.question[0].isupper()
    assert all(p.meaning for p in query.parameters.values()) and all(c.meaning for c in query.columns)
    assert set(query.tries) == set(query.parameters)
    if query.draw is not None:
        assert query.draw in QUERIES


@pytest.mark.parametrize("query", READS, **by_name)
def test_what_is_pasted_runs(graph: Graph, query: Query) -> None:
    """`:param` lines and text, as Neo4j Browser takes them apart: the values are Cypher expressions."""
    url = urlparse(query.browser_url("http://127.0.0.1:7474"))
    [pasted] = parse_qs(url.query)["arg"]
    lines = [line for line in pasted.splitlines() if line.startswith(":param ")]
    values = {}
    for line in lines:
        name, _, value = line.removeprefix(":param ").partition(" => ")
        values[name] = json.loads(value.rstrip(";").replace("'", '"'))
    assert set(values) == set(query.parameters)
    assert pasted.endswith(query.text.strip())
    if "uid" not in values:  # those begin at a node that this graph need not have
        graph.read(query, **values)


def test_literals_survive_pasting() -> None:
    query = queries.get("lineage/alias_at")
    pasted = query.paste(artifact="it's", alias="back\\slash", at=None, known_at=None)
    assert ":param artifact => 'it\\'s';" in pasted and ":param alias => 'back\\\\slash';" in pasted
    assert ":param at => null;" in pasted


GOOD = """// What is it?
//
// Parameters
//   $x  STRING  a thing
//
// Columns
//   y  STRING  the same
//
// Try    :param x => 'a'
RETURN $x AS y
"""


def test_a_whole_file_is_loaded() -> None:
    query = queries.parse("lineage/good", "good.cypher", GOOD)
    assert (query.question, list(query.parameters), query.columns[0].name) == ("What is it?", ["x"], "y")


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (GOOD.replace("// What is it?", "// What it is."), "question"),
        (GOOD.replace("RETURN $x", "RETURN $z"), r"\$z is used but not declared"),
        (GOOD.replace("RETURN $x", "RETURN 1"), r"\$x is declared but not used"),
        (GOOD.replace("RETURN $x AS y", "MERGE (n:N {x: $x}) RETURN n.x AS y"), "it writes"),
        (GOOD.replace("RETURN $x AS y", "match (n {x: $x}) detach delete n return 1 AS y"), "it writes"),
        (GOOD.replace("// Columns\n//   y  STRING  the same\n", ""), "no columns"),
        (GOOD.replace("// Try    :param x => 'a'\n", ""), "no ':param' line"),
        (GOOD.replace("RETURN", "MATCH (a)-[:A*0..]->()-[:B*0..]->() RETURN"), r"more than one '\*0\.\.'"),
        (GOOD.replace("//   $x  STRING  a thing", "//   whatever"), "is not 'name TYPE meaning'"),
        (GOOD.replace(":param x => 'a'", ":param x"), "is not ':param name => value'"),
        ("RETURN 1", "question"),
    ],
)
def test_a_file_that_breaks_its_header_is_refused_by_name(broken: str, why: str) -> None:
    with pytest.raises(QueryBroken, match=why) as refused:
        queries.parse("lineage/broken", "cypher/lineage/broken.cypher", broken)
    assert str(refused.value).startswith("cypher/lineage/broken.cypher: ")


def test_parameters_are_checked_before_they_are_sent(graph: Graph) -> None:
    query = queries.parse("lineage/good", "good.cypher", GOOD)
    with pytest.raises(ParameterWrong, match=r"\$x .* is missing"):
        graph.read(query)
    with pytest.raises(ParameterWrong, match=r"no parameter \$q; it takes \$x"):
        graph.read(query, x="a", q=1)
    with pytest.raises(ParameterWrong, match=r"\$x is STRING, not 3"):
        graph.read(query, x=3)
    assert graph.read(query, x=None) == [{"y": None}]
    assert graph.read(query, x="a") == [{"y": "a"}]


def test_an_unknown_query_is_met_with_the_nearest() -> None:
    with pytest.raises(QueryUnknown, match="did you mean 'lineage/upstream'"):
        queries.get("lineage/upstraem")


def test_the_areas_are_there() -> None:
    assert {"schema", "record", "lineage"} <= {name.split("/")[0] for name in QUERIES}


def test_the_schema_can_be_made_again(graph: Graph) -> None:
    before = constraints(graph)
    graph._schema.clear()
    graph._ensure_schema()
    assert constraints(graph) == before
    assert len(before) == len(queries.get("schema/constraints").statements)


def constraints(graph: Graph) -> set[str]:
    with graph._driver.session(database=graph.database) as session:
        return {r["name"] for r in session.run("SHOW CONSTRAINTS YIELD name, type WHERE type <> 'LOOKUP' RETURN name")}
