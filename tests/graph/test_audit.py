"""Audits: each answers with what happened, as of any time, as known at any time, in pages, and refuses what makes no sense."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from lineage_graph import queries
from lineage_graph.errors import LineageError, NameNotUnderstood, NotRecorded, ParameterWrong, QueryUnknown, TimeRanOut
from lineage_graph.events import (
    AliasMoved,
    AliasRemoved,
    Asked,
    Edited,
    Erased,
    Event,
    Logged,
    RunFinished,
    RunStarted,
    Used,
    new_uid,
)
from lineage_graph.graph import Graph
from lineage_graph.journal import genesis, seal
from lineage_graph.ledger import Ledger
from lineage_graph.lineage import Reader
from lineage_graph.queries import UNBOUNDED, Query
from tests import worlds
from tests.worlds import START, digest_of

AUDITS = sorted(name for name in queries.QUERIES if name.startswith("audit/"))
LEARNT = 15  # what happened after this minute reached the graph in a second delivery
PLACES = {"recorded_at", "late", "event", "journal", "seq"}  # what tells one recording of the same story from another
CONTENTS = ("raw 1", "raw 2", "words", "model 1", "model 2")
every_audit = pytest.mark.parametrize("name", AUDITS)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def text(minute: float) -> str:
    return at(minute).isoformat().replace("+00:00", "Z")


def story(p: str) -> list[Event]:
    """What happened in a project: data, models, an alias that moves, and things that are not as they should be."""

    def begin(minute: float, run: str, who: str, **more: Any) -> Event:
        return RunStarted(run=f"{p}/runs/{run}", at=at(minute), author=who, email=f"{who}@zoo.example", actor=who, **more)

    def end(minute: float, run: str, state: Any = "finished") -> Event:
        return RunFinished(run=f"{p}/runs/{run}", at=at(minute), state=state)

    def log(minute: float, run: str, who: str, name: str, content: str, kind: str, *aliases: str) -> Event:
        facts = {"artifact": f"{p}/{name}", "digest": digest_of(p + content), "type": kind, "aliases": aliases, "actor": who}
        return Logged(run=f"{p}/runs/{run}", at=at(minute), **facts)

    def use(minute: float, run: str, name: str, **more: Any) -> Event:
        return Used(run=f"{p}/runs/{run}", at=at(minute), artifact=f"{p}/{name}", **more)

    commit = {"commit": "c0ffee", "dirty": True, "patch": digest_of("diff"), "command": "python fit.py"}
    model, raw, words = (digest_of(p + content) for content in ("model 1", "raw 1", "words"))
    asked = {"statement_digest": digest_of("RETURN 1"), "project": p, "actor": "gil"}
    return [
        begin(0, "ingest", "ann", job_type="ingest"),
        log(1, "ingest", "ann", "raw", "raw 1", "dataset"),
        end(2, "ingest"),
        begin(3, "fit", "bob", job_type="train", **commit),
        use(4, "fit", "raw", alias="latest", used_as="train"),
        use(5, "fit", "words", digest=words, type="dataset"),
        log(6, "fit", "bob", "model", "model 1", "model", "best"),
        end(7, "fit"),
        AliasMoved(artifact=f"{p}/model", alias="prod", digest=model, at=at(8), actor="carol"),
        Asked(at=at(9), outcome="ran", rows=1, statement="RETURN 1", **asked),
        begin(10, "fit-2", "bob", job_type="train"),
        use(11, "fit-2", "raw", number=0),
        log(12, "fit-2", "bob", "model", "model 2", "model"),
        begin(13, "evaluate", "bob", job_type="evaluate", host="tiger"),
        use(14, "evaluate", "model", alias="best"),
        end(16, "evaluate", "crashed"),
        begin(18, "again", "ann", job_type="ingest"),
        log(19, "again", "ann", "raw", "raw 1", "dataset"),
        log(20, "again", "ann", "raw", "raw 2", "dataset"),
        log(21, "again", "ann", "copy", "raw 1", "dataset"),
        use(22, "again", "words", digest=words, type="dataset"),
        end(23, "again"),
        Asked(at=at(23.5), outcome="refused", reason="it writes", **asked),
        AliasMoved(artifact=f"{p}/model", alias="best", number=1, at=at(24), actor="carol"),
        AliasRemoved(artifact=f"{p}/model", alias="prod", at=at(25), actor="dave"),
        Edited(artifact=f"{p}/model", digest=model, description="the first", tags=("old",), at=at(26), actor="erin"),
        Edited(artifact=f"{p}/raw", description="all of them", at=at(27), actor="erin"),
        Edited(run=f"{p}/runs/fit", tags=("seen",), at=at(28), actor="erin"),
        begin(30, "wrong", "fay"),
        log(31, "wrong", "fay", "raw", "raw 3", "model"),
        end(32, "wrong", "failed"),
        use(33, "late", "raw", digest=raw, prefix=None),
        Erased(run=f"{p}/runs/ingest", groups=("content",), reason="too much", at=at(9), actor="officer"),
        Erased(artifact=f"{p}/copy", groups=("content",), reason="not ours", at=at(35)),
        Erased(run=f"{p}/runs/late", groups=("content", "personal"), reason="not ours", at=at(36)),
    ]


def parameters(project: str, name: str) -> dict[str, Any]:
    """What each audit is asked about the story."""
    own = {
        "who_touched": {"version": f"{project}/model:v0"},
        "made_from": {"version": f"{project}/raw:v0"},
        "models_resting_on": {"version": f"{project}/raw:v0"},
        "alias_history": {"artifact": f"{project}/model", "alias": "best"},
    }
    return own.get(name.removeprefix("audit/"), {"project": project})


@dataclass(frozen=True)
class Told:
    """The story, or the first part of it, in the graph. learnt: when the graph had all of its first delivery."""

    graph: Graph
    project: str
    learnt: str

    def ask(self, name: str, **more: Any) -> list[dict[str, Any]]:
        """The rows, without times of recording, without the project's name, and with contents for their digests."""
        rows = Reader(self.graph).audit(name, **(parameters(self.project, name) | more)).rows
        return [{k: self.plain(v) for k, v in row.items() if k not in PLACES} for row in rows]

    def plain(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        content = next((c for c in CONTENTS if value == digest_of(self.project + c)), None)
        return content or value.replace(f"{self.project}/", "").replace(self.project, "p")

    def columns(self, name: str, *columns: str, **more: Any) -> list[tuple[Any, ...]]:
        return [tuple(row[c] for c in columns) for row in self.ask(name, **more)]


def tell(graph: Graph, happened_by: float = 1_000, delivered_by: float = 1_000) -> Told:
    """Records the story: two deliveries of what happened by one minute, or only the first of them."""
    project = f"t{uuid4().hex[:12]}"
    journal, ledger = new_uid(), Ledger(graph)
    told = [e for e in story(project) if e.at <= at(happened_by)]
    parts = [[e for e in told if e.at <= at(LEARNT)], [e for e in told if at(LEARNT) < e.at <= at(delivered_by)]]
    head, learnt = genesis(journal), ""
    for seq, events in enumerate(filter(None, parts), 1):
        entry = seal(journal, seq, head, events)
        head = entry.hash
        receipts: list[Any] = []
        ledger.apply([entry], receipts.extend)
        learnt = learnt or receipts[-1].recorded_at
        time.sleep(0.01)
    return Told(graph, project, learnt)


@pytest.fixture(scope="module")
def told(graph: Graph) -> Told:
    return tell(graph)


# ── what each one answers ─────────────────────────────────────────────────────────────────────────────────────────────


def test_who_touched_a_version_and_when(told: Told) -> None:
    assert told.columns("who_touched", "at", "who", "what", "run", "detail") == [
        (text(6), "bob", "alias moved here", None, "best"),
        (text(6), "bob", "alias moved here", None, "latest"),
        (text(6), "bob", "logged", "runs/fit", "created"),
        (text(8), "carol", "alias moved here", None, "prod"),
        (text(12), "bob", "alias moved away", None, "latest to model:v1"),
        (text(14), "bob", "used", "runs/evaluate", "asked for best"),
        (text(24), "carol", "alias moved away", None, "best to model:v1"),
        (text(25), "dave", "alias removed", None, "prod"),
        (text(26), "erin", "edited", None, "description, tags"),
    ]
    raw = told.columns("who_touched", "what", "run", "detail", version=f"{told.project}/raw:v0")
    assert ("used", "runs/fit", "asked for latest, as train") in raw and ("used", "runs/fit-2", "asked for v0") in raw
    assert ("logged", "runs/again", "again") in raw and ("used", "runs/late", None) in raw


def test_what_was_made_from_data_all_the_way_on(told: Told) -> None:
    assert told.columns("made_from", "depth", "kind", "name", "type", "who") == [
        (1, "run", "runs/fit", "train", "bob"),
        (1, "run", "runs/fit-2", "train", "bob"),
        (1, "run", "runs/late", None, None),
        (2, "version", "model:v0", "model", None),
        (2, "version", "model:v1", "model", None),
        (3, "run", "runs/evaluate", "evaluate", "bob"),
    ]


def test_what_was_made_is_what_a_plain_search_finds(graph: Graph, project: str) -> None:
    woods = worlds.woods(80, seed=3, window=20)
    worlds.record(graph, project, woods)
    below: dict[str, list[str]] = {}
    for thing, above in woods.above.items():
        for one in above:
            below.setdefault(one, []).append(thing)
    for home in (woods.steps[0].logged[0], woods.steps[1].logged[1], woods.steps[-1].logged[0]):
        found, queue = {home: 0}, [home]
        for node in queue:
            for after in below.get(node, ()):
                if after not in found:
                    found[after] = found[node] + 1
                    queue.append(after)
        answer = Reader(graph, project).audit(
            "made_from", version=f"{worlds.artifact_of(project, home)}@{worlds.digest_of(home)}"
        )
        expected = sorted((depth, "run" if node.startswith("run ") else "version") for node, depth in found.items() if depth)
        assert sorted((row["depth"], row["kind"]) for row in answer.rows) == expected
        runs = {f"{project}/runs/{node.removeprefix('run ')}" for node in found if node.startswith("run ")}
        assert {row["name"] for row in answer.rows if row["kind"] == "run"} == runs


def test_which_models_behind_an_alias_rest_on_data(told: Told) -> None:
    columns = ("model", "alias", "since", "who", "depth", "digest")
    both = [
        ("model:v1", "best", text(24), "carol", 2, "model 2"),
        ("model:v1", "latest", text(12), "bob", 2, "model 2"),
    ]
    assert told.columns("models_resting_on", *columns) == both
    assert told.columns("models_resting_on", *columns, alias="best") == both[:1]
    assert told.columns("models_resting_on", *columns, alias="prod") == []
    assert told.columns("models_resting_on", "model", alias="prod", as_of=at(24)) == [("model:v0",)]
    assert told.columns("models_resting_on", "model", type="dataset") == []
    assert told.columns("models_resting_on", "model", version=f"{told.project}/words:v0", as_of=at(10)) == 3 * [("model:v0",)]


def test_which_versions_have_no_producer(told: Told) -> None:
    columns = ("version", "type", "at", "runs", "first_run", "who", "digest")
    assert told.columns("versions_without_producer", *columns) == [
        ("words:v0", "dataset", text(5), 2, "runs/fit", "bob", "words")
    ]


def test_which_runs_never_finished(told: Told) -> None:
    assert told.columns("runs_never_finished", "run", "state", "who", "host", "logged", "stub") == [
        ("runs/fit-2", "running", "bob", None, 1, False),
        ("runs/evaluate", "crashed", "bob", "tiger", 0, False),
        ("runs/late", "running", None, None, 0, True),
    ]
    assert told.columns("runs_never_finished", "run", as_of=text(6)) == [("runs/fit",)]


def test_what_changed_between_two_dates(told: Told) -> None:
    changes = told.columns("changed_between", "at", "what", "name", "who", "run", "detail", from_=at(20), to=text(27))
    assert changes == [
        (text(21), "alias moved", "copy:latest", "ann", None, "copy:v0"),
        (text(21), "logged", "copy:v0", "ann", "runs/again", "created"),
        (text(22), "used", "words:v0", "ann", "runs/again", None),
        (text(23), "run ended", "runs/again", "ann", "runs/again", "finished"),
        (text(24), "alias moved", "model:best", "carol", None, "model:v1"),
        (text(25), "alias removed", "model:prod", "dave", None, None),
        (text(26), "edited", "model:v0", "erin", None, "description, tags"),
        (text(27), "edited", "raw", "erin", None, "description"),
    ]
    assert told.columns("changed_between", "name", from_=text(27), to=text(28)) == [("runs/fit",)]
    assert told.ask("changed_between") == told.ask("changed_between", to=at(9)) + told.ask("changed_between", from_=at(9))


def test_an_alias_has_a_history(told: Told) -> None:
    columns = ("at", "until", "what", "version", "who")
    assert told.columns("alias_history", *columns) == [
        (text(6), text(24), "moved", "model:v0", "bob"),
        (text(24), None, "moved", "model:v1", "carol"),
    ]
    assert told.columns("alias_history", *columns, alias="prod") == [
        (text(8), text(25), "moved", "model:v0", "carol"),
        (text(25), None, "removed", "model:v0", "dave"),
    ]
    assert told.columns("alias_history", *columns, alias="nobody") == []


def test_which_uses_of_an_alias_would_mean_another_version_today(told: Told) -> None:
    columns = ("run", "asked", "used", "at", "today", "since", "moved_by", "who")
    assert told.columns("alias_uses_that_moved", *columns) == [
        ("runs/fit", "raw:latest", "raw:v0", text(4), "raw:v1", text(20), "ann", "bob"),
        ("runs/evaluate", "model:best", "model:v0", text(14), "model:v1", text(24), "carol", "bob"),
    ]
    assert told.columns("alias_uses_that_moved", *columns, as_of=at(19)) == []


def test_an_alias_that_means_nothing_now_moved_too(graph: Graph, project: str) -> None:
    facts = {"artifact": f"{project}/data", "digest": digest_of("data"), "type": "dataset"}
    events = [
        Used(run=f"{project}/runs/r", at=at(1), alias="imported", **facts),  # an alias that was never moved here
        Used(run=f"{project}/runs/r", at=at(1), artifact=f"{project}/data", prefix=digest_of("data")[:20], used_as="prefix"),
        Used(run=f"{project}/runs/r", at=at(1), artifact=f"{project}/data", prefix=digest_of("data")[7:20], used_as="bare"),
        AliasMoved(artifact=f"{project}/data", alias="good", number=0, at=at(2)),
        Used(run=f"{project}/runs/r", at=at(3), artifact=f"{project}/data", alias="good", used_as="good"),
        AliasRemoved(artifact=f"{project}/data", alias="good", at=at(4)),
    ]
    journal = new_uid()
    Ledger(graph).apply([seal(journal, 1, genesis(journal), events)])
    rows = Reader(graph).audit("alias_uses_that_moved", project=project).rows
    assert [(row["asked"], row["today"], row["since"]) for row in rows] == [
        (f"{project}/data:imported", None, None),
        (f"{project}/data:good", None, text(4)),
    ]


def test_which_runs_ran_from_a_dirty_tree(told: Told) -> None:
    assert told.columns("dirty_runs", "run", "who", "started_at", "commit", "patch", "logged", "command") == [
        ("runs/fit", "bob", text(3), "c0ffee", digest_of("diff"), 1, "python fit.py")
    ]


def test_the_same_content_under_two_names(told: Told) -> None:
    assert told.columns("same_content", "digest", "names", "version", "at", "run", "who") == [
        ("raw 1", 2, "raw:v0", text(1), "runs/ingest", "ann"),
        ("raw 1", 2, "copy:v0", text(21), "runs/again", "ann"),
    ]


def test_what_one_person_brought_in(told: Told) -> None:
    columns = ("who", "version", "how", "run", "at")
    everybody = [
        ("ann", "raw:v0", "made", "runs/ingest", text(1)),
        ("bob", "words:v0", "from outside", "runs/fit", text(5)),
        ("bob", "model:v0", "made", "runs/fit", text(6)),
        ("bob", "model:v1", "made", "runs/fit-2", text(12)),
        ("ann", "raw:v1", "made", "runs/again", text(20)),
        ("ann", "copy:v0", "made", "runs/again", text(21)),
    ]
    assert told.columns("brought_in_by", *columns) == everybody
    for who in ("ann", "bob"):
        expected = [row for row in everybody if row[0] == who]
        assert told.columns("brought_in_by", *columns, who=who) == expected
        assert told.columns("brought_in_by", *columns, who=f"{who}@zoo.example") == expected
    assert told.columns("brought_in_by", *columns, who="nobody") == []


def test_what_was_known_at_a_date(told: Told) -> None:
    first = [
        ("run", "runs/ingest", "ingest", text(0)),
        ("version", "raw:v0", "dataset", text(1)),
        ("run", "runs/fit", "train", text(3)),
        ("version", "words:v0", "dataset", text(5)),
        ("alias", "model:best", "model:v0", text(6)),
        ("version", "model:v0", "model", text(6)),
        ("alias", "model:prod", "model:v0", text(8)),
        ("run", "runs/fit-2", "train", text(10)),
        ("alias", "model:latest", "model:v1", text(12)),
        ("version", "model:v1", "model", text(12)),
        ("run", "runs/evaluate", "evaluate", text(13)),
    ]
    known = told.columns("known_at", "kind", "name", "detail", "at", known_at=told.learnt)
    assert [row for row in known if row[1] != "raw:latest"] == first
    assert ("alias", "model:best", "model:v1", text(24)) in told.columns("known_at", "kind", "name", "detail", "at")
    rows = Reader(told.graph).audit("known_at", project=told.project).rows
    for row in rows:
        happened, learnt = (datetime.fromisoformat(row[k]) for k in ("at", "recorded_at"))
        assert row["late"] == int((learnt - happened).total_seconds())


def test_what_was_refused_and_why(told: Told) -> None:
    reader = Reader(told.graph)
    [row] = reader.audit("rejections", project=told.project).rows
    assert (row["at"], row["kind"], row["run"], row["artifact"]) == (
        text(31), "logged", f"{told.project}/runs/wrong", f"{told.project}/raw",
    )  # fmt: skip
    assert row["reason"] == f"artifact {told.project}/raw is of type 'dataset' and cannot be 'model' as well"
    assert row["seq"] == 2 and row["event"] in {r["event"] for r in reader.rejections(limit=1_000)}


def test_a_reason_reads_as_it_was_said(graph: Graph, project: str) -> None:
    run, odd = f"{project}/runs/r", 'a "b" \\ {"event":"c"} \'d\''
    data = {"artifact": f"{project}/data", "digest": digest_of("data")}
    events = [
        Used(run=run, at=at(1), type="dataset", used_as='"at":"x","run":"y"', **data),
        Logged(run=run, at=at(2), type=odd, **data),
        RunFinished(run=f"{project}/runs/other", at=at(3)),
        Edited(run=f"{project}/runs/none", tags=("a",), at=at(4)),
        AliasRemoved(artifact=f"{project}/data", alias="gone", at=at(5)),
    ]
    journal = new_uid()
    receipts: list[Any] = []
    Ledger(graph).apply([seal(journal, 1, genesis(journal), events)], receipts.extend)
    said = [(o["event"], o["reason"]) for o in receipts[0].outcomes if o["result"] == "rejected"]
    rows = Reader(graph).audit("rejections", project=project).rows
    assert [(row["event"], row["reason"]) for row in rows] == said
    assert [(row["kind"], row["at"], row["run"], row["artifact"]) for row in rows] == [
        ("logged", text(2), run, f"{project}/data"),
        ("edited", text(4), f"{project}/runs/none", None),
        ("alias_removed", text(5), None, f"{project}/data"),
    ]


def test_a_whole_record_has_nothing_to_mend(told: Told) -> None:
    assert told.ask("mirror_is_whole") == told.ask("numbers_are_whole") == []


def change(graph: Graph, code: str, project: str) -> None:
    """Tampers with the graph."""
    query = Query("test", "test", code, "?", "", {"p": queries.Declared("p", "STRING", "")}, (), (), {}, None)
    graph.write(lambda run: run(query, p=project), "test")


def test_a_broken_mirror_is_found(graph: Graph, project: str) -> None:
    worlds.record(graph, project, worlds.wide_sweep(5))
    asked = "MATCH (r:Run {project: $p, id: 'fit%d'})-[l:LOGGED]->(v)-[b:LOGGED_BY]->(r) "
    changes = [
        "DELETE b",
        "DELETE l",
        "SET b.at = b.at + duration('PT1S')",
        "CREATE (v)-[c:LOGGED_BY]->(r) SET c = properties(b)",
    ]
    for number, code in enumerate(changes):
        change(graph, asked % number + code, project)
    rows = Reader(graph).audit("mirror_is_whole", project=project).rows
    found = [(row["run"].rpartition("/")[2], row["version"].rpartition("/")[2], row["problem"]) for row in rows]
    assert found == [
        ("fit0", "model:v0", "LOGGED_BY is missing"),
        ("fit1", "model:v1", "LOGGED is missing"),
        ("fit2", "model:v2", "their times differ"),
        ("fit3", "model:v3", "more than one"),
    ]


def test_numbers_that_are_not_whole_are_found(graph: Graph, project: str) -> None:
    worlds.record(graph, project, worlds.wide_sweep(9))
    asked = "MATCH (v:ArtifactVersion {artifact: $p + '/model'}) "
    change(graph, asked + "WHERE v.version IN [0, 3, 4, 8] DETACH DELETE v", project)
    change(graph, asked + "WHERE v.version = 6 SET v.version = 5", project)
    sequence = "MATCH (a:Artifact {project: $p, name: '%s'}) MATCH (s:VersionSequence {artifact: a.uid}) "
    change(graph, sequence % "report" + "SET s.next = 0", project)
    change(graph, sequence % "raw" + "DELETE s", project)
    rows = Reader(graph).audit("numbers_are_whole", project=project).rows
    assert [(row["artifact"].rpartition("/")[2], row["problem"], row["number"], row["upto"], row["next"]) for row in rows] == [
        ("model", "missing", 0, 0, 9),
        ("model", "missing", 3, 4, 9),
        ("model", "twice", 5, 5, 9),
        ("model", "missing", 6, 6, 9),
        ("model", "missing", 8, 8, 9),
        ("raw", "no sequence", None, None, None),
        ("report", "not given by the sequence", 0, 0, 0),
    ]


# ── times ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module", params=[6, 12, 21.5, 25])
def cut(request: pytest.FixtureRequest, graph: Graph) -> Iterator[tuple[float, Told]]:
    yield request.param, tell(graph, happened_by=request.param)


@every_audit
def test_as_of_a_time_it_answers_as_a_graph_in_which_no_more_had_happened(
    told: Told, cut: tuple[float, Told], name: str
) -> None:
    minute, less = cut
    assert told.ask(name, as_of=at(minute)) == less.ask(name)


@pytest.fixture(scope="module")
def ignorant(graph: Graph) -> Told:
    return tell(graph, delivered_by=LEARNT)


@every_audit
def test_as_known_at_a_time_it_answers_as_the_graph_did_then(told: Told, ignorant: Told, name: str) -> None:
    assert told.ask(name, known_at=told.learnt) == ignorant.ask(name)
    assert told.ask(name, known_at=told.learnt, as_of=at(9)) == ignorant.ask(name, as_of=at(9))


@every_audit
def test_before_everything_there_is_nothing(told: Told, name: str) -> None:
    assert told.ask(name, as_of=at(-1)) == told.ask(name, known_at=at(-1)) == []


def test_what_was_erased_by_whom_and_why(told: Told) -> None:
    assert told.columns("erasures", "at", "what", "name", "events", "groups", "reason", "who") == [
        (text(9), "run", "runs/ingest", None, "content", "too much", "officer"),
        (text(35), "artifact", "copy", None, "content", "not ours", None),
        (text(36), "run", "runs/late", None, "content, personal", "not ours", None),
    ]


# ── pages and time limits ─────────────────────────────────────────────────────────────────────────────────────────────


@every_audit
def test_pages_fit_together_and_a_cut_is_told(told: Told, name: str) -> None:
    reader, asked = Reader(told.graph), parameters(told.project, name)
    whole = reader.audit(name, **asked)
    assert whole.truncated is None and whole.parameters["limit"] is None
    assert all(tuple(row) == whole.columns for row in whole.rows)
    rows: list[dict[str, Any]] = []
    after = None
    for _ in range(len(whole.rows) + 1):
        page = reader.audit(name, limit=2, after=after, **asked)
        rows += page.rows
        if page.truncated is None:
            break
        assert (page.truncated.reason, page.truncated.limit, page.parameters["limit"]) == ("limit", 2, 2)
        assert len(page.rows) == 2 and page.truncated.cursor == str(len(rows))
        after = page.truncated.cursor
    assert tuple(rows) == whole.rows
    assert reader.audit(name, limit=len(whole.rows) or 1, **asked).truncated is None


@every_audit
def test_every_audit_takes_the_same_five(name: str) -> None:
    query = queries.get(name)
    assert {"as_of", "known_at", "limit", "after"} <= set(query.parameters)
    assert {"project", "version", "artifact"} & set(query.parameters)
    assert {c.type for c in query.columns} <= {"STRING", "INTEGER", "BOOLEAN"}
    required = {n for n, declared in query.parameters.items() if not declared.may_be_null}
    assert required <= {"version", "artifact", "alias"}


class Hurried(Graph):
    """A graph that has no time to look all the way."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.asked = graph, []  # type: ignore[var-annotated]

    def read(self, query: Query, timeout: float | None = None, **parameters: Any) -> list[dict[str, Any]]:
        self.asked.append((query.name, timeout))
        if UNBOUNDED in query.text or query.name == "audit/known_at":
            raise TimeRanOut(query.name)
        return self.graph.read(query, timeout, **parameters)


def test_a_walk_with_little_time_says_how_far_it_looked(graph: Graph, project: str) -> None:
    worlds.record(graph, project, worlds.long_chain(20))
    whole = Reader(graph, project).audit("made_from", version="v:v0", timeout=60)
    assert whole.truncated is None and len(whole.rows) == 38
    hurried = Hurried(graph)
    part = Reader(hurried, project).audit("made_from", version="v:v0", timeout=10)
    assert part.truncated is not None
    assert (part.truncated.reason, part.truncated.limit, part.truncated.cursor) == ("time", 10, "16")
    assert part.rows == whole.rows[:16] and hurried.asked[-2:] == [("audit/made_from", 5), ("audit/made_from", 5)]
    rest = Reader(graph, project).audit("made_from", version="v:v0", after=part.truncated.cursor)
    assert part.rows + rest.rows == whole.rows
    with pytest.raises(TimeRanOut, match="audit/known_at was not done within 3 s"):
        Reader(hurried, project).audit("known_at", project=project, timeout=3)


# ── names, and what is refused ────────────────────────────────────────────────────────────────────────────────────────


def test_names_are_resolved_as_they_were_then(told: Told) -> None:
    reader = Reader(told.graph, told.project)
    best = reader.audit("audit/who_touched", version="model:best")
    assert best.parameters["version"] == f"{told.project}/model:v1"
    assert best.question == queries.get("audit/who_touched").question and best.name == "audit/who_touched"
    then = reader.audit("who_touched", version="model:best", as_of=at(23))
    assert then.parameters["version"] == f"{told.project}/model:v0"
    assert then.parameters["as_of"] == at(23).astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert reader.audit("who_touched", version=f"model@{digest_of(told.project + 'model 1')}").parameters == {
        "version": f"{told.project}/model:v0", "as_of": None, "known_at": None, "limit": None, "after": None,
    }  # fmt: skip
    assert len(reader.audit("alias_history", artifact="model", alias="best").rows) == 2
    assert reader.query("audit/who_touched", version=f"{told.project}/model:v1", limit=1)[0]["what"]


@pytest.mark.parametrize(
    ("name", "given", "error", "says"),
    [
        ("who_tuched", {}, QueryUnknown, "did you mean 'audit/who_touched'"),
        ("lineage/upstream", {}, QueryUnknown, "no query 'lineage/upstream'"),
        ("who_touched", {}, ParameterWrong, r"\$version .* is missing"),
        ("who_touched", {"version": None}, ParameterWrong, r"\$version .* is missing"),
        ("who_touched", {"version": "model", "by": "me"}, ParameterWrong, r"no parameter \$by; it takes \$version, \$as_of"),
        ("who_touched", {"version": 3}, ParameterWrong, r"\$version is STRING, not 3"),
        ("who_touched", {"version": "model:v9"}, NotRecorded, "model:v9.*the newest is v1"),
        ("who_touched", {"version": "a/b/c/d"}, NameNotUnderstood, "a/b/c/d"),
        ("who_touched", {"version": "model:prod"}, NotRecorded, "model:prod.*aliases are"),
        ("made_from", {"version": "nothing"}, NotRecorded, "no artifact"),
        ("alias_history", {"artifact": "nothing", "alias": "best"}, NotRecorded, "no artifact"),
        ("alias_history", {"artifact": "model"}, ParameterWrong, r"\$alias .* is missing"),
        ("dirty_runs", {"project": "no-such-project"}, NotRecorded, "no project 'no-such-project'"),
        ("dirty_runs", {"as_of": "yesterday"}, ParameterWrong, r"\$as_of: 'yesterday' is not a time"),
        ("dirty_runs", {"as_of": "2026"}, ParameterWrong, r"\$as_of: '2026' is not a time"),
        ("dirty_runs", {"known_at": 2026}, ParameterWrong, r"\$known_at: 2026 is not a time"),
        ("dirty_runs", {"known_at": "2026-01-05"}, ParameterWrong, r"\$known_at: '2026-01-05' has no time zone"),
        ("dirty_runs", {"known_at": "2026-13-05T08:00:00Z"}, ParameterWrong, "is not a time"),
        ("changed_between", {"from_": text(9), "to": text(8)}, ParameterWrong, r"\$from \(.*\) is after \$to"),
        ("changed_between", {"from_": text(9), "as_of": text(8)}, ParameterWrong, r"\$from \(.*\) is after \$as_of"),
        ("known_at", {"limit": 0}, ParameterWrong, "limit: it is a whole number from 1 on"),
        ("known_at", {"after": "next"}, ParameterWrong, "after: 'next' is not the cursor"),
        ("known_at", {"timeout": -1}, ParameterWrong, "timeout: it is a number of seconds above 0"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_a_sentence(
    told: Told, name: str, given: dict[str, Any], error: type[LineageError], says: str
) -> None:
    with pytest.raises(error, match=says) as refused:
        Reader(told.graph, told.project).audit(name, **given)
    assert "\n" not in str(refused.value)
