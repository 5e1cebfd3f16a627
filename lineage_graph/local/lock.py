"""Writes the lock files: `python -m lineage_graph.local.lock VERSION`, or `… browser`.

Asks jgo which jars that server needs, fetches each, checks it against the SHA-1 the repository states, and writes
coordinates, sizes and SHA-256 beside this module. For maintainers; needs the extra `[local]` and the network.
"""

from __future__ import annotations

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lineage_graph.errors import LocalServerProblem
from lineage_graph.local.extras import need
from lineage_graph.local.fetch import THREADS, repository
from lineage_graph.local.jars import BROWSER, HERE, Jar

BROWSER_VERSION = "5.24.0"


def coordinates(name: str) -> list[Any]:
    """What jgo finds that server version, or Neo4j Browser, to need: its artifacts, sorted."""
    wanted = (
        f"org.neo4j.client:neo4j-browser:{BROWSER_VERSION}"
        if name == BROWSER
        else f"org.neo4j:neo4j:{name}+org.neo4j:neo4j-bolt:{name}+org.neo4j.app:neo4j-server:{name}"
    )
    found = {artifact.key: artifact for artifact in need("jgo").resolve(wanted) if artifact.packaging == "jar"}
    return [found[key] for key in sorted(found)]


def lock(artifact: Any) -> Jar:
    """Fetches one jar and returns its line. Raises LocalServerProblem where it is not what the repository states."""
    bare = Jar(artifact.groupId, artifact.artifactId, artifact.version, artifact.classifier or "", 0, "")
    url = f"{repository()}/{bare.path}"
    requests = need("requests")
    answers = [requests.get(url + end, timeout=120) for end in ("", ".sha1")]
    for answer in answers:
        answer.raise_for_status()
    content = answers[0].content
    if hashlib.sha1(content, usedforsecurity=False).hexdigest() != answers[1].text.split()[0]:
        raise LocalServerProblem(f"{bare.coordinate} does not have the SHA-1 its repository states", "try again")
    return Jar(bare.group, bare.artifact, bare.version, bare.classifier, len(content), hashlib.sha256(content).hexdigest())


def main(name: str) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        jars = list(pool.map(lock, coordinates(name)))
    title = f"Neo4j Browser {BROWSER_VERSION}" if name == BROWSER else f"Neo4j Community {name}"
    lines = [f"# {title}: group:artifact:version[:classifier] size sha256", *map(str, jars)]
    path = HERE / f"jars-{name}.lock"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    sys.stdout.write(f"{path.name}: {len(jars)} jars, {sum(jar.size for jar in jars) / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main(sys.argv[1])
