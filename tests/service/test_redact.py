"""What a project's token sees of other projects: that something is there, and nothing that says what."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import pytest

from lineage_graph.answers.audit import Audit
from lineage_graph.answers.verification import Finding, Trail, TrailStep
from lineage_graph.errors import NotAllowed
from lineage_graph.events import AliasMoved, RunFinished, RunStarted
from lineage_graph.evidence.evidence import Evidence
from lineage_graph.graph import Graph
from lineage_graph.ledger import Ledger
from lineage_graph.models import Frozen
from lineage_graph.service.redact import HIDING, shown
from lineage_graph.service.veil import OTHER, Veil, project_of
from tests.graph.test_ledger import Writer, at, digest

KEY = b"k" * 32
MARK = "hush"  # is part of everything that the other project says


@pytest.fixture
def secret(project: str) -> str:
    """Another project, in whose every word MARK is."""
    return f"{MARK}-{project}"


@pytest.fixture
def mixed(graph: Graph, project: str, secret: str) -> Graph:
    """secret: raw → make → base; project: base and own → fit → model; secret: model → serve → report, and fit's own check."""
    ledger = Ledger(graph)
    theirs, ours = Writer(graph, secret, ledger), Writer(graph, project, ledger)

    def started(who: Writer, run: str, second: float, **more: Any) -> RunStarted:
        author = "ann" if who is ours else f"{MARK}-bob"
        return RunStarted(run=who.run(run), at=at(second), author=author, command=f"python {run}.py", **more)

    def thing(who: Writer, name: str, i: int, second: float, run: str, kind: str = "dataset", **more: Any) -> Any:
        return who.logged(i, second, run=run, **more).model_copy(
            update={"artifact": f"{who.project}/{name}", "type": kind, "actor": "ann" if who is ours else f"{MARK}-bob"}
        )

    hush: dict[str, Any] = {"job_type": f"{MARK}-job", "step": f"{MARK}.py", "config": {"k": f"{MARK}-value"}}
    theirs.say(
        started(theirs, f"{MARK}-make", 1, name=f"{MARK} name", description=MARK, source_id=f"{MARK}-1", **hush),
        thing(theirs, f"{MARK}-raw", 901, 2, f"{MARK}-make", f"{MARK}-type", aliases=(f"{MARK}-alias",), metadata={"m": MARK}),
        thing(theirs, f"{MARK}-base", 902, 3, f"{MARK}-make", f"{MARK}-type", size=7, aliases=(f"{MARK}-best",)),
        RunFinished(run=theirs.run(f"{MARK}-make"), at=at(4), summary={"s": MARK}),
    )
    ours.say(started(ours, "make", 5, job_type="ingest"), thing(ours, "own", 1, 6, "make"))
    for n in range(2):
        ours.say(
            started(ours, f"fit{n}", 10 + n, job_type="train", config={"lr": n}),
            ours.used(11 + n, run=f"fit{n}", number=0).model_copy(update={"artifact": f"{project}/own"}),
            ours.used(11 + n, run=f"fit{n}", digest=digest(902), used_as="base").model_copy(
                update={"artifact": f"{secret}/{MARK}-base"}
            ),
            thing(ours, "model", 10 + n, 12 + n, f"fit{n}", "model", aliases=("best",)),
        )
    # The other project goes on from ours, logs into our artifact, and has a newer base.
    theirs.say(
        started(theirs, f"{MARK}-serve", 20, **hush),
        theirs.used(21, run=f"{MARK}-serve", alias="best").model_copy(update={"artifact": f"{project}/model"}),
        thing(theirs, f"{MARK}-report", 903, 22, f"{MARK}-serve", f"{MARK}-report-type"),
        thing(ours, "model", 12, 23, "x", "model").model_copy(
            update={"run": theirs.run(f"{MARK}-serve"), "actor": f"{MARK}-bob"}
        ),
        thing(theirs, f"{MARK}-base", 904, 24, f"{MARK}-serve", f"{MARK}-type"),
        AliasMoved(artifact=f"{project}/model", alias="seen", number=0, at=at(25), actor="carl"),
    )
    for n in range(6):
        run = f"{MARK}-many{n}"
        theirs.say(
            started(theirs, run, 30 + n, **hush),
            theirs.used(31 + n, run=run, alias="best").model_copy(update={"artifact": f"{project}/model"}),
            thing(theirs, f"{MARK}-out", 910 + n, 32 + n, run, f"{MARK}-type"),
        )
    return graph


