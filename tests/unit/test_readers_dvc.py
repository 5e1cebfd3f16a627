"""The history of dvc.lock → events: the list, a Git repository, and every way in which they can be wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.errors import ExtraMissing, ImportRefused
from lineage_graph.events import Logged, RunStarted, Used
from lineage_graph.readers import Reading, git
from lineage_graph.readers.dvc import read

LOCK = """\
schema: '2.0'
stages:
  split:
    cmd: python split.py
    deps:
    - path: data/raw.csv
      md5: 73fba4fd85b6dbaf95c9d5e3836d3926
      size: 684860
    outs:
    - path: data/train
      md5: 519fbe22a8ce712999f28010f3c56fe6.dir
      size: 1606
      nfiles: 7
  train:
    cmd:
    - python train.py
    - python check.py
    deps:
    - path: data/train
      md5: 519fbe22a8ce712999f28010f3c56fe6.dir
      size: 1606
      nfiles: 7
    params:
      params.yaml:
        lr: 1e-3
        answer: yes
        day: 2026-01-05
        layers: [8, 4]
    outs:
    - path: model.pkl
      hash: md5
      md5: c5e58ac55c3f8077ffac66b0e9b3536a
      size: 12
"""


def commit(number: int, lock: str = LOCK, **more: Any) -> dict[str, Any]:
    at = f"2026-01-05T08:{number:02}:00+01:00"
    return {"commit": f"{number:040x}", "author_name": "Ada", "authored_at": at, "dvc_lock": lock, **more}


def reading(*commits: dict[str, Any]) -> Reading:
    return read(json.dumps(commits).encode(), "h.json", "p")


def of(found: Reading, kind: type[Any]) -> list[Any]:
    return [e for e in found.events if isinstance(e, kind)]


# ── what it means ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stage_is_a_run_and_a_path_with_its_hash_a_version() -> None:
    found = reading(commit(1))
    assert found.counts == {"runs": 2, "versions": 3, "used": 2, "logged": 2}
    split, train = of(found, RunStarted)
    assert split.source_id == f"split@{1:040x}" and split.author == "Ada" and split.commit == f"{1:040x}"
    assert (train.name, train.step, train.command) == ("train", "train", "python train.py\npython check.py")
    raw, folder = of(found, Used)
    assert raw.source_id == "data/raw.csv@73fba4fd85b6dbaf95c9d5e3836d3926" and raw.size == 684860 and raw.type == "file"
    assert (folder.digest, folder.file_count) == ("md5:519fbe22a8ce712999f28010f3c56fe6.dir", 7)
    assert folder.artifact == of(found, Logged)[0].artifact != raw.artifact


def test_params_are_the_config_with_the_types_dvc_wrote() -> None:
    [_, train] = of(reading(commit(1)), RunStarted)
    assert train.config == {"params.yaml": {"lr": 0.001, "answer": "yes", "day": "2026-01-05", "layers": [8, 4]}}


def test_the_same_entry_is_one_run_known_by_its_first_commit() -> None:
    other = LOCK.replace("lr: 1e-3", "lr: 1e-2")
    found = reading(commit(1), commit(2, other), commit(3))
    assert [e.source_id for e in of(found, RunStarted)] == [f"split@{1:040x}", f"train@{1:040x}", f"train@{2:040x}"]
    assert found.counts["versions"] == 3, "another rate, the same bytes"


def test_a_run_has_the_same_name_and_uid_whichever_commit_shows_it_first() -> None:
    one, two = reading(commit(1)), reading(commit(2))
    assert [(e.run, e.uid) for e in of(one, RunStarted)] == [(e.run, e.uid) for e in of(two, RunStarted)]
    assert one.uid != two.uid


def test_a_lock_in_a_folder_is_named_from_the_root() -> None:
    lock = LOCK.replace("data/raw.csv", "../data/raw.csv")
    found = reading(commit(1), commit(1, lock, lock_path="sub/dvc.lock"))
    assert {e.source_id.partition("@")[0] for e in of(found, RunStarted)} == {
        "split", "train", "sub/dvc.yaml:split", "sub/dvc.yaml:train",
    }  # fmt: skip
    assert {e.source_id.partition("@")[0] for e in of(found, Used)} == {"data/raw.csv", "data/train", "sub/data/train"}


def test_locks_before_schema_2_have_the_same_form() -> None:
    old = "\n".join(line[2:] for line in LOCK.splitlines()[2:])
    assert reading(commit(1, old)).events == reading(commit(1)).events


def test_what_has_no_hash_is_left_out_and_said() -> None:
    lock = LOCK.replace("      md5: 73fba4fd85b6dbaf95c9d5e3836d3926\n", "").replace(
        "nfiles: 7", "nfiles: 7\n      isexec: true"
    )
    found = reading(commit(1, lock), commit(2, lock.replace("cmd: python", "cmd: nice python")))
    assert found.counts["used"] == 1
    assert [(o.what, o.count, o.where) for o in found.left_out] == [
        ("file", 2, "commit 0000000000, dvc.lock, stages.split.deps[0]"),
        ("file's isexec", 3, "commit 0000000000, dvc.lock, stages.split.outs[0]"),
    ]


def test_other_hashes_than_md5() -> None:
    lock = LOCK.replace("md5: 73fba4fd85b6dbaf95c9d5e3836d3926", "etag: 0x8DAB12")
    assert of(reading(commit(1, lock)), Used)[0].digest == "etag:0x8DAB12"


def test_anchors_of_yaml_are_what_they_stand_for() -> None:
    lock = LOCK.replace("layers: [8, 4]", "layers: &a [8, 4]\n        more: *a")
    assert of(reading(commit(1, lock)), RunStarted)[1].config["params.yaml"]["more"] == [8, 4]


# ── what is wrong ─────────────────────────────────────────────────────────────────────────────────────────────────────────

BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
MD5 = "c5e58ac55c3f8077ffac66b0e9b3536a"
IN_LOCK = "h.json, commit 0000000000, dvc.lock"
WRONG: dict[str, tuple[Any, str, str]] = {
    "no list": ({"commit": "a"}, "h.json", "a list is expected, not an object"),
    "an entry that is none": ([1], "h.json, [0]", "an object is expected, not 1"),
    "no commit": ([commit(1) | {"commit": None}], "h.json, [0]", "'commit' is missing"),
    "a commit that is none": ([commit(1) | {"commit": "HEAD"}], "h.json, [0].commit", "'HEAD' is no commit"),
    "a commit twice": ([commit(1), commit(1)], "h.json, [1].commit", "is listed twice"),
    "no time": ([commit(1) | {"authored_at": "then"}], "h.json, [0].authored_at", "'then' is not a time"),
    "no lock": ([commit(1) | {"dvc_lock": None}], "h.json, [0]", "'dvc_lock' is missing"),
    "a lock that is no text": ([commit(1) | {"dvc_lock": {}}], IN_LOCK, "a text is expected"),
    "an empty lock": ([commit(1, "")], IN_LOCK, "it is empty"),
    "a lock of another name": ([commit(1, lock_path="dvc.yaml")], "h.json, [0].lock_path", "is no path to a dvc.lock"),
    "another schema": ([commit(1, LOCK.replace("'2.0'", "'3.1'"))], f"{IN_LOCK}, schema", "of schema 3.1; 2.0 is what is read"),
    "a schema that is a number": ([commit(1, LOCK.replace("'2.0'", "2.0"))], f"{IN_LOCK}, schema", "a text is expected"),
    "no schema, and no old lock": ([commit(1, "a: 1")], IN_LOCK, "'schema' is missing, and 'a' is no stage"),
    "stages without schema": ([commit(1, LOCK.partition("\n")[2])], IN_LOCK, "'schema' is missing"),
    "not YAML": ([commit(1, LOCK + "\n\tx")], f"{IN_LOCK}, line", "it is not YAML"),
    "an unfinished merge": ([commit(1, LOCK.replace("  train:", "<<<<<<< HEAD\n  train:"))], IN_LOCK, "it is not YAML"),
    "a stage twice": ([commit(1, LOCK.replace("  train:", "  split:"))], f"{IN_LOCK}, line 14", "'split' stands twice"),
    "a key that is a list": ([commit(1, LOCK + "  ? [a]\n  : b\n")], f"{IN_LOCK}, line", "a key is no text"),
    "a tag of Python": ([commit(1, "a: !!python/object/apply:os.system [ls]")], f"{IN_LOCK}, line 1", "it is not YAML"),
    "a few lines that are billions": ([commit(1, BOMB)], IN_LOCK, "more than 1,000,000 values"),
    "a value that contains itself": ([commit(1, "a: &a [*a]")], IN_LOCK, "they contain themselves"),
    "brackets without end": ([commit(1, "a: " + "[" * 50_000)], IN_LOCK, "it is not YAML"),
    "a lock without end": ([commit(1, "a: b\n" * 4_000_000)], IN_LOCK, "20,000,000 characters"),
    "a stage that is none": ([commit(1, "schema: '2.0'\nstages:\n  a: 1")], f"{IN_LOCK}, stages.a", "an object is expected"),
    "a stage without name": ([commit(1, "schema: '2.0'\nstages:\n  3: {}")], f"{IN_LOCK}, stages", "3 is no stage's name"),
    "no cmd": ([commit(1, LOCK.replace("cmd: python split.py", "x: true"))], f"{IN_LOCK}, stages.split", "'cmd' is missing"),
    "no path": ([commit(1, LOCK.replace("path: model.pkl", "x: y"))], f"{IN_LOCK}, stages.train.outs[0]", "'path' is missing"),
    "a hash that is a number": ([commit(1, LOCK.replace(MD5, "12"))], IN_LOCK, "not 12"),
    "a hash that is none": ([commit(1, LOCK.replace(MD5, "a b"))], IN_LOCK, "digest: "),
    "a size that is none": ([commit(1, LOCK.replace("size: 12", "size: 1.5"))], IN_LOCK, "a whole number is expected, not 1.5"),
    "params that are none": ([commit(1, LOCK.replace("layers: [8, 4]", "layers: .inf"))], IN_LOCK, "JSON has no infinity"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_its_place(name: str) -> None:
    value, place, words = WRONG[name]
    with pytest.raises(ImportRefused) as refused:
        read(json.dumps(value).encode(), "h.json", "p")
    said = str(refused.value)
    assert said.startswith(place) and words in said and said.endswith("; nothing was imported") and "\n" not in said, said


@pytest.mark.parametrize("path", ["../dvc.lock", "/dvc.lock", "a/../dvc.lock", "./dvc.lock", "sub/dvc.lock/", "dvc.locked"])
def test_a_lock_is_below_the_root(path: str) -> None:
    with pytest.raises(ImportRefused, match=r"h.json, \[0\].lock_path: "):
        reading(commit(1, lock_path=path))


def test_without_the_extra_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ExtraMissing, match=r"pip install 'lineage-graph\[dvc\]'"):
        reading(commit(1))


PIECES = [
    "",
    "null",
    "{}",
    "[]",
    "'",
    '"',
    "- ",
    "&a ",
    "*a",
    "<<: ",
    "\t",
    "\n",
    "!!binary ",
    "? ",
    ": ",
    "%",
    "schema: '2.0'",
    "é",
    "\0",
]


@given(st.integers(0, len(LOCK)), st.integers(0, 30), st.sampled_from(PIECES))
def test_a_changed_lock_is_refused_or_read(at: int, length: int, piece: str) -> None:
    try:
        found = reading(commit(1, LOCK[:at] + piece + LOCK[at + length :]))
    except ImportRefused as error:
        assert str(error).startswith("h.json") and "\n" not in str(error)
    else:
        assert (
            len(found.places) == len(found.events) == 2 * found.counts["runs"] + found.counts["used"] + found.counts["logged"]
        )


def test_a_torn_list_is_refused() -> None:
    whole = json.dumps([commit(1)]).encode()
    for end in range(0, len(whole), 5):
        with pytest.raises(ImportRefused, match="it is not JSON"):
            read(whole[:end], "h.json", "p")


# ── a repository ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Repository:
    """A Git repository in the making; every commit a minute after the one before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.minute = 0
        self("init", "--quiet", "--initial-branch=main", str(folder), at=folder.parent)
        self("config", "commit.gpgsign", "false")

    def __call__(self, *arguments: str, at: Path | None = None) -> str:
        who = {f"GIT_{w}_{k}": v for w in ("AUTHOR", "COMMITTER") for k, v in (
            ("NAME", "Ada"), ("EMAIL", "ada@x"), ("DATE", f"2026-01-05T08:{self.minute:02}:00+00:00"))}  # fmt: skip
        done = subprocess.run(
            ["git", "-C", str(at or self.folder), *arguments], capture_output=True, check=True, env=os.environ | who, text=True
        )
        return done.stdout.strip()

    def commit(self, **files: str | None) -> str:
        """Writes files ('__' is '/', '_lock' is '.lock'), or takes them away, and commits."""
        self.minute += 1
        for name, text in files.items():
            path = self.folder / name.replace("__", "/").replace("_lock", ".lock")
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text)
        self("add", "--all")
        self("commit", "--quiet", "--allow-empty", "-m", "x")
        return self("rev-parse", "HEAD")

    def lock_at(self, commit: str, path: str) -> str | None:
        try:
            return self("show", f"{commit}:{path}")
        except subprocess.CalledProcessError:
            return None


