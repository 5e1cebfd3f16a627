"""Faults on purpose, a short seeded version of `make soak`: each kind alone, then all of them at once."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from neo4j._conf import WorkspaceConfig

import lineage_graph as lg
from lineage_graph.errors import GraphProblem
from lineage_graph.events import Event, Logged, RunFinished, RunStarted, Used
from lineage_graph.graph import Graph
from lineage_graph.journal import Journal
from lineage_graph.ledger import Ledger
from lineage_graph.lineage import Reader
from lineage_graph.recording.again import settle
from tests.conftest import Address, small_file_system
from tests.faults import proxy
from tests.faults.invariants import check
from tests.faults.proxy import Fault, Proxy
from tests.faults.rounds import LEAST, Report, Round, Server, SmallDisk, own_server


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver waits little after each failure; how long is no matter of these tests."""
    monkeypatch.setattr(WorkspaceConfig, "initial_retry_delay", 0.1)


@pytest.fixture
def between(address: Address) -> Iterator[Proxy]:
    made = Proxy(urlsplit(address.uri).port or 7687, seed=1)
    yield made
    made.close()


def told(project: str, number: int) -> list[Event]:
    run, name = f"{project}/runs/r{number}", f"{project}/one"
    return [
        RunStarted(run=run),
        Used(run=run, artifact=name, digest=f"sha256:{max(0, number - 1):064x}", type="t"),
        Logged(run=run, artifact=name, digest=f"sha256:{number:064x}", type="t", aliases=("best",)),
        RunFinished(run=run),
    ]


@pytest.mark.parametrize(
    "fault",
    [
        proxy.delay(20, 10),
        proxy.refuse(),
        *(proxy.drop_after(n) for n in (1, 1_500, 12_000)),
        proxy.cut_at_commit("before"),
        proxy.cut_at_commit("after"),
        proxy.half_open(),
    ],
    ids=lambda fault: "-".join(str(part) for part in (fault.kind, fault.bytes or "", fault.when, *fault.silent) if part),
)
def test_a_fault_between_ledger_and_server_loses_and_doubles_nothing(
    between: Proxy, fault: Fault, address: Address, graph: Graph, project: str, tmp_path: Path, hurry: None
) -> None:
    journal = Journal(tmp_path, fsync="never")
    entries = [journal.append(told(project, number)) for number in range(12)]
    troubled = Graph(between.uri, address.user, address.password, connection_timeout=2)
    ledger = Ledger(troubled)
    troubled.version()
    for at in (0, 4):
        if at:
            between.set(fault)
            threading.Timer(0.4, between.heal).start()
        for attempt in range(40):
            with contextlib.suppress(GraphProblem):
                ledger.apply(entries[: at * 2 + 4])
                break
            time.sleep(0.05 * attempt)
        between.heal()
    troubled.close()
    journal.close()
    verdict = check(graph, project, tmp_path, [event.uid for entry in entries for event in entry.events])
    assert (verdict.problems, verdict.lost, verdict.doubled, verdict.events) == ([], 0, 0, 48)
    assert between.counts[fault.kind] > 0


def test_a_use_that_was_settled_later_is_of_an_event(address: Address, graph: Graph, project: str, tmp_path: Path) -> None:
    early, late = Journal(tmp_path, fsync="never"), Journal(tmp_path, fsync="never")
    logged = late.append([Logged(run=f"{project}/runs/a", artifact=f"{project}/one", digest=f"sha256:{1:064x}", type="t")])
    used = early.append([Used(run=f"{project}/runs/b", artifact=f"{project}/one", alias="latest")])
    early.close()
    late.close()
    ledger = Ledger(graph)
    ledger.apply([used])
    ledger.apply([logged])
    assert settle(Reader(graph, project), ledger, [f"{project}/one"]) == 1
    verdict = check(graph, project, tmp_path, [event.uid for entry in (used, logged) for event in entry.events], ended=False)
    assert (verdict.problems, verdict.lost, verdict.doubled, verdict.events) == ([], 0, 0, 3)


def sound(verdict_of: Callable[[Report], object]) -> Report:
    report = Report()
    verdict_of(report)
    assert (report.errors, report.lost, report.doubled) == ([], 0, 0), str(report)
    assert report.acknowledged > 50 and report.faults.total() >= LEAST, str(report)
    return report


@pytest.mark.slow
def test_writers_in_trouble_lose_nothing(address: Address, tmp_path: Path) -> None:
    sound(Round(Server(address), tmp_path, 11, processes=3, threads=4, seconds=3).run)


@pytest.mark.slow
def test_a_server_that_is_killed_has_what_it_acknowledged(tmp_path: Path) -> None:
    with own_server(tmp_path / "neo4j") as server:
        troubled = Round(server, tmp_path / "room", 12, processes=2, threads=4, seconds=3)
        report = sound(lambda report: troubled.run(report, kill_server=True))
    assert any(kind.startswith("server killed") for kind in report.faults)


@pytest.mark.slow
def test_a_disk_that_is_full_now_and_then_loses_nothing_it_took(address: Address, tmp_path: Path) -> None:
    with small_file_system(tmp_path / "small", "1m") as folder:
        disk = SmallDisk(folder)
        troubled = Round(
            Server(address), tmp_path / "room", 13, processes=2, threads=4, seconds=3, home=folder, more=disk.fill_or_free
        )
        report = sound(lambda report: troubled.run(report, peace=disk.grow))
    assert report.faults["disk full"] > 0


SILENT = """
import sys
import lineage_graph as lg
from lineage_graph.ledger import writer

writer.OVERLAP_EVENTS = 1

def log(i):
    made = lg.Artifact("refs", type="dataset")
    made.add_reference(f"ref://{i}", name="x")
    return run.log_artifact(made)

run = lg.init(project=sys.argv[1], id="r")
log(0).wait(60)
print("recorded", flush=True)
sys.stdin.readline()
for i in range(50):
    log(i)
"""


def test_a_server_that_falls_silent_does_not_keep_a_process_from_ending(
    between: Proxy, online: Address, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_URI", between.uri)
    monkeypatch.setenv("LINEAGE_GRAPH_TIMEOUT", "1")
    command = [sys.executable, "-c", SILENT, project]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "recorded\n"
        between.set(proxy.half_open())
        try:
            _, said = process.communicate("go on\n", timeout=30)
        finally:
            process.kill()
    assert (process.returncode, "Traceback" in said) == (0, False), said
    monkeypatch.setenv("LINEAGE_GRAPH_URI", online.uri)
    with lg.connect() as graph:
        graph.sync()
        assert len(graph.versions(f"{project}/refs")) == 50
