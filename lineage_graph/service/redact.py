"""What a project's token is shown of an answer: see `veil` for what remains of things of other projects.

What an answer counts over all projects keeps its numbers. An answer of a kind that is not in the table is not shown at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from lineage_graph.answers.audit import Audit
from lineage_graph.answers.card import Card, RunLink, VersionLink
from lineage_graph.answers.cluster import Clusters, Members
from lineage_graph.answers.diff import Diff, Given, GivenChange, Nodes, Replaced, Side
from lineage_graph.answers.impact import AffectedAlias, AffectedGroup, AffectedProject, Impact
from lineage_graph.answers.paths import Paths
from lineage_graph.answers.plan import Missing, Plan, PlannedRun, PlannedVersion
from lineage_graph.answers.search import Search
from lineage_graph.answers.stale import MovedInput, Stale, StaleVersion
from lineage_graph.answers.verification import Finding, Trail, TrailStep, Verification
from lineage_graph.answers.view import View
from lineage_graph.answers.why import Cause, Link, Why
from lineage_graph.errors import NotAllowed
from lineage_graph.models import Artifact, ArtifactVersion, Frozen, Lineage, Run, RunNode, VersionNode
from lineage_graph.service import pictures
from lineage_graph.service.veil import NAMES, OTHER, UNKNOWN, Veil

PROJECT = {"project", "artifacts", "runs"}  # a row of the list of projects

HIDING: dict[type[Frozen], Callable[[Veil, Any], Any]] = {Clusters: pictures.clusters, View: pictures.view}
F = TypeVar("F", bound=Callable[[Veil, Any], Any])


def hides(*kinds: type[Frozen]) -> Callable[[F], F]:
    """Says of which answers a function hides what is of other projects."""

    def note(function: F) -> F:
        HIDING.update(dict.fromkeys(kinds, function))
        return function

    return note


def shown(veil: Veil, answer: Any) -> Any:
    """What a route answers with, as the token may see it; in a list, things of other projects are stubs.

    Raises NotAllowed for a kind of answer that nobody has judged.
    """
    if isinstance(answer, list) and all(isinstance(one, Run | ArtifactVersion | Artifact) for one in answer):
        return [veil.stub(one) for one in answer]
    if isinstance(answer, list) and all(isinstance(one, dict) and one.keys() == PROJECT for one in answer):
        return [one for one in answer if one["project"] == veil.project]
    hide = HIDING.get(type(answer))
    if hide is None:
        raise NotAllowed(
            f"this answer ({type(answer).__name__}) may tell of other projects than {veil.project!r}, which this token is for",
            "ask with a token of all projects",
        )
    return hide(veil, answer)


@hides(Lineage, Paths)
def _walk(veil: Veil, answer: Frozen) -> Frozen:
    return veil.walk(answer)


@hides(Members)
def _members(veil: Veil, answer: Members) -> Members:
    return veil.walk(answer).model_copy(update={"group": veil.group(answer.group)})


@hides(Run, Artifact, ArtifactVersion)
def _thing(veil: Veil, answer: Run | Artifact | ArtifactVersion) -> Frozen:
    if answer.project != veil.project:
        raise NotAllowed("it is of another project", "ask with a token of that project")
    return answer


# ── what follows from what ────────────────────────────────────────────────────────────────────────────────────────────────


@hides(Impact)
def _impact(veil: Veil, answer: Impact) -> Impact:
    """Types and authors are counted over all projects, so of them only how many runs and versions there are remains."""
    kinds: Counter[str] = Counter()
    for group in answer.groups:
        kinds[group.kind] += group.count
    own = [one for one in answer.projects if one.project == veil.project]
    rest = [one for one in answer.projects if one.project != veil.project]
    others = AffectedProject(project=OTHER, runs=sum(p.runs for p in rest), versions=sum(p.versions for p in rest))
    return veil.walk(answer).model_copy(
        update={
            "groups": tuple(AffectedGroup(kind=kind, type=None, author=None, count=n) for kind, n in kinds.items()),  # type: ignore[arg-type]
            "projects": (*own, *([others] if rest else [])),
            "aliases": tuple(_alias(veil, alias) for alias in answer.aliases),
            "latest": tuple(_alias(veil, alias) for alias in answer.latest),
        }
    )


def _alias(veil: Veil, alias: AffectedAlias) -> AffectedAlias:
    if veil.owns(alias.artifact):
        return alias
    return AffectedAlias(alias=OTHER, artifact=veil.name(alias.artifact), version=veil.name(alias.version), depth=alias.depth)


@hides(Stale)
def _stale(veil: Veil, answer: Stale) -> Stale:
    return answer.model_copy(update={"versions": tuple(_stale_version(veil, version) for version in answer.versions)})


def _stale_version(veil: Veil, version: StaleVersion) -> StaleVersion:
    update: dict[str, Any] = {
        "moved": tuple(_moved(veil, moved) for moved in version.moved),
        "cause": _moved(veil, version.cause),
        "path": veil.names(version.path),
    }
    if not veil.owns(version.name):
        update |= {"uid": veil.id(version.uid), "name": veil.name(version.name), "type": UNKNOWN, "aliases": ()}
        update |= {"source_id": None}
    if not all(map(veil.owns, version.path[:2])):
        update |= {"step": None}
    return version.model_copy(update=update)


def _moved(veil: Veil, moved: MovedInput) -> MovedInput:
    ours = veil.owns(moved.run)
    return moved.model_copy(
        update={
            "run": veil.name(moved.run),
            "took": veil.name(moved.took),
            "now": veil.name(moved.now),
            "asked": moved.asked if ours and veil.owns(moved.took) else None,
            "used_as": moved.used_as if ours else None,
        }
    )


@hides(Plan)
def _plan(veil: Veil, answer: Plan) -> Plan:
    return answer.model_copy(
        update={
            "runs": tuple(_planned(veil, run) for run in answer.runs),
            "fetch": tuple(_planned_version(veil, version, True) for version in answer.fetch),
            "skipped": veil.names(answer.skipped),
            "missing": tuple(_missing(veil, missing) for missing in answer.missing),
            "loops": tuple(veil.names(loop) for loop in answer.loops),
        }
    )


def _planned(veil: Veil, run: PlannedRun) -> PlannedRun:
    ours = veil.owns(run.name)
    update: dict[str, Any] = {
        "inputs": tuple(_planned_version(veil, version, ours) for version in run.inputs),
        "outputs": tuple(_planned_version(veil, version, ours) for version in run.outputs),
        "needs": veil.names(run.needs),
    }
    if not ours:
        gone = ("job_type", "step", "command", "commit", "dirty", "patch", "seed", "source_id", "process")
        update |= {"uid": veil.id(run.uid), "name": veil.name(run.name), "display_name": OTHER, "state": UNKNOWN}
        update |= {"environment": {}, "config": {}, **dict.fromkeys(gone)}
    return run.model_copy(update=update)


def _planned_version(veil: Veil, version: PlannedVersion, ours: bool) -> PlannedVersion:
    """ours: whether the run that reads or makes it is of this project, and so is the role it has there."""
    update: dict[str, Any] = {"made_by": veil.maybe(version.made_by)}
    if not ours:
        update |= {"used_as": None, "asked": None}
    if not veil.owns(version.name):
        update |= {"uid": veil.id(version.uid), "name": veil.name(version.name), "type": UNKNOWN, "digest": "", "size": None}
        update |= {"asked": None, "at": None}
    return version.model_copy(update=update)


def _missing(veil: Veil, missing: Missing) -> Missing:
    sentence = veil.said(missing.sentence) if veil.owns(missing.about) else f"something of another project: {missing.why}"
    return missing.model_copy(update={"about": veil.name(missing.about), "sentence": sentence})


# ── comparing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@hides(Diff)
def _diff(veil: Veil, answer: Diff) -> Diff:
    update: dict[str, Any] = {side: _side(veil, getattr(answer, side)) for side in ("a", "b")}
    update |= {part: veil.walk(getattr(answer, part)) for part in ("only_a", "only_b", "both")}
    update["replaced"] = tuple(
        Replaced(artifact=veil.name(one.artifact), a=veil.names(one.a), b=veil.names(one.b)) for one in answer.replaced
    )
    update |= {part: tuple(_given_change(veil, one) for one in getattr(answer, part)) for part in ("inputs", "outputs")}
    if not (veil.owns(answer.a.run) and veil.owns(answer.b.run)):
        update |= dict.fromkeys(("config", "code", "command", "environment", "inputs", "outputs"), ())
    if not (veil.owns(answer.a.name) and veil.owns(answer.b.name)):
        update |= {"metadata": (), "files": None}
    return answer.model_copy(update=update)


@hides(Nodes)
def _nodes(veil: Veil, answer: Nodes) -> Nodes:
    return veil.walk(answer)


def _side(veil: Veil, side: Side) -> Side:
    update: dict[str, Any] = {"run": veil.maybe(side.run)}
    if not veil.owns(side.name):
        update |= {"name": veil.name(side.name), "uid": veil.id(side.uid), "digest": None}
    return side.model_copy(update=update)


def _given_change(veil: Veil, change: GivenChange) -> GivenChange:
    if veil.owns(change.artifact):
        return change
    a, b = (
        None if one is None else Given(name=veil.name(one.name), digest="", used_as=one.used_as) for one in (change.a, change.b)
    )
    return GivenChange(artifact=veil.name(change.artifact), change=change.change, a=a, b=b)


@hides(Why)
def _why(veil: Veil, answer: Why) -> Why:
    causes = tuple(_cause(veil, cause) for cause in answer.causes)
    return answer.model_copy(update={"a": veil.name(answer.a), "b": veil.name(answer.b), "causes": causes})


def _cause(veil: Veil, cause: Cause) -> Cause:
    ours = all(veil.owns(link.a) and veil.owns(link.b) for link in cause.chain[-1:])
    inputs = tuple(_given_change(veil, change) for change in cause.inputs) if ours else ()
    chain = tuple(_link(veil, link) for link in cause.chain)
    return cause.model_copy(update={"chain": chain, "changes": cause.changes if ours else (), "inputs": inputs})


def _link(veil: Veil, link: Link) -> Link:
    return link.model_copy(
        update={
            "a": veil.name(link.a),
            "b": veil.name(link.b),
            "a_digest": link.a_digest if veil.owns(link.a) else None,
            "b_digest": link.b_digest if veil.owns(link.b) else None,
        }
    )


# ── trust ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@hides(Trail)
def _trail(veil: Veil, answer: Trail) -> Trail:
    return answer.model_copy(update={"steps": tuple(_step(veil, step) for step in answer.steps)})


def _step(veil: Veil, step: TrailStep) -> TrailStep:
    update: dict[str, Any] = {
        "run": veil.maybe(step.run),
        "version": veil.maybe(step.version),
        "what": veil.said(step.what),
        "reason": None if step.reason is None else veil.said(step.reason),
    }
    if not veil.owns(step.run):
        update |= {"who": None, "via": None, "what": f"{OTHER}: {step.kind.replace('_', ' ')}", "reason": None}
    return step.model_copy(update=update)


@hides(Verification)
def _verification(veil: Veil, answer: Verification) -> Verification:
    findings = tuple(_finding(veil, finding) for finding in answer.findings)
    return answer.model_copy(update={"findings": findings})


def _finding(veil: Veil, finding: Finding) -> Finding:
    """Values are shown of what is surely this project's; links, entries and journals may be of anything."""
    ours = "/" in finding.where and veil.owns(finding.where) and finding.what in ("Run", "ArtifactVersion", "Artifact")
    shown = {} if ours else {"expected": None, "found": None}
    if "/" in finding.where and not veil.owns(finding.where):
        sentence = f"{OTHER}: {finding.what} {finding.kind}"
    else:
        sentence = veil.said(finding.sentence) if ours else f"{finding.where}: {finding.what} {finding.kind}"
    return finding.model_copy(update={"where": veil.name(finding.where) if "/" in finding.where else finding.where,
                                      "sentence": sentence, **shown})  # fmt: skip