def lock(rate: str) -> str:
    return LOCK.replace("1e-3", rate)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """main and a branch, merged; a branch that is not; a tag that nothing else has; a lock in a folder; one that is deleted."""
    made = Repository(tmp_path / "repository")
    made.commit(README="1")
    made.commit(dvc_lock=lock("0.1"))
    made.commit(README="2")
    made("checkout", "-q", "-b", "side")
    made.commit(dvc_lock=lock("0.2"), sub__deep__dvc_lock=lock("0.21"))
    made("checkout", "-q", "main")
    made.commit(README="3")
    made.minute += 1
    made("merge", "-q", "--no-ff", "-m", "m", "side")
    made.commit(dvc_lock=lock("0.3"))
    made("checkout", "-q", "-b", "open", "HEAD~1")
    made.commit(dvc_lock=lock("0.4"))
    made.commit(dvc_lock=None)
    made("checkout", "-q", "--detach", "main")
    made.commit(dvc_lock=lock("0.5"))
    made("tag", "-m", "kept", "v1")
    made("checkout", "-q", "main")
    made.commit(dvc_lock=lock("0.1"))
    return made


def nothing(done: int, total: int) -> None:
    return


def test_every_commit_that_changes_a_lock_parents_first(repository: Repository) -> None:
    found, shallow = git.history(repository.folder, nothing)
    assert not shallow
    commits = [line.split() for line in repository("log", "--all", "--format=%H %P").splitlines()]
    wanted = {
        (sha, path, text)
        for sha, *parents in commits for path in ("dvc.lock", "sub/deep/dvc.lock")
        if (text := repository.lock_at(sha, path)) is not None
        and text != (repository.lock_at(parents[0], path) if parents else None)
    }  # fmt: skip
    rows = [(one["commit"], one["lock_path"], one["dvc_lock"].strip()) for one in found.value]
    assert set(rows) == wanted and len(rows) == len(wanted) == 9
    place = {sha: i for i, (sha, _, _) in enumerate(rows)}
    below = repository("rev-list", "--all", "--topo-order", "--reverse").splitlines()
    for sha in place:
        older = set(repository("rev-list", sha).splitlines()) - {sha}
        assert all(place[o] < place[sha] for o in older if o in place)
    assert set(place) <= set(below) and {one["author_name"] for one in found.value} == {"Ada"}
    assert found.value[0]["authored_at"] in {"2026-01-05T08:02:00+00:00", "2026-01-05T08:02:00Z"}


