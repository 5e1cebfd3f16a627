"""Runs the benchmarks and writes their tables into README.md.

    python -m benchmarks                                              on the managed local server, which is started
    python -m benchmarks memory                                       the one that takes a million events, by itself
    python -m benchmarks --uri bolt://127.0.0.1:7687 --password …     on another; it should be one of its own, and idle

What is recorded for it stays in that graph, in projects named 'bench…'.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import evidence, explorer, memory, million, offline, replay, service, verify, walks

TOP = Path(__file__).parents[1]
README = TOP / "README.md"
BETWEEN = r"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)"  # where a part is in README.md
RECORDED = re.compile(r"^(one by one|in bulk): median (\d+) runs/s", re.MULTILINE)
NAMES = {
    "one by one": "recorded one after another, each waited for until it is committed",
    "in bulk": "recorded in bulk, journal included",
}


def recording(uri: str, user: str, password: str) -> str:
    """The table of benchmarks/record.py, which runs by itself as it looks into the ledger while it works."""
    command = [sys.executable, "-m", "benchmarks.record", "--uri", uri, "--user", user, "--password", password]
    done = subprocess.run(command, cwd=TOP, check=True, text=True, stdout=subprocess.PIPE)
    print(done.stdout)
    rows = [f"| {NAMES[name]} | {int(runs):,} |" for name, runs in RECORDED.findall(done.stdout)]
    return "\n".join(["| Runs of 7 events (3 inputs, 2 outputs) | Runs a second |", "|---|---|", *rows])


def page(uri: str, user: str, password: str, rounds: int) -> str:
    """What goes into README.md."""
    recorded = recording(uri, user, password)
    costs = evidence.measure(uri, user, password)
    lines = walks.table(walks.measure(uri, user, password, rounds))
    waited = replay.measure(uri, user, password)
    large = million.measure(uri, user, password)
    trust = verify.measure(uri, user, password)
    served = service.measure(uri, user, password)
    seen = explorer.measure(uri, user, password)
    flat = memory.measure(uri, user, password)
    words = (
        f"On {os.cpu_count()} cores, server and client on one machine, warm; medians. SQLite answers from memory in the same"
        " process,\nwithout a server or a wire, ML Metadata 1.17.1 in a process of its own; the ratio is ours to what stands"
        " beside it\n(to SQLite's by uid): above 1 we lose."
    )
    away = offline.table(offline.measure())
    parts = (words, lines, large, recorded, trust, costs, served, seen, waited, flat, away)
    return "\n\n".join(parts) + "\n"


def memory_alone(uri: str, user: str, password: str, rounds: int) -> str:
    """The same of what a million events do to the memory of a ledger."""
    return memory.measure(uri, user, password, recorded=0, applied=memory.APPLIED) + "\n"


PARTS = {"bench": page, "memory": memory_alone}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", choices=PARTS, default="bench")
    parser.add_argument("--uri", help="of a Neo4j; without it, a managed local server for this alone")
    parser.add_argument("--user", default="neo4j")
    parser.add_argument("--password", default="")
    parser.add_argument("--rounds", type=int, default=15, help="how often each way is timed")
    parser.add_argument("--dry", action="store_true", help="print the page, and leave README.md as it is")
    given = parser.parse_args()
    part = PARTS[given.part]
    if given.uri:
        text = part(given.uri, given.user, given.password, given.rounds)
    else:
        from lineage_graph import local

        with tempfile.TemporaryDirectory() as folder:
            server = local.up(Path(folder))
            try:
                text = part(server.uri, server.user, server.password, given.rounds)
            finally:
                local.down(Path(folder))
    print(text)
    if not given.dry:
        readme = README.read_text(encoding="utf-8")
        between = re.compile(BETWEEN.format(name=given.part), re.DOTALL)
        README.write_text(between.sub(lambda _: text, readme, count=1), encoding="utf-8")


if __name__ == "__main__":
    main()
