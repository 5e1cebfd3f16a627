"""What the README says is so: its commands and code run, its tables are fresh, its links lead somewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lineage_graph import limits
from lineage_graph.settings import Settings
from tests.conftest import Address
from tests.docs import pages
from tests.docs.blocks import Block, blocks

README = list(blocks(pages.README))
RUN = [block for block in README if block.language in {"sh", "python"} and block.not_run is None]
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)\)")
VARIABLE = re.compile(r"LINEAGE_GRAPH_[A-Z_]+")


def test_its_commands_and_code_run_in_order(online: Address, home: Path, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash on this machine")
    work = tmp_path / "work"
    work.mkdir()
    environment = dict(os.environ) | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    assert len(RUN) >= 8
    for number, block in enumerate(RUN):
        script = work / f"block{number}.py"
        script.write_text(block.to_run, encoding="utf-8")
        command = [sys.executable, str(script)] if block.language == "python" else [bash, "-euo", "pipefail", "-x", str(script)]
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"README.md, line {block.line}:\n{block.text}\n{done.stdout}\n{done.stderr}"
        assert "Warning" not in done.stderr, f"README.md, line {block.line}: {done.stderr}"


@pytest.mark.parametrize("block", [b for b in README if b.targets], ids=lambda b: f"line-{b.line}")
def test_what_it_tells_to_make_can_be_made(block: Block) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("no make on this machine")
    for target in block.targets:
        done = subprocess.run([make, "--dry-run", target], cwd=pages.TOP, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_few_blocks_are_not_run() -> None:
    reasons = [block.not_run for block in README if block.not_run]
    assert len(reasons) <= 3, reasons


def test_its_tables_are_fresh() -> None:
    assert pages.README.read_text(encoding="utf-8") == pages.readme(), "run `make docs`"


def test_every_setting_and_variable_is_explained() -> None:
    assert set(pages.MEANING) == set(Settings.model_fields)
    package = "\n".join(path.read_text(encoding="utf-8") for path in (pages.TOP / "lineage_graph").rglob("*.py"))
    read = {name for name in VARIABLE.findall(package) if not name.endswith("_")}
    read |= {f"LINEAGE_GRAPH_{name}" for name in re.findall(r'memory\("([A-Z]+)"', package)}
    known = set(pages.VARIABLES) | {f"LINEAGE_GRAPH_{name.upper()}" for name in Settings.model_fields}
    assert read <= known, f"not explained: {sorted(read - known)}"
    assert set(pages.VARIABLES) <= read, f"not read any more: {sorted(set(pages.VARIABLES) - read)}"


def test_every_limit_is_in_the_table() -> None:
    told = [name for names, *_ in pages.LIMITS for name in names]
    assert sorted(told) == sorted(name for name in vars(limits) if name.isupper())


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"])
def test_links_lead_somewhere(page: str) -> None:
    path = pages.TOP / page
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{page} links to {target}"


def test_every_command_is_on_the_page_and_explains_itself() -> None:
    from lineage_graph.cli.app import cli

    page = pages.README.read_text(encoding="utf-8")
    for name, command in cli.commands.items():
        assert command.help, name
        assert f"`{name}`" in page


def test_a_block_says_itself_that_it_is_not_run(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```sh\nls\nmake demo\n```\n\n```sh\n# not run by the tests: it sings\nsing\n```\n\n```text\nno\n```\n")
    first, second, third = blocks(page)
    assert (first.not_run, first.targets, first.to_run) == (None, ["demo"], "ls\n:\n")
    assert (second.not_run, second.line) == ("it sings", 6)
    assert third.language == "text"
