"""What events say of things: which of their fields, and whether that is anything new."""

from __future__ import annotations

from typing import Any

from lineage_graph.events import Logged, Used
from lineage_graph.ledger.state import Version, as_json

STARTED = (
    "job_type",
    "step",
    "group",
    "commit",
    "dirty",
    "patch",
    "process",
    "command",
    "source_id",
    "author",
    "email",
    "host",
)
LINKS = ("child_of", "retry_of", "resumed_from")
DESCRIBED = ("metadata", "description", "tags")
FACTS = ("size", "file_count", "content", "source_id")
_SAYING = frozenset((*DESCRIBED, *FACTS))
ASKED = ("actor", "project", "outcome", "rows", "statement_digest", "statement", "parameters_digest", "reason")


def stored(field: str, value: Any) -> Any:
    return as_json(value) if field == "metadata" else list(value) if field == "tags" else value


def same(version: Version, event: Used | Logged) -> bool:
    """Whether an event says nothing about a version but that it is there."""
    if event.model_fields_set.isdisjoint(_SAYING):
        return True
    return all(getattr(event, field) is None for field in DESCRIBED) and not any(
        version.adds(field, getattr(event, field)) for field in FACTS
    )
