"""What is stale in the graph: aliases that move in time, retries, reruns, loops, other projects; and what auditors read."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from lineage_graph import queries
from lineage_graph.answers.stale import Stale
from lineage_graph.errors import LineageError, NameNotUnderstood, NotRecorded, ParameterWrong, TimeRanOut
from lineage_graph.events import AliasMoved, AliasRemoved, Event, Logged, RunStarted, Used
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from tests.graph.conftest import Say
from tests.worlds import START, digest_of

NOW = {"as_of": None, "known_at": None}


def minute(at: float) -> datetime:
    return START + timedelta(minutes=at)


class Pipeline:
    """Says what steps did: at a minute a run takes 'raw:latest', 'raw:v0' or 'raw#content', logs 'artifact#content+alias'."""

    def __init__(self, project: str, say: Say) -> None:
        self.project, self.say = project, say

    def __call__(self, at: float, run: str, used: str, logged: str, step: str | None = None, **more: Any) -> str:
        name = f"{self.project}/runs/{run}"
        events: list[Event] = [RunStarted(run=name, at=minute(at), step=step or run.partition("-")[0], author="ada", **more)]
        for thing in used.split():
            artifact, hash, content = thing.partition("#")
            what: dict[str, Any] = {}
            if hash:
                what = {"digest": digest_of(content), "type": "x"}
            else:
                artifact, _, asked = thing.partition(":")
                what = {"number": int(asked[1:])} if asked[:1] == "v" and asked[1:].isdigit() else {"alias": asked}
            events.append(Used(run=name, at=minute(at), artifact=self.full(artifact), **what))
        for thing in logged.split():
            artifact, _, content = thing.partition("#")
            content, *aliases = content.split("+")
            said = {"artifact": self.full(artifact), "digest": digest_of(content), "type": "x", "aliases": tuple(aliases)}
            events.append(Logged(run=name, at=minute(at + 0.5), **said))
        return self.say(*events)

    def full(self, artifact: str) -> str:
        return artifact if "/" in artifact else f"{self.project}/{artifact}"


@pytest.fixture
def pipeline(project: str, say: Say) -> Pipeline:
    return Pipeline(project, say)


@pytest.fixture
def reader(graph: Graph, project: str) -> Reader:
    return Reader(graph, project)


def short(answer: Stale) -> dict[str, str]:
    """Each stale version with its path, without the project."""
    assert answer.count == len(answer.versions)
    found = {}
    for version in answer.versions:
        home = version.name.rpartition("/")[0]
        path = [n.removeprefix(f"{home}/").removeprefix("runs/") for n in version.path]
        found[path[0]] = " ".join(path[1:]) + f" → {version.cause.now.rpartition(':')[2]}"
        assert version.path[-1] == version.cause.took and version.path[-2].endswith(version.cause.run)
    return found


def audited(graph: Graph, project: str, **then: Any) -> set[tuple[str, ...]]:
    rows = graph.read(queries.get("lineage/stale"), project=project, **NOW | then)
    return {tuple(row[c] for c in ("version", "run", "asked", "was", "now", "because")) for row in rows}


def directly(answer: Stale) -> set[tuple[Any, ...]]:
    """What an auditor's rows say of the same: versions whose every run took what moved."""
    return {(v.name, m.run, m.asked, m.took, m.now, m.because) for v in answer.versions for m in v.moved}


def chain(pipeline: Pipeline) -> None:
    """raw → split → train → model → report, at minutes 0 to 3."""
    pipeline(0, "ingest", "", "raw#1")
    pipeline(1, "split", "raw:latest", "train#1")
    pipeline(2, "fit", "train:latest", "model#1+best")
    pipeline(3, "report", "model:best", "report#1")


