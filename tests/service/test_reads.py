"""The facade over HTTP: what each route answers is what the facade answers, and how it says so."""

from __future__ import annotations

import gzip
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

from lineage_graph import queries
from lineage_graph.graph import Graph
from lineage_graph.recording.connection import LineageGraph, connect
from lineage_graph.service.access import ROUTES
from lineage_graph.service.answers import body_of
from lineage_graph.service.reads import NODES, READS, declared
from lineage_graph.service.working import TIMEOUT
from tests import worlds
from tests.conftest import Address
from tests.service.conftest import Service, eventually
from tests.service.test_access import problem

OTHERS = {"/api/docs", "/api/openapi.json", "/api/session", "/api/events"}  # of a body, or of none
JSON = [path for path in ROUTES if path.startswith("/api/") and path not in OTHERS]


@pytest.fixture(scope="module")
def admin(service: Service) -> dict[str, str]:
    return service.token("admin")


@pytest.fixture(scope="module")
def zoo(graph: Graph) -> str:
    """A project with two heads, for the tests of a module."""
    import uuid

    project = f"t{uuid.uuid4().hex[:12]}"
    worlds.record(graph, project, worlds.two_heads())
    return project


@pytest.fixture
def facade(online: Address) -> LineageGraph:
    return connect()


ASKED: dict[str, dict[str, Any]] = {
    "artifacts": {"project": "{zoo}"},
    "versions": {"artifact": "{zoo}/small"},
    "runs": {"project": "{zoo}", "limit": 2},
    "find": {"name": "{zoo}/small:v0"},
    "by_source": {"source_id": "small", "project": "{zoo}"},
    "inputs": {"run": "{zoo}/runs/fit"},
    "outputs": {"run": "{zoo}/runs/fit"},
    "producers": {"version": "{zoo}/score:v0"},
    "consumers": {"version": "{zoo}/raw:v0"},
    "upstream": {"name": "{zoo}/score:v0", "depth": 3},
    "downstream": {"name": "{zoo}/raw:v0", "limit": 3},
    "clusters": {"name": "{zoo}/score:v0", "apart": ["{zoo}/raw:v0", "{zoo}/small:v0"]},
    "lineage": {"home": "{zoo}/score:v0", "up": 2, "down": "all", "hide": ["{zoo}/small:v0"]},
    "path": {"a": "{zoo}/raw:v0", "b": "{zoo}/score:v0"},
    "diff": {"a": "{zoo}/small:v0", "b": "{zoo}/large:v0"},
    "why": {"a": "{zoo}/runs/try-small", "b": "{zoo}/runs/try-large"},
    "plan": {"name": "{zoo}/score:v0", "from_scratch": True},
    "impact": {"name": "{zoo}/raw:v0"},
    "stale": {"scope": "{zoo}"},
    "trail": {"name": "{zoo}/small:v0"},
    "verify": {"name": "{zoo}/small:v0"},
}
MOVING = ("known_at", "milliseconds", "as_of", "files")  # what is another at each asking, or in another home


def steadied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: steadied(one) for key, one in value.items() if key not in MOVING}
    return [steadied(one) for one in value] if isinstance(value, list) else value


def filled(given: dict[str, Any], zoo: str) -> dict[str, Any]:
    def fill(value: Any) -> Any:
        return (
            [fill(one) for one in value]
            if isinstance(value, list)
            else value.format(zoo=zoo)
            if isinstance(value, str)
            else value
        )

    return {name: fill(value) for name, value in given.items()}


def in_query(given: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}


@pytest.mark.parametrize("path", ASKED)
def test_a_route_answers_what_the_facade_answers(
    service: Service, admin: dict[str, str], facade: LineageGraph, zoo: str, path: str
) -> None:
    given = filled(ASKED[path], zoo)
    answer = service.ask(f"/api/{path}", admin, params=in_query(given))
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json", answer.text
    [method] = [read.method for read in READS if read.path == path]
    if "timeout" in inspect.signature(declared(method)).parameters:
        given["timeout"] = TIMEOUT
    assert steadied(answer.json()) == steadied(json.loads(body_of(getattr(facade, method)(**given))))
    assert answer.json(), "an answer of nothing says little"


