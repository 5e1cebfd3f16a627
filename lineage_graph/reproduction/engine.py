"""A plan, carried out: what is needed is brought first, then jobs are run as soon as what they wait for is done."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from lineage_graph.answers.plan import Plan
from lineage_graph.answers.reproduction import RepeatedRun, Reproduction, compared
from lineage_graph.errors import CannotReproduce, ParameterWrong
from lineage_graph.recording.connection import LineageGraph
from lineage_graph.reproduction.carry_out import Carrier, Commands
from lineage_graph.reproduction.checkout import Code
from lineage_graph.reproduction.fetch import fetch
from lineage_graph.reproduction.folder import Folder
from lineage_graph.reproduction.jobs import Job, jobs_of
from lineage_graph.settings import Settings, load
from lineage_graph.store import Store

SHOWN = 5  # reasons in one sentence
Progress = Callable[[int, int], object]


def reproduce(
    graph: LineageGraph,
    plan: Plan,
    into: str | os.PathLike[str],
    *,
    jobs: int = 1,
    timeout_run: float | None = None,
    progress: Progress | None = None,
) -> Reproduction:
    """Carries out a plan in an empty folder, or goes on where it ended. What `LineageGraph.reproduce` does.

    progress: called with (runs done, runs in all).
    """
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise ParameterWrong("jobs", f"it is a whole number from 1 on, not {jobs!r}")
    if timeout_run is not None and not timeout_run > 0:
        raise ParameterWrong("timeout_run", f"it is a number of seconds above 0, not {timeout_run!r}")
    if plan.missing:
        more = f"; and {len(plan.missing) - SHOWN} more reasons" if len(plan.missing) > SHOWN else ""
        why = "; ".join(one.sentence for one in plan.missing[:SHOWN])
        raise CannotReproduce(plan.home, f"cannot be made again: {why}{more}")
    folder = Folder(into)
    with folder.opened(plan):
        theirs = graph.recorder.settings
        code = Code(folder.code, theirs)
        _bring(plan, theirs, code, folder)
        commands = Commands(timeout_run)
        carrier = Carrier(folder, _settings(graph, folder), code, commands)
        try:
            _carry_out(plan, folder, carrier, jobs, progress or (lambda done, total: None))
        finally:
            commands.stop()
            carrier.recorder.close()
        return compared(plan, str(folder.root), folder.done)


def _bring(plan: Plan, theirs: Settings, code: Code, folder: Folder) -> None:
    """All that is needed from outside, before anything is run. Raises CannotReproduce."""
    for run in plan.runs:
        code.bring(run)
    folder.store.mkdir(exist_ok=True)
    for version in plan.fetch:
        fetch(version, theirs, Store(folder.store))


def _settings(graph: LineageGraph, folder: Folder) -> Settings:
    """The settings of the reruns: the same graph; content and journals in the folder."""
    theirs, opened = graph.recorder.settings, graph.recorder.graph()
    password = theirs.password.get_secret_value() if theirs.password is not None else None
    if theirs.uri is None:
        from lineage_graph import local

        server = local.running(theirs.server)
        password = server.password if server is not None else None
    return load(
        uri=opened.uri,
        user=opened.user,
        password=password,
        database=opened.database,
        home=folder.home,
        store=str(folder.store),
        mode="online",
        timeout=theirs.timeout,
    )


def _carry_out(plan: Plan, folder: Folder, carrier: Carrier, jobs: int, progress: Progress) -> None:
    runs = {run.name: run for run in plan.runs}
    todo = {job.number: job for job in jobs_of(plan)}
    done = {name: run for name, run in folder.done.items() if run.state == "done"}
    finished: set[int] = set()
    for number, job in list(todo.items()):
        if all(run.name in done for run in job.runs):
            finished.add(number)
            del todo[number]
    lost: dict[int, str] = {}
    running: dict[Future[list[RepeatedRun]], Job] = {}
    progress(len(done), len(runs))
    with ThreadPoolExecutor(jobs) as pool:
        try:
            while todo or running:
                for number, job in list(todo.items()):
                    why = next((lost[need] for need in sorted(job.needs) if need in lost), None)
                    if why is not None:
                        lost[number] = why
                        folder.keep(*(_not_run(run.name, why) for run in todo.pop(number).runs))
                    elif job.needs <= finished:
                        running[pool.submit(carrier.carry_out, job, done, runs)] = todo.pop(number)
                if not running:
                    continue
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    job = running.pop(future)
                    ended = future.result()
                    folder.keep(*ended)
                    if all(run.state == "done" for run in ended):
                        finished.add(job.number)
                        done |= {run.name: run for run in ended}
                    else:
                        lost[job.number] = job.run.name
                    progress(len(done), len(runs))
        except BaseException:
            carrier.commands.stop()
            _keep_the_rest(folder, running)
            raise


def _keep_the_rest(folder: Folder, running: Mapping[Future[list[RepeatedRun]], Job]) -> None:
    """What was stopped in the middle is noted too, as far as it can be."""
    for future in running:
        future.cancel()
    for future in wait(running).done:
        if not future.cancelled() and future.exception() is None:
            folder.keep(*future.result())


def _not_run(name: str, waits_for: str) -> RepeatedRun:
    return RepeatedRun(name=name, state="not run", problem=f"{name} was not run, as it waits for {waits_for}")