def test_a_new_input_makes_everything_below_stale_and_the_path_says_why(
    graph: Graph, project: str, reader: Reader, pipeline: Pipeline
) -> None:
    chain(pipeline)
    fresh = reader.stale(project)
    assert (fresh.scope, fresh.checked, fresh.count, fresh.versions, fresh.truncated) == (project, 4, 0, (), None)
    pipeline(9, "ingest-2", "", "raw#2")
    answer = reader.stale()
    assert short(answer) == {
        "train:v0": "split raw:v0 → v1",
        "model:v0": "fit train:v0 split raw:v0 → v1",
        "report:v0": "report model:v0 fit train:v0 split raw:v0 → v1",
    }
    assert list(short(answer)) == ["train:v0", "model:v0", "report:v0"]  # the nearest first
    train, model, _ = answer.versions
    assert (train.step, train.because, train.aliases, train.type) == ("split", "alias", ("latest",), "x")
    [moved] = train.moved
    assert moved == train.cause == model.cause and model.moved == () and model.aliases == ("best", "latest")
    assert (moved.run, moved.took, moved.now, moved.asked) == (
        f"{project}/runs/split", f"{project}/raw:v0", f"{project}/raw:v1", "latest",
    )  # fmt: skip
    assert audited(graph, project) == directly(answer) and len(directly(answer)) == 1
    # Of one version and what it was made from.
    assert short(reader.stale("model")) == {k: v for k, v in short(answer).items() if k != "report:v0"}
    assert reader.stale("raw:v0").count == 0 and reader.stale("train:v0").scope == f"{project}/train:v0"


def test_doing_it_again_makes_fresh_step_by_step(project: str, reader: Reader, pipeline: Pipeline) -> None:
    chain(pipeline)
    pipeline(9, "ingest-2", "", "raw#2")
    pipeline(10, "split-2", "raw:latest", "train#2")
    assert short(reader.stale()) == {
        "model:v0": "fit train:v0 → v1",
        "report:v0": "report model:v0 fit train:v0 → v1",
    }
    pipeline(11, "fit-2", "train:latest", "model#1+best")  # it comes to the same bytes
    assert short(reader.stale()) == {}
    pipeline(12, "fit-3", "train:v0", "model#1")  # and so does a run on the old data, on purpose
    assert short(reader.stale()) == {}


def test_a_version_that_was_superseded_is_not_stale_but_one_with_an_alias_is(reader: Reader, pipeline: Pipeline) -> None:
    pipeline(0, "ingest", "", "raw#1")
    pipeline(1, "fit-1", "raw:latest", "model#1+prod", config={"C": 1})
    pipeline(2, "fit-2", "raw:latest", "model#2", config={"C": 2})
    pipeline(3, "other-1", "raw:latest", "model#3", step="other")
    pipeline(8, "ingest-2", "", "raw#2")
    pipeline(9, "fit-3", "raw:latest", "model#4")
    assert short(reader.stale()) == {"model:v0": "fit-1 raw:v0 → v1"}
    # The newest of each step: v3 of fit, v2 of other; v1 was made anew by its step and nothing points to it.
    everything = reader.stale(all=True)
    assert set(short(everything)) == {"model:v0", "model:v2"} and everything.checked == 4
    assert set(short(reader.stale("model:v1"))) == {"model:v1"}  # asked for by name it is looked at


def test_an_input_by_number_is_the_weaker_cause(graph: Graph, project: str, reader: Reader, pipeline: Pipeline) -> None:
    pipeline(0, "ingest", "", "raw#1")
    pipeline(1, "fit", "raw:v0", "model#1")
    pipeline(2, "ingest-2", "", "raw#2")
    pipeline(3, "tune", "raw:v0", "tuned#1")  # v1 was there already: passed over on purpose
    answer = reader.stale()
    [model] = answer.versions
    assert (model.name, model.because, model.cause.asked) == (f"{project}/model:v0", "artifact", "v0")
    assert audited(graph, project) == directly(answer)
    assert reader.stale(because="artifact").count == 1 and reader.stale(because="alias").count == 0
    assert reader.stale(because="alias").because == "alias"


def test_an_input_from_outside_has_moved_when_newer_bytes_were_seen(
    graph: Graph, project: str, reader: Reader, pipeline: Pipeline
) -> None:
    pipeline(0, "fit-1", "table#1", "model#1")
    pipeline(1, "fit-2", "table#2", "other#1")
    answer = reader.stale()
    assert short(answer) == {"model:v0": "fit-1 table:v0 → v1"} and answer.versions[0].because == "artifact"
    assert audited(graph, project) == directly(answer)
    assert reader.stale(as_of=minute(0.9)).count == 0


