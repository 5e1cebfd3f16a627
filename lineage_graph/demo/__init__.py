"""The demonstration: a real pipeline that records itself, and then the question where its model came from.

    run_demo(console)    raw digits → split → a sweep of 8 trainings → evaluation → the best one → report

Its steps, in `lineage_graph.demo.steps`, are scripts to copy from.
"""

from __future__ import annotations

from lineage_graph.demo.show import run_demo

__all__ = ["run_demo"]
