"""Asking: names to nodes, and walks to `Lineage`. Reads only.

Times may be datetimes with a zone or texts such as '2026-01-05T08:00:00Z'; they reach the graph in UTC.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter, ValidationError

from lineage_graph import queries
from lineage_graph.canonical import iso
from lineage_graph.errors import NotRecorded, ParameterWrong
from lineage_graph.models import Artifact, ArtifactVersion, Lineage, Run
from lineage_graph.names import ArtifactName, RunName, VersionName, parse, parse_artifact, parse_run, parse_version
from lineage_graph.walks import lineage_of, unhurried

if TYPE_CHECKING:
    from lineage_graph.graph import Graph, Rows

Time = datetime | str | None
_TIME: TypeAdapter[datetime] = TypeAdapter(datetime)


def time_text(value: Time, where: str) -> str | None:
    """A time as the queries take it: RFC 3339 in UTC. Raises ParameterWrong for anything else."""
    if value is None:
        return None
    try:
        at = _TIME.validate_python(value)
    except ValidationError:
        raise ParameterWrong(where, f"{value!r} is not a time; write it as 2026-01-05T08:00:00Z") from None
    if at.tzinfo is None:
        raise ParameterWrong(where, f"{value!r} has no time zone; write it as 2026-01-05T08:00:00Z")
    return iso(at.astimezone(UTC))


def whole_number(value: int | None, where: str, least: int) -> int | None:
    """`value` itself when it is None or an integer of at least `least`. Raises ParameterWrong."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
        raise ParameterWrong(where, f"it is a whole number from {least} on, not {value!r}")
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