@hides(Audit)
def _audit(veil: Veil, answer: Audit) -> Audit:
    if answer.parameters.get("project") != veil.project:
        raise NotAllowed(f"{answer.name} is not asked of one project", f"ask it of project {veil.project!r}, where it can be")
    return answer.model_copy(update={"rows": tuple(veil_row(veil, row) for row in answer.rows)})


def veil_row(veil: Veil, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row for people: one that names another project keeps this one's names and its numbers."""
    if row.get("project") in (None, veil.project) and not _speaks_of_others(veil, list(row.values())):
        return dict(row)
    shown = {column: _cell(veil, value) for column, value in row.items()}
    return shown | {"project": OTHER} if row.get("project") not in (None, veil.project) else shown


def _speaks_of_others(veil: Veil, value: Any) -> bool:
    if isinstance(value, str):
        return any(not veil.owns(found[0]) for found in NAMES.finditer(value))
    if isinstance(value, Mapping):
        return any(_speaks_of_others(veil, one) for one in value.values())
    return isinstance(value, list | tuple) and any(_speaks_of_others(veil, one) for one in value)


def _cell(veil: Veil, value: Any) -> Any:
    if isinstance(value, str):
        return veil.name(value) if NAMES.fullmatch(value) else None
    if isinstance(value, list | tuple):
        return [_cell(veil, one) for one in value]
    return None if isinstance(value, Mapping) else value


# ── the explorer ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@hides(Search)
def _search(veil: Veil, answer: Search) -> Search:
    return answer.model_copy(update={"hits": tuple(hit for hit in answer.hits if hit.project == veil.project)})


@hides(Card)
def _card(veil: Veil, answer: Card) -> Card:
    if not veil.owns(answer.name):
        raise NotAllowed("it is of another project", "ask with a token of that project")
    update: dict[str, Any] = {}
    for part in ("inputs", "outputs", "producers", "consumers", "siblings"):
        if (some := getattr(answer, part)) is not None:
            update[part] = _several(veil, some)
    if answer.relations is not None:
        update["relations"] = {kind: _several(veil, some) for kind, some in answer.relations.items()}
    if answer.artifact is not None:
        update["artifact"] = veil.stub(answer.artifact)
    return answer.model_copy(update=update)


def _several(veil: Veil, some: Any) -> Any:
    return some.model_copy(update={"items": tuple(_linked(veil, one) for one in some.items)})


def _linked(veil: Veil, one: RunNode | VersionNode) -> RunNode | VersionNode:
    """A role is what the run says: of another project's run it is not shown."""
    node = veil.run(one) if isinstance(one, RunNode) else veil.version(one)
    if node is one:
        return one
    said = dict(node)
    if isinstance(one, RunLink):
        return RunLink(**said, at=one.at, created=one.created)
    if isinstance(one, VersionLink):
        return VersionLink(**said, at=one.at, created=one.created, used_as=one.used_as)
    return node
