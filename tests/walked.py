"""Worlds as the `Lineage` that a walk would give, without a graph: what pictures and bridges are tried on."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Literal

from lineage_graph.models import Edge, Lineage, RunNode, VersionNode
from tests import worlds
from tests.worlds import START, World, digest_of, uid_of

PROJECT = "digits"
HOSTILE = (
    'say "no"', "back\\slash\\", "line\nbreak\r\ttab", "<script>alert(1)</script>", "&amp; &lt; & ;", "]) --> x[(y)]",
    "%%{init: x}%%", "`**md**` _it_ ~~s~~", "#35; #quot; #", "日本語のとても長い名前" * 8, "\x1b[31m\x00\x7f", "\u202eevil",
    "{x|y}<z>", "x" * 300, " ", "1. one", "- minus", "=1+1", "end", "\\N \\G \\l", "' or 1", "-->", "]]>", "$x^2$",
)  # fmt: skip


def walked(world: World, home: str, direction: Literal["upstream", "downstream"] = "upstream") -> Lineage:
    """The walk from a thing, or from 'run ID'."""
    near = world.above
    if direction == "downstream":
        near = {}
        for one, above in world.above.items():
            for other in above:
                near.setdefault(other, []).append(one)
    depth, queue = {home: 0}, [home]
    for one in queue:
        for other in near.get(one, ()):
            if other not in depth:
                depth[other] = depth[one] + 1
                queue.append(other)
    names: dict[str, str] = {}
    count: dict[str, int] = {}
    for thing in (t for step in world.steps for t in (*step.used, *step.logged) if t not in names):
        artifact = thing.partition("#")[0]
        names.setdefault(thing, f"{PROJECT}/{artifact}:v{count.get(artifact, 0)}")
        count[artifact] = count.get(artifact, 0) + 1
    runs, edges = [], []
    for number, step in enumerate(world.steps):
        at, uid = START + timedelta(minutes=number, microseconds=number), uid_of(PROJECT, f"run {step.id}")
        if f"run {step.id}" in depth:
            job = step.id.rstrip("0123456789") or None
            runs.append(
                RunNode(uid=uid, id=step.id, name=step.id, project=PROJECT, job_type=job, step=None, state="finished",
                        started_at=at, ended_at=at + timedelta(seconds=3), author="ada", source_id=None,
                        depth=depth[f"run {step.id}"])
            )  # fmt: skip
            for kind, things in (("used", step.used), ("logged", step.logged)):
                edges += [Edge(kind=kind, run=uid, version=uid_of(PROJECT, t), at=at) for t in things if t in depth]
    versions = [
        VersionNode(uid=uid_of(PROJECT, thing), name=name, type="dataset", digest=digest_of(thing), size=len(thing),
                    created_at=START, aliases=("best", "latest"), source_id=None, depth=depth[thing])
        for thing, name in names.items() if thing in depth
    ]  # fmt: skip
    return Lineage(
        home=names.get(home, f"{PROJECT}/runs/{home.removeprefix('run ')}"), direction=direction, as_of=None, known_at=None,
        runs=tuple(sorted(runs, key=_nearest)), versions=tuple(sorted(versions, key=_nearest)),
        edges=tuple(sorted(edges, key=lambda e: (e.at, e.kind, e.run, e.version))),
    )  # fmt: skip


def _nearest(node: RunNode | VersionNode) -> tuple[int, str, str]:
    return node.depth, node.name, node.uid


def hostile(seed: int = 0) -> Lineage:
    """A walk whose texts are what nobody should write."""
    world = worlds.woods(len(HOSTILE), seed, window=8)
    lineage = walked(world, world.steps[-1].logged[0])
    texts = random.Random(seed).sample(HOSTILE, len(HOSTILE))

    def pick(i: int) -> str:
        return texts[i % len(texts)]

    runs = [
        run.model_copy(update={"name": pick(i), "job_type": pick(i + 1), "state": ("failed", "running", "finished")[i % 3],
                               "author": pick(i + 2)})
        for i, run in enumerate(lineage.runs)
    ]  # fmt: skip
    versions = [
        version.model_copy(
            update={"type": pick(i), "aliases": (pick(i + 3), pick(i + 4)), "name": f"{PROJECT}/{'y' * 128}:v{i}"}
        )
        for i, version in enumerate(lineage.versions)
    ]
    nodes = {"runs": tuple(sorted(runs, key=_nearest)), "versions": tuple(sorted(versions, key=_nearest))}
    return lineage.model_copy(update={**nodes, "home": versions[0].name})
