"""Chooses the best classifier by the evaluation."""

from __future__ import annotations

import json

import lineage_graph as lg
from lineage_graph.demo.steps import PROJECT, arguments


def main() -> None:
    """Moves the alias `best` of `classifier`."""
    args = arguments(__doc__)
    with lg.init(project=PROJECT, job_type="choose", id=args.id, name=args.id) as run:
        evaluation = run.use_artifact("evaluation:latest").download() / "evaluation.json"
        first = json.loads(evaluation.read_text(encoding="utf-8"))[0]
        run.use_artifact(f"classifier@{first['digest']}").alias("best")
        run.summary.update(first)


if __name__ == "__main__":
    main()
