"""Consequences: what a change touches, and what is out of date."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lineage_graph import queries
from lineage_graph.answers import impact as affected
from lineage_graph.answers.impact import Impact
from lineage_graph.answers.stale import (
    Because,
    Move,
    MovedInput,
    Stale,
    StaleVersion,
    Taken,
    Verdict,
    artifact_of,
    judge,
    newest_of_steps,
)
from lineage_graph.errors import NameNotUnderstood, NotRecorded, ParameterWrong
from lineage_graph.lineage.deadline import Deadline
from lineage_graph.lineage.things import Things
from lineage_graph.lineage.values import Time, cursor, seconds, time_text, whole_number
from lineage_graph.models import Truncated
from lineage_graph.names import check_project, is_run, parse_version
from lineage_graph.walks import page_of, unhurried

if TYPE_CHECKING:
    from lineage_graph.graph import Rows

PAGE = 100


class Consequences(Things):
    """Impact, stale."""

    def impact(
        self,
        name: str,
        *,
        depth: int | None = None,
        as_of: Time = None,
        known_at: Time = None,
        limit: int | None = PAGE,
        after: str | None = None,
        timeout: float | None = None,
    ) -> Impact:
        """What would a change of this version or run touch? Everything downstream, counted by type, author and project.

        name:     '[project/]name[:version]' or 'project/runs/ID'.
        depth:    how many relationships to look; 1 is the runs that used it, None is no limit.
        as_of:    only what had happened by then; aliases as they were then.
        known_at: only what the graph knew by then.
        limit:    at most so many runs and versions are listed, the nearest first; None lists all. All are counted.
        after:    the cursor of such an answer, to list those after it.
        timeout:  seconds.
        Returns an Impact whose `home` is the version, in full. Raises NameNotUnderstood, NotRecorded, ParameterWrong,
        TimeRanOut, GraphProblem. Runs lineage/impact.
        """
        left_out = cursor(after)
        then = {"as_of": time_text(as_of, "as_of"), "known_at": time_text(known_at, "known_at")}
        query = queries.get("lineage/impact").bounded(whole_number(depth, "depth", 0))
        page = {"limit": whole_number(limit, "limit", 1), "after": left_out or None}
        seconds(timeout, "timeout")
        home = self.find(name, as_of=as_of, known_at=known_at)
        rows = self.graph.read(query, timeout, uid=home.uid, depth=depth, **then, **page)
        if not rows:
            raise NotRecorded("uid", home.uid, "it was there a moment ago; ask again")
        [row] = rows
        named, latest = affected.aliases(row["aliases"])
        held: dict[str, list[str]] = {}
        for alias in sorted((*named, *latest), key=lambda a: a.alias):
            held.setdefault(alias.version, []).append(alias.alias)
        runs, versions = page_of(row, None if as_of is None and known_at is None else held)
        seen = left_out + len(row["uids"])
        more = limit is not None and seen < row["found"]
        return Impact.model_validate(
            {
                "home": home.full_name,
                "looped": row["looped"],
                **then,
                "depth": depth,
                "run_count": sum(group[-1] for group in row["run_groups"]),
                "version_count": sum(group[-1] for group in row["version_groups"]),
                "groups": affected.groups(row["run_groups"], row["version_groups"]),
                "projects": affected.projects(row["run_groups"], row["version_groups"]),
                "states": affected.states(row["run_groups"]),
                "aliases": named,
                "latest": latest,
                "runs": runs,
                "versions": versions,
                "truncated": Truncated(reason="limit", limit=limit, cursor=str(seen)) if more and limit else None,
            }
        )

    def stale(
        self,
        scope: str | None = None,
        *,
        all: bool = False,
        because: Because | None = None,
        as_of: Time = None,
        known_at: Time = None,
        limit: int | None = None,
        after: str | None = None,
        timeout: float | None = None,
    ) -> Stale:
        """Which versions are out of date: made by a step that would take another input now, or from such a version?

        scope:    a project: its versions that an alias points to; or '[project/]name[:version]': that version and those of
                  its upstream that an alias points to. A project comes first where both are there. Default: the project of
                  this connection.
        all:      also a project's versions without an alias, as far as they are the newest of their artifact by their step.
        because:  only causes of this kind: 'alias', the alias that a run asked by has moved; or 'artifact', a run asked by
                  number or digest and there is a newer version.
        as_of:    only what had happened by then; aliases as they were then.
        known_at: only what the graph knew by then.
        limit:    at most so many are listed, those nearest to what moved first. All are counted.
        after:    the cursor of such an answer, to list those after it.
        timeout:  seconds.
        What counts as moved, stale and current is said in `lineage_graph.answers.stale`. Returns a Stale. Raises
        NameNotUnderstood, NotRecorded, ParameterWrong, TimeRanOut, GraphProblem. Runs lineage/taken_in for a project,
        lineage/taken_upstream for a version and for what comes from other projects, and lineage/named for the page.
        """
        left_out = cursor(after)
        whole_number(limit, "limit", 1)
        if because not in (None, "alias", "artifact"):
            raise ParameterWrong("because", f"it is 'alias' or 'artifact', not {because!r}")
        asking = _Asking(self, as_of, known_at, Deadline("stale", timeout))
        with unhurried():
            home, looked_at = self._scope(scope, all, asking)
            verdict = judge(asking.taken, looked_at | asking.taken.aliases().keys(), because)
            found = [version for version in verdict.versions if version in looked_at]
            page = found[left_out:][:limit]
            seen = left_out + len(page)
            return Stale(
                scope=home,
                as_of=asking.then["as_of"],  # type: ignore[arg-type]
                known_at=asking.then["known_at"],  # type: ignore[arg-type]
                all=all,
                because=because,
                checked=len(looked_at),
                count=len(found),
                versions=tuple(_described(asking, verdict, page)),
                truncated=Truncated(reason="limit", limit=limit, cursor=str(seen)) if limit and seen < len(found) else None,
            )

    def _scope(self, scope: str | None, all: bool, asking: _Asking) -> tuple[str, set[int]]:
        """(what is asked about, the versions to look at); what their steps took is in `asking.taken` then."""
        taken = asking.taken
        name = scope if scope is not None else self.project
        if name is None:
            raise ParameterWrong("scope", "name a project or a version")
        if is_run(name):
            raise ParameterWrong("scope", f"{name!r} is a run; name a project or a version")
        project = _can_be_project(name)
        if project and ((here := asking.project(name)) or self.runs(name, limit=1)):
            current = taken.aliases().keys() & here
            return name, current | newest_of_steps(taken, here) if all else current
        try:
            version = self.version(parse_version(name, self.project), as_of=asking.as_of, known_at=asking.known_at).name
        except NotRecorded as nothing:
            raise (NotRecorded("project or version", name, "`ls` shows what is") if project else nothing) from None
        if all:
            raise ParameterWrong("all", f"it is for a project, and {name!r} is a version")
        asking.upstream({version})
        home = next(number for number, name in taken.names.items() if name == version)
        return version, (taken.aliases().keys() & asking.reached(home)) | {home}


class _Asking:
    """What one question about staleness has been told so far, and how much time it has left."""

    def __init__(self, things: Things, as_of: Time, known_at: Time, deadline: Deadline) -> None:
        self.as_of, self.known_at = as_of, known_at
        self.then = {"as_of": time_text(as_of, "as_of"), "known_at": time_text(known_at, "known_at")}
        self.taken = Taken()
        self._things = things
        self._deadline = deadline
        self._followed: set[str] = set()  # versions whose upstream is known

    def read(self, query: str, **parameters: Any) -> Rows:
        """A query's rows, within the time that is left."""
        return self._things.graph.read(queries.get(query), self._deadline.left(query), **parameters)

    def project(self, project: str) -> set[int]:
        """The versions of a project; what their steps took is known then, in other projects too."""
        [row] = self.read("lineage/taken_in", project=project, **self.then)
        self.taken.add(row)
        here = {n for n, name in zip(*row["versions"], strict=True) if artifact_of(name).rpartition("/")[0] == project}
        if here:
            self._followed = {self.taken.names[n] for n in here}
            self.upstream(self._to_follow(row))
        return here

    def upstream(self, versions: Iterable[str]) -> None:
        """What the steps behind these versions took, all the way back, and behind those that they would take now."""
        wanted = set(versions)
        while wanted:
            [row] = self.read("lineage/taken_upstream", versions=sorted(wanted), **self.then)
            self.taken.add(row)
            self._followed |= wanted
            self._followed.update(row["versions"][1])
            wanted = self._to_follow(row)

    def _to_follow(self, row: dict[str, Any]) -> set[str]:
        wanted = {*row["versions"][1], *(move.now.name for move in self.taken.moves())}
        return wanted - self._followed

    def reached(self, home: int) -> set[int]:
        """The versions upstream of a version, itself among them."""
        found, queue = {home}, [home]
        for version in queue:
            for run in self.taken.producers.get(version, ()):
                new = {use.version for use in self.taken.uses.get(run, ())} - found
                found |= new
                queue.extend(new)
        return found


