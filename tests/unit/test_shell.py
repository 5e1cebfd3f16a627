"""A plan's script is a shell's, does what it says whatever things are called, and refuses when something is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_graph.answers.plan import Missing, Plan, PlannedRun, PlannedVersion
from lineage_graph.formats.shell import script
from lineage_graph.models import Truncated

SHELLS = [shell for shell in ("sh", "dash", "bash") if shutil.which(shell)]
HOSTILE = ["it's", 'a "b"', "$(touch hit)", "`touch hit`", "; touch hit", "a\nb", "-rf", "\\", "#", "*", "é 日 🙂", "'\"$x"]


def version(name: str, made_by: str | None = None, **more: Any) -> PlannedVersion:
    usual: dict[str, Any] = {"where": "made" if made_by else "stored"}
    return PlannedVersion(
        uid=name, name=name, type="dataset", digest="sha256:" + "0" * 64, size=1, made_by=made_by, **usual | more
    )


def run(name: str, command: str | None, **more: Any) -> PlannedRun:
    usual: dict[str, Any] = {
        "uid": name, "name": name, "display_name": name, "job_type": None, "step": None, "state": "finished", "commit": None,
        "dirty": None, "patch": None, "environment": {}, "config": {}, "seed": None, "inputs": (), "outputs": (), "needs": (),
    }  # fmt: skip
    return PlannedRun(command=command, **usual | more)


def plan(*runs: PlannedRun, **more: Any) -> Plan:
    usual: dict[str, Any] = {
        "home": "p/model:v0", "as_of": None, "known_at": None, "fetch": (), "skipped": (), "missing": (), "loops": (),
    }  # fmt: skip
    return Plan(runs=runs, **usual | more)


def check(text: str) -> None:
    for shell in SHELLS:
        done = subprocess.run([shell, "-n"], input=text.encode(), capture_output=True, check=False)
        assert done.returncode == 0, (shell, done.stderr, text)


def carry_out(text: str, folder: Path, code: int = 0, shell: str = "sh") -> subprocess.CompletedProcess[str]:
    """Runs a script in `folder`; `lineage-graph` is one that writes down what it was asked for."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    fake = tools / "lineage-graph"
    fake.write_text('#!/bin/sh\nmkdir -p -- "$4"\necho "bytes of $2" > "$4/it.txt"\necho "$@" >> "$ASKED"\n')
    fake.chmod(0o755)
    (folder / "script.sh").write_text(text)
    environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "ASKED": str(folder / "asked")}
    done = subprocess.run(
        [shell, "script.sh"], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == code, (done.stdout, done.stderr, text)
    return done


def git(folder: Path, *arguments: str) -> str:
    own = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env=os.environ | own, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Path, str]:
    """(folder, commit) of a repository with one step in it."""
    folder = tmp_path / "repository"
    (folder / "steps").mkdir(parents=True)
    (folder / "steps" / "fit.sh").write_text("tr a-z A-Z < in/it.txt > out.txt\n")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder, git(folder, "rev-parse", "HEAD")


# ── what it does ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("shell", SHELLS)
def test_a_pipeline_is_run_on_its_code_with_its_inputs(tmp_path: Path, repository: tuple[Path, str], shell: str) -> None:
    folder, commit = repository
    place = {"folder": str(folder / "steps"), "subfolder": "steps"}
    first = run(
        "p/runs/first",
        "sh fit.sh",
        commit=commit,
        environment=place | {"inputs": [{"name": "raw:best", "path": "in"}], "outputs": [{"name": "mid", "path": "out.txt"}]},
        inputs=(version("p/raw:v3", asked="best"),),
        outputs=(version("p/mid:v0", "p/runs/first"),),
    )
    second = run(
        "p/runs/second",
        "cat given/out.txt given/out.txt > model.txt",
        environment={"folder": "old", "inputs": [{"name": "p/mid", "path": "given"}]},
        inputs=(version("p/mid:v0", "p/runs/first"),),
        outputs=(version("p/model:v0", "p/runs/second"),),
        needs=("p/runs/first",),
    )
    text = script(plan(first, second, fetch=(version("p/raw:v3"),)), {})
    check(text)
    for _ in range(2):  # again in the same folder
        done = carry_out(text, tmp_path, shell=shell)
        assert (tmp_path / "again" / "folder-2" / "model.txt").read_text() == "BYTES OF P/RAW:V3\n" * 2
    assert (tmp_path / "asked").read_text().splitlines() == ["download p/raw:v3 --output in"] * 2
    assert "lineage-graph show p/model:v0" in done.stdout and "sha256:000" in done.stdout


def test_a_change_is_applied_to_its_commit(tmp_path: Path, repository: tuple[Path, str]) -> None:
    folder, commit = repository
    (folder / "steps" / "fit.sh").write_text("echo 'it'\\''s $HOME `x` \\\\ é' > out.txt\n")
    patch, digest = git(folder, "diff", "HEAD") + "\n", "sha256:" + "a" * 64
    environment = {"folder": str(folder), "subfolder": "", "remote": str(folder)}
    changed = run("p/runs/r", "sh steps/fit.sh", commit=commit, dirty=True, patch=digest, environment=environment)
    text = script(plan(changed), {digest: patch})
    check(text)
    carry_out(text, tmp_path)
    assert (tmp_path / "again" / "code-1" / "out.txt").read_text() == "it's $HOME `x` \\ é\n"
    unlike = script(plan(changed), {})
    assert "no text" in unlike
    carry_out(unlike, tmp_path, code=2)


