"""With what runs worked: step, command, code, config, environment; and in what two of them differ."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lineage_graph.models import Frozen

Kind = Literal["added", "removed", "changed"]
ELSEWHERE = ("folder",)  # of the environment: where a run worked, not with what


class Change(Frozen):
    """One value that differs. key: dotted, such as 'opt.lr'. a, b: the values; null where the key is not there (`change`)."""

    key: str
    change: Kind
    a: Any
    b: Any


@dataclass(frozen=True)
class Told:
    """What one run was told to work with. id: its own id, which its command line may repeat."""

    id: str
    step: str | None = None
    command: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    patch: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)


def told_of(row: Mapping[str, Any]) -> dict[str, Told]:
    """The row of lineage/told → what runs were told, by their uids."""
    environments = {uid: text for text, uids in row["environments"] for uid in uids}
    read = {text: json.loads(text) for text in set(environments.values())}
    return {
        uid: Told(
            own_id, step, command, commit, dirty, patch,
            config=json.loads(config) if config else {},
            environment=read[environments[uid]] if uid in environments else {},
        )
        for uid, own_id, step, command, commit, dirty, patch, config in zip(*row["runs"], strict=True)
    }  # fmt: skip


def leaves(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested mappings under dotted keys; an empty mapping is a value."""
    for key, item in value.items():
        if isinstance(item, Mapping) and item:
            yield from leaves(item, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", item


def changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Change, ...]:
    """What changes from `a` to `b`, by dotted key in order."""
    if a is b:
        return ()
    old, new = dict(leaves(a)), dict(leaves(b))
    return tuple(
        Change(key=key, change=_kind(key, old, new), a=old.get(key), b=new.get(key))
        for key in sorted(old.keys() | new.keys())
        if key not in old or key not in new or not same(old[key], new[key])
    )


def _kind(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Kind:
    return "added" if key not in old else "removed" if key not in new else "changed"


def same(a: Any, b: Any) -> bool:
    """Whether two values are one in JSON, where true is not 1."""
    return a == b and (not isinstance(a, int | float) or isinstance(a, bool) == isinstance(b, bool))


def said(**facts: Any) -> dict[str, Any]:
    """The facts that are there."""
    return {key: value for key, value in facts.items() if value is not None}


def code_changes(a: Told, b: Told) -> tuple[Change, ...]:
    """Step and Git state."""
    return changes(*(said(step=r.step, commit=r.commit, dirty=r.dirty, patch=r.patch) for r in (a, b)))


def command_changes(a: Told, b: Told) -> tuple[Change, ...]:
    """Command lines, but for the run's own id in them."""
    if a.command == b.command or _command(a) == _command(b):
        return ()
    return changes(said(command=a.command), said(command=b.command))


def _command(told: Told) -> str | None:
    return re.sub(rf"(?<![\w.-]){re.escape(told.id)}(?![\w.-])", "\0", told.command) if told.command else None


def environment_changes(a: Told, b: Told) -> tuple[Change, ...]:
    """Python, platform, packages and what else was noted, but for the folder a run worked in."""
    if a.environment is b.environment:
        return ()
    return changes(*({k: v for k, v in r.environment.items() if k not in ELSEWHERE} for r in (a, b)))
