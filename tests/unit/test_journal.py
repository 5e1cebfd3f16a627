"""A journal's file: chained, checked link by link, and true about what is in it."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from lineage_graph import journal as room
from lineage_graph.errors import JournalProblem
from lineage_graph.events import RunFinished, RunStarted
from lineage_graph.journal import Journal, Position, is_being_written, parse_line, read, start_of, torn_bytes


def events(i: int) -> list[Any]:
    return [RunStarted(run=f"p/runs/r{i}", config={"i": i}, actor="me"), RunFinished(run=f"p/runs/r{i}")]


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    made = Journal(tmp_path / "journals", fsync="never")
    yield made
    made.close()


def test_what_is_appended_is_read(journal: Journal) -> None:
    assert list(read(journal.path)) == [] and journal.position == start_of(journal.uid)
    entries = [journal.append(events(i)) for i in range(5)]
    found = list(read(journal.path))
    assert [e for e, _ in found] == entries and [e.events for e, _ in found] == [e.events for e in entries]
    assert [e.openings_text for e, _ in found] == [e.openings_text for e in entries]
    assert found[-1][1] == journal.position and journal.position.offset == journal.path.stat().st_size
    assert list(read(journal.path, found[2][1])) == found[3:]
    assert [e.prev for e in entries] == [room.genesis(journal.uid), *(e.hash for e in entries[:-1])]
    assert (journal.seq, journal.head) == (5, entries[-1].hash)


def test_threads_make_one_chain(journal: Journal) -> None:
    threads = [threading.Thread(target=lambda: [journal.append(events(i)) for i in range(50)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [e.seq for e, _ in read(journal.path)] == list(range(1, 401))


def test_every_changed_byte_is_seen(journal: Journal) -> None:
    for i in range(2):
        journal.append(events(i))
    data = journal.path.read_bytes()
    for at in range(data.index(b"\n")):
        for new in (data[at] ^ 1, 0x20):
            if new == data[at]:
                continue
            journal.path.write_bytes(data[:at] + bytes([new]) + data[at + 1 :])
            with pytest.raises(JournalProblem, match=f"{journal.uid}.*entry 1"):
                list(read(journal.path))


def test_a_missing_or_moved_entry_is_seen(journal: Journal) -> None:
    for i in range(3):
        journal.append(events(i))
    lines = journal.path.read_bytes().splitlines(keepends=True)
    for order in ([0, 2], [1, 0, 2], [0, 0, 1], [1]):
        journal.path.write_bytes(b"".join(lines[i] for i in order))
        with pytest.raises(JournalProblem, match="missing or moved"):
            list(read(journal.path))


def test_a_file_of_another_name_is_refused(journal: Journal) -> None:
    journal.append(events(0))
    other = journal.path.with_name("other.jsonl")
    other.write_bytes(journal.path.read_bytes())
    with pytest.raises(JournalProblem, match="belongs to"):
        list(read(other))


def test_a_torn_tail_ends_the_reading(journal: Journal) -> None:
    for i in range(3):
        journal.append(events(i))
    data = journal.path.read_bytes()
    start = data[:-1].rindex(b"\n") + 1
    for cut in range(start, len(data)):
        journal.path.write_bytes(data[:cut])
        assert len(list(read(journal.path))) == 2 and torn_bytes(journal.path) == cut - start
    journal.path.write_bytes(b"x" * 100_000)
    assert torn_bytes(journal.path) == 100_000


def test_a_newer_form_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, journal: Journal) -> None:
    monkeypatch.setattr(room, "FORMAT", 2)
    line = room.seal(journal.uid, 1, room.genesis(journal.uid), events(0)).line()
    monkeypatch.setattr(room, "FORMAT", 1)
    with pytest.raises(JournalProblem, match="newer"):
        parse_line(line, "here")


def test_a_line_that_says_two_things_is_read_as_what_was_hashed(journal: Journal) -> None:
    first = journal.append(events(0))
    line = first.line()[:-2] + b',"entry":{"journal":"another"}}\n'
    assert parse_line(line, "here").events == first.events


def test_a_full_disk_loses_nothing_and_lies_about_nothing(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    journal.append(events(0))
    before = journal.position
    write = os.write

    def none(fd: int, data: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(room, "PATIENCE", 0)
    for broken in (none, _half(write)):
        monkeypatch.setattr(room.os, "write", broken)
        journal.append(events(1))
        assert "No space left" in str(journal.problem)
        assert journal.position == before and torn_bytes(journal.path) == 0
        assert [p for _, p in read(journal.path)][-1] == before
    assert [parse_line(line, "").seq for line in journal.kept()] == [2, 3]
    monkeypatch.setattr(room.os, "write", write)
    journal.append(events(2))
    found = list(read(journal.path))
    assert [e.seq for e, _ in found] == [1, 2, 3, 4] and found[-1][1] == journal.position
    assert (journal.problem, journal.kept(), journal.kept_bytes) == (None, [], 0)


def test_a_full_disk_is_not_asked_at_every_event(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def slow(fd: int, data: Any) -> int:
        asked.append(fd)
        time.sleep(0.02)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(room.os, "write", slow)
    for i in range(50):
        journal.append(events(i))
    assert len(asked) == 1, "it took 20 ms to refuse, and is left alone for two seconds"


def test_what_is_kept_is_bounded(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "KEPT_BYTES", 2_000)
    monkeypatch.setattr(room, "PATIENCE", 0)
    write = os.write
    monkeypatch.setattr(room.os, "write", _half(write))
    with pytest.raises(JournalProblem, match="2,000 bytes wait"):
        for i in range(100):
            journal.append(events(i))
    kept = journal.seq
    assert 0 < kept < 10 and journal.kept_bytes < 3_000
    monkeypatch.setattr(room.os, "write", write)
    journal.append(events(0))
    assert [e.seq for e, _ in read(journal.path)] == list(range(1, kept + 2)), "no number is missing"


def test_much_that_is_kept_is_written_in_pieces(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PIECE", 1_000)
    monkeypatch.setattr(room, "PATIENCE", 0)
    write = os.write
    monkeypatch.setattr(room.os, "write", _half(write))
    for i in range(20):
        journal.append(events(i))
    left = [3]

    def some(fd: int, data: Any) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data)

    monkeypatch.setattr(room.os, "write", some)
    journal.append(events(20))
    there = [e.seq for e, _ in read(journal.path)]
    assert 2 < len(there) < 21 and torn_bytes(journal.path) == 0
    assert there + [parse_line(line, "").seq for line in journal.kept()] == list(range(1, 22))


def _half(write: Any) -> Any:
    """Writes ten bytes, then fails."""
    calls: list[int] = []

    def half(fd: int, data: Any) -> int:
        calls.append(1)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(write(fd, data[:10]))

    return half


def test_what_a_full_disk_kept_back_is_written_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path, fsync="always")
    monkeypatch.setattr(room.os, "write", _half(os.write))
    journal.append(events(0))
    assert journal.problem is not None
    monkeypatch.undo()
    journal.close()
    journal.close()
    assert [e.seq for e, _ in read(journal.path)] == [1]


def test_a_living_writer_is_told_from_a_dead_one(tmp_path: Path) -> None:
    journal = Journal(tmp_path, fsync="batch", interval=0.01)
    assert is_being_written(journal.path)
    journal.append(events(0))
    journal.close()
    assert not is_being_written(journal.path) and not is_being_written(tmp_path / "none.jsonl")


def test_wondering_disturbs_neither_writers_nor_each_other(tmp_path: Path) -> None:
    stop = threading.Event()
    wrong: list[Path] = []
    dead = Journal(tmp_path, fsync="never")
    dead.close()

    def wonder() -> None:
        while not stop.is_set():
            for path in tmp_path.glob("*.jsonl"):
                wrong.extend([path] if is_being_written(path) and path == dead.path else [])

    threads = [threading.Thread(target=wonder) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(30):
            Journal(tmp_path, fsync="never").close()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not wrong


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "journals", fsync="never")
    assert "cannot be written" in str(journal.problem)
    journal.append(events(0))
    (tmp_path / "file").unlink()
    journal.close()
    assert journal.problem is None and [e.seq for e, _ in read(journal.path)] == [1], "it comes into being when it can"
    with pytest.raises(JournalProblem, match="cannot be read"):
        list(read(tmp_path / "none.jsonl"))
    with pytest.raises(JournalProblem, match="cannot be read"):
        torn_bytes(tmp_path / "none.jsonl")


def test_a_forked_child_lets_go(tmp_path: Path) -> None:
    journal = Journal(tmp_path, fsync="never")
    journal.append(events(0))
    position = journal.position
    journal.abandon()
    assert journal.path.stat().st_size == position.offset and isinstance(position, Position)
