"""Things by name, one step away, and in lists. Reads only."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from lineage_graph import queries
from lineage_graph.errors import NotRecorded, ParameterWrong
from lineage_graph.lineage.values import Time, cursor, time_text, to_run, to_version, whole_number, with_times
from lineage_graph.models import Artifact, ArtifactVersion, Run
from lineage_graph.names import ArtifactName, RunName, VersionName, parse, parse_artifact, parse_run, parse_version

if TYPE_CHECKING:
    from lineage_graph.graph import Graph, Rows

SOURCES = 6  # shown when a source id is not of one thing


class Things:
    """Questions to one graph about single things. project: what a name without a project is in."""

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

    def by_source(self, source_id: str, *, project: str | None = None) -> Run | ArtifactVersion:
        """The run or the version that has this id where it was imported from.

        project: where to look; default: this graph's own project, or all of them.
        Raises NotRecorded (also when several have it, naming them), GraphProblem. Runs lineage/by_source.
        """
        project = project or self.project
        rows = self._read("lineage/by_source", source_id=source_id, project=project, limit=SOURCES)
        found = [to_run(r["run"]) if r["run"] is not None else to_version(r["version"]) for r in rows]
        if not found:
            where = f"in project {project!r}" if project else "in any project"
            raise NotRecorded("source id", source_id, f"it is of nothing {where}; `show NAME` shows what something was called")
        if len(found) > 1:
            names = [one.full_name for one in found]
            more = " and others" if len(names) == SOURCES else ""
            raise NotRecorded(
                "single source id", source_id, f"{', '.join(names)}{more} have it; ask by name, or in one project"
            )
        return found[0]

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

    def must_be_project(self, project: str) -> None:
        """Raises NotRecorded when nothing is recorded in that project. Runs lineage/project."""
        if not self._read("lineage/project", project=project)[0]["recorded"]:
            known = [p["project"] for p in self.projects()]
            close = get_close_matches(project, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known[:5]) or 'none'}"
            raise NotRecorded("project", project, hint)

    def artifacts(self, project: str | None = None) -> list[Artifact]:
        """A project's artifacts, or all. Runs lineage/artifacts."""
        return [Artifact.model_validate(r["artifact"]) for r in self._read("lineage/artifacts", project=project)]

    def versions(
        self,
        artifact: str | ArtifactName,
        *,
        newest: bool = False,
        limit: int | None = None,
        after: str | None = None,
        as_of: Time = None,
    ) -> list[ArtifactVersion]:
        """An artifact's versions in the order of their numbers.

        newest: the greatest number first. limit: at most so many; after: how many of the first to leave out, given before.
        Raises NameNotUnderstood, NotRecorded, ParameterWrong, GraphProblem. Runs lineage/versions.
        """
        name = parse_artifact(artifact, self.project) if isinstance(artifact, str) else artifact
        page = {"newest": newest, "limit": whole_number(limit, "limit", 1), "after": cursor(after) or None}
        rows = self._read("lineage/versions", artifact=str(name), as_of=time_text(as_of, "as_of"), **page)
        if not rows and not page["after"]:
            raise self._nothing(VersionName(name, alias="latest"), as_of)
        return [to_version(r["version"]) for r in rows]

    def runs(
        self,
        project: str | None = None,
        limit: int = 1000,
        *,
        after: str | None = None,
        job_type: str | None = None,
        state: str | None = None,
    ) -> list[Run]:
        """A project's runs, or all, the newest first.

        limit: at most so many; after: how many of the first to leave out, given before. job_type: only these, '' for runs
        without one. state: only runs in this state. Raises ParameterWrong, GraphProblem. Runs lineage/runs.
        """
        given = {"limit": whole_number(limit, "limit", 0), "after": cursor(after) or None}
        rows = self._read("lineage/runs", project=project, job_type=job_type, state=state, **given)
        return [to_run(r["run"]) for r in rows]

    def rejections(self, limit: int = 100) -> list[dict[str, Any]]:
        """Events the graph refused, the newest first, as audit/rejections gives them: 'recorded_at', 'kind', 'reason', …"""
        return self.query("audit/rejections", limit=limit)

    def query(self, name: str, timeout: float | None = None, **parameters: Any) -> Rows:
        """Any query file that reads, by its name, such as 'lineage/producers'; rows as dictionaries, as the file gives them.

        parameters: the file's own; one that may be null may be left out. timeout: seconds.
        Raises QueryUnknown, ParameterWrong, TimeRanOut, GraphProblem.
        """
        query = queries.get(name)
        if query.access != "read":
            raise ParameterWrong(name, "it writes, and only the ledger runs it")
        return self.graph.read(query, timeout, **query.filled(with_times(parameters)))

    def _read(self, name: str, timeout: float | None = None, **parameters: Any) -> Rows:
        return self.graph.read(queries.get(name), timeout, **parameters)
