"""Nested values as properties."""

from __future__ import annotations

import json

from lineage_graph.flatten import flatten
from lineage_graph.limits import DOTTED, DOTTED_TEXT


def test_scalars_and_lists_of_one_type_get_dotted_names() -> None:
    value = {"lr": 0.1, "opt": {"name": "adam", "betas": [0.9, 0.99]}, "none": None, "mixed": [1, "a"], "deep": [[1]], "no": []}
    flat = flatten("config", value)
    assert json.loads(flat.pop("config")) == value
    assert flat == {"config.lr": 0.1, "config.opt.name": "adam", "config.opt.betas": [0.9, 0.99]}


def test_on_a_clash_the_nested_one_wins() -> None:
    assert flatten("c", {"a": {"b": 2}, "a.b": 1})["c.a.b"] == 2
    assert flatten("c", {"a.b": 1, "a": {"b": 2}})["c.a.b"] == 2


def test_what_is_too_much_is_in_the_text_alone() -> None:
    flat = flatten("c", {"long": "x" * (DOTTED_TEXT + 1), "big": 2**70, **{f"k{i}": i for i in range(2 * DOTTED)}})
    assert len(flat) == DOTTED + 1 and "c.long" not in flat and "c.big" not in flat
    assert json.loads(flat["c"])["long"].startswith("xx")
