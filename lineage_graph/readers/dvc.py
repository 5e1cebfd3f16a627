"""The history of `dvc.lock`: what DVC's pipelines did, as far as their Git repository tells.

A run is one distinct (stage, whole lock entry); it is known by the first commit that has it, and has that commit's time and
author. A version is one distinct (path, hash), of the path's artifact (type 'file'). `deps` are USED, `outs` are LOGGED,
`params` is the config, `cmd` the command. Their source ids are STAGE@COMMIT and PATH@HASH.

The history is a list of {commit, author_name, authored_at, dvc_lock}, parents before children, one for each commit whose lock
differs from its first parent's; dvc_lock is the file's text. `lock_path` says where it is, when that is not the repository's
root: its stages are then named as DVC does ('folder/dvc.yaml:train'), and its paths are taken from the root.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from lineage_graph.canonical import canonical
from lineage_graph.errors import ExtraMissing, ImportRefused
from lineage_graph.readers.naming import marked
from lineage_graph.readers.reading import Reading, Record, Version
from lineage_graph.readers.value import Value, of_json

SCHEMA = "2.0"
HASHES = ("md5", "etag", "checksum")
ROOT = "dvc.lock"
LARGEST = 16 * 2**20  # characters of one lock
MOST = 1_000_000  # values in it, with what aliases repeat
READ = {"stage": {"cmd", "deps", "outs", "params"}, "file": {"path", "size", "nfiles", "hash", *HASHES}}
COMMIT = re.compile(r"[0-9a-f]{7,64}")
# The types of YAML 1.2, by which DVC writes: no 'yes' for true, no times, no '<<'.
PLAIN = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
     list("-+.0123456789")),
)  # fmt: skip


def read(data: bytes, file: str, project: str) -> Reading:
    """The runs and versions of a history that is written as a list. Raises ImportRefused, ExtraMissing."""
    return read_history(of_json(data, file), project)


def read_history(history: Value, project: str) -> Reading:
    """The same, of a list that is there. Raises ImportRefused, ExtraMissing."""
    yaml = _yaml()
    record = Record("dvc", history.file, project, runs_by_name=True)
    seen: set[bytes] = set()
    listed: set[tuple[str, str]] = set()
    versions: dict[tuple[str, str], Version] = {}
    for commit in history.items():
        sha, path = commit["commit"].text(), _lock_path(commit)
        if not COMMIT.fullmatch(sha):
            raise commit["commit"].refused(f"{sha!r} is no commit")
        if (sha, path) in listed:
            raise commit["commit"].refused(f"{sha} is listed twice")
        listed.add((sha, path))
        at, author = commit["authored_at"].time(), commit.get("author_name")
        where = f"commit {sha[:10]}, {path}"
        lock = _lock(commit["dvc_lock"], where, yaml)
        for name, entry in _stages(lock):
            content = canonical([path, name, entry.plain()])
            if content in seen:
                continue
            seen.add(content)
            stage = name if path == ROOT else f"{posixpath.dirname(path)}/dvc.yaml:{name}"
            place = f"{where}, {entry.path}"
            run = record.run_name(f"{stage}@{sha}", place, marked(stage, content))
            facts = {"name": stage, "job_type": name, "step": stage, "commit": sha, "command": _command(entry["cmd"])}
            params = entry.get("params")
            config = params.plain() if params is not None and params.mapping else None
            record.start(run, f"{stage}@{sha}", at, place, config=config, author=author and author.text(), **facts)
            for kind, say in (("deps", record.used), ("outs", record.logged)):
                for one in (entry.get(kind) or entry.at(kind, [])).items():
                    version = _version(record, one, where, posixpath.dirname(path), versions)
                    if version is not None:
                        say(run, version, at, f"{where}, {one.path}")
            record.finish(run, at, place)
            _leave_out(record, "stage", entry, where)
    return record.reading()


def _lock_path(commit: Value) -> str:
    given = commit.get("lock_path")
    if given is None:
        return ROOT
    path = given.text()
    outside = path.startswith(("/", "../")) or path != posixpath.normpath(path)
    if outside or posixpath.basename(path) != ROOT:
        raise given.refused(f"{path!r} is no path to a {ROOT} below the repository's root")
    return path


def _leave_out(record: Record, kind: str, value: Value, where: str) -> None:
    for key in value.mapping:
        if key not in READ[kind]:
            record.leave_out(f"{kind}'s {key}", "it says nothing of what was used or made", f"{where}, {value.path}")


# ── the lock ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _yaml() -> Any:
    """YAML's module, and a loader that knows nothing but plain values. Raises ExtraMissing."""
    try:
        import yaml
    except ImportError:
        raise ExtraMissing("reading dvc.lock (pyyaml)", "dvc") from None

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """YAML 1.2's plain types, and no key twice."""

        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            found: dict[Any, Any] = {}
            for key_node, value_node in node.value:
                key = self.construct_object(key_node, deep=True)
                if not isinstance(key, str | int | float | bool | type(None)):
                    raise yaml.constructor.ConstructorError(None, None, "a key is no text", key_node.start_mark)
                if key in found:
                    raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", key_node.start_mark)
                found[key] = self.construct_object(value_node, deep=deep)
            return found

    for name, pattern, first in PLAIN:
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(f"^(?:{pattern})$"), first)
    return yaml, Loader


