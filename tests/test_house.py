"""The house keeps its rules: imports point one way, names are honest, queries are files, nothing local is written down."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import lineage_graph

TOP = Path(__file__).parents[1]
PACKAGE = TOP / "lineage_graph"
LINES = 400

# Rooms, the quietest first: each imports from those before it, never from its own row or a later one.
ROOMS = (
    {"version", "errors", "models", "limits"},
    {"names", "canonical", "queries", "settings", "flatten"},
    {"migrations"},
    {"events", "manifest", "graph", "walks", "answers", "replay"},
    {"journal", "draft", "places", "lineage", "local", "readers", "tokens"},
    {"store", "formats", "ledger"},
    {"bridges", "evidence"},
    {"recording"},
    {"intake"},
    {"archive", "backup"},
    {"demo", "exchange", "reproduction"},
    {"cli", "service"},
)
# The two that stand for the package, and may reach anywhere: its public names, and `python -m lineage_graph`.
DOORSTEP = {"lineage_graph", "lineage_graph.__main__"}
# Who alone may import a library, by the beginning of the module's name.
KEEPERS = {
    "neo4j": ("lineage_graph.graph", "lineage_graph.local.bolt"),
    "click": ("lineage_graph.cli",),
    "fastapi": ("lineage_graph.service",),
    "uvicorn": ("lineage_graph.service",),
    "prometheus_client": ("lineage_graph.service",),
    "starlette": ("lineage_graph.service",),
    "sklearn": ("lineage_graph.demo.steps",),
    "pandas": ("lineage_graph.bridges.pandas",),
    "networkx": ("lineage_graph.bridges.networkx",),
    "py2neo": ("lineage_graph.bridges.py2neo",),
    "cryptography": ("lineage_graph.evidence.keys",),
}
# Modules that are longer than they should be; each is to be split, none may join them.
TOO_LONG: set[str] = set()


def module_name(path: Path) -> str:
    parts = path.relative_to(TOP).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"), str(MODULES[module]))


def imports(module: str) -> Iterator[str]:
    """Every module that one imports anywhere in it, `from package import module` included."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else node.module


def room(module: str) -> str:
    return module.split(".")[1]


def level(name: str) -> int:
    return next((i for i, row in enumerate(ROOMS) if name in row), -1)


# ── who imports whom ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("module", sorted(set(MODULES) - DOORSTEP))
def test_imports_point_one_way(module: str) -> None:
    here = room(module)
    assert level(here) >= 0, f"room {here!r} has no place yet: give it one in ROOMS, and in ARCHITECTURE.md"
    for imported in imports(module):
        if not imported.startswith("lineage_graph."):
            continue
        other = room(imported)
        assert other == here or level(other) < level(here), f"{module} imports {imported}, which stands beside or above it"


@pytest.mark.parametrize("library", KEEPERS)
def test_a_library_has_its_keepers(library: str) -> None:
    for module in MODULES:
        if any(name.split(".")[0] == library for name in imports(module)):
            assert module.startswith(KEEPERS[library]), f"{module} imports {library}"


def test_the_rooms_are_on_the_plan() -> None:
    plan = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")
    here = {room(module) for module in set(MODULES) - DOORSTEP}
    missing = sorted(name for name in here if not re.search(rf"`{name}(\.py|/)?`", plan))
    assert not missing, f"ARCHITECTURE.md says nothing of {', '.join(missing)}"


# ── public names ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("module", [m for m, path in MODULES.items() if "\n__all__" in path.read_text(encoding="utf-8")])
def test_all_is_honest(module: str) -> None:
    there = import_module(module)
    assert len(set(there.__all__)) == len(there.__all__)
    for name in there.__all__:
        assert hasattr(there, name), f"{module}.__all__ promises {name}"


def test_the_package_shows_what_it_promises() -> None:
    assert dir(lineage_graph) == sorted(lineage_graph.__all__)
    assert set(lineage_graph._HOMES) | {"__version__"} == set(lineage_graph.__all__)
    imported = {
        alias.asname or alias.name for node in ast.walk(tree("lineage_graph")) if isinstance(node, ast.ImportFrom)
        for alias in node.names if node.module and node.module.startswith("lineage_graph")
    }  # fmt: skip
    assert imported == set(lineage_graph.__all__)