def test_inputs_nobody_placed_are_fetched_beside_and_those_on_disk_are_copied(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "b.txt").write_text("b")
    here = version("p/b:v0", where="on disk", at=str(tmp_path / "mine"))
    text = script(plan(run("p/runs/r", "cp ../inputs/p/b:v0/b.txt out"), fetch=(version("p/a:v1"), here)), {})
    carry_out(text, tmp_path)
    assert (tmp_path / "again" / "inputs" / "p" / "a:v1" / "it.txt").read_text() == "bytes of p/a:v1\n"
    assert (tmp_path / "again" / "folder-1" / "out").read_text() == "b"


def test_a_command_that_fails_ends_the_script(tmp_path: Path) -> None:
    carry_out(script(plan(run("p/runs/a", "exit 7"), run("p/runs/b", "touch b")), {}), tmp_path, code=7)
    assert not list(tmp_path.rglob("b"))


def test_runs_of_one_process_are_one_command_after_what_all_of_them_need(tmp_path: Path) -> None:
    together = {"environment": {"folder": "f"}, "process": "x"}
    first = run("p/runs/first", "echo both >> log", **together, outputs=(version("p/a:v0", "p/runs/first"),))
    between = run("p/runs/between", "echo between >> ../folder-1/log", environment={"folder": "g"})
    last = run("p/runs/last", "echo both >> log", **together, needs=("p/runs/between", "p/runs/first"))
    carry_out(script(plan(first, between, last), {}), tmp_path)
    log = next(path for path in tmp_path.rglob("log") if path.is_file())
    assert log.read_text().splitlines() == ["between", "both"]


# ── what it refuses ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"missing": (Missing(about="x", why="loop", sentence="they\nwait; touch hit"),)}, "# - they\\nwait"),
        ({"truncated": Truncated(reason="limit", limit=1, cursor="1")}, "--limit"),
        ({"fetch": (version("p/a:v0", where="on disk"),)}, "several places"),
    ],
)
def test_what_is_missing_stands_at_the_top_and_nothing_is_done(tmp_path: Path, more: dict[str, Any], says: str) -> None:
    text = script(plan(run("p/runs/r", "touch hit"), **more), {})
    check(text)
    assert says in text.partition("exit 2")[0]
    assert "1 thing missing" in carry_out(text, tmp_path, code=2).stderr
    assert not list(tmp_path.rglob("hit")) and not (tmp_path / "again").exists()


def test_a_commit_that_is_an_option_is_refused(tmp_path: Path) -> None:
    carry_out(script(plan(run("p/runs/r", "true", commit="--help", environment={"remote": "x"})), {}), tmp_path, code=2)


def test_the_same_plan_is_the_same_script() -> None:
    one = plan(run("p/runs/r", "make", config={"b": 1, "a": 2}, seed=3, environment={"python": "3.13", "packages": {"x": "1"}}))
    assert script(one, {}) == script(Plan.model_validate_json(one.model_dump_json()), {})
    assert "seed 3" in script(one, {}) and "python 3.13, 1 package" in script(one, {})


# ── hostile words ─────────────────────────────────────────────────────────────────────────────────────────────────────


def hostile(word: str) -> str:
    environment = {
        "folder": word, "subfolder": word, "python": word, "platform": word,
        "inputs": [{"name": "p/a", "path": word}, {"name": "p/c", "path": word}], "outputs": [{"name": "p/b", "path": word}],
    }  # fmt: skip
    inputs = (version("p/a:v0"), version("p/c:v0", where="on disk", at=word))
    one = run(
        "p/runs/r",
        word,
        job_type=word,
        commit="c" + word,
        config={word: word},
        environment=environment,
        inputs=inputs,
        process=word,
    )
    two = run("p/runs/s", word, environment=environment | {"remote": word}, commit="c", job_type=word)
    return script(plan(one, two, fetch=inputs, home="p/runs/r"), {})


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_words_stay_words(word: str) -> None:
    check(hostile(word))


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12))
@settings(max_examples=40, deadline=None)
def test_any_word_stays_a_word(word: str) -> None:
    done = subprocess.run(["sh", "-n"], input=hostile(word).encode(), capture_output=True, check=False)
    assert done.returncode == 0, (done.stderr, word)


@pytest.mark.parametrize("word", [w for w in HOSTILE if w not in {"a\nb"}])
def test_a_command_gets_its_words_as_they_were_recorded(tmp_path: Path, word: str) -> None:
    import shlex

    placed = {"inputs": [{"name": "p/a", "path": word}]}
    one = run(
        "p/runs/r", f"printf %s {shlex.quote(word)} > out", job_type=word, environment=placed, inputs=(version("p/a:v0"),)
    )
    carry_out(script(plan(one, fetch=(version("p/a:v0"),)), {}), tmp_path)
    assert (tmp_path / "again" / "folder-1" / "out").read_text() == word
    assert (tmp_path / "again" / "folder-1" / word / "it.txt").exists()
    assert not list(tmp_path.rglob("hit"))
