"""Who may do what: every route, every role, and everybody who is nobody."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.routing import Mount

from lineage_graph.errors import TooOften
from lineage_graph.recording.connection import connection
from lineage_graph.service import guard
from lineage_graph.service.access import MAY, OPEN, ROUTES, need_of
from lineage_graph.service.app import create_app
from lineage_graph.service.guard import Tries
from lineage_graph.settings import load
from tests.conftest import Address
from tests.service.conftest import Service, logged, serving, started

BODIES: dict[str, dict[str, Any]] = {
    "/api/events": {"data": b"", "headers": {"Content-Type": "application/jsonl"}},
    "/api/cypher": {"json": {"statement": "RETURN 1 AS one"}},
}


def problem(answer: requests.Response, status: int) -> str:
    """The sentence of a problem of that status."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == status and said["request_id"]
    return str(said["detail"])


# ── the table ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def routes(app: Any, prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every route of an app, routers and mounts included."""
    for route in getattr(app, "routes", ()):
        if isinstance(route, Mount):
            yield f"{prefix}{route.path}/x", {"GET"}
        elif getattr(route, "path", None) is not None and getattr(route, "methods", None):
            yield prefix + route.path, set(route.methods)
        else:
            inner = getattr(route, "original_router", None) or getattr(route, "router", None)
            assert inner is not None, f"how does one look into {route!r}?"
            yield from routes(inner, prefix)


def test_every_route_is_in_the_table(home: Path) -> None:
    app: Any = create_app(connection(load(uri="bolt://127.0.0.1:9")))
    while not hasattr(app, "routes"):
        app = app.app
    found = list(routes(app))
    paths = {path for path, _ in found}
    assert {"/", "/api/upstream", "/api/events", "/api/session", "/api/openapi.json", "/metrics"} <= paths and len(paths) > 35
    for path, methods in found:
        for method in methods - {"HEAD"}:
            filled = path.replace("{area}", "audit").replace("{name}", "x")
            assert need_of(method, filled) is not None, f"{method} {path} has no place in ROUTES"
    # And the table has no other.
    filled = {path.replace("{area}", "audit").replace("{name}", "x") for path in paths}
    assert {path for path in ROUTES if path.replace("{area}", "audit").replace("{name}", "x") not in filled} == {
        "/static/{path:path}"
    }


@pytest.fixture(scope="module")
def roles(service: Service) -> dict[str, dict[str, str]]:
    return {role: service.token(role) for role in MAY}


@pytest.mark.parametrize("path", [path for path in ROUTES if "{" not in path or path.startswith("/api/audit")])
def test_each_role_comes_in_where_it_may(service: Service, roles: dict[str, dict[str, str]], path: str) -> None:
    for method, need in ROUTES[path].items():
        for role, rights in MAY.items():
            answer = service.ask(path.replace("{name}", "x"), roles[role], method, **BODIES.get(path, {}))
            if need.right in rights:
                assert answer.status_code not in (401, 403), (role, method, answer.text)
            else:
                sentence = problem(answer, 403)
                assert f"has {role}" in sentence and "this takes the role " in sentence and "admin" in sentence
        nobody = service.ask(path.replace("{name}", "x"), None, method, **BODIES.get(path, {}))
        if need is OPEN:
            assert nobody.status_code not in (401, 403) or path == "/api/session", nobody.text
        else:
            assert "there is none in the request" in problem(nobody, 401)
            assert nobody.headers["www-authenticate"] == "Bearer"


def test_where_there_is_nothing(service: Service, roles: dict[str, dict[str, str]]) -> None:
    for path, method in (("/api/nothing", "GET"), ("/etc/passwd", "GET"), ("/api/me", "POST"), ("/api/projects", "DELETE")):
        for who in (roles["admin"], None):
            assert "nothing at this address" in problem(service.ask(path, who, method), 404)