def callables(name: str) -> Iterator[tuple[str, Any]]:
    """A public name, and if it is a class of ours its public methods."""
    thing = getattr(lineage_graph, name)
    yield name, thing
    if inspect.isclass(thing):
        for attribute, value in inspect.getmembers(thing, callable):
            ours = (getattr(value, "__module__", None) or "").startswith("lineage_graph")
            if ours and not attribute.startswith("_"):
                yield f"{name}.{attribute}", value


@pytest.mark.parametrize("name", sorted(set(lineage_graph.__all__) - {"__version__"}))
def test_what_is_public_is_explained(name: str) -> None:
    silent = [full for full, thing in callables(name) if not (thing.__doc__ or "").strip()]
    assert not silent, f"no docstring: {', '.join(silent)}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_module_says_what_it_is(module: str) -> None:
    if MODULES[module].stat().st_size:
        assert ast.get_docstring(tree(module)), f"{module} has no docstring"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_module_is_too_long(module: str) -> None:
    lines = len(MODULES[module].read_text(encoding="utf-8").splitlines())
    assert lines <= LINES or module in TOO_LONG, f"{module} has {lines} lines, more than {LINES}: split it"


# ── queries come from files ───────────────────────────────────────────────────────────────────────────────────────────────

CYPHER = re.compile(r"\b(MATCH|MERGE|CREATE|UNWIND|DETACH DELETE)\b\s*[({]|\bRETURN\b.+\bORDER BY\b")
BUILT = (ast.JoinedStr, ast.BinOp)
# EXPLAIN or PROFILE stands before a file's own text; nothing runs, or nothing else runs. What stands before a person's own
# has a test of its own.
MAY_BUILD = {("lineage_graph.graph", "explain"), ("lineage_graph.graph", "ask")}
# The way of a person's own statement, from the door to the driver: (module, function), the parameter that has it.
OWN = {
    ("lineage_graph.graph", "ask"): "statement",
    ("lineage_graph.recording.asking", "ask"): "statement",
    ("lineage_graph.recording.asking", "_answer"): "statement",
    ("lineage_graph.recording.connection", "cypher"): "statement",
}


def built(node: ast.expr, function: ast.AST) -> bool:
    """Whether a query's text is put together, here or where its name was given a value."""
    if any(isinstance(part, BUILT) or _formats(part) for part in ast.walk(node)):
        return True
    if not isinstance(node, ast.Name):
        return False
    values = [
        assigned.value for assigned in ast.walk(function)
        if isinstance(assigned, ast.Assign) and any(isinstance(t, ast.Name) and t.id == node.id for t in assigned.targets)
    ]  # fmt: skip
    return any(built(value, function) for value in values if value is not node)


def _formats(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"format", "join", "replace"}
    )


def runs(function: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            owner = node.func.value
            shell = isinstance(owner, ast.Name) and owner.id == "subprocess"
            if node.func.attr in {"run", "execute_query"} and not shell:
                yield node


@pytest.mark.parametrize("module", KEEPERS["neo4j"])
def test_no_query_is_put_together(module: str) -> None:
    found = 0
    for function in [n for n in ast.walk(tree(module)) if isinstance(n, ast.FunctionDef)]:
        for call in runs(function):
            found += 1
            allowed = (module, function.name) in MAY_BUILD
            assert allowed or not built(call.args[0], function), f"{module}.{function.name} builds the text of a query"
    assert found, "no query is run here any more: the test looks in the wrong place"


def functions(module: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("place", "parameter"), OWN.items(), ids=lambda p: p if isinstance(p, str) else ".".join(p))
def test_a_persons_own_statement_goes_its_way_as_it_is(place: tuple[str, str], parameter: str) -> None:
    """Nothing is put before it, after it or into it, and it is not cut: it is named, and named again."""
    function = functions(place[0])[place[1]]
    assert parameter in [argument.arg for argument in function.args.args]
    uses = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == parameter]
    assert uses and all(isinstance(use.ctx, ast.Load) for use in uses), "it is given another value"
    whole = {
        id(argument) for node in ast.walk(function) if isinstance(node, ast.Call)
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]
    }  # fmt: skip
    inside = [use for use in uses if id(use) not in whole]
    if place == ("lineage_graph.graph", "ask"):
        [explained] = [node for node in ast.walk(function) if isinstance(node, ast.JoinedStr)]
        before, value = explained.values
        assert isinstance(before, ast.Constant) and before.value == "EXPLAIN "
        assert isinstance(value, ast.FormattedValue) and [value.value] == inside
        assert (value.conversion, value.format_spec) == (-1, None)
        sent = [ast.unparse(call.args[0]) for call in sorted(runs(function), key=lambda call: call.lineno)]
        assert sent == [ast.unparse(explained), parameter]
    else:
        assert not inside


