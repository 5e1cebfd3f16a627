"""What a rerun is given, which run of a process it is, which runs are one command, and how what it made is compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lineage_graph.answers.plan import Plan, PlannedRun, PlannedVersion, moved
from lineage_graph.answers.reproduction import MadeVersion, RepeatedRun, compared, instead
from lineage_graph.errors import NotRecorded, SettingWrong
from lineage_graph.names import parse_version
from lineage_graph.recording import replaying
from lineage_graph.recording.replaying import REPLAY
from lineage_graph.replay import Replay, ReplayedRun, ReplayedUse, resolve
from lineage_graph.reproduction.jobs import jobs_of


def digest(i: int) -> str:
    return f"sha256:{i:064x}"


def use(name: str, i: int, **more: Any) -> ReplayedUse:
    return ReplayedUse(artifact=name.partition(":")[0], name=name, digest=digest(i), type="t", **more)


RUN = ReplayedRun(
    again="p/runs/r-again",
    retry_of="p/runs/r",
    uses=(
        use("p/raw:v0", 1, asked="latest", used_as="train"),
        use("p/raw:v1", 2, asked="gold", used_as="test"),
        use("p/model:v0", 3, asked="best", found=digest(4)),
    ),
)


@pytest.mark.parametrize(
    ("asked", "used_as", "name"),
    [
        ("raw", None, "p/raw:v0"), ("raw:gold", None, "p/raw:v1"), ("raw:v1", "train", "p/raw:v1"),
        ("raw:unknown", "test", "p/raw:v1"), ("model:v7", "any", "p/model:v0"), ("model", None, "p/model:v0"),
        (f"raw@{digest(2)}", None, "p/raw:v1"), (f"model@{digest(3)}", None, "p/model:v0"),
        (f"model@{digest(4)[7:]}", None, "p/model:v0"),
    ],
)  # fmt: skip
def test_a_rerun_gets_what_the_run_used(asked: str, used_as: str | None, name: str) -> None:
    assert resolve(RUN, parse_version(asked, "p"), used_as).name == name


@pytest.mark.parametrize("asked", ["raw:unknown", "other", f"model@{digest(9)}", "q/raw"])
def test_what_the_run_did_not_use_is_not_given(asked: str) -> None:
    with pytest.raises(NotRecorded, match="p/runs/r used"):
        resolve(RUN, parse_version(asked, "p"), None)


def test_bytes_that_the_reproduction_made_may_be_asked_for_by_digest() -> None:
    asked = parse_version(f"p/model@{digest(9)}")
    assert replaying.use_of(RUN, asked, None, lambda d: d == digest(9)).to_use == digest(9)
    with pytest.raises(NotRecorded):
        replaying.use_of(RUN, asked, None, lambda d: False)


def test_what_the_same_process_made_is_used_as_it_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "_logged", {})
    run = RUN.model_copy(update={"uses": (use("p/a:v0", 1, made_by="p/runs/m"), use("p/a:v1", 2, made_by="p/runs/m"))})
    with pytest.raises(NotRecorded, match="did not"):
        replaying.use_of(run, parse_version("p/a:v0"), None, lambda d: True)
    replaying.note("p/runs/m", "p/a", digest(1))
    assert replaying.use_of(run, parse_version("p/a:v0"), None, lambda d: True).to_use == digest(1)
    assert replaying.use_of(run, parse_version("p/a:v1"), None, lambda d: True).to_use == digest(1)  # made instead


def test_a_run_that_begins_is_the_likeliest_that_nobody_has_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def one(name: str, step: str, **config: Any) -> ReplayedRun:
        return ReplayedRun(again=f"p/runs/{name}-again", retry_of=f"p/runs/{name}", step=step, job_type="j", config=config)

    several = Replay(runs=(one("a", "s", x=1), one("b", "s", x=2), one("c", "t")))
    path = tmp_path / "replay.json"
    path.write_text(several.model_dump_json())
    monkeypatch.setenv(REPLAY, str(path))
    assert replaying.current() == several

    def begun(id: str | None, step: str, job_type: str | None = "j", **config: Any) -> tuple[str, bool]:
        run, begins = replaying.claim(id, step, job_type, config)
        return run.retry_of[-1], begins

    assert begun(None, "s", x=2) == ("b", True)
    assert begun("c", "other", None) == ("c", True)
    assert begun(None, "elsewhere", None) == ("a", False)  # nobody was meant to do it: it joins
    assert begun(None, "s", x=2) == ("a", True)
    assert begun(None, "s", x=2) == ("b", False)
    assert replaying.joined("p/runs/b-again") == several.runs[1] and replaying.joined("p/runs/b") is None


def test_one_run_alone_is_begun_by_whatever_begins_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.json"
    path.write_text(Replay(runs=(RUN,)).model_dump_json())
    monkeypatch.setenv(REPLAY, str(path))
    assert [replaying.claim(None, "x", None, {})[1] for _ in range(2)] == [True, False]


@pytest.mark.parametrize("text", [None, "{", json.dumps({"runs": 3})])
def test_a_replay_that_cannot_be_read_is_said(text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"bad-{len(text or '')}.json"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv(REPLAY, str(path))
    with pytest.raises(SettingWrong, match="LINEAGE_GRAPH_REPLAY"):
        replaying.current()


# ── jobs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def version(name: str, i: int, made_by: str | None = None) -> PlannedVersion:
    return PlannedVersion(
        uid=name, name=f"p/{name}", type="t", digest=digest(i), size=1, made_by=made_by, where="made" if made_by else "stored"
    )


def planned(name: str, *needs: str, outputs: tuple[PlannedVersion, ...] = (), process: str | None = None) -> PlannedRun:
    return PlannedRun(
        uid=name, name=f"p/runs/{name}", display_name=name, job_type=None, step=None, state="finished", command="c",
        commit=None, dirty=None, patch=None, environment={}, config={}, seed=None, inputs=(), outputs=outputs,
        needs=tuple(f"p/runs/{need}" for need in needs), process=process,
    )  # fmt: skip


def plan(*runs: PlannedRun) -> Plan:
    return Plan(home="p/x:v0", as_of=None, known_at=None, runs=runs, fetch=(), skipped=(), missing=(), loops=())


def jobs(*runs: PlannedRun) -> list[tuple[list[str], list[int]]]:
    return [([run.uid for run in job.runs], sorted(job.needs)) for job in jobs_of(plan(*runs))]


def test_a_run_is_a_job_and_those_of_one_process_are_one() -> None:
    assert jobs(planned("a"), planned("b", "a"), planned("c", "a", "b")) == [(["a"], []), (["b"], [1]), (["c"], [1, 2])]
    one = {"process": "1"}
    assert jobs(planned("a", **one), planned("b", "a", **one), planned("c", "b")) == [(["a", "b"], []), (["c"], [1])]


def test_a_process_that_ran_another_in_between_does_it_again_too() -> None:
    one = {"process": "1"}
    assert jobs(planned("a", **one), planned("c", "a", process="2"), planned("b", "c", **one)) != []
    other = planned("c", "a", process="2").model_copy(update={"command": "d"})
    assert jobs(planned("a", **one), other, planned("b", "c", **one), planned("z", "b")) == [
        (["a", "c", "b"], []),
        (["z"], [1]),
    ]


def test_what_a_command_was_brought_is_read_only_where_it_is_so() -> None:
    said = {"inputs": [{"name": "raw", "path": "in"}, {"name": 3}, "x"], "outputs": "no list"}
    run = planned("a").model_copy(update={"environment": said})
    assert [(one.name, one.path, one.type) for one in moved(run, "inputs") or ()] == [("raw", "in", None)]
    assert moved(run, "outputs") is None


# ── comparing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def made(name: str, i: int) -> MadeVersion:
    return MadeVersion(name=f"p/{name}", artifact=f"p/{name.partition(':')[0]}", digest=digest(i))


def test_each_version_is_compared_with_what_stands_in_its_place() -> None:
    run = planned("a", outputs=(version("m:v10", 10), version("m:v2", 2), version("m:v3", 3), version("n:v0", 5)))
    assert instead(run, [made("m:v3", 3), made("m:v11", 21), made("m:v12", 22)]) == {
        "p/m:v3": (digest(3),), "p/m:v2": (digest(21),), "p/m:v10": (digest(22),), "p/n:v0": (),
    }  # fmt: skip
    assert instead(run, [made("m:v11", 21)])["p/m:v2"] == (digest(21),)


def test_the_answer_counts_and_names_what_is_beyond_the_record() -> None:
    a = planned("a", outputs=(version("m:v0", 1), version("n:v0", 2)))
    b = planned("b", "a", outputs=(version("o:v0", 3),))
    again = RepeatedRun(name="p/runs/a", state="done", made=(made("m:v0", 1), made("n:v1", 9), made("extra:v0", 8)))
    found = compared(plan(a, b), "there", {"p/runs/a": again})
    assert [(v.name, v.result) for v in found.versions] == [("p/m:v0", "same"), ("p/n:v0", "different"), ("p/o:v0", "missing")]
    assert (found.same, found.different, found.missing, found.ok) == (1, 1, 1, False)
    assert [v.name for v in found.beyond] == ["p/extra:v0"] and found.runs[1].state == "not run"
    assert compared(plan(), "there", {}).ok
