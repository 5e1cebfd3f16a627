"""The pipeline's steps: one short script each, to read as examples of recording.

Each is a process of its own and can be run alone: `python -m lineage_graph.demo.steps.ingest`.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

PROJECT = "digits"
CANDIDATES = 8


def arguments(about: str | None, **options: float | str) -> Namespace:
    """A step's command line: `--id` for the run, and `options` with their defaults.

    id: the run's id; without it the run makes one up.
    """
    parser = ArgumentParser(description=about)
    parser.add_argument("--id", help="the run's id; made up by default")
    for name, default in options.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    return parser.parse_args()
