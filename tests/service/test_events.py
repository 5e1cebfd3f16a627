"""Events from elsewhere: taken line by line, on the disk before they are called accepted, in the graph once."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from lineage_graph import exchange, journal
from lineage_graph.events import new_uid
from lineage_graph.evidence.evidence import Evidence
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from tests.conftest import Address
from tests.graph.test_ledger import rows
from tests.service.conftest import AT, JSONL, Service, eventually, logged, serving, started

U = new_uid().encode()
NASTY = "<img src=x onerror=alert(1)>\u202e\u0000\U0001f600`'\"\\"


def said(answer: requests.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text[:1000]
    found: dict[str, Any] = answer.json()
    return found


def used(run: str, artifact: str, **how: Any) -> dict[str, Any]:
    return {"kind": "used", "uid": new_uid(), "at": AT, "run": run, "artifact": artifact, **how}


def finished(run: str, **more: Any) -> dict[str, Any]:
    return {"kind": "run_finished", "uid": new_uid(), "at": AT, "run": run, **more}


def erased(**of: Any) -> dict[str, Any]:
    return {"kind": "erased", "uid": new_uid(), "at": AT, "groups": ["content"], "reason": "asked", **of}


def peak_memory(service: Service) -> int:
    """In kB."""
    status = Path(f"/proc/{service.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def entries_of(graph: Graph, project: str) -> list[dict[str, Any]]:
    """The entries that speak of a project."""
    text = "MATCH (e:Entry) WHERE e.body CONTAINS $p RETURN e.body AS body, e.receipt AS receipt ORDER BY e.recorded_at, e.seq"
    return rows(graph, text, p=f'"{project}/')


@pytest.fixture(scope="module")
def recorder(service: Service) -> dict[str, str]:
    return service.token("recorder")


def test_what_is_sent_is_in_the_graph_with_the_token_that_brought_it(service: Service, graph: Graph, project: str) -> None:
    made, text = service.tokens.create("recorder", project=project)
    run = f"{project}/runs/r"
    events = [started(run, name=NASTY.replace("\0", ""), actor="ann", config={"x": NASTY}), logged(run, f"{project}/a", 1),
              finished(run, summary={"acc": 0.5})]  # fmt: skip
    answer = said(service.post(events, {"Authorization": f"Bearer {text}"}, params={"wait": 30}))
    uids = [event["uid"] for event in events]
    assert answer == {"accepted": uids, "refused": [], "lines": 3, "applied": True}
    ask = Evidence(graph, project)
    found = ask.run(run)
    assert (found.state, found.name, found.config["x"]) == ("finished", NASTY.replace("\0", ""), NASTY)
    assert ask.version("a:v0").digest == events[1]["digest"]
    for entry in entries_of(graph, project):
        assert json.loads(entry["body"])["via"] == json.loads(entry["receipt"])["via"] == made.id
    assert {(step.who, step.via) for step in ask.trail(run).steps} == {("ann", made.id), (None, made.id)}
    assert ask.verify(project=project).ok


def test_sending_it_again_changes_nothing(service: Service, graph: Graph, project: str, recorder: dict[str, str]) -> None:
    run = f"{project}/runs/r"
    events = [
        started(run), logged(run, f"{project}/a", 1, aliases=["best"]), logged(run, f"{project}/a", 2),
        used(run, f"{project}/a", alias="best"), finished(run),
        {"kind": "alias_moved", "uid": new_uid(), "at": AT, "artifact": f"{project}/a", "alias": "gold", "number": 0},
        {"kind": "edited", "uid": new_uid(), "at": AT, "run": run, "description": "once"},
        {"kind": "alias_removed", "uid": new_uid(), "at": AT, "artifact": f"{project}/a", "alias": "best"},
    ]  # fmt: skip
    first = said(service.post(events, recorder, params={"wait": 30}))
    assert first["applied"]
    ask = Reader(graph, project)

    def everything() -> list[str]:
        text = """
          MATCH (n) WHERE n.project = $p OR n.artifact STARTS WITH $p OR n.of IN $of
          RETURN labels(n) AS labels, n {.*, rev: 0, lock: null} AS props, [(n)-[e]->(m) | [type(e), e {.*}, m.uid]] AS edges
          ORDER BY labels(n)[0], n.uid, n.artifact
        """
        found = rows(graph, text, p=project, of=[ask.run(run).uid])
        return [repr((row["labels"], sorted(row["props"].items()), sorted(map(repr, row["edges"])))) for row in found]

    there = everything()
    assert len(there) > 6
    for again in (events, events[::-1], events):
        assert said(service.post(again, recorder, params={"wait": 30}))["applied"]
    assert everything() == there
    results = {o["result"] for e in entries_of(graph, project)[1:] for o in json.loads(e["receipt"])["outcomes"]}
    assert results <= {"repeated", "rejected"}, "an alias that was taken off cannot be taken off again"


def test_a_line_that_is_wrong_refuses_itself_alone(service: Service, graph: Graph, project: str) -> None:
    who = service.token("recorder", project=project)
    run = f"{project}/runs/r"
    good = [started(run), logged(run, f"{project}/a", 1)]
    bad: list[tuple[bytes | dict[str, Any], str]] = [
        (b"{", "it is not JSON"),
        (b"\xff\xfe\x00{", "it is not JSON"),
        (b'{"kind": "run_started", "run": "\xc3\x28"}', "it is not JSON"),
        (b"[1, 2]", "not a JSON object"),
        (b"[" * 100_000, "it is not JSON"),
        (b'{"uid": "%s", "at": "%s", "config": {"x": Infinity}}' % (U, AT.encode()), "infinity"),
        (b'{"a": "' + b"x" * 17_000_000 + b'"}', "longer than 16,000,000 bytes"),
        ({"kind": "nothing", "uid": new_uid(), "at": AT}, "is no kind of event"),
        ({"kind": "run_started", "run": run, "at": AT}, "has no uid"),
        ({"kind": "run_started", "run": run, "uid": new_uid()}, "has no at"),
        (started("other/runs/r"), "is not of project"),
        (used(run, "other/a", number=0), "is not of project"),
        (started(f"{project}/runs/c", child_of="other/runs/r"), "child_of: 'other/runs/r' is not of"),
        (started(f"{project}/runs/c", more=1), "more: Extra inputs"),
        ({**started(run), "uid": "1"}, "uid: "),
        (started(f"{project}/a/b/c/runs/d"), "run: "),
        (started(run, config={"x": 2**60}), "2^53"),
        (started(run, config={"x": "y" * 4_000_001}), "4,000,000 is the most"),
        (started(run, name="\ud800"), ""),
        (
            {"kind": "erased", "uid": new_uid(), "at": AT, "run": run, "groups": ["content"], "reason": "x"},
            "not taken from a recorder",
        ),
        (
            {"kind": "asked", "uid": new_uid(), "at": AT, "outcome": "ran", "statement_digest": "sha256:0000"},
            "not taken from a recorder",
        ),
        (logged(run, f"{project}/a", 3, content="stored") | {"digest": "declared:../../x"}, "64 hex"),
    ]
    wrong = [line if isinstance(line, bytes) else json.dumps(line).encode() for line, _ in bad]
    lines = [json.dumps(good[0]).encode(), b"", *wrong, json.dumps(good[1]).encode()]
    answer = said(service.post(b"\n".join(lines), who, params={"wait": 30}))
    assert answer["accepted"] == [event["uid"] for event in good] and answer["applied"]
    assert [one["line"] for one in answer["refused"]] == list(range(3, 3 + len(bad)))
    for (_, why), one in zip(bad, answer["refused"], strict=True):
        assert why in one["reason"] and len(one["reason"]) <= 300, one
    assert answer["lines"] == len(lines)
    assert Reader(graph, project).version("a:v0")


def test_words_that_are_markup_come_back_as_they_are(service: Service, project: str, recorder: dict[str, str]) -> None:
    run = f"{project}/runs/r"
    events = [
        started(run, name=NASTY.replace("\0", ""), job_type=NASTY[:28], description=NASTY, tags=[NASTY]),
        logged(run, f"{project}/a", 1, metadata={NASTY: NASTY}, description=NASTY, aliases=["<b>"]),
    ]
    assert said(service.post(events, recorder, params={"wait": 30}))["applied"], "nothing of it may stop the journal"
    card = service.ask("/api/card", recorder, params={"name": run})
    assert card.headers["content-type"] == "application/json" and card.headers["x-content-type-options"] == "nosniff"
    assert card.json()["run"]["description"] == NASTY
    assert service.ask("/api/card", recorder, params={"name": f"{project}/a:<b>"}).json()["version"]["metadata"] == {
        NASTY: NASTY
    }
    svg = service.ask("/api/upstream", recorder, params={"name": f"{project}/a", "format": "svg"})
    assert "<img" not in svg.text and "attachment" in svg.headers["content-disposition"]


def test_what_no_recorder_may_send(service: Service, project: str) -> None:
    for role in ("reader", "auditor"):
        answer = service.post([started(f"{project}/runs/r")], service.token(role))
        assert answer.status_code == 403 and "this takes the role recorder or admin" in answer.text
    of_run = erased(run=f"{project}/runs/r")
    assert said(service.post([of_run], service.token("recorder")))["refused"]
    assert said(service.post([started(f"{project}/runs/r"), of_run], service.token("admin"), params={"wait": 30}))["applied"]
    by_event = erased(events=[new_uid()], groups=["personal"])
    [refused] = said(service.post([by_event], service.token("admin", project=project)))["refused"]
    assert "the token is for one" in refused["reason"]


def test_the_form_of_a_body(service: Service, recorder: dict[str, str]) -> None:
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", ""):
        answer = service.ask("/api/events", {**recorder, "Content-Type": kind}, "POST", data=b"{}")
        assert answer.status_code == 415 and "application/jsonl" in answer.json()["detail"]
    packed = service.ask("/api/events", {**recorder, **JSONL, "Content-Encoding": "gzip"}, "POST", data=b"\x1f\x8b")
    assert packed.status_code == 415
    for body in (b"", b"\n\n", b" \r\n"):
        assert said(service.post(body, recorder))["accepted"] == []
    crlf = json.dumps(started("uncategorized/runs/crlf", role="worker")).encode()
    assert len(said(service.post(crlf + b"\r\n" + crlf + b"\r\n", recorder))["accepted"]) == 2


def test_a_hundred_thousand_lines_and_no_more(service: Service, graph: Graph, project: str, recorder: dict[str, str]) -> None:
    run = f"{project}/runs/r"
    begun = time.monotonic()

    def lines() -> Iterator[bytes]:
        yield json.dumps(started(run)).encode() + b"\n"
        for _ in range(100_000):
            yield json.dumps({"kind": "run_started", "uid": new_uid(), "at": AT, "run": run, "role": "worker"}).encode() + b"\n"

    answer = service.ask("/api/events", {**recorder, **JSONL}, "POST", data=b"".join(lines()), params={"wait": 0})
    assert answer.status_code == 413 and "send what is after line 100000 again" in answer.json()["detail"]
    found = answer.json()
    assert len(set(found["accepted"])) == found["lines"] == 100_000 and found["refused"] == []
    print(f"100,000 events were on the disk after {time.monotonic() - begun:.1f} s")
    memory = peak_memory(service)
    assert memory < 600_000, f"{memory:,} kB"
    last = [started(f"{project}/runs/last")]
    eventually(lambda: service.post(last, recorder, params={"wait": 30}).json()["applied"], 240)
    assert Reader(graph, project).run(run).state == "running"


def test_a_body_that_says_it_is_too_large_is_not_read(service: Service, recorder: dict[str, str]) -> None:
    host = service.url.removeprefix("http://")
    import http.client

    connection = http.client.HTTPConnection(host, timeout=20)
    connection.putrequest("POST", "/api/events")
    for name, value in {**recorder, **JSONL, "Content-Length": str(10**12)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413 and answer.getheader("content-type") == "application/problem+json"
    connection.close()


# ── when things go wrong ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_accepted_outlives_the_service_and_neo4j(address: Address, graph: Graph, project: str, tmp_path: Path) -> None:
    """Killed between acceptance and the graph: nothing is lost, nothing doubled, and no run counts as crashed."""
    home, run = tmp_path / "home", f"{project}/runs/r"
    with serving(home, None) as one:
        made, text = one.tokens.create("recorder", project=project)
        who = {"Authorization": f"Bearer {text}"}
        events = [started(run), *(logged(run, f"{project}/a", i) for i in range(250))]
        answer = said(one.post(events, who, params={"wait": 1}), 202)
        assert answer["applied"] is False and answer["accepted"] == [event["uid"] for event in events]
        again = said(one.post(events[:3], who), 202)
        assert len(again["accepted"]) == 3
        one.process.send_signal(signal.SIGKILL)
        one.process.wait()
    [left] = (home / "journals").glob("*.jsonl")
    assert sum(len(entry.events) for entry, _ in journal.read(left)) == 254
    assert all(entry.via == made.id for entry, _ in journal.read(left))
    assert not list(Reader(graph).artifacts(project))
    with serving(home, address) as two:
        eventually(lambda: len(Reader(graph).artifacts(project)) == 1 and not list((home / "journals").glob("*.jsonl")), 60)
        assert said(two.post(events, who, params={"wait": 30}))["applied"], "and sent once more"
    ask = Evidence(graph, project)
    assert [version.version for version in ask.versions("a")] == list(range(250))
    assert ask.run(run).state == "running", "its process is elsewhere, and lives"
    assert len(ask.upstream("a:v249").edges) == 1
    assert ask.verify(project=project).ok
    assert {step.via for step in ask.trail(run).steps} == {made.id}


def test_killed_at_any_moment(address: Address, graph: Graph, project: str, tmp_path: Path) -> None:
    """What was answered as accepted is there after the next start, once; what was not may be, and is once it is sent again."""
    home, accepted, sent = tmp_path / "home", [], []
    who = Service("", home, None).token("recorder", project=project)  # type: ignore[arg-type]
    for turn in range(4):
        with serving(home, address) as one:

            def send(one: Service = one, turn: int = turn) -> None:
                for i in range(10_000):
                    run = f"{project}/runs/r{turn}-{i}"
                    batch = [started(run), logged(run, f"{project}/a", turn * 10_000 + i), finished(run)]
                    sent.append(batch)
                    try:
                        accepted.extend(one.post(batch, who, params={"wait": 0}).json()["accepted"])
                    except (requests.RequestException, ValueError):
                        return

            thread = threading.Thread(target=send)
            thread.start()
            time.sleep(0.4 + 0.5 * turn)
            one.process.send_signal(signal.SIGKILL)
            thread.join()
            one.process.wait()
    assert len(accepted) > 30
    with serving(home, address) as one:
        eventually(lambda: not [p for p in (home / "journals").glob("*.jsonl") if not journal.is_being_written(p)], 60)
        bodies = [json.loads(entry["body"])["events"] for entry in entries_of(graph, project)]
        there = {event["uid"] for events in bodies for event in events}
        assert set(accepted) <= there
        for batch in sent[-3:]:
            assert said(one.post(batch, who, params={"wait": 30}))["applied"]
    ask = Evidence(graph, project)
    assert ask.verify(project=project).ok
    for batch in [batch for batch in sent if batch[2]["uid"] in accepted]:
        assert ask.run(batch[0]["run"]).state == "finished"
    numbers = [version.version for version in ask.versions("a")]
    assert numbers == list(range(len(numbers)))


def test_a_disk_that_takes_nothing_accepts_nothing(address: Address, project: str, tmp_path: Path) -> None:
    from tests.conftest import small_file_system

    with small_file_system(tmp_path / "small", "256k") as small, serving(small / "home", None) as one:
        who = one.token("recorder")
        assert said(one.post([started(f"{project}/runs/a")], who, params={"wait": 0}), 202)["accepted"]
        large = [started(f"{project}/runs/b{i}", description="x" * 100_000) for i in range(6)]
        answer = one.post(large, who, params={"wait": 0})
        assert answer.status_code == 503 and "it cannot be written (No space left on device)" in answer.json()["detail"]
        assert "accepted" not in answer.json()


# ── who asked ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_asks_in_cypher_is_kept(service: Service, graph: Graph) -> None:
    made, text = service.tokens.create("auditor")
    who, mark = {"Authorization": f"Bearer {text}"}, f"x{new_uid()[-12:]}"
    statement = f"MATCH (r:Run) RETURN count(r) AS {mark}"
    answer = said(service.ask("/api/cypher", who, "POST", json={"statement": statement, "limit": 5}))
    assert answer["columns"] == [mark] and answer["rows"][0][mark] >= 0
    refused = service.ask("/api/cypher", who, "POST", json={"statement": f"MATCH (n) SET n.x = '{mark}'"})
    assert refused.status_code == 403 and "not run" in refused.json()["detail"]

    def kept() -> list[dict[str, Any]]:
        asked = Reader(graph).audit("questions", limit=200).rows
        return [row for row in asked if mark in (row["statement"] or "")]

    eventually(lambda: len(kept()) == 2, 30)
    assert {(row["who"], row["outcome"]) for row in kept()} == {(made.id, "ran"), (made.id, "refused")}
    assert service.ask("/api/cypher", service.token("reader"), "POST", json={"statement": statement}).status_code == 403


def test_a_backup_keeps_by_whose_token_it_came(service: Service, graph: Graph, project: str) -> None:
    made, text = service.tokens.create("recorder", project=project)
    who = {"Authorization": f"Bearer {text}"}
    assert said(service.post([started(f"{project}/runs/r")], who, params={"wait": 30}))["applied"]
    out: list[bytes] = []
    exchange.export_entries(Reader(graph), project, out.append)
    entries = [json.loads(line) for line in b"".join(out).splitlines()[:-1]]
    [own] = [entry for entry in entries if f"{project}/runs/r" in json.dumps(entry["entry"])]
    assert own["entry"]["via"] == own["receipt"]["via"] == made.id
