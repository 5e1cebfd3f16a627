"""What must hold after every fault: each event once, numbers without gap, mirrors that match, chains that hold.

All of it is derived anew from the entries and receipts that the graph keeps, and from the journals' files.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lineage_graph import journal
from lineage_graph.canonical import digest_of
from lineage_graph.graph import Graph
from lineage_graph.journal import genesis
from lineage_graph.names import parse_artifact, parse_run
from lineage_graph.queries import Declared, Query

ENTRIES = """MATCH (e:Entry) WHERE e.journal IN $journals WITH e ORDER BY e.journal, e.seq
RETURN collect([e.journal, e.seq, e.hash, e.body, e.receipt, e.receipt_hash]) AS found"""
JOURNALS = "MATCH (j:Journal) WHERE j.uid IN $journals RETURN collect([j.uid, j.applied, j.head, j.receipt_head]) AS found"
VERSIONS = """MATCH (v:ArtifactVersion {project: $project})
RETURN collect([v.artifact, v.version, v.uid, COUNT { (v)<-[:LOGGED {created: true}]-() }, COUNT { (v)<-[:LOGGED]-() },
  COUNT { (v)-[:VERSION_OF]->() }]) AS found"""
SEQUENCES = "MATCH (s:VersionSequence) WHERE s.artifact IN $artifacts RETURN collect([s.artifact, s.next]) AS found"
LOGGED = """MATCH (r:Run {project: $project})-[e:LOGGED]->(v)
RETURN collect([r.uid, v.uid, toString(e.at), toString(e.recorded_at)]) AS found"""
LOGGED_BY = """MATCH (r:Run {project: $project})<-[e:LOGGED_BY]-(v)
RETURN collect([r.uid, v.uid, toString(e.at), toString(e.recorded_at)]) AS found"""
USED = "MATCH (r:Run {project: $project})-[e:USED]->(v) RETURN collect([r.uid, v.uid, e.used_as]) AS found"
MOVED = """MATCH (v:ArtifactVersion {project: $project})<-[e:MOVED]-(a:Alias)
RETURN collect([a.uid, e.event, v.uid]) AS found"""
EDITS = "MATCH (:ArtifactVersion {project: $project})<-[:OF]-(e:Edit) RETURN collect([e.uid]) AS found"
RUNS = "MATCH (r:Run {project: $project}) RETURN collect([r.uid, r.state]) AS found"


def ask(graph: Graph, text: str, **given: Any) -> list[list[Any]]:
    declared = {name: Declared(name, "ANY", "") for name in given}
    [row] = graph.read(Query("test", "test", text, "?", "", declared, (), (), {}, None), **given)
    return [list(found) for found in row["found"]]


@dataclass
class Verdict:
    """events: in the graph. lost: acknowledged and not there, or not with its effect. doubled: there more than once.

    problems: sentences, empty when all holds.
    """

    acknowledged: int = 0
    events: int = 0
    lost: int = 0
    doubled: int = 0
    problems: list[str] = field(default_factory=list)

    def must(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.problems.append(sentence)


class Expected:
    """The edges, moves and edits that receipts speak of."""

    def __init__(self) -> None:
        self.logged: set[tuple[Any, ...]] = set()
        self.used: set[tuple[Any, ...]] = set()
        self.moved: set[tuple[Any, ...]] = set()
        self.edited: set[str] = set()
        self.runs: set[str] = set()

    def take(self, event: dict[str, Any], outcome: dict[str, Any]) -> None:
        if outcome["result"] == "rejected":
            return
        kind, version = event["kind"], outcome.get("version_uid")
        if "run" in event and kind != "erased":
            self.runs.add(parse_run(event["run"]).uid)
        if kind == "logged":
            self.logged.add((parse_run(event["run"]).uid, version))
            for alias in {"latest", *event.get("aliases", ())}:
                self.moved.add((parse_artifact(event["artifact"]).alias_uid(alias), event["uid"], version))
        elif kind == "used":
            self.used.add((parse_run(event["run"]).uid, version, event.get("used_as")))
        elif kind in ("alias_moved", "alias_removed"):
            self.moved.add((parse_artifact(event["artifact"]).alias_uid(event["alias"]), event["uid"], version))
        elif kind == "edited":
            self.edited.add(event["uid"])


def files_of(folder: Path) -> dict[str, Path]:
    """Every journal of that home, wherever it is by now."""
    return {path.stem: path for path in sorted(folder.rglob(f"*{journal.SUFFIX}"))}


def check(
    graph: Graph, project: str, journals: Path, acknowledged: Iterable[str], *, ended: bool = True, cut_short: bool = False
) -> Verdict:
    """Whether the graph has what the journals in that folder say, once. `project` is nobody else's.

    ended: whether every run should have ended by now.
    cut_short: a writer may have been killed while its disk was full: then the graph has entries that no file has, and nothing
    on that host says that their runs are over.
    """
    verdict = Verdict()
    files = files_of(journals)
    entries: dict[str, list[list[Any]]] = defaultdict(list)
    for row in ask(graph, ENTRIES, journals=list(files)):
        entries[row[0]].append(row)
    for row in ask(graph, ENTRIES, journals=_settled(entries)):
        entries[row[0]].append(row)
    heads = ask(graph, JOURNALS, journals=list({*files, *entries}))
    expected, seen = Expected(), Counter[str]()
    for uid, found in entries.items():
        _chain(verdict, uid, found, [head for head in heads if head[0] == uid])
        for row in found:
            said = zip(json.loads(row[3])["events"], json.loads(row[4])["outcomes"], strict=True)
            for event, outcome in said:
                verdict.must(event["uid"] == outcome["event"], f"receipt {uid} {row[1]} speaks of another event")
                seen[event["uid"]] += 1
                expected.take(event, outcome)
    for uid, path in files.items():
        written = [entry.hash for entry, _ in journal.read(path)]
        there = [row[2] for row in entries[uid]]
        if cut_short:
            there = there[: len(written)]
        verdict.must(written == there, f"journal {uid} is not what the graph has of it")
    known = set(acknowledged)
    verdict.acknowledged, verdict.events = len(known), seen.total()
    verdict.lost = len(known - seen.keys())
    verdict.doubled = sum(count - 1 for count in seen.values())
    _effects(verdict, graph, project, expected)
    _numbers(verdict, graph, project)
    running = sum(state == "running" for _, state in ask(graph, RUNS, project=project))
    verdict.must(cut_short or not (ended and running), f"{running} runs are said to run, and nobody does them")
    return verdict


def _settled(entries: dict[str, list[list[Any]]]) -> list[str]:
    """The journals, of no file, in which uses that came too early may have been settled."""
    outcomes = [outcome for found in entries.values() for row in found for outcome in json.loads(row[4])["outcomes"]]
    return [str(uuid.uuid5(uuid.UUID(one["event"]), "again")) for one in outcomes if one["result"] == "rejected"]


def _chain(verdict: Verdict, uid: str, found: list[list[Any]], heads: list[list[Any]]) -> None:
    previous = receipt = genesis(uid)
    for number, (_, seq, hash, body, receipt_body, receipt_hash) in enumerate(found, 1):
        told, said = json.loads(body), json.loads(receipt_body)
        verdict.must(seq == told["seq"] == said["seq"] == number, f"entry {uid} {seq} stands at place {number}")
        verdict.must(told["prev"] == previous and digest_of(body.encode()) == hash, f"entry {uid} {seq} breaks its chain")
        holds = said["prev"] == receipt and said["entry"] == hash and digest_of(receipt_body.encode()) == receipt_hash
        verdict.must(holds, f"receipt {uid} {seq} breaks its chain")
        previous, receipt = hash, receipt_hash
    verdict.must(heads == [[uid, len(found), previous, receipt]], f"journal {uid} is at {heads}, with {len(found)} entries")


def _effects(verdict: Verdict, graph: Graph, project: str, expected: Expected) -> None:
    def same(what: str, wanted: Iterable[tuple[Any, ...]], found: list[list[Any]]) -> None:
        counted, due = Counter(tuple(row) for row in found), set(wanted)
        lost, extra = len(due - counted.keys()), len(counted.keys() - due)
        doubled = counted.total() - len(counted)
        verdict.lost += lost
        verdict.doubled += doubled
        verdict.must(not (lost or extra or doubled), f"{what}: {lost} lost, {extra} of no event, {doubled} doubled")

    logged, mirrors = ask(graph, LOGGED, project=project), ask(graph, LOGGED_BY, project=project)
    same("LOGGED", expected.logged, [row[:2] for row in logged])
    verdict.must(sorted(logged) == sorted(mirrors), "LOGGED and LOGGED_BY differ")
    same("USED", expected.used, ask(graph, USED, project=project))
    same("MOVED", expected.moved, ask(graph, MOVED, project=project))
    same("Edit", ((uid,) for uid in expected.edited), ask(graph, EDITS, project=project))
    same("Run", ((uid,) for uid in expected.runs), [row[:1] for row in ask(graph, RUNS, project=project)])


def _numbers(verdict: Verdict, graph: Graph, project: str) -> None:
    of: dict[str, list[int]] = defaultdict(list)
    for artifact, number, uid, creators, producers, collections in ask(graph, VERSIONS, project=project):
        of[artifact].append(number)
        verdict.must(creators == min(1, producers), f"version {uid} has {creators} creators and {producers} producers")
        verdict.must(collections == 1, f"version {uid} belongs to {collections} artifacts")
    for artifact, numbers in of.items():
        verdict.must(sorted(numbers) == list(range(len(numbers))), f"numbers of {artifact} have a gap or a duplicate")
        uid = parse_artifact(artifact).uid
        has = ask(graph, SEQUENCES, artifacts=[uid])
        verdict.must(has == [[uid, len(numbers)]], f"{artifact} has {len(numbers)} versions, and its next is {has}")