def test_the_rest_of_the_routes_are_tried_elsewhere_by_name() -> None:
    assert {read.path for read in READS} - set(ASKED) == {"projects", "members", "cluster", "search", "rejections"}


def test_projects_groups_search_and_status(service: Service, admin: dict[str, str], zoo: str) -> None:
    assert zoo in json.dumps(service.ask("/api/projects", admin).json())
    seen = {"name": zoo, "direction": "project", "at_least": 2}
    group = service.ask("/api/clusters", admin, params=seen).json()["groups"][0]
    members = service.ask("/api/members", admin, params={"name": zoo, "direction": "project", "group": group["id"]}).json()
    assert members["count"] == group["count"] >= 2
    asked = {"q": "try-sm", "project": zoo}
    eventually(lambda: service.ask("/api/search", admin, params=asked).json()["hits"])
    [hit] = service.ask("/api/search", admin, params=asked).json()["hits"]
    assert (hit["kind"], hit["name"]) == ("run", f"{zoo}/runs/try-small")
    card = service.ask("/api/card", admin, params={"name": f"{zoo}/small:v0"}).json()
    assert card["producers"]["count"] == 1 and card["files"] is None and card["files_reason"]
    assert {one["text"] for one in card["queries"]} <= {query.text for query in queries.QUERIES.values()}
    status = service.ask("/api/status", admin, params={"limit": 1}).json()
    assert status["server"]["reachable"] and status["mode"] == "online" and len(status["rejections"]) <= 1
    assert isinstance(service.ask("/api/rejections", admin).json(), list)


def test_an_answer_goes_on_where_it_was_cut(service: Service, admin: dict[str, str], zoo: str) -> None:
    whole = service.ask("/api/upstream", admin, params={"name": f"{zoo}/score:v0"}).json()
    assert whole["truncated"] is None
    found, after = [], None
    while True:
        page = {"name": f"{zoo}/score:v0", "limit": 2} | ({"after": after} if after else {})
        answer = service.ask("/api/upstream", admin, params=page).json()
        found += answer["runs"] + answer["versions"]
        if answer["truncated"] is None:
            break
        after = answer["truncated"]["cursor"]
    assert {one["uid"] for one in found} == {one["uid"] for one in whole["runs"] + whole["versions"]} and len(found) >= 6


# ── query files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_query_files_are_listed_read_and_run(service: Service, admin: dict[str, str], zoo: str) -> None:
    listed = {one["name"]: one for one in service.ask("/api/queries", admin).json()}
    assert set(listed) == {query.name for query in queries.QUERIES.values() if query.access == "read"}
    audits = service.ask("/api/audit", admin).json()
    assert audits and all(one == listed[one["name"]] and one["name"].startswith("audit/") for one in audits)
    assert service.ask("/api/queries/lineage/upstream/text", admin).text == queries.get("lineage/upstream").text
    given = {"version": f"{zoo}/small:v0"}
    touched = service.ask("/api/audit/who_touched", admin, params=given).json()
    assert touched["question"] == queries.get("audit/who_touched").question and touched["rows"]
    rows = service.ask("/api/query/lineage/producers", admin, params=given).json()["rows"]
    assert len(rows) == 1 and "fit" in json.dumps(rows)
    for path in ("/api/query/lineage/nothing", "/api/audit/nothing", "/api/queries/no/such/text"):
        assert "no query" in problem(service.ask(path, admin), 404)
    assert "no such parameter of audit/who_touched" in problem(
        service.ask("/api/audit/who_touched", admin, params={**given, "verison": "x"}), 422
    )


