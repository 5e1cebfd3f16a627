"""Backups: out of one graph, into an empty one, and every answer is the same, byte for byte."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from lineage_graph import archive, exchange, queries
from lineage_graph.canonical import digest_of
from lineage_graph.errors import ContentProblem, ImportRefused, JournalProblem
from lineage_graph.events import AliasMoved, AliasRemoved, Asked, Edited, Erased, Logged, RunFinished, RunStarted, Used
from lineage_graph.evidence.evidence import Evidence
from lineage_graph.formats import jsonl
from lineage_graph.formats.json import steady
from lineage_graph.graph import Graph
from lineage_graph.intake import Imported
from lineage_graph.ledger import Ledger
from lineage_graph.lineage import Reader
from lineage_graph.manifest import Entry, Manifest
from lineage_graph.store import Store
from tests.conftest import Address, wipe
from tests.doors.conftest import Cli, Said, World, lineage_graph, refuses, world
from tests.graph import test_audit
from tests.graph.test_ledger import Writer, at, digest, rows

__all__ = ["lineage_graph", "refuses", "world"]


def record(graph: Graph, p: str) -> None:
    """Several computers' journals, applied in an odd order: what was offline comes late, and tells of earlier times."""
    tell(graph, p)
    here, there, late, base = (Writer(graph, p) for _ in range(4))
    base.project = f"{p}/base"
    there.via = "0123456789"
    make = base.run("make")
    base.say(RunStarted(run=make, at=at(0)), base.logged(40, 1, run="make"), RunFinished(run=make, at=at(2)))
    base.say(base.logged(41, 3, run="make"))
    there.say(RunStarted(run=there.run("q"), config={"lr": 0.1}, tags=("x",), at=at(10)), there.logged(2, 11, run="q"))
    here.say(RunStarted(run=here.run(), at=at(5), author="me"), here.logged(1, 6, aliases=("best",)), here.logged(2, 7))
    there.say(there.used(12, alias="best"), there.used(13, number=1, used_as="two"), there.logged(3, 14, run="q"))
    here.say(
        Used(run=here.run(), artifact=f"{p}/base/a", digest=digest(40), type="t", at=at(8)),
        Used(run=here.run(), artifact=f"{p}/base/a", number=1, at=at(8)),
        AliasMoved(artifact=f"{p}/a", alias="best", number=2, at=at(20), actor="me"),
        Used(run=here.run(), artifact=f"{p}/a", number=77, at=at(9)),
        Logged(run=here.run(), artifact=f"{p}/a", digest=digest(9), type="other", at=at(9)),
        RunFinished(run=here.run(), summary={"acc": 0.9}, at=at(30)),
    )
    late.say(RunStarted(run=late.run("old"), at=at(1), child_of=late.run()), late.logged(3, 2, run="old", aliases=("best",)))
    late.say(late.used(25, run="old", alias="best"), late.used(4, run="old", digest=digest(3), type="t"))
    late.say(
        AliasMoved(artifact=f"{p}/a", alias="gold", digest=digest(1), at=at(3)),
        AliasRemoved(artifact=f"{p}/a", alias="best", at=at(22)),
        Edited(artifact=f"{p}/a", digest=digest(3), metadata={"k": [1, 2]}, description="é", at=at(23), actor="you"),
        Edited(run=late.run("q"), tags=("y",), at=at(24)),
        late.logged(3, 26, run="old", metadata={"k": 3}),
        late.used(27, run="stub", prefix=digest(2)[:71]),
    )


def tell(graph: Graph, p: str) -> None:
    """The audits' own story, in two deliveries."""
    w = Writer(graph, p)
    events = test_audit.story(p)
    w.say(*events[:11])
    w.say(*events[11:])


def backup(graph: Graph, project: str | None) -> bytes:
    out = BytesIO()
    exchange.export_entries(Reader(graph), project, out.write)
    return out.getvalue()


def restore(graph: Graph, data: bytes, folder: Path, **how: Any) -> Imported:
    return exchange.import_lines(BytesIO(data), "b.jsonl", Reader(graph), Ledger(graph), folder, **how)