def test_aliases_are_those_of_the_time_asked_for(graph: Graph, project: str, reader: Reader, pipeline: Pipeline) -> None:
    pipeline(0, "ingest", "", "raw#1+gold")
    pipeline(1, "fit", "raw:gold", "model#1")
    learnt = pipeline(2, "ingest-2", "", "raw#2")
    raw = f"{project}/raw"
    pipeline.say(AliasMoved(artifact=raw, alias="gold", number=1, at=minute(4)))
    pipeline.say(AliasMoved(artifact=raw, alias="gold", number=0, at=minute(6)))
    pipeline.say(AliasRemoved(artifact=raw, alias="gold", at=minute(8)))
    for then, stale in [
        ({"as_of": minute(3)}, False), ({"as_of": minute(5)}, True), ({"as_of": minute(6)}, False),
        ({"as_of": minute(9)}, False), ({}, False), ({"known_at": learnt}, False),
        ({"as_of": minute(5), "known_at": learnt}, False), ({"as_of": "2027-01-01T00:00:00Z"}, False),
    ]:  # fmt: skip
        answer = reader.stale(**then)
        assert bool(answer.count) == stale, then
        texts = {k: v if isinstance(v, str) else v.isoformat() for k, v in then.items()}
        assert audited(graph, project, **texts) == directly(answer), then
    early = reader.stale(as_of=minute(0.5))
    assert early.checked == 1 and early.as_of == minute(0.5)
    assert reader.stale(project, as_of=minute(-1)).checked == 0


def test_a_retry_counts_and_a_failed_try_that_logged_nothing_does_not(reader: Reader, pipeline: Pipeline, project: str) -> None:
    pipeline(0, "ingest", "", "raw#1")
    pipeline(1, "fit-1", "raw:latest", "")
    pipeline(2, "ingest-2", "", "raw#2")
    pipeline(3, "fit-2", "raw:latest", "model#1", retry_of=f"{project}/runs/fit-1")
    assert reader.stale().count == 0


def test_a_training_that_goes_on_from_its_latest_is_fresh_even_by_way_of_others(reader: Reader, pipeline: Pipeline) -> None:
    pipeline(0, "seed", "", "model#0")
    for i in range(3):
        pipeline(4 * i + 1, f"fit-{i}", "model:latest", f"candidate#{i}+c{i}")
        pipeline(4 * i + 2, f"promote-{i}", "candidate:latest", f"model#{i + 1}")
    assert short(reader.stale()) == {}
    assert [reader.stale(name).count for name in ("model", "candidate", "candidate:c0")] == [0, 0, 0]
    assert reader.stale(all=True).count == 0


def test_loops_end_and_who_logs_what_he_used_does_not_vouch_for_it(
    graph: Graph, project: str, reader: Reader, pipeline: Pipeline
) -> None:
    pipeline(0, "ingest", "", "raw#1")
    pipeline(1, "split", "raw:latest", "train#1")
    pipeline(2, "tidy", "train:latest", "train#1 clean#1")
    assert reader.stale().count == 0
    pipeline(9, "ingest-2", "", "raw#2")
    answer = reader.stale()
    assert short(answer) == {
        "train:v0": "split raw:v0 → v1",
        "clean:v0": "tidy train:v0 split raw:v0 → v1",
    }
    assert audited(graph, project) == directly(answer)


def test_staleness_comes_through_other_projects(graph: Graph, project: str, say: Say) -> None:
    data, models = Pipeline(f"{project}a", say), Pipeline(f"{project}b", say)
    data(0, "ingest", "", "raw#1")
    data(1, "split", "raw:latest", "train#1")
    models(2, "fit", f"{project}a/train:latest", "model#1")
    data(9, "ingest-2", "", "raw#2")
    reader = Reader(graph)
    whole = reader.stale(f"{project}b")
    [model] = whole.versions
    assert model.path == (
        f"{project}b/model:v0", f"{project}b/runs/fit", f"{project}a/train:v0", f"{project}a/runs/split", f"{project}a/raw:v0",
    )  # fmt: skip
    assert whole.checked == 1 and reader.stale(f"{project}b/model").count == 2
    assert reader.stale(f"{project}a").count == 1