def test_ones_own_cypher(service: Service, admin: dict[str, str], zoo: str) -> None:
    asked = {"statement": "MATCH (r:Run {project: $p}) RETURN r.id AS id ORDER BY id", "parameters": {"p": zoo}, "limit": 2}
    found = service.ask("/api/cypher", admin, "POST", json=asked).json()
    assert [row["id"] for row in found["rows"]] == ["fit", "ingest"] and found["truncated"]
    assert "begins with CREATE" in problem(service.ask("/api/cypher", admin, "POST", json={"statement": "CREATE (n)"}), 403)
    slow = {"statement": "UNWIND range(1, 1000000000) AS i RETURN sum(i)", "timeout": 0.5}
    assert "not done within" in problem(service.ask("/api/cypher", admin, "POST", json=slow), 504)


# ── what is asked wrongly ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", JSON)
def test_a_parameter_that_there_is_not_is_never_ignored(service: Service, admin: dict[str, str], path: str) -> None:
    [method] = ROUTES[path]
    filled = path.replace("{area}/{name}", "lineage/upstream").replace("/api/audit/{name}", "/api/audit/who_touched")
    answer = service.ask(f"{filled}?deepth=3", admin, method, json={"statement": "RETURN 1"} if method == "POST" else None)
    assert "deepth: there is no such parameter" in problem(answer, 422)


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ("upstream?name=a&name=b", 422, "name: it is given more than once"),
        ("upstream", 422, "name: field required"),
        ("upstream?name=zoo/nothing:v0", 404, "no artifact 'zoo/nothing' is recorded"),
        ("upstream?name=/", 422, "is not understood"),
        ("upstream?name={zoo}/raw:v0&depth=x", 422, "depth: input should be a valid integer"),
        ("upstream?name={zoo}/raw:v0&depth=-1", 422, "depth"),
        ("upstream?name={zoo}/raw:v0&limit=0", 422, "limit"),
        ("upstream?name={zoo}/raw:v0&after=x", 422, "after"),
        ("upstream?name={zoo}/raw:v0&as_of=yesterday", 422, "as_of"),
        ("upstream?name={zoo}/raw:v0&timeout=nan", 422, "timeout"),
        ("upstream?name={zoo}/raw:v0&format=pdf", 422, "format"),
        ("lineage?home={zoo}/raw:v0&up=far", 422, "up"),
        ("verify?checkpoint=/etc/passwd", 422, "there is no such parameter"),
        ("plan?name={zoo}/raw:v0&have=/etc", 422, "there is no such parameter"),
        ("upstream?name={zoo}/raw:v0&timeout=301", 422, "timeout"),
    ],
)
def test_what_is_asked_wrongly(service: Service, admin: dict[str, str], zoo: str, asked: str, status: int, says: str) -> None:
    assert says in problem(service.ask(f"/api/{asked.format(zoo=zoo)}", admin), status)


# ── how it is answered ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_did_not_change_is_not_sent_again(service: Service, admin: dict[str, str], zoo: str) -> None:
    asked = {"params": {"name": f"{zoo}/small:v0"}}
    answer = service.ask("/api/find", admin, **asked)
    tag = answer.headers["etag"]
    assert tag.startswith('W/"') and answer.headers["cache-control"] == "no-cache"
    again = service.ask("/api/find", admin, headers={"If-None-Match": f'"other", {tag}'}, **asked)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert service.ask("/api/find", admin, headers={"If-None-Match": 'W/"other"'}, **asked).status_code == 200


