"""The Cypher files as records: `cypher/<area>/<name>.cypher` → Query.

A file opens with a comment: the question it answers, then `Parameters`, `Columns`, and where it matters `Plan`, `Draw` and
`Try`. That comment is the documentation at every door. Files are loaded and checked once, at import; their text is never
edited, but for the upper bound of the file's one `*0..` (see `Query.bounded`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

from lineage_graph.errors import ParameterWrong, QueryBroken, QueryUnknown

WRITES = re.compile(r"\b(CREATE|MERGE|SET|DELETE|DETACH|REMOVE|FOREACH|DROP|LOAD\s+CSV)\b", re.IGNORECASE)
WRITING_AREAS = ("schema", "record")
PARAMETER = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
DECLARED = re.compile(r"\$?([A-Za-z_][A-Za-z0-9_]*)\s+([A-Z]+)\s+(.*)")
UNBOUNDED = "*0..]"
ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
TYPES: dict[str, tuple[type, ...]] = {
    "STRING": (str,),
    "INTEGER": (int,),
    "FLOAT": (float, int),
    "BOOLEAN": (bool,),
    "LIST": (list, tuple),
    "MAP": (dict,),
}


@dataclass(frozen=True)
class Declared:
    """A parameter or a column, as the header declares it."""

    name: str
    type: str
    meaning: str

    @property
    def may_be_null(self) -> bool:
        """Whether the header says that it may be left out."""
        return "null" in self.meaning or self.meaning.startswith("likewise")


@dataclass(frozen=True)
class Query:
    """One question, and the Cypher that answers it."""

    name: str
    path: str
    text: str
    question: str
    about: str
    parameters: Mapping[str, Declared]
    columns: tuple[Declared, ...]
    plan: tuple[str, ...]
    tries: Mapping[str, str]
    draw: str | None

    @property
    def access(self) -> Literal["read", "write"]:
        return "write" if self.name.split("/")[0] in WRITING_AREAS else "read"

    @cached_property
    def statements(self) -> tuple[str, ...]:
        """The file's statements; one, but for the schema's."""
        return tuple(s.strip() for s in re.split(r";\s*(?:\n|$)", self.text) if _code(s).strip())

    @property
    def checksum(self) -> str:
        """The SHA-256 of the statements, comments and blank lines left out."""
        return (
            "sha256:" + sha256("\n".join(line for line in _code(self.text).splitlines() if line.strip()).encode()).hexdigest()
        )

    def bounded(self, depth: int | None) -> Query:
        """The same query that looks no further than `depth` relationships (rounded up to a power of two, so that the
        server's plan cache keeps few variants; the file's own `depth <= $depth` does the rest)."""
        if depth is None or UNBOUNDED not in self.text:
            return self
        bound = 1 << max(1, (max(depth, 1) - 1).bit_length())
        return replace(self, text=self.text.replace(UNBOUNDED, f"*0..{bound}]"))

    def filled(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """`given`, checked, with null for what may be null and is not given. Raises ParameterWrong."""
        full = {name: None for name, declared in self.parameters.items() if declared.may_be_null} | dict(given)
        self.check(full)
        return {name: full[name] for name in self.parameters}

    def check(self, given: Mapping[str, Any]) -> None:
        """Raises ParameterWrong unless `given` has exactly the declared parameters, each of its type or null."""
        for name in given:
            if name not in self.parameters:
                known = ", ".join(f"${p}" for p in self.parameters) or "none"
                raise ParameterWrong(self.name, f"there is no parameter ${name}; it takes {known}")
        for name, declared in self.parameters.items():
            if name not in given:
                raise ParameterWrong(self.name, f"parameter ${name} ({declared.meaning}) is missing")
            value, types = given[name], TYPES.get(declared.type, (object,))
            if value is None or (isinstance(value, types) and (bool in types or not isinstance(value, bool))):
                continue
            raise ParameterWrong(self.name, f"parameter ${name} is {declared.type}, not {value!r}")

    def paste(self, **given: Any) -> str:
        """The text that pastes into Neo4j Browser: `:param` lines for `given` (else the header's own), then the query."""
        values = {k: _literal(v) for k, v in given.items()} or dict(self.tries)
        lines = [f":param {name} => {value};" for name, value in values.items()]
        return "\n".join([*lines, self.text.strip()])

    def browser_url(self, base: str, **given: Any) -> str:
        """Neo4j Browser's address at `base` (such as 'http://127.0.0.1:7474') with this query filled in."""
        return f"{base.rstrip('/')}/browser/?{urlencode({'cmd': 'edit', 'arg': self.paste(**given)})}"


def _literal(value: Any) -> str:
    """A value as Cypher writes it; for people to paste, never sent by this package."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    return f"'{str(value).translate(ESCAPES)}'"


def _code(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))


def parse(name: str, path: str, text: str) -> Query:
    """A file's text → Query. Raises QueryBroken when header and text do not agree."""
    header: list[str] = []
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        header.append(line[2:].rstrip())
    if not header or not header[0].strip().endswith("?"):
        raise QueryBroken(path, "the first line must be a comment with the question it answers, ending in '?'")
    sections: dict[str, list[str]] = {"About": []}
    current = "About"
    for line in header[1:]:
        word, _, rest = line.strip().partition(" ")
        if line.startswith(" ") and not line.startswith("  ") and word in {"Parameters", "Columns", "Plan", "Draw", "Try"}:
            current = word
            sections.setdefault(current, []).extend([rest.strip()] if rest.strip() else [])
        elif line.strip():
            sections[current].append(line.strip())
    query = Query(
        name=name,
        path=path,
        text=text,
        question=header[0].strip(),
        about=" ".join(sections["About"]),
        parameters={d.name: d for d in _declared(path, sections.get("Parameters", []))},
        columns=tuple(_declared(path, sections.get("Columns", []))),
        plan=tuple(sections.get("Plan", [])),
        tries=dict(_tries(path, sections.get("Try", []))),
        draw=next(iter(sections.get("Draw", [])), None),
    )
    _check(query)
    return query


def _declared(path: str, lines: list[str]) -> list[Declared]:
    found: list[Declared] = []
    for line in lines:
        match = DECLARED.fullmatch(line)
        if match:
            found.append(Declared(*match.groups()))
        elif found:
            found[-1] = replace(found[-1], meaning=f"{found[-1].meaning} {line}")
        else:
            raise QueryBroken(path, f"{line!r} is not 'name TYPE meaning'")
    return found


def _tries(path: str, lines: list[str]) -> list[tuple[str, str]]:
    found = []
    for line in lines:
        match = re.fullmatch(r":param\s+([A-Za-z_]\w*)\s*=>\s*(.*?);?", line)
        if not match:
            raise QueryBroken(path, f"{line!r} is not ':param name => value'")
        found.append((match[1], match[2]))
    return found


def _check(query: Query) -> None:
    code = _code(query.text)
    used = set(PARAMETER.findall(code))
    for name in sorted(used - set(query.parameters)):
        raise QueryBroken(query.path, f"${name} is used but not declared")
    for name in sorted(set(query.parameters) - used):
        raise QueryBroken(query.path, f"${name} is declared but not used")
    if query.name.split("/")[0] == "schema":
        return
    if not query.columns:
        raise QueryBroken(query.path, "it declares no columns")
    if query.access == "read":
        for name in sorted(set(query.parameters) - set(query.tries)):
            raise QueryBroken(query.path, f"${name} has no ':param' line under Try")
        strings_out = re.sub(r"'[^']*'", "''", code)
        write = WRITES.search(strings_out)
        if write:
            raise QueryBroken(query.path, f"it writes ({write[0]}); only {' and '.join(WRITING_AREAS)} may")
    if code.count(UNBOUNDED) > 1:
        raise QueryBroken(query.path, "it has more than one '*0..'")


def home() -> Traversable:
    """Where the files are: inside the package when installed, one folder up in a checkout."""
    packed = files("lineage_graph") / "cypher"
    return packed if packed.is_dir() else Path(__file__).parents[1] / "cypher"


def load(folder: Traversable) -> dict[str, Query]:
    """Every query under `folder`, by name. Raises QueryBroken."""
    found = {}
    for area in sorted((a for a in folder.iterdir() if a.is_dir()), key=lambda a: a.name):
        for file in sorted((f for f in area.iterdir() if f.name.endswith(".cypher")), key=lambda f: f.name):
            name = f"{area.name}/{file.name.removesuffix('.cypher')}"
            found[name] = parse(name, f"cypher/{name}.cypher", file.read_text(encoding="utf-8"))
    return found


QUERIES = load(home())


def get(name: str) -> Query:
    """The query of that name, such as 'lineage/upstream'. Raises QueryUnknown."""
    try:
        return QUERIES[name]
    except KeyError:
        raise QueryUnknown(name, QUERIES) from None
