"""Ten thousand broken lines to each reader of lines: a sentence or a right answer, never a traceback, and nothing half done."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest

from lineage_graph import journal
from lineage_graph.errors import ImportRefused, JournalProblem, LineageError
from lineage_graph.events import Edited, Logged, RunFinished, RunStarted, Used, new_uid
from lineage_graph.exchange import import_lines
from lineage_graph.formats import jsonl
from lineage_graph.journal import Entry, Position, genesis, parse_line, seal
from lineage_graph.recording.drain import applied_position, in_order, journals_in, waiting

LINES = 10_000
DIGEST = "sha256:" + "ab" * 32
# What JSON can say that nobody expects.
ODD: list[Any] = [
    None, True, -1, 0, 1, 2**53, 10**30, 1e308, "", "x" * 5_000, "\0", "é", [], {}, [[]], {"": {}}, [1, "a", None],
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "p/runs/a", "p/a", DIGEST, {"salt": "00", "value": 1},
]  # fmt: skip
RAW = [b"[" * 2_000, b'{"a":' * 2_000, b"NaN", b"-Infinity", b"1e999", b'"\\ud800"', b"\xff\xfe", b"\0", b"9" * 5_000, b"}{"]


def clear() -> list[dict[str, Any]]:
    """An event of each kind, in the clear."""
    run, at = "p/runs/a", "2026-01-05T08:00:00Z"
    return [
        {"kind": "run_started", "run": run, "at": at, "config": {"lr": 0.1, "deep": {"er": [1, None]}}, "author": "ada"},
        {"kind": "used", "run": run, "at": at, "artifact": "p/raw", "alias": "best", "used_as": "train"},
        {"kind": "logged", "run": run, "at": at, "artifact": "p/m", "digest": DIGEST, "type": "model", "aliases": ["a"]},
        {"kind": "alias_moved", "at": at, "artifact": "p/m", "alias": "best", "number": 0},
        {"kind": "edited", "at": at, "artifact": "p/m", "digest": DIGEST, "tags": ["x"], "metadata": {"k": 1}},
        {"kind": "run_finished", "run": run, "at": at, "state": "finished", "exit_code": 0, "summary": {"acc": 0.5}},
    ]


def entries() -> list[Entry]:
    """A journal of three entries."""
    uid = new_uid()
    head, found = genesis(uid), []
    events = [
        [RunStarted(run="p/runs/a", config={"lr": 0.1}, actor="me"), Used(run="p/runs/a", artifact="p/raw", alias="latest")],
        [Logged(run="p/runs/a", artifact="p/m", digest=DIGEST, type="model", metadata={"é": 1}, tags=("x",))],
        [Edited(artifact="p/m", digest=DIGEST, description="d"), RunFinished(run="p/runs/a", summary={"acc": 0.5})],
    ]
    for seq, some in enumerate(events, 1):
        found.append(seal(uid, seq, head, some))
        head = found[-1].hash
    return found


def broken_bytes(chance: random.Random, line: bytes) -> bytes:
    """A line with bytes changed, cut out, doubled or put in."""
    for _ in range(chance.choice((1, 1, 1, 3, 10))):
        at, upto = sorted(chance.choices(range(len(line) + 1), k=2))
        match chance.randrange(5):
            case 0:
                line = line[:at] + bytes([chance.randrange(256)]) + line[at + 1 :]
            case 1:
                line = line[:at] + line[min(upto, at + 40) :]
            case 2:
                line = line[:upto] + line[at:]
            case 3:
                line = line[:at] + chance.choice(RAW) + line[at:]
            case _:
                line = line[:at]
    return line.replace(b"\n", b" ")


def odd_value(chance: random.Random, value: Any) -> Any:
    """A JSON value with one thing in it, at any depth, replaced, renamed or left out."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(list(value))
        rest = {k: v for k, v in value.items() if k != key}
        match chance.randrange(4):
            case 0:
                return rest
            case 1:
                return rest | {f"{key}_": value[key]}
            case _:
                return value | {key: odd_value(chance, value[key])}
    if isinstance(value, list) and value and chance.random() < 0.8:
        place = chance.randrange(len(value))
        return [*value[:place], odd_value(chance, value[place]), *value[place + 1 :]]
    return chance.choice(ODD)


