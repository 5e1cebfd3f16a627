"""Answers to the larger questions: their models, and how they follow from what walks found. Pure: no graph, no files.

order     levels by longest path, a topological order, and loops
audit     rows for people to read
plan      what to do again, and in which order
origins   who used what in which role, and who made what
changes   with what runs worked, and in what two of them differ
diff      in what two versions or two runs differ
why       which differences upstream explain it
paths     what lies between two things
"""
