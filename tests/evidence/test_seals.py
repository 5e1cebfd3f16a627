"""Checkpoints: what was sealed cannot be rewritten, cut or forged, even where everything in the graph agrees."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineage_graph.canonical import canonical
from lineage_graph.errors import CheckpointProblem, ExtraMissing
from lineage_graph.events import RunStarted
from lineage_graph.evidence import keys, seals
from lineage_graph.evidence.evidence import Evidence
from lineage_graph.graph import Graph
from tests.evidence.tampering import ENTRY, Inside, Journal, checkpoint, inside, rich, tampered
from tests.evidence.test_verify import rewrite


def sealed(graph: Graph, journals: list[str], path: Path, key: Path | None = None) -> Path:
    """A checkpoint file of these journals alone, as the shared graph has others' too, made the way `seal` makes it."""
    signer = keys.load_private(key) if key else None
    [row] = graph.read(seals.HEADS, journals=journals)
    heads = [list(head) for head in row["heads"]]
    made = checkpoint(heads, 1, seals.FIRST, "2026-01-05T08:00:00.000000Z", signer)
    path.write_bytes(made.line())
    return path


def about(inner: Inside, project: str, **more: Any) -> list[str]:
    """Sentences of findings about checkpoints given from outside."""
    return [f.sentence for f in inner.verify(project, **more).findings if f.kind == "checkpoint" and "/" in f.where]


@pytest.fixture
def journals(graph: Graph, project: str) -> list[str]:
    return [journal.uid for journal in rich(graph, project)]


def test_what_is_whole_fits_its_seal_and_goes_on(graph: Graph, project: str, tmp_path: Path) -> None:
    a, b = rich(graph, project)
    file = sealed(graph, [a.uid, b.uid], tmp_path / "seal.json")
    a.say(RunStarted(run=f"{project}/runs/later"))
    with inside(graph) as inner:
        assert about(inner, project, checkpoint=file) == []


def test_a_chain_rewritten_after_a_seal_is_found(graph: Graph, project: str, journals: list[str], tmp_path: Path) -> None:
    file = sealed(graph, journals, tmp_path / "seal.json")
    with inside(graph) as inner:
        rewrite(inner, journals[0], lambda event: event.update(at="2026-01-04T08:00:00.000000Z"))
        [why] = about(inner, project, checkpoint=file)
        assert f"journal {journals[0]} was rewritten" in why


def test_a_tail_cut_after_a_seal_is_found(graph: Graph, project: str, tmp_path: Path) -> None:
    """An entry that left no trace but itself: only the seal knows of it."""
    journal = Journal(graph)
    journal.say(RunStarted(run=f"{project}/runs/a"))
    journal.say(RunStarted(run=f"{project}/runs/a"))  # rejected
    file = sealed(graph, [journal.uid], tmp_path / "seal.json")
    with inside(graph) as inner:
        [first] = inner.run("MATCH (e:Entry {journal: $j, seq: 1}) RETURN e.hash AS h, e.receipt_hash AS r", j=journal.uid)
        inner.run(f"{ENTRY} DELETE n", journal=journal.uid, seq=2)
        inner.run("MATCH (j:Journal {uid: $j}) SET j.applied = 1, j.head = $h, j.receipt_head = $r", j=journal.uid, **first)
        assert [f for f in inner.verify(project).findings if f.kind != "checkpoint"] == []
        [why] = about(inner, project, checkpoint=file)
        assert "was cut" in why and journal.uid in why


def test_a_checkpoint_of_the_graph_that_is_gone_is_told_by_the_one_that_was_kept(
    graph: Graph, project: str, journals: list[str]
) -> None:
    with tampered(graph, project, journals) as (inner, world, verify):
        numbers = [int(place.tokens[0].split()[1]) for place in world.nodes if place.what == "Checkpoint"]
        assert verify().findings == ()
        inner.run("MATCH (c:Checkpoint {number: $n}) SET c.at = c.at + duration({seconds: 1})", n=min(numbers))
        inner.run("MATCH (c:Checkpoint {number: $n}) DELETE c", n=max(numbers))
        assert {(f.where, f.property) for f in verify().findings} == {
            (f"checkpoint {min(numbers)}", "at"), (f"checkpoint {max(numbers)}", "hash"),
        }  # fmt: skip


def test_a_journal_that_is_gone_is_found(graph: Graph, project: str, journals: list[str], tmp_path: Path) -> None:
    made = seals.load(sealed(graph, journals, tmp_path / "seal.json"))
    marks = seals.Marks()
    marks.add(made)
    marks.gone({journals[0]})
    assert [f.kind for f in marks.findings] == ["checkpoint"] and journals[1] in marks.findings[0].sentence


