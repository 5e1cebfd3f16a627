"""The demonstration: a real pipeline that records itself, and then the question where its model came from.

    run_demo(console)    raw digits → split → a sweep of 8 trainings → evaluation → the best one → report

Its steps, in `lineage_graph.demo.steps`, are scripts to copy from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["run_demo"]


def run_demo(console: Console, *, serve: bool = True) -> int:
    """Runs the pipeline into the configured Neo4j, or the managed local one, and shows where the model came from.

    console: where it is shown. serve: it ends with the explorer open on the chosen model, until Ctrl-C; where the console is no
    terminal, and without it, with what to type for that.
    Returns 0, or 2 when a step failed. Raises ExtraMissing, LocalServerProblem, GraphProblem, SettingWrong.
    """
    from lineage_graph.demo.show import show  # the steps import this package, and need nothing of it

    return show(console, serve=serve)
