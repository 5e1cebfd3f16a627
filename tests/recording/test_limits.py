"""Each limit does what README's table says: a sentence at the call, and never a refusal by Neo4j afterwards."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

import lineage_graph as lg
from lineage_graph import exchange, journal, limits
from lineage_graph.canonical import fitting
from lineage_graph.errors import ContentProblem, ImportRefused, JournalProblem, LineageError, NameNotUnderstood, NotJson
from lineage_graph.events import Logged, RunStarted, Used, new_uid
from lineage_graph.formats import jsonl
from lineage_graph.journal import Entry, genesis, seal
from lineage_graph.ledger import batches
from lineage_graph.manifest import Entry as File
from lineage_graph.manifest import Manifest
from lineage_graph.recording.known import Known
from lineage_graph.recording.recorder import LineageWarning
from lineage_graph.settings import load
from tests.conftest import Address
from tests.recording.test_facade import artifact

WIDE = "\U0001f40d"  # four bytes
FULL = {"text": "x" * (limits.JSON_BYTES - 11)}  # exactly as many bytes as may be
Call = Callable[[lg.Run], Any]


def reference(uri: str = "warehouse://table", name: str = "table") -> lg.Artifact:
    made = lg.Artifact("refs", type="dataset")
    made.add_reference(uri, name=name)
    return made


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda run: lg.init(project="p" * 129), NameNotUnderstood, "128"),
        (lambda run: lg.init(id="i" * 129), NameNotUnderstood, "128"),
        (lambda run: lg.Artifact("a" * 129, type="t"), NameNotUnderstood, "128"),
        (lambda run: lg.Artifact("a", type="t" * 129), NameNotUnderstood, "128"),
        (lambda run: lg.Artifact("a", type="t", tags=["t" * 129]), NameNotUnderstood, "128"),
        (lambda run: lg.Artifact("a", type="t", tags=[f"t{i}" for i in range(1_001)]), NameNotUnderstood, "1,000"),
        (lambda run: run.log_artifact(reference(), aliases=["a" * 129]), NameNotUnderstood, "128"),
        (lambda run: run.use_artifact("x:" + "a" * 129), NameNotUnderstood, "alias"),
        (lambda run: run.use_artifact("x", use_as="r" * 513), NameNotUnderstood, "a role is a text of 1 to 512"),
        (lambda run: lg.init(name="n" * 513), NameNotUnderstood, "a run's name is a text of 1 to 512"),
        (lambda run: lg.init(job_type="n" * 513), NameNotUnderstood, "a job type is"),
        (lambda run: lg.init(job_type=cast("Any", 5)), NameNotUnderstood, "a job type is"),
        (lambda run: lg.init(step="n" * 513), NameNotUnderstood, "a step is"),
        (lambda run: lg.init(group="n" * 513), NameNotUnderstood, "a group is"),
        (lambda run: lg.init(group="\ud800"), NameNotUnderstood, "not Unicode"),
        (lambda run: lg.init(notes="n" * 1_000_001), NameNotUnderstood, "1,000,000"),
        (lambda run: lg.init(command="n" * 1_000_001), NameNotUnderstood, "1,000,000"),
        (lambda run: lg.Artifact("a", type="t", description="n" * 1_000_001), NameNotUnderstood, "1,000,000"),
        (lambda run: lg.init(config=FULL | {"more": 1}), NotJson, "4,000,000 is the most; log it as a file"),
        (lambda run: lg.init(environment=FULL | {"more": 1}), NotJson, "environment .* 4,000,000"),
        (lambda run: lg.Artifact("a", type="t", metadata=FULL | {"more": 1}), NotJson, "metadata .* 4,000,000"),
        (lambda run: lg.init(config={"n": 2**53}), NotJson, "2\\^53 - 1"),
        (lambda run: reference(name="d/" * 2_048 + "f"), ContentProblem, "4,096"),
        (lambda run: reference("warehouse://" + "t" * 4_096), ContentProblem, "4,096"),
    ],
)  # fmt: skip
def test_what_is_too_large_is_refused_at_the_call(
    call: Call, error: type[LineageError], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_MODE", "offline")
    with lg.init() as run, pytest.raises(error, match=words) as caught:
        call(run)
    assert len(str(caught.value)) < 500 and "\n" not in str(caught.value)


def test_what_grew_too_large_is_refused_or_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_MODE", "offline")
    made = reference()
    made.metadata = FULL | {"more": 1}
    with lg.init() as run:
        with pytest.raises(NotJson, match="4,000,000"):
            run.log_artifact(made)
        made.metadata = None
        version = run.log_artifact(made)
        with pytest.raises(NotJson, match="4,000,000"):
            version.edit(metadata=FULL | {"more": 1})
    with pytest.warns(LineageWarning, match=r"summary\.big") as caught, lg.init() as run:
        run.summary |= {"first": 1, "big": FULL["text"], "last": 2}
    assert len(caught) == 1


def test_what_fits_is_kept_in_order() -> None:
    half = "x" * (limits.JSON_BYTES // 2)
    kept, problems = fitting({"a": half, "b": half, "c": 3, "d": object(), "e": [1]}, "config")
    assert (list(kept), [p.where for p in problems]) == (["a", "c", "e"], ["config.b", "config.d"])
    assert fitting(FULL, "config") == (FULL, [])


def test_arguments_of_a_step_that_are_too_large_are_no_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_MODE", "offline")

    @lg.step(project="p")
    def work(run: lg.Run, rows: list[int], limit: int = 3) -> dict[str, Any]:
        return run.config

    assert work(rows=list(range(1_000_000))) == {"limit": 3}  # type: ignore[call-arg]


def test_a_version_of_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage_graph.manifest.FILES", 3)
    files = [File(f"f{i}", "sha256:" + "0" * 64, 0) for i in range(4)]
    assert len(Manifest(files[:3])) == 3
    with pytest.raises(ContentProblem, match="has 4 files, and 3 is the most"):
        Manifest(files)


def entry_of(size: int, journal_uid: str | None = None) -> Entry:
    uid = journal_uid or new_uid()
    return seal(uid, 1, genesis(uid), [RunStarted(run="p/runs/a", config={"text": "x" * size})])


def test_a_line_that_is_too_long_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = entry_of(5_000)
    path = tmp_path / f"{entry.journal}.jsonl"
    path.write_bytes(entry.line())
    monkeypatch.setattr(journal, "ENTRY_BYTES", 4_000)
    monkeypatch.setattr(exchange, "ENTRY_BYTES", 4_000)
    with pytest.raises(JournalProblem, match="longer than 4,000 bytes"):
        list(journal.read(path))
    for line in (entry.line(), b'{"kind": "run_started", "run": "p/runs/a", "command": "' + b"x" * 5_000 + b'"}'):
        with pytest.raises(ImportRefused, match="line 1: it is longer than 4,000 bytes"):
            exchange.import_lines(io.BytesIO(line), "f", cast("Any", None), cast("Any", None), tmp_path)


def test_a_transaction_holds_no_more_than_it_should() -> None:
    uid = new_uid()
    large = [entry_of(limits.BATCH_BYTES // 4, uid) for _ in range(10)]
    assert [len(batch) for batch in batches(large)] == [3, 3, 3, 1]
    assert [len(batch) for batch in batches([entry_of(10, uid)] * 4_500)] == [2_000, 2_000, 500]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("digest", "sha256:" + "a" * 200),
        ("source_id", "s" * 2_001),
        ("type", "t" * 513),
        ("description", "d" * 1_000_001),
        ("tags", [f"t{i}" for i in range(1_001)]),
        ("actor", "a" * 513),
    ],
)
def test_an_import_that_says_too_much_is_refused(field: str, value: Any) -> None:
    event = {"kind": "logged", "run": "p/runs/a", "artifact": "p/a", "digest": "sha256:" + "a" * 64, "type": "t"}
    jsonl.to_event(event | {})
    with pytest.raises(ValueError, match=field):
        jsonl.to_event(event | {field: value})


def test_a_host_forgets_what_it_heard_of_longest_ago(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from lineage_graph.names import VersionName, parse_artifact

    class Said:
        def __init__(self, event: Used, number: int) -> None:
            self.outcomes = [{"event": event.uid, "result": "recorded", "version": f"p/a:v{number}"}]

    monkeypatch.setattr("lineage_graph.recording.known.KNOWN", 10)
    known = Known(load())
    for i in range(30):
        event = Used(run="p/runs/a", artifact="p/a", digest=f"sha256:{i:064x}", type="dataset")
        known.hear(event)
        known.settle(cast("Any", [Said(event, i)]))
    found = [known.find(VersionName(parse_artifact("p/a"), number=i)) for i in range(30)]
    assert [one.number for one in found if one is not None] == list(range(20, 30))


def test_what_is_as_large_as_may_be_is_taken_by_the_graph(project: str, online: Address) -> None:
    """Indexes of Neo4j take 8 kB, and no property here that can be longer has one."""
    word, text = WIDE * limits.WORD, WIDE * (limits.TEXT // 4)
    tags = [f"{i:04}" + WIDE * (limits.TAG - 4) for i in range(limits.TAGS // 10)]
    name = f"{project}/{'n' * limits.NAME}"
    with lg.init(
        project=project, id="i" * limits.NAME, name=word, job_type=word, step=word, group=word, tags=tags, notes=text,
        command=text, config=FULL, environment={"more": "x" * 1_000_000},
    ) as run:  # fmt: skip
        made = lg.Artifact(name, type="t" * limits.TYPE, description=text, metadata=FULL, tags=tags)
        made.add_reference("warehouse://" + "t" * 4_000, name="f" * 200)
        version = run.log_artifact(made, aliases=[WIDE * limits.ALIAS])
        run.use_artifact(version, use_as=word)
        run.summary |= FULL
        assert version.wait(60).version == "v0"
    graph = lg.connect()
    found = graph.run(run.full_name)
    assert (found.name, found.config, found.summary, found.state) == (word, FULL, FULL, "finished")
    assert graph.version(f"{name}:{WIDE * limits.ALIAS}").metadata == FULL
    logged = Logged(run=run.full_name, artifact=f"{project}/a", digest="x:" + "a" * 198, type="t", source_id=WIDE * 2_000)
    run._recorder.record(logged).outcome(60)
    assert graph.by_source(WIDE * 2_000, project=project)


def test_many_versions_used_are_remembered_up_to_a_number(project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_MODE", "offline")
    monkeypatch.setattr("lineage_graph.recording.run.USED", 3)
    with lg.init(project=project) as run:
        versions = [run.log_artifact(artifact("raw", str(i))) for i in range(5)]
        for version in (*versions, *versions[2:]):
            run.use_artifact(version)
        assert len(run._used) == 3
        assert run._recorder._backlog.last == 1 + 5 + 5, "those that it remembers are not recorded twice"
