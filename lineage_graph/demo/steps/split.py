"""Splits the raw data: one part to learn from, one to choose by, one to report on."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import train_test_split

import lineage_graph as lg
from lineage_graph.demo.steps import PROJECT, arguments


def main() -> None:
    """Logs `digits-train`, `digits-validation` and `digits-test`."""
    args = arguments(__doc__, seed=7)
    config = {"seed": args.seed, "validation": 400, "test": 400}
    with lg.init(project=PROJECT, job_type="split", id=args.id, name=args.id, config=config) as run:
        raw = run.use_artifact("digits-raw:latest")
        rows = np.loadtxt(raw.download() / "digits.csv", delimiter=",")
        pixels, labels = rows[:, :-1], rows[:, -1].astype(int)

        seed = args.seed
        rest, test, rest_labels, test_labels = train_test_split(
            pixels, labels, test_size=config["test"], stratify=labels, random_state=seed
        )
        train, validation, train_labels, validation_labels = train_test_split(
            rest, rest_labels, test_size=config["validation"], stratify=rest_labels, random_state=seed
        )
        parts = {"train": (train, train_labels), "validation": (validation, validation_labels), "test": (test, test_labels)}
        for name, (images, meant) in parts.items():
            part = lg.Artifact(f"digits-{name}", type="dataset", metadata={"rows": len(meant)})
            with part.new_file(f"{name}.npz", "wb") as file:
                np.savez(file, pixels=images, labels=meant)
            run.log_artifact(part)


if __name__ == "__main__":
    main()
