"""Nested config and metadata as properties that auditors can filter on.

`flatten("config", {"opt": {"lr": 0.1}})` gives `config.opt.lr` = 0.1 beside `config`, the whole as JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lineage_graph.limits import DOTTED, DOTTED_TEXT

INT64 = 2**63 - 1
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode


def _storable(value: Any) -> bool:
    if isinstance(value, bool | float):
        return True
    if isinstance(value, int):
        return abs(value) <= INT64
    if isinstance(value, str):
        return len(value) <= DOTTED_TEXT
    if isinstance(value, list):
        return (
            bool(value) and len({type(v) for v in value}) == 1 and not isinstance(value[0], list) and all(map(_storable, value))
        )
    return False


def _leaves(prefix: str, value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Leaves, those of nested mappings last: on a clash ({'a.b': 1, 'a': {'b': 2}}) the nested one wins."""
    for key, item in value.items():
        if "\0" not in key and not isinstance(item, Mapping) and _storable(item):
            yield f"{prefix}.{key}", item
    for key, item in value.items():
        if "\0" not in key and isinstance(item, Mapping):
            yield from _leaves(f"{prefix}.{key}", item)


def flatten(prefix: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """`value` whole as JSON text under `prefix`, and its scalars (and lists of one scalar type) under dotted names.

    Nulls, mixed lists, what has a NUL in its name (no property can), texts over 8,000 characters and what comes after 200
    names are in the JSON text only.
    """
    flat: dict[str, Any] = {prefix: _encode(value)}
    for name, item in _leaves(prefix, value):
        flat[name] = item
        if len(flat) > DOTTED:
            break
    return flat
