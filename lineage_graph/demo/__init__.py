"""The demonstration: a real pipeline that records itself, and then the question where its model came from.

    run_demo(console)    raw digits → split → a sweep of 8 trainings → evaluation → the best one → report

Its steps, in `lineage_graph.demo.steps`, are scripts to copy from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["run_demo"]


def run_demo(console: Console, *, serve: bool = False) -> int:
    """Runs the pipeline into the configured Neo4j, or the managed local one, and shows where the model came from.

    console: where it is shown. serve: with Neo4j Browser, where the server is the local one.
    Returns 0, or 2 when a step failed. Raises ExtraMissing, LocalServerProblem, GraphProblem, SettingWrong.
    """
    from lineage_graph.demo.show import show  # the steps import this package, and need nothing of it

    return show(console, browser=serve)
