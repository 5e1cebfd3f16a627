"""Audits from the command line: names as people know them, cuts that are told, and every way to ask wrongly."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lineage_graph import queries
from tests.conftest import Address
from tests.doors.conftest import Cli, World

NEVER = "2026-01-05T08:00:00Z"


def test_the_questions_are_listed_in_auditors_words(lineage_graph: Cli) -> None:
    lines = lineage_graph("queries", "audit").lines
    assert len(lines) == 1 + sum(name.startswith("audit/") for name in queries.QUERIES)
    assert lines[-1].split(maxsplit=1) == ["audit/who_touched", "Who touched this version, and when?"]
    described = lineage_graph("queries", "audit/dirty_runs", "--format", "json").json
    assert [p["name"] for p in described["parameters"]] == ["project", "as_of", "known_at", "limit", "after"]


def test_an_audit_knows_a_version_by_any_of_its_names(lineage_graph: Cli, world: World) -> None:
    lineage_graph("alias", world.model, "prod")
    answer = lineage_graph(
        "query", "who_touched", "-p", "version=model:best", "--project", world.project, "--format", "json"
    ).json
    assert list(answer) == ["question", "name", "parameters", "columns", "rows", "truncated"]
    assert answer["parameters"]["version"] == world.model and answer["truncated"] is None
    assert [row["what"] for row in answer["rows"]] == ["alias moved here", "alias moved here", "logged", "alias moved here"]
    assert len({row["who"] for row in answer["rows"]}) == 1 and answer["rows"][-1]["detail"] == "prod"
    assert all(row["who"] for row in answer["rows"])
    table = lineage_graph("query", "audit/who_touched", "-p", f"version={world.project}/model").lines
    assert table[0].split() == answer["columns"] and len(table) == 5


def test_a_project_is_given_as_a_parameter_or_as_an_option(lineage_graph: Cli, world: World) -> None:
    asked = ("query", "audit/known_at", "--format", "json")
    option = lineage_graph(*asked, "--project", world.project).json
    parameter = lineage_graph(*asked, "-p", f"project={world.project}").json
    assert option == parameter and len(option["rows"]) == 3 + 4 + 5
    assert lineage_graph(*asked, "-p", "project=null", "--project", world.project, "--limit", 1).json["rows"]
    assert "no rows" in lineage_graph("query", "audit/dirty_runs", "--project", world.project, "-p", f"as_of={NEVER}").err


def test_a_cut_is_told_with_how_to_go_on(lineage_graph: Cli, world: World) -> None:
    asked = ("query", "audit/known_at", "--project", world.project)
    whole = lineage_graph(*asked, "--timeout", 60)
    first = lineage_graph(*asked, "--limit", 5)
    assert len(whole.lines) == 13 and not whole.err
    assert len(first.lines) == 6 and "limit of 5" in first.err and "--after 5 goes on" in first.err
    rest = lineage_graph(*asked, "--after", 5)
    assert len(first.lines[1:] + rest.lines[1:]) == len(whole.lines[1:]) and not rest.err
    page = lineage_graph(*asked, "-p", "limit=5", "-p", "after=5", "--format", "json").json
    assert page["truncated"] == {"reason": "limit", "limit": 5, "cursor": "10"} and len(page["rows"]) == 5


def test_other_queries_take_a_time_limit_and_give_their_rows(lineage_graph: Cli, world: World) -> None:
    asked = ("query", "lineage/project", "-p", f"project={world.project}", "--timeout", 60, "--format", "json")
    assert lineage_graph(*asked).json == [{"recorded": True}]


def test_an_audit_shows_its_text_ready_to_paste(lineage_graph: Cli) -> None:
    text = lineage_graph("query", "audit/alias_history", "--show").out
    assert ":param alias => 'best';" in text and "MATCH (:Alias {artifact: $artifact, name: $alias})" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["audit/who_tuched"], "did you mean 'audit/who_touched'?"),
        (["audit/who_touched"], "parameter $version (full name with its number, such as 'digits/classifier:v0') is missing"),
        (["audit/who_touched", "-p", "version=null"], "no artifact 'uncategorized/null'"),
        (["audit/who_touched", "-p", "version=a/b/c/d"], "'a/b/c/d' is not understood"),
        (["audit/who_touched", "-p", "version=no/such"], "no artifact 'no/such' is recorded"),
        (["audit/who_touched", "-p", "version=a", "-p", "by=me"], "there is no parameter $by; it takes $version, $as_of"),
        (["audit/dirty_runs", "-p", "limit=many"], "parameter $limit is INTEGER, not 'many'"),
        (["audit/dirty_runs", "-p", "limit=0"], "limit: it is a whole number from 1 on"),
        (["audit/dirty_runs", "-p", "project=digitz-none"], "no project 'digitz-none' is recorded"),
        (["audit/dirty_runs", "-p", "as_of=yesterday"], "parameter $as_of: 'yesterday' is not a time; write it as 2026-01-05"),
        (["audit/dirty_runs", "-p", "known_at=2026"], "parameter $known_at: '2026' is not a time"),
        (["audit/dirty_runs", "-p", "known_at=2026-01-05T08:00:00"], "has no time zone"),
        (["audit/dirty_runs", "--limit", "0"], "invalid value for '--limit'"),
        (["audit/dirty_runs", "--after", "next"], "after: 'next' is not the cursor of an answer"),
        (["audit/dirty_runs", "--timeout", "0"], "invalid value for '--timeout'"),
        (
            ["audit/changed_between", "-p", "from=2026-02-01T00:00:00Z", "-p", "to=2026-01-01T00:00:00Z"],
            "$from (2026-02-01T00:00:00.000000Z) is after $to (2026-01-01T00:00:00.000000Z), and nothing lies between them",
        ),
        (
            ["audit/changed_between", "-p", "from=2026-02-01T00:00:00Z", "-p", "as_of=2026-01-01T00:00:00Z"],
            "is after $as_of",
        ),
        (["audit/known_at", "--project", "digitz-none", "--timeout", "60"], "no project 'digitz-none' is recorded"),
        (["lineage/projects", "--limit", "3"], "--limit and --after go with audits"),
        (["lineage/consumers", "-p", "version=a/b:v0", "-p", "as_of=soon"], "parameter $as_of: 'soon' is not a time"),
    ],
)
def test_an_audit_asked_wrongly(refuses: Callable[..., str], online: Address, arguments: list[str], words: str) -> None:
    assert words in refuses("query", *arguments)
