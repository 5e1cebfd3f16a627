"""Which steps the demonstration has, and how they are run: each a process of its own in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

GRID = [(C, gamma) for C in (1.0, 10.0) for gamma in (0.0001, 0.0005, 0.001, 0.002)]
TAIL = 12


@dataclass(frozen=True, slots=True)
class Step:
    """One process. name: of its module in `lineage_graph.demo.steps`; id: of its run; options: of its command line."""

    name: str
    id: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """A step that ended. seconds: how long it took; run: the id it was given; problem: the end of what it said, on failure."""

    step: Step
    run: str
    seconds: float
    problem: str | None = None


def _training(number: int, C: float, gamma: float) -> Step:
    return Step("train", f"train-{number}", (f"--C={C}", f"--gamma={gamma}", f"--alias=candidate-{number}"))


# Stages follow one another; the steps of one stage need nothing of each other.
STAGES: tuple[tuple[Step, ...], ...] = (
    (Step("ingest", "ingest"),),
    (Step("split", "split"),),
    tuple(_training(number, *point) for number, point in enumerate(GRID, 1)),
    (Step("evaluate", "evaluate", (f"--candidates={len(GRID)}",)),),
    (Step("choose", "choose"),),
    (Step("report", "report"),),
)
STEPS = tuple(step for stage in STAGES for step in stage)


def run_step(step: Step, run: str, folder: Path, environment: Mapping[str, str]) -> Done:
    """Runs one step as the run `run`, in its own folder below `folder`."""
    work = folder / step.id
    work.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", f"lineage_graph.demo.steps.{step.name}", f"--id={run}", *step.options]
    started = time.monotonic()
    done = subprocess.run(
        command, cwd=work, env=dict(environment), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - started
    if done.returncode == 0:
        return Done(step, run, seconds)
    said = "\n".join(done.stderr.strip().splitlines()[-TAIL:])
    return Done(step, run, seconds, said or f"it ended with code {done.returncode} and said nothing")


def run_all(
    folder: Path,
    environment: Mapping[str, str],
    run_of: Callable[[Step], str],
    started: Callable[[Step], None] = lambda step: None,
) -> Iterator[Done]:
    """Runs every step, those of one stage as many at a time as there are processors (4 at most), until one fails.

    run_of: the run id for a step. started: called when a step begins.
    """

    def one(step: Step) -> Done:
        started(step)
        return run_step(step, run_of(step), folder, environment)

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for stage in STAGES:
            results = [pool.submit(one, step) for step in stage]
            failed = False
            for result in results:
                done = result.result()
                failed = failed or done.problem is not None
                yield done
                if failed:
                    pool.shutdown(wait=True, cancel_futures=True)
                    return
