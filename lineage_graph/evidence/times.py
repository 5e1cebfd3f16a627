"""Times as the server writes them, beside times as events have them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


@lru_cache(100_000)
def _full(text: str) -> str:
    head, _, fraction = text[:-1].partition(".")
    if len(head) == 16:
        head += ":00"
    return text if len(fraction) > 6 or "[" in head else f"{head}.{fraction:0<6}Z"


def normal(value: Any) -> Any:
    """A time of the server's in UTC with its microseconds written out; whatever else it is, it stays as it is."""
    return _full(value) if isinstance(value, str) and value.endswith("Z") else value
