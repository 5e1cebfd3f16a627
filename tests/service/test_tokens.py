"""Tokens: shown once, kept as a digest, checked as they are now."""

from __future__ import annotations

import json
import multiprocessing
import re
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lineage_graph.errors import NameNotUnderstood, NotRecorded, ParameterWrong, TokenRefused, TokensProblem
from lineage_graph.settings import load
from lineage_graph.tokens import Tokens, until
from tests.doors.conftest import Cli, lineage_graph, refuses  # noqa: F401  (fixtures)


@pytest.fixture
def tokens(home: Path) -> Tokens:
    return Tokens(load())


def test_a_token_is_good_until_it_is_revoked(tokens: Tokens, home: Path) -> None:
    made, text = tokens.create("recorder", project="zoo", name="the night job")
    assert re.fullmatch(r"lg_[0-9a-f]{10}_[0-9a-f]{64}", text) and f"_{made.id}_" in text
    assert tokens.check(text) == made and (made.role, made.project, made.name) == ("recorder", "zoo", "the night job")
    file = home / "service" / "tokens.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert text.rpartition("_")[2] not in file.read_text(), "the secret stands in the file"
    # Another process revokes it; who has read the file before sees so at once.
    Tokens(load()).revoke(made.id)
    with pytest.raises(TokenRefused, match="it is revoked"):
        tokens.check(text)
    first = tokens.all()[0].revoked
    assert Tokens(load()).revoke(made.id).revoked == first, "to revoke it again changes nothing"


def test_a_token_expires(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    made, text = tokens.create("reader", expires=datetime.now(UTC) + timedelta(hours=1))
    assert tokens.check(text).expires == made.expires
    monkeypatch.setattr("lineage_graph.tokens.now", lambda: datetime.now(UTC) + timedelta(hours=1, seconds=1))
    with pytest.raises(TokenRefused, match="it has expired"):
        tokens.check(text)


def test_nothing_else_is_a_token(tokens: Tokens) -> None:
    made, text = tokens.create("admin")
    other = tokens.create("admin")[1]
    secret = text.rpartition("_")[2]
    stranger = f"lg_{made.id}_{other.rpartition('_')[2]}"
    for wrong in (stranger, f"lg_{'0' * 10}_{secret}", f"lg_{made.id}_{secret[:-1]}"):
        with pytest.raises(TokenRefused, match=r"not known here|no token"):
            tokens.check(wrong)
    for wrong in ("", "lg__", text + " ", text.upper(), text + "\n", f"{text}{text}", "\0", "é" * 80, made.digest):
        with pytest.raises(TokenRefused, match="it is no token"):
            tokens.check(wrong)


def test_the_secret_of_one_that_is_revoked_tells_nothing_to_who_has_it_not(tokens: Tokens) -> None:
    made, _ = tokens.create("reader")
    tokens.revoke(made.id)
    with pytest.raises(TokenRefused, match="not known here"):
        tokens.check(f"lg_{made.id}_{'0' * 64}")


@pytest.mark.parametrize("said", ["", "{", "[]", '{"tokens": 3}', '{"format": 2, "key": "", "tokens": []}', "\udcff"])
def test_a_file_that_cannot_be_read_lets_nobody_in(tokens: Tokens, home: Path, said: str) -> None:
    _, text = tokens.create("reader")
    (home / "service" / "tokens.json").write_bytes(said.encode("utf-8", "surrogateescape"))
    for ask in (lambda: tokens.check(text), tokens.all, lambda: tokens.create("reader")):
        with pytest.raises(TokensProblem, match="restore it"):
            ask()


def _create(number: int) -> str:
    return Tokens(load()).create("reader", name=str(number))[0].id


def test_many_processes_make_tokens_and_none_is_lost(tokens: Tokens) -> None:
    with multiprocessing.get_context("fork").Pool(8) as pool:
        made = pool.map(_create, range(40))
    assert sorted(made) == sorted(token.id for token in tokens.all()) and len(set(made)) == 40


def test_what_cannot_be(tokens: Tokens) -> None:
    with pytest.raises(ParameterWrong, match="role: it is reader, recorder, auditor, admin, not 'root'"):
        tokens.create("root")  # type: ignore[arg-type]
    with pytest.raises(NameNotUnderstood):
        tokens.create("reader", project="a/b/c")
    with pytest.raises(NameNotUnderstood):
        tokens.create("reader", name="x" * 513)
    with pytest.raises(ParameterWrong, match="is over"):
        tokens.create("reader", expires=datetime.now(UTC))
    with pytest.raises(NotRecorded, match="no token 'nothing' is recorded; `lineage-graph token list`"):
        tokens.revoke("nothing")
    assert tokens.all() == ()


def test_until_when() -> None:
    assert timedelta(days=89, hours=23) < until("90d") - datetime.now(UTC) <= timedelta(days=90)
    assert timedelta(hours=11) < until("12h") - datetime.now(UTC) <= timedelta(hours=12)
    assert until("2027-01-31") == datetime(2027, 2, 1, tzinfo=UTC), "the day counts, to its end"
    assert until("2027-01-31T08:00:00+02:00") == datetime(2027, 1, 31, 6, tzinfo=UTC)
    for wrong in ("", "90", "0d", "d", "-3d", "2027", "2027-13-01", "2027-01-31T08:00:00", "9999999d", "soon"):
        with pytest.raises(ParameterWrong, match="expires"):
            until(wrong)


# ── the command line ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_command_line_makes_lists_and_revokes(lineage_graph: Cli) -> None:  # noqa: F811
    said = lineage_graph("token", "create", "--role", "reader", "--project", "zoo", "--expires", "90d", "--name", "<b>ann</b>")
    [text] = said.lines
    assert Tokens(load()).check(text).project == "zoo" and text not in said.err and "only now" in said.err
    made = lineage_graph("token", "create", "--role", "admin", "--format", "json").json
    assert Tokens(load()).check(made["token"]).id == made["id"] and "digest" not in made
    listed = lineage_graph("token", "list")
    assert "<b>ann</b>" in listed.out and text not in listed.out and "good" in listed.out
    assert lineage_graph("token", "revoke", made["id"]).out == f"token {made['id']} (admin) is revoked\n"
    states = {one["id"]: one["state"] for one in lineage_graph("token", "list", "--format", "json").json}
    assert states[made["id"]] == "revoked" and list(states.values()).count("good") == 1
    assert "secret" not in json.dumps(lineage_graph("token", "list", "--format", "json").json)


def test_the_command_line_refuses(refuses: Callable[..., str]) -> None:  # noqa: F811
    assert "--role" in refuses("token", "create")
    assert "'root' is not one of" in refuses("token", "create", "--role", "root")
    assert "is no time" in refuses("token", "create", "--role", "reader", "--expires", "soon")
    assert "no token 'x'" in refuses("token", "revoke", "x")