class Reader:
    """Questions to one graph. project: what a name without a project is in."""

    def __init__(self, graph: Graph, project: str | None = None) -> None:
        self.graph = graph
        self.project = project

    # ── things by name ────────────────────────────────────────────────────────────────────────────────────────────────

    def version(self, name: str | VersionName, *, as_of: Time = None, known_at: Time = None) -> ArtifactVersion:
        """What is recorded of one version.

        name: '[project/]name', with ':vN', ':alias' or '@digest'; nothing after it means ':latest'.
        as_of, known_at: the time an alias is read at.
        Raises NameNotUnderstood, NotRecorded, ParameterWrong, GraphProblem. Runs lineage/version, lineage/alias_at or
        lineage/by_digest.
        """
        asked = parse_version(name, self.project) if isinstance(name, str) else name
        artifact = str(asked.artifact)
        if asked.number is not None:
            rows = self._read("lineage/version", version=str(asked))
        elif asked.digest is not None:
            rows = self._read("lineage/by_digest", artifact=artifact, digest=asked.digest)
            if len(rows) > 1:
                names = ", ".join(r["version"]["name"] for r in rows[:3])
                raise NotRecorded("single version", str(asked), f"{names} begin so; give more of the digest")
        else:
            rows = self._read(
                "lineage/alias_at",
                artifact=artifact,
                alias=asked.alias,
                at=time_text(as_of, "as_of"),
                known_at=time_text(known_at, "known_at"),
            )
        if not rows:
            raise self._nothing(asked, as_of or known_at)
        return to_version(rows[0]["version"])

    def _nothing(self, asked: VersionName, then: Time) -> NotRecorded:
        """The error for a version that is not there, with what is."""
        when = f" at {then}" if then else ""
        rows = self._read("lineage/artifact", artifact=str(asked.artifact))
        if rows:
            aliases = ", ".join(rows[0]["artifact"]["aliases"]) or "none"
            newest = rows[0]["artifact"]["newest"]
            return NotRecorded("version", str(asked) + when, f"the newest is v{newest}, its aliases are {aliases}")
        known = [a.full_name for a in self.artifacts(asked.artifact.project)]
        hint = f"project {asked.artifact.project!r} has {', '.join(known[:5])}" if known else "`ls` shows what is"
        return NotRecorded("artifact", str(asked.artifact), hint)

    def run(self, name: str | RunName) -> Run:
        """What is recorded of one run, named 'project/runs/ID'.

        Raises NameNotUnderstood, NotRecorded, GraphProblem. Runs lineage/run.
        """
        asked = parse_run(name, self.project) if isinstance(name, str) else name
        rows = self._read("lineage/run", run=str(asked))
        if not rows:
            raise NotRecorded("run", str(asked), "`ls PROJECT --runs` shows what is")
        return to_run(rows[0]["run"])

    def find(self, name: str, *, as_of: Time = None, known_at: Time = None) -> Run | ArtifactVersion:
        """The run or the version of that name. Raises as `run` and `version` do."""
        asked = parse(name, self.project)
        return self.run(asked) if isinstance(asked, RunName) else self.version(asked, as_of=as_of, known_at=known_at)

    # ── one step ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def producers(self, version: str, *, as_of: Time = None) -> list[Run]:
        """The runs that logged a version, the first one first. version: 'project/name:vN'. Runs lineage/producers."""
        return [to_run(r["run"]) for r in self._read("lineage/producers", version=version, as_of=time_text(as_of, "as_of"))]

    def creator(self, version: str) -> Run | None:
        """The run that made a version; None when it came from outside. Runs lineage/producers."""
        rows = self._read("lineage/producers", version=version, as_of=None)
        return next((to_run(r["run"]) for r in rows if r["created"]), None)

    def consumers(self, version: str, *, as_of: Time = None) -> list[Run]:
        """The runs that used a version, in order of time, each once. Runs lineage/consumers."""
        rows = self._read("lineage/consumers", version=version, as_of=time_text(as_of, "as_of"))
        return list({r["run"]["uid"]: to_run(r["run"]) for r in rows}.values())

    def inputs(self, run: str, *, as_of: Time = None) -> list[ArtifactVersion]:
        """The versions that a run used, each once. run: 'project/runs/ID'. Runs lineage/inputs."""
        rows = self._read("lineage/inputs", run=run, as_of=time_text(as_of, "as_of"))
        return list({r["version"]["uid"]: to_version(r["version"]) for r in rows}.values())

    def outputs(self, run: str, *, as_of: Time = None) -> list[ArtifactVersion]:
        """The versions that a run logged. run: 'project/runs/ID'. Runs lineage/outputs."""
        return [to_version(r["version"]) for r in self._read("lineage/outputs", run=run, as_of=time_text(as_of, "as_of"))]

    # ── lists ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def projects(self) -> list[dict[str, Any]]:
        """Every project with its counts: {'project', 'artifacts', 'runs'}. Runs lineage/projects."""
        return self._read("lineage/projects")

    def artifacts(self, project: str | None = None) -> list[Artifact]:
        """A project's artifacts, or all. Runs lineage/artifacts."""
        return [Artifact.model_validate(r["artifact"]) for r in self._read("lineage/artifacts", project=project)]

    def versions(self, artifact: str | ArtifactName, *, as_of: Time = None) -> list[ArtifactVersion]:
        """An artifact's versions, the oldest number first. Raises NameNotUnderstood, NotRecorded. Runs lineage/versions."""
        name = parse_artifact(artifact, self.project) if isinstance(artifact, str) else artifact
        rows = self._read("lineage/versions", artifact=str(name), as_of=time_text(as_of, "as_of"))
        if not rows:
            raise self._nothing(VersionName(name, alias="latest"), as_of)
        return [to_version(r["version"]) for r in rows]

    def runs(self, project: str | None = None, limit: int = 1000) -> list[Run]:
        """A project's runs, or all, the newest first. Runs lineage/runs."""
        return [to_run(r["run"]) for r in self._read("lineage/runs", project=project, limit=limit)]

    def rejections(self, limit: int = 100) -> list[dict[str, Any]]:
        """Events the graph refused, the newest first: {'journal', 'seq', 'recorded_at', 'event', 'reason'}.

        Runs lineage/rejections.
        """
        found = []
        for row in self._read("lineage/rejections", limit=limit):
            for outcome in json.loads(row["receipt"])["outcomes"]:
                if outcome["result"] == "rejected":
                    where = {k: row[k] for k in ("journal", "seq", "recorded_at")}
                    found.append(where | {"event": outcome["event"], "reason": outcome["reason"]})
        return found

    # ── walks ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def upstream(
        self,
        name: str,
        *,
        depth: int | None = None,
        as_of: Time = None,
        known_at: Time = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Lineage:
        """Everything a version or run was made from, back to the first recorded data.

        name:     '[project/]name[:version]' or 'project/runs/ID'.
        depth:    how many relationships to look; 1 is the run that logged it, None is no limit.
        as_of:    only what had happened by then; aliases as they were then.
        known_at: only what the graph knew by then; answers for the last seconds are provisional.
        limit:    at most so many runs and versions, the nearest first; `truncated` says when there are more.
        after:    the cursor of such an answer, to go on after it. Each edge comes with the later of its two ends. Pages of
                  one `known_at` fit together whatever is recorded in between.
        Returns a Lineage whose `home` is the version, in full. Raises NameNotUnderstood, NotRecorded, ParameterWrong,
        GraphProblem. Runs lineage/upstream.
        """
        return self._walk("upstream", name, depth, as_of, known_at, limit, after)

    def downstream(
        self,
        name: str,
        *,
        depth: int | None = None,
        as_of: Time = None,
        known_at: Time = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Lineage:
        """Everything that was made from a version or run. Parameters and errors as `upstream`. Runs lineage/downstream."""
        return self._walk("downstream", name, depth, as_of, known_at, limit, after)

    def closure(self, name: str, *, depth: int | None = None, as_of: Time = None, known_at: Time = None) -> dict[str, int]:
        """Only uids and depths of what `upstream` finds, for programs that want the walk alone. Runs lineage/closure."""
        home = self.find(name, as_of=as_of, known_at=known_at)
        row = self._reach("lineage/closure", home, depth, as_of, known_at)
        return dict(zip(row["uids"], row["depths"], strict=True))

    def _reach(
        self, query: str, home: Run | ArtifactVersion, depth: int | None, as_of: Time, known_at: Time, **more: int | None
    ) -> dict[str, Any]:
        rows = self.graph.read(
            queries.get(query).bounded(whole_number(depth, "depth", 0)),
            uid=home.uid,
            depth=depth,
            as_of=time_text(as_of, "as_of"),
            known_at=time_text(known_at, "known_at"),
            **more,
        )
        if not rows or not rows[0]["uids"]:
            raise NotRecorded("uid", home.uid, "it was there a moment ago; ask again")
        return rows[0]

    def _walk(
        self,
        direction: Literal["upstream", "downstream"],
        name: str,
        depth: int | None,
        as_of: Time,
        known_at: Time,
        limit: int | None,
        after: str | None,
    ) -> Lineage:
        whole_number(limit, "limit", 1)
        if after is not None and not (isinstance(after, str) and after.isascii() and after.isdigit()):
            raise ParameterWrong("after", f"{after!r} is not the cursor of an answer; give back its truncated.cursor")
        left_out = int(after) if after else 0
        home = self.find(name, as_of=as_of, known_at=known_at)
        with unhurried():
            row = self._reach(f"lineage/{direction}", home, depth, as_of, known_at, limit=limit, after=left_out or None)
            return lineage_of(
                home.full_name if isinstance(home, Run) else home.name,
                direction,
                row,
                time_text(as_of, "as_of"),
                time_text(known_at, "known_at"),
                limit,
                left_out,
            )

    def query(self, name: str, **parameters: Any) -> Rows:
        """Any query file by its name, such as 'lineage/producers'; rows as dictionaries.

        Raises QueryUnknown, ParameterWrong, GraphProblem.
        """
        query = queries.get(name)
        if query.access != "read":
            raise ParameterWrong(name, "it writes, and only the ledger runs it")
        return self.graph.read(query, **parameters)

    def _read(self, name: str, **parameters: Any) -> Rows:
        return self.graph.read(queries.get(name), **parameters)