def test_a_persons_own_statement_has_one_way() -> None:
    """Whoever calls `ask` of the graph or `cypher` of the facade has a whole text in hand, and stands in the list above or is
    a door, which has it from a person."""
    for module in MODULES:
        for name, function in functions(module).items():
            for call in [node for node in ast.walk(function) if isinstance(node, ast.Call)]:
                called = call.func.attr if isinstance(call.func, ast.Attribute) else None
                if called == "cypher" or (called == "ask" and "graph" in ast.unparse(call.func)):
                    assert (module, name) in OWN or room(module) in {"cli", "service"}, f"{module}.{name} asks"
                    assert isinstance(call.args[0], ast.Name) and not built(call.args[0], function), f"{module}.{name}"


def test_query_files_are_read_in_one_place() -> None:
    for module in set(MODULES) - {"lineage_graph.queries"}:
        for call in [node for node in ast.walk(tree(module)) if isinstance(node, ast.Call)]:
            made = ast.unparse(call.func) in {"Query", "queries.Query", "queries.parse", "queries.load"}
            changed = ast.unparse(call.func).endswith("replace") and any(k.arg == "text" for k in call.keywords)
            assert not made and not changed, f"{module}, line {call.lineno} makes a query of its own"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_there_is_no_cypher_in_python(module: str) -> None:
    docstrings = {
        ast.get_docstring(node, clean=False) for node in ast.walk(tree(module))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }  # fmt: skip
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in docstrings:
            assert not CYPHER.search(node.value), f"{module}, line {node.lineno}: queries are files in cypher/"


# ── nothing local is written down ─────────────────────────────────────────────────────────────────────────────────────────

# In two parts each, so that this file does not hold what it looks for.
HOSTS = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("repo1", "maven.org"), ("repo", "maven.apache.org"), ("pypi", "org"), ("files", "pythonhosted.org"),
            ("registry", "npmjs.org"), ("docker", "io"), ("ghcr", "io"), ("proxy", "golang.org"),
        )
    )
)  # fmt: skip
PATHS = re.compile(r"(?<![\w.~$}*-])/(?:home|Users|root|work|opt|private/var)/[\w.-]+")


@cache
def tracked() -> tuple[Path, ...]:
    if shutil.which("git") is None or not (TOP / ".git").exists():
        return ()
    command = ["git", "-C", str(TOP), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, check=False)
    return tuple(TOP / name for name in done.stdout.decode().split("\0") if name and (TOP / name).is_file())


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize(("what", "pattern"), [("a registry's host", HOSTS), ("a path of one machine", PATHS)])
def test_nothing_of_one_machine_is_in_a_file(what: str, pattern: re.Pattern[str]) -> None:
    if not tracked():
        pytest.skip("not a Git checkout")
    found = [f"{path.relative_to(TOP)}: {match[0]}" for path in tracked() if (match := pattern.search(text_of(path)))]
    assert not found, f"{what} stands in {'; '.join(found)}"


# ── dependencies ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def dependencies() -> list[str]:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [one for wanted in project["optional-dependencies"].values() for one in wanted]
    names = {re.match(r"[A-Za-z0-9._-]+", one)[0] for one in [*project["dependencies"], *extras]}  # type: ignore[index]
    return sorted(names - {project["name"]})


@pytest.mark.parametrize("dependency", dependencies())
def test_every_dependency_has_its_reason(dependency: str) -> None:
    plan = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| `{re.escape(dependency)}` \| \S", plan, re.MULTILINE), (
        f"ARCHITECTURE.md gives no reason for {dependency}"
    )