def test_what_is_long_is_compressed(service: Service, admin: dict[str, str]) -> None:
    packed = service.ask("/api/queries", admin, headers={"Accept-Encoding": "gzip"}, stream=True)
    plain = service.ask("/api/queries", admin, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    raw = packed.raw.read(decode_content=False)
    assert gzip.decompress(raw) == plain.content and len(raw) < len(plain.content) / 3


@pytest.mark.parametrize(
    ("form", "ending", "begins"),
    [
        ("csv", "csv", ""),
        ("dot", "dot", "digraph"),
        ("mermaid", "mmd", "flowchart"),
        ("svg", "svg", "<svg"),
        ("table", "txt", ""),
    ],
)
def test_a_walk_as_a_file(service: Service, admin: dict[str, str], zoo: str, form: str, ending: str, begins: str) -> None:
    answer = service.ask("/api/upstream", admin, params={"name": f"{zoo}/score:v0", "format": form})
    assert answer.status_code == 200 and begins in answer.text[:300] and "try-large" in answer.text
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{zoo}-score-v0-upstream.{ending}"


def test_the_page_and_its_files(service: Service) -> None:
    page = service.ask("/")
    assert page.headers["content-type"].startswith("text/html") and page.headers["cache-control"] == "no-cache"
    [version] = set(re.findall(r"/static/([0-9a-f]+)/", page.text))
    assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|https?://", page.text), "the policy would stop it"
    kept = service.ask(f"/static/{version}/main.js")
    assert (
        kept.status_code == 200
        and "immutable" in kept.headers["cache-control"]
        and "javascript" in kept.headers["content-type"]
    )
    for path in (
        f"/static/{version}/../app.py",
        f"/static/{version}/%2e%2e/app.py",
        "/static/0/main.js",
        f"/static/{version}/",
    ):
        problem(service.ask(path), 404)


def test_the_description_is_made_of_headers_and_docstrings(service: Service) -> None:
    described = service.ask("/api/openapi.json").json()
    walk = described["paths"]["/api/upstream"]["get"]
    assert queries.get("lineage/upstream").question in walk["description"]
    parameters = {one["name"]: one for one in walk["parameters"]}
    assert parameters["depth"]["description"].startswith("how many relationships to look")
    assert parameters["limit"]["schema"]["default"] == NODES, "no answer is without bounds"
    page = service.ask("/api/docs")
    assert "<script" not in page.text and "https://" not in page.text and "GET /api/upstream" in page.text
    assert set(described["paths"]) - {"/healthz", "/readyz", "/metrics"} == {
        path for path in ROUTES if path.startswith("/api/") and path not in ("/api/docs", "/api/openapi.json")
    }


def test_numbers(service: Service, admin: dict[str, str], zoo: str) -> None:
    def count(line: str) -> float:
        found = re.search(rf"^lineage_graph_{re.escape(line)} (\S+)$", service.ask("/metrics", admin).text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    asked = 'requests_total{method="GET",route="/api/upstream",status="200"}'
    things = 'sent_things_total{route="/api/upstream"}'
    before = count(asked), count(things)
    walk = service.ask("/api/upstream", admin, params={"name": f"{zoo}/score:v0"}).json()
    assert count(asked) == before[0] + 1 and count(things) == before[1] + len(walk["runs"]) + len(walk["versions"])
    assert count("neo4j_up") == 1 and count("requests_in_flight") == 1
    assert zoo not in service.ask("/metrics", admin).text, "names are no labels"


def test_verify_as_a_stream(service: Service, admin: dict[str, str], zoo: str) -> None:
    asked = {"params": {"project": zoo}, "headers": {"Accept": "text/event-stream", "Accept-Encoding": "gzip"}}
    answer = service.ask("/api/verify", admin, **asked)
    assert answer.headers["content-type"].startswith("text/event-stream") and "content-encoding" not in answer.headers
    events = [part.split("\n") for part in answer.text.strip().split("\n\n")]
    assert {lines[0] for lines in events[:-1]} <= {"event: progress", "event: working"}
    assert events[-1][0] == "event: result" and json.loads(events[-1][1].removeprefix("data: "))["ok"] is True


def test_the_log_is_lines_of_json(service: Service, admin: dict[str, str], zoo: str) -> None:
    asked = service.ask("/api/find", admin, params={"name": f"{zoo}/raw:v0"}, headers={"X-Request-ID": "one-of-mine"})
    assert asked.headers["x-request-id"] == "one-of-mine"
    log = Path(f"{service.home}.log")

    def mine() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        return [line for line in lines if line.get("request_id") == "one-of-mine"]

    eventually(mine, 10)
    [line] = mine()
    assert (line["route"], line["status"], line["token"]) == ("/api/find", 200, service.ask("/api/me", admin).json()["token"])
    assert admin["Authorization"].removeprefix("Bearer ") not in log.read_text()
