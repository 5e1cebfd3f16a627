"""What a pipeline's author writes, against a real Neo4j."""

from __future__ import annotations

from pathlib import Path

import pytest

import lineage_graph as lg
from lineage_graph.errors import (
    ArtifactClosed,
    ContentProblem,
    NameNotUnderstood,
    NotJson,
    NotRecorded,
    Rejected,
    RunClosed,
    TypeClash,
)
from lineage_graph.recording.recorder import LineageWarning

pytestmark = pytest.mark.usefixtures("online")


def artifact(name: str, content: str, kind: str = "dataset", **facts: object) -> lg.Artifact:
    made = lg.Artifact(name, type=kind, **facts)  # type: ignore[arg-type]
    with made.new_file("data.txt") as file:
        file.write(content)
    return made


def test_the_designs_own_example(project: str) -> None:
    with lg.init(project=project, job_type="ingest") as run:
        run.log_artifact(artifact("digits-raw", "pixels"))
    with lg.init(project=project, job_type="train", config={"C": 1.0}) as run:
        data = run.use_artifact("digits-raw:latest")
        folder = data.download()
        assert (folder / "data.txt").read_text() == "pixels"
        model = artifact("classifier", "weights", "model", metadata={"accuracy": 0.97})
        version = run.log_artifact(model, aliases=["best"])
    assert version.version == "v0"
    made_by = version.logged_by()
    assert made_by is not None and made_by.id == run.id and made_by.config == {"C": 1.0}
    assert [r.id for r in data.used_by()] == [run.id]
    assert version.metadata == {"accuracy": 0.97}
    assert set(version.aliases) == {"latest", "best"}
    walk = lg.connect(project=project).upstream("classifier:best")
    assert [v.name for v in walk.versions] == [f"{project}/classifier:v0", f"{project}/digits-raw:v0"]
    assert [r.job_type for r in walk.runs] == ["train", "ingest"]
    assert sorted(e.kind for e in walk.edges) == ["logged", "logged", "used"]
    assert walk.truncated is None


