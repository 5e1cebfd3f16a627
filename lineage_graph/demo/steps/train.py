"""Trains one classifier of the sweep."""

from __future__ import annotations

import joblib
import numpy as np
from sklearn.svm import SVC

import lineage_graph as lg
from lineage_graph.demo.steps import PROJECT, arguments


def main() -> None:
    """Logs a version of `classifier`, under the alias of its place in the sweep."""
    args = arguments(__doc__, C=1.0, gamma=0.001, alias="candidate")
    config = {"C": args.C, "gamma": args.gamma}
    with lg.init(project=PROJECT, job_type="train", group="sweep", id=args.id, name=args.id, config=config) as run:
        data = np.load(run.use_artifact("digits-train:latest").download() / "train.npz")
        model = SVC(C=args.C, gamma=args.gamma).fit(data["pixels"], data["labels"])
        joblib.dump(model, "classifier.joblib")

        classifier = lg.Artifact("classifier", type="model", metadata=config)
        classifier.add_file("classifier.joblib")
        run.log_artifact(classifier, aliases=[args.alias])
        run.summary["support_vectors"] = int(model.n_support_.sum())


if __name__ == "__main__":
    main()