# ── tokens ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_token_counts_from_its_first_moment_to_its_last(service: Service) -> None:
    made, text = service.tokens.create("reader", name="<img src=x onerror=alert(1)>")
    who = {"Authorization": f"bearer {text}"}
    me = service.ask("/api/me", who).json()
    assert (me["role"], me["project"], me["token"]) == ("reader", None, made.id)
    service.tokens.revoke(made.id)
    assert "it is revoked" in problem(service.ask("/api/me", who), 401)
    _, short = service.tokens.create("reader", expires=datetime.now(UTC) + timedelta(seconds=1))
    assert service.ask("/api/me", {"Authorization": f"Bearer {short}"}).status_code == 200
    time.sleep(1.1)
    assert "it has expired" in problem(service.ask("/api/me", {"Authorization": f"Bearer {short}"}), 401)


@pytest.mark.parametrize("said", ["Bearer", "Bearer x", "Basic YTpi", "lg_1_2", "Bearer lg_" + "0" * 10 + "_" + "0" * 64, ""])
def test_what_is_no_token(address: Address, tmp_path: Path, service: Service, said: str) -> None:
    assert "the token is not good" in problem(service.ask("/api/me", {"Authorization": said}), 401)


def test_who_tries_often_waits_and_others_do_not(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    made, text = service.tokens.create("reader")
    wrong = {"Authorization": f"Bearer lg_{made.id}_{'0' * 64}"}
    for _ in range(guard.TRIES):
        problem(service.ask("/api/me", wrong), 401)
    answer = service.ask("/api/me", wrong)
    assert "too many tokens were refused" in problem(answer, 429) and 0 < int(answer.headers["retry-after"]) <= 60
    assert "too many" in problem(service.ask("/api/me", {"Authorization": f"Bearer {text}"}), 429), (
        "nor does a right guess help"
    )
    assert service.ask("/api/me", service.token("reader")).status_code == 200


def test_tries_need_little_memory_and_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = Tries()
    for i in range(guard.REMEMBERED + 500):
        tries.refused((f"10.0.{i // 256}.{i % 256}", ""))
    assert len(tries._refused) == guard.REMEMBERED
    for _ in range(guard.TRIES * 3):
        tries.refused(("here", "a"))
    assert len(tries._refused["here", "a"]) <= guard.TRIES * 3
    with pytest.raises(TooOften):
        tries.must_be_few(("here", "a"))
    tries.must_be_few(("here", "b"))
    later = time.monotonic() + guard.WINDOW + 1
    monkeypatch.setattr("lineage_graph.service.guard.time.monotonic", lambda: later)
    tries.must_be_few(("here", "a"))


def test_a_file_of_tokens_that_is_broken_lets_nobody_in(address: Address, tmp_path: Path) -> None:
    with serving(tmp_path / "home", address) as one:
        who = one.token()
        assert one.ask("/api/me", who).status_code == 200
        one.tokens.path.write_text("{")
        for asks in (who, None):
            assert "it is not what `lineage-graph token` writes" in problem(one.ask("/api/me", asks), 503)


# ── sessions ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_session_is_a_cookie_that_no_script_reads(service: Service) -> None:
    made, text = service.tokens.create("reader")
    with requests.Session() as browser:
        answer = browser.post(f"{service.url}/api/session", json={"token": f" {text}\n"}, timeout=30)
        assert answer.status_code == 204, answer.text
        said = answer.headers["set-cookie"]
        assert "HttpOnly" in said and "SameSite=strict" in said and "Path=/" in said and "Secure" not in said
        assert browser.get(f"{service.url}/api/me", timeout=30).json()["token"] == made.id
        assert browser.delete(f"{service.url}/api/session", timeout=30).status_code == 204
        assert browser.get(f"{service.url}/api/me", timeout=30).status_code == 401
        browser.post(f"{service.url}/api/session", json={"token": text}, timeout=30)
        service.tokens.revoke(made.id)
        assert "revoked" in problem(browser.get(f"{service.url}/api/me", timeout=30), 401)


def test_no_session_for_nobody(service: Service) -> None:
    for token, status in (("nothing", 401), ("", 401), ("x" * 300, 422)):
        answer = service.ask("/api/session", None, "POST", json={"token": token})
        problem(answer, status)
        assert "set-cookie" not in answer.headers
    problem(service.ask("/api/session", None, "POST", json={"tokens": "x"}), 422)
    problem(service.ask("/api/session", None, "POST", data=b"token=x"), 422)


# ── this computer alone ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def alone(address: Address, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service without a token."""
    with serving(tmp_path_factory.mktemp("alone") / "home", address) as running:
        yield running


def test_without_any_token_this_computer_may_do_everything(alone: Service) -> None:
    me = alone.ask("/api/me").json()
    assert (me["role"], me["token"]) == ("admin", None)
    port = alone.url.rpartition(":")[2]
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "LOCALHOST", "127.3.2.1"):
        assert alone.ask("/api/me", headers={"Host": host}).status_code == 200, host


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8137", "localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1", "["]
)
def test_a_name_that_was_made_to_lead_here_does_not_come_in(alone: Service, host: str) -> None:
    assert "not for this computer" in problem(alone.ask("/api/projects", headers={"Host": host}), 403)


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_a_proxy_needs_tokens(alone: Service, name: str) -> None:
    assert "make a token" in problem(alone.ask("/api/projects", headers={name: "for=203.0.113.7"}), 403)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_another_sites_page_changes_nothing_here(alone: Service, service: Service, headers: dict[str, str]) -> None:
    for one, who in ((alone, None), (service, service.token())):
        for path, method in (
            ("/api/events", "POST"),
            ("/api/cypher", "POST"),
            ("/api/session", "POST"),
            ("/api/session", "DELETE"),
        ):
            answer = one.ask(path, who, method, headers=headers, data=b"{}")
            assert "another site" in problem(answer, 403)