def answers(ask: Evidence, project: str, veil: Veil) -> Iterator[tuple[str, Frozen]]:
    model = f"{project}/model:best"
    yield "upstream", ask.upstream(model)
    yield "upstream, a page", ask.upstream(model, limit=2)
    yield "downstream", ask.downstream(f"{project}/own:v0")
    yield "path", ask.path(f"{project}/own:v0", model, which="any")
    yield "impact", ask.impact(f"{project}/own:v0")
    yield "impact of a run", ask.impact(f"{project}/runs/make")
    yield "stale", ask.stale(project, all=True)
    yield "stale of one", ask.stale(model)
    yield "plan", ask.plan(model, from_scratch=True)
    yield "diff", ask.diff(f"{project}/model:v0", f"{project}/model:v1", both=True)
    yield "diff with what another project made", ask.diff(f"{project}/model:v0", f"{project}/model:v2", both=True)
    yield "why", ask.why(f"{project}/model:v0", f"{project}/model:v1")
    yield "why of what another project made", ask.why(f"{project}/model:v0", f"{project}/model:v2")
    for toward in ("upstream", "downstream", "both"):
        found = ask.clusters(model, direction=toward, at_least=2)
        yield f"clusters {toward}", found
        for group in found.groups:
            yield f"members of {group.id}", ask.members(model, group.id, toward)
    yield "clusters of a project", ask.clusters(project, "project")
    seen = ask.view(model, up="all", down="all", at_least=2, scope="full")
    yield "view", seen
    groups = [card.group for card in seen.cards if card.group is not None]
    assert groups
    for card in groups:
        yield f"view's {card}", ask.view_members(model, card, up="all", down="all", at_least=2, scope="full")
    yield "view, hiding", ask.view(model, up="all", down="all", at_least=2, scope="full", hide=groups)
    yield "view, filtered", ask.view(model, up="all", down="all", type=["model"])
    yield "card", ask.card(model)
    yield "card of a version that others made again", ask.card(f"{project}/model:v2")
    yield "card of a run", ask.card(f"{project}/runs/fit0")
    yield "search", ask.search(project[:8])
    yield "trail", ask.trail(f"{project}/model:v1")
    yield "trail of an artifact", ask.trail(f"{project}/model")
    yield "trail of a run", ask.trail(f"{project}/runs/fit0")
    yield "verify", ask.verify(project=project)
    for name in ("rejections", "alias_uses_that_moved", "runs_never_finished", "dirty_runs", "same_content", "brought_in_by"):
        try:
            yield f"audit {name}", ask.audit(name, project=project)
        except Exception as error:
            assert "project" in str(error) or "parameter" in str(error), error


def test_nothing_of_another_project_comes_through(mixed: Graph, project: str, secret: str) -> None:
    ask, veil = Evidence(mixed, project), Veil(project, KEY)
    theirs = {row["uid"] for row in _uids(mixed, secret)}
    assert len(theirs) > 15
    spoke = 0
    for question, answer in answers(ask, project, veil):
        before = answer.model_dump_json()
        if type(answer) is Audit and answer.parameters.get("project") is None:
            with pytest.raises(NotAllowed):
                shown(veil, answer)
            continue
        after = shown(veil, answer).model_dump_json()
        spoke += MARK in before
        assert MARK not in after, (question, after[max(0, after.find(MARK) - 200) : after.find(MARK) + 100])
        for uid in theirs:
            assert uid not in after, (question, uid)
        for i in (901, 902, 903, 904, *range(910, 916)):
            assert digest(i) not in after, (question, i)
    assert spoke > 12, "the answers must have something to hide"


def _uids(graph: Graph, secret: str) -> list[dict[str, Any]]:
    from tests.graph.test_ledger import rows

    return rows(graph, "MATCH (n) WHERE n.project STARTS WITH $p AND n.uid IS NOT NULL RETURN n.uid AS uid", p=secret)


def test_what_is_its_own_stays_as_it_is(mixed: Graph, project: str) -> None:
    ask, veil = Evidence(mixed, project), Veil(project, KEY)
    walk = ask.upstream(f"{project}/model:best")
    seen = shown(veil, walk)
    assert [run for run in seen.runs if run.project == project] == [run for run in walk.runs if run.project == project]
    own = [v for v in walk.versions if project_of(v.name) == project]
    assert own and [v for v in seen.versions if project_of(v.name) == project] == own
    assert (len(seen.runs), len(seen.versions), len(seen.edges)) == (len(walk.runs), len(walk.versions), len(walk.edges))
    # Stubs hang together as what they stand for does.
    there = {run.uid for run in seen.runs} | {version.uid for version in seen.versions}
    assert {end for edge in seen.edges for end in (edge.run, edge.version)} <= there
    assert len(there) == len(walk.runs) + len(walk.versions)
    assert shown(veil, walk) == seen, "the same each time"
    assert Veil("elsewhere", KEY).id("x") != veil.id("x") != Veil(project, b"other").id("x")
    hidden = next(run for run in seen.runs if run.project == OTHER)
    assert (hidden.author, hidden.step, hidden.job_type, hidden.started_at, hidden.name) == (None, None, None, None, OTHER)


