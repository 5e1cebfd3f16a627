"""Comparing: in what two things differ, and what upstream explains it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lineage_graph import queries
from lineage_graph.answers.changes import Told, changes, code_changes, command_changes, environment_changes, told_of
from lineage_graph.answers.diff import Counted, Diff, Nodes, Side, counted, given_changes, matched, replaced
from lineage_graph.answers.origins import Origins, Thing, Use, origins_of
from lineage_graph.answers.why import Why, explain, follow
from lineage_graph.errors import ParameterWrong
from lineage_graph.lineage.deadline import Deadline
from lineage_graph.lineage.values import Time, cursor, time_text, times, whole_number
from lineage_graph.lineage.walking import Walking
from lineage_graph.models import ArtifactVersion, Run, Truncated
from lineage_graph.walks import Apart, unhurried


@dataclass(frozen=True)
class Asked:
    """One of the two things that are compared, and the times it is looked at."""

    thing: Run | ArtifactVersion
    times: dict[str, Any]

    @property
    def name(self) -> str:
        return self.thing.full_name


class Comparing(Walking):
    """Diff and why."""

    def diff(
        self,
        a: str,
        b: str | None = None,
        *,
        as_of: Time = None,
        known_at: Time = None,
        a_as_of: Time = None,
        b_as_of: Time = None,
        both: bool = False,
        limit: int | None = None,
        after: str | None = None,
        timeout: float | None = None,
    ) -> Diff:
        """In what `b` differs from `a`: two versions, two runs, or one name at two times.

        a, b:     '[project/]name[:version]' or 'project/runs/ID'; without `b` it is `a` at another time.
        as_of:    only what had happened by then, for both; aliases as they were then.
        a_as_of, b_as_of: the same for one of them; null is now.
        known_at: only what the graph knew by then.
        both:     whether what lies upstream of both is listed, too; it is always counted.
        limit:    at most so many runs and versions, the nearest first; counts and what else differs are always whole.
        after:    the cursor of an answer that was cut, to go on after it.
        timeout:  seconds for all of it; part of a comparison would be a wrong one.
        Returns a Diff. Raises NameNotUnderstood, NotRecorded, ParameterWrong (times that contradict, a run and a version),
        TimeRanOut, GraphProblem. Runs lineage/apart, lineage/origins, lineage/told and lineage/results.
        """
        whole_number(limit, "limit", 1)
        left_out, deadline = cursor(after), Deadline("diff", timeout)
        sides = self._both(a, b, as_of, known_at, a_as_of, b_as_of)
        with unhurried():
            found = self._apart(sides, both, limit, left_out, deadline)
        steps = 2 if isinstance(sides[0].thing, ArtifactVersion) else 1  # to the run, and to what it used
        origins = [self._origins(side, deadline, steps) for side in sides]
        differences = self._differences(sides, origins, deadline)
        only_a, only_b, shared = (
            Nodes(counts=counted(depths, origins[0].home), runs=tuple(runs), versions=tuple(versions))
            for depths, runs, versions in zip(found.depths, found.runs, found.versions, strict=True)
        )
        one, other = (
            _side(side, came, counted([*depths, *found.depths[2]], came.home))
            for side, came, depths in zip(sides, origins, found.depths[:2], strict=True)
        )
        listed, seen = sum(map(len, found.depths[: 3 if both else 2])), left_out + (limit or 0)
        cut = {"reason": "limit", "limit": limit, "cursor": str(seen)} if limit is not None and listed > seen else None
        said: dict[str, Any] = {"known_at": sides[0].times["known_at"], "truncated": cut}
        return Diff(
            a=one,
            b=other,
            differ=one.digest != other.digest or any(found.depths[:2]) or any(differences.values()),
            only_a=only_a,
            only_b=only_b,
            both=shared,
            replaced=replaced(only_a.versions, only_b.versions),
            files=None,
            **differences,
            **said,
        )

    def why(
        self,
        a: str,
        b: str | None = None,
        *,
        as_of: Time = None,
        known_at: Time = None,
        a_as_of: Time = None,
        b_as_of: Time = None,
        limit: int | None = None,
        after: str | None = None,
        timeout: float | None = None,
    ) -> Why:
        """Why `b` is not the same as `a`: the first difference upstream that explains the changed digest, and the others.

        limit:    at most so many causes, the furthest upstream first.
        Other parameters and errors as `diff`. Returns a Why. Runs lineage/origins, lineage/told and, for two runs,
        lineage/results.
        """
        whole_number(limit, "limit", 1)
        left_out, deadline = cursor(after), Deadline("why", timeout)
        one, other = sides = self._both(a, b, as_of, known_at, a_as_of, b_as_of)
        said: dict[str, Any] = {"a": one.name, "b": other.name, "known_at": one.times["known_at"]}
        said |= {"a_as_of": one.times["as_of"], "b_as_of": other.times["as_of"]}
        if isinstance(one.thing, ArtifactVersion) and one.thing.digest == getattr(other.thing, "digest", None):
            return Why(same=True, causes=(), pairs=0, **said)
        with unhurried():
            origins = [self._origins(side, deadline) for side in sides]
        differ = True
        if isinstance(one.thing, Run):
            logged = [self._results(o.home, side, deadline) for o, side in zip(origins, sides, strict=True)]
            pairs = matched(*logged)
            differ = any(x is None or y is None or x.thing.digest != y.thing.digest for x, y in pairs)
        found = follow(origins[0], origins[1])
        settings = self._told([p.a for p in found.runs] + [p.b for p in found.runs], deadline)
        causes = explain(found, settings, settings, results_differ=differ)
        page = causes[left_out:] if limit is None else causes[left_out : left_out + limit]
        seen = left_out + len(page)
        more = limit is not None and len(causes) > seen
        truncated = Truncated(reason="limit", limit=limit or 0, cursor=str(seen)) if more else None
        return Why(same=not causes, causes=tuple(page), pairs=found.pairs, truncated=truncated, **said)

    # ── the two, and what is asked of them ────────────────────────────────────────────────────────────────────────────

    def _both(self, a: str, b: str | None, as_of: Time, known_at: Time, a_as_of: Time, b_as_of: Time) -> tuple[Asked, Asked]:
        """The two things, of one kind. Raises ParameterWrong for those and for times that cannot be compared."""
        if as_of is not None and (a_as_of is not None or b_as_of is not None):
            raise ParameterWrong("as_of", "it is for both sides; leave it out, or leave out a_as_of and b_as_of")
        first, second = a_as_of if as_of is None else as_of, b_as_of if as_of is None else as_of
        if b is None and time_text(first, "a_as_of") == time_text(second, "b_as_of"):
            raise ParameterWrong("b", f"{a!r} would be compared with itself; give a second name, or two different times")
        asked = []
        for name, then in ((a, first), (a if b is None else b, second)):
            happened, known = times(then, known_at)
            found = self.find(name, as_of=happened, known_at=known)
            asked.append(Asked(found, {"as_of": happened, "known_at": known}))
        one, other = asked
        if isinstance(one.thing, Run) != isinstance(other.thing, Run):
            run, version = (one, other) if isinstance(one.thing, Run) else (other, one)
            raise ParameterWrong(
                "b",
                f"{run.name} is a run and {version.name} a version; compare two runs, or two versions, such as those it logged",
            )
        return one, other

    def _differences(self, sides: tuple[Asked, Asked], origins: Sequence[Origins], deadline: Deadline) -> dict[str, Any]:
        """In what the two runs differ, and the metadata of two versions."""
        runs = [o.home_run for o in origins]
        known = self._told(runs, deadline)
        told = [known[run.uid] if run else Told("") for run in runs]
        used = [o.used.get(run.uid, []) if run else [] for o, run in zip(origins, runs, strict=True)]
        logged = [self._results(run, side, deadline) for run, side in zip(runs, sides, strict=True)]
        return {
            "inputs": given_changes(*used),
            "outputs": given_changes(*logged),
            "config": changes(told[0].config, told[1].config),
            "code": code_changes(*told),
            "command": command_changes(*told),
            "environment": environment_changes(*told),
            "metadata": changes(*(getattr(side.thing, "metadata", {}) for side in sides)),
        }

    def _apart(self, sides: tuple[Asked, Asked], both: bool, limit: int | None, left_out: int, deadline: Deadline) -> Apart:
        """What lies upstream of one of them only, and of both."""
        one, other = sides
        given = {
            "a": one.thing.uid, "b": other.thing.uid, "a_as_of": one.times["as_of"], "b_as_of": other.times["as_of"],
            "known_at": one.times["known_at"], "both": both, "limit": limit, "after": left_out or None,
        }  # fmt: skip
        then = any((*one.times.values(), *other.times.values()))
        return self.graph.fold(queries.get("lineage/apart"), lambda rows: Apart(rows, then), deadline.left(), **given)

    def _origins(self, side: Asked, deadline: Deadline, depth: int | None = None) -> Origins:
        return self._reach("lineage/origins", _origins, side.thing, depth, **side.times, timeout=deadline.left())

    def _told(self, runs: Iterable[Thing | None], deadline: Deadline) -> dict[str, Told]:
        uids = list(dict.fromkeys(run.uid for run in runs if run is not None))
        return told_of(self._read("lineage/told", deadline.left(), runs=uids)[0]) if uids else {}

    def _results(self, run: Thing | None, side: Asked, deadline: Deadline) -> list[Use]:
        if run is None:
            return []
        rows = self._read("lineage/results", deadline.left(), runs=[run.uid], **side.times)
        return [Use(Thing(row["version"], row["name"], row["artifact"], row["digest"])) for row in rows]


def _origins(rows: Iterator[dict[str, Any]]) -> Origins | None:
    row = next(rows, None)
    return origins_of(row) if row else None


def _side(asked: Asked, origins: Origins, ancestors: Counted) -> Side:
    return Side.model_validate(
        {
            "name": asked.name,
            "uid": asked.thing.uid,
            "kind": "run" if isinstance(asked.thing, Run) else "version",
            "digest": getattr(asked.thing, "digest", None),
            "run": origins.home_run.name if origins.home_run else None,
            "as_of": asked.times["as_of"],
            "ancestors": ancestors,
        }
    )
