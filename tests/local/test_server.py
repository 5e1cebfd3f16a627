"""The managed local server, for real: one a folder, outliving who asked, coming back with its data."""

from __future__ import annotations

import os
import signal
import socket
import stat
import time
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest
from neo4j.exceptions import AuthError

from lineage_graph import local
from lineage_graph.errors import LocalServerProblem
from tests.local.conftest import HEAP, Room, asker, driver


def listening(pid: int) -> set[str]:
    """The addresses a process listens on or sends datagrams from."""
    found = psutil.Process(pid).net_connections("inet")
    return {one.laddr.ip for one in found if one.status in (psutil.CONN_LISTEN, psutil.CONN_NONE)}


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)


def test_six_processes_at_once_get_one_server_and_it_outlives_them(room: Room) -> None:
    assert len(room.answers) == 6
    assert len(set(room.answers)) == 1
    server = local.running(room.folder)
    assert server is not None
    assert (server.pid, server.uri) == room.answers[0]
    assert os.getsid(server.pid) != os.getsid(0)


def test_up_on_a_running_server_is_that_server(room: Room) -> None:
    server = room.server()
    assert local.up(room.folder) == server


def test_running_is_fast_and_changes_nothing(room: Room) -> None:
    room.server()
    before = sorted((path.name, path.stat().st_mtime_ns) for path in room.folder.glob("*.json"))
    started = time.perf_counter()
    assert local.running(room.folder) is not None
    assert time.perf_counter() - started < 0.05
    assert before == sorted((path.name, path.stat().st_mtime_ns) for path in room.folder.glob("*.json"))


def test_it_listens_on_loopback_only(room: Room) -> None:
    assert {ip.removeprefix("::ffff:") for ip in listening(room.server().pid)} == {"127.0.0.1"}


def test_the_password_file_is_private_and_no_other_password_works(room: Room) -> None:
    server = room.server()
    for name in ("password", "server.json", "java.args"):
        assert stat.S_IMODE((room.folder / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(room.folder.stat().st_mode) == 0o700
    assert len(server.password) >= 24
    for wrong in ("neo4j", "wrong"):
        with driver(server, wrong) as other, pytest.raises(AuthError):
            other.verify_connectivity()


def test_it_answers_in_the_language_and_with_the_limits_it_was_given(room: Room) -> None:
    asked = "SHOW SETTINGS YIELD name, value WHERE name IN $names RETURN name, value"
    wanted = {
        "db.query.default_language": "CYPHER_25",
        "dbms.security.auth_enabled": "true",
        "dbms.usage_report.enabled": "false",
        "dbms.fleet_manager.enabled": "false",
        "server.http.enabled": "false",
        "db.lock.acquisition.timeout": "10s",
    }
    with driver(room.server()) as other:
        rows = other.execute_query(asked, names=list(wanted), database_="neo4j").records
    assert {row["name"]: row["value"] for row in rows} == wanted


def test_doctor_finds_a_healthy_server_healthy(room: Room) -> None:
    room.server()
    checks = local.doctor(room.folder)
    assert [check for check in checks if not check.ok] == []
    names = {check.name for check in checks}
    assert names == {"python", "extra", "java", "memory", "disk", "folder", "jars", "password", "port", "server"}


def test_after_kill_9_it_comes_back_with_all_data(room: Room) -> None:
    server = room.server()
    with driver(server) as other:
        other.execute_query("UNWIND range(1, 1000) AS i CREATE (:Kept {i: i})", database_="neo4j")
    kill(server.pid)
    assert local.running(room.folder) is None
    back = local.up(room.folder, heap=HEAP)
    assert back.pid != server.pid
    assert (back.uri, back.password) == (server.uri, server.password)
    with driver(back) as other:
        assert other.execute_query("MATCH (n:Kept) RETURN count(n)", database_="neo4j").records[0][0] == 1000


def test_an_asker_killed_while_it_starts_leaves_a_server_that_the_next_one_takes_over(room: Room) -> None:
    room.server()
    assert local.down(room.folder)
    first = asker(room.folder)
    deadline = time.monotonic() + 30
    while '"pid": null' in (room.folder / "server.json").read_text() and time.monotonic() < deadline:
        time.sleep(0.01)
    first.kill()
    first.communicate()
    assert local.running(room.folder) is None
    server = local.up(room.folder, heap=HEAP)
    assert [one.pid for one in strays(room.folder)] == [server.pid]


def test_a_server_that_server_json_forgot_is_found_and_its_port_taken_by_another_is_left_to_it(room: Room) -> None:
    old = room.server()
    (room.folder / "server.json").unlink()
    assert local.running(room.folder) is None
    assert local.down(room.folder)
    assert strays(room.folder) == []
    with socket.create_server(("127.0.0.1", urlsplit(old.uri).port or 0)):
        server = local.up(room.folder, heap=HEAP)
        assert server.uri != old.uri
        assert local.running(room.folder) == server


def test_browser_is_served_on_demand_with_a_query_filled_in(room: Room) -> None:
    plain = room.server()
    with pytest.raises(LocalServerProblem, match="runs without Neo4j Browser; start it with"):
        local.browser_url(plain)
    server = local.up(room.folder, heap=HEAP, http=True)
    assert server.http is not None
    assert server.uri == plain.uri
    query = "MATCH (r:Run {name: 'a&b'}) // Grüße\nRETURN r"
    url = local.browser_url(server, query)
    asked = parse_qs(urlsplit(url).query)
    assert asked["arg"] == [query]
    assert server.password not in url
    with urllib.request.urlopen(url, timeout=20) as page:
        assert b"<title>Neo4j Browser</title>" in page.read()
    assert {ip.removeprefix("::ffff:") for ip in listening(server.pid)} == {"127.0.0.1"}
    assert local.up(room.folder) == server


def test_another_version_is_refused_while_it_runs_and_an_older_one_for_good(room: Room) -> None:
    room.server()
    with pytest.raises(LocalServerProblem, match=r"runs 2026\.09\.0, not 5\.26\.31; stop it first"):
        local.up(room.folder, version=local.LTS_VERSION)
    assert local.down(room.folder)
    assert not local.down(room.folder)
    with pytest.raises(LocalServerProblem, match=r"was written by Neo4j 2026\.09\.0, which 5\.26\.31 cannot read"):
        local.up(room.folder, version=local.LTS_VERSION)


def test_a_lost_password_is_one_sentence(room: Room) -> None:
    local.down(room.folder)
    path = room.folder / "password"
    right = path.read_text()
    path.write_text("lost\n")
    try:
        with pytest.raises(LocalServerProblem, match=r"refuses the password in .*; put the right one back"):
            local.up(room.folder, heap=HEAP)
    finally:
        path.write_text(right)
    assert local.up(room.folder).password == right.strip()


@pytest.mark.slow
def test_data_of_the_older_line_is_taken_over_by_the_newer_one(tmp_path: Path, room: Room) -> None:
    local.down(room.folder)
    folder = tmp_path / "neo4j with a space"
    try:
        server = local.up(folder, version=local.LTS_VERSION, heap=HEAP)
        with driver(server) as other:
            other.execute_query("CREATE (:Old {i: 1})", database_="neo4j")
            assert other.get_server_info().agent == f"Neo4j/{local.LTS_VERSION}"
        assert local.down(folder)
        with driver(local.up(folder, heap=HEAP)) as other:
            assert other.execute_query("MATCH (n:Old) RETURN n.i", database_="neo4j").records[0][0] == 1
    finally:
        local.down(folder)


def strays(folder: Path) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [one for one in found if f"--home-dir={folder}" in (one.info["cmdline"] or [])]