def _lock(given: Value, where: str, yaml: Any) -> Value:
    """A lock as plain values. Raises ImportRefused with the line of the lock."""
    module, loader = yaml
    lock = Value(given.value, f"{given.file}, {where}")
    text = lock.text()
    if len(text) > LARGEST:
        raise lock.refused(f"it has {len(text):,} characters, more than {LARGEST:,}")
    try:
        value = module.load(text, Loader=loader)
    except module.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise ImportRefused(lock.file, mark and mark.line + 1, f"it is not YAML ({why})") from None
    except (ValueError, RecursionError) as error:
        raise lock.refused(f"it is not YAML ({error})") from None
    if _too_many(value):
        raise lock.refused(f"it has more than {MOST:,} values, or they contain themselves")
    return Value(value, lock.file)


def _too_many(value: Any) -> bool:
    """Whether a value is larger than a lock can be; aliases make a few lines of text a billion values."""
    waiting, count = [value], 0
    while waiting and count + len(waiting) <= MOST:
        count += 1
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return bool(waiting)


def _stages(lock: Value) -> list[tuple[str, Value]]:
    """A lock's stages. Locks of DVC before 2.0 have them at the top, in the same form."""
    schema = lock.get("schema")
    if schema is None and "stages" not in lock.mapping:
        for name, entry in lock.mapping.items():
            if not isinstance(entry, dict) or "cmd" not in entry:
                raise lock.refused(f"'schema' is missing, and {name!r} is no stage of the locks before it; {SCHEMA} is read")
        stages = lock
    else:
        said = lock["schema"].text()
        if said != SCHEMA:
            raise lock["schema"].refused(f"it is of schema {said}; {SCHEMA} is what is read")
        found = lock.get("stages")
        if found is None:
            return []
        stages = found
    for name in stages.mapping:
        if not isinstance(name, str) or not name:
            raise stages.refused(f"{name!r} is no stage's name")
    return [(name, stages[name]) for name in stages.mapping]


def _command(cmd: Value) -> str:
    return "\n".join(cmd.texts()) if isinstance(cmd.value, list) else cmd.text()


def _version(record: Record, one: Value, where: str, folder: str, versions: dict[tuple[str, str], Version]) -> Version | None:
    """The version that a dep or an out is; None where nothing tells it from others."""
    path = one["path"].text()
    if folder:
        path = posixpath.normpath(posixpath.join(folder, path))
    found = [(kind, value.text()) for kind in HASHES if (value := one.get(kind)) is not None]
    if not found:
        record.leave_out(
            "file", "it has no hash (md5, etag or checksum), which tells a version from others", f"{where}, {one.path}"
        )
        return None
    _leave_out(record, "file", one, where)
    kind, digest = found[0]
    size, files = one.get("size"), one.get("nfiles")
    key = (path, f"{kind}:{digest}")
    if key not in versions:
        versions[key] = Version(
            f"{path}@{digest}",
            record.artifact_name(path, f"{where}, {one.path}"),
            f"{kind}:{digest}",
            "file",
            size.whole() if size is not None else None,
            files.whole() if files is not None else None,
        )
    return versions[key]
