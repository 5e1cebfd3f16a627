"""Other tools' records as edges, for the acceptance tests: who used and logged what, and nothing else of them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

AT = "2026-01-05T08:00:00Z"


class Edge(NamedTuple):
    """One used or logged, as the record names them."""

    kind: str
    run: str
    version: str
    at: str = AT
    digest: str = ""


def as_csv(edges: Iterable[Edge]) -> bytes:
    """What `import csv` reads."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(Edge._fields)
    writer.writerows(edges)
    return text.getvalue().encode()


def above(edges: Iterable[Edge]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """What each ('run', id) and ('version', id) came from, one step back."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for edge in edges:
        run, version = ("run", edge.run), ("version", edge.version)
        here, there = (run, version) if edge.kind == "used" else (version, run)
        found.setdefault(here, []).append(there)
        found.setdefault(there, [])
    return found


def reached(home: tuple[str, str], steps: dict[tuple[str, str], list[tuple[str, str]]]) -> dict[tuple[str, str], int]:
    """Everything from `home` on with its distance, by a plain breadth-first search: the oracle."""
    found, queue = {home: 0}, [home]
    for node in queue:
        for there in steps[node]:
            if there not in found:
                found[there] = found[node] + 1
                queue.append(there)
    return found


def openlineage(path: Path) -> list[Edge]:
    """Marquez's seed: a line an event; a data set is a version, named namespace:name."""
    edges: dict[Edge, None] = {}
    for event in map(json.loads, path.read_text().splitlines()):
        for kind, key in (("used", "inputs"), ("logged", "outputs")):
            for data in event.get(key, ()):
                edges[Edge(kind, event["run"]["runId"], f"{data['namespace']}:{data['name']}", event["eventTime"])] = None
    return list(edges)


def prov_json(path: Path) -> list[Edge]:
    document = json.loads(path.read_bytes())
    kinds = (("used", "used"), ("logged", "wasGeneratedBy"))
    return [
        Edge(kind, one["prov:activity"], one["prov:entity"]) for kind, key in kinds for one in document[key].values()
    ]  # fmt: skip


def provn(path: Path) -> list[Edge]:
    def edges() -> Iterator[Edge]:
        for kind, arguments in re.findall(r"^\s*(used|wasGeneratedBy)\((.*)\)$", path.read_text(), re.MULTILINE):
            first, second = (a.rpartition(";")[2].strip() for a in arguments.split(",")[:2])
            yield Edge("used", first, second) if kind == "used" else Edge("logged", second, first)

    return list(edges())


def ro_crate(path: Path) -> tuple[list[Edge], dict[str, Any]]:
    """A crate's edges, and its entities by id."""
    entities = {one["@id"]: one for one in json.loads(path.read_bytes())["@graph"]}

    def ids(value: Any) -> list[str]:
        return [one["@id"] for one in (value if isinstance(value, list) else [value] if value else [])]

    edges = [
        Edge(kind, one["@id"], thing)
        for one in entities.values() if one["@type"] == "CreateAction"
        for kind, key in (("used", "object"), ("logged", "result")) for thing in ids(one.get(key))
    ]  # fmt: skip
    return list(dict.fromkeys(edges)), entities


def trackio(path: Path) -> list[Edge]:
    links = json.loads(path.read_bytes())["run_artifact_links"]
    kinds = {"input": "used", "output": "logged"}
    return [Edge(kinds[x["direction"]], x["run_id"], str(x["artifact_version_id"]), x["created_at"]) for x in links]


def slsa(path: Path) -> list[Edge]:
    statement = json.loads(path.read_bytes())
    build = statement["predicate"]
    run, begun = build["metadata"]["buildInvocationID"], build["metadata"]["buildStartedOn"]
    used = [
        Edge("used", run, one["uri"], begun, f"sha1:{one['digest']['sha1'].strip(chr(39))}") for one in build["materials"]
    ]  # fmt: skip
    ended = build["metadata"]["buildFinishedOn"]
    return [*used, *(Edge("logged", run, x["name"], ended, f"sha256:{x['digest']['sha256']}") for x in statement["subject"])]