def resealed(chance: random.Random, line: bytes) -> bytes:
    """An entry with something odd in it and a hash that is right: what a careful liar writes."""
    whole = json.loads(line)
    whole[chance.choice(("entry", "openings"))] = odd_value(chance, whole[chance.choice(("entry", "openings"))])
    body = json.dumps(whole["entry"], ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")
    openings = json.dumps(whole["openings"], ensure_ascii=False).encode("utf-8", "replace")
    return b'{"entry":' + body + b',"hash":"' + journal.digest_of(body).encode() + b'","openings":' + openings + b"}"


def fuzzed(
    seed: int, good: list[bytes], *odd: Callable[[random.Random, bytes], bytes], count: int = LINES
) -> Iterator[tuple[int, bytes]]:
    """(which of the good lines, what became of it)."""
    chance = random.Random(seed)
    for _ in range(count):
        which = chance.randrange(len(good))
        yield which, chance.choice((broken_bytes, *odd))(chance, good[which])


def odd_json(chance: random.Random, line: bytes) -> bytes:
    return json.dumps(odd_value(chance, json.loads(line))).encode()


def test_an_entry_is_itself_or_refused() -> None:
    good = [entry.line()[:-1] for entry in entries()]
    whole = {entry.body for entry in entries()} | {parse_line(line, "").body for line in good}
    refused = 0
    for _, line in fuzzed(1, good, resealed):
        try:
            found = parse_line(line + b"\n", "here")
        except JournalProblem as problem:
            refused += 1
            assert str(problem).startswith("journal here: ") and "\n" not in str(problem)
        else:
            assert found.body in whole or type(found.seq) is int, "what is taken in has its place in a chain"
    assert refused > LINES // 2


def test_a_line_of_jsonl_is_an_event_or_a_sentence() -> None:
    good = [json.dumps(event).encode() for event in clear()]
    refused = 0
    for _, line in fuzzed(2, good, odd_json):
        try:
            jsonl.to_event(jsonl.to_json(line))
        except ValueError as error:
            refused += 1
            assert str(error) and "validation error" not in str(error), "pydantic's own words are for nobody"
    assert LINES // 4 < refused < LINES


class Reached(Exception):
    """The file was taken, and would have been applied."""


class Untouched:
    """A graph and its ledger, of which nothing may be asked before a file is checked to its end."""

    def __getattr__(self, name: str) -> NoReturn:
        raise Reached


@pytest.mark.parametrize("kind", ["entries", "events"])
def test_a_file_is_taken_whole_or_refused_with_its_line(kind: str, tmp_path: Path) -> None:
    if kind == "entries":
        good, odd = [entry.line()[:-1] for entry in entries()], resealed
    else:
        good, odd = [json.dumps(event).encode() for event in clear()], odd_json
    taken = 0
    for which, line in fuzzed(3, good, odd):
        data = b"\n".join([*good[:which], line, *good[which + 1 :]])
        try:
            import_lines(io.BytesIO(data), "file", cast("Any", Untouched()), cast("Any", Untouched()), tmp_path / "journals")
        except Reached:
            taken += 1
        except ImportRefused as refused:
            assert str(refused).startswith("file") and str(refused).endswith("nothing was imported")
    assert taken < LINES
    assert not list(tmp_path.iterdir()), "nothing is written for a file that is refused"


def test_a_broken_journal_file_is_read_up_to_the_break(tmp_path: Path) -> None:
    whole = entries()
    good = [entry.line()[:-1] for entry in whole]
    path = tmp_path / f"{whole[0].journal}.jsonl"
    for which, line in fuzzed(4, good, resealed):
        path.write_bytes(b"\n".join([*good[:which], line, *good[which + 1 :], b""]))
        problems: list[JournalProblem] = []
        found = [entry for _, entry, _ in in_order(journals_in(path), problems)]
        assert [e.hash for e in found[:which]] == [e.hash for e in whole[:which]]
        # Only the last entry can be made anew without a trace in the file: nothing follows that names its hash.
        assert problems or which == len(whole) - 1 or [e.hash for e in found] == [e.hash for e in whole]


def test_a_mark_that_makes_no_sense_is_no_mark(tmp_path: Path) -> None:
    whole = entries()
    path = tmp_path / f"{whole[0].journal}.jsonl"
    path.write_bytes(b"".join(entry.line() for entry in whole))
    good = {"seq": 1, "offset": len(whole[0].line()), "head": whole[0].hash}
    path.with_suffix(".applied").write_text(json.dumps(good))
    assert applied_position(path) == Position(**cast("dict[str, Any]", good))
    for _, mark in fuzzed(5, [json.dumps(good).encode()], odd_json, count=1_000):
        path.with_suffix(".applied").write_bytes(mark)
        [one] = waiting(tmp_path)
        problems: list[JournalProblem] = []
        found = list(in_order([one], problems))
        assert found or problems or one.applied.seq >= 3 or not one.bytes


def test_what_is_no_journal_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LineageError, match="there is no journal"):
        journals_in(tmp_path)
    with pytest.raises(LineageError, match="there is no journal"):
        journals_in(tmp_path / "nowhere")
