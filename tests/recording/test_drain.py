"""Many journals that wait, with entries in turn: few transactions, and one that is refused holds no other back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from lineage_graph import journal
from lineage_graph.events import Logged
from lineage_graph.graph import Graph
from lineage_graph.journal import Entry, Journal
from lineage_graph.ledger import Ledger, Receipt
from lineage_graph.recording.drain import drain

JOURNALS, ENTRIES = 32, 10


@pytest.fixture
def in_turn(project: str, tmp_path: Path) -> list[Path]:
    """Journals that are closed; the next event is always another one's."""
    opened = [Journal(tmp_path, fsync="never") for _ in range(JOURNALS)]
    for i in range(ENTRIES):
        for n, one in enumerate(opened):
            digest = f"sha256:{JOURNALS * i + n:064x}"
            one.append([Logged(run=f"{project}/runs/r{n}", artifact=f"{project}/one", digest=digest, type="t", actor="me")])
    for one in opened:
        one.close()
    return [one.path for one in opened]


def test_entries_in_turn_share_transactions(
    graph: Graph, project: str, in_turn: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    write_once = graph.write_once
    monkeypatch.setattr(graph, "write_once", lambda *given: written.append(1) or write_once(*given))
    done = drain(in_turn[0].parent, Ledger(graph))
    assert (done.entries, done.rejected, done.problems) == (JOURNALS * ENTRIES, 0, [])
    assert 1 <= len(written) <= 3


def test_a_journal_that_the_graph_refuses_holds_no_other_back(
    graph: Graph, in_turn: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = in_turn[5]
    entries = [entry for entry, _ in journal.read(refused)]
    Ledger(graph).apply(entries[:4])
    head, lines = journal.genesis(refused.stem), []
    for entry in entries:
        made = journal.seal(refused.stem, entry.seq, head, entry.events)  # the same words under other salts
        head = made.hash
        lines.append(made.line())
    refused.write_bytes(b"".join(lines))
    attempts = []
    apply = Ledger.apply

    def counted(ledger: Ledger, some: Iterable[Entry], done: Callable[[list[Receipt]], None] | None = None) -> int:
        attempts.append(1)
        return apply(ledger, some, done)

    monkeypatch.setattr(Ledger, "apply", counted)
    done = drain(refused.parent, Ledger(graph))
    assert done.entries == (JOURNALS - 1) * ENTRIES
    assert [Path(problem.path).stem for problem in done.problems] == [refused.stem]
    assert "another history" in str(done.problems[0])
    assert len(attempts) < 30, "what is refused is looked for by halves"
