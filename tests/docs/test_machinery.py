"""The files around the package: compose, Makefile, .ci/run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lineage_graph.local import DEFAULT_VERSION, LTS_VERSION
from tests.docs.pages import TOP

COMPOSE = TOP / "docker" / "compose.yaml"


def compose(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no `docker compose` on this machine")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("NEO4J_")}
    command = [docker, "compose", "--file", str(COMPOSE), "config"]
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, check=False)


def test_compose_takes_the_file() -> None:
    done = compose({"NEO4J_PASSWORD": "for-this-test-only"})
    assert done.returncode == 0, done.stderr
    assert "NEO4J_AUTH: neo4j/for-this-test-only" in done.stdout


def test_compose_asks_for_a_password() -> None:
    done = compose({})
    assert done.returncode != 0
    assert "NEO4J_PASSWORD" in done.stderr


def test_the_compose_file_is_pinned_private_and_watched() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    assert f"image: neo4j:{DEFAULT_VERSION}-community\n" in text
    assert re.search(r"NEO4J_AUTH: neo4j/\$\{NEO4J_PASSWORD:\?[^}]+\}\n", text), "no default password"
    ports = re.findall(r'^ +- "([^"]*:\d+)"$', text, re.MULTILINE)
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports), "loopback only"
    for needed in ("healthcheck:", "restart:", "memory:", "- data:/data", "\nvolumes:\n"):
        assert needed in text
    assert "\t" not in text


@pytest.fixture
def make() -> str:
    found = shutil.which("make")
    if found is None:
        pytest.skip("no make on this machine")
    return found


@pytest.mark.parametrize("target", ["demo", "test", "lint", "types", "bench", "docs", "clean"])
def test_make_knows_its_words(make: str, target: str) -> None:
    done = subprocess.run([make, "--dry-run", target], cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = subprocess.run([make, "help"], cwd=TOP, capture_output=True, text=True, check=True)
    assert f"make {target}" in listed.stdout


def test_make_says_which_python_it_needs(make: str, tmp_path: Path) -> None:
    command = [make, "demo", "PYTHON=false", f"VENV={tmp_path / 'venv'}"]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "needs Python 3.11 or newer, and 'false' is not; name another one: make PYTHON=python3.12 demo" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_ci_can_be_run_and_tries_both_lines() -> None:
    script = TOP / ".ci" / "run"
    assert os.access(script, os.X_OK)
    bash = shutil.which("bash")
    if bash is not None:
        assert subprocess.run([bash, "-n", str(script)], capture_output=True, check=False).returncode == 0
    text = script.read_text(encoding="utf-8")
    assert f"LTS={LTS_VERSION}\n" in text
    assert f"Neo4j {DEFAULT_VERSION}" in text
