"""Values on their way to the graph and back: times, numbers, and nodes as models."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from lineage_graph.canonical import iso
from lineage_graph.errors import ParameterWrong
from lineage_graph.models import ArtifactVersion, Run

Time = datetime | str | None
_TIME: TypeAdapter[datetime] = TypeAdapter(datetime)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
TIMES = {"as_of", "known_at", "from", "to", "at"}  # the queries' parameters of these names are times


def time_text(value: Time, where: str) -> str | None:
    """A time as the queries take it: RFC 3339 in UTC. Raises ParameterWrong for anything else."""
    if value is None:
        return None
    try:
        # Else pydantic would take a number, and a year such as '2026', for seconds since 1970.
        at = _TIME.validate_python(value) if isinstance(value, datetime) or _DATE.match(value) else None
        if at is not None and at.tzinfo is not None:
            return iso(at.astimezone(UTC))
    except (ValidationError, TypeError, OverflowError):
        at = None
    why = "is not a time" if at is None else "has no time zone"
    raise ParameterWrong(where, f"{value!r} {why}; write it as 2026-01-05T08:00:00Z")


def moment(value: Time, where: str) -> datetime | None:
    """A time as the answers have it. Raises ParameterWrong."""
    text = time_text(value, where)
    return None if text is None else datetime.fromisoformat(text)


def with_times(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A query's parameters, those that are times as the queries take them. Raises ParameterWrong."""
    return {k: time_text(v, f"parameter ${k}") if k in TIMES else v for k, v in parameters.items()}


def times(as_of: Time, known_at: Time) -> tuple[str | None, str | None]:
    """Both times as the queries take them. Raises ParameterWrong when one is no time, or when they contradict each other."""
    happened, known = time_text(as_of, "as_of"), time_text(known_at, "known_at")
    if happened is not None and known is not None and datetime.fromisoformat(happened) > datetime.fromisoformat(known):
        raise ParameterWrong(
            "as_of",
            f"{happened} is after known_at {known}: nothing was known then of what happened later; give an earlier as_of",
        )
    return happened, known


def whole_number(value: int | None, where: str, least: int) -> int | None:
    """`value` itself when it is None or an integer of at least `least`. Raises ParameterWrong."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
        raise ParameterWrong(where, f"it is a whole number from {least} on, not {value!r}")
    return value


def cursor(after: str | None) -> int:
    """How many of the first are left out, from the cursor of an answer that was cut. Raises ParameterWrong."""
    if after is not None and not (isinstance(after, str) and after.isascii() and after.isdigit()):
        raise ParameterWrong("after", f"{after!r} is not the cursor of an answer; give back its truncated.cursor")
    return int(after) if after else 0


def seconds(value: float | None, where: str) -> float | None:
    """`value` itself when it is None or a time above zero. Raises ParameterWrong."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not value > 0):
        raise ParameterWrong(where, f"it is a number of seconds above 0, not {value!r}")
    return value


def to_run(properties: Mapping[str, Any]) -> Run:
    """A Run from its node's properties."""
    texts = {k: json.loads(properties[k]) for k in ("config", "summary", "environment") if properties.get(k)}
    return Run.model_validate({**_given(properties), **texts})


def to_version(properties: Mapping[str, Any]) -> ArtifactVersion:
    """An ArtifactVersion from its node's properties."""
    texts = {"metadata": json.loads(properties["metadata"])} if properties.get("metadata") else {}
    return ArtifactVersion.model_validate({**_given(properties), **texts})


def _given(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in properties.items() if v is not None}
