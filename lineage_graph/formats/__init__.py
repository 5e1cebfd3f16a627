"""An answer as text, one file a format: tree, table, json, jsonl, csv, dot, mermaid, svg, html. Pure: models in, text out.

picture   a walk made ready for drawing: cards, arrows, groups, notes      layout   where cards stand
words     single values                                                  fit      how wide a text is
"""
