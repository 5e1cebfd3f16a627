"""Where things came from, as lineage/origins gives it: who used what in which role, and who made what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple


class Thing(NamedTuple):
    """A version, or a run (which has neither artifact nor digest). name: in full."""

    uid: str
    name: str
    artifact: str | None = None
    digest: str | None = None


class Use(NamedTuple):
    """A version, and the role a run used it in; None where none was said."""

    thing: Thing
    role: str | None = None


@dataclass(frozen=True)
class Origins:
    """What lies upstream of `home`.

    used: of each run, what it used. maker: of each version, the run that made it; where none of those that logged it made it
    (it came from outside first, or that is later than the time asked for), the one that logged it first.
    """

    home: Thing
    used: Mapping[str, list[Use]]
    maker: Mapping[str, Thing]

    @cached_property
    def home_run(self) -> Thing | None:
        """The home itself when it is a run, else the run that made it."""
        return self.home if self.home.digest is None else self.maker.get(self.home.uid)


def origins_of(row: Mapping[str, Any]) -> Origins:
    """The row of lineage/origins → Origins."""
    lists = (row[column] for column in ("uids", "names", "artifacts", "digests"))
    things = dict(zip(row["ids"], map(Thing._make, zip(*lists, strict=True)), strict=True))
    used: dict[str, list[Use]] = {}
    for run, version, role, _ in sorted(zip(*row["used"], strict=True), key=lambda use: use[3]):
        used.setdefault(things[run].uid, []).append(Use(things[version], role or None))
    maker: dict[str, Thing] = {}
    for run, version, _, _ in sorted(zip(*row["logged"], strict=True), key=lambda log: (not log[2], log[3])):
        maker.setdefault(things[version].uid, things[run])
    return Origins(things[row["ids"][0]], used, maker)
