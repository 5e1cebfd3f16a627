"""Erasing, without a server: what an erasure covers, in whichever order journals arrive, in files and in stores."""

from __future__ import annotations

import json
import os
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from lineage_graph import journal
from lineage_graph.draft import Draft
from lineage_graph.events import (
    AliasMoved,
    Asked,
    Edited,
    Erased,
    Event,
    Logged,
    RunFinished,
    RunStarted,
    Used,
    new_uid,
    sealed,
    unsealed,
    without,
)
from lineage_graph.journal import Entry, genesis, seal
from lineage_graph.ledger.ask import Wanted
from lineage_graph.ledger.decide import decide
from lineage_graph.ledger.erasing import Erasures, Spoken
from lineage_graph.ledger.state import State
from lineage_graph.store import Store
from tests.unit.test_decide import NOW, A, Memory, R, at, digest

MARK = "MARK-of-what-goes"
BOTH = ("content", "personal")
WHO: dict[str, Any] = {"actor": MARK}


def story() -> list[Event]:
    """All that is said of a run and of a version of its, at seconds 0 to 6, with MARK wherever it can stand."""
    version = {"artifact": A, "digest": digest(1)}
    return [
        RunStarted(
            run=R, at=at(0), author=MARK, email=MARK, host=MARK, config={"c": MARK, "n": {"d": MARK}}, command=MARK,
            tags=(MARK,), environment={"e": MARK}, source_id=MARK, description=MARK, job_type="train", **WHO,
        ),
        Logged(
            run=R, at=at(1), type="t", metadata={"m": MARK}, tags=(MARK,), source_id=MARK, content="stored", **version, **WHO
        ),
        AliasMoved(alias="best", at=at(2), number=0, artifact=A, **WHO),
        Edited(at=at(3), description=MARK, metadata={"m": {"again": MARK}}, **version, **WHO),
        Edited(run=R, at=at(4), description=MARK, **WHO),
        Edited(artifact=A, at=at(4.5), description=MARK, **WHO),
        Used(run=R, at=at(5), alias="best", artifact=A, **WHO),
        RunFinished(run=R, at=at(6), summary={"s": MARK}, config={"c": MARK, "z": 1}, **WHO),
    ]  # fmt: skip


class World:
    """A stand-in graph that keeps entries, as the real one does, and journals that are applied entry by entry."""

    def __init__(self) -> None:
        self.memory, self.state = Memory(), State()
        self.entries: dict[tuple[str, int], dict[str, Any]] = {}
        self.heads: dict[str, tuple[int, str]] = {}

    def say(self, *events: Event, journal: str = "j") -> list[dict[str, Any]]:
        seq, head = self.heads.get(journal, (0, genesis(journal)))
        entry = seal(journal, seq + 1, head, events)
        self.heads[journal] = (entry.seq, entry.hash)
        wanted, memory = Wanted([entry]), self.memory
        self.state.start_batch()
        said = [Spoken.of(row) for row in self.entries.values()] if wanted.erasures else []
        wanted.reach(said)
        if not wanted.known(self.state, False):
            asked = wanted.parameters()
            self.state.take(asked, memory.look(asked))
        decision = decide([entry], self.state, NOW, said)
        memory.write(decision.write, decision.amend)
        for row in decision.write["entries"]:
            self.entries[row["journal"], row["seq"]] = row
        if decision.erase:
            self.erase(decision.erase)
        return list(decision.receipts[-1].outcomes)

    def erase(self, rows: dict[str, Any]) -> None:
        """As record/erase does."""
        memory = self.memory
        memory.erasures += rows["erasures"]
        for uid, seq, openings in rows["entries"]:
            self.entries[uid, seq]["openings"] = openings
        for event, content, personal in rows["edits"]:
            for edit in [e["props"] for e in memory.edits if e["props"]["uid"] == event]:
                edit |= {"values": None} if content else {}
                edit |= {"actor": None} if personal else {}
        for event, content, personal in rows["questions"]:
            for question in [q["props"] for q in memory.questions if q["uid"] == event]:
                gone = ("statement", "parameters_digest", "reason") * content + ("actor",) * personal
                question |= dict.fromkeys(gone)
        for event, project in rows["placed"]:
            for stone in [row["props"] for row in memory.erasures if row["props"]["of"] == event]:
                stone["project"] = project
        for move in memory.moves:
            if [move["alias"], move["event"]] in rows["moves"]:
                move["actor"] = None

    def text(self) -> str:
        """All that is kept."""
        memory = self.memory
        told = [memory.nodes, memory.edits, memory.moves, memory.erasures, memory.questions, list(self.entries.values())]
        return json.dumps(told, default=str)

    def things(self) -> dict[str, Any]:
        """Runs, versions and artifacts, but for what says when something was said."""
        return {u: {k: v for k, v in n.items() if k != "said"} for u, n in self.memory.nodes.items()}


