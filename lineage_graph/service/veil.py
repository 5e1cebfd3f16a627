"""What one project's token may see of names, ids, runs and versions: its own as they are, and of all else stubs.

A stub says that there is something, which of the two it is, how far it is from home and between which others, by an id that
tells nothing and stays the same. No name, digest, author, command, type, alias or setting.
"""

from __future__ import annotations

import hmac
import re
from hashlib import shake_256
from typing import Any, TypeVar

from lineage_graph.errors import NotRecorded
from lineage_graph.models import Artifact, ArtifactVersion, Edge, Frozen, Run, RunNode, VersionNode

OTHER = "other project"  # with its blank it can be no project's name
UNKNOWN = "unknown"
NAMES = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+(?:[:@][^\s,;)'\"]+)?")
GROUP = "g:"  # how the ids of a view's groups begin
M = TypeVar("M", bound=Frozen)


def project_of(name: str) -> str:
    """The project of a full name: of 'project/runs/ID', 'project/name:vN' or 'project/name'."""
    before, runs, _ = name.partition("/runs/")
    return before if runs else re.split("[:@]", name, maxsplit=1)[0].rpartition("/")[0]


class Veil:
    """What one project's token may see. key: a secret of this service, by which ids are made that tell nothing."""

    def __init__(self, project: str, key: bytes) -> None:
        self.project = project
        self.key = key

    def owns(self, name: str | None) -> bool:
        """Whether a full name is of the token's project; so is what has no name."""
        return name is None or project_of(name) == self.project

    def stub(self, thing: Run | ArtifactVersion | Artifact) -> Run | ArtifactVersion | Artifact:
        """What stands for a thing where it is another project's."""
        if thing.project == self.project:
            return thing
        uid, name = self.id(thing.uid), self.name(thing.full_name)
        if isinstance(thing, Run):
            return Run(uid=uid, id=self.id(thing.full_name)[:12], name=OTHER, project=OTHER, state=UNKNOWN, stub=True)
        if isinstance(thing, Artifact):
            created = thing.created_at
            return Artifact(uid=uid, name=name, project=OTHER, type=UNKNOWN, versions=thing.versions, created_at=created)
        return ArtifactVersion(
            uid=uid, name=name, artifact=OTHER, project=OTHER, version=0, type=UNKNOWN, digest="", created_at=thing.created_at
        )

    # ── names and ids ─────────────────────────────────────────────────────────────────────────────────────────────────

    def id(self, text: str) -> str:
        """An id in place of a uid or a name of another project."""
        return hmac.new(self.key, f"{self.project}\n{text}".encode(), "sha256").hexdigest()[:32]

    def name(self, name: str) -> str:
        """A full name, or what stands for it."""
        if self.owns(name):
            return name
        return f"{OTHER}/{'runs/' if '/runs/' in name else ''}{self.id(name)[:12]}"

    def maybe(self, name: str | None) -> str | None:
        return None if name is None else self.name(name)

    def names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(self.name, names))

    def said(self, sentence: str) -> str:
        """A sentence of ours, without other projects' names; each of them has a '/'."""
        return NAMES.sub(lambda found: found[0] if self.owns(found[0]) else OTHER, sentence)

    def group(self, group: str) -> str:
        """A group's id, which may hold the uid or the type of anything, so that only this service reads it."""
        return GROUP + self.sealed(group[2:]) if group.startswith(GROUP) else self.sealed(group)

    def ungroup(self, text: str) -> str:
        """The id that `group` was given. Raises NotRecorded for everything else."""
        return GROUP + self.opened(text[2:]) if text.startswith(GROUP) else self.opened(text)

    def sealed(self, text: str) -> str:
        """A text that only `opened` reads, the same each time: an id that must come back and may not tell anything."""
        said = f"{self.project}\n{text}".encode()
        seal = hmac.digest(self.key, said, "sha256")[:16]
        return (seal + self._mixed(seal, said)).hex()

    def opened(self, text: str) -> str:
        """What was sealed. Raises NotRecorded for everything else."""
        try:
            whole = bytes.fromhex(text)
        except ValueError:
            whole = b""
        said = self._mixed(whole[:16], whole[16:])
        if not hmac.compare_digest(hmac.digest(self.key, said, "sha256")[:16], whole[:16]):
            raise NotRecorded("group", text)
        return said.decode().partition("\n")[2]

    def _mixed(self, seal: bytes, said: bytes) -> bytes:
        stream = shake_256(self.key + seal).digest(len(said))
        return bytes(a ^ b for a, b in zip(said, stream, strict=True))

    # ── walks ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, run: RunNode) -> RunNode:
        if run.project == self.project:
            return run
        return RunNode(
            uid=self.id(run.uid), id=self.id(run.full_name)[:12], name=OTHER, project=OTHER, job_type=None, step=None,
            state=UNKNOWN, started_at=None, ended_at=None, author=None, source_id=None, depth=run.depth,
        )  # fmt: skip

    def version(self, version: VersionNode) -> VersionNode:
        if self.owns(version.name):
            return version
        return VersionNode(
            uid=self.id(version.uid), name=self.name(version.name), type=UNKNOWN, digest="", size=None,
            created_at=version.created_at, aliases=(), source_id=None, depth=version.depth,
        )  # fmt: skip

    def walk(self, answer: M) -> M:
        """What has `runs`, `versions` and perhaps `edges` between them."""
        said: Any = answer
        hidden = {run.uid for run in said.runs if run.project != self.project}
        hidden |= {version.uid for version in said.versions if not self.owns(version.name)}
        shown = {run.uid for run in said.runs} | {version.uid for version in said.versions}
        update: dict[str, Any] = {
            "runs": tuple(map(self.run, said.runs)),
            "versions": tuple(map(self.version, said.versions)),
        }
        if "edges" in type(answer).model_fields:
            # An end on another page may be anybody's.
            ends = {
                uid: uid if uid in shown - hidden else self.id(uid) for edge in said.edges for uid in (edge.run, edge.version)
            }
            update["edges"] = tuple(
                Edge(kind=edge.kind, run=ends[edge.run], version=ends[edge.version], at=edge.at) for edge in said.edges
            )
        return answer.model_copy(update=update)
