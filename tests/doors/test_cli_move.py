"""The record as a file: export, import, sync."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_graph import journal
from lineage_graph.errors import JournalProblem
from lineage_graph.events import Logged, RunFinished, RunStarted, Used
from lineage_graph.journal import Journal, genesis, parse_line
from tests.conftest import Address
from tests.doors.conftest import Cli, World

DIGEST = "sha256:" + "ab" * 32


def clear(project: str) -> list[dict[str, object]]:
    """A small record as another program would write it."""
    run = f"{project}/runs/a"
    return [
        {"kind": "run_started", "run": run, "at": "2026-01-05T08:00:00Z", "config": {"lr": 0.1}, "author": "ada"},
        {"kind": "used", "run": run, "artifact": f"{project}/raw", "digest": DIGEST, "type": "dataset",
         "at": "2026-01-05T08:00:01Z"},
        {"kind": "logged", "run": run, "artifact": f"{project}/model", "digest": DIGEST, "type": "model",
         "at": "2026-01-05T08:00:02Z", "metadata": {"accuracy": 0.97}},
        {"kind": "run_finished", "run": run, "at": "2026-01-05T08:00:03Z", "state": "finished"},
    ]  # fmt: skip


def write(lines: list[object], name: str = "events.jsonl") -> Path:
    path = Path(name)
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def journal_lines(project: str, runs: int = 3) -> list[bytes]:
    """A journal that no graph has, one entry an event."""
    writer = Journal(Path("elsewhere"), "never")
    for number in range(runs):
        run = f"{project}/runs/r{number}"
        writer.append([RunStarted(run=run)])
        writer.append([Used(run=run, artifact=f"{project}/raw", digest=DIGEST, type="dataset")])
        writer.append(
            [
                Logged(run=run, artifact=f"{project}/model", digest="sha256:" + f"{number:064x}", type="model"),
                RunFinished(run=run),
            ]
        )
    writer.close()
    return writer.path.read_bytes().splitlines(keepends=True)


# ── export ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_export_a_walk(lineage_graph: Cli, world: World) -> None:
    assert lineage_graph("export", world.model).out == lineage_graph("upstream", world.model, "--format", "json").out
    said = lineage_graph("export", "model", "--project", world.project, "-o", "walk.json")
    assert "walk.json" in said.out and json.loads(Path("walk.json").read_text())["home"] == world.model
    assert sorted(p.name for p in Path.cwd().iterdir()) == ["walk.json"]


def test_export_a_project(lineage_graph: Cli, world: World) -> None:
    said = lineage_graph("export", "--project", world.project).json
    assert list(said) == ["project", "artifacts", "runs", "versions", "edges"]
    assert [len(said[k]) for k in ("artifacts", "runs", "versions", "edges")] == [4, 3, 4, 7]
    uids = {v["uid"] for v in said["versions"]} | {r["uid"] for r in said["runs"]}
    assert all(e["run"] in uids and e["version"] in uids for e in said["edges"])


def test_exported_journals_are_whole_and_verify(lineage_graph: Cli, world: World, tmp_path: Path) -> None:
    lineage_graph("export", "--project", world.project, "--format", "jsonl", "-o", "out.jsonl")
    lines = Path("out.jsonl").read_bytes().splitlines(keepends=True)
    assert b"".join(lines).decode() == lineage_graph("export", "--project", world.project, "--format", "jsonl").out
    entries = [parse_line(line, "out.jsonl") for line in lines[:-1]]
    assert entries == sorted(entries, key=lambda e: (e.journal, e.seq))
    heads: dict[str, tuple[int, str]] = {}
    for entry in entries:
        assert (entry.seq - 1, entry.prev) == heads.get(entry.journal, (0, genesis(entry.journal)))
        heads[entry.journal] = (entry.seq, entry.hash)
    [one] = heads
    own = next(p for p in (tmp_path / "home").rglob(f"{one}.jsonl"))
    assert own.read_bytes() == b"".join(e.line() for e in entries), "an export has the entries that the journal has"
    receipts = [json.loads(line)["receipt"] for line in lines[:-1]]
    assert [r["entry"] for r in receipts] == [entry.hash for entry in entries]
    assert any(e.config == {"C": 1.0} for entry in entries for e in entry.events if isinstance(e, RunStarted))


def test_a_project_whose_name_begins_another(lineage_graph: Cli, online: Address, project: str) -> None:
    for name in (project, f"{project}/more"):
        lineage_graph("import", write(list(clear(name))))
    found = lineage_graph("query", "journals", "-p", f"project={project}", "--format", "json").json
    other = lineage_graph("query", "journals", "-p", f"project={project}/more", "--format", "json").json
    assert len(found) == len(other) == 1 and found != other


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "say what to export"),
        (["{p}/nothing"], "no artifact '{p}/nothing' is recorded"),
        (["--project", "{p}x"], "no project '{p}x' is recorded"),
        (["--project", "{p}x", "--format", "jsonl"], "no project '{p}x' is recorded"),
        (["{p}/model", "--format", "jsonl"], "leave NAME out"),
        (["{p}/model", "-o", "no/such/folder/file"], "cannot be written (No such file or directory)"),
        (["{p}/model", "-o", "."], "cannot be written"),
    ],
)
def test_export_asked_wrongly(refuses: Callable[..., str], world: World, arguments: list[str], words: str) -> None:
    assert words.format(p=world.project) in refuses("export", *(a.format(p=world.project) for a in arguments))
    assert list(Path.cwd().iterdir()) == []


# ── import: events in the clear ───────────────────────────────────────────────────────────────────────────────────────────


def test_import_events_twice_changes_nothing(lineage_graph: Cli, online: Address, project: str) -> None:
    path = write(list(clear(project)))
    said = lineage_graph("import", path, "--format", "json").json
    assert (said["kind"], said["events"], said["applied"], said["repeated"], said["rejected"]) == ("events", 4, 4, 0, 0)
    before = lineage_graph("export", "--project", project).out
    again = lineage_graph("import", path, "--format", "json").json
    assert (again["events"], again["applied"], again["repeated"], again["rejected"]) == (4, 0, 4, 0)
    assert lineage_graph("export", "--project", project).out == before
    shown = lineage_graph("show", f"{project}/model", "--format", "json").json
    assert shown["version"]["metadata"] == {"accuracy": 0.97} and shown["logged_by"][0]["author"] == "ada"
    assert [v["name"] for v in lineage_graph("upstream", f"{project}/model", "--format", "json").json["versions"]] == [
        f"{project}/model:v0",
        f"{project}/raw:v0",
    ]


def test_the_same_lines_are_the_same_import_whatever_their_blanks(
    lineage_graph: Cli, online: Address, project: str, home: Path
) -> None:
    events = clear(project)
    lineage_graph("import", write(list(events)))
    spaced = "\r\n\r\n".join(json.dumps(e, indent=None, separators=(" , ", " : ")) for e in events)
    assert lineage_graph("import", "-", stdin=spaced).lines == [
        "4 events read from stdin: 0 applied, 4 there before, 0 rejected"
    ]
    shutil.rmtree(home)  # another computer, or another home
    assert lineage_graph("import", "-", "--format", "json", stdin=spaced).json["repeated"] == 4


def test_events_with_uids_of_their_own_count_once_in_any_file(lineage_graph: Cli, online: Address, project: str) -> None:
    events = [e | {"uid": str(uuid.uuid4())} for e in clear(project)]
    lineage_graph("import", write(list(events)))
    more = [*events, {"kind": "run_started", "run": f"{project}/runs/b"}]
    said = lineage_graph("import", write(list(more)), "--format", "json").json
    assert (said["applied"], said["repeated"], said["rejected"]) == (1, 4, 0)


def test_events_that_the_graph_would_refuse_are_not_imported_at_all(
    refuses: Callable[..., str], lineage_graph: Cli, online: Address, project: str, home: Path
) -> None:
    events = [*clear(project), {"kind": "alias_moved", "artifact": f"{project}/model", "alias": "best", "number": 7}]
    said = refuses("import", write(list(events)))
    assert said == f"events.jsonl, line 5: no version {project}/model:v7 is recorded; nothing was imported"
    assert lineage_graph("query", "journals", "-p", f"project={project}", "--format", "json").json == []
    assert not list(home.rglob("*.jsonl"))


def test_a_large_import_goes_in_several_entries(lineage_graph: Cli, online: Address, project: str) -> None:
    events = [{"kind": "run_started", "run": f"{project}/runs/r{n}", "at": "2026-01-05T08:00:00Z"} for n in range(1050)]
    said = lineage_graph("import", write(list(events)), "--format", "json").json
    assert (said["entries"], said["applied"]) == (11, 1050)


def test_an_import_that_was_cut_short_is_finished_by_the_next(
    lineage_graph: Cli, online: Address, project: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lineage_graph import exchange

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    path = write(list(clear(project)))
    with monkeypatch.context() as patch:
        patch.setattr(exchange.Ledger, "apply", cut)
        assert lineage_graph("import", path, code=130).err == "lineage-graph: interrupted\n"
    assert lineage_graph("ls", "--format", "json").out.count(f'"{project}"') == 0
    assert len(list((home / "journals").glob("*.jsonl"))) == 1
    assert lineage_graph("import", path, "--format", "json").json["applied"] == 4
    assert list((home / "journals").glob("*.jsonl")) == []


# ── import: whole entries ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_import_entries_twice_changes_nothing(lineage_graph: Cli, online: Address, project: str) -> None:
    Path("j.jsonl").write_bytes(b"".join(journal_lines(project)))
    said = lineage_graph("import", "j.jsonl", "--format", "json").json
    assert {k: said[k] for k in ("kind", "journals", "entries", "events", "applied", "repeated")} == {
        "kind": "entries", "journals": 1, "entries": 9, "events": 12, "applied": 12, "repeated": 0,
    }  # fmt: skip
    before = lineage_graph("export", "--project", project).out
    assert lineage_graph("import", "j.jsonl").out == "12 events read from j.jsonl: 0 applied, 12 there before, 0 rejected\n"
    assert lineage_graph("export", "--project", project).out == before


def test_the_rest_of_a_journal_goes_on_from_where_the_graph_is(lineage_graph: Cli, online: Address, project: str) -> None:
    lines = journal_lines(project)
    Path("a").write_bytes(b"".join(lines[:4]))
    Path("b").write_bytes(b"".join(lines[2:]))
    lineage_graph("import", "a")
    said = lineage_graph("import", "b", "--format", "json").json
    assert (said["applied"], said["repeated"]) == (7, 3)
    assert lineage_graph("import", "a", "--format", "json").json["repeated"] == 5


def test_several_journals_in_one_file_are_applied_in_order_of_time(lineage_graph: Cli, online: Address, project: str) -> None:
    first, second = journal_lines(project, 2), journal_lines(f"{project}/b", 2)
    Path("j.jsonl").write_bytes(b"".join(second + first))
    assert lineage_graph("import", "j.jsonl", "--format", "json").json["journals"] == 2
    exported = lineage_graph("export", "--project", project, "--format", "jsonl").out
    assert b"".join(parse_line(line, "").line() for line in exported.encode().splitlines(True)[:-1]) == b"".join(first)


def changed_byte(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[3].replace(b"/runs/r1", b"/runs/r9"), *lines[4:]]


def changed_opening(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b'"openings":[{}]', b'"openings":[{"content":{"salt":"00","value":{}}}]'), *lines[1:]]


BROKEN: dict[str, tuple[Callable[[list[bytes]], list[bytes]], int, str]] = {
    "a changed byte": (changed_byte, 4, "the entry was changed (its hash differs)"),
    "a changed opening": (changed_opening, 1, "is not what was committed to"),
    "a gap": (lambda x: x[:3] + x[4:], 4, "entry 5 does not follow entry 3"),
    "an entry twice": (lambda x: [*x, x[-1]], 10, "entry 9 does not follow entry 9"),
    "two entries swapped": (lambda x: [x[1], x[0], *x[2:]], 2, "entry 1 does not follow entry 2"),
    "the first entries missing": (lambda x: x[2:], 1, "begins at entry 3 here, and the graph has none of it"),
    "a torn tail": (lambda x: [*x[:-1], x[-1][:-40]], 9, "cannot be read"),
    "an event among entries": (lambda x: [*x, b'{"kind": "run_started"}\n'], 10, "import them as two files"),
    "another line": (lambda x: [*x, b"hello\n"], 10, "import them as two files"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_journal_leaves_nothing_behind(
    lineage_graph: Cli, refuses: Callable[..., str], online: Address, project: str, home: Path, name: str
) -> None:
    break_, line, words = BROKEN[name]
    Path("j.jsonl").write_bytes(b"".join(break_(journal_lines(project))))
    said = refuses("import", "j.jsonl")
    assert words in said and f"j.jsonl, line {line}: " in said and said.endswith("nothing was imported")
    assert lineage_graph("query", "journals", "-p", f"project={project}", "--format", "json").json == []
    assert not list(home.rglob("*.jsonl"))


def test_another_history_of_a_journal_is_refused(
    refuses: Callable[..., str], lineage_graph: Cli, online: Address, project: str
) -> None:
    lines = journal_lines(project)
    uid = parse_line(lines[0], "").journal
    Path("a").write_bytes(b"".join(lines[:6]))
    lineage_graph("import", "a")

    def forged(count: int) -> bytes:
        head, out = genesis(uid), []
        for seq in range(1, count + 1):
            entry = journal.seal(uid, seq, head, [RunStarted(run=f"{project}/runs/forged{seq}")])
            head = entry.hash
            out.append(entry.line())
        return b"".join(out)

    for count in (3, 6, 8):
        Path("b").write_bytes(forged(count))
        assert "tells another history" in refuses("import", "b")
    with pytest.raises(JournalProblem):
        parse_line(forged(1).replace(b"forged1", b"forgedX"), "")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("not json", "it is not JSON"),
        ('{"kind": "run_started", "run": ', "it is not JSON"),
        ("[1]", "it is not a JSON object"),
        ('{"kind": "exploded"}', "'exploded' is no kind of event; kinds are run_started, "),
        ("{}", "None is no kind of event"),
        ('{"kind": "run_started"}', "run: Field required"),
        ('{"kind": "run_started", "run": "a"}', "run: a run is named project/runs/ID"),
        ('{"kind": "run_started", "run": "p/runs/a", "colour": 1}', "colour: Extra inputs are not permitted"),
        ('{"kind": "run_started", "run": "p/runs/a", "at": "2026-01-05T08:00:00"}', "at: a time needs its zone"),
        ('{"kind": "logged", "run": "p/runs/a", "artifact": "p/m", "digest": "abc", "type": "t"}', "digest: a digest names"),
        ('{"kind": "run_started", "run": "p/runs/a", "config": {"a": NaN}}', "cannot be recorded"),
        ('{"kind": "run_started", "run": "p/runs/a", "config": {"a": 9007199254740993}}', "cannot be recorded"),
        ('{"kind": "alias_moved", "artifact": "p/m", "alias": "v3"}', "alias: "),
        ('{"entry": 1}', "import them as two files"),
        ("\xff\xfe", "it is not JSON"),
    ],
)
def test_a_malformed_event_leaves_nothing_behind(
    refuses: Callable[..., str], lineage_graph: Cli, online: Address, project: str, home: Path, line: str, words: str
) -> None:
    path = Path("events.jsonl")
    path.write_bytes("".join(f"{json.dumps(e)}\n" for e in clear(project)).encode() + line.encode("latin-1") + b"\n")
    said = refuses("import", path)
    assert words in said and said.startswith("events.jsonl, line 5: ") and said.endswith("nothing was imported")
    assert lineage_graph("query", "journals", "-p", f"project={project}", "--format", "json").json == []
    assert not list(home.rglob("*.jsonl"))


@pytest.mark.parametrize(
    ("file", "words"),
    [("nothing.jsonl", "it cannot be read (No such file"), (".", "it is a folder"), ("empty", "it has no line")],
)
def test_a_file_that_is_none(refuses: Callable[..., str], online: Address, file: str, words: str) -> None:
    Path("empty").write_text("\n\n")
    assert words in refuses("import", file)


def test_import_needs_neo4j_and_a_home(
    refuses: Callable[..., str], online: Address, project: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(list(clear(project)))
    with monkeypatch.context() as patch:
        patch.setenv("LINEAGE_GRAPH_HOME", "/dev/null/home")
        assert "/dev/null/home" in refuses("import", path)
    monkeypatch.setenv("LINEAGE_GRAPH_URI", "bolt://127.0.0.1:1")
    assert "bolt://127.0.0.1:1" in refuses("import", path)
    assert not list(home.rglob("*.jsonl"))


# ── sync ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_sync_with_nothing_to_do(lineage_graph: Cli, online: Address) -> None:
    assert lineage_graph("sync").out == "0 entries (0 events) applied, 0 events rejected\n"


def test_sync_names_a_broken_journal_and_applies_the_others(
    lineage_graph: Cli, online: Address, project: str, home: Path
) -> None:
    folder = home / "journals"
    folder.mkdir(parents=True)
    good, bad = journal_lines(f"{project}/good"), journal_lines(f"{project}/bad")
    for lines in (good, bad):
        (folder / f"{parse_line(lines[0], '').journal}.jsonl").write_bytes(
            b"".join(lines if lines is good else changed_byte(lines))
        )
    said = lineage_graph("sync", "--format", "json", code=2)
    assert said.json["entries"] == 12 and len(said.json["problems"]) == 1 and "was changed" in said.err
    [waits] = lineage_graph("status", "--format", "json").json["journals"]
    assert "was changed" in waits["problem"]
    assert [a["versions"] for a in lineage_graph("ls", f"{project}/good", "--format", "json").json] == [1, 3]


def test_sync_of_journals_from_another_computer(
    lineage_graph: Cli, refuses: Callable[..., str], online: Address, project: str
) -> None:
    journal_lines(project)  # in the folder elsewhere
    [path] = Path("elsewhere").iterdir()
    said = lineage_graph("sync", "--from", "elsewhere", "--format", "json").json
    assert (said["entries"], said["events"], said["rejected"], said["crashed"], said["problems"]) == (9, 12, 0, 0, [])
    assert lineage_graph("sync", "--from", path).lines == ["0 entries (0 events) applied, 0 events rejected"]
    assert [p.name for p in Path("elsewhere").iterdir()] == [path.name]
    assert refuses("sync", "--from", "nowhere").startswith("journal nowhere: there is no journal")
    path.write_bytes(path.read_bytes().replace(b"p/runs", b"q/runs").replace(project.encode(), project[::-1].encode(), 1))
    broken = lineage_graph("sync", "--from", "elsewhere", code=2)
    assert "entry 1" in broken.err and "was changed" in broken.err
