"""Measures every classifier of the sweep on the validation part."""

from __future__ import annotations

import json

import joblib
import numpy as np

import lineage_graph as lg
from lineage_graph.demo.steps import CANDIDATES, PROJECT, arguments


def main() -> None:
    """Logs `evaluation`: each candidate's accuracy, the best one first."""
    args = arguments(__doc__, candidates=CANDIDATES)
    with lg.init(project=PROJECT, job_type="evaluate", id=args.id, name=args.id) as run:
        data = np.load(run.use_artifact("digits-validation:latest").download() / "validation.npz")
        found = []
        for number in range(1, args.candidates + 1):
            candidate = f"candidate-{number}"
            version = run.use_artifact(f"classifier:{candidate}", use_as=candidate)
            model = joblib.load(version.download() / "classifier.joblib")
            accuracy = float(np.mean(model.predict(data["pixels"]) == data["labels"]))
            found.append((-accuracy, number, version.digest))
        rows = [
            {"candidate": f"candidate-{number}", "digest": digest, "accuracy": -negative}
            for negative, number, digest in sorted(found)
        ]

        evaluation = lg.Artifact("evaluation", type="evaluation", metadata={"best": rows[0]})
        with evaluation.new_file("evaluation.json") as file:
            json.dump(rows, file, indent=1)
        run.log_artifact(evaluation)
        run.summary["accuracy"] = rows[0]["accuracy"]


if __name__ == "__main__":
    main()
