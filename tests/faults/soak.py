"""Thousands of faults against a Neo4j of its own, and what was lost: `make soak`.

    python -m tests.faults.soak --faults 2000 --seed 5

Each round has 32 writers on one artifact, in eight processes. Afterwards the model of behaviour plays many random histories,
and the record is tampered with. Exit code 1 when anything was lost, doubled or wrong.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tests.conftest import small_file_system
from tests.faults.rounds import TOP, Report, Round, SmallDisk, own_server

PROCESSES, THREADS, SECONDS = 8, 4, 90.0


def soak(faults: int, seed: int, folder: Path) -> Report:
    """Rounds until so many faults were injected; of three, one has its server killed and one has a small disk that fills."""
    report = Report()
    started = time.monotonic()
    with own_server(folder / "neo4j") as server:
        while report.faults.total() < faults:
            number = report.rounds

            def tell(sentence: str, number: int = number) -> None:
                print(f"{time.monotonic() - started:5.0f} s · seed {seed + number} · {sentence}", flush=True)

            room = folder / f"round-{number}"
            trouble = partial(
                Round, server, room, seed + number, processes=PROCESSES, threads=THREADS, seconds=SECONDS, tell=tell
            )
            if number % 3 == 2 and os.geteuid() == 0:  # others cannot mount one
                with small_file_system(folder / f"disk-{number}", "16m") as home:
                    disk = SmallDisk(home)
                    verdict = trouble(home=home, more=disk.fill_or_free).run(report, peace=disk.grow)
            else:
                verdict = trouble().run(report, kill_server=number % 3 == 1)
            tell(str(report))
            for problem in verdict.problems:
                tell(f"    {problem}")
    return report


def also(name: str, examples: int) -> int:
    """Runs another part of the tests at length; 0 when all is well, or there is no such part."""
    if not (TOP / "tests" / name).is_dir():
        return 0
    command = [sys.executable, "-m", "pytest", "-q", f"tests/{name}"]
    return subprocess.run(
        command, cwd=TOP, env=os.environ | {"LINEAGE_GRAPH_TEST_EXAMPLES": str(examples)}, check=False
    ).returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--examples", type=int, default=40, help="random histories that the model plays")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that its server stops, too
    with tempfile.TemporaryDirectory() as folder:
        report = soak(given.faults, given.seed, Path(folder))
    failed = bool(report.lost or report.doubled or report.errors)
    for part in ("model", "evidence"):
        failed |= bool(also(part, given.examples))
    print(report)
    sys.exit(failed)


if __name__ == "__main__":
    main()
