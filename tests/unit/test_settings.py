"""What can be set, and what wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_graph.errors import SettingWrong
from lineage_graph.settings import config_file, load


def test_the_call_wins_over_ours_over_neo4js_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text('uri = "bolt://file"\nproject = "from-file"\n')
    assert (load().uri, load().project) == ("bolt://file", "from-file")
    monkeypatch.setenv("NEO4J_URI", "bolt://theirs")
    assert load().uri == "bolt://theirs"
    monkeypatch.setenv("LINEAGE_GRAPH_URI", "bolt://ours")
    assert load().uri == "bolt://ours"
    assert load(uri="bolt://call").uri == "bolt://call"


def test_other_peoples_variables_are_not_ours(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    monkeypatch.setenv("USER", "somebody")
    monkeypatch.setenv("URI", "bolt://nobody")
    assert (load().home, load().user, load().uri) == (home, "neo4j", None)


def test_a_setting_that_cannot_be_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_FSYNC", "sometimes")
    with pytest.raises(SettingWrong, match=r"fsync.*'sometimes'") as refused:
        load()
    assert "\n" not in str(refused.value)


def test_a_config_file_that_cannot_be_read_is_named() -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text("uri = = =")
    with pytest.raises(SettingWrong, match=r"config\.toml"):
        load()


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_PASSWORD", "hunter2")
    assert "hunter2" not in repr(load())