def test_a_repository_is_read_as_its_list_is(repository: Repository) -> None:
    reading = git.read(repository.folder, "p", nothing)
    found, _ = git.history(repository.folder, nothing)
    assert reading.events == read(json.dumps(found.value).encode(), "h.json", "p").events
    # Five rates, and the lock in the folder; `split` is the same in all of the root's.
    assert Counter(e.step for e in of(reading, RunStarted)) == {
        "split": 1, "train": 5, "sub/deep/dvc.yaml:split": 1, "sub/deep/dvc.yaml:train": 1,
    }  # fmt: skip
    assert reading.left_out == []


def test_a_folder_of_a_repository_is_the_repository(repository: Repository) -> None:
    assert git.read(repository.folder / "sub" / "deep", "p", nothing).uid == git.read(repository.folder, "p", nothing).uid


def test_another_repository_in_the_environment_is_not_asked(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(repository.folder / "nowhere"))
    assert git.read(repository.folder, "p", nothing).counts["runs"] == 8


def test_a_shallow_clone_says_so(repository: Repository, tmp_path: Path) -> None:
    repository("clone", "-q", "--depth", "1", f"file://{repository.folder}", str(tmp_path / "shallow"))
    reading = git.read(tmp_path / "shallow", "p", nothing)
    assert [one.what for one in reading.left_out] == ["commits"] and reading.counts["runs"] == 4


