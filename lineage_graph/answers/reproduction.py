"""What became of doing a plan again: per run how it ended, per version whether its bytes are the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from lineage_graph.answers.plan import Plan, PlannedRun, PlannedVersion
from lineage_graph.models import Frozen

Result = Literal["same", "different", "missing"]


class MadeVersion(Frozen):
    """A version that a rerun logged. name: 'project/name:vN'; artifact: 'project/name'."""

    name: str
    artifact: str
    digest: str


class RepeatedRun(Frozen):
    """A run that was done again.

    name:      of the recorded run. again: of its rerun, which is RETRY_OF it; null when it was not begun.
    state:     'done', 'failed', or 'not run', where what it waits for is not there.
    seconds, exit_code: of its command; null where it was not run, or was stopped.
    log:       the file with what it said. problem: why it is not done, and what to do; null when it is.
    notes:     what was not as it was the first time.
    made:      all that the rerun logged.
    """

    name: str
    again: str | None = None
    state: Literal["done", "failed", "not run"]
    seconds: float | None = None
    exit_code: int | None = None
    log: str | None = None
    problem: str | None = None
    notes: tuple[str, ...] = ()
    made: tuple[MadeVersion, ...] = ()


class ComparedVersion(Frozen):
    """A recorded version, made again. run: the recorded run that logged it; found: the digests made in its place."""

    name: str
    run: str
    digest: str
    found: tuple[str, ...]
    result: Result


class Reproduction(Frozen):
    """Whether what is recorded can be made again, byte for byte.

    home:   what was made again, in full. into: the folder it was done in.
    runs, versions: in the plan's order. beyond: versions that reruns logged and the recorded runs did not.
    same, different, missing: how many versions. ok: every run is done and every version the same.
    """

    home: str
    into: str
    runs: tuple[RepeatedRun, ...]
    versions: tuple[ComparedVersion, ...]
    beyond: tuple[MadeVersion, ...]
    same: int
    different: int
    missing: int
    ok: bool


def instead(run: PlannedRun, made: Sequence[MadeVersion]) -> dict[str, tuple[str, ...]]:
    """For each version that a run logged, the digests that stand in its place when it is done again.

    The same digest stands for itself. What else was made under an artifact's name stands for what else was recorded, one by one
    in the order it was logged where there are as many, else all of it for each.
    """
    recorded: dict[str, list[PlannedVersion]] = {}
    for version in run.outputs:
        recorded.setdefault(artifact_of(version.name), []).append(version)
    found: dict[str, tuple[str, ...]] = {}
    for artifact, versions in recorded.items():
        digests = dict.fromkeys(one.digest for one in made if one.artifact == artifact)
        others = [digest for digest in digests if all(v.digest != digest for v in versions)]
        lost = sorted((v for v in versions if v.digest not in digests), key=lambda v: number_of(v.name))
        for place, version in enumerate(lost):
            found[version.name] = (others[place],) if len(others) == len(lost) else tuple(others)
        found |= {v.name: (v.digest,) for v in versions if v.digest in digests}
    return found


def artifact_of(version: str) -> str:
    """'project/name' of 'project/name:vN'."""
    return version.rpartition(":")[0]


def number_of(version: str) -> int:
    """N of 'project/name:vN'."""
    return int(version.rpartition(":v")[2])


def compared(plan: Plan, into: str, repeated: Mapping[str, RepeatedRun]) -> Reproduction:
    """The answer. repeated: by the name of the recorded run; one that is not there was not run."""
    runs = [repeated.get(run.name) or RepeatedRun(name=run.name, state="not run") for run in plan.runs]
    versions: list[ComparedVersion] = []
    beyond: list[MadeVersion] = []
    for run, again in zip(plan.runs, runs, strict=True):
        found = instead(run, again.made)
        versions += (_compared(version, run, found[version.name]) for version in run.outputs)
        said = {(artifact_of(name), digest) for name, digests in found.items() for digest in digests}
        beyond += (one for one in again.made if (one.artifact, one.digest) not in said)
    counts = _count(version.result for version in versions)
    done = all(run.state == "done" for run in runs)
    return Reproduction(
        home=plan.home,
        into=into,
        runs=tuple(runs),
        versions=tuple(versions),
        beyond=tuple(beyond),
        **counts,
        ok=done and counts["same"] == len(versions),
    )


def _compared(version: PlannedVersion, run: PlannedRun, found: tuple[str, ...]) -> ComparedVersion:
    result: Result = "missing" if not found else "same" if found == (version.digest,) else "different"
    return ComparedVersion(name=version.name, run=run.name, digest=version.digest, found=found, result=result)


def _count(results: Iterable[Result]) -> dict[str, int]:
    counts = {"same": 0, "different": 0, "missing": 0}
    for result in results:
        counts[result] += 1
    return counts
