"""Values as JSON: one line, keys in the order that the models and queries give them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel


def plain(value: Any) -> Any:
    """A value as JSON has it: models as their fields, times as text, the driver's nodes and relationships as mappings."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no NaN and no infinity
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if hasattr(value, "iso_format"):  # the driver's times
        return value.iso_format()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return value.hex()
    if hasattr(value, "relationships"):  # a path
        return {"nodes": [plain(n) for n in value.nodes], "relationships": [plain(r) for r in value.relationships]}
    if hasattr(value, "srid"):
        return {"srid": value.srid, "coordinates": list(value)}
    if hasattr(value, "labels"):
        return {"labels": sorted(value.labels), "properties": {k: plain(v) for k, v in sorted(value.items())}}
    if hasattr(value, "start_node"):
        ends = {"from": value.start_node.get("uid"), "to": value.end_node.get("uid")}
        return {"type": value.type, **ends, "properties": {k: plain(v) for k, v in sorted(value.items())}}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    return str(value)


def steady(value: Any) -> Any:
    """`value` as JSON has it, the keys of every mapping sorted: the server gives them in no order of its own."""
    value = plain(value)
    if isinstance(value, dict):
        return {key: steady(inner) for key, inner in sorted(value.items())}
    return [steady(inner) for inner in value] if isinstance(value, list) else value


def compact(value: Any) -> str:
    """`value` as one line of JSON."""
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))
