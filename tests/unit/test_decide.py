"""The rules of recording, without a server: a stand-in keeps the rows and answers as record/look does."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_graph.events import AliasMoved, AliasRemoved, Edited, Event, Logged, RunFinished, RunStarted, Used, new_uid
from lineage_graph.journal import Entry, genesis, seal
from lineage_graph.ledger import Misfit, Receipt
from lineage_graph.ledger import given as given_again
from lineage_graph.ledger.ask import Wanted
from lineage_graph.ledger.decide import decide
from lineage_graph.ledger.state import State, micro

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
NOW = "2026-02-01T00:00:00.000000Z"
R, Q, A = "p/runs/r", "p/runs/q", "p/a"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def digest(i: int) -> str:
    return f"sha256:{i:064x}"


class Memory:
    """What record/write and record/amend would leave, and record/look would find, in dictionaries."""

    def __init__(self) -> None:
        self.journals: dict[str, list[Any]] = {}
        self.sequences: dict[str, list[int]] = {}
        self.nodes: dict[str, dict[str, Any]] = {}
        self.revs: dict[str, int] = {}
        self.used: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.logged: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.aliases: dict[str, dict[str, Any]] = {}
        self.moves: list[dict[str, Any]] = []
        self.edits: list[dict[str, Any]] = []
        self.links: list[dict[str, Any]] = []
        self.erasures: list[dict[str, Any]] = []
        self.openings: dict[tuple[str, int], str] = {}
        self.questions: list[dict[str, Any]] = []

    def _set(self, uid: str, row: dict[str, Any], kind: str) -> None:
        node = self.nodes.setdefault(uid, {"kind": kind})
        times = {"created_at": row.get("at")} | {t: row.get(t) for t in ("started_at", "ended_at", "resumed_at")}
        node |= row["props"] | {k: v for k, v in times.items() if v}
        self.nodes[uid] = {k: v for k, v in node.items() if v is not None}

    def write(self, rows: dict[str, Any], more: dict[str, Any] | None) -> None:
        more = more or {"links": [], "edits": [], "versions": [], "artifacts": [], "earlier": [], "questions": []}
        for head in rows["journals"]:
            self.journals[head["uid"]] = [head["applied"], head["head"], head["receipt"]]
        for uid, rev, number in rows["sequences"]:
            assert self.sequences.get(uid, [0])[0] == rev
            self.sequences[uid] = [rev + 1, number]
        for kind, new, changed in (
            ("artifact", rows["artifacts"], more["artifacts"]),
            ("version", rows["versions"], more["versions"]),
            ("run", rows["begun"], rows["runs"]),
        ):
            for row in new:
                assert row["props"]["uid"] not in self.nodes, "what is new is created once"
                self._set(row["props"]["uid"], row, kind)
            for row in changed:
                assert row["uid"] in self.nodes
                self._set(row["uid"], row, kind)
        for row in rows["runs"]:
            assert self.revs.get(row["uid"], 0) == row["rev"]
            self.revs[row["uid"]] = row["rev"] + 1
        for kind, edges in (("used", self.used), ("logged", self.logged)):
            for row in rows[kind]:
                key = (row["run"], row["version"], row.get("used_as"))
                assert key not in edges and row["run"] in self.nodes and row["version"] in self.nodes
                edges[key] = dict(row)
        for row in more["earlier"]:
            edges = self.used if row["kind"] == "used" else self.logged
            edges[row["run"], row["version"], row["used_as"]]["at"] = row["at"]
        for row in rows["aliases"]:
            self.aliases[row["uid"]] = {k: row[k] for k in ("version", "at", "event", "name")}
            self.moves += [{"alias": row["uid"]} | move for move in row["moves"]]
            for uid, change in ((row["before"], "remove"), (row["after"], "append")):
                if uid is not None:
                    getattr(self.nodes[uid]["aliases"], change)(row["name"])
        self.edits += more["edits"]
        self.links += more["links"]
        for row in rows["entries"]:
            self.openings[row["journal"], row["seq"]] = row["openings"]
        assert rows["erasures"] == len(self.erasures)
        self.questions += more["questions"]

    def _named(self, names: list[str]) -> list[list[str]]:
        return [[n["name"], u] for u, n in self.nodes.items() if n["kind"] == "version" and n["name"] in names]

    def look(self, asked: dict[str, Any]) -> dict[str, Any]:
        nodes, versions = self.nodes, {u for u, n in self.nodes.items() if n["kind"] == "version"}
        named = self._named(asked["names"])
        prefixes = [[a, p, [u for u in versions if nodes[u]["digest"].startswith(p)][:2]] for a, p in asked["prefixes"]]
        then = []
        for alias, when in asked["asked"]:
            past = sorted(
                (m["at"], m["event"], m["version"], m["removed"]) for m in self.moves if m["alias"] == alias and m["at"] <= when
            )
            then += [[alias, when, past[-1][2], past[-1][0], past[-1][1], past[-1][3]]] if past else []
        wanted = {*asked["versions"], *(u for _, u in named), *(x[2] for x in then), *(u for p in prefixes for u in p[2])}
        pairs = {tuple(p) for p in asked["pairs"]} | {(r, v) for r in asked["readers"] for v in wanted}
        get = lambda uid, *names: [nodes.get(uid, {}).get(name) for name in names]  # noqa: E731
        return {
            "now": NOW,
            "journals": [[uid, *self.journals[uid]] for uid in asked["journals"] if uid in self.journals],
            "artifacts": [
                [u, *self.sequences[u], *get(u, "type", "created_at", "description", "tags", "said")]
                for u in asked["artifacts"] if u in self.sequences
            ],
            "runs": [
                [u, self.revs.get(u, 0), *get(u, "started_by", "started_at", "finished_by", "ended_at", "resumed_at"),
                 *get(u, "config", "summary", "description", "tags", "said")]
                for u in asked["runs"] if u in nodes
            ],
            "versions": [
                [u, *get(u, "artifact", "name"), any(k[1] == u for k in self.logged),
                 *get(u, "created_at", "metadata", "description", "tags", "said"),
                 {k: nodes[u].get(k) for k in ("size", "file_count", "content", "source_id")}]
                for u in wanted if u in versions
            ],
            "named": named,
            "prefixes": prefixes,
            "aliases": [
                [u, *(self.aliases[u][k] for k in ("version", "at", "event"))] for u in asked["aliases"] if u in self.aliases
            ],
            "asked": then,
            "used": [[*k, e["at"]] for k, e in self.used.items() if k[:2] in pairs],
            "logged": [[*k[:2], e["at"]] for k, e in self.logged.items() if k[:2] in pairs],
            "moves": [[m["alias"], m["event"]] for m in self.moves],
            "edits": [e["props"]["uid"] for e in self.edits],
            "erased": [len(self.erasures), max((e["at"] for e in self.erasures), default=None)],
            "erasures": [[e["props"]["of"], e["props"]["event"], e["at"], e["props"]["groups"]] for e in self.erasures],
        }  # fmt: skip


class World:
    """A stand-in graph, and journals that are applied to it one entry at a time; cached: the ledger remembers."""

    def __init__(self, cached: bool = False) -> None:
        self.memory, self.cached, self.state = Memory(), cached, State()
        self.heads: dict[str, tuple[int, str]] = {}
        self.told: list[tuple[Entry, Receipt]] = []

    def apply(self, *entries: Entry) -> Receipt:
        wanted = Wanted(entries)
        self.state = self.state if self.cached else State()
        self.state.start_batch()
        if not wanted.known(self.state, self.cached):
            asked = wanted.parameters()
            self.state.take(asked, self.memory.look(asked))
        decision = decide(entries, self.state, NOW)
        self.memory.write(decision.write, decision.amend)
        self.memory.erasures += decision.erase["erasures"] if decision.erase else []
        return decision.receipts[-1]

    def restore(self, entry: Entry, receipt: Receipt) -> Receipt:
        """Applies an entry as its receipt says."""
        return self.apply(given_again(entry, json.loads(receipt.body), receipt.hash, json.loads(receipt.body)["prev"]))

    def say(self, *events: Event, journal: str = "j") -> list[dict[str, Any]]:
        seq, head = self.heads.get(journal, (0, genesis(journal)))
        entry = seal(journal, seq + 1, head, events)
        self.heads[journal] = (entry.seq, entry.hash)
        receipt = self.apply(entry)
        self.told.append((entry, receipt))
        return list(receipt.outcomes)

    def node(self, name: str) -> dict[str, Any]:
        return next(n for n in self.memory.nodes.values() if n.get("name") == name or n.get("id") == name)

    def alias(self, name: str) -> str | None:
        """The name of the version that an alias means."""
        [row] = [a for a in self.memory.aliases.values() if a["name"] == name]
        return None if row["version"] is None else str(self.memory.nodes[row["version"]]["name"])


def logged(i: int, seconds: float = 0, run: str = R, **more: Any) -> Logged:
    return Logged(run=run, artifact=A, digest=digest(i), type="t", at=at(seconds), **more)


@pytest.fixture(params=[False, True], ids=["forgetful", "remembering"])
def world(request: pytest.FixtureRequest) -> World:
    return World(request.param)


def results(outcomes: list[dict[str, Any]]) -> list[str]:
    return [o["result"] for o in outcomes]


def test_numbers_creators_and_repetition(world: World) -> None:
    [_, first, second] = world.say(RunStarted(run=R), logged(1), logged(2))
    assert (first["version"], first["created"], second["version"], second["created"]) == ("p/a:v0", True, "p/a:v1", True)
    [again, other] = world.say(logged(1, 1), logged(1, 2, run=Q))
    assert (again["result"], again["created"], again["version"]) == ("repeated", False, "p/a:v0")
    assert (other["result"], other["created"]) == ("recorded", False)
    assert sorted(e["created"] for e in world.memory.logged.values()) == [False, True, True]


def test_an_input_from_outside_is_created_by_the_first_who_logs_it(world: World) -> None:
    [used] = world.say(Used(run=Q, artifact=A, digest=digest(1), type="t", at=at(5)))
    assert used["version"] == "p/a:v0" and world.node("p/a:v0")["created_at"] == micro("2026-01-05T08:00:05Z")
    [first] = world.say(logged(1, 9, size=3, file_count=1, content="stored"))
    [second] = world.say(logged(1, 10, run=Q))
    assert first["created"] and not second["created"] and world.node("p/a:v0")["size"] == 3


def test_a_type_clash_is_rejected_and_the_rest_is_taken(world: World) -> None:
    [ok, clash, fine] = world.say(logged(1), Logged(run=R, artifact=A, digest=digest(2), type="other"), logged(3))
    assert results([ok, clash, fine]) == ["recorded", "rejected", "recorded"] and "'t'" in clash["reason"]
    assert fine["version"] == "p/a:v1"
    assert results(world.say(Used(run=R, artifact=A, digest=digest(1), type="other"))) == ["rejected"]


@pytest.mark.parametrize(
    "event",
    [
        Used(run=R, artifact=A, alias="best"),
        Used(run=R, artifact=A, number=7),
        Used(run=R, artifact=A, prefix="abcd"),
        Used(run=R, artifact=A, digest=digest(9)),
        AliasMoved(artifact=A, alias="x", digest=digest(9)),
        AliasMoved(artifact=A, alias="x", number=4),
        AliasMoved(artifact=A, alias="latest", number=0),
        AliasRemoved(artifact=A, alias="x"),
        Edited(artifact=A, digest=digest(9), description="x"),
        Edited(artifact="p/none", description="x"),
        Edited(run="p/runs/none", description="x"),
        Edited(description="x"),
        Edited(artifact=A, metadata={"a": 1}),
        Edited(run=R, metadata={"a": 1}),
    ],
    ids=lambda e: e.kind,
)
def test_what_is_not_there_or_not_allowed_is_rejected_with_a_reason(world: World, event: Event) -> None:
    world.say(RunStarted(run=R), logged(1))
    nodes = dict(world.memory.nodes)
    [outcome] = world.say(event)
    assert outcome["result"] == "rejected" and outcome["reason"] and world.memory.nodes == nodes


def test_names_mean_what_they_meant_then(world: World) -> None:
    world.say(logged(1, 0, aliases=("best",)), logged(2, 10), AliasMoved(artifact=A, alias="best", number=1, at=at(20)))
    meant = [
        world.say(Used(run=Q, artifact=A, used_as=str(s), at=at(s), **how))[0].get("version")
        for s, how in (
            (5, {"alias": "latest"}), (15, {"alias": "latest"}), (15, {"alias": "best"}), (25, {"alias": "best"}),
            (1, {"number": 1}), (1, {"prefix": digest(2)[:71]}), (-5, {"alias": "latest"}),
        )
    ]  # fmt: skip
    assert meant == ["p/a:v0", "p/a:v1", "p/a:v0", "p/a:v1", "p/a:v1", "p/a:v1", None]
    world.say(AliasRemoved(artifact=A, alias="best", at=at(30)))
    assert world.alias("best") is None and results(world.say(Used(run=Q, artifact=A, alias="best", at=at(31)))) == ["rejected"]
    assert world.node("p/a:v1")["aliases"] == ["latest"]


def test_the_second_use_under_one_name_is_a_repetition(world: World) -> None:
    world.say(logged(1))
    assert results(world.say(Used(run=Q, artifact=A, alias="latest", at=at(2)))) == ["recorded"]
    assert results(world.say(Used(run=Q, artifact=A, number=0, at=at(3)))) == ["repeated"]
    assert results(world.say(Used(run=Q, artifact=A, number=0, used_as="x", at=at(3)))) == ["recorded"]
    assert len(world.memory.used) == 2


def test_an_older_move_that_arrives_late_is_kept_and_moves_nothing(world: World) -> None:
    world.say(logged(1, 0), logged(2, 1), AliasMoved(artifact=A, alias="best", number=1, at=at(20)))
    world.say(AliasMoved(artifact=A, alias="best", number=0, at=at(10)))
    assert world.alias("best") == "p/a:v1" and len(world.memory.moves) == 4
    [used] = world.say(Used(run=Q, artifact=A, alias="best", at=at(15)))
    assert used["version"] == "p/a:v0"


def test_latest_is_the_last_log_even_of_an_older_number(world: World) -> None:
    world.say(logged(1, 0), logged(2, 1))
    assert world.alias("latest") == "p/a:v1"
    world.say(logged(1, 2, run=Q))
    assert world.alias("latest") == "p/a:v0" and world.node("p/a:v1")["aliases"] == []
    world.say(logged(3, -5, run=Q))
    assert world.alias("latest") == "p/a:v0"
    world.say(logged(3, 9, run="p/runs/z", aliases=("latest",)))
    assert world.alias("latest") == "p/a:v2" and world.node("p/a:v2")["aliases"] == ["latest"]


def test_a_rerun_moves_no_alias_and_describes_no_version_anew(world: World) -> None:
    world.say(logged(1, 0, metadata={"a": 1}, aliases=("best",)), logged(2, 1))
    [same] = world.say(logged(1, 2, run=Q, rerun=True, aliases=("best", "new"), metadata={"a": 2}, size=7))
    assert (same["result"], same["created"], same["version"]) == ("recorded", False, "p/a:v0")
    assert world.alias("latest") == "p/a:v1" and world.node("p/a:v0")["aliases"] == ["best"]
    assert world.node("p/a:v0")["metadata"] == '{"a":1}' and world.node("p/a:v0")["size"] == 7
    [other] = world.say(logged(3, 3, run=Q, rerun=True, metadata={"a": 3}))
    assert other["created"] and other["version"] == "p/a:v2" and world.node("p/a:v2")["metadata"] == '{"a":3}'
    assert world.alias("latest") == "p/a:v1" and world.node("p/a:v2")["aliases"] == [] and not world.memory.edits


def test_one_owner_and_stubs_that_are_filled(world: World) -> None:
    world.say(logged(1, 5), Used(run=R, artifact=A, number=0, at=at(3)))
    assert world.node("r")["stub"] and world.node("r")["started_at"] == micro("2026-01-05T08:00:03Z")
    start = RunStarted(run=R, name="brave", config={"a": 1}, at=at(4))
    assert results(world.say(start)) == ["recorded"]
    assert "stub" not in world.node("r") and world.node("r")["config.a"] == 1 and world.node("r")["name"] == "brave"
    assert results(world.say(start, journal="again")) == ["repeated"]
    assert results(world.say(RunStarted(run=R, name="other"))) == ["rejected"]
    assert results(world.say(RunStarted(run=R, role="worker"), RunStarted(run=R, role="resumed", at=at(9)))) == ["recorded"] * 2


def test_finishes_and_resumptions_by_their_times(world: World) -> None:
    world.say(RunStarted(run=R, at=at(0)), RunFinished(run=R, at=at(5), summary={"a": 1, "b": 2}))
    world.say(RunFinished(run=R, state="failed", at=at(3), summary={"z": 1}))
    assert world.node("r")["state"] == "finished" and "summary.z" not in world.node("r")
    world.say(RunStarted(run=R, role="resumed", at=at(6)))
    assert world.node("r")["state"] == "running"
    world.say(RunFinished(run=R, state="crashed", at=at(7)))
    assert world.node("r")["state"] == "crashed" and world.node("r")["summary.b"] == 2
    world.say(RunFinished(run=R, at=at(8), summary={"a": 3}))
    assert world.node("r")["summary.a"] == 3 and "summary.b" not in world.node("r")


def test_said_anew_leaves_nothing_of_what_was(world: World) -> None:
    world.say(RunStarted(run=R, config={"a": 1, "n": {"x": 1, "y": 2}}, at=at(0)), logged(1, 1, metadata={"m": 1, "k": [1]}))
    world.say(RunFinished(run=R, config={"n": {"x": 5}}, at=at(2)))
    assert {k: v for k, v in world.node("r").items() if k.startswith("config.")} == {"config.n.x": 5}
    world.say(Edited(artifact=A, digest=digest(1), metadata={"k": [2]}, at=at(3)))
    assert {k: v for k, v in world.node("p/a:v0").items() if k.startswith("metadata.")} == {"metadata.k": [2]}
    world.say(Edited(artifact=A, digest=digest(1), metadata={"old": 1}, at=at(2.5)))
    assert "metadata.old" not in world.node("p/a:v0") and len(world.memory.edits) == 2
    world.say(logged(1, 9, run=Q, metadata={"k": [2]}), logged(1, 10, run=Q, description="new"))
    assert world.node("p/a:v0")["description"] == "new" and len(world.memory.edits) == 3


def test_runs_and_artifacts_are_described(world: World) -> None:
    world.say(RunStarted(run=R, at=at(0), description="mine"), logged(1, 0))
    edits = Edited(run=R, description="d", tags=("x",), at=at(1)), Edited(artifact=A, description="e", at=at(1))
    assert results(world.say(*edits)) == ["recorded"] * 2
    assert results(world.say(*edits, journal="again")) == ["repeated"] * 2
    assert (world.node("r")["description"], world.node("r")["tags"], world.node("a")["description"]) == ("d", ["x"], "e")


def test_links_make_stubs_of_what_they_name(world: World) -> None:
    world.say(RunStarted(run=R, child_of=Q, retry_of="p/runs/z", at=at(1)))
    assert {link["kind"] for link in world.memory.links} == {"CHILD_OF", "RETRY_OF"} and world.node("q")["stub"]


def test_receipts_are_chained_and_count_what_they_reject() -> None:
    world = World(cached=True)
    first = world.apply(e1 := seal("j", 1, genesis("j"), [logged(1)]))
    second = world.apply(seal("j", 2, e1.hash, [Used(run=R, artifact=A, number=9)]))
    assert f'"prev":"{first.hash}"' in second.body and f'"prev":"{genesis("j")}"' in first.body
    assert world.memory.journals["j"][2] == second.hash


@st.composite
def histories(draw: st.DrawFn) -> list[list[Event]]:
    """Journals that each introduce what they speak of; no two events happen at the same time, each run has one owner."""
    times = iter(draw(st.permutations(range(40))))
    owned: set[str] = set()
    journals: list[list[Event]] = []
    for _ in range(draw(st.integers(2, 3))):
        known: set[int] = set()
        runs: set[str] = set()
        events: list[Event] = []
        for what in draw(st.lists(st.sampled_from("sulfawreRmA"), min_size=1, max_size=8)):
            run, i, now = draw(st.sampled_from([R, Q])), draw(st.integers(0, 2)), at(next(times))
            value: Any = draw(st.none() | st.fixed_dictionaries({}, optional={"a": st.integers(0, 2), "b": st.just(1)}))
            of: dict[str, Any] = {"artifact": A, "digest": digest(i), "type": "t", "metadata": value, "size": i}
            if what == "s" and run not in owned:
                owned.add(run)
                events.append(RunStarted(run=run, config=value, name="n", at=now))
            elif what == "r":
                events.append(RunStarted(run=run, role="resumed", at=now))
            elif what == "u":
                events.append(Used(run=run, at=now, used_as=draw(st.sampled_from([None, "x"])), **of))
                known.add(i)
            elif what == "l":
                events.append(Logged(run=run, at=now, aliases=draw(st.sampled_from([(), ("best",)])), **of))
                known.add(i)
            elif what == "f":
                events.append(
                    RunFinished(run=run, config=value, summary=draw(st.sampled_from([None, {"s": 1}, {"t": 2}])), at=now)
                )
            elif what == "a" and i in known:
                events.append(AliasMoved(artifact=A, alias="best", digest=digest(i), at=now))
            elif what in "eR" and i in known:
                events.append(Edited(artifact=A, digest=digest(i), description=what, metadata=value, at=now))
            elif what == "m" and run in runs:
                events.append(Edited(run=run, tags=("x", str(i)), at=now))
            elif what == "A" and known:
                events.append(Edited(artifact=A, description=str(i), at=now))
            else:
                continue
            runs.add(run) if what in "srulf" else None
        journals.append(events)
    return journals


FOLLOWS_ARRIVAL = {"name", "version", "rev", "said"}


def facts(memory: Memory) -> Any:
    """All that may not depend on the order in which journals arrive."""
    nodes = {
        uid: {
            k: sorted(v) if k == "aliases" else v
            for k, v in node.items()
            if k not in FOLLOWS_ARRIVAL or (node["kind"] == "run" and k == "name")
        }
        for uid, node in memory.nodes.items()
    }
    edges = [{k: e["at"] for k, e in kind.items()} for kind in (memory.used, memory.logged)]
    moves = sorted((m["alias"], m["event"], m["version"]) for m in memory.moves)
    return nodes, edges, moves, {u: (a["version"], a["event"]) for u, a in memory.aliases.items()}


@settings(max_examples=150, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_in_which_journals_arrive_changes_numbers_alone(journals: list[list[Event]], random: Any) -> None:
    found = []
    for cached in (False, True, True):
        order = [i for i, events in enumerate(journals) for _ in events]
        random.shuffle(order)
        world, streams = World(cached), [iter(events) for events in journals]
        said = [world.say(next(streams[i]), journal=f"j{i}") for i in order]
        assert not any(o["result"] == "rejected" for outcome in said for o in outcome)
        found.append(facts(world.memory))
        numbers = sorted(n["version"] for n in world.memory.nodes.values() if n["kind"] == "version")
        assert numbers == list(range(len(numbers)))
        creators = [e["version"] for e in world.memory.logged.values() if e["created"]]
        assert len(creators) == len(set(creators)) == len({k[1] for k in world.memory.logged})
        before = facts(world.memory), len(world.memory.edits)
        for events in journals:  # the same events once more, in journals of their own
            again = world.say(*events, journal=new_uid()) if events else []
            assert not any(o.get("created") for o in again)
        assert (facts(world.memory), len(world.memory.edits)) == before
    assert found[0] == found[1] == found[2]


# ── again, as it was ──────────────────────────────────────────────────────────────────────────────────────────────────────


def story(world: World) -> None:
    """Journals with a bit of everything, among it what is repeated, rejected, and meant by a name."""
    world.say(logged(1, 1, aliases=("best",)), logged(2, 2), journal="j0")
    world.say(RunStarted(run=Q, at=at(3)), Used(run=Q, artifact=A, alias="best", at=at(4)), journal="j1")
    world.say(logged(2, 5, run=Q, metadata={"m": 1}), logged(3, 6, run=Q), logged(3, 7, run=Q), journal="j1")
    world.say(AliasMoved(artifact=A, alias="best", number=1, at=at(8)), Used(run=R, artifact=A, number=9), journal="j0")
    world.say(Used(run=R, artifact=A, prefix=digest(3)[:71], at=at(9)), AliasRemoved(artifact=A, alias="best", at=at(10)))
    world.say(Edited(artifact=A, digest=digest(1), description="d", at=at(11)), RunFinished(run=Q, at=at(12)), journal="j1")


def test_what_comes_with_its_receipts_becomes_what_it_was(world: World) -> None:
    story(world)
    other = World(world.cached)
    receipts = [other.restore(*one) for one in world.told]
    assert receipts == [receipt for _, receipt in world.told] and vars(other.memory) == vars(world.memory)


@settings(max_examples=100, deadline=None)
@given(histories(), st.randoms(use_true_random=False), st.booleans())
def test_any_history_becomes_what_it_was(journals: list[list[Event]], random: Any, cached: bool) -> None:
    order = [i for i, events in enumerate(journals) for _ in events]
    random.shuffle(order)
    world, other, streams = World(cached), World(not cached), [iter(events) for events in journals]
    for i in order:
        world.say(next(streams[i]), journal=f"j{i}")
    assert [other.restore(*one) for one in world.told] == [receipt for _, receipt in world.told]
    assert vars(other.memory) == vars(world.memory)


def test_numbers_are_those_of_the_receipts_whatever_is_missing(world: World) -> None:
    """What is restored may be some journals of a graph: their numbers stay, and the next is greater than all."""
    world.say(logged(1), journal="j0")
    world.say(logged(2, 3, run=Q), logged(3, 4, run=Q), Used(run=Q, artifact=A, number=1, used_as="x", at=at(5)), journal="j1")
    other = World(world.cached)
    first = other.restore(*world.told[1])
    assert [o["version"] for o in first.outcomes] == ["p/a:v1", "p/a:v2", "p/a:v1"]
    [new] = other.say(logged(7, 9), journal="j2")
    assert new["version"] == "p/a:v3"
    other.restore(*world.told[0])
    assert {n["name"] for n in other.memory.nodes.values() if n["kind"] == "version"} == {f"p/a:v{i}" for i in range(4)}


def test_what_others_logged_before_may_be_missing_and_is_not_created_again(world: World) -> None:
    world.say(logged(1), journal="j0")
    world.say(logged(1, 2), logged(1, 3, run=Q), journal="j1")
    other = World(world.cached)
    restored = other.restore(*world.told[1])
    assert results(list(restored.outcomes)) == ["repeated", "recorded"] and restored == world.told[1][1]
    assert [edge["created"] for edge in other.memory.logged.values()] == [False, False]


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (logged(9), "p/a:v0 is another version in this graph"),
        (Logged(run=R, artifact=A, digest=digest(9), type="other"), "is of type 'other'"),
        (RunStarted(run=Q), "was started before"),
    ],
    ids=["number", "type", "run"],
)
def test_what_does_not_fit_is_refused(world: World, before: Event, why: str) -> None:
    world.say(RunStarted(run=Q), logged(1))
    other = World(world.cached)
    other.say(before, journal="other")
    nodes = dict(other.memory.nodes)
    with pytest.raises(Misfit, match=why) as refused:
        other.restore(*world.told[0])
    assert refused.value.place == "journal j, entry 1" and other.memory.nodes == nodes


def test_a_number_that_is_another_one_here_is_refused(world: World) -> None:
    world.say(logged(5), journal="before")
    world.say(logged(1))
    other = World(world.cached)
    other.say(logged(1), journal="other")
    with pytest.raises(Misfit, match="it was recorded as p/a:v1, created, and would be repeated as p/a:v0"):
        other.restore(*world.told[1])


def test_what_was_meant_must_be_there(world: World) -> None:
    world.say(logged(1), journal="j0")
    world.say(Used(run=Q, artifact=A, alias="latest", at=at(3)), journal="j1")
    with pytest.raises(Misfit, match="p/a:v0 is neither in this graph nor in what came before"):
        World(world.cached).restore(*world.told[1])


CHANGED: dict[str, tuple[Any, str]] = {
    "a byte": (lambda said: said | {"recorded_at": "2026-02-02T00:00:00.000000Z"}, "was changed"),
    "nothing": (lambda said: None, "has no receipt"),
    "no object": (lambda said: [said], "has no receipt"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_receipt_that_was_changed(name: str) -> None:
    world = World()
    world.say(logged(1))
    change, why = CHANGED[name]
    [(entry, receipt)] = world.told
    with pytest.raises(ValueError, match=why):
        given_again(entry, change(json.loads(receipt.body)), receipt.hash, genesis("j"))


def test_a_receipt_of_another_entry_and_one_out_of_its_chain() -> None:
    world = World()
    world.say(logged(1))
    world.say(logged(2))
    (first, _), (second, receipt) = world.told
    said = json.loads(receipt.body)
    with pytest.raises(ValueError, match="is another entry's"):
        given_again(first, said, receipt.hash, said["prev"])
    with pytest.raises(ValueError, match="does not follow the one before it"):
        given_again(second, said, receipt.hash, genesis("j"))