def erased(seconds: float = 10, **of: Any) -> Erased:
    return Erased(**{"at": at(seconds), "groups": BOTH, "reason": "asked for", "actor": "officer"} | of)


OF_ALL = [{"run": R}, {"artifact": A, "digest": digest(1)}, {"artifact": A}]


# ── what somebody asked ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("first", ["the question", "the erasure", "both at once"])
def test_a_question_goes_whole_and_of_other_single_events_who_said_it(first: str) -> None:
    world = World()
    asked = Asked(at=at(1), project="p", outcome="refused", statement=MARK, statement_digest=digest(1), reason=MARK, actor=MARK)
    begun = RunStarted(run=R, at=at(2), config={"c": 1}, author=MARK, actor=MARK)
    gone = erased(events=(asked.uid, begun.uid))
    if first == "both at once":
        world.say(asked, begun, gone)
    else:
        for journal, events in sorted({"a": (asked, begun), "b": (gone,)}.items(), reverse=first == "the erasure"):
            world.say(*events, journal=journal)
    assert MARK not in world.text()
    [question] = world.memory.questions
    assert question["props"]["statement_digest"] == digest(1) and question["props"]["outcome"] == "refused"
    assert [node["config.c"] for node in world.memory.nodes.values()] == [1]
    assert [row["props"]["project"] for row in world.memory.erasures] == ["p", R.partition("/runs/")[0]]


