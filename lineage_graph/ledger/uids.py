"""The uids of things, from the names that events give them."""

from __future__ import annotations

from functools import lru_cache

from lineage_graph.names import ArtifactName, RunName, parse_artifact, parse_run


@lru_cache(20_000)
def artifact_of(text: str) -> tuple[ArtifactName, str]:
    """(name, uid) of 'project/name'."""
    name = parse_artifact(text)
    return name, name.uid


@lru_cache(20_000)
def run_of(text: str) -> tuple[RunName, str]:
    """(name, uid) of 'project/runs/ID'."""
    name = parse_run(text)
    return name, name.uid


@lru_cache(50_000)
def version_uid(artifact: str, digest: str) -> str:
    return artifact_of(artifact)[0].version_uid(digest)


@lru_cache(20_000)
def alias_uid(artifact: str, alias: str) -> str:
    return artifact_of(artifact)[0].alias_uid(alias)
