"""Thousands of faults against a Neo4j of its own, and what was lost: `make soak`.

    python -m tests.faults.soak --faults 2000 --seed 5

Each round has 32 writers on one artifact, in four processes. Afterwards the model of behaviour plays many random histories,
and the record is tampered with. Exit code 1 when anything was lost, doubled or wrong.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.rounds import TOP, Report, Round, own_server

PROCESSES, THREADS, SECONDS = 4, 8, 20.0


def soak(faults: int, seed: int, folder: Path) -> Report:
    """Rounds until so many faults were injected; every second one has its server killed."""
    report = Report()
    started = time.monotonic()
    with own_server(folder / "neo4j") as server:
        while report.faults.total() < faults:
            number = report.rounds
            room = folder / f"round-{number}"
            verdict = Round(server, room, seed + number, processes=PROCESSES, threads=THREADS, seconds=SECONDS).run(
                report, kill_server=number % 2 == 1
            )
            print(f"{time.monotonic() - started:5.0f} s · seed {seed + number} · {report}", flush=True)
            for problem in verdict.problems:
                print(f"    {problem}", flush=True)
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
    parser.add_argument("--examples", type=int, default=300, help="random histories that the model plays")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = soak(given.faults, given.seed, Path(folder))
    failed = bool(report.lost or report.doubled or report.errors)
    for part in ("model", "evidence"):
        failed |= bool(also(part, given.examples))
    print(report)
    sys.exit(failed)


if __name__ == "__main__":
    main()
