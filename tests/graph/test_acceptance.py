"""Records that other people's tools made, imported as people import them: every answer is exactly the expected one."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lineage_graph import exchange
from lineage_graph.graph import Graph
from lineage_graph.intake import Imported, import_reading
from lineage_graph.ledger import Ledger
from lineage_graph.lineage import Reader
from lineage_graph.models import ArtifactVersion, Lineage, Run
from lineage_graph.readers import Reading, csv, dvc, git, wfformat
from tests import others
from tests.conftest import shared_data
from tests.others import Edge


@dataclass(frozen=True)
class Taken:
    """An imported record."""

    project: str
    reader: Reader
    reading: Reading
    done: Imported

    def walk(self, direction: str, source_id: str) -> Lineage:
        home = self.reader.by_source(source_id)
        walk: Callable[[str], Lineage] = getattr(self.reader, direction)
        return walk(home.full_name if isinstance(home, Run) else home.name)

    @property
    def counts(self) -> dict[str, int]:
        """What the graph has of the project."""
        project = exchange.export_project(self.reader, self.project)
        kinds = Counter(edge.kind for edge in project["edges"])
        return {"runs": len(project["runs"]), "versions": len(project["versions"]), **kinds}


def taken(graph: Graph, folder: Path, read: Callable[[str], Reading]) -> Taken:
    project = f"t{uuid4().hex[:12]}"
    reading = read(project)
    done = import_reading(reading, Ledger(graph), folder / "journals")
    assert (done.applied, done.repeated, done.rejected) == (len(reading.events), 0, 0)
    return Taken(project, Reader(graph, project), reading, done)


def of_edges(graph: Graph, folder: Path, edges: list[Edge]) -> Taken:
    return taken(graph, folder, lambda project: csv.read(others.as_csv(edges), "edges.csv", project))


def found(lineage: Lineage) -> tuple[list[list[Any]], list[list[Any]]]:
    return (
        sorted([r.source_id, r.depth] for r in lineage.runs),
        sorted([v.source_id, v.depth] for v in lineage.versions),
    )


def as_expected(record: Taken, expected: dict[str, Any], least: int) -> None:
    """Every walk that the expected answers have."""
    asked = [(direction, answer) for direction in ("upstream", "downstream") for answer in expected.get(direction, ())]
    for direction, answer in asked:
        lineage = record.walk(direction, answer["version"])
        assert found(lineage) == (sorted(answer["runs"]), sorted(answer["versions"])), answer["version"]
        assert (len(lineage.runs), len(lineage.versions)) == (answer["n_runs"], answer["n_versions"])
        assert max(n.depth for n in (*lineage.runs, *lineage.versions)) == answer["max_hops"]
    assert len(asked) >= least


def as_searched(record: Taken, edges: list[Edge]) -> None:
    """Upstream and downstream of everything, against a plain search."""
    up = others.above(edges)
    down: dict[tuple[str, str], list[tuple[str, str]]] = {node: [] for node in up}
    for node, there in up.items():
        for one in there:
            down[one].append(node)
    for direction, steps in (("upstream", up), ("downstream", down)):
        for node in up:
            runs, versions = found(record.walk(direction, node[1]))
            reached = others.reached(node, steps)
            assert runs == sorted([name, hops] for (kind, name), hops in reached.items() if kind == "run")
            assert versions == sorted([name, hops] for (kind, name), hops in reached.items() if kind == "version")


def expected_of(name: str) -> dict[str, Any]:
    answers: dict[str, Any] = json.loads(shared_data("expected.json").read_bytes())[name]
    return answers


# ── WfFormat ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_workflow_of_1738_tasks(graph: Graph, tmp_path: Path) -> None:
    data = shared_data("wfformat/montage-2mass-05d.json").read_bytes()
    expected = json.loads(shared_data("wfformat/montage-2mass-05d.expected.json").read_bytes())
    record = taken(graph, tmp_path, lambda project: wfformat.read(data, "montage.json", project))
    wanted = {kind: expected["counts"][kind] for kind in ("runs", "versions", "used", "logged")}
    assert record.counts == record.reading.counts == wanted
    assert wanted == {"runs": 1738, "versions": 2475, "used": 9636, "logged": 2221}
    as_expected(record, expected, 5)
    assert [len(found(record.walk("upstream", "mosaic-color.jpg"))[i]) for i in (1, 0)] == [2469, 1735]
    [task] = [t for t in json.loads(data)["workflow"]["execution"]["tasks"] if t["id"] == "mAdd_ID0000578"]
    run = record.reader.by_source("mAdd_ID0000578")
    assert isinstance(run, Run) and run.ended_at is not None and run.started_at is not None
    assert run.command == " ".join([task["command"]["program"], *task["command"]["arguments"]])
    assert (run.ended_at - run.started_at).total_seconds() == task["runtimeInSeconds"]
    for version in record.reader.inputs(run.full_name):
        assert all(p.ended_at is not None and p.ended_at <= run.started_at for p in record.reader.producers(version.name))


# ── DVC ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def churn() -> tuple[bytes, dict[str, Any]]:
    data = shared_data("dvc/demo-bank-customer-churn.json").read_bytes()
    return data, json.loads(shared_data("dvc/demo-bank-customer-churn.expected.json").read_bytes())


def test_the_history_of_a_model(graph: Graph, tmp_path: Path) -> None:
    data, expected = churn()
    record = taken(graph, tmp_path, lambda project: dvc.read(data, "churn.json", project))
    wanted = {kind: expected["counts"][kind] for kind in ("runs", "versions", "used", "logged")}
    assert record.counts == record.reading.counts == wanted
    assert wanted == {"runs": 241, "versions": 341, "used": 875, "logged": 482}
    stages = Counter(run.step for run in record.reader.runs(record.project))
    assert stages == expected["counts"]["runs_by_stage"]
    as_expected(record, expected, 5)
    version = record.reader.by_source("metrics/metrics.json@82020cf3d0746789e2afca6cdfd4354c")
    assert isinstance(version, ArtifactVersion) and version.digest == "md5:82020cf3d0746789e2afca6cdfd4354c"
    runs, versions = found(record.walk("upstream", "metrics/metrics.json@82020cf3d0746789e2afca6cdfd4354c"))
    assert (len(runs), len(versions)) == (43, 29) and max(hops for _, hops in (*runs, *versions)) == 5


def test_the_same_history_in_a_repository(tmp_path: Path) -> None:
    """The locks, committed one after another with a bystander: runs, versions and edges are the same."""
    data, expected = churn()
    commits = json.loads(data)
    stream = []
    for number, commit in enumerate(commits):
        lock = commit["dvc_lock"].encode()
        head = f"commit refs/heads/main\ncommitter A <a@b> {1_650_000_000 + number} +0000\ndata 0\n"
        stream.append(head.encode() + f"M 100644 inline dvc.lock\ndata {len(lock)}\n".encode() + lock + b"\n")
        stream.append(head.encode() + b"M 100644 inline README\ndata 1\n" + str(number % 10).encode() + b"\n")
    repository = tmp_path / "repository"
    subprocess.run(["git", "init", "--quiet", repository], check=True)
    subprocess.run(["git", "-C", repository, "fast-import", "--quiet"], input=b"".join(stream), check=True)
    reading = git.read(repository, "p", lambda done, total: None)
    assert reading.counts == {kind: expected["counts"][kind] for kind in ("runs", "versions", "used", "logged")}
    assert Counter(e.kind for e in reading.events) == Counter(e.kind for e in dvc.read(data, "", "p").events)
    ids = [{e.run for e in one.events if e.kind == "run_started"} for one in (reading, dvc.read(data, "", "p"))]
    assert ids[0] == ids[1], "a run's name says what it did, not which commit has it"


# ── the others, as edges ──────────────────────────────────────────────────────────────────────────────────────────────


def test_openlineage(graph: Graph, tmp_path: Path) -> None:
    edges = others.openlineage(shared_data("openlineage/marquez-seed.ndjson"))
    expected = expected_of("openlineage/marquez-seed.ndjson")
    record = of_edges(graph, tmp_path, edges)
    assert record.counts == {
        "runs": expected["runs"], "versions": expected["datasets"], "used": expected["used"], "logged": expected["logged"],
    }  # fmt: skip
    as_expected(record, expected, 2)
    as_searched(record, edges)
    links = {(i.source_id, o.source_id) for r in record.reader.runs(record.project)
             for i in record.reader.inputs(r.full_name) for o in record.reader.outputs(r.full_name)}  # fmt: skip
    wanted = {
        tuple(f"{end['namespace']}:{end['name']}" for end in (x["source"], x["target"])) for x in expected["dataset_links"]
    }
    assert links == wanted


def test_prov(graph: Graph, tmp_path: Path) -> None:
    edges = others.prov_json(shared_data("prov/pc1.prov.json"))
    assert set(edges) == set(others.provn(shared_data("prov/pc1.provn"))), "both formats say the same"
    expected = expected_of("prov/pc1")
    record = of_edges(graph, tmp_path, edges)
    counts = expected["counts"]
    assert record.counts == {
        "runs": counts["activities"], "versions": counts["entities"], "used": counts["used"], "logged": counts["logged"],
    }  # fmt: skip
    as_expected(record, expected, 1)
    as_searched(record, edges)


@pytest.mark.parametrize("crate", ["ml-predict-pipeline-cwltool", "snakemake-crcc-img-convert"])
def test_ro_crates(graph: Graph, tmp_path: Path, crate: str) -> None:
    edges, entities = others.ro_crate(shared_data(f"ro-crate/{crate}/ro-crate-metadata.json"))
    expected = expected_of("ro-crate")[crate]
    record = of_edges(graph, tmp_path, edges)
    assert record.counts == {
        "runs": expected["create_actions"], "versions": expected["versions"], "used": expected["used"],
        "logged": expected["logged"],
    }  # fmt: skip
    used: Counter[str] = Counter()
    for action in expected["actions"]:
        run = record.reader.by_source(action["id"])
        assert isinstance(run, Run)
        inputs, outputs = record.reader.inputs(run.full_name), record.reader.outputs(run.full_name)
        assert (len(inputs), len(outputs)) == (action["used"], action["logged"])
        used.update(entities[v.source_id]["@type"] for v in inputs)
    assert used == expected["used_by_type"]
    both = {e.version for e in edges if e.kind == "used"} & {e.version for e in edges if e.kind == "logged"}
    assert both == set(expected["both_used_and_logged"])
    as_searched(record, edges)


def test_trackio(graph: Graph, tmp_path: Path) -> None:
    path = shared_data("trackio/lineage_golden.json")
    edges = others.trackio(path)
    expected = expected_of("trackio/lineage_golden.json")
    record = of_edges(graph, tmp_path, edges)
    assert record.counts == {kind: expected[kind] for kind in ("runs", "versions", "used", "logged")}
    as_expected(record, expected, 1)
    as_searched(record, edges)
    golden = json.loads(path.read_bytes())["expected"]
    project = exchange.export_project(record.reader, record.project)
    names = {r.uid: f"run:{r.source_id}" for r in project["runs"]} | {v.uid: f"art:{v.source_id}" for v in project["versions"]}
    assert set(names.values()) == {node["id"] for node in golden["nodes"]} and len(names) == expected["expected_nodes"]
    ends = Counter(frozenset((names[e.run], names[e.version])) for e in project["edges"])
    assert ends == Counter(frozenset((e["source"], e["target"])) for e in golden["edges"])
    assert sum(ends.values()) == expected["expected_edges"]


def test_slsa(graph: Graph, tmp_path: Path) -> None:
    edges = others.slsa(shared_data("slsa/kube-slsa-v1.25.2.json"))
    expected = expected_of("slsa")["v1.25.2"]
    assert len(edges) == expected["used"] + expected["subjects"], "two subjects are listed twice"
    record = of_edges(graph, tmp_path, edges)
    assert record.counts == {
        "runs": expected["runs"], "versions": expected["used"] + expected["distinct_names"], "used": 1, "logged": 111,
    }  # fmt: skip
    assert record.reader.by_source(expected["build_id"]).source_id == expected["build_id"]
    assert [(one.what, one.count) for one in record.reading.left_out] == [("logged again", 2)]
    as_searched(record, list(dict.fromkeys(edges)))