def test_another_sites_page_may_lead_here_and_not_look(alone: Service) -> None:
    assert alone.ask("/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}).status_code == 200
    answer = alone.ask("/api/projects", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})
    assert "another site" in problem(answer, 403)
    own = {"Origin": alone.url, "Sec-Fetch-Site": "same-origin"}
    assert alone.post(b"", headers=own).status_code == 200


def test_the_first_token_ends_it_at_once(address: Address, tmp_path: Path) -> None:
    with serving(tmp_path / "home", address) as one:
        assert one.ask("/api/me").status_code == 200
        made, _ = one.tokens.create("reader")
        assert one.ask("/api/me").status_code == 401
        one.tokens.revoke(made.id)
        assert one.ask("/api/me").status_code == 401, "a token that is no more does not open the door to nobody"


def test_beyond_this_computer_only_with_tokens(address: Address, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lineage_graph", "serve", "--host", "0.0.0.0", "--port", "0"]
    environment = {"PATH": "/usr/bin:/bin", "LINEAGE_GRAPH_HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "0.0.0.0 can be reached from elsewhere; make a token first, with `lineage-graph token create`" in done.stderr
    (tmp_path / "other").mkdir()
    home = tmp_path / "other" / "home"
    Service("", home, None).tokens.create("reader")  # type: ignore[arg-type]
    with serving(home, address, "--host", "0.0.0.0") as one:
        one.url = one.url.replace("0.0.0.0", "127.0.0.1")
        assert one.ask("/api/me").status_code == 401
        one.tokens.path.unlink()
        assert one.ask("/api/me").status_code == 401, "nor where the file is gone"


def test_a_caller_that_says_nothing_true_is_told_nothing(service: Service) -> None:
    """Bytes that are no text, in every place where a name of somebody could be."""
    host, _, port = service.url.removeprefix("http://").partition(":")
    for line in (
        b"Authorization: Bearer \xff\xfe",
        b"Cookie: lineage_graph_token=\xff;\x80=;;",
        b"Origin: http://[",
        b"Host: [::",
    ):
        with socket.create_connection((host, int(port)), timeout=10) as raw:
            raw.sendall(
                b"GET /api/me HTTP/1.1\r\n"
                + line
                + b"\r\nConnection: close\r\n"
                + (b"" if line.startswith(b"Host") else b"Host: x\r\n")
                + b"\r\n"
            )
            answer = raw.makefile("rb").read()
        assert answer.split(b" ")[1] in (b"400", b"401", b"403"), answer[:300]


# ── one project's token ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def two(service: Service) -> tuple[str, str]:
    """Two projects: the model of the first was made from the base of the second, by its own run."""
    import uuid

    ours, theirs = (f"{name}{uuid.uuid4().hex[:10]}" for name in ("ours", "hush"))
    base = logged(f"{theirs}/runs/hush-make", f"{theirs}/hush-base", 7001)
    events = [
        started(f"{theirs}/runs/hush-make", job_type="hush-job", author="hush-ann"),
        base,
        started(f"{ours}/runs/fit", config={"note": "<img src=x onerror=alert(1)>"}, name="<img onerror=alert(1)>"),
        {"kind": "used", "uid": base["uid"][:-4] + "abcd", "run": f"{ours}/runs/fit", "artifact": f"{theirs}/hush-base",
         "digest": base["digest"], "type": "dataset"},
        logged(f"{ours}/runs/fit", f"{ours}/model", 7002, description="<img src=x onerror=alert(1)>"),
    ]  # fmt: skip
    answer = service.post(events, service.token(), params={"wait": 30})
    assert answer.json()["applied"] and not answer.json()["refused"], answer.text
    return ours, theirs


ABOUT = {
    "/api/upstream": "name={ours}/model", "/api/downstream": "name={ours}/model", "/api/clusters": "name={ours}/model",
    "/api/lineage": "home={ours}/model", "/api/card": "name={ours}/model", "/api/plan": "name={ours}/model&from_scratch=true",
    "/api/impact": "name={ours}/model", "/api/inputs": "run={ours}/runs/fit", "/api/outputs": "run={ours}/runs/fit",
    "/api/producers": "version={ours}/model:v0", "/api/consumers": "version={ours}/model:v0", "/api/find": "name=model",
    "/api/versions": "artifact={ours}/model", "/api/artifacts": "", "/api/runs": "", "/api/projects": "", "/api/stale": "",
    "/api/search": "q=hush", "/api/path": "a={ours}/runs/fit&b=model", "/api/diff": "a={ours}/model&b={ours}/model:v0",
    "/api/why": "a={ours}/model&b={ours}/model:v0", "/api/trail": "name={ours}/model:v0", "/api/verify": "",
    "/api/audit/rejections": "", "/api/me": "",
}  # fmt: skip


@pytest.mark.parametrize("path", ABOUT)
def test_a_projects_token_sees_its_own_project(service: Service, two: tuple[str, str], path: str) -> None:
    ours, theirs = two
    role = "auditor" if ROUTES.get(path, ROUTES["/api/audit/{name}"])["GET"].right == "audit" else "reader"
    answer = service.ask(f"{path}?{ABOUT[path].format(ours=ours)}", service.token(role, project=ours))
    assert answer.status_code == 200, answer.text
    assert "hush" not in answer.text and theirs not in answer.text, answer.text
    assert f"{7001:064x}" not in answer.text
    if path not in ("/api/search", "/api/consumers", "/api/stale", "/api/audit/rejections"):
        assert ours in answer.text
    again = service.ask(f"{path}?{ABOUT[path].format(ours=ours)}", service.token(role, project=ours))
    if path not in ("/api/me", "/api/verify"):
        assert again.json() == answer.json(), "ids that stay the same"


@pytest.mark.parametrize("form", ["csv", "dot", "mermaid", "svg", "table"])
def test_nor_does_a_file_tell(service: Service, two: tuple[str, str], form: str) -> None:
    ours, theirs = two
    answer = service.ask(f"/api/upstream?name={ours}/model&format={form}", service.token("reader", project=ours))
    assert answer.status_code == 200 and "hush" not in answer.text and theirs not in answer.text
    assert "other project" in answer.text


def test_nor_a_stream(service: Service, two: tuple[str, str]) -> None:
    ours, theirs = two
    who = {**service.token("auditor", project=ours), "Accept": "text/event-stream"}
    for path in (f"/api/upstream?name={ours}/model", "/api/verify"):
        answer = service.ask(path, who)
        assert "event: result" in answer.text and "hush" not in answer.text and theirs not in answer.text
    assert "event: problem" in (answer := service.ask(f"/api/upstream?name={ours}/nothing", who)).text
    assert "hush" not in answer.text


@pytest.mark.parametrize(
    "asked",
    [
        "/api/upstream?name={theirs}/hush-base", "/api/card?name={theirs}/runs/hush-make", "/api/artifacts?project={theirs}",
        "/api/versions?artifact={theirs}/hush-base", "/api/path?a=model&b={theirs}/hush-base", "/api/stale?scope={theirs}",
        "/api/lineage?home=model&hide={theirs}/hush-base", "/api/lineage?home=model&more={theirs}/hush-base%3C",
        "/api/lineage?home=model&out={theirs}/hush-base:v0", "/api/clusters?name={theirs}&direction=project",
        "/api/clusters?name=model&apart={theirs}/hush-base", "/api/search?q=base&project={theirs}",
        "/api/runs?project={theirs}",
        "/api/members?name=model&group=made/0123", "/api/cluster?home=model&group=g:0123456789",
    ],
)  # fmt: skip
def test_what_is_of_another_project_is_as_if_it_were_not_there(service: Service, two: tuple[str, str], asked: str) -> None:
    ours, theirs = two
    who = service.token("reader", project=ours)
    there = problem(service.ask(asked.format(theirs=theirs), who), 404)
    absent = problem(service.ask(asked.format(theirs="hush0000000000"), who), 404)
    assert there.replace(theirs, "hush0000000000") == absent and "is recorded" in there


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("/api/rejections", "about all projects"),
        ("/api/query/lineage/projects", "about all projects"),
        ("/metrics", "about all projects"),
        ("/api/members?name=model&group=x&search=hush", "looks at names"),
        ("/api/cluster?home=model&group=x&search=hush", "looks at names"),
    ],
)
def test_what_cannot_be_hidden_is_refused(service: Service, two: tuple[str, str], asked: str, says: str) -> None:
    assert says in problem(service.ask(asked, service.token("admin", project=two[0])), 403)


