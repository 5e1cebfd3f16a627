"""What the ledger would make of entries: the same as it then makes of them, and nothing is written for it."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_graph.errors import JournalProblem
from lineage_graph.events import AliasMoved, Edited, RunFinished, RunStarted
from lineage_graph.graph import Graph
from lineage_graph.ledger import Ledger, Receipt, writer
from tests.graph.test_ledger import Writer, at, rows


def story(w: Writer) -> None:
    """Of everything that can be said something that is taken, repeated and rejected."""
    artifact, run = f"{w.project}/a", w.run()
    start = RunStarted(run=run, at=at(0))
    w.append(start, start, RunStarted(run=run, at=at(1)))
    w.append(
        w.logged(1, 2, aliases=("best",)), w.logged(2, 3), w.logged(1, 4), w.logged(1).model_copy(update={"type": "other"})
    )
    w.append(
        w.used(5, number=1), w.used(5, number=7), w.used(6, alias="best"), w.used(6, alias="none"), w.used(6, prefix="sha256")
    )
    w.append(
        AliasMoved(artifact=artifact, alias="good", source="best", at=at(7)), AliasMoved(artifact=artifact, alias="x", number=9)
    )
    w.append(Edited(artifact=artifact, description="d", at=at(8)), Edited(run=w.run("nobody"), tags=("t",)))
    w.append(RunFinished(run=run, at=at(9)), RunFinished(run=w.run("q"), at=at(9)))


def results(receipts: list[Receipt]) -> list[list[dict[str, Any]]]:
    return [list(receipt.outcomes) for receipt in receipts]


@pytest.mark.parametrize("events", [1, 3, 2_000])
def test_a_rehearsal_is_what_happens(graph: Graph, project: str, monkeypatch: pytest.MonkeyPatch, events: int) -> None:
    w = Writer(graph, project)
    w.say(w.logged(3, 1), w.logged(4, 1))
    story(w)
    story_entries = w.entries[1:]
    monkeypatch.setattr(writer, "batches", lambda entries, most=events, split=writer.batches: split(entries, most))
    counted = "MATCH (n) WHERE n.project = $p OR n.artifact STARTS WITH $p RETURN count(n) AS n"
    before = rows(graph, counted, p=project)
    rehearsed = Ledger(graph).rehearse(w.entries)
    assert rows(graph, counted, p=project) == before
    done: list[Receipt] = []
    Ledger(graph).apply(story_entries, done.extend)
    assert results(rehearsed) == results(done) and {o["result"] for r in results(done) for o in r} == {
        "recorded", "repeated", "rejected",
    }  # fmt: skip
    assert Ledger(graph).rehearse(w.entries) == []


def test_others_write_while_it_looks(graph: Graph, project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    w, other = Writer(graph, project), Writer(graph, project)
    other.say(other.logged(0))
    for i in range(1, 4):
        w.append(w.logged(i, i))
    monkeypatch.setattr(writer, "batches", lambda entries, split=writer.batches: split(entries, 1))
    read, looks = Graph.read, []

    def interrupted(self: Graph, query: Any, *more: Any, **parameters: Any) -> Any:
        if query is writer.LOOK and parameters["journals"] == [w.journal]:
            looks.append(query)
            if len(looks) == 2:
                other.say(other.logged(9))
        return read(self, query, *more, **parameters)

    monkeypatch.setattr(Graph, "read", interrupted)
    rehearsed = Ledger(graph).rehearse(w.entries)
    assert [r[0]["version"] for r in results(rehearsed)] == [f"{project}/a:v{n}" for n in (2, 3, 4)] and len(looks) == 5


def test_a_second_history_cannot_be_rehearsed(graph: Graph, project: str) -> None:
    w = Writer(graph, project)
    w.say(w.logged(1))
    forged = Writer(graph, project)
    forged.journal = w.journal
    forged.append(forged.logged(2))
    forged.append(forged.logged(3))
    with pytest.raises(JournalProblem, match="follows another history"):
        Ledger(graph).rehearse(forged.entries)
