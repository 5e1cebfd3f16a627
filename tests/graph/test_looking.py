"""Search finds things by parts of their names; a card says all about one; runs are paged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from neo4j import GraphDatabase

from lineage_graph.answers.card import Card
from lineage_graph.answers.search import Search, parameters
from lineage_graph.errors import NameNotUnderstood, NotRecorded, ParameterWrong
from lineage_graph.events import AliasMoved, Logged, RunFinished, RunStarted, Used
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from tests import worlds
from tests.conftest import Address
from tests.graph.conftest import Say
from tests.worlds import START

WIDE = 60
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def shop(graph: Graph, address: Address) -> Reader:
    project = f"shop-{uuid4().hex[:8]}"
    fits = [worlds.Step(f"Fit-{i}", ("Raw_Photos.csv",), (f"classifier#{i}",)) for i in range(WIDE)]
    worlds.record(graph, project, worlds.World((worlds.Step("ingest", (), ("Raw_Photos.csv",)), *fits)))
    with GraphDatabase.driver(address.uri, auth=(address.user, address.password)) as driver:
        driver.execute_query("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
    return Reader(graph, project)


def found(reader: Reader, q: str) -> list[tuple[str, str]]:
    """Kinds and labels of what is found in the reader's project."""
    return [(hit.kind, hit.label) for hit in reader.search(q, reader.project).hits]


# ── search ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_by_parts_of_names_in_any_case(shop: Reader) -> None:
    assert found(shop, "photos") == [("artifact", "Raw_Photos.csv"), ("alias", "Raw_Photos.csv:latest")]
    assert found(shop, "HOTO raw")[0] == ("artifact", "Raw_Photos.csv") == found(shop, "raw_photos.CSV")[0]
    assert found(shop, "classifier:v7")[0] == ("version", "classifier:v7")
    assert found(shop, "latest class") == [("alias", "classifier:latest")]
    assert found(shop, f"{shop.project}/runs/Fit-7")[0] == ("run", "Fit-7")
    assert ("project", str(shop.project)) in found(shop, str(shop.project))
    assert not shop.search("photos nothing", shop.project).hits and not shop.search("photos", "elsewhere").hits


def test_by_digest(shop: Reader) -> None:
    digest = worlds.digest_of("classifier#3")
    version = shop.version(f"classifier@{digest}")
    for q in (digest, digest[:20], digest.removeprefix("sha256:")[:12]):
        [hit] = [hit for hit in shop.search(q, shop.project).hits if hit.kind == "version"]
        assert (hit.name, hit.type, hit.project) == (version.name, "dataset", shop.project)


def test_as_many_as_asked_and_of_every_kind(shop: Reader) -> None:
    answer = shop.search("fit", shop.project, limit=5)
    assert len(answer.hits) == 5 and answer.truncated
    everything = shop.search(str(shop.project), shop.project, limit=12)
    assert {hit.kind for hit in everything.hits} == {"project", "artifact", "alias", "run"}
    assert Search.model_validate_json(answer.model_dump_json()) == answer


@pytest.mark.parametrize(
    "q", ["", "  ", "/:@", '"', "a\\b OR *", "(a AND", "+-!(){}[]^~*?:/", "project:x", "é 日本", "v" * 3000, "a1 b2 " * 700]
)
def test_whatever_is_typed_is_no_error(shop: Reader, q: str) -> None:
    assert isinstance(shop.search(q), Search)


def test_words_hold_nothing_that_the_index_would_read_as_more() -> None:
    given = parameters('x" OR name:* NOT (y', None)
    assert given is not None and given["words"].count('"') == 0 == given["words"].count(":")


def test_wrong_searches(shop: Reader) -> None:
    with pytest.raises(ParameterWrong):
        shop.search("x", limit=0)
    with pytest.raises(ParameterWrong):
        shop.search("x", limit=101)
    with pytest.raises(NameNotUnderstood):
        shop.search("x", project="a b")


# ── a card ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_of_a_version(shop: Reader) -> None:
    card = shop.card("Raw_Photos.csv")
    assert (card.kind, card.name, card.run) == ("version", f"{shop.project}/Raw_Photos.csv:v0", None)
    assert card.version == shop.version("Raw_Photos.csv") and card.uid == card.version.uid
    assert card.artifact is not None and (card.artifact.full_name, card.artifact.versions) == (card.version.artifact, 1)
    assert card.producers is not None and [(one.id, one.created) for one in card.producers.items] == [("ingest", True)]
    assert card.consumers is not None and (len(card.consumers.items), card.consumers.count) == (50, WIDE)
    assert [one.at for one in card.consumers.items] == sorted(one.at for one in card.consumers.items)
    later = shop.card("classifier:v0")
    assert later.siblings is not None and (len(later.siblings.items), later.siblings.count) == (20, WIDE - 1)
    assert later.siblings.items[0].aliases == ("latest",) and later.artifact is not None
    assert (later.artifact.versions, later.artifact.aliases) == (WIDE, ("latest",))
    assert Card.model_validate_json(later.model_dump_json()) == later
    for asked in later.queries:
        assert shop.query(asked.name, **asked.parameters)


