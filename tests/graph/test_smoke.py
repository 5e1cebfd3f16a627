"""A small pipeline from end to end: recorded by the facade, applied, walked, downloaded. Runs on every server line."""

from __future__ import annotations

from pathlib import Path

import pytest

import lineage_graph as lg
from tests.conftest import Address

pytestmark = pytest.mark.usefixtures("online")


def _record(project: str, folder: Path) -> None:
    with lg.init(project=project, job_type="ingest", id="ingest") as run:
        raw = lg.Artifact("raw", type="dataset")
        with raw.new_file("rows.csv") as file:
            file.write("1,2\n3,4\n")
        run.log_artifact(raw)
    for number in (1, 2):
        with lg.init(project=project, job_type="train", id=f"train-{number}", config={"lr": number / 10}) as run:
            rows = run.use_artifact("raw:latest").download(folder / run.id) / "rows.csv"
            model = lg.Artifact("model", type="model", metadata={"number": number})
            with model.new_file("weights.txt") as file:
                file.write(rows.read_text() * number)
            run.log_artifact(model, aliases=[f"candidate-{number}"])
    with lg.init(project=project, job_type="choose", id="choose") as run:
        run.use_artifact("model:candidate-2").alias("best")


def test_a_pipeline_is_recorded_walked_and_read_back(project: str, online: Address, tmp_path: Path) -> None:
    _record(project, tmp_path)
    with lg.connect() as graph:
        up = graph.upstream(f"{project}/model:best")
        down = graph.downstream(f"{project}/raw:v0")
        best = graph.artifact(f"{project}/model:best")

        assert up.home == f"{project}/model:v1"
        assert [(run.full_name, run.depth) for run in up.runs] == [
            (f"{project}/runs/train-2", 1),
            (f"{project}/runs/ingest", 3),
        ]
        assert [(v.name, v.depth) for v in up.versions] == [(f"{project}/model:v1", 0), (f"{project}/raw:v0", 2)]
        assert [edge.kind for edge in up.edges] == ["logged", "used", "logged"]
        assert {v.name for v in down.versions} == {f"{project}/raw:v0", f"{project}/model:v0", f"{project}/model:v1"}
        assert {run.id for run in down.runs} == {"train-1", "train-2", "choose"}
        assert (best.download(tmp_path / "again") / "weights.txt").read_text() == "1,2\n3,4\n" * 2
        maker = best.logged_by()
        assert maker is not None and maker.config == {"lr": 0.2}
        assert [run.id for run in best.used_by()] == ["choose"]


def test_the_same_pipeline_again_gives_the_same_versions(project: str, tmp_path: Path) -> None:
    def once() -> str:
        with lg.init(project=project, job_type="ingest") as run:
            raw = lg.Artifact("raw", type="dataset")
            with raw.new_file("rows.csv") as file:
                file.write("1,2\n")
            return run.log_artifact(raw).name

    assert once() == once() == f"{project}/raw:v0"
    with lg.connect() as graph:
        assert len(graph.producers(f"{project}/raw:v0")) == 2


def test_a_walk_can_be_bounded_and_read_at_a_time(project: str, tmp_path: Path) -> None:
    _record(project, tmp_path)
    with lg.connect() as graph:
        whole = graph.upstream(f"{project}/model:best")
        near = graph.upstream(f"{project}/model:best", depth=1)
        before = graph.upstream(f"{project}/model:v1", as_of=whole.edges[0].at)

    assert [run.id for run in near.runs] == ["train-2"]
    assert len(near.edges) == 1
    assert before.runs == ()
