"""Every query file that reads runs as it is: its own values, a plain Bolt session, nothing of this package in between."""

from __future__ import annotations

from collections.abc import Iterator

import neo4j
import pytest

from lineage_graph import queries
from lineage_graph.queries import Query
from tests.conftest import Address
from tests.demo.demonstration import Demonstration

READ = sorted((q for q in queries.QUERIES.values() if q.access == "read"), key=lambda q: q.name)
# The demonstration does nothing of this: it has no dirty tree, no refusal, no erasure, no question, no version from outside,
# no open run, …
NOTHING_TO_FIND = {
    "audit/alias_uses_that_moved",
    "audit/dirty_runs",
    "audit/erasures",
    "audit/mirror_is_whole",
    "audit/numbers_are_whole",
    "audit/questions",
    "audit/rejections",
    "audit/runs_never_finished",
    "audit/same_content",
    "audit/versions_without_producer",
}


@pytest.fixture(scope="module")
def session(demonstration: Demonstration, address: Address) -> Iterator[neo4j.Session]:
    with neo4j.GraphDatabase.driver(address.uri, auth=(address.user, address.password)) as driver, driver.session() as opened:
        yield opened


@pytest.mark.parametrize("query", READ, ids=lambda q: q.name)
def test_a_file_runs_as_it_is(session: neo4j.Session, query: Query) -> None:
    values = {name: session.run(f"RETURN {value} AS value").single(strict=True)["value"] for name, value in query.tries.items()}
    result = session.run(neo4j.Query(query.text, timeout=60), values)
    assert list(result.keys()) == [column.name for column in query.columns]
    rows = [row.data() for row in result]
    if query.name.startswith("audit/"):
        assert rows or query.name in NOTHING_TO_FIND
        assert all(value is None or isinstance(value, str | int) for row in rows for value in row.values())


def test_what_the_demonstration_says_of_itself(session: neo4j.Session) -> None:
    def ask(name: str, column: str) -> set[object]:
        query = queries.get(f"audit/{name}")
        values = {key: session.run(f"RETURN {value} AS v").single(strict=True)["v"] for key, value in query.tries.items()}
        return {row[column] for row in session.run(query.text, values)}

    assert {"logged", "used", "alias moved here"} <= ask("who_touched", "what")
    assert {"digits/report:v0", "digits/runs/evaluate"} <= ask("made_from", "name")
    assert ask("models_resting_on", "alias") == {"best"} and len(ask("alias_history", "version")) == 1
    assert "digits/digits-raw:v0" in ask("brought_in_by", "version")