def test_a_card_of_a_run(graph: Graph, project: str, say: Say) -> None:
    reader, run, raw = Reader(graph, project), f"{project}/runs/fit", worlds.digest_of("raw")
    used = {"artifact": f"{project}/raw", "digest": raw, "type": "data"}
    say(
        RunStarted(run=f"{project}/runs/parent", at=START),
        RunStarted(run=run, at=START, child_of=f"{project}/runs/parent", config={"lr": 0.1}),
        Used(run=run, at=START, used_as="train", **used),
        Used(run=run, at=START + MINUTE, used_as="test", **used),
        Logged(run=run, at=START + 2 * MINUTE, artifact=f"{project}/model", digest=worlds.digest_of("m"), type="model"),
        RunFinished(run=run, at=START + 3 * MINUTE, state="failed"),
        RunStarted(run=f"{project}/runs/again", at=START + 4 * MINUTE, retry_of=run),
    )
    card = reader.card(run)
    assert card.run is not None and (card.kind, card.run.config, card.run.state) == ("run", {"lr": 0.1}, "failed")
    assert card.inputs is not None and [(v.name, set(v.used_as)) for v in card.inputs.items] == [
        (f"{project}/raw:v0", {"train", "test"})
    ]
    assert card.inputs.count == 1 and card.inputs.items[0].at == START
    assert card.outputs is not None and [(v.name, v.created) for v in card.outputs.items] == [(f"{project}/model:v0", True)]
    assert card.relations is not None
    related = {kind: [run.id for run in some.items] for kind, some in card.relations.items()}
    assert related == {"parent": ["parent"], "retried_by": ["again"]} and card.relations["parent"].count == 1
    then = reader.card(run, as_of=START + MINUTE)
    assert then.outputs is not None and then.outputs.count == 0 and then.relations is not None
    assert set(then.relations) == {"parent"} and then.as_of == START + MINUTE
    [child] = reader.card(f"{project}/runs/parent").relations.values()  # type: ignore[union-attr]
    assert [one.id for one in child.items] == ["fit"]


def test_aliases_on_a_card_are_those_of_the_time(graph: Graph, project: str, say: Say) -> None:
    reader, run = Reader(graph, project), f"{project}/runs/fit"
    say(RunStarted(run=run, at=START))
    for number in (0, 1):
        at, digest = START + number * 10 * MINUTE, worlds.digest_of(f"m{number}")
        say(Logged(run=run, at=at, artifact=f"{project}/model", digest=digest, type="model"))
        say(AliasMoved(artifact=f"{project}/model", alias="best", digest=digest, at=at + MINUTE))

    def aliases(name: str, **when: Any) -> set[str]:
        version = reader.card(name, **when).version
        assert version is not None
        return set(version.aliases)

    assert aliases("model:v0") == set() and aliases("model:v1") == {"best", "latest"}
    assert aliases("model:v0", as_of=START + 2 * MINUTE) == {"best", "latest"}
    assert aliases("model:best", as_of=START + 2 * MINUTE) == {"best", "latest"}
    assert aliases("model:v0", as_of=START + 10 * MINUTE) == {"best"}


def test_a_card_of_nothing(shop: Reader) -> None:
    for name in ("nothing", f"{shop.project}/runs/nothing"):
        with pytest.raises(NotRecorded):
            shop.card(name)


# ── runs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_runs_are_paged_and_filtered(graph: Graph, project: str, say: Callable[..., str]) -> None:
    reader = Reader(graph, project)
    for i in range(6):
        run = f"{project}/runs/r{i}"
        job = {"job_type": "train"} if i % 2 else {}
        say(
            RunStarted(run=run, at=START + i * MINUTE, **job), *([RunFinished(run=run, at=START + 9 * MINUTE)] if i < 3 else [])
        )

    def ids(**given: Any) -> list[str]:
        return [run.id for run in reader.runs(project, **given)]

    assert ids() == ["r5", "r4", "r3", "r2", "r1", "r0"] and ids(limit=2, after="2") == ["r3", "r2"]
    assert ids(job_type="train") == ["r5", "r3", "r1"] and ids(job_type="") == ["r4", "r2", "r0"]
    assert ids(state="finished") == ["r2", "r1", "r0"] and ids(state="finished", job_type="train", limit=1) == ["r1"]
    with pytest.raises(ParameterWrong):
        ids(after="x")


def test_versions_come_in_pages(graph: Graph, project: str) -> None:
    worlds.record(graph, project, worlds.long_chain(5))
    reader = Reader(graph, project)
    assert [v.version for v in reader.versions("v")] == [0, 1, 2, 3, 4]
    assert [v.version for v in reader.versions("v", newest=True, limit=2)] == [4, 3]
    assert [v.version for v in reader.versions("v", newest=True, limit=2, after="4")] == [0]
    assert reader.versions("v", after="5") == []
    with pytest.raises(NotRecorded):
        reader.versions("w")
