"""Answers to the larger questions: their models, and how they follow from what walks found. Pure: no graph, no files.

order     levels by longest path, a topological order, and loops
plan      what to do again, and in which order
impact    how much is downstream, of what kind and by whom
stale     what a step would not take now, and what that makes out of date
"""