@pytest.mark.parametrize("seed", range(2))
def test_in_any_history_a_project_its_versions_and_the_auditor_agree(
    graph: Graph, project: str, reader: Reader, pipeline: Pipeline, seed: int
) -> None:
    """Steps in order a → b → c → d, so that nothing feeds itself; inputs asked for in every way, aliases moved at random."""
    chance = random.Random(seed)
    steps, made, times = "abcd", dict.fromkeys("abcd", 0), []
    for i in range(18):
        artifact = chance.choice(steps) if i >= 4 else steps[i]
        used = []
        for above in steps[: steps.index(artifact)]:
            if made[above] and chance.random() < 0.8:
                used += [f"{above}:{chance.choice(['latest', 'gold', f'v{chance.randrange(made[above])}'])}"]
        content = f"{artifact}{chance.randrange(5)}"
        gold = "+gold" if i < 4 or chance.random() < 0.4 else ""
        pipeline(i, f"{artifact}-{i}", " ".join(used), f"{artifact}#{content}{gold}")
        made[artifact] = len(reader.versions(artifact))
        times.append(minute(i + 0.7))
    for then in [{}, *({"as_of": at} for at in chance.sample(times[4:], 3))]:
        answer = reader.stale(project, **then)
        rows = audited(graph, project, **{k: v.isoformat() for k, v in then.items()})
        # The auditor's rows are of those whose every run took what moved; each is stale, with those causes.
        of_rows = {row[0] for row in rows}
        assert rows == {row for row in directly(answer) if row[0] in of_rows}
        assert len({v.name for v in answer.versions}) == answer.count
        for version in answer.versions[:4]:
            assert version in reader.stale(version.name, **then).versions


def test_pages_are_the_whole(reader: Reader, pipeline: Pipeline) -> None:
    pipeline(0, "ingest", "", "raw#1")
    for i in range(5):
        pipeline(1, f"fit-{i}", "raw:latest", f"m{i}#1")
    pipeline(2, "ingest-2", "", "raw#2")
    whole = reader.stale()
    assert whole.count == 5 and whole.truncated is None
    first = reader.stale(limit=2)
    assert first.truncated is not None and (first.truncated.reason, first.truncated.limit, first.truncated.cursor) == (
        "limit",
        2,
        "2",
    )
    second = reader.stale(limit=3, after="2")
    assert second.truncated is None and second.count == 5
    assert first.versions + second.versions == whole.versions
    assert Stale.model_validate_json(whole.model_dump_json()) == whole


@pytest.mark.parametrize(
    ("scope", "options", "error", "says"),
    [
        ("nothing-here", {}, NotRecorded, "nothing-here"),
        (None, {"limit": 0}, ParameterWrong, "limit"),
        (None, {"after": "x"}, ParameterWrong, "cursor"),
        (None, {"because": "weather"}, ParameterWrong, "because"),
        (None, {"as_of": "yesterday"}, ParameterWrong, "as_of"),
        (None, {"known_at": "2026-01-05T08:00:00"}, ParameterWrong, "zone"),
        (None, {"timeout": 0}, ParameterWrong, "seconds"),
        (None, {"timeout": 1e-9}, TimeRanOut, "1e-09"),
        ("model:v7", {}, NotRecorded, "newest is v0"),
        ("model:v0", {"all": True}, ParameterWrong, "project"),
        ("a b", {}, NameNotUnderstood, "a b"),
        ("p/runs/x", {}, ParameterWrong, "run"),
        ("", {}, NameNotUnderstood, "''"),
        (3, {}, NameNotUnderstood, "3"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(
    reader: Reader, pipeline: Pipeline, scope: Any, options: dict[str, Any], error: type[LineageError], says: str
) -> None:
    chain(pipeline)
    with pytest.raises(error, match=says):
        reader.stale(scope, **options)


def test_a_project_must_be_named_and_may_be_empty(graph: Graph, project: str, pipeline: Pipeline) -> None:
    with pytest.raises(ParameterWrong, match="name a project"):
        Reader(graph).stale()
    pipeline(0, "nothing", "", "")
    assert Reader(graph).stale(project).checked == 0
