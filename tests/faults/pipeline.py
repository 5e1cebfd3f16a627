"""A recording process: some threads, each a run that logs to one artifact, uses it, and moves its aliases.

    python -m tests.faults.pipeline '{"project": …, "name": …, "seed": 1, "threads": 4, "side": …, "stop": …, "skew": 0}'

An event is acknowledged when an append returned and its journal's file has it; its uid is then written to the file `side`, and
synced. The process may be killed at any moment. It ends when the file `stop` is there. skew: seconds by which its clock is
wrong.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from neo4j._conf import WorkspaceConfig

import lineage_graph as lg
from lineage_graph import events
from lineage_graph.errors import NotRecorded
from lineage_graph.events import Event
from lineage_graph.journal import Entry, Journal
from lineage_graph.recording import recorder

SHARED = 5  # contents that every writer logs


def arguments(**given: Any) -> str:
    """What the process is given: project, name, seed, threads, side, stop, skew."""
    return json.dumps(given)


def acknowledge(path: str) -> None:
    """From now on, what a journal's file took is noted in that file; what a full disk keeps in memory, once it is written."""
    side = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    append = Journal.append
    lock = threading.Lock()
    waiting: list[tuple[Journal, Entry]] = []

    def noted(journal: Journal, said: Sequence[Event], via: str | None = None) -> Entry:
        entry = append(journal, said, via)
        with lock:
            waiting.append((journal, entry))
            upto = {own.uid: own.position.seq for own, _ in waiting}
            taken = [one for _, one in waiting if one.seq <= upto[one.journal]]
            waiting[:] = [(own, one) for own, one in waiting if one.seq > upto[one.journal]]
            if taken:
                os.write(side, "".join(f"{event.uid}\n" for one in taken for event in one.events).encode())
                os.fsync(side)
        return entry

    Journal.append = noted  # type: ignore[method-assign]


def skew(seconds: float) -> None:
    """Sets this process's clock wrong, as far as events are concerned."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=seconds)

    events.datetime = Wrong  # type: ignore[attr-defined]


def hurry() -> None:
    """Waits little after each failure, so that there is always something on its way for the next fault to strike."""
    recorder.FIRST_RETRY, recorder.LONGEST_RETRY = 0.1, 0.5
    WorkspaceConfig.initial_retry_delay, WorkspaceConfig.retry_delay_multiplier = 0.1, 1.2


def reference(uri: str) -> lg.Artifact:
    made = lg.Artifact("one", type="dataset")
    made.add_reference(uri, name="x")
    return made


def work(project: str, run_id: str, seed: str, stop: Path) -> None:
    chance = random.Random(seed)
    with lg.init(project=project, id=run_id, job_type="writer") as run:
        step, made = 0, list[lg.RecordedVersion]()
        while not stop.exists():
            step += 1
            what = chance.random()
            if what < 0.4 or not made:
                made.append(run.log_artifact(reference(f"ref://{run_id}/{step}")))
            elif what < 0.55:
                run.log_artifact(reference(f"ref://shared/{chance.randrange(SHARED)}"), aliases=["shared"])
            elif what < 0.7:
                run.use_artifact(chance.choice(made), use_as=f"u{step % 3}")
            elif what < 0.74:
                with contextlib.suppress(NotRecorded):  # a true answer: nobody gave that alias yet
                    run.use_artifact(f"one:{chance.choice(['latest', 'best', 'shared'])}")
            elif what < 0.9:
                chance.choice(made).alias("best")
            elif what < 0.93:
                chance.choice(made).unalias("best")
            else:
                chance.choice(made).edit(description=f"{run_id} {step}")
            time.sleep(chance.uniform(0, 0.3))


def safely(*given: Any) -> None:
    """Does the work; what is raised into it ends the process."""
    try:
        work(*given)
    except BaseException:
        traceback.print_exc()
        os._exit(3)


def main() -> None:
    given = json.loads(sys.argv[1])
    skew(given["skew"])
    hurry()
    acknowledge(given["side"])
    stop = Path(given["stop"])
    threads = [
        threading.Thread(
            target=safely, args=(given["project"], f"{given['name']}-{i}", f"{given['seed']}-{given['name']}-{i}", stop)
        )
        for i in range(given["threads"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
