"""Random histories against a plain model: whatever is said, in whatever order it arrives, however often.

Several processes write journals (real files), which are applied in parts, all at once as `sync` does, and again. After that the
graph has to answer as the model does. LINEAGE_GRAPH_TEST_EXAMPLES: how many histories; by default a few, always the same.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from lineage_graph.errors import NotRecorded
from lineage_graph.events import AliasMoved, AliasRemoved, Edited, Erased, Event, Logged, RunFinished, RunStarted, Used
from lineage_graph.evidence.evidence import Evidence
from lineage_graph.graph import Graph
from lineage_graph.journal import Entry, Journal, read
from lineage_graph.ledger import Ledger, Receipt
from lineage_graph.lineage import Reader
from lineage_graph.models import Lineage
from lineage_graph.names import parse_artifact, parse_run
from lineage_graph.recording.drain import drain
from tests.faults.invariants import ask, check
from tests.model.plain import LATEST, Plain, Version

EXAMPLES = int(os.environ.get("LINEAGE_GRAPH_TEST_EXAMPLES", "0"))
FEW, STEPS = 4, 30
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
WRITERS, LEDGERS = 3, 2
SPAN = 1000  # seconds in which everything happens

writers, ledgers = st.integers(0, WRITERS - 1), st.integers(0, LEDGERS)
moments = st.integers(0, SPAN)
artifacts, runs, contents = st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 3)
types = st.sampled_from(["t", "t", "t", "t", "t", "other"])
aliases = st.sampled_from(["best", "prod"])
roles = st.sampled_from([None, "train"])
actors = st.sampled_from([None, "ann"])
groups = st.sampled_from([("content",), ("personal",), ("content", "personal")])
OPENINGS = """MATCH (e:Entry) WHERE e.journal IN $journals
RETURN collect([e.body, e.openings]) AS found"""


def digest(content: int) -> str:
    return f"sha256:{content:064x}"


class Histories(RuleBasedStateMachine):
    """Writers that say things, ledgers that apply them, and the model beside the graph."""

    graph: ClassVar[Graph]

    @initialize()
    def begin(self) -> None:
        self.project = f"m{uuid.uuid4().hex[:12]}"
        self.folder = Path(tempfile.mkdtemp(prefix="histories-"))
        self.model = Plain()
        self.journals = [Journal(self.folder, fsync="never") for _ in range(WRITERS)]
        self.entries: list[list[Entry]] = [[] for _ in self.journals]
        self.applied = [0] * WRITERS
        self.ledgers = [Ledger(self.graph) for _ in range(LEDGERS)]
        self.told = 0

    # ── what is said ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _at(self, moment: int) -> datetime:
        """That moment; no two events are at the same one."""
        self.told += 1
        return START + timedelta(seconds=moment, microseconds=self.told)

    def _say(self, writer: int, event: Event) -> None:
        self.entries[writer].append(self.journals[writer].append([event]))

    def _of(self, artifact: str) -> str:
        return f"{self.project}/{artifact}"

    def _run(self, run: str) -> str:
        return f"{self.project}/runs/{run}"

    @rule(writer=writers, run=runs, moment=moments, author=actors, says=st.booleans())
    def start(self, writer: int, run: str, moment: int, author: str | None, says: bool) -> None:
        config = {"c": self.told} if says else None
        self._say(writer, RunStarted(run=self._run(run), at=self._at(moment), config=config, author=author, actor=author))

    @rule(writer=writers, run=runs, moment=moments, state=st.sampled_from(["finished", "failed"]), says=st.booleans())
    def finish(self, writer: int, run: str, moment: int, state: Any, says: bool) -> None:
        said: dict[str, Any] = {"config": {"c": self.told}, "summary": {"s": self.told}} if says else {}
        self._say(writer, RunFinished(run=self._run(run), state=state, at=self._at(moment), **said))

    @rule(
        writer=writers, run=runs, artifact=artifacts, content=contents, type=types, moment=moments,
        alias=st.none() | aliases, actor=actors,
    )  # fmt: skip
    def log(
        self, writer: int, run: str, artifact: str, content: int, type: str, moment: int, alias: str | None, actor: str | None
    ) -> None:
        said: dict[str, Any] = {"digest": digest(content), "type": type, "aliases": (alias,) if alias else (), "actor": actor}
        said["source_id"] = f"s{self.told}" if actor else None
        self._say(writer, Logged(run=self._run(run), artifact=self._of(artifact), at=self._at(moment), **said))

    @rule(
        writer=writers, run=runs, artifact=artifacts, moment=moments, role=roles, type=st.none() | types,
        how=st.one_of(
            contents.map(lambda c: {"digest": digest(c)}),
            st.integers(0, 4).map(lambda n: {"number": n}),
            st.sampled_from([LATEST, "best", "prod"]).map(lambda a: {"alias": a}),
        ),
    )  # fmt: skip
    def use(
        self, writer: int, run: str, artifact: str, moment: int, role: str | None, type: str | None, how: dict[str, Any]
    ) -> None:
        said = how | ({"type": type} if "digest" in how else {})
        event = Used(run=self._run(run), artifact=self._of(artifact), at=self._at(moment), used_as=role, **said)
        self._say(writer, event)

    @rule(
        writer=writers, artifact=artifacts, alias=aliases, moment=moments, actor=actors,
        to=st.one_of(
            contents.map(lambda c: {"digest": digest(c)}),
            st.integers(0, 4).map(lambda n: {"number": n}),
            st.sampled_from([LATEST, "best"]).map(lambda a: {"source": a}),
        ),
    )  # fmt: skip
    def move(self, writer: int, artifact: str, alias: str, moment: int, actor: str | None, to: dict[str, Any]) -> None:
        self._say(writer, AliasMoved(artifact=self._of(artifact), alias=alias, at=self._at(moment), actor=actor, **to))

    @rule(writer=writers, artifact=artifacts, alias=aliases, moment=moments)
    def remove(self, writer: int, artifact: str, alias: str, moment: int) -> None:
        self._say(writer, AliasRemoved(artifact=self._of(artifact), alias=alias, at=self._at(moment)))

    @rule(writer=writers, artifact=artifacts, content=contents, moment=moments, text=st.sampled_from("uvw"))
    def edit(self, writer: int, artifact: str, content: int, moment: int, text: str) -> None:
        said: dict[str, Any] = {"description": text} if text != "w" else {"tags": (text,)}
        event = Edited(artifact=self._of(artifact), digest=digest(content), at=self._at(moment), actor="ann", **said)
        self._say(writer, event)

    @rule(
        writer=writers, moment=moments, groups=groups,
        of=st.one_of(
            runs.map(lambda run: (run, None, None)),
            st.tuples(st.none(), artifacts, contents),
            st.tuples(st.none(), artifacts, st.none()),
        ),
    )  # fmt: skip
    def erase(self, writer: int, moment: int, groups: Any, of: tuple[str | None, str | None, int | None]) -> None:
        run, artifact, content = of
        about: dict[str, Any] = {"run": self._run(run)} if run is not None else {"artifact": self._of(str(artifact))}
        about |= {"digest": digest(content)} if content is not None else {}
        self._say(writer, Erased(at=self._at(moment), groups=groups, reason="why", actor="officer", **about))

    @rule(writer=writers, seed=st.integers(0, 1000))
    def forget(self, writer: int, seed: int) -> None:
        """Who said some of all that was said by now, applied or not."""
        said = [event.uid for entries in self.entries for entry in entries for event in entry.events]
        some = random.Random(seed).sample(said, min(len(said), 5))
        if some:
            self._say(writer, Erased(at=self._at(SPAN), groups=("personal",), reason="why", events=tuple(some)))

    # ── how it arrives ────────────────────────────────────────────────────────────────────────────────────────────────

    def _ledger(self, which: int) -> Ledger:
        """One that remembers what it did, or (the last) one that knows nothing."""
        return self.ledgers[which] if which < LEDGERS else Ledger(self.graph)

    def _arrived(self, writer: int, entry: Entry, outcomes: tuple[dict[str, Any], ...]) -> None:
        for event, outcome in zip(entry.events, outcomes, strict=True):
            assert self.model.take(event) == (outcome["result"] != "rejected"), (event, outcome)
        self.applied[writer] += 1

    @rule(writer=writers, ledger=ledgers, back=st.integers(0, 5), most=st.integers(1, 30))
    def deliver(self, writer: int, ledger: int, back: int, most: int) -> None:
        """A part of a journal, and what was delivered before once more."""
        first = max(0, self.applied[writer] - back)
        some = self.entries[writer][first : self.applied[writer] + most]
        receipts: list[Receipt] = []
        new = self._ledger(ledger).apply(some, receipts.extend)
        assert [receipt.seq for receipt in receipts] == [entry.seq for entry in some]
        assert new == len(some) - (self.applied[writer] - first)
        for entry, receipt in zip(some, receipts, strict=True):
            if entry.seq > self.applied[writer]:
                self._arrived(writer, entry, receipt.outcomes)

    @rule(ledger=ledgers)
    def sync(self, ledger: int) -> None:
        """All that waits, journals among each other by the time of what happened."""
        paths = [str(journal.path) for journal in self.journals]
        waiting = {i: self.entries[i][self.applied[i] :] for i in range(WRITERS)}
        done = drain(self.folder, self._ledger(ledger))
        assert (done.entries, done.problems) == (sum(map(len, waiting.values())), [])
        while any(waiting.values()):
            i = min((i for i in waiting if waiting[i]), key=lambda i: (waiting[i][0].events[0].at_text, paths[i]))
            entry = waiting[i].pop(0)
            [receipt] = self.ledgers[0].receipts(entry.journal, entry.seq - 1, entry.seq)
            self._arrived(i, entry, receipt.outcomes)

    # ── what the graph answers ────────────────────────────────────────────────────────────────────────────────────────

    @rule(moment=st.none() | moments)
    def look(self, moment: int | None) -> None:
        reader, model = Reader(self.graph, self.project), self.model
        as_of = None if moment is None else START + timedelta(seconds=moment, microseconds=500_000)
        for artifact, digests in model.numbers.items():
            found = {v.version: v for v in reader.versions(artifact)}
            assert {n: v.digest for n, v in found.items()} == dict(enumerate(digests))
            for number, known in enumerate(digests):
                version = (artifact, known)
                assert found[number].description == model.says(version, "description")
                assert found[number].tags == (model.says(version, "tags") or ())
                assert found[number].source_id in model.source_ids(version)
                assert sorted(found[number].aliases) == sorted(
                    alias for (of, alias) in model.moves if of == artifact and model.alias(of, alias, None) == version
                )
                creator = reader.creator(f"{artifact}:v{number}")
                assert (creator.full_name if creator else None) == model.creators.get(version)
        for artifact, alias in model.moves:
            assert self._alias(reader, artifact, alias, as_of) == model.alias(artifact, alias, as_of)
        there = {run.full_name: run for run in reader.runs(self.project)}
        assert {name: run.state for name, run in there.items()} == {run: model.state(run) for run in model.runs}
        for name, run in there.items():
            said = (run.config, run.summary, run.author)
            assert said == (model.says(name, "config") or {}, model.says(name, "summary") or {}, model.says(name, "author"))
        self._openings()
        home = self._home(moment or 0)
        if home is not None:
            self._walk(reader, home, as_of)

    def _openings(self) -> None:
        """Of every event, what was erased is gone, and nothing else."""
        for body, openings in ask(self.graph, OPENINGS, journals=[journal.uid for journal in self.journals]):
            for event, opening in zip(json.loads(body)["events"], json.loads(openings), strict=True):
                assert opening.keys() == self.model.kept(event["uid"]), (event, opening)

    @staticmethod
    def _alias(reader: Reader, artifact: str, alias: str, as_of: datetime | None) -> Version | None:
        try:
            found = reader.version(f"{artifact}:{alias}", as_of=as_of)
        except NotRecorded:
            return None
        return found.artifact, found.digest

    def _home(self, seed: int) -> Version | None:
        known = [(artifact, one) for artifact, digests in self.model.numbers.items() for one in digests]
        return random.Random(seed).choice(known) if known else None

    def _walk(self, reader: Reader, home: Version, as_of: datetime | None) -> None:
        name = f"{home[0]}:v{self.model.numbers[home[0]].index(home[1])}"
        for up in (True, False):
            walk = (reader.upstream if up else reader.downstream)(name, as_of=as_of)
            expected = self.model.walk(home, up, as_of)
            assert _depths(walk) == {_uid(node): depth for node, depth in expected.items()}
            edges = {edge for edge in self.model.edges(as_of) if edge[1] in expected and edge[2] in expected}
            assert {(e.kind, e.run, e.version) for e in walk.edges} == {(k, _uid(run), _uid(v)) for k, run, v in edges}

    def teardown(self) -> None:
        if not hasattr(self, "folder"):
            return
        try:
            self.sync(LEDGERS)
            self.look(None)
            for journal in self.journals:
                journal.close()
            written = [event.uid for entries in self.entries for entry in entries for event in entry.events]
            verdict = check(self.graph, self.project, self.folder, written, ended=False)
            assert (verdict.problems, verdict.lost, verdict.doubled) == ([], 0, 0)
            if self.model.runs or self.model.numbers:
                assert [finding.sentence for finding in Evidence(self.graph).verify(project=self.project).findings] == []
            assert all(sum(1 for _ in read(j.path)) == len(e) for j, e in zip(self.journals, self.entries, strict=True))
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


def _uid(node: str | Version) -> str:
    return parse_run(node).uid if isinstance(node, str) else parse_artifact(node[0]).version_uid(node[1])


def _depths(walk: Lineage) -> dict[str, int]:
    return {run.uid: run.depth for run in walk.runs} | {version.uid: version.depth for version in walk.versions}


def test_histories_and_their_model_agree(graph: Graph) -> None:
    class Bound(Histories):
        pass

    Bound.graph = graph
    run_state_machine_as_test(
        Bound,
        settings=settings(
            max_examples=EXAMPLES or FEW,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not EXAMPLES,
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