def answers(graph: Graph, project: str) -> Iterator[tuple[str, str]]:
    """What every door would say of a project, and all there is in the graph: (the question, its answer as JSON)."""
    reader = Reader(graph)
    asked = "MATCH (e:Entry) RETURN DISTINCT toString(e.recorded_at) AS at ORDER BY at"
    times = [row["at"] for row in rows(graph, asked)]
    assert len(times) > 10
    times = times[3 :: len(times) // 3]

    def said(question: str, answer: Any) -> tuple[str, str]:
        return question, json.dumps(steady(answer), ensure_ascii=False)

    yield said("project", exchange.export_project(reader, project))
    for artifact in reader.artifacts(project):
        versions = reader.versions(artifact.full_name)
        yield said(f"versions of {artifact.name}", versions)
        for version in versions:
            for walk in (reader.upstream, reader.downstream):
                yield f"{walk.__name__} {version.name}", walk(version.name).model_dump_json()
            for known_at in times[:2]:
                yield f"{version.name} known at {known_at}", reader.upstream(version.name, known_at=known_at).model_dump_json()
        for alias in sorted({a for v in versions for a in v.aliases} | {"best"}):
            rest = {"artifact": artifact.full_name, "alias": alias}
            yield said(f"history of {artifact.name}:{alias}", reader.query("audit/alias_history", **rest))
            for known_at in times:
                found = reader.query("lineage/alias_at", at=None, known_at=known_at, **rest)
                yield said(f"{artifact.name}:{alias} known at {known_at}", found)
    for name in test_audit.AUDITS:
        yield said(name, reader.audit(name, **test_audit.parameters(project, name)).rows)
    yield from nodes(graph)


def nodes(graph: Graph) -> Iterator[tuple[str, str]]:
    """Every node with its relationships: (what it is, all of it as JSON)."""
    everything = """
      MATCH (n) WHERE NOT n:Schema
      WITH n, [(n)-[e]->(m) | [type(e), m.uid, e {.*}]] AS edges
      RETURN labels(n) AS labels, n {.*, rev: null, lock: null} AS node, edges
      ORDER BY labels(n)[0], coalesce(n.uid, n.artifact, n.journal), n.seq
    """
    for row in rows(graph, everything):
        row["edges"] = sorted(json.dumps(steady(edge)) for edge in row["edges"])
        key = [row["node"].get(key) for key in ("uid", "artifact", "journal", "seq", "of", "event")]
        yield f"{row['labels']} {key}", json.dumps(steady(row), ensure_ascii=False)


def test_a_backup_becomes_what_it_was(empty: Graph, emptied: Address, project: str, tmp_path: Path) -> None:
    record(empty, project)
    data, there = backup(empty, project), dict(answers(empty, project))
    wipe(emptied)
    done = restore(empty, data, tmp_path)
    assert done.applied + done.repeated + done.rejected == done.events and done.rejected >= 3 and done.journals == 5
    here = dict(answers(empty, project))
    assert list(here) == list(there) and len(there) > 150
    for question, answer in there.items():
        assert here[question] == answer, question
    assert backup(empty, project) == data, "exported again it is the same, byte for byte"
    [whole] = rows(empty, "MATCH (e:Entry) RETURN count(e) AS n")
    assert restore(empty, data, tmp_path).repeated == done.events
    assert rows(empty, "MATCH (e:Entry) RETURN count(e) AS n") == [whole] and backup(empty, None).count(b"\n") == whole["n"] + 1


def erase(graph: Graph, p: str) -> list[Writer]:
    """Erases more than `record` told: a run, a version, another project's artifact, a person, and what that one asked."""
    w, other, officer = Writer(graph, p), Writer(graph, p), Writer(graph, p)
    other.project = officer.project = f"{p}-other"
    both: dict[str, Any] = {"groups": ("content", "personal"), "reason": "asked for"}
    told: dict[str, Any] = {"metadata": {"secret": 1}, "description": "secret", "actor": "eve"}
    other.say(other.logged(70, 1, run="make", **told), Edited(artifact=f"{p}-other/a", at=at(2), tags=("secret",)))
    begun = RunStarted(run=w.run("eves"), at=at(40), author="eve", host="secret", config={"n": 1}, actor="eve")
    used = Used(run=w.run("eves"), artifact=f"{p}-other/a", number=0, at=at(41), actor="eve")
    shown = Asked(
        at=at(43), project=p, outcome="ran", rows=1, statement="secret", statement_digest=digest(90), actor="eve",
        parameters_digest=digest(91),
    )  # fmt: skip
    made = w.logged(71, 42, run="eves", actor="eve")
    w.say(begun, used, made, shown)
    w.say(Asked(at=at(44), project=p, outcome="refused", statement="x", statement_digest=digest(92), reason="it writes"))
    w.say(RunStarted(run=w.run("gone"), at=at(45), config={"secret": 1}, author="secret"), w.logged(72, 46, run="gone", **told))
    w.say(Edited(artifact=f"{p}/a", digest=digest(72), at=at(47), metadata={"secret": 2}))
    w.say(Erased(run=w.run("gone"), at=at(50), **both), Erased(artifact=f"{p}/a", digest=digest(72), at=at(51), **both))
    officer.say(Erased(artifact=f"{p}-other/a", at=at(52), **both))
    officer.say(Erased(events=(begun.uid, used.uid, made.uid), groups=("personal",), reason="asked for", at=at(53)))
    officer.say(
        Erased(events=(shown.uid,), at=at(53), **both), Erased(artifact=f"{p}-gone/a", digest=digest(1), at=at(54), **both)
    )
    return [w, other, officer]


def walks(graph: Graph, project: str) -> Iterator[tuple[str, str]]:
    """Walks of a project, what was asked and erased in it, and all that there is but for seals, and Edits without a word."""
    reader = Reader(graph)
    for version in [version for artifact in reader.artifacts(project) for version in reader.versions(artifact.full_name)]:
        for walk in (reader.upstream, reader.downstream):
            yield f"{walk.__name__} {version.name}", walk(version.name).model_dump_json()
    for name in ("questions", "erasures"):
        yield name, reader.audit(name, project=project).model_dump_json()
    yield from ((what, node) for what, node in nodes(graph) if not what.startswith(("['Checkpoint", "['Edit")))


@pytest.mark.parametrize("everything", [True, False], ids=["everything", "one project"])
def test_what_was_erased_asked_and_sealed_is_restored(
    empty: Graph, emptied: Address, project: str, tmp_path: Path, everything: bool
) -> None:
    record(empty, project)
    writers = erase(empty, project)
    of = None if everything else project
    Evidence(empty).seal(out=tmp_path / "seal.json")
    data, there = backup(empty, of), dict(walks(empty, project))
    assert b"secret" not in data and there["questions"].count("event") > 2
    wipe(emptied)
    restore(empty, data, tmp_path)
    for scope in (None, project) if everything else (project,):
        found = Evidence(empty).verify(project=scope, checkpoint=tmp_path / "seal.json")
        assert found.findings == () and found.checkpoints == 1 and found.erased >= 10
    assert Evidence(empty).verify().findings == ()
    here = dict(walks(empty, project))
    for question, answer in there.items():
        assert here[question] == answer, question
    assert here.keys() == there.keys() and backup(empty, of) == data
    # What was erased does not come back by the journals as they were before.
    for w in writers:
        Writer(empty, w.project).say(*[event for entry in w.entries for event in entry.events])
    assert "secret" not in json.dumps(rows(empty, "MATCH (n) RETURN properties(n) AS n"), default=str)
    assert Evidence(empty).verify().findings == ()


def test_what_goes_on_in_a_restored_graph_goes_on_from_there(graph: Graph, empty: Graph, project: str, tmp_path: Path) -> None:
    w = Writer(graph, project)
    w.say(w.logged(1), w.logged(2))
    restore(empty, backup(graph, project), tmp_path)
    entry = w.append(w.logged(3, 5), w.used(6, alias="latest"))
    found = []
    for ledger in (w.ledger, Ledger(empty)):
        receipts: list[Any] = []
        ledger.apply([entry], receipts.extend)
        found.append(receipts[0].outcomes)
    assert found[0] == found[1] and found[0][0]["version"] == f"{project}/a:v2"
    assert restore(empty, backup(graph, project), tmp_path).repeated == 4
    w.say(w.logged(4))
    with pytest.raises(ImportRefused, match="entry 3: the graph has other receipts of the entries before it"):
        restore(empty, backup(graph, project), tmp_path)


def test_the_rest_of_a_backup_is_restored_and_what_is_there_is_left(
    graph: Graph, empty: Graph, project: str, tmp_path: Path
) -> None:
    w, v = Writer(graph, project), Writer(graph, project)
    w.say(w.logged(1))
    first = backup(graph, project)
    w.say(w.logged(2))
    v.say(v.logged(2, run="v"), v.logged(3, run="v"))
    second = backup(graph, project)
    assert restore(empty, first, tmp_path).applied == 1
    planned = restore(empty, second, tmp_path, dry_run=True)
    done = restore(empty, second, tmp_path)
    for one in (planned, done):
        assert (one.applied, one.repeated, one.rejected) == (3, 1, 0)
    assert backup(empty, project) == second and planned.dry_run


def test_what_others_made_is_in_it_too(graph: Graph, empty: Graph, project: str, tmp_path: Path) -> None:
    """A run uses another project's version; who made that, and from what, is told in journals that never name the project."""
    raw, base, own, other = (Writer(graph, f"{project}{n}") for n in ("-raw", "-base", "", "-other"))
    raw.say(raw.logged(1, 1))
    raw.say(raw.logged(1, 9, run="again"))
    used = Used(run=base.run(), artifact=f"{project}-raw/a", digest=digest(1), type="t", at=at(2))
    base.say(used, base.logged(2, 3), base.logged(3, 4))
    own.say(Used(run=own.run(), artifact=f"{project}-base/a", number=1, at=at(5)), own.logged(4, 6))
    other.say(Used(run=other.run(), artifact=f"{project}-base/a", number=0, at=at(7)), other.logged(5, 8))
    restore(empty, data := backup(graph, project), tmp_path)
    there, here = (Reader(one).upstream(f"{project}/a:v0").model_dump_json() for one in (graph, empty))
    assert here == there and there.count('"depth"') == 7
    assert f"{project}-other" not in data.decode() and backup(empty, project) == data


def test_into_a_graph_that_numbers_otherwise(graph: Graph, empty: Graph, project: str, tmp_path: Path) -> None:
    w, other = Writer(graph, project), Writer(empty, project)
    w.say(w.logged(1), w.logged(2), w.used(3, number=0))
    other.say(other.logged(7))
    data = backup(graph, project)
    for how in ({"dry_run": True}, {}):
        with pytest.raises(ImportRefused, match=r"v0 is another version in this graph; `import --renumber` .*was imported"):
            restore(empty, data, tmp_path, **how)
    assert rows(empty, "MATCH (v:ArtifactVersion) RETURN count(v) AS n") == [{"n": 1}]
    assert restore(empty, data, tmp_path, renumber=True).applied == 3
    assert [v.digest for v in Reader(empty).versions(f"{project}/a")] == [digest(7), digest(1), digest(2)]


def test_others_write_while_it_is_restored(
    graph: Graph, empty: Graph, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    w, other = Writer(graph, project), Writer(empty, project)
    w.say(w.logged(1))
    data, rehearse = backup(graph, project), Ledger.rehearse

    def slow(self: Ledger, entries: Any) -> Any:
        found = rehearse(self, entries)
        other.say(other.logged(7))
        return found

    monkeypatch.setattr(Ledger, "rehearse", slow)
    with pytest.raises(JournalProblem, match=r"entry 1: others wrote meanwhile: .*v0 is another version"):
        restore(empty, data, tmp_path)


# ── what is not whole ─────────────────────────────────────────────────────────────────────────────────────────────────────


def lines_of(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def receipt_changed(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].replace(b'"result":"recorded"', b'"result":"repeated"', 1), *lines[2:]]


def sealed_anew(lines: list[bytes]) -> list[bytes]:
    """A receipt that says another number, with its hash made right."""
    said, _ = jsonl.receipt_in(lines[1]) or ({}, "")
    said["outcomes"][0]["version"] = said["outcomes"][0]["version"].replace(":v1", ":v5")
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    line = jsonl.with_receipt(jsonl.to_entry(lines[1]), text, digest_of(text.encode()))
    return [lines[0], line, *lines[2:]]


BROKEN: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "the last line": (lambda x: x[:-1], "b.jsonl: its last line, which counts the others, is missing: it was cut short"),
    "half a line": (lambda x: [*x[:-2], x[-2][:-30]], "line 3: "),
    "half the last line": (lambda x: [*x[:-1], x[-1][:-30]], "its last line: it does not count the others"),
    "a line in between": (lambda x: [x[0], *x[2:]], "line 2: entry 3 does not follow entry 1"),
    "the end of a journal": (lambda x: [*x[:-2], x[-1]], "its last line: it counts 3 entries, and the file has 2 entries"),
    "the beginning": (lambda x: x[1:], "line 1: journal .* begins at entry 2 here"),
    "an entry's byte": (lambda x: [x[0].replace(b"/runs/r", b"/runs/x"), *x[1:]], "line 1: the entry was changed"),
    "a receipt's byte": (receipt_changed, "line 2: the receipt was changed"),
    "a receipt anew": (sealed_anew, "line 3: the receipt does not follow the one before it"),
    "a receipt": (lambda x: [x[0], jsonl.to_entry(x[1]).line(), *x[2:]], "line 2: the entry has no receipt"),
    "an opening": (lambda x: [x[0].replace(b'"value":{"', b'"value":{"x', 1), *x[1:]], "line 1: "),
    "more after it": (lambda x: [*x, x[0]], "line 5: it comes after the line that ends the backup"),
    "another count": (lambda x: [*x[:-1], x[-1].replace(b'"events":4', b'"events":5')], "it counts 5 events, .* has 4"),
    "a newer form": (lambda x: [*x[:-1], x[-1].replace(b'"format":1', b'"format":2')], "of a newer lineage-graph"),
    "events": (lambda x: [*x[:2], b'{"kind":"run_started"}\n', *x[2:]], "line 3: .* this is none of its entries"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_backup_that_is_not_whole_is_refused_with_the_place(graph: Graph, project: str, tmp_path: Path, name: str) -> None:
    w = Writer(graph, project)
    w.say(RunStarted(run=w.run(), config={"lr": 0.1}), w.logged(1))
    w.say(w.logged(2))
    w.say(w.logged(3))
    break_, why = BROKEN[name]
    broken = b"".join(break_(lines_of(backup(graph, project))))
    for renumber in (False, True):
        with pytest.raises(ImportRefused, match=why) as refused:
            restore(graph, broken, tmp_path, renumber=renumber)
        assert str(refused.value).endswith("; nothing was imported")


def test_a_graph_whose_receipts_were_changed_is_not_exported(graph: Graph, empty: Graph, project: str, tmp_path: Path) -> None:
    w = Writer(graph, project)
    w.say(w.logged(1))
    w.say(w.logged(2))
    data = lines_of(backup(graph, project))
    restore(empty, b"".join(data), tmp_path)
    assert len(data) == 3
    for change, why in (
        ("SET e.receipt = replace(e.receipt, 'recorded', 'repeated')", "the receipt was changed"),
        ("DELETE e", "entry 2 is not in the graph, which had 2"),
    ):
        empty.write(lambda run, change=change: run(_query(f"MATCH (e:Entry {{seq: 2}}) {change}")), "a test")  # type: ignore[misc]
        with pytest.raises(JournalProblem, match=why):
            backup(empty, project)


def _query(text: str) -> queries.Query:
    return queries.Query("test", "test", text, "?", "", {}, (), (), {}, None)


# ── with content, and from the command line ───────────────────────────────────────────────────────────────────────────────


def at_another(address: Address, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """From here on, another graph and another home."""
    for name, value in (("URI", address.uri), ("USER", address.user), ("PASSWORD", address.password), ("HOME", str(home))):
        monkeypatch.setenv(f"LINEAGE_GRAPH_{name}", value)


def test_a_backup_with_content(
    lineage_graph: Cli, world: World, emptied: Address, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    export = ("export", "--project", world.project, "--format", "jsonl")
    said = lineage_graph(*export, "--with-content", "-o", "b.tar")
    assert said.out == f"{len(events(lineage_graph(*export)))} events of 1 journals and 4 files (17 bytes) are in b.tar\n"
    assert lineage_graph(*export, "--with-content", "-o", "c.tar") and Path("b.tar").read_bytes() == Path("c.tar").read_bytes()
    with tarfile.open("b.tar") as tar:
        names = tar.getnames()
        assert tar.extractfile("entries.jsonl").read().decode() == lineage_graph(*export).out  # type: ignore[union-attr]
    assert (names[0], names[-1], len(names)) == ("entries.jsonl", "whole.json", 10)
    shown = [lineage_graph(*ask, world.model, "--format", "json").out for ask in (("upstream",), ("show",))]
    at_another(emptied, monkeypatch, tmp_path / "elsewhere")
    assert lineage_graph("import", "b.tar", "--dry-run", "--format", "json").json["repeated"] == 0
    assert lineage_graph("ls", "--format", "json").json == [] and not (tmp_path / "elsewhere").exists()
    assert "0 rejected" in lineage_graph("import", "-", stdin=Path("b.tar").read_bytes()).out
    assert [lineage_graph(*ask, world.model, "--format", "json").out for ask in (("upstream",), ("show",))] == shown
    lineage_graph("download", world.model, "-o", "files")
    assert [path.read_text() for path in Path("files").rglob("*.txt")] == ["model"]
    lineage_graph(*export, "--with-content", "-o", "d.tar")
    assert Path("d.tar").read_bytes() == Path("b.tar").read_bytes()


def events(said: Said) -> list[Any]:
    return [e for line in said.lines[:-1] for e in json.loads(line)["entry"]["events"]]


def test_content_that_no_store_has_is_said(lineage_graph: Cli, world: World, tmp_path: Path) -> None:
    export = ("export", "--project", world.project, "--format", "jsonl", "--with-content", "-o", "b.tar")
    blob = next(p for p in (tmp_path / "home").rglob("*") if p.is_file() and p.read_bytes() == b"model")
    data = blob.read_bytes()
    blob.chmod(0o644)
    blob.write_bytes(b"other")
    assert "holds other bytes in the store" in lineage_graph(*export, code=2).err and not Path("b.tar").exists()
    blob.write_bytes(data)
    blob.unlink()
    said = lineage_graph(*export)
    assert "3 files (12 bytes)" in said.out and "the content of 1 versions is not in the store and was left out" in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["export", "--all"], "give --format jsonl"),
        (["export", "--all", "--project", "p", "--format", "jsonl"], "leave NAME and --project out"),
        (["export", "p/a", "--with-content"], "--with-content is for backups"),
        (["import", "csv", "x.csv", "--renumber", "--project", "p"], "--renumber is for backups"),
    ],
)
def test_asked_wrongly(refuses: Callable[..., str], arguments: list[str], words: str) -> None:
    assert words in refuses(*arguments)


def test_every_project_at_once(lineage_graph: Cli, emptied: Address, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    at_another(emptied, monkeypatch, tmp_path / "home")
    assert "no project 'of any name' is recorded" in lineage_graph("export", "--all", "--format", "jsonl", code=2).err
    for project in ("one", "two"):
        Path("e.jsonl").write_text(json.dumps({"kind": "run_started", "run": f"{project}/runs/a"}))
        lineage_graph("import", "e.jsonl")
    data = lineage_graph("export", "--all", "--format", "jsonl").out
    assert json.loads(data.splitlines()[-1])["backup"] | {"lines": ""} == {
        "entries": 2, "events": 2, "format": 1, "journals": 2, "lines": "", "project": None,
    }  # fmt: skip


# ── archives, without a graph ─────────────────────────────────────────────────────────────────────────────────────────────


def packed(tmp_path: Path, count: int = 3) -> tuple[bytes, Store, list[str]]:
    """(an archive, the store it was made from, its versions' digests)."""
    store, digests = Store(tmp_path / "store"), []
    for i in range(count):
        entries = []
        for name in ("same", f"own {i}"):
            data = name.encode() * 20_000
            store.put_bytes(data, digest_of(data))
            entries.append(Entry(f"{name}.bin", digest_of(data), len(data)))
        manifest = Manifest([*entries, Entry("far", "declared:x", None, "s3://far/away")])
        store.put_manifest(manifest)
        digests.append(manifest.digest)
    out = BytesIO()
    counts = archive.pack(out.write, BytesIO(b"lines\n"), dict.fromkeys(digests, True), [], [store])
    assert (counts.manifests, counts.blobs, counts.missing) == (count, count + 1, [])
    return out.getvalue(), store, digests


def test_an_archive_and_back(tmp_path: Path) -> None:
    data, store, digests = packed(tmp_path)
    found = archive.Archive(BytesIO(data), "b.tar")
    assert found.lines.read() == b"lines\n"
    other = Store(tmp_path / "other")
    found.put(other)
    found.put(other)
    for one in digests:
        assert other.manifest(one) == store.manifest(one) and not other.missing(other.manifest(one))
    assert archive.is_archive(BytesIO(data)) and not archive.is_archive(BytesIO(b"{}")) and not archive.is_archive(BytesIO())


def test_an_archive_that_was_cut_is_refused_wherever(tmp_path: Path) -> None:
    data, _, _ = packed(tmp_path)
    end = data.rindex(b"whole.json") + 512
    for size in [*range(512, end, 4096), end - 1, end - 300]:
        with pytest.raises(ImportRefused, match=r"cut short|changed") as refused:
            archive.Archive(BytesIO(data[:size]), "b.tar")
        assert str(refused.value).startswith("b.tar, ")


def test_an_archive_that_was_changed_is_refused_with_the_part(tmp_path: Path) -> None:
    data, _, _ = packed(tmp_path)
    at = data.index(b"own 1own 1")
    part = data[data.rindex(b"blobs/", 0, at) :][:70].decode()
    with pytest.raises(ImportRefused, match=part):
        archive.Archive(BytesIO(data[:at] + b"O" + data[at + 1 :]), "b.tar")
    at = data.index(b"s3://far/away")
    Manifest.from_json(data[data.rindex(b'{"files"', 0, at) :].partition(b"\0")[0])
    for name in ("../x", "blobs/xyz", f"blobs/{'0' * 64}.txt", "sha256"):
        out = BytesIO()
        with tarfile.open(mode="w", fileobj=out) as tar:
            for one in ("entries.jsonl", name):
                tar.addfile(tarfile.TarInfo(one))
        with pytest.raises(ImportRefused, match="it is no part of a backup"):
            archive.Archive(BytesIO(out.getvalue()), "b.tar")


def test_what_is_wrong_in_the_store_is_not_packed(tmp_path: Path) -> None:
    _, store, digests = packed(tmp_path)
    some = next(e for e in store.manifest(digests[0]).values() if e.ref is None)
    path = next((tmp_path / "store").rglob(some.digest.removeprefix("sha256:")))
    path.chmod(0o644)
    path.write_bytes(b"x" * (some.size or 0))
    with pytest.raises(ContentProblem, match="holds other bytes"):
        archive.pack(BytesIO().write, BytesIO(), {digests[0]: True}, [], [store])