# ── what an event of erasing is ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"run": R, "artifact": A},
        {"run": R, "digest": digest(1)},
        {"run": R, "groups": ()},
        {"run": R, "groups": ("all",)},
        {"run": R, "reason": ""},
        {"events": (new_uid(),), "groups": ("content",)},
        {"events": ("x",), "groups": ("personal",)},
    ],
)
def test_an_erasure_is_of_one_thing_for_a_reason(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        erased(**wrong)


@pytest.mark.parametrize("of", [*OF_ALL, {"events": (new_uid(), new_uid()), "groups": ("personal",)}])
def test_an_erasure_comes_back_as_it_was_written(of: dict[str, Any]) -> None:
    event = erased(**of)
    written, opening = sealed(event)
    assert unsealed(written, opening) == event and written["reason"] == "asked for" and list(opening) == ["personal"]


def test_an_event_without_a_group_says_the_rest() -> None:
    for event in story():
        assert MARK not in str(without(event, BOTH))
        assert without(event, ()) is event and without(event, BOTH).uid == event.uid
    assert without(story()[1], ["content"]).content is None  # type: ignore[union-attr]


# ── the rules ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("together", [True, False], ids=["in one entry", "one by one"])
def test_nothing_of_it_is_left(together: bool) -> None:
    world = World()
    events = story()
    for some in [events] if together else [[event] for event in events]:
        world.say(*some)
    assert world.text().count(MARK) > 20
    for of in OF_ALL:
        world.say(erased(**of), journal="k")
    assert MARK not in world.text()
    things = {thing["kind"]: thing for thing in world.memory.nodes.values()}
    assert things["version"]["content"] == "erased" and things["run"]["state"] == "finished"
    assert not [k for k in things["run"] if k.startswith(("config", "summary", "environment", "author", "said"))]
    assert not [k for k in things["version"] if k.startswith(("metadata", "description", "tags", "source_id", "said"))]


@pytest.mark.parametrize("group", BOTH)
def test_one_group_leaves_the_other(group: str) -> None:
    world = World()
    world.say(*story())
    for of in OF_ALL:
        world.say(erased(groups=(group,), **of), journal="k")
    run = next(n for n in world.memory.nodes.values() if n["kind"] == "run")
    assert ("author" in run) == (group == "content") and ("config" in run) == (group == "personal")
    assert MARK in world.text()


def test_each_thing_has_what_is_said_of_it() -> None:
    """A run's erasure takes who used and logged, and leaves what was said of versions; a version's leaves the run."""
    world = World()
    world.say(*story())
    world.say(erased(run=R), journal="k")
    kinds = {n["kind"]: n for n in world.memory.nodes.values()}
    assert "metadata" in kinds["version"] and "config" not in kinds["run"] and "description" in kinds["artifact"]
    row = next(iter(world.entries.values()))
    left = [sorted(opening) for opening in json.loads(row["openings"])]
    assert left == [[], ["content"], ["personal"], ["content", "personal"], [], ["content", "personal"], [], []]
    world.say(erased(artifact=A, digest=digest(1)), journal="k")
    left = [sorted(opening) for opening in json.loads(row["openings"])]
    assert left == [[], [], [], [], [], ["content", "personal"], [], []]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_arrival_does_not_matter(order: tuple[int, ...]) -> None:
    first, second = story()[:3], story()[3:]
    journals: list[list[Event]] = [first, second, [erased(**of) for of in OF_ALL]]
    world, straight = World(), World()
    for i in order:
        world.say(*journals[i], journal=f"j{i}")
    for i in range(3):
        straight.say(*journals[i], journal=f"j{i}")
    assert MARK not in world.text()
    version, other = (next(n for n in w.memory.nodes.values() if n["kind"] == "version") for w in (world, straight))
    assert version["content"] == other["content"] == "erased"
    runs = [next(n for n in w.memory.nodes.values() if n["kind"] == "run") for w in (world, straight)]
    assert runs[0].keys() == runs[1].keys()


def test_what_is_said_later_counts() -> None:
    later = [
        Edited(run=R, at=at(20), description="fine"),
        Edited(artifact=A, digest=digest(1), at=at(20), metadata={"m": 1}),
        Logged(run="p/runs/q", artifact=A, digest=digest(1), type="t", at=at(21), content="stored", actor="ann"),
    ]
    worlds = [World(), World()]
    for world, late in zip(worlds, (False, True), strict=True):
        world.say(*story())
        if late:  # the erasure was asked for first and arrives last
            world.say(*later, journal="l")
        for of in OF_ALL:
            world.say(erased(**of), journal="k")
        if not late:
            world.say(*later, journal="l")
        assert MARK not in world.text()
        kinds = {n["kind"]: n for n in world.memory.nodes.values() if n.get("id") != "q"}
        assert kinds["run"]["description"] == "fine" and kinds["version"]["metadata.m"] == 1
    assert kinds["version"]["content"] == "erased"  # its bytes were there all the time
    assert next(n for n in worlds[0].memory.nodes.values() if n["kind"] == "version")["content"] == "stored"


def test_a_repetition_erases_nothing_twice() -> None:
    world = World()
    world.say(*story())
    event = erased(run=R)
    assert [world.say(event, event, journal=j)[i]["result"] for j, i in (("k", 0), ("m", 0))] == ["recorded", "repeated"]
    assert len(world.memory.erasures) == 1


def test_who_a_person_was_goes_by_events_and_names_nobody() -> None:
    world = World()
    events = story()
    world.say(*events)
    world.say(erased(events=tuple(e.uid for e in events), groups=("personal",)), journal="k")
    run = next(n for n in world.memory.nodes.values() if n["kind"] == "run")
    assert not {"author", "email", "host"} & run.keys() and "config" in run
    assert all(move["actor"] is None for move in world.memory.moves)
    assert all("personal" not in opening for opening in json.loads(world.entries["j", 1]["openings"]))
    world.say(*events, journal="copy")  # the same events in another journal
    assert all("personal" not in opening for opening in json.loads(world.entries["copy", 1]["openings"]))


@settings(max_examples=60, deadline=None)
@given(st.permutations(story()), st.lists(st.sampled_from(OF_ALL), min_size=3, max_size=3, unique_by=str), st.integers(0, 8))
def test_whatever_the_order_nothing_comes_back(events: list[Event], of: list[dict[str, Any]], cut: int) -> None:
    world = World()
    for i, event in enumerate(events[:cut]):
        world.say(event, journal=f"e{i % 3}")
    for one in of:
        world.say(erased(**one), journal="k")
    for i, event in enumerate(events[cut:]):
        world.say(event, journal=f"l{i % 3}")
    assert MARK not in world.text()


def test_old_events_are_looked_up_and_new_ones_are_not() -> None:
    erasures = Erasures()
    assert not erasures.spare("2026")
    erasures.count = 0
    assert erasures.spare("")
    erasures.learn(erased(run=R))
    assert not erasures.spare("2026-01-05T08:00:10.000000Z") and erasures.spare("2026-01-05T08:00:10.000001Z")


# ── journals ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def written(folder: Path, count: int = 3) -> journal.Journal:
    own = journal.Journal(folder, "never")
    for i in range(count):
        own.append([RunStarted(run=f"p/runs/r{i}", author=MARK, config={"c": f"{MARK} é {i}"}, at=at(i))])
    return own


def without_person(entry: Entry) -> list[set[str]]:
    return [{"personal"} for _ in entry.events]


@pytest.mark.parametrize("live", [True, False])
def test_a_journal_keeps_its_places_and_its_hashes(tmp_path: Path, live: bool) -> None:
    own = written(tmp_path)
    if not live:
        own.close()
    os.utime(own.path, (1, 1))
    before = list(journal.read(own.path))
    node = own.path.stat().st_ino
    assert journal.blank(own.path, without_person, dry_run=True) == 3 and own.path.read_bytes().count(MARK.encode()) == 6
    assert journal.blank(own.path, without_person) == 3
    after = list(journal.read(own.path))
    assert [(e.hash, p) for e, p in before] == [(e.hash, p) for e, p in after]
    assert [e.events[0].author for e, _ in after] == [None] * 3  # type: ignore[union-attr]
    assert [e.events[0].config for e, _ in after] == [e.events[0].config for e, _ in before]  # type: ignore[union-attr]
    assert own.path.read_bytes().count(MARK.encode()) == 3
    assert own.path.stat().st_mtime == 1 and (own.path.stat().st_ino == node) == live
    assert journal.blank(own.path, without_person) == 0
    assert journal.blank(own.path, lambda entry: [{"content", "personal"}]) == 3 and MARK not in own.path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == [own.path.name]
    if live:  # its writer goes on as if nothing had been
        own.append([RunStarted(run="p/runs/more", at=at(9))])
        own.close()
        assert [e.seq for e, _ in journal.read(own.path)] == [1, 2, 3, 4]


def test_a_torn_tail_and_a_broken_line_stay(tmp_path: Path) -> None:
    own = written(tmp_path)
    own.close()
    whole = own.path.read_bytes()
    own.path.write_bytes(whole + b'{"entry":{')
    assert journal.blank(own.path, without_person) == 3 and own.path.read_bytes().endswith(b'\n{"entry":{')
    own.path.write_bytes(whole.replace(b"p/runs/r1", b"p/runs/x1"))
    with pytest.raises(journal.JournalProblem, match="was changed"):
        journal.blank(own.path, without_person)


# ── stores ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def files(tmp_path: Path, **texts: str) -> Draft:
    draft = Draft()
    for name, text in texts.items():
        path = tmp_path / f"{name}-{len(text)}.txt"
        path.write_text(text)
        draft.add_file(path, f"{name}.txt")
    return draft


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(tmp_path / "store") if request.param == "folder" else Store(f"memory://{new_uid()}")


def test_what_others_name_stays(tmp_path: Path, store: Store) -> None:
    one, two = files(tmp_path, a="shared", b="own"), files(tmp_path, c="shared")
    gone, kept = store.put(one), store.put(two)
    would = store.drop(gone.digest, dry_run=True)
    assert would == (1, 1, 3, 1) and not store.missing(gone)
    assert store.drop(gone.digest) == would
    assert not store.has_manifest(gone.digest) and not store.missing(kept) and not store.has(gone["b.txt"].digest)
    assert store.drop(gone.digest) == (0, 0, 0, 0)
    assert store.drop(kept.digest) == (1, 1, 6, 0) and not store.has(kept["c.txt"].digest)


def test_an_altered_manifest_still_keeps_what_it_names(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    gone, kept = store.put(files(tmp_path, a="shared")), store.put(files(tmp_path, c="shared"))
    [path] = (tmp_path / "store" / "manifests").glob(f"*/{kept.digest.partition(':')[2]}.json")
    path.chmod(0o644)
    path.write_text(path.read_text().replace("c.txt", "d.txt"))
    assert store.drop(gone.digest).kept == 1 and store.has(gone["a.txt"].digest)


def test_a_single_blob_goes_unless_a_version_has_it(tmp_path: Path, store: Store) -> None:
    kept = store.put(files(tmp_path, a="x"))
    assert store.drop_blob(kept["a.txt"].digest) == (0, 0, 0, 1)
    assert store.drop_blob(digest(7)) == (0, 0, 0, 0)