def _can_be_project(name: object) -> bool:
    if not isinstance(name, str):
        return False
    try:
        check_project(name)
    except NameNotUnderstood:
        return False
    return True


def _described(asking: _Asking, verdict: Verdict, page: Iterable[int]) -> Iterable[StaleVersion]:
    """The versions of a page in full."""
    taken, aliases = asking.taken, asking.taken.aliases()
    names = [taken.names[version] for version in page]
    if not names:
        return
    [row] = asking.read("lineage/named", versions=names)
    facts = {name: rest for name, *rest in zip(*row.values(), strict=True)}
    for version, name in zip(page, names, strict=True):
        way, move = verdict.way(version)
        uid, kind, created_at, source_id = facts[name]
        cause = _moved(taken, move)
        own = [m for run in sorted(taken.producers[version], key=taken.names.__getitem__) for m in verdict.moves.get(run, ())]
        yield StaleVersion(
            uid=uid,
            name=name,
            type=kind,
            aliases=tuple(aliases.get(version, ())),
            created_at=created_at,
            source_id=source_id,
            step=taken.steps[way[1]],
            because=cause.because,
            moved=tuple(_moved(taken, m) for m in own),
            cause=cause,
            path=tuple(taken.names[number] for number in way),
        )


def _moved(taken: Taken, move: Move) -> MovedInput:
    return MovedInput(
        run=taken.names[move.run],
        took=taken.names[move.use.version],
        now=move.now.name,
        asked=move.use.asked,
        used_as=move.use.used_as,
        because=move.because,
    )
