"""The program as the system starts it: help, exit codes, pipes, signals; and the pages made from it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

import lineage_graph
from lineage_graph.cli import reference
from lineage_graph.cli.app import SECTIONS, cli
from tests.conftest import Address
from tests.doors.conftest import Cli, World, ended, sentence, start

COMMANDS = {str(c.name): c for commands in SECTIONS.values() for c in commands}
TOP = Path(__file__).parents[2]
HEAVY = (
    "neo4j",
    "rich",
    "pydantic",
    "fsspec",
    "psutil",
    "sklearn",
    "lineage_graph.local",
    "lineage_graph.demo",
    "lineage_graph.graph",
)


# ── help and pages ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(lineage_graph: Cli, name: str) -> None:
    command = COMMANDS[name]
    assert command.help and (TOP / "CLI.md").read_text().count(f"### lineage-graph {name}\n") == 1
    assert command.help.splitlines()[0].endswith((".", "?"))
    assert lineage_graph(name, "--help").out.startswith(f"Usage: lineage-graph {name}")
    for option in command.params:
        assert isinstance(option, click.Argument) or getattr(option, "help", None), f"{name} {option.name}"


@pytest.mark.parametrize("name", reference.PAGES)
def test_the_pages_are_fresh(name: str) -> None:
    stale = "run `python -m lineage_graph.cli.reference`"
    assert (TOP / name).read_text(encoding="utf-8") == reference.PAGES[name](), stale


def test_help_lists_every_command_in_sections(lineage_graph: Cli) -> None:
    text = lineage_graph("--help").out
    assert text == lineage_graph().out and all(f"{title}:" in text for title in SECTIONS)
    assert all(f"\n  {name} " in text for name in COMMANDS)
    assert set(COMMANDS) == set(cli.commands)


def test_version(lineage_graph: Cli) -> None:
    import lineage_graph as package

    assert lineage_graph("--version").out == f"lineage-graph {package.__version__}\n"


def test_help_needs_nothing_heavy() -> None:
    code = (
        "import sys\nfrom lineage_graph.cli.app import cli\n"
        "try: cli.main(['--help'])\nexcept SystemExit as end: assert end.code == 0\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_three_ways_to_start_it() -> None:
    script = Path(sys.executable).with_name("lineage-graph")
    ways = [[sys.executable, "-m", "lineage_graph"], [sys.executable, "-m", "lineage_graph.cli"]]
    for way in [*ways, *([[str(script)]] if script.exists() else [])]:
        done = subprocess.run([*way, "--version"], capture_output=True, text=True, check=True)
        assert done.stdout == f"lineage-graph {lineage_graph.__version__}\n"


# ── as a process ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "arguments",
    [["upsteam"], ["upstream"], ["--nope"], ["ls", "--format", "xml"], ["upstream", "a b"], ["run", "--", "no-such-program"]],
)
def test_wrong_use_is_one_sentence(online: Address, arguments: list[str]) -> None:
    said = ended(start(*arguments))
    assert said.code == 2 and sentence(said)


def test_a_neo4j_that_is_down_is_one_sentence(closed_port: str) -> None:
    said = ended(start("ls"))
    assert said.code == 2 and closed_port in sentence(said)


def test_a_bug_is_one_sentence_too(lineage_graph: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("lineage_graph.cli.cypher.find", bug)
    said = lineage_graph("queries", "nothing", code=2)
    assert (
        said.err.startswith("lineage-graph: this should not happen (ZeroDivisionError: by zero)") and said.err.count("\n") == 1
    )


def test_a_reader_that_goes_away(world: World) -> None:
    walk, project = ["upstream", world.model], ["export", "--project", world.project]
    for arguments in (["queries", "--format", "json"], walk, project, ["--help"]):
        with start(*arguments) as process:
            assert process.stdout is not None and process.stderr is not None
            process.stdout.close()
            err = process.stderr.read()
            assert (process.wait(60), err) == (141, b""), arguments


def test_an_interrupt_is_one_word(online: Address) -> None:
    process = start("import", "-", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b"\n" * 1_000_000)  # more than a pipe holds: once it is written, the other side is reading
    process.send_signal(signal.SIGINT)
    said = ended(process)
    assert (said.code, said.out, said.err) == (130, "", "lineage-graph: interrupted\n")


def test_colours_are_for_terminals(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import pty

    def seen(**environment: str) -> bytes:
        main, side = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "lineage_graph", "upstream", world.model],
            stdout=side,
            stderr=subprocess.PIPE,
            env=os.environ | {"TERM": "xterm-256color"} | environment,
        )
        os.close(side)
        out = b""
        while True:
            try:
                part = os.read(main, 65536)
            except OSError:
                break
            if not part:
                break
            out += part
        os.close(main)
        assert process.communicate(timeout=60)[1] == b"" and process.returncode == 0
        return out

    colour = re.compile(rb"\x1b\[[0-9;]*3[0-7]")
    assert colour.search(seen()) and not colour.search(seen(NO_COLOR="1")), "bold and dim are no colours"


def test_a_terminal_without_unicode_still_gets_an_answer(world: World) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "lineage_graph", "upstream", world.model],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    said = ended(process)
    assert said.code == 0 and said.out.isascii() and "7 edges" in said.out


# ── the local server and the demo ─────────────────────────────────────────────────────────────────────────────────────────


def test_down_and_browser_without_a_server(
    lineage_graph: Cli, refuses: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "was not running" in lineage_graph("down").out
    assert lineage_graph("down", "--format", "json").json["stopped"] is False
    assert "no query 'nope'" in refuses("browser", "--query", "nope")
    assert "no-such-version" in refuses("up", "--version", "no-such-version")


def test_up_and_browser_never_show_the_password(lineage_graph: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from lineage_graph import local

    server = local.Server(
        "1.0", "bolt://127.0.0.1:1", "neo4j", "hush", 7, tmp_path, "http://127.0.0.1:2", "2026-01-05T08:00:00Z"
    )
    monkeypatch.setattr(local, "up", lambda *_, **__: server)
    monkeypatch.setattr(click, "launch", lambda url: opened.append(url))
    opened: list[str] = []
    for arguments in (["up"], ["up", "--format", "json"], ["browser", "--print"], ["browser", "--format", "json"]):
        assert "hush" not in lineage_graph(*arguments).out
    url = lineage_graph("browser", "--query", "upstream", "--print").out
    assert url.startswith("http://127.0.0.1:2/browser/") and "upstream" not in opened and "MATCH" in url and not opened
    lineage_graph("browser")
    assert len(opened) == 1


def test_the_demo_is_called(lineage_graph: Cli, refuses: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    import lineage_graph.demo as demo

    given: list[bool] = []

    def run_demo(console: object, *, serve: bool) -> int:
        given.append(serve)
        return 0

    monkeypatch.setattr(demo, "run_demo", run_demo)
    lineage_graph("demo")
    lineage_graph("demo", "--no-serve")
    assert given == [True, False]
    monkeypatch.setitem(sys.modules, "lineage_graph.demo", None)
    assert "pip install 'lineage-graph[local,demo]'" in refuses("demo")
