"""Looking and walking: ls, show, upstream, downstream, query, queries, status, doctor; and every way to ask wrongly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import lineage_graph as lg
from lineage_graph.models import Lineage
from tests.conftest import Address
from tests.doors.conftest import Cli, World


def test_ls_goes_from_projects_to_versions(lineage_graph: Cli, world: World) -> None:
    assert {"project": world.project, "artifacts": 4, "runs": 3} in lineage_graph("ls", "--format", "json").json
    assert any(line.split() == [world.project, "4", "3"] for line in lineage_graph("ls").lines)
    artifacts = lineage_graph("ls", world.project, "--format", "json").json
    assert {a["name"] for a in artifacts} == {"raw", "train", "test", "model"}
    assert lineage_graph("ls", "--project", world.project).lines[0].split() == ["artifact", "type", "versions", "aliases"]
    runs = lineage_graph("ls", world.project, "--runs", "--format", "json").json
    assert [r["id"] for r in runs] == ["fit", "split", "ingest"]
    [version] = lineage_graph("ls", "--versions", f"{world.project}/model", "--format", "json").json
    assert version["name"] == world.model and set(version["aliases"]) == {"latest", "best"}


def test_ls_never_cuts_silently(lineage_graph: Cli, world: World) -> None:
    said = lineage_graph("ls", world.project, "--runs", "--limit", 2)
    assert len(said.lines) == 3 and "newest 2 are shown" in said.err


def test_show_a_version(lineage_graph: Cli, world: World) -> None:
    said = lineage_graph("show", world.train, "--format", "json").json
    assert said["kind"] == "version" and said["version"]["name"] == world.train
    assert [r["id"] for r in said["logged_by"]] == ["split"] and [r["id"] for r in said["used_by"]] == ["fit"]
    assert [f["path"] for f in said["files"]] == ["train.txt"]
    text = lineage_graph("show", world.raw).out
    assert f"{world.project}/runs/split" in text and "raw.txt" in text and "sha256:" in text


def test_show_a_run(lineage_graph: Cli, world: World) -> None:
    said = lineage_graph("show", f"{world.project}/runs/fit", "--format", "json").json
    assert said["kind"] == "run" and said["run"]["config"] == {"C": 1.0}
    assert {v["name"] for v in said["used"]} == {world.train, world.test} and said["logged"][0]["name"] == world.model
    assert world.model in lineage_graph("show", f"{world.project}/runs/fit").out
    assert "none" in lineage_graph("show", f"{world.project}/runs/ingest").lines


@pytest.mark.parametrize(("command", "home", "count"), [("upstream", "model", 4), ("downstream", "raw", 4)])
def test_a_walk_in_three_formats(lineage_graph: Cli, world: World, command: str, home: str, count: int) -> None:
    name = f"{world.project}/{home}"
    with lg.connect() as graph:
        facade: Lineage = getattr(graph, command)(name)
    assert lineage_graph(command, name, "--format", "json").out == facade.model_dump_json() + "\n"
    table = lineage_graph(command, name, "--format", "table").lines
    assert len(table) == 1 + len(facade.runs) + len(facade.versions) and len(facade.versions) == count
    tree = lineage_graph(command, name)
    assert tree.lines[-1] == f"4 versions, {len(facade.runs)} runs, {len(facade.edges)} edges" and tree.err == ""
    assert sum("… (above)" in line for line in tree.lines) == 1
    assert "\x1b" not in tree.out


def test_depth_and_time(lineage_graph: Cli, world: World) -> None:
    near = lineage_graph("upstream", world.model, "--depth", 1, "--format", "json").json
    assert [r["id"] for r in near["runs"]] == ["fit"] and len(near["versions"]) == 1
    then = lineage_graph("upstream", world.model, "--as-of", "2020-01-01T00:00:00Z", "--format", "json").json
    assert then["runs"] == [] and then["as_of"].startswith("2020")
    assert (
        lineage_graph("upstream", world.model, "--known-at", "2020-01-01T00:00:00Z", "--depth", 0)
        .lines[-1]
        .startswith("1 version,")
    )


def test_a_project_completes_names(lineage_graph: Cli, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        lineage_graph("upstream", "model:best", "--project", world.project, "--depth", 0, "--format", "json").json["home"]
        == world.model
    )
    monkeypatch.setenv("LINEAGE_GRAPH_PROJECT", world.project)
    assert lineage_graph("show", f"{world.project}/runs/fit", "--format", "json").json["run"]["id"] == "fit"
    assert lineage_graph("show", "model", "--format", "json").json["version"]["name"] == world.model


def test_every_answer_speaks_json_on_one_line(lineage_graph: Cli, world: World) -> None:
    for arguments in (
        ["ls"], ["ls", world.project], ["show", world.model], ["upstream", world.model], ["downstream", world.raw], ["status"],
        ["queries"], ["queries", "lineage"], ["queries", "upstream"], ["query", "projects"], ["export", world.model],
        ["export", "--project", world.project], ["sync"], ["doctor"],
    ):  # fmt: skip
        said = lineage_graph(*arguments, "--format", "json")
        assert said.out.count("\n") == 1 and said.json is not None, arguments


# ── queries ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_query_by_its_whole_name_or_its_last_word(lineage_graph: Cli, world: World) -> None:
    for name in ("lineage/producers", "producers"):
        [row] = lineage_graph("query", name, "-p", f"version={world.model}", "--format", "json").json
        assert list(row) == ["run", "at", "created"] and row["created"] is True and list(row["run"]) == sorted(row["run"])
    table = lineage_graph("query", "consumers", "-p", f"version={world.train}", "-p", "as_of=null").lines
    assert table[0].split() == ["run", "at", "used_as"] and len(table) == 2
    assert "no rows" in lineage_graph("query", "consumers", "-p", f"version={world.model}").err


def test_nodes_and_relationships_are_json_too(lineage_graph: Cli, world: World) -> None:
    uid = lineage_graph("show", world.raw, "--format", "json").json["version"]["uid"]
    rows = lineage_graph("query", "neighbours", "-p", f"uid={uid}", "--format", "json").json
    assert {row["edge"]["type"] for row in rows} == {"LOGGED", "USED"}
    assert rows[0]["home"]["properties"]["name"] == world.raw and rows[0]["edge"]["to"] == uid


def test_a_query_shows_its_text_ready_to_paste(lineage_graph: Cli) -> None:
    text = lineage_graph("query", "lineage/versions", "--show", "-p", "artifact=a/b'c").out
    assert ":param artifact => 'a/b\\'c';" in text and ":param as_of => null;" in text and "MATCH (v:ArtifactVersion" in text
    assert ":param artifact => 'digits/classifier';" in lineage_graph("query", "versions", "--show").out
    assert "CREATE CONSTRAINT" in lineage_graph("query", "schema/0001_constraints", "--show").out


def test_queries_lists_and_explains(lineage_graph: Cli) -> None:
    assert any(line.startswith("lineage/upstream") for line in lineage_graph("queries", "lineage").lines)
    text = lineage_graph("queries", "lineage/upstream").out
    assert "What was this made from, all the way back?" in text and "how many relationships to look" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["query", "lineage/upsteam"], "did you mean 'lineage/upstream'?"),
        (["queries", "nowhere"], "no query 'nowhere'"),
        (["query", "producers"], "$version (full name, such as 'digits/classifier:v0') is missing"),
        (["query", "producers", "-p", "nope=1"], "there is no parameter $nope"),
        (["query", "upstream", "-p", "uid=x", "-p", "depth=deep"], "$depth is INTEGER, not 'deep'"),
        (["query", "upstream", "-p", "uid=x", "-p", "depth=1.5"], "$depth is INTEGER, not 1.5"),
        (["query", "upstream", "-p", "uid=x", "-p", "depth=true"], "$depth is INTEGER, not True"),
        (["query", "producers", "-p", "version"], "'version' is not key=value"),
        (["query", "producers", "-p", "version=a", "-p", "version=b"], "'version' is given twice"),
        (["query", "schema/0001_constraints"], "it writes"),
    ],
)
def test_a_query_asked_wrongly(refuses: Callable[..., str], online: Address, arguments: list[str], words: str) -> None:
    assert words in refuses(*arguments)


# ── asked wrongly ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "{p}/nothing"], "no artifact '{p}/nothing' is recorded; project '{p}' has"),
        (["show", "{p}/model:v7"], "no version '{p}/model:v7' is recorded; the newest is v0, its aliases are best, latest"),
        (["upstream", "{p}/model:prod"], "no version '{p}/model:prod' is recorded"),
        (["upstream", "{p}/model@ffffffff"], "no version '{p}/model@ffffffff' is recorded"),
        (["downstream", "{p}/runs/nobody"], "no run '{p}/runs/nobody' is recorded"),
        (["upstream", "a b"], "'a b' is not understood"),
        (["upstream", "{p}/model", "--as-of", "yesterday"], "write it as 2026-01-05T08:00:00Z"),
        (["upstream", "{p}/model", "--as-of", "2026-01-05T08:00:00"], "has no time zone"),
        (["upstream", "{p}/model", "--depth", "-1"], "--depth"),
        (["upstream", "{p}/model", "--format", "xml"], "'xml' is not one of 'tree', 'table', 'json'"),
        (["upstream"], "missing argument 'NAME'; see `lineage-graph upstream --help`"),
        (["upstream", "{p}/model", "--dept", "1"], "no such option '--dept'; did you mean '--depth'?"),
        (["upsteam"], "there is no command 'upsteam'; did you mean 'upstream'?"),
        (["frobnicate"], "there is no command 'frobnicate'; `lineage-graph --help` lists the commands"),
        (["ls", "{p}x"], "no project '{p}x' is recorded"),
        (["ls", "{p}x", "--runs"], "no project '{p}x' is recorded"),
        (["ls", "--runs"], "--runs needs a PROJECT"),
        (["ls", "{p}", "--runs", "--versions", "model"], "--versions goes without"),
        (["ls", "runs"], "'runs' cannot be a project"),
        (["ls", "--versions", "{p}/nothing"], "no artifact '{p}/nothing' is recorded"),
        (["ls", "{p}", "--runs", "--limit", "0"], "--limit"),
    ],
)
def test_asked_wrongly(refuses: Callable[..., str], world: World, arguments: list[str], words: str) -> None:
    assert words.format(p=world.project) in refuses(*(a.format(p=world.project) for a in arguments))


ASKING = [["ls"], ["show", "a"], ["upstream", "a"], ["downstream", "a"], ["query", "projects"], ["export", "a"], ["sync"],
          ["alias", "a", "b"], ["edit", "a", "--tag", "b"], ["download", "a"]]  # fmt: skip


@pytest.mark.parametrize("arguments", ASKING, ids=lambda a: a[0])
def test_a_neo4j_that_is_down(refuses: Callable[..., str], closed_port: str, arguments: list[str]) -> None:
    assert closed_port in refuses(*arguments)


@pytest.mark.parametrize("arguments", ASKING[:3], ids=lambda a: a[0])
def test_a_password_that_is_refused(
    refuses: Callable[..., str], online: Address, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    # Another user: Neo4j locks one out for seconds after three wrong passwords.
    monkeypatch.setenv("LINEAGE_GRAPH_USER", "stranger")
    monkeypatch.setenv("LINEAGE_GRAPH_PASSWORD", "wrong")
    words = refuses(*arguments)
    assert "refuses user 'stranger'" in words and "wrong" not in words


def test_an_address_in_the_call_wins(lineage_graph: Cli, refuses: Callable[..., str], world: World, online: Address) -> None:
    assert "bolt://127.0.0.1:1" in refuses("ls", "--uri", "bolt://127.0.0.1:1")
    assert lineage_graph("ls", world.project, "--uri", online.uri).lines


def test_a_setting_that_cannot_be_read(refuses: Callable[..., str], online: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_MODE", "sideways")
    assert "setting mode" in refuses("ls")


def test_no_neo4j_at_all(refuses: Callable[..., str]) -> None:
    assert "`lineage-graph up`" in refuses("ls")


# ── status and doctor ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_status_of_a_server_that_answers(lineage_graph: Cli, online: Address) -> None:
    said = lineage_graph("status", "--format", "json").json
    assert list(said) == ["server", "home", "mode", "journals", "rejections"]
    assert said["server"]["uri"] == online.uri and said["server"]["reachable"] and said["server"]["problem"] is None
    assert online.password not in lineage_graph("status").out


def test_status_says_why_not_and_what_waits(lineage_graph: Cli, closed_port: str, project: str, online: Address) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINEAGE_GRAPH_URI", closed_port)
        Path("file.txt").write_text("x")
        said = lineage_graph("log", f"{project}/thing", "file.txt", "--type", "dataset")
        assert said.out.startswith(f"{project}/thing@sha256:") and closed_port in said.err and said.err.count("\n") == 1
        status = lineage_graph("status", "--format", "json").json
        assert not status["server"]["reachable"] and closed_port in status["server"]["problem"]
        [waits] = status["journals"]
        assert (
            waits["events"] == 3
            and waits["bytes"] > 0
            and not waits["live"]
            and waits["torn"] == 0
            and waits["problem"] is None
        )
        assert waits["uid"] in lineage_graph("status").out
    assert lineage_graph("sync").lines == ["3 entries (3 events) applied, 0 events rejected"]
    assert lineage_graph("status", "--format", "json").json["journals"] == []
    assert lineage_graph("show", f"{project}/thing", "--format", "json").json["version"]["version"] == 0


def test_status_lists_rejections(lineage_graph: Cli, world: World) -> None:
    Path("file.txt").write_text("x")
    lineage_graph("log", f"{world.project}/raw", "file.txt", "--type", "model", code=2)
    reasons = [r["reason"] for r in lineage_graph("status", "--limit", 1000, "--format", "json").json["rejections"]]
    assert any(f"{world.project}/raw" in reason for reason in reasons)


def test_doctor_looks_at_the_neo4j_that_is_set(lineage_graph: Cli, online: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    said = lineage_graph("doctor", "--format", "json").json
    assert said["ok"] and [c["name"] for c in said["checks"]] == ["config", "home", "graph"]
    monkeypatch.setenv("LINEAGE_GRAPH_USER", "stranger")
    assert "LINEAGE_GRAPH_PASSWORD" in lineage_graph("doctor", code=1).out


def test_doctor_looks_at_the_local_neo4j(lineage_graph: Cli) -> None:
    said = lineage_graph("doctor", "--format", "json", code=1).json
    assert not said["ok"] and {"python", "java", "server"} <= {c["name"] for c in said["checks"]}
