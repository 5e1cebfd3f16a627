"""The explorer's pure modules under node's own test runner; no packages, no browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
STATIC = HERE.parents[1] / "lineage_graph" / "service" / "static"
PURE = {"state", "layout", "picture", "words"}
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="no node on this machine")


@needs_node
@pytest.mark.parametrize("path", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.name)
def test_with_node(path: Path) -> None:
    done = subprocess.run([str(NODE), "--test", str(path)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    passed = re.search(r"^# pass (\d+)|^ℹ pass (\d+)", done.stdout, re.MULTILINE)
    assert passed is not None and int(passed[1] or passed[2]) >= 5


def test_pure_modules_import_none_but_each_other_and_touch_no_page() -> None:
    for name in PURE:
        text = (STATIC / f"{name}.js").read_text(encoding="utf-8")
        imported = set(re.findall(r"from '\./(\w+)\.js'", text))
        assert imported <= PURE, f"{name}.js imports {imported - PURE}"
        assert not re.search(r"\b(document|window|fetch|location|history)\b[.(]", text), f"{name}.js touches the page"


def test_no_module_makes_markup_of_text_or_runs_it() -> None:
    for path in STATIC.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
            assert way not in text, f"{path.name}: {way}"


def test_only_the_api_asks_and_only_main_writes_the_address() -> None:
    for path in STATIC.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert path.name == "api.js" or not re.search(r"\bfetch\(", text), path.name
        assert path.name == "main.js" or not re.search(r"\bhistory[.[]|location\.hash\s*=", text), path.name


def test_modules_are_small() -> None:
    for path in STATIC.glob("*.js"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path.name
