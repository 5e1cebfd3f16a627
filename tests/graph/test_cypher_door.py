"""The door for a person's own Cypher: what only reads is answered, nothing else is run, and all of it is in the record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage_graph import queries
from lineage_graph.answers.table import Table
from lineage_graph.canonical import digest_of
from lineage_graph.errors import (
    JournalProblem,
    LineageError,
    NotJson,
    ParameterWrong,
    SettingWrong,
    StatementRefused,
    TimeRanOut,
)
from lineage_graph.graph import Graph
from lineage_graph.lineage.allowed import must_only_read, must_read
from lineage_graph.recording.connection import LineageGraph
from lineage_graph.recording.recorder import LineageWarning, Recorder
from lineage_graph.settings import Settings
from tests import worlds
from tests.conftest import Address

PROJECT = f"t{uuid4().hex[:12]}"
RUN = "MATCH (r:Run {project: 'PROJECT'})"
HOSTILE: list[tuple[str, str]] = [
    # writes, in every form there is
    ("CREATE (:Hostile)", "begins with CREATE"),
    ("create (n:Hostile) return n", "begins with CREATE"),
    ("MERGE (n:Hostile) RETURN n", "begins with MERGE"),
    ("INSERT (:Hostile)", "begins with INSERT"),
    ("FOREACH (x IN [1] | CREATE (:Hostile))", "begins with FOREACH"),
    (f"{RUN} SET r.name = 'x' RETURN r", "operator Set"),
    (f"{RUN} SET r += {{name: 'x'}}", "operator Set"),
    (f"{RUN} SET r = {{}}", "operator Set"),
    (f"{RUN} SET r:Hostile", "operator SetLabels"),
    (f"{RUN} SET r['name'] = 'x'", "operator Set"),
    (f"{RUN} REMOVE r.name", "operator"),
    (f"{RUN} REMOVE r:Run", "operator RemoveLabels"),
    (f"{RUN} DELETE r", "operator Delete"),
    (f"{RUN} DETACH DELETE r", "operator DetachDelete"),
    (f"{RUN}-[u:USED]->() DELETE u", "operator Delete"),
    (f"{RUN} CREATE (r)-[:USED]->(:Hostile)", "operator Create"),
    (f"{RUN} MERGE (n:Hostile {{id: r.id}}) RETURN n", "operator"),
    (f"{RUN} MERGE (r) -[:USED]-> (r) RETURN r", "operator"),
    (f"{RUN} FOREACH (x IN [1] | SET r.name = 'x')", "operator Foreach"),
    (f"OPTIONAL {RUN} FOREACH (x IN [1] | CREATE (:Hostile))", "operator Foreach"),
    ("WITH 1 AS x CREATE (n:Hostile) RETURN n", "operator Create"),
    ("UNWIND [1, 2] AS x CREATE (:Hostile {x: x})", "operator Create"),
    ("CALL { CREATE (n:Hostile) RETURN n } RETURN n", "operator Create"),
    ("CALL () { CREATE (n:Hostile) RETURN n } RETURN n", "operator Create"),
    ("CALL () { CALL () { MERGE (n:Hostile) RETURN n } RETURN n } RETURN n", "operator"),
    (f"{RUN} CALL (r) {{ SET r.name = 'x' }} RETURN r", "operator"),
    (f"{RUN} CALL (r) {{ CREATE (r)-[:USED]->(:Hostile) }} RETURN r", "operator"),
    ("RETURN EXISTS { CREATE (n:Hostile) RETURN n } AS x", "mistake|operator"),
    ("RETURN COLLECT { MERGE (n:Hostile) RETURN n.x } AS x", "mistake|operator"),
    ("RETURN 1 AS n UNION CREATE (n:Hostile) RETURN 1 AS n", "operator Create"),
    ("CYPHER 5 CREATE (:Hostile)", "begins with CREATE"),
    ("CYPHER 25 INSERT (:Hostile)", "begins with INSERT"),
    ("CYPHER 25 WITH 1 AS x INSERT (n:Hostile) RETURN n", "operator Create|mistake"),
    ("CYPHER 25 WHEN true THEN { CREATE (n:Hostile) RETURN n.x AS x } ELSE { RETURN 1 AS x }", "operator|mistake"),
    ("CYPHER 25 RETURN 1 AS x NEXT CREATE (n:Hostile) RETURN n", "operator|mistake"),
    # transactions of its own
    ("UNWIND [1] AS x CALL (x) { CREATE (:Hostile) } IN TRANSACTIONS OF 1 ROWS", "operator Create"),
    ("UNWIND [1] AS x CALL (x) { RETURN x AS y } IN TRANSACTIONS RETURN y", "operator Transaction"),
    ("UNWIND [1] AS x CALL (x) { RETURN x AS y } IN 2 CONCURRENT TRANSACTIONS RETURN y", "operator Transaction"),
    ("USING PERIODIC COMMIT 1 LOAD CSV FROM 'file:///etc/hosts' AS row RETURN row", "begins with USING"),
    # files and addresses
    ("LOAD CSV FROM 'file:///etc/hosts' AS row RETURN row", "begins with LOAD"),
    ("WITH 1 AS x LOAD CSV FROM 'file:///etc/hosts' AS row RETURN row", "LOAD CSV"),
    ("WITH 1 AS x LOAD/* */CSV FROM 'http://127.0.0.1:9/' AS row RETURN row", "LOAD CSV"),
    ("WITH 1 AS x load // LOAD\n csv WITH HEADERS FROM 'http://127.0.0.1:9/' AS row RETURN row", "LOAD CSV"),
    ("UNWIND [1] AS x WITH x LIMIT 1LOAD CSV FROM 'http://127.0.0.1:9/' AS row RETURN row", "LOAD CSV"),
    ("CALL () { LOAD CSV FROM 'http://127.0.0.1:9/' AS row RETURN row } RETURN row", "LOAD CSV"),
    ("RETURN COLLECT { LOAD CSV FROM 'http://127.0.0.1:9/' AS row RETURN row } AS rows", "LOAD CSV"),
    ("RETURN [x IN [1] | COLLECT { LOAD CSV FROM 'http://127.0.0.1:9/' AS row RETURN row }] AS rows", "LOAD CSV"),
    ("RETURN CASE WHEN true THEN COUNT { LOAD CSV FROM 'http://127.0.0.1:9/' AS row RETURN row } END AS rows", "LOAD CSV"),
    # procedures and functions
    ("CALL dbms.listConfig()", "procedure dbms.listConfig"),
    ("CALL dbms.components() YIELD name RETURN name", "procedure dbms.components"),
    ("CALL `dbms`.`listConfig`()", "procedure dbms.listConfig"),
    ("CALL `dbms.listConfig`()", "procedure dbms.listConfig"),
    ("WITH 1 AS x CALL /* db.labels() */ dbms . listConfig() YIELD name RETURN name", "procedure dbms.listConfig"),
    ("RETURN COLLECT { CALL dbms.listConfig() YIELD name RETURN name } AS names", "procedure dbms.listConfig"),
    ("RETURN [x IN [1] | COLLECT { CALL dbms.listConfig() YIELD name RETURN name }] AS names", "procedure dbms.listConfig"),
    ("OPTIONAL CALL dbms.listConfig() YIELD name RETURN name", "procedure dbms.listConfig"),
    ("CALL db.createLabel('Hostile')", "procedure db.createLabel"),
    ("CALL db.createProperty('hostile')", "procedure db.createProperty"),
    ("CALL db.clearQueryCaches()", "procedure db.clearQueryCaches"),
    ("CALL db.awaitIndexes(1)", "procedure db.awaitIndexes"),
    ("CALL tx.setMetaData({app: 'another'})", "procedure tx.setMetaData"),
    ("CALL dbms.killConnection('bolt-1')", "procedure dbms.killConnection"),
    ("CALL apoc.cypher.runWrite('CREATE (:Hostile)', {})", "procedure apoc.cypher.runWrite"),
    ("RETURN apoc.cypher.runFirstColumnSingle('CREATE (:Hostile)', {}) AS x", "function apoc.cypher.runFirstColumnSingle"),
    ("RETURN `apoc.load`.`json`('http://127.0.0.1:9/') AS x", "function apoc.load.json"),
    ("RETURN db.nameFromElementId('4:x:0') AS x", "function db.nameFromElementId"),
    # the server's own affairs
    ("SHOW USERS", "begins with SHOW"),
    ("SHOW TRANSACTIONS YIELD *", "begins with SHOW"),
    ("SHOW SETTINGS", "begins with SHOW"),
    ("CYPHER 25 SHOW PROCEDURES", "begins with SHOW"),
    ("TERMINATE TRANSACTIONS 'neo4j-transaction-1'", "begins with TERMINATE"),
    ("ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'hostile-hostile'", "begins with ALTER"),
    ("CREATE USER hostile SET PASSWORD 'hostile-hostile'", "begins with CREATE"),
    ("DROP USER neo4j", "begins with DROP"),
    ("STOP DATABASE neo4j", "begins with STOP"),
    ("GRANT ROLE admin TO hostile", "begins with GRANT"),
    ("CREATE INDEX hostile FOR (n:Hostile) ON (n.x)", "begins with CREATE"),
    ("DROP CONSTRAINT run_uid", "begins with DROP"),
    # another graph
    ("USE system SHOW USERS", "begins with USE"),
    ("USE graph.byName('system') MATCH (n) RETURN n", "begins with USE"),
    ("CALL () { USE system MATCH (u:User) RETURN u } RETURN u", ""),
    # more than one
    ("RETURN 1 AS x; CREATE (:Hostile)", "mistake"),
    ("RETURN 1 AS x;;CREATE (:Hostile);", "mistake"),
    (f"; {RUN} DETACH DELETE r", "begins with ;"),
    # disguises
    ("/* MATCH */ CREATE (:Hostile)", "begins with CREATE"),
    ("// MATCH\nCREATE (:Hostile)", "begins with CREATE"),
    ("// MATCH\rCREATE (:Hostile)", "begins with CREATE"),
    (f"{RUN} /* ' */ SET r.name = 'x' /* ' */ RETURN r", "operator Set"),
    (f"{RUN} WITH r, '\\'//' AS x SET r.name = 'x' RETURN r", "operator Set"),
    ("\\u0043REATE (:Hostile)", r"escape that begins with \\u"),
    (f"{RUN} \\u0053ET r.name = 'x'", r"escape that begins with \\u"),
    ("RETURN '\\u0027 AS x CREATE (:Hostile) //'", r"escape that begins with \\u"),
    ("EXPLAIN CREATE (:Hostile)", "begins with EXPLAIN; ask the question itself"),
    ("EXPLAIN MATCH (n:Run) RETURN n", "begins with EXPLAIN"),
    ("/**/ profile MATCH (n:Run) RETURN n", "begins with PROFILE"),
    ("CYPHER 5 PROFILE CREATE (:Hostile)", "begins with PROFILE"),
    ("CYPHER runtime=slotted RETURN 1", "begins with RUNTIME"),
    (":param x => 1", "begins with :"),
    ("BEGIN", "begins with BEGIN"),
    # no Cypher
    ("MATCH (n RETURN n", r"mistake at line 1, column \d+"),
    ("MATCH (n)\nRETURN m", "mistake at line 2, column 8.*not defined"),
    ("RETURN '\ud800' AS x", "not Unicode"),
    ("RETURN 'x' AS" + " " * 100_000 + "x", "more than 100,000 characters"),
    ("hello", "begins with HELLO"),
]
FAIR: list[tuple[str, Any]] = [
    ("RETURN 1 AS x", [1]),
    ("return 1 as x;", [1]),
    ("  // one\n  RETURN /* two */ 1 AS x // three", [1]),
    ("CYPHER 5 RETURN 1 AS x", [1]),
    ("RETURN 'it\\'s; CREATE // LOAD CSV' AS x", ["it's; CREATE // LOAD CSV"]),
    ("RETURN {`CALL dbms.x()`: 1} AS x", [{"CALL dbms.x()": 1}]),
    (f"{RUN} RETURN r.id AS x ORDER BY x", ["ingest", "join", "left", "right"]),
    (f"{RUN} RETURN count(*) AS x", [4]),
    (f"OPTIONAL {RUN} WHERE r.id = 'join' RETURN r.name AS x", ["join"]),
    (f"{RUN} WHERE r.id STARTS WITH 'j' RETURN r.id AS x", ["join"]),
    (f"{RUN}-[:USED]->(v) RETURN DISTINCT v.name ENDS WITH ':v0' AS x", [True]),
    (f"{RUN}-[:LOGGED]->(v) WITH r, count(v) AS n WHERE n > 0 RETURN collect(r.id) AS x", None),
    ("MATCH (a:ArtifactVersion {name: 'PROJECT/report:v0'})-[:LOGGED_BY|USED*0..]->(n) WITH DISTINCT n "
     "RETURN count(n) AS x", [8]),
    ("MATCH p = (a:ArtifactVersion {name: 'PROJECT/report:v0'})-[:LOGGED_BY|USED*1..3]->(n) WITH n, "
     "min(length(p)) AS depth RETURN max(depth) AS x", [3]),
    ("MATCH p = SHORTEST 1 (a:ArtifactVersion {name: 'PROJECT/report:v0'})-[:LOGGED_BY|USED]->+(b:ArtifactVersion "
     "{name: 'PROJECT/raw:v0'}) RETURN length(p) AS x", [4]),
    ("MATCH p = shortestPath((a:ArtifactVersion {name: 'PROJECT/report:v0'})-[:LOGGED_BY|USED*]->(b:ArtifactVersion "
     "{name: 'PROJECT/raw:v0'})) RETURN length(p) AS x", [4]),
    ("MATCH (a:ArtifactVersion {name: 'PROJECT/report:v0'}) ((x)-[:LOGGED_BY]->(y)-[:USED]->(z)){1,3} (b) "
     "RETURN count(DISTINCT b) AS x", [3]),
    (f"{RUN} WHERE EXISTS {{ (r)-[:USED]->() }} RETURN count(*) AS x", [3]),
    (f"{RUN} WHERE NOT (r)-[:USED]->() RETURN r.id AS x", ["ingest"]),
    (f"{RUN} WHERE r.id = 'x' OR (r)-[:USED]->() RETURN count(*) AS x", [3]),
    (f"{RUN} RETURN sum(COUNT {{ (r)-[:LOGGED]->() }}) AS x", [4]),
    (f"{RUN} WITH r ORDER BY r.id LIMIT 1 RETURN COLLECT {{ MATCH (r)-[:LOGGED]->(v) RETURN v.type }} AS x", None),
    (f"{RUN} CALL (r) {{ MATCH (r)-[:LOGGED]->(v) RETURN count(v) AS n }} RETURN sum(n) AS x", [4]),
    (f"{RUN} RETURN r.id AS x ORDER BY x SKIP 1 LIMIT 2", ["join", "left"]),
    (f"{RUN} RETURN 1 AS x UNION {RUN} RETURN 2 AS x", [1, 2]),
    (f"{RUN}, (v:ArtifactVersion {{project: 'PROJECT'}}) RETURN count(*) AS x", [16]),
    (f"{RUN} WITH collect(r.id) AS ids UNWIND ids AS id WITH id WHERE id > 'k' RETURN count(id) AS x", [2]),
    ("MATCH (r:Run) WHERE r.project = 'PROJECT' AND r.id IN ['left', 'right'] RETURN count(r) AS x", [2]),
    ("MATCH (v:ArtifactVersion) WHERE v.name IN ['PROJECT/raw:v0', 'PROJECT/none:v0'] RETURN v.name AS x", ["PROJECT/raw:v0"]),
    ("RETURN date.truncate('year', date('2026-05-06')) AS x", ["2026-01-01"]),
    ("RETURN duration.between(date('2026-01-01'), date('2026-01-03')).days AS x", [2]),
    ("RETURN point.distance(point({x: 0, y: 0}), point({x: 3, y: 4})) AS x", [5.0]),
    ("CALL db.labels() YIELD label WHERE label = 'Run' RETURN label AS x", ["Run"]),
    ("CALL `db`.relationshipTypes() YIELD relationshipType AS t WHERE t = 'USED' RETURN t AS x", ["USED"]),
    ("CALL db.propertyKeys() YIELD propertyKey AS k WITH k WHERE k = 'uid' RETURN k AS x", ["uid"]),
    ("CALL db.schema.visualization() YIELD nodes RETURN size(nodes) > 0 AS x", [True]),
    ("RETURN EXISTS { CALL db.labels() YIELD label RETURN label } AS x", [True]),
    (f"{RUN} RETURN CASE WHEN r.id = 'ingest' THEN [y IN [1, 2] WHERE y > 1 | y] END AS x ORDER BY r.id LIMIT 1", [[2]]),
    (f"{RUN} RETURN reduce(n = 0, y IN [1, 2] | n + y) AS x LIMIT 1", [3]),
]  # fmt: skip
read_files = pytest.mark.parametrize("query", [q for q in queries.QUERIES.values() if q.access == "read"], ids=lambda q: q.name)


def own(statement: str) -> str:
    return statement.replace("PROJECT", PROJECT)


@pytest.fixture(scope="module")
def door(address: Address, graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LineageGraph]:
    """The door to a graph with one small world."""
    worlds.record(graph, PROJECT, worlds.diamond())
    home = tmp_path_factory.mktemp("door")
    recorder = Recorder(Settings(uri=address.uri, user=address.user, password=address.password, home=home))  # type: ignore[arg-type]
    yield LineageGraph(recorder, PROJECT)
    recorder.close()


def there(graph: Graph) -> list[Any]:
    """Everything that a hostile statement aims at."""
    with graph._driver.session() as session:
        rows = session.run("MATCH (n) WHERE n:Hostile OR n.project = $p RETURN n ORDER BY elementId(n)", p=PROJECT)
        nodes = [(sorted(row["n"].labels), dict(row["n"])) for row in rows if "Question" not in row["n"].labels]
        edges = session.run("MATCH (r:Run {project: $p})-[e]-() RETURN count(e) AS n", p=PROJECT).single()
        schema = session.run("SHOW INDEXES YIELD name RETURN collect(name) AS names").single()
        users = session.run("SHOW USERS YIELD user RETURN collect(user) AS users").single()
        assert edges is not None and schema is not None and users is not None
        return [nodes, edges["n"], "hostile" in schema["names"], "run_uid" in schema["names"], users["users"]]


@pytest.fixture(scope="module")
def before(door: LineageGraph, graph: Graph) -> list[Any]:
    return there(graph)


@pytest.mark.parametrize(("statement", "says"), HOSTILE, ids=lambda text: " ".join(text.split())[:60])
def test_what_does_more_than_read_is_refused_in_a_sentence(
    door: LineageGraph, before: list[Any], statement: str, says: str
) -> None:
    with pytest.raises(StatementRefused, match=says or "is not run") as refused:
        door.cypher(own(statement))
    assert "\n" not in str(refused.value) and str(refused.value).startswith("the statement is not run: it ")


@pytest.mark.parametrize(("statement", "rows"), FAIR, ids=lambda text: " ".join(str(text).split())[:60])
def test_what_reads_is_answered(door: LineageGraph, statement: str, rows: list[Any] | None) -> None:
    answer = door.cypher(own(statement))
    assert answer.columns == ("x",) and answer.truncated is None
    found = [row["x"] for row in answer.rows]
    wanted = None if rows is None else [own(value) if isinstance(value, str) else value for value in rows]
    assert len(found) == 1 if wanted is None else found == wanted
    assert Table.model_validate_json(answer.model_dump_json()) == answer
    assert answer.statement_digest == digest_of(own(statement).encode())


def test_nothing_has_changed_and_all_of_it_is_in_the_record(door: LineageGraph, graph: Graph, before: list[Any]) -> None:
    begun = len(door.audit("questions", project=PROJECT).rows)
    asked = [(own(statement), "refused") for statement, _ in HOSTILE] + [(own(statement), "ran") for statement, _ in FAIR]
    for statement, outcome in asked:
        try:
            door.cypher(statement)
            assert outcome == "ran"
        except StatementRefused:
            assert outcome == "refused"
    assert there(graph) == before
    rows = list(reversed(door.audit("questions", project=PROJECT).rows))[begun:]
    said = [(s.encode("utf-8", "backslashreplace").decode(), o) for s, o in asked]
    assert [(row["statement"], row["outcome"]) for row in rows] == said
    for row in rows:
        assert row["who"] and row["digest"] == digest_of(row["statement"].encode()) and row["parameters"] is None
        assert (row["rows"] is None) == (row["outcome"] != "ran") == (row["reason"] is not None)


@read_files
def test_every_file_that_reads_is_allowed(graph: Graph, query: queries.Query) -> None:
    nothing = dict.fromkeys(query.parameters)
    must_read(query.text, nothing)
    must_only_read(graph.explain(query, nothing)[1])


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"], ids=repr)
def test_a_comment_ends_where_the_server_ends_it(graph: Graph, end: str) -> None:
    """Else a clause could stand in what is a comment here and none there."""
    text = f"RETURN 1 AS x //{end} UNION RETURN 2 AS x"
    rows = len(graph.ask(text, {}, lambda plan: None, lambda columns, rows: list(rows)))
    assert rows == (2 if end in ("\n", "\r", "\r\n") else 1)


def test_a_plan_alone_is_not_enough(graph: Graph) -> None:
    """What stands inside of an expression is in no plan, and a transaction that reads runs it: the text is looked at too."""
    statement = "RETURN [x IN [1] | COLLECT { CALL dbms.listConfig() YIELD name RETURN name }] AS names"
    [[names]] = graph.ask(statement, {}, must_only_read, lambda columns, rows: [list(row) for row in rows])
    assert names[0]
    with pytest.raises(StatementRefused, match=r"procedure dbms\.listConfig"):
        must_read(statement, {})


# ── parameters and values ─────────────────────────────────────────────────────────────────────────────────────────────


def test_parameters_are_sent_beside_the_statement(door: LineageGraph) -> None:
    statement = "UNWIND $ids AS id MATCH (r:Run {id: id, project: $`the project`}) RETURN r.id AS id, $deep.a[0] AS deep"
    given_ = {"ids": ["left", "x' OR true //"], "the project": PROJECT, "deep": {"a": [1.5]}}
    assert door.cypher(statement, given_).rows == ({"id": "left", "deep": 1.5},)
    [row] = door.audit("questions", project=PROJECT, limit=1).rows
    assert row["parameters"].startswith("sha256:") and "true" not in str(row.values())


@pytest.mark.parametrize(
    ("statement", "parameters", "error", "says"),
    [
        ("RETURN $a AS a", {}, ParameterWrong, r"parameter \$a is missing; give it with -p a="),
        ("RETURN $a AS a", {"a": 1, "b": 2}, ParameterWrong, r"it has no parameter \$b; it has \$a"),
        ("RETURN '$a' AS a // $a", {"a": 1}, ParameterWrong, r"it has no parameter \$a; it has none"),
        ("RETURN $a AS a", {"a": object()}, NotJson, "parameters.a cannot be recorded"),
        ("", {}, ParameterWrong, "there is none; give one in Cypher"),
        (" // nothing", {}, ParameterWrong, "there is none; give one in Cypher"),
    ],
)
def test_parameters_that_do_not_fit(
    door: LineageGraph, statement: str, parameters: dict[str, Any], error: type[LineageError], says: str
) -> None:
    with pytest.raises(error, match=says):
        door.cypher(statement, parameters)


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"limit": 0}, "limit: it is a whole"),
        ({"timeout": 0}, "timeout: it is a number"),
        ({"memory": True}, "memory: it is a"),
    ],
)
def test_limits_that_make_no_sense(door: LineageGraph, option: dict[str, Any], says: str) -> None:
    with pytest.raises(ParameterWrong, match=says):
        door.cypher("RETURN 1 AS x", **option)


def test_values_of_every_kind_are_json(door: LineageGraph) -> None:
    statement = own(
        "MATCH p = (v:ArtifactVersion {name: 'PROJECT/report:v0'})-[e:LOGGED_BY]->(r) RETURN v, e, p, "
        "datetime('2026-01-05T08:00:00Z') AS at, duration('P1D') AS d, point({x: 1, y: 2}) AS here, "
        "[null, 1.5, {b: 1, a: 2}] AS l, 0.0 / 0.0 AS nan, 1.0 / 0.0 AS infinity, 9007199254740993 AS large"
    )
    answer = door.cypher(statement)
    [row] = answer.rows
    assert tuple(row) == answer.columns and Table.model_validate_json(answer.model_dump_json()) == answer
    assert row["v"]["labels"] == ["ArtifactVersion"] and row["e"]["type"] == "LOGGED_BY"
    assert [node["labels"] for node in row["p"]["nodes"]] == [["ArtifactVersion"], ["Run"]]
    assert row["here"] == {"coordinates": [1.0, 2.0], "srid": 7203} and (row["nan"], row["infinity"]) == ("nan", "inf")
    assert row["at"].startswith("2026-01-05T08:00:00") and row["d"] == "P1D" and row["large"] == 9007199254740993


# ── limits ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_rows_beyond_the_limit_are_not_read_and_the_cut_is_told(door: LineageGraph) -> None:
    answer = door.cypher("UNWIND range(1, 100000000) AS x RETURN x", limit=7)
    assert [row["x"] for row in answer.rows] == [1, 2, 3, 4, 5, 6, 7]
    assert answer.truncated is not None and answer.truncated.model_dump() == {"reason": "limit", "limit": 7}
    assert door.cypher("UNWIND range(1, 7) AS x RETURN x", limit=7).truncated is None


def test_rows_that_are_too_large_end_the_answer(door: LineageGraph) -> None:
    statement = "UNWIND range(1, 1000) AS x RETURN reduce(t = '', i IN range(1, 1000) | t + 'x') AS text"
    answer = door.cypher(statement, memory=10_000)
    assert len(answer.rows) == 9 and answer.truncated is not None
    assert answer.truncated.model_dump() == {"reason": "memory", "limit": 10_000}


def test_the_server_stops_at_the_time_it_is_given(door: LineageGraph) -> None:
    begun = time.monotonic()
    with pytest.raises(TimeRanOut, match=r"the statement was not done within 0.3 s"):
        door.cypher("UNWIND range(1, 10000000000) AS x WITH x WHERE x % 7 = 8 RETURN count(x) AS n", timeout=0.3)
    assert time.monotonic() - begun < 10
    [row] = door.audit("questions", project=PROJECT, limit=1).rows
    assert row["outcome"] == "failed" and "was not done within" in row["reason"]


# ── the record ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_interrupts_a_statement_has_asked_it(door: LineageGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Graph, "ask", interrupted)
        with pytest.raises(KeyboardInterrupt):
            door.cypher("RETURN 'interrupted' AS x")
    [row] = door.audit("questions", project=PROJECT, limit=1).rows
    assert (row["outcome"], row["reason"]) == ("failed", "it was interrupted") and "'interrupted'" in row["statement"]


def test_with_the_record_off_the_door_is_closed(address: Address, tmp_path: Path) -> None:
    off = Settings(uri=address.uri, user=address.user, password=address.password, home=tmp_path, mode="disabled")  # type: ignore[arg-type]
    recorder = Recorder(off)
    with pytest.raises(SettingWrong, match="recording is disabled, and what is asked here is recorded"):
        LineageGraph(recorder, None).cypher("RETURN 1 AS x")
    recorder.close()


def test_a_disk_that_takes_nothing_takes_no_answer_away(address: Address, project: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    home = tmp_path / "file"
    recorder = Recorder(Settings(uri=address.uri, user=address.user, password=address.password, home=home))  # type: ignore[arg-type]
    with pytest.warns(LineageWarning, match="cannot be written"):
        assert LineageGraph(recorder, project).cypher("RETURN 1 AS x").rows == ({"x": 1},)
    assert [row["outcome"] for row in _questions(recorder, project)] == ["ran"]
    recorder.close()


def _questions(recorder: Recorder, project: str) -> list[dict[str, Any]]:
    return LineageGraph(recorder, project).query("audit/questions", project=project)


# ── anything at all ───────────────────────────────────────────────────────────────────────────────────────────────────

WORDS = (
    "MATCH", "(n:Hostile)", "RETURN", "WITH", "CREATE", "SET", "n", "n.x", "=", "1", "'", '"', "`", "//", "/*", "*/",
    "\n", "$a", "(", ")", "{", "}", "CALL", "db.labels()", "LOAD", "CSV", ";", "AS", "x", "UNWIND", "[1]", "\\", "*",
    "EXISTS", "|", ",", "DELETE", "CYPHER", "5", "EXPLAIN", "UNION", "apoc.x(", ".", ":", "0",
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)))
def test_whatever_is_asked_there_is_an_answer_or_a_sentence(door: LineageGraph, statement: str) -> None:
    try:
        door.cypher(statement, limit=5, timeout=5)
    except LineageError as error:
        assert not isinstance(error, JournalProblem)
        assert "\n" not in str(error).strip()
