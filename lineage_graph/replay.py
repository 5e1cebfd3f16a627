"""Doing recorded runs again: what the process that does it is told, and which version it is given for what it asks for.

The file that LINEAGE_GRAPH_REPLAY names holds a `Replay`. Under it `lg.init()` becomes one of its runs, `use_artifact()` gives
what that run used the first time, and no alias moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from lineage_graph.errors import NotRecorded
from lineage_graph.models import Frozen
from lineage_graph.names import VersionName


class ReplayedUse(Frozen):
    """A version that a run used. artifact: 'project/name'; name: 'project/name:vN'; asked: how it was asked for.

    found:   the digest to use instead of `digest`, where this reproduction made other bytes.
    made_by: the run, done again by the same process, that makes it; null when it is there beforehand.
    """

    artifact: str
    name: str
    digest: str
    type: str
    used_as: str | None = None
    asked: str | None = None
    found: str | None = None
    made_by: str | None = None

    @property
    def to_use(self) -> str:
        """The digest of the bytes to use."""
        return self.found or self.digest


class ReplayedRun(Frozen):
    """A run that is done again. again: its new name, 'project/runs/ID'; retry_of: the name of the recorded one."""

    again: str
    retry_of: str
    step: str | None = None
    job_type: str | None = None
    config: Mapping[str, Any] = Field(default_factory=dict)
    uses: tuple[ReplayedUse, ...] = ()

    def likeness(self, id: str | None, step: str | None, job_type: str | None, config: Mapping[str, Any]) -> int:
        """How much a run that begins is this one: 6 it has its id, 2 each for step and kind, 1 for what it was told."""
        if id is not None and self.retry_of.rpartition("/")[2] == id:
            return 6
        return 2 * (self.step == step) + 2 * (self.job_type == job_type) + (self.config == config)


class Replay(Frozen):
    """The runs that one command does again."""

    runs: tuple[ReplayedRun, ...]

    def in_order(self, id: str | None, step: str | None, job_type: str | None, config: Mapping[str, Any]) -> list[int]:
        """Which of its runs one that begins may be, as places in `runs`, the likeliest first.

        One that is nothing like any of several is none of them.
        """
        like = [run.likeness(id, step, job_type, config) for run in self.runs]
        places = sorted(range(len(like)), key=lambda i: -like[i])
        return [i for i in places if like[i] > 1 or len(self.runs) == 1]


def resolve(run: ReplayedRun, asked: VersionName, used_as: str | None) -> ReplayedUse:
    """The use by which a recorded run got what it asks for again: as it asked, else in that role, else the only one.

    Who asks for a digest gets that or nothing. Raises NotRecorded.
    """
    uses = [use for use in run.uses if use.artifact == str(asked.artifact)]
    roles = [use for use in uses if use.used_as == used_as]
    exact = [use for use in uses if _is_asked(use, asked)]
    several = [exact, [use for use in exact if use.used_as == used_as]]
    if asked.digest is None:
        several += [roles, uses]
    for found in several:
        if len({use.to_use for use in found}) == 1:
            return found[0]
    there = ", ".join(dict.fromkeys(use.name for use in uses)) or "no version of that artifact"
    raise NotRecorded("use", str(asked), f"{run.retry_of} used {there}, and its rerun gets nothing else")


def _is_asked(use: ReplayedUse, asked: VersionName) -> bool:
    if asked.digest is not None:
        return any(_begins(digest, asked.digest) for digest in (use.digest, use.to_use))
    if asked.number is not None:
        return use.name == str(asked)
    return use.asked == asked.alias


def _begins(digest: str, prefix: str) -> bool:
    return digest.startswith(prefix) or digest.partition(":")[2].startswith(prefix)
