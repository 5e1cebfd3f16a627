"""Under LINEAGE_GRAPH_REPLAY this process does recorded runs again: which of them it is, and what it is given to use."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_graph.errors import NotRecorded, SettingWrong
from lineage_graph.names import VersionName

# A run that is new does not pay for importing it.
if TYPE_CHECKING:
    from lineage_graph.replay import Replay, ReplayedRun, ReplayedUse

REPLAY = "LINEAGE_GRAPH_REPLAY"
_logged: dict[tuple[str, str], list[str]] = {}  # digests, by run and artifact, that this process logged under a replay


def current() -> Replay | None:
    """What this process does again; None where it does something new. Raises SettingWrong."""
    path = os.environ.get(REPLAY)
    return _load(path) if path else None


@lru_cache(maxsize=4)
def _load(path: str) -> Replay:
    from pydantic import ValidationError

    from lineage_graph.replay import Replay

    try:
        return Replay.model_validate_json(Path(path).read_bytes())
    except (OSError, ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no replay"
        raise SettingWrong(REPLAY, f"{path} cannot be read ({why}); unset it, `lineage-graph reproduce` sets it") from error


def claim(id: str | None, step: str | None, job_type: str | None, config: Mapping[str, Any]) -> tuple[ReplayedRun, bool]:
    """(run, whether this process begins it) for one that begins under a replay; what nobody was meant to do joins another."""
    replay = current()
    assert replay is not None
    places = replay.in_order(id, step, job_type, config)
    for place in places:
        if take(os.environ[REPLAY], place):
            return replay.runs[place], True
    return replay.runs[places[0] if places else 0], False


def take(path: str | os.PathLike[str], place: int) -> bool:
    """Whether the run at `place` of a replay's file is this caller's to begin: the first one's, of all processes."""
    try:
        os.close(os.open(f"{os.fspath(path)}.{place}", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    except OSError:
        return True  # a disk that takes nothing is no reason not to go on
    return True


def joined(run: str) -> ReplayedRun | None:
    """The run of the replay that has this name."""
    replay = current()
    return next((one for one in replay.runs if one.again == run), None) if replay is not None else None


def note(run: str, artifact: str, digest: str) -> None:
    """Remembers what was logged, for a run of this process that uses it."""
    _logged.setdefault((run, artifact), []).append(digest)


def use_of(run: ReplayedRun, asked: VersionName, used_as: str | None, is_here: Callable[[str], bool]) -> ReplayedUse:
    """The version that a run gets for what it asks for; `to_use` says which bytes. Raises NotRecorded.

    is_here: whether this reproduction has the bytes of a digest: what it made itself may be asked for by digest.
    """
    from lineage_graph.replay import resolve

    try:
        use = resolve(run, asked, used_as)
    except NotRecorded:
        like = next((use for use in run.uses if use.artifact == str(asked.artifact)), None)
        if like is None or asked.digest is None or not _whole(asked.digest) or not is_here(asked.digest):
            raise
        return like.model_copy(update={"found": asked.digest})
    if use.made_by is None:
        return use
    made = list(dict.fromkeys(_logged.get((use.made_by, use.artifact), ())))
    if use.digest in made:
        return use
    if len(made) != 1:
        raise NotRecorded("use", str(asked), f"{use.made_by}, which makes it in this process, did not")
    return use.model_copy(update={"found": made[0]})


def _whole(digest: str) -> bool:
    return digest.startswith("sha256:") and len(digest) == 71