def test_wandbs_guide_runs_unchanged(project: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import lineage_graph as wandb

    local = tmp_path / "file.csv"
    local.write_text("a,b\n")
    with wandb.init(entity="team", project=project) as run:
        artifact = wandb.Artifact(name="artifact_name", type="artifact_type")
        artifact.add_file(local_path=str(local), name="optional-name.csv")
        run.log_artifact(artifact_or_path=artifact)
    monkeypatch.setenv("LINEAGE_GRAPH_PROJECT", f"team/{project}")
    with wandb.init() as run:
        artifact = run.use_artifact("artifact_name:latest")
        producer_run = artifact.logged_by()
        consumer_runs = artifact.used_by()
    assert producer_run is not None and producer_run.state == "finished"
    assert consumer_runs == [lg.connect().recorded_run(run.full_name)]
    with wandb.init(entity="team", project=project) as run:
        run.log_artifact(artifact_or_path=str(local), name="artifact_name", type="artifact_type", aliases="blessed")
        artifact = run.use_artifact(artifact_or_name="artifact_name", aliases="blessed")
    assert artifact.name == f"team/{project}/artifact_name:v1"


def test_an_alias_given_for_a_plain_name_is_honoured(project: str) -> None:
    with lg.init(project=project) as run:
        first = run.log_artifact(artifact("raw", "one"), aliases=["gold"])
        run.log_artifact(artifact("raw", "two"))
        assert run.use_artifact("raw", aliases="gold") == first
        assert run.use_artifact("raw").version == "v1"
        with pytest.raises(NameNotUnderstood):
            run.use_artifact("raw:v1", aliases="gold")


def test_old_versions_come_back_and_aliases_move_back(project: str, tmp_path: Path) -> None:
    with lg.init(project=project) as run:
        old = run.log_artifact(artifact("model", "old", "model"), aliases=["prod"])
        new = run.log_artifact(artifact("model", "new", "model"), aliases=["prod"])
    graph = lg.connect(project=project)
    assert graph.artifact("model:prod") == new
    assert (graph.artifact("model:v0").download(tmp_path / "a") / "data.txt").read_text() == "old"
    graph.artifact("model:v0").alias("prod")
    assert graph.artifact("model:prod") == old
    assert (graph.artifact("model:prod").download(tmp_path / "b") / "data.txt").read_text() == "old"
    graph.artifact("model:v0").unalias("prod")
    graph.close()
    with pytest.raises(NotRecorded, match="newest is v1"):
        graph.artifact("model:prod")


def test_same_bytes_are_the_same_version_and_new_metadata_is_kept(project: str) -> None:
    with lg.init(project=project) as one:
        first = one.log_artifact(artifact("raw", "same", metadata={"rows": 1}))
    with lg.init(project=project) as two:
        second = two.log_artifact(artifact("raw", "same", metadata={"rows": 2}))
    assert first == second and second.version == "v0"
    assert [r.id for r in second.producers()] == [one.id, two.id]
    made_by = second.logged_by()
    assert made_by is not None and made_by.id == one.id
    assert second.metadata == {"rows": 2}


def test_used_and_logged_artifacts_of_a_run(project: str) -> None:
    with lg.init(project=project) as run:
        a, b = (run.log_artifact(artifact(name, name)) for name in "ab")
        assert run.logged_artifacts() == [a, b]
        run.use_artifact("a")
        run.use_artifact("a:v0")
        assert run.used_artifacts() == [a]


def test_an_artifact_that_nobody_logged_can_be_used(project: str) -> None:
    with lg.init(project=project) as run:
        version = run.use_artifact(artifact("outside", "from elsewhere"))
    assert version.version == "v0" and version.logged_by() is None
    assert [r.id for r in version.used_by()] == [run.id]


def test_edits_are_kept_and_the_last_one_holds(project: str) -> None:
    with lg.init(project=project) as run:
        version = run.log_artifact(artifact("raw", "x", metadata={"a": 1, "b": 2}))
    version.edit(description="first", tags=["x", "x", "y"]).edit(description="second", metadata={"a": 3})
    assert version.description == "second"
    assert version.tags == ("x", "y")
    assert version.metadata == {"a": 3}


def test_a_clash_of_types_is_a_visible_rejection(project: str) -> None:
    with lg.init(project=project) as run:
        run.log_artifact(artifact("thing", "x", "dataset"))
        with pytest.warns(LineageWarning, match="cannot be 'model' as well"):
            clash = run.log_artifact(artifact("thing", "y", "model"))
            with pytest.raises(Rejected, match="is of type 'dataset'"):
                _ = clash.version
        with pytest.raises(TypeClash):
            run.use_artifact("thing", type="model")
    assert any(project in r["reason"] for r in lg.connect().rejections())


@pytest.mark.parametrize("name", ["", "a b", "a/b/c/d", "raw:", "runs/x", "raw@x"])
def test_malformed_names_raise_at_the_call(project: str, name: str) -> None:
    with lg.init(project=project) as run, pytest.raises(NameNotUnderstood):
        run.use_artifact(name)


@pytest.mark.parametrize("name", ["nothing", "raw:v9", "raw:nope", "raw@sha256:0000", "elsewhere/raw"])
def test_what_is_not_recorded_raises_at_the_call(project: str, name: str) -> None:
    with lg.init(project=project) as run:
        run.log_artifact(artifact("raw", "x"))
        with pytest.raises(NotRecorded):
            run.use_artifact(name)


def test_mistakes_with_files_and_values_raise_at_the_call(project: str, tmp_path: Path) -> None:
    gone = tmp_path / "gone.txt"
    gone.write_text("here for now")
    with lg.init(project=project) as run:
        vanishing = lg.Artifact("raw", type="dataset")
        vanishing.add_file(gone)
        gone.unlink()
        with pytest.raises(ContentProblem, match=r"gone\.txt"):
            run.log_artifact(vanishing)
        with pytest.raises(ContentProblem):
            lg.Artifact("raw", type="dataset").add_file(tmp_path / "never.txt")
        with pytest.raises(ContentProblem, match="climbs"):
            vanishing.add_file(__file__, name="../up.py")
        with pytest.raises(NotJson, match=r"metadata\.f"):
            lg.Artifact("raw", type="dataset", metadata={"f": object()})
        with pytest.raises(NotJson):
            lg.init(project=project, config={"x": float("inf")})
        with pytest.raises(NameNotUnderstood):
            run.log_artifact(artifact("raw", "x"), aliases=["v3"])
        with pytest.raises(NameNotUnderstood):
            lg.Artifact("raw", type="a:b")
        logged = artifact("raw", "y")
        run.log_artifact(logged)
        with pytest.raises(ArtifactClosed):
            logged.add_file(__file__)
        with pytest.raises(ArtifactClosed):
            run.log_artifact(logged)
    with pytest.raises(RunClosed):
        run.use_artifact("raw")
    assert [v.name for v in lg.connect().versions(f"{project}/raw")] == [f"{project}/raw:v0"]


def test_how_a_run_ends_is_recorded(project: str) -> None:
    with lg.init(project=project) as fine:
        fine.config["late"] = 1
        fine.summary["loss"] = 0.5
    with pytest.raises(ZeroDivisionError), lg.init(project=project) as failed:
        _ = 1 / 0
    with pytest.raises(SystemExit), lg.init(project=project) as left:
        raise SystemExit(3)
    graph = lg.connect()
    assert graph.run(fine.full_name).state == "finished"
    assert graph.run(fine.full_name).summary == {"loss": 0.5}
    assert graph.run(fine.full_name).config == {"late": 1}
    assert graph.run(failed.full_name).state == "failed"
    assert (graph.run(left.full_name).state, graph.run(left.full_name).exit_code) == ("failed", 3)


def test_a_step_is_a_function_whose_calls_are_runs(project: str) -> None:
    @lg.step(project=project, job_type="train")
    def fit(data: lg.RecordedVersion, run: lg.Run | None = None, C: float = 1.0) -> dict[str, lg.Artifact]:
        assert run is not None
        run.summary["C"] = C
        return {"model": artifact("model", str(C), "model")}

    with lg.init(project=project) as run:
        data = run.log_artifact(artifact("raw", "x"))
    out = fit(data, C=2.0)["model"]
    assert isinstance(out, lg.RecordedVersion)
    made_by = out.logged_by()
    assert made_by is not None
    assert (made_by.record.step, made_by.record.config, made_by.record.summary) == ("fit", {"C": 2.0}, {"C": 2.0})
    assert made_by.used_artifacts() == [data]


def test_relations_between_runs(project: str) -> None:
    with lg.init(project=project, id="first") as first:
        pass
    with lg.init(project=project, retry_of="first", child_of=first.full_name):
        pass
    rows = lg.connect().graph.read(_links_query(), project=project)
    assert {r["kind"] for r in rows} == {"RETRY_OF", "CHILD_OF"}


def _links_query():  # type: ignore[no-untyped-def]
    from lineage_graph import queries

    text = """// Which runs are related?
//
// Parameters
//   $project  STRING  a project
//
// Columns
//   kind  STRING  how
//
// Try    :param project => 'x'
MATCH (:Run {project: $project})-[l:CHILD_OF|RETRY_OF|RESUMED_FROM]->(:Run) RETURN type(l) AS kind
"""
    return queries.parse("lineage/links", "links", text)