def test_a_seal_is_kept_chained_and_written_out(graph: Graph, project: str, journals: list[str], tmp_path: Path) -> None:
    key, out = tmp_path / "key", tmp_path / "one.json"
    keys.make(key)
    ask = Evidence(graph)
    first = ask.seal(key=key, out=out)
    second = ask.seal()
    assert second.number > first.number and second.key is None and first.file == str(out)
    assert first.key == keys.fingerprint(keys.load_public(keys.public_path(key)).key)
    if second.number == first.number + 1:  # nobody else sealed meanwhile
        assert second.prev == first.hash
    made = seals.load(out)
    assert made.hash == first.hash and {uid for uid, *_ in made.content()["journals"]} >= set(journals)
    with pytest.raises(CheckpointProblem, match="there already"):
        ask.seal(out=out)
    with inside(graph) as inner:
        public = keys.public_path(key)
        assert about(inner, project, checkpoint=out, public_key=public) == []
        inner.run("MATCH (c:Checkpoint {number: $n}) SET c.root = 'other'", n=first.number)
        assert any(f.property == "root" and f.where == f"checkpoint {first.number}" for f in inner.verify(project).findings)
        inner.run("MATCH (c:Checkpoint {number: $n}) DELETE c", n=first.number)
        assert any(f"checkpoint {first.number} is missing" in f.sentence for f in inner.verify(project).findings)


Forge = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize(
    ("forge", "why"),
    [
        (lambda v: v["checkpoint"]["journals"][0].__setitem__(1, 1), "do not agree"),
        (lambda v: v.update(signature=None), "signature is gone"),
        (lambda v: v.update(signature="AAAA"), "signature is not that of its key"),
        (lambda v: v["checkpoint"].update(root="sha256:00"), "root"),
    ],
)
def test_a_forged_seal_is_found(
    graph: Graph, project: str, journals: list[str], tmp_path: Path, forge: Forge, why: str
) -> None:
    keys.make(tmp_path / "key")
    file = sealed(graph, journals, tmp_path / "seal.json", tmp_path / "key")
    value = json.loads(file.read_bytes())
    forge(value)
    file.write_bytes(canonical(value))
    with inside(graph) as inner:
        assert any(why in sentence for sentence in about(inner, project, checkpoint=file))


def test_another_key_is_not_trusted_and_a_rotated_one_is(
    graph: Graph, project: str, journals: list[str], tmp_path: Path
) -> None:
    old, new, newest, other = (tmp_path / name for name in ("old", "new", "newest", "other"))
    keys.make(old)
    before = sealed(graph, journals, tmp_path / "before.json", old)
    keys.make(new, old)
    keys.make(newest, new)
    keys.make(other)
    after = sealed(graph, journals, tmp_path / "after.json", newest)
    with inside(graph) as inner:
        for file, public in ((before, old), (before, newest), (after, newest), (after, old), (after, new)):
            assert about(inner, project, checkpoint=file, public_key=keys.public_path(public)) == []
        for file in (before, after):
            [why] = about(inner, project, checkpoint=file, public_key=keys.public_path(other))
            assert "does not vouch" in why
        [why] = about(
            inner, project, checkpoint=sealed(graph, journals, tmp_path / "bare.json"), public_key=keys.public_path(old)
        )
        assert "not signed" in why


def test_a_key_is_its_owners_alone_and_is_never_written_over(tmp_path: Path) -> None:
    made = keys.make(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert keys.load_public(tmp_path / "key.pub") == made
    with pytest.raises(CheckpointProblem, match="never written over"):
        keys.make(tmp_path / "key")
    for load in (keys.load_private, keys.load_public):
        with pytest.raises(CheckpointProblem, match="cannot be read"):
            load(tmp_path / "none")
        (tmp_path / "text").write_text("a key")
        with pytest.raises(CheckpointProblem, match="it is no"):
            load(tmp_path / "text")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"checkpoint": 1, "hash": "", "signature": null}', "\x00"])
def test_a_file_that_is_no_seal_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    with pytest.raises(CheckpointProblem):
        seals.load(tmp_path / "file")


def test_without_the_extra_signing_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(module: str) -> Any:
        raise ImportError(module)

    monkeypatch.setattr(keys, "import_module", missing)
    with pytest.raises(ExtraMissing, match=r"lineage-graph\[seal\]"):
        keys.make(tmp_path / "key")