def test_nor_may_it_ask_in_cypher(service: Service, two: tuple[str, str]) -> None:
    who = service.token("auditor", project=two[0])
    assert "about all projects" in problem(service.ask("/api/cypher", who, "POST", json={"statement": "RETURN 1 AS x"}), 403)


def test_hints_tell_nothing_of_others(service: Service, two: tuple[str, str]) -> None:
    who = service.token("reader", project="nothing-is-here")
    for asked in ("/api/stale", "/api/upstream?name=x", "/api/clusters?name=nothing-is-here&direction=project"):
        detail = service.ask(asked, who)
        assert "hush" not in detail.text and two[0] not in detail.text, detail.text


def test_a_group_opens_by_the_id_that_was_given(service: Service, two: tuple[str, str]) -> None:
    ours, theirs = two
    many = [started(f"{theirs}/runs/hush-many{i}") for i in range(6)]
    many += [
        {"kind": "used", "uid": one["uid"][:-4] + "ffff", "run": one["run"], "artifact": f"{ours}/model", "number": 0}
        for one in many
    ]
    assert service.post(many, service.token(), params={"wait": 30}).json()["applied"]
    who = service.token("reader", project=ours)
    seen = service.ask(f"/api/lineage?home={ours}/model&at_least=2&down=all", who).json()
    [group] = [card for card in seen["cards"] if card["group"] is not None]
    assert group["count"] == 6 and group["samples"] == [] and group["type"] is None
    answer = service.ask(
        "/api/cluster", who, params={"home": f"{ours}/model", "group": group["group"], "at_least": 2, "down": "all"}
    )
    members = answer.json()
    assert members["count"] == 6 and {run["name"] for run in members["runs"]} == {"other project"}, answer.text
    assert "hush" not in answer.text and members["group"] == group["group"]
