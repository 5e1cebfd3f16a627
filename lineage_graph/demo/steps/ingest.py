"""Takes in the raw data: 1,797 handwritten digits that come with scikit-learn."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

import lineage_graph as lg
from lineage_graph.demo.steps import PROJECT, arguments


def main() -> None:
    """Logs `digits-raw`: one line a digit, its 64 pixels and what it is."""
    args = arguments(__doc__)
    with lg.init(project=PROJECT, job_type="ingest", id=args.id, name=args.id) as run:
        pixels, labels = load_digits(return_X_y=True)
        raw = lg.Artifact(
            "digits-raw",
            type="dataset",
            description="Handwritten digits, 8 × 8 pixels from 0 to 16, and the digit meant",
            metadata={"rows": len(labels), "source": "sklearn.datasets.load_digits"},
        )
        with raw.new_file("digits.csv") as file:
            np.savetxt(file, np.column_stack([pixels, labels]), fmt="%d", delimiter=",")
        run.log_artifact(raw)


if __name__ == "__main__":
    main()
