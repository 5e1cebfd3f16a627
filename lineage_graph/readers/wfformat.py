"""WfFormat 1.5: a workflow that ran, as the workflow systems of WfCommons write it.

A task is a run, a file is a version (of an artifact of its own, type 'file'), `inputFiles` are USED and `outputFiles` LOGGED.
The file has no bytes to hash, so a version's digest is 'declared:' and the SHA-256 of the file's id and size.

A task that says nothing of when it began gets the earliest time that the workflow's start, its parents and their run times
allow; `environment.started_at` says so then.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Any

from lineage_graph.canonical import canonical, digest_of
from lineage_graph.readers.reading import Reading, Record, Version
from lineage_graph.readers.value import Value, of_json

SCHEMA = "1.5"
NO_PLACE = "it says nothing of a run or a file"
# What is read of each object; the rest is left out, with a count.
READ = {
    "": {"name", "schemaVersion", "runtimeSystem", "workflow"},
    "workflow": {"specification", "execution"},
    "specification": {"tasks", "files"},
    "execution": {"executedAt", "tasks", "machines"},
    "task": {"name", "id", "parents", "children", "inputFiles", "outputFiles"},
    "file": {"id", "sizeInBytes"},
}
# Of a task's execution; the rest is measured, and becomes the run's summary.
GIVEN = {"id", "command", "machines", "executedAt", "priority", "coreCount"}


@dataclass(slots=True)
class _Task:
    """One task. before: the tasks it waits for, by its word or by its files. end: known once its events are there."""

    id: str
    value: Value
    execution: Value
    parents: list[str]
    children: list[str]
    inputs: list[str]
    outputs: list[str]
    before: dict[str, None] = field(default_factory=dict)
    end: datetime | None = None


def read(data: bytes, file: str, project: str) -> Reading:
    """The runs and versions of a workflow. project: where they go. Raises ImportRefused."""
    root = of_json(data, file)
    schema = root["schemaVersion"].text()
    if schema != SCHEMA:
        raise root["schemaVersion"].refused(f"it is WfFormat {schema}; {SCHEMA} is what is read")
    workflow = root["workflow"]
    specification = workflow["specification"]
    execution = workflow.get("execution")
    if execution is None:
        raise workflow.refused("'execution' is missing; what did not run has no runs to record")
    record = Record("wfformat", file, project)
    for name, part in (("", root), ("workflow", workflow), ("specification", specification), ("execution", execution)):
        _leave_out(record, name, part)
    tasks = _tasks(record, specification, execution)
    sizes = _sizes(record, specification, tasks)
    order = _order(record, tasks)
    versions = {file_id: _version(record, file_id, size) for file_id, size in sizes.items()}
    machines = {one["nodeName"].text(): one.plain() for one in (execution.get("machines") or root.at("", [])).items()}
    system, group = root.get("runtimeSystem"), root["name"].text()
    shared = {"runtimeSystem": system.plain()} if system is not None else {}
    began = execution["executedAt"].time()
    for task in order:
        _run(record, task, began, [tasks[one] for one in task.before], versions, machines, shared, group)
    return record.reading()


def _leave_out(record: Record, kind: str, value: Value) -> None:
    for key in value.mapping:
        if key not in READ[kind]:
            record.leave_out(f"{kind}.{key}" if kind else key, NO_PLACE, value.at(key, None).path)


def _texts(value: Value, key: str) -> list[str]:
    found = value.get(key)
    return [] if found is None else found.texts()


def _by_id(values: Iterable[Value]) -> dict[str, Value]:
    """Objects by their ids, each once."""
    found: dict[str, Value] = {}
    for value in values:
        one = value["id"].text()
        if one in found:
            raise value["id"].refused(f"{one!r} stands at {found[one].path} as well")
        found[one] = value
    return found


def _tasks(record: Record, specification: Value, execution: Value) -> dict[str, _Task]:
    """The tasks with their executions; who is whose parent is said by both, or it is not so."""
    said = _by_id(specification["tasks"].items())
    executed = _by_id(execution["tasks"].items())
    for one, value in executed.items():
        if one not in said:
            raise value["id"].refused(f"there is no task {one!r} in the specification")
    tasks: dict[str, _Task] = {}
    for one, value in said.items():
        if one not in executed:
            raise value.refused(f"task {one!r} has no record in workflow.execution.tasks")
        _leave_out(record, "task", value)
        parents, children, inputs, outputs = (
            _texts(value, key) for key in ("parents", "children", "inputFiles", "outputFiles")
        )
        tasks[one] = _Task(one, value, executed[one], parents, children, inputs, outputs)
    for task in tasks.values():
        for kind, others, back in (("parents", task.parents, "children"), ("children", task.children, "parents")):
            for i, other in enumerate(others):
                place = task.value.at(f"{kind}[{i}]", other)
                if other not in tasks:
                    raise place.refused(f"there is no task {other!r}")
                if task.id not in getattr(tasks[other], back):
                    raise place.refused(f"{other!r} does not have {task.id!r} among its {back}")
    return tasks


def _sizes(record: Record, specification: Value, tasks: dict[str, _Task]) -> dict[str, int | None]:
    """The files that tasks speak of, in that order, with their sizes; None where the file lists none."""
    listed = specification.get("files")
    files = _by_id(listed.items()) if listed is not None else {}
    for value in files.values():
        _leave_out(record, "file", value)
    sizes: dict[str, int | None] = {}
    for task in tasks.values():
        for key, ids in (("inputFiles", task.inputs), ("outputFiles", task.outputs)):
            for i, one in enumerate(ids):
                if listed is None:
                    sizes[one] = None
                elif one not in files:
                    raise task.value.at(f"{key}[{i}]", one).refused(f"there is no file {one!r} in workflow.specification.files")
                elif one not in sizes:
                    sizes[one] = files[one]["sizeInBytes"].whole()
    for one, value in files.items():
        if one not in sizes:
            record.leave_out("file", "no task reads or writes it", value.path)
    return sizes


def _order(record: Record, tasks: dict[str, _Task]) -> list[_Task]:
    """Tasks after those they wait for. Raises ImportRefused where they wait for each other."""
    makers: dict[str, list[str]] = {}
    for task in tasks.values():
        for one in task.outputs:
            makers.setdefault(one, []).append(task.id)
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for task in tasks.values():
        by_files = dict.fromkeys(maker for one in task.inputs for maker in makers.get(one, ()))
        for i, parent in enumerate(task.parents):
            if parent not in by_files:
                record.leave_out("parent", "it made no file that the task reads", task.value.at(f"parents[{i}]", None).path)
        task.before = dict.fromkeys(task.parents) | by_files
        sorter.add(task.id, *task.before)
    try:
        return [tasks[one] for one in sorter.static_order()]
    except CycleError as error:
        loop: list[str] = error.args[1]
        shown = " → ".join(loop if len(loop) <= 6 else [*loop[:5], "…", loop[-1]])
        raise tasks[loop[0]].value.refused(f"tasks wait for each other: {shown}") from None


def _version(record: Record, one: str, size: int | None) -> Version:
    digest = digest_of(canonical([one, size])).removeprefix("sha256:")
    return Version(one, record.artifact_name(one, one), f"declared:{digest}", "file", size)


def _run(
    record: Record,
    task: _Task,
    began: datetime,
    before: list[_Task],
    versions: dict[str, Version],
    machines: dict[str, Any],
    shared: dict[str, Any],
    group: str,
) -> None:
    """One task's events."""
    execution = task.execution
    said = execution.get("executedAt")
    start = said.time() if said is not None else max([began, *(one.end for one in before if one.end is not None)])
    try:
        end = start + timedelta(seconds=execution["runtimeInSeconds"].seconds())
    except OverflowError:
        raise execution["runtimeInSeconds"].refused("it ends after the year 9999") from None
    task.end = end
    command = execution.get("command")
    program = command.get("program") if command is not None else None
    words = [program.text()] if program is not None else []
    if command is not None:
        words += [
            one.value if one.value == "" else one.text() for one in (command.get("arguments") or command.at("", [])).items()
        ]
    kind = program.text() if program is not None else task.value["name"].text()
    hosts = _texts(execution, "machines")
    rest = execution.plain()
    place = task.value.path
    run = record.run_name(task.id, place)
    record.start(
        run,
        task.id,
        start,
        place,
        name=task.value["name"].text(),
        job_type=kind,
        step=kind,
        group=group,
        host=hosts[0] if len(hosts) == 1 else None,
        command=shlex.join(words) or None,
        config={key: rest[key] for key in ("coreCount", "priority") if key in rest} or None,
        environment=shared
        | ({"machines": {one: machines.get(one) for one in hosts}} if hosts else {})
        | ({} if said is not None else {"started_at": "the earliest that parents and run times allow"})
        or None,
    )
    for one in task.inputs:
        record.used(run, versions[one], start, place)
    for one in task.outputs:
        record.logged(run, versions[one], end, place)
    record.finish(run, end, place, summary={key: value for key, value in rest.items() if key not in GIVEN})
