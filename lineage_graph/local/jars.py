"""Which jars make a server: lock files of coordinates, sizes and SHA-256, and the shared folder the jars are kept in.

A line of a lock file is `group:artifact:version[:classifier] size sha256`. `jars-<version>.lock` is a whole server;
`jars-browser.lock` is what Neo4j Browser adds to either line. They are written by `python -m lineage_graph.local.lock`.
The jars are kept once for all data folders, laid out as in a Maven repository.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from lineage_graph.errors import LocalServerProblem
from lineage_graph.settings import APP

DEFAULT_VERSION = "2026.09.0"
LTS_VERSION = "5.26.31"
BROWSER = "browser"
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Jar:
    """One jar as the lock file has it."""

    group: str
    artifact: str
    version: str
    classifier: str
    size: int
    sha256: str

    @property
    def coordinate(self) -> str:
        return ":".join(filter(None, (self.group, self.artifact, self.version, self.classifier)))

    @property
    def path(self) -> str:
        """Where it is in a Maven repository, and under our own folder of jars."""
        name = "-".join(filter(None, (self.artifact, self.version, self.classifier)))
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{name}.jar"

    def __str__(self) -> str:
        return f"{self.coordinate} {self.size} {self.sha256}"


def versions() -> list[str]:
    """The server versions there is a lock file for, oldest first."""
    names = (path.stem.removeprefix("jars-") for path in HERE.glob("jars-*.lock"))
    return sorted((name for name in names if name != BROWSER), key=number)


def number(version: str) -> tuple[int, ...]:
    """'2026.09.0' as (2026, 9, 0), which sorts."""
    return tuple(int(part) for part in version.split("."))


def parse(text: str) -> list[Jar]:
    """The jars of a lock file's text; blank lines and lines with `#` are skipped."""
    jars = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            coordinate, size, sha256 = line.split()
            group, artifact, version, *rest = coordinate.split(":")
            jars.append(Jar(group, artifact, version, rest[0] if rest else "", int(size), sha256))
    return jars


def locked(version: str, *, browser: bool = False) -> list[Jar]:
    """The jars of that server version, with Neo4j Browser's where asked. Others raise LocalServerProblem."""
    if version not in versions():
        raise LocalServerProblem(
            f"no managed local Neo4j of version {version!r} is known", f"use one of {', '.join(versions())}"
        )
    names = [version, BROWSER] if browser else [version]
    return [jar for name in names for jar in parse((HERE / f"jars-{name}.lock").read_text("utf-8"))]


def cache() -> Path:
    """The shared folder of jars: `LINEAGE_GRAPH_JARS`, or in the user's cache folder."""
    given = os.environ.get("LINEAGE_GRAPH_JARS")
    return Path(given).expanduser().absolute() if given else user_cache_path(APP) / "jars"


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def good(jar: Jar, folder: Path) -> bool:
    """Whether that jar is there and is, to the byte, the one of the lock file."""
    path = folder / jar.path
    try:
        return path.stat().st_size == jar.size and sha256(path) == jar.sha256
    except OSError:
        return False


def wanting(jars: Sequence[Jar], folder: Path) -> list[Jar]:
    """Those that are not there or not the ones of the lock file."""
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        return [jar for jar, ok in zip(jars, pool.map(lambda jar: good(jar, folder), jars), strict=True) if not ok]


def classpath(jars: Iterable[Jar], folder: Path) -> str:
    """The class path of exactly those jars, in the order of the lock file."""
    return os.pathsep.join(str(folder / jar.path) for jar in jars)
