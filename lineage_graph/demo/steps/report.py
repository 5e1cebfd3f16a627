"""Reports how good the chosen classifier is, on the part that no step has looked at."""

from __future__ import annotations

import json

import joblib
import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix

import lineage_graph as lg
from lineage_graph.demo.steps import PROJECT, arguments


def main() -> None:
    """Logs `report`: a page, and the table of what was taken for what."""
    args = arguments(__doc__)
    with lg.init(project=PROJECT, job_type="report", id=args.id, name=args.id) as run:
        chosen = run.use_artifact("classifier:best")
        model = joblib.load(chosen.download() / "classifier.joblib")
        data = np.load(run.use_artifact("digits-test:latest").download() / "test.npz")
        evaluation = run.use_artifact("evaluation:latest").download() / "evaluation.json"
        candidates = json.loads(evaluation.read_text(encoding="utf-8"))

        said = model.predict(data["pixels"])
        accuracy = float(accuracy_score(data["labels"], said))
        report = lg.Artifact("report", type="report", metadata={"accuracy": accuracy})
        with report.new_file("report.md") as page:
            page.write(f"# Handwritten digits\n\nThe chosen classifier (`{chosen.digest}`) is right on {accuracy:.1%}")
            page.write(f" of {len(said)} digits that no step had looked at.\n\n| candidate | validation |\n|---|---|\n")
            page.writelines(f"| {row['candidate']} | {row['accuracy']:.1%} |\n" for row in candidates)
        with report.new_file("confusion.csv") as table:
            np.savetxt(table, confusion_matrix(data["labels"], said), fmt="%d", delimiter=",")
        run.log_artifact(report)
        run.summary["accuracy"] = accuracy


if __name__ == "__main__":
    main()
