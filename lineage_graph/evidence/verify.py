"""`audit verify`: the chains recomputed, and what they say compared with all that is there.

Two passes, in memory that does not grow with the record. The first reads every journal's entries, checks chain, receipts and
openings, and spills what they claim into a temporary file. The second goes through claims and graph side by side, in order of
uid.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from lineage_graph import queries
from lineage_graph.answers.verification import Finding, Hole, Verification
from lineage_graph.errors import LineageError
from lineage_graph.evidence import trail
from lineage_graph.evidence.chain import Chain, Said
from lineage_graph.evidence.claims import ARTIFACT, LAST, QUESTION, RUN, VERSION, Claims, Scope
from lineage_graph.evidence.compare import Differ, Found, differences
from lineage_graph.evidence.erasures import Erasures, with_holes
from lineage_graph.evidence.facts import Claim, Facts, alias_facts, artifact_facts, question_facts, run_facts, version_facts
from lineage_graph.evidence.seals import Marks
from lineage_graph.evidence.times import normal
from lineage_graph.graph import Graph
from lineage_graph.ledger.uids import artifact_of
from lineage_graph.models import Truncated

ENTRIES, NODES = 100, 500  # asked for at once
STRAYS = 100
MOST = 1_000  # findings that an answer has, where nothing else is asked for
HOLES = 1_000
Progress = Callable[[int, int], object]
T = TypeVar("T")


class Verifier:
    """One verification. uid: of the scope's name, where the graph knows it."""

    def __init__(self, graph: Graph, scope: Scope, uid: str | None, marks: Marks, progress: Progress) -> None:
        self.graph, self.scope, self.uid, self.marks, self.progress = graph, scope, uid, marks, progress
        self.findings: list[tuple[str | None, Finding]] = []
        self.holes: list[Hole] = []
        self.erased = self.moving = 0
        self.journals = self.entries = self.events = self.receipts = self.nodes = self.relationships = 0
        self.done = self.total = self.compared = 0
        self.erasures = Erasures()
        self.first_recorded: dict[str, str] = {}
        self.uids: dict[str, list[str]] | None = None  # of what is looked at, where that is not everything

    def run(self) -> None:
        """Does all of it."""
        with _few_collections(), ThreadPoolExecutor(1, "lineage-verify") as self.ahead, Claims(self.scope) as claims:
            before = self._heads()
            if self.scope.name is not None:
                one = [self.uid] if self.uid is not None else []
                self.uids = {"runs": one, "versions": one}
            elif self.scope.project is not None:
                [self.uids] = self._read("uids", project=self.scope.project)
            self._chains(claims)
            self._erasures()
            claims.finish()
            self._things(claims)
            self._strays()
            self._forget_what_moves(claims, before)
        for finding in self.marks.findings:
            self.say(None, finding)

    def say(self, uid: str | None, finding: Finding) -> None:
        self.findings.append((uid, finding))

    def _holes(self, chain: Chain, said: Said) -> None:
        for group in said.event.pop("gone"):
            hole = Hole(entry=f"{chain.journal}, entry {chain.seq}", event=said.event["uid"], group=group)
            self.erased += 1
            if len(self.holes) < HOLES:
                self.holes.append(hole)
            self.erasures.hole(hole, said)

    def _step(self, count: int) -> None:
        self.done += count
        self.progress(self.done, max(self.total, self.done))

    def _read(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        return self.graph.read(queries.get(f"evidence/{name}"), **parameters)

    def _heads(self) -> dict[str, int]:
        [row] = self._read("heads", journals=None)
        return {uid: applied for uid, applied, _, _ in row["heads"] if isinstance(applied, int)}

    # ── the chains ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _chains(self, claims: Claims) -> None:
        rows = self._read("journals", project=self.scope.project)
        self.total = 2 * sum(row["entries"] for row in rows)
        for row in rows:
            self._chain(row["journal"], row["found"], claims)
        if self.scope.project is None:
            self.marks.gone({row["journal"] for row in rows if row["entries"]})

    def _chain(self, uid: str, nodes: list[Any], claims: Claims) -> None:
        chain = Chain(uid, lambda finding: self.say(None, finding), self.marks.wanted(uid))
        claims.begin_journal()
        for labels, props, degree in self._entries(uid, 0):
            self._take(chain, claims, labels, props, degree)
        applied = nodes[0][1].get("applied") if nodes else None
        if applied != chain.seq and nodes:  # somebody records at this moment, or it is wrong
            nodes = self._read_on(uid, chain, nodes, claims)
        chain.end(nodes)
        self.marks.compare(chain.journal, chain.seq, chain.marks)
        self.journals += 1
        self.entries += chain.entries
        self.events += chain.events
        self.receipts += chain.receipts
        self.nodes += chain.entries + len(nodes)

    def _read_on(self, uid: str, chain: Chain, nodes: list[Any], claims: Claims) -> list[Any]:
        while True:
            [row] = self._read("heads", journals=[uid])
            if not row["heads"]:
                return nodes
            _, applied, head, receipt = row["heads"][0]
            now = [[nodes[0][0], nodes[0][1] | {"applied": applied, "head": head, "receipt_head": receipt}, nodes[0][2]]]
            before = chain.seq
            for labels, props, degree in self._entries(uid, chain.seq, applied if isinstance(applied, int) else None):
                self._take(chain, claims, labels, props, degree)
            if chain.seq in (before, applied):
                return now

    def _take(self, chain: Chain, claims: Claims, labels: Any, props: Any, degree: int) -> None:
        for said in chain.take(labels, props, degree):
            try:
                if "gone" in said.event:
                    self._holes(chain, said)
                if said.event["kind"] == "erased":
                    self.erasures.take(said)
                claims.take(said)
            except (LineageError, KeyError, TypeError, ValueError, AttributeError):
                chain.found("chain", chain.seq, f"event {said.event.get('uid')} or its outcome cannot be read")
        self._step(1)

    def _entries(self, uid: str, after: int, upto: int | None = None) -> Iterator[Any]:
        def page(after: int) -> list[Any]:
            [row] = self._read("entries", journal=uid, after=after, upto=upto, limit=ENTRIES)
            return list(row["entries"])

        return self._pages(page, after, ENTRIES, lambda entry: entry[1]["seq"])

    def _pages(self, page: Callable[[Any], list[T]], after: Any, size: int, key: Callable[[T], Any]) -> Iterator[T]:
        """Everything, page after page, the next one asked for while this one is looked at."""
        some = page(after)
        while some:
            more = self.ahead.submit(page, key(some[-1])) if len(some) == size else None
            yield from some
            some = more.result() if more is not None else []

    def _parts(self, part: Callable[[int], list[T]], starts: Sequence[int]) -> Iterator[T]:
        """The same of parts whose beginnings are known."""
        coming = self.ahead.submit(part, starts[0]) if starts else None
        for following in (*starts[1:], None):
            some = coming.result() if coming is not None else []
            coming = self.ahead.submit(part, following) if following is not None else None
            yield from some

    # ── the things ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _things(self, claims: Claims) -> None:
        scope = self.scope
        if scope.name is None or scope.of_run:
            for uid, said, found in _side_by_side(claims.of(RUN), self._nodes("runs")):
                self._compare("Run", uid, said, found, partial(run_facts, uid))
        if scope.name is None or not scope.of_run:
            expected = ((uid, said) for uid, said in claims.of(VERSION) if scope.name is None or _is_version(said))
            within = None if scope.project is None else "" if scope.name is not None else scope.project
            for uid, said, found in _side_by_side(expected, self._nodes("versions", within=within)):
                self._compare("ArtifactVersion", uid, said, found, partial(_version, uid))
                self._note_first(uid, said, found)
        if scope.name is None:
            self._artifacts(claims)
            self._aliases(claims)
            for uid, said, found in _side_by_side(claims.of(QUESTION), self._nodes("questions")):
                self._compare("Question", uid, said, found, partial(question_facts, uid))

    def _nodes(self, name: str, **more: Any) -> Iterator[tuple[str, Found]]:
        def page(after: str) -> list[Any]:
            [row] = self._read(name, after=after, limit=NODES, uids=None, **more)
            return list(row["nodes"])

        def part(start: int) -> list[Any]:
            [row] = self._read(name, after="", limit=NODES, uids=uids[start : start + NODES], **more)
            return list(row["nodes"])

        if self.uids is None:
            pages = self._pages(page, "", NODES, lambda found: found[0])
        else:
            uids = self.uids[name]
            pages = self._parts(part, range(0, len(uids), NODES))
        for found in pages:
            self.nodes += 1 + len(found[5])
            self._step(1)
            yield found[0], found

    def _compare(self, label: str, uid: str, said: Any, found: Found | None, make: Callable[[Any], Facts]) -> None:
        if said is None:
            differ = Differ()
            differ.added(label, found or ())
        else:
            differ = differences(said, with_holes(make, self.erasures), found)
        self._end(uid, differ)

    def _end(self, uid: str, differ: Differ) -> None:
        self.compared += bool(uid)  # a tombstone or a stray is not what was asked for
        self.relationships += differ.relationships
        for finding in differ.findings:
            self.say(uid, finding)

    def _note_first(self, uid: str, said: Any, found: Found | None) -> None:
        """Which of two ledgers made an artifact's first version is known from that version."""
        if said is None or found is None or found[2].get("version") != 0 or len({n >> 40 for n, _ in said}) < 3:
            return
        if len(self.first_recorded) < STRAYS * STRAYS and not any(one == uid for one, _ in self.findings[-20:]):
            self.first_recorded[artifact_of(found[2]["artifact"])[1]] = found[2]["recorded_at"]

    def _artifacts(self, claims: Claims) -> None:
        edits = claims.of(ARTIFACT)
        edited: tuple[str, list[tuple[int, Claim]]] | None = next(edits, None)
        for uid, began, found in _side_by_side(claims.began(), self._nodes("artifacts")):
            own: list[Claim] = []
            while edited is not None and edited[0] <= uid:
                if edited[0] == uid:
                    own = [claim for _, claim in edited[1]]
                edited = next(edits, None)
            differ = Differ()
            if began is None:
                differ.added("Artifact", found or ())
            else:
                recorded = began[3] if began[3] != LAST else None
                known = normal(self.first_recorded[uid]) if uid in self.first_recorded else recorded
                facts = artifact_facts(uid, (*began[:3], known, began[4]), own)
                self.erasures.unsure(facts)
                if known is None:
                    facts.unsure.add("recorded_at")
                if found is None:
                    differ.missing(facts)
                else:
                    differ.thing(facts, found)
            self._end(uid, differ)

    def _aliases(self, claims: Claims) -> None:
        for uid, means, found in _side_by_side(claims.means(), self._nodes("aliases")):
            differ = Differ()
            if means is None:
                differ.added("Alias", found or ())
            elif found is None:
                differ.missing(alias_facts(uid, means))
            else:
                differ.thing(alias_facts(uid, means), found)
            self._end(uid, differ)

    def _erasures(self) -> None:
        """Erasures that the journals looked at do not tell of, and tombstones."""
        everything = self.scope.project is None
        own = {event for event, _ in self.erasures.stones}
        if not everything:
            for said in trail.erasing(self.graph):
                self.erasures.take(said)
        for finding in self.erasures.unaccounted():
            self.say(None, finding)
        project = self.scope.project if self.scope.name is None else None
        [row] = self._read("erasures", events=None if everything else list(own), project=project)
        differ = Differ()
        self.erasures.compare(row["erasures"], None if everything else own, differ)
        self.nodes += len(row["erasures"])
        self._end("", differ)

    def _strays(self) -> None:
        if self.scope.name is not None:
            return
        for row in self._read("strays", project=self.scope.project, limit=STRAYS):
            differ = Differ()
            why = f"{row['what']} {row['id']} was added: {row['why']}"
            differ.add("added", row["what"], str(row["id"]), None, None, {k: str(v) for k, v in row["properties"].items()}, why)
            self._end("", differ)

    def _forget_what_moves(self, claims: Claims, before: Mapping[str, int]) -> None:
        """What was written about since the first look may be half old and half new: it is counted, and not judged."""
        new = {uid: before.get(uid, 0) for uid, applied in self._heads().items() if applied > before.get(uid, 0)}
        if not new:
            return
        mentioned = claims.mentions()
        for uid, after in new.items():
            chain = Chain(uid, lambda finding: None)
            for labels, props, degree in self._entries(uid, after):
                self._take(chain, claims, labels, props, degree)
        mentioned |= {means[4] for uid, means in claims.means() if uid in mentioned and means[4] is not None}
        self.moving = len(mentioned)
        self.findings = [(uid, finding) for uid, finding in self.findings if uid not in mentioned]

    def answer(self, limit: int | None, after: int) -> Verification:
        most = limit or MOST
        found = [finding for _, finding in self.findings]
        shown = found[after : after + most]
        truncated = None
        if len(found) > after + most:
            truncated = Truncated(reason="limit", limit=most, cursor=str(after + most))
        return Verification(
            ok=not found,
            scope=self.scope.name or self.scope.project,
            journals=self.journals,
            entries=self.entries,
            events=self.events,
            receipts=self.receipts,
            nodes=self.nodes,
            relationships=self.relationships,
            checkpoints=self.marks.count,
            findings=tuple(shown),
            holes=tuple(self.holes),
            erased=self.erased,
            moving=self.moving,
            truncated=truncated,
        )


@contextmanager
def _few_collections() -> Iterator[None]:
    """Pages of nested lists come and go without a cycle in them; looking for one takes a fifth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _is_version(said: list[tuple[int, Claim]]) -> bool:
    return any(claim[1] == "said" for _, claim in said)


def _version(uid: str, order: Any) -> Facts:
    return version_facts(uid, order, artifact_of(order[0][2].rpartition(":v")[0])[1])


E = TypeVar("E")
F = TypeVar("F")


def _side_by_side(
    expected: Iterator[tuple[str, E]], found: Iterator[tuple[str, F]]
) -> Iterator[tuple[str, E | None, F | None]]:
    """(uid, what must be, what is) of two rows that are sorted by uid."""
    a, b = next(expected, None), next(found, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a[0] < b[0]):
            assert a is not None
            yield a[0], a[1], None
            a = next(expected, None)
        elif a is None or b[0] < a[0]:
            yield b[0], None, b[1]
            b = next(found, None)
        else:
            yield a[0], a[1], b[1]
            a, b = next(expected, None), next(found, None)
