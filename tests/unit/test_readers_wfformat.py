"""WfFormat 1.5 → events, and every way in which a file of it can be wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.errors import ImportRefused
from lineage_graph.events import Logged, RunFinished, RunStarted, Used
from lineage_graph.readers import Reading
from lineage_graph.readers.wfformat import read

BEGAN = datetime(2026, 1, 5, 8, tzinfo=UTC)

FILES = ["raw", "a", "b", "l 1", "r", "out/x.csv"]


def workflow() -> dict[str, Any]:
    """split → (left, right) → join; `left` says when it began."""

    def task(name: str, parents: list[str], children: list[str], used: list[str], made: list[str]) -> dict[str, Any]:
        return {"name": name, "id": name, "parents": parents, "children": children, "inputFiles": used, "outputFiles": made}

    def ran(name: str, seconds: float, **more: Any) -> dict[str, Any]:
        return {"id": name, "runtimeInSeconds": seconds, "command": {"program": name, "arguments": ["-v", "a b"]}, **more}

    return {
        "name": "small", "description": "four tasks", "schemaVersion": "1.5",
        "runtimeSystem": {"name": "hand", "version": "1"},
        "workflow": {
            "specification": {
                "tasks": [
                    task("join", ["left", "right"], [], ["l 1", "r"], ["out/x.csv"]),
                    task("split", [], ["left", "right"], ["raw"], ["a", "b"]),
                    task("left", ["split"], ["join"], ["a"], ["l 1"]),
                    task("right", ["split"], ["join"], ["b"], ["r"]),
                ],
                "files": [{"id": one, "sizeInBytes": size} for size, one in enumerate(FILES)],
            },
            "execution": {
                "makespanInSeconds": 60, "executedAt": "2026-01-05T09:00:00+01:00",
                "machines": [{"nodeName": "n1", "cpu": {"coreCount": 8}}],
                "tasks": [
                    ran("split", 10, machines=["n1"], avgCPU=93.5, priority=3),
                    ran("left", 5, executedAt="20260105T080100+0000"),
                    ran("right", 2.5),
                    ran("join", 0),
                ],
            },
        },
    }  # fmt: skip


def reading(value: Any) -> Reading:
    return read(value if isinstance(value, bytes) else json.dumps(value).encode(), "w.json", "p")


def of(found: Reading, kind: type[Any], run: str = "") -> list[Any]:
    return [e for e in found.events if isinstance(e, kind) and e.run.endswith(run)]


def test_tasks_are_runs_and_files_are_versions() -> None:
    found = reading(workflow())
    assert found.counts == {"runs": 4, "versions": 6, "used": 5, "logged": 5}
    assert [e.source_id for e in of(found, RunStarted)] == ["split", "left", "right", "join"], "parents before children"
    [start] = of(found, RunStarted, "/split")
    assert (start.job_type, start.step, start.group, start.host, start.command) == (
        "split",
        "split",
        "small",
        "n1",
        "split -v 'a b'",
    )
    assert start.config == {"priority": 3} and start.environment["machines"] == {
        "n1": {"nodeName": "n1", "cpu": {"coreCount": 8}}
    }
    assert of(found, RunFinished, "/split")[0].summary == {"runtimeInSeconds": 10, "avgCPU": 93.5}
    [made] = of(found, Logged, "/join")
    assert (made.source_id, made.type, made.size) == ("out/x.csv", "file", 5) and made.digest.startswith("declared:")
    assert made.artifact.startswith("p/out_x.csv--") and [m.source_id for m in found.mapped] == ["l 1", "out/x.csv"]
    assert {e.digest for e in of(found, Used) if e.source_id == "l 1"} == {of(found, Logged, "/left")[0].digest}
    assert [one.what for one in found.left_out] == ["description", "execution.makespanInSeconds"]


def test_times_are_those_of_the_file_or_the_earliest_that_can_be() -> None:
    found = reading(workflow())
    starts = {e.source_id: (e.at - BEGAN).total_seconds() for e in of(found, RunStarted)}
    assert starts == {"split": 0, "left": 60, "right": 10, "join": 65}
    said = {e.source_id: "started_at" not in e.environment for e in of(found, RunStarted)}
    assert said == {"split": False, "left": True, "right": False, "join": False}
    for task in ("split", "left", "right", "join"):
        [start], [end] = of(found, RunStarted, f"/{task}"), of(found, RunFinished, f"/{task}")
        assert all(e.at == start.at for e in of(found, Used, f"/{task}"))
        assert all(e.at == end.at for e in of(found, Logged, f"/{task}"))
    assert of(found, RunFinished, "/right")[0].at == BEGAN + timedelta(seconds=12.5)


def test_the_same_file_is_the_same_import_whatever_its_blanks() -> None:
    one, two = reading(workflow()), reading(json.dumps(workflow(), indent=4, sort_keys=True).encode())
    assert one.events == two.events and one.uid == two.uid
    assert read(json.dumps(workflow()).encode(), "w.json", "q").uid != one.uid


def test_a_parent_that_gave_no_file_is_left_out_and_said() -> None:
    value = workflow()
    tasks = value["workflow"]["specification"]["tasks"]
    tasks[2]["children"].append("right")
    tasks[3]["parents"].append("left")
    found = reading(value)
    assert [(o.what, o.count, o.where) for o in found.left_out if o.what == "parent"] == [
        ("parent", 1, "workflow.specification.tasks[3].parents[1]")
    ]
    assert of(found, RunStarted, "/right")[0].at == BEGAN + timedelta(seconds=65), "it waited for it all the same"


def test_without_a_list_of_files_they_have_no_sizes() -> None:
    value = workflow()
    del value["workflow"]["specification"]["files"]
    found = reading(value)
    assert found.counts["versions"] == 6 and {e.size for e in of(found, Used)} == {None}


def test_a_file_that_no_task_has_is_left_out() -> None:
    value = workflow()
    value["workflow"]["specification"]["files"].append({"id": "stray", "sizeInBytes": 1, "colour": "red"})
    assert [(o.what, o.why) for o in reading(value).left_out][-2:] == [
        ("file.colour", "it says nothing of a run or a file"), ("file", "no task reads or writes it"),
    ]  # fmt: skip


SPEC, RAN = "workflow.specification", "workflow.execution"
Change = Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], object]
WRONG: dict[str, tuple[Change, str, str]] = {
    "another schema": (lambda w, s, e: w.update(schemaVersion="1.6"), "schemaVersion", "WfFormat 1.6; 1.5 is what is read"),
    "no schema": (lambda w, s, e: w.pop("schemaVersion"), "", "'schemaVersion' is missing"),
    "a schema that is a number": (lambda w, s, e: w.update(schemaVersion=1.5), "schemaVersion", "a text is expected, not 1.5"),
    "no workflow": (lambda w, s, e: w.pop("workflow"), "", "'workflow' is missing"),
    "no specification": (lambda w, s, e: w["workflow"].pop("specification"), "workflow", "'specification' is missing"),
    "no execution": (lambda w, s, e: w["workflow"].pop("execution"), "workflow", "what did not run has no runs"),
    "no tasks": (lambda w, s, e: s.pop("tasks"), SPEC, "'tasks' is missing"),
    "tasks that are none": (lambda w, s, e: s.update(tasks={}), f"{SPEC}.tasks", "a list is expected, not an object"),
    "a task that is none": (lambda w, s, e: s["tasks"].append(7), f"{SPEC}.tasks[4]", "an object is expected, not 7"),
    "a task without id": (lambda w, s, e: s["tasks"][1].pop("id"), f"{SPEC}.tasks[1]", "'id' is missing"),
    "an empty id": (lambda w, s, e: s["tasks"][1].update(id=" "), f"{SPEC}.tasks[1].id", "it is empty"),
    "an id that is not Unicode": (lambda w, s, e: s["tasks"][1].update(id="\ud800"), f"{SPEC}.tasks[1].id", "is not Unicode"),
    "a task twice": (
        lambda w, s, e: s["tasks"].append(copy.deepcopy(s["tasks"][0])), f"{SPEC}.tasks[4].id",
        f"'join' stands at {SPEC}.tasks[0] as well",
    ),
    "a file twice": (lambda w, s, e: s["files"].append(s["files"][0]), f"{SPEC}.files[6].id", "'raw' stands at"),
    "a parent that is not there": (
        lambda w, s, e: s["tasks"][1]["parents"].append("ghost"), f"{SPEC}.tasks[1].parents[0]", "there is no task 'ghost'",
    ),
    "a child that does not know": (
        lambda w, s, e: s["tasks"][1]["children"].append("join"), f"{SPEC}.tasks[1].children[2]",
        "'join' does not have 'split' among its parents",
    ),
    "a file that is not there": (
        lambda w, s, e: s["tasks"][3]["inputFiles"].append("ghost"), f"{SPEC}.tasks[3].inputFiles[1]", "no file 'ghost'",
    ),
    "a size below zero": (lambda w, s, e: s["files"][0].update(sizeInBytes=-1), f"{SPEC}.files[0].sizeInBytes", "not -1"),
    "a size that is true": (lambda w, s, e: s["files"][0].update(sizeInBytes=True), f"{SPEC}.files[0].sizeInBytes", "not True"),
    "a task that did not run": (lambda w, s, e: e["tasks"].pop(), f"{SPEC}.tasks[0]", "task 'join' has no record"),
    "a run of no task": (
        lambda w, s, e: e["tasks"].append({"id": "x", "runtimeInSeconds": 1}), f"{RAN}.tasks[4].id", "there is no task 'x'",
    ),
    "no start": (lambda w, s, e: e.pop("executedAt"), RAN, "'executedAt' is missing"),
    "a start without a zone": (lambda w, s, e: e.update(executedAt="2026-01-05T08:00:00"), f"{RAN}.executedAt", "no time zone"),
    "a start that is none": (lambda w, s, e: e.update(executedAt="yesterday"), f"{RAN}.executedAt", "is not a time"),
    "a start before all time": (
        lambda w, s, e: e.update(executedAt="0001-01-01T00:00:00+14:00"), f"{RAN}.executedAt", "not a time",
    ),
    "a run time below zero": (
        lambda w, s, e: e["tasks"][2].update(runtimeInSeconds=-1), f"{RAN}.tasks[2].runtimeInSeconds", "not -1",
    ),
    "a run time without end": (
        lambda w, s, e: e["tasks"][2].update(runtimeInSeconds=1e300), f"{RAN}.tasks[2].runtimeInSeconds", "after the year 9999",
    ),
    "a measure beyond JSON": (
        lambda w, s, e: e["tasks"][2].update(readBytes=2**60), f"{RAN}.tasks[2].readBytes", "beyond 2^53",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_its_place(name: str) -> None:
    change, place, words = WRONG[name]
    value = workflow()
    change(value, value["workflow"]["specification"], value["workflow"]["execution"])
    with pytest.raises(ImportRefused) as refused:
        reading(value)
    said = str(refused.value)
    assert said.startswith(f"w.json, {place}" if place else "w.json: ") and words in said, said
    assert said.endswith("; nothing was imported") and "\n" not in said


def test_a_name_that_is_too_long_for_an_index() -> None:
    value = workflow()
    value["workflow"]["specification"]["files"].append({"id": "x" * 2001, "sizeInBytes": 1})
    value["workflow"]["specification"]["tasks"][1]["inputFiles"].append("x" * 2001)
    with pytest.raises(ImportRefused, match="source_id: String should have at most 2000 characters"):
        reading(value)


@pytest.mark.parametrize(
    ("change", "loop"),
    [
        (lambda t: (t[0]["children"].append("split"), t[1]["parents"].append("join")), {"join", "split"}),
        (lambda t: t[1]["inputFiles"].append("out/x.csv"), {"join", "split"}),
        (lambda t: t[3]["inputFiles"].append("r"), {"right"}),
        (lambda t: (t[3]["parents"].append("right"), t[3]["children"].append("right")), {"right"}),
    ],
)
def test_tasks_that_wait_for_each_other_are_named(change: Callable[[Any], object], loop: set[str]) -> None:
    value = workflow()
    change(value["workflow"]["specification"]["tasks"])
    with pytest.raises(
        ImportRefused, match=r"^w.json, workflow\.specification\.tasks\[\d\]: tasks wait for each other: "
    ) as refused:
        reading(value)
    named = set(str(refused.value).partition("each other: ")[2].partition(";")[0].split(" → "))
    assert loop <= named


@pytest.mark.parametrize("text", [b"", b"{", b"[1]", b"null", b"\xff\xfe\x00", b'{"a": NaN}', b"[" * 100_000, b"9" * 5000])
def test_what_is_no_workflow_at_all(text: bytes) -> None:
    with pytest.raises(ImportRefused, match=r"^w.json"):
        reading(text)


# ── torn and changed files ────────────────────────────────────────────────────────────────────────────────────────────

WHOLE = json.dumps(workflow()).encode()
PIECES = [b"", b"null", b"{}", b"[]", b'""', b"-1", b"1e999", b"true", b'"\\ud800"', b"\xff", b'"join"', b'"split"', b"9" * 400]


def refused_or_read(data: bytes) -> None:
    try:
        found = reading(data)
    except ImportRefused as error:
        assert str(error).startswith("w.json") and "\n" not in str(error)
    else:
        assert (
            len(found.events) == len(found.places) == 2 * found.counts["runs"] + found.counts["used"] + found.counts["logged"]
        )


def test_a_torn_file_is_refused() -> None:
    for end in range(0, len(WHOLE), 7):
        with pytest.raises(ImportRefused, match="it is not JSON"):
            reading(WHOLE[:end])


@given(st.integers(0, len(WHOLE)), st.integers(0, 40), st.sampled_from(PIECES))
def test_a_changed_file_is_refused_or_read(at: int, length: int, piece: bytes) -> None:
    refused_or_read(WHOLE[:at] + piece + WHOLE[at + length :])


def paths(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(path for key, one in items for path in paths(one, (*way, key)))]


PATHS = paths(workflow())[1:]
odd = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.lists(st.none(), max_size=2)
    | st.just({})
)


@given(st.sampled_from(PATHS), odd | st.sampled_from(["join", "split", "raw", "r"]))
def test_any_value_in_any_place_is_refused_or_read(path: tuple[Any, ...], value: Any) -> None:
    whole: Any = workflow()
    here = whole
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    refused_or_read(json.dumps(whole).encode())
