"""Answers to the larger questions: their models, and how they follow from what walks found. Pure: no graph, no files.

order     levels by longest path, a topological order, and loops
audit     rows for people to read
cluster   a large lineage as a few cards; shape, groups and cards are how it gets there
view      a picture of what is before and after one thing; choosing, picture and viewed are how it gets there
card      all about one run or version
search    what is called something like what a person typed
plan      what to do again, and in which order: the models
planning  which runs that takes, chosen backwards from home
recipes   how each was run, and what is missing to run it again
impact    how much is downstream, of what kind and by whom
stale     what a step would not take now, and what that makes out of date
origins   who used what in which role, and who made what
changes   with what runs worked, and in what two of them differ
diff      in what two versions or two runs differ
why       which differences upstream explain it
paths     what lies between two things
"""