def test_what_is_no_repository_or_has_no_lock(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(ImportRefused, match=r"git cannot read it .*not a git repository"):
        git.read(tmp_path / "plain", "p", nothing)
    made = Repository(tmp_path / "without")
    with pytest.raises(ImportRefused, match=r"no commit has a dvc\.lock"):
        git.read(made.folder, "p", nothing)
    made.commit(README="x")
    with pytest.raises(ImportRefused, match=r"no commit has a dvc\.lock"):
        git.read(made.folder, "p", nothing)


def test_a_broken_lock_in_the_history_is_said_with_its_commit(repository: Repository) -> None:
    sha = repository.commit(dvc_lock="schema: '2.0'\nstages: [")
    with pytest.raises(ImportRefused, match=rf"commit {sha[:10]}, dvc\.lock, line 3: it is not YAML"):
        git.read(repository.folder, "p", nothing)
    (repository.folder / "dvc.lock").write_bytes(b"\xff\xfe")
    repository.minute += 1
    repository("commit", "-q", "-am", "x", "--amend")
    with pytest.raises(ImportRefused, match=r"dvc.lock: .* is not Unicode"):
        git.read(repository.folder, "p", nothing)


def test_without_git_one_sentence(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository.folder))
    with pytest.raises(ImportRefused, match="git cannot be started"):
        git.read(repository.folder, "p", nothing)