def test_a_whole_answer_of_its_own_is_not_touched(mixed: Graph, project: str) -> None:
    ask, veil = Evidence(mixed, project), Veil(project, KEY)
    for answer in (ask.run(f"{project}/runs/fit0"), ask.version(f"{project}/own:v0"), *ask.artifacts(project)):
        assert shown(veil, answer) is answer
    walk = ask.upstream(f"{project}/own:v0")
    assert shown(veil, walk) == walk


def test_what_nobody_has_judged_is_not_shown(project: str) -> None:
    class New(Frozen):
        text: str

    with pytest.raises(NotAllowed, match=r"this answer \(New\) may tell of other projects"):
        shown(Veil(project, KEY), New(text=MARK))


def test_another_projects_thing_is_not_shown_whole(mixed: Graph, project: str, secret: str) -> None:
    ask, veil = Evidence(mixed), Veil(project, KEY)
    for thing in (ask.run(f"{secret}/runs/{MARK}-make"), ask.version(f"{secret}/{MARK}-raw"), ask.artifacts(secret)[0]):
        with pytest.raises(NotAllowed):
            shown(veil, thing)


def test_every_answer_of_the_facade_is_judged() -> None:
    """A new question of the facade makes this fail, until somebody says what of its answer may be seen."""
    kinds = {kind.__name__ for kind in Frozen.__subclasses__()}
    asked = {inspect.signature(method).return_annotation for _, method in inspect.getmembers(Evidence, inspect.isfunction)}
    assert len(asked & kinds) > 12
    assert (asked & kinds) - {kind.__name__ for kind in HIDING} == {"Sealed"}, "these are refused; is that what is wanted?"


def test_findings_and_steps_that_name_others() -> None:
    veil = Veil("p", KEY)
    finding = Finding(
        kind="changed", what="Entry", where="J, entry 3", expected="hush", found="hush", sentence="hush q/hush:v1"
    )
    assert "hush" not in repr(shown(veil, _verified(finding)))
    own = Finding(
        kind="changed", what="Run", where="p/runs/a", property="name", expected="x", found="y", sentence="p/runs/a: x"
    )
    assert shown(veil, _verified(own)).findings == (own,)
    step: dict[str, Any] = {
        "at": at(0), "recorded_at": at(0), "who": "ann", "kind": "used", "result": "rejected", "event": "e", "journal": "j",
        "seq": 1, "hash": "h", "version": None,
    }  # fmt: skip
    said = TrailStep(**step, run="p/runs/a", what="p/runs/a used q/hush", reason="no version q/hush@md5:hush is recorded")
    assert "hush" not in shown(veil, Trail(name="p/runs/a", steps=(said,))).model_dump_json()


def _verified(finding: Finding) -> Any:
    from lineage_graph.answers.verification import Verification

    counts = dict.fromkeys(("journals", "entries", "events", "receipts", "nodes", "relationships", "checkpoints", "erased"), 1)
    return Verification(ok=False, scope="p", findings=(finding,), holes=(), moving=0, **counts)


def test_projects_of_names() -> None:
    assert project_of("p/a") == project_of("p/a:v3") == project_of("p/a@md5:x/y") == project_of("p/runs/a") == "p"
    assert project_of("t/p/a:best") == project_of("t/p/runs/a") == "t/p" and project_of("a") == ""


def test_rows_of_an_audit_that_name_others() -> None:
    def rows(*given: dict[str, Any]) -> list[dict[str, Any]]:
        audit = Audit(question="?", name="audit/x", parameters={"project": "p"}, columns=(), rows=given)
        return list(shown(Veil("p", KEY), audit).rows)

    own = {"run": "p/runs/a", "who": "ann", "n": 3, "at": "2026-01-05T08:00:00Z"}
    assert rows(own) == [own]
    [seen] = rows({"run": "p/runs/a", "took": "q/hush:v1", "who": "hush", "n": 3, "more": ["q/hush", {"a": "q/hush"}]})
    assert "hush" not in json.dumps(seen) and seen["run"] == "p/runs/a" and seen["n"] == 3
    [other] = rows({"project": "hush", "name": "hush", "n": 1})
    assert other == {"project": OTHER, "name": None, "n": 1}
