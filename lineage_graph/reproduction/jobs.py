"""What is run as one command: a run, or several that one process recorded."""

from __future__ import annotations

from dataclasses import dataclass

from lineage_graph.answers.order import order
from lineage_graph.answers.plan import Plan, PlannedRun


@dataclass(frozen=True)
class Job:
    """One command. number: its place in the plan, from 1; runs: what it does; needs: numbers of the jobs it waits for."""

    number: int
    runs: tuple[PlannedRun, ...]
    needs: frozenset[int]

    @property
    def run(self) -> PlannedRun:
        """The one whose command is run."""
        return self.runs[0]

    @property
    def label(self) -> str:
        """Its name in the folder."""
        return f"{self.number:02}-{self.run.name.rpartition('/')[2]}"


def jobs_of(plan: Plan) -> list[Job]:
    """The commands of a plan, in an order in which they can be run.

    Runs that one process recorded are one job. Where jobs then wait for each other (a process that ran another one in
    between), they are one as well: the first one's command does them all.
    """
    of = {run.name: _process(run) for run in plan.runs}
    waits = {(of[need], of[run.name]) for run in plan.runs for need in run.needs if of[need] != of[run.name]}
    found = order(dict.fromkeys(of.values()), waits)
    one = {key: loop[0] for loop in found.loops for key in loop}
    groups: dict[tuple[str, ...], list[PlannedRun]] = {}
    for run in plan.runs:
        key = of[run.name]
        groups.setdefault(one.get(key, key), []).append(run)
    keys = sorted(groups, key=lambda key: found.levels[key])
    number = {run.name: i for i, key in enumerate(keys, 1) for run in groups[key]}
    jobs = []
    for i, key in enumerate(keys, 1):
        needs = frozenset(number[need] for run in groups[key] for need in run.needs) - {i}
        jobs.append(Job(i, tuple(groups[key]), needs))
    return jobs


def _process(run: PlannedRun) -> tuple[str, ...]:
    return (run.process, run.command or "") if run.process else (run.name,)
