"""`Evidence`: what can be asked about the record's own truth, and checkpoints to keep."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from lineage_graph.answers.verification import Sealed, Trail, Verification
from lineage_graph.errors import NotRecorded
from lineage_graph.evidence import keys, seals, trail
from lineage_graph.evidence.claims import Scope
from lineage_graph.evidence.verify import Verifier
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from lineage_graph.lineage.values import cursor, whole_number
from lineage_graph.models import Truncated
from lineage_graph.names import RunName, parse, parse_artifact

Path_ = str | os.PathLike[str]
ALONE = re.compile(r"[:@]")


def _silent(done: int, total: int) -> None:
    return None


class Evidence(Reader):
    """Questions to one graph, and whether its answers can be trusted."""

    def verify(
        self,
        name: str | None = None,
        *,
        project: str | None = None,
        checkpoint: Path_ | None = None,
        public_key: Path_ | None = None,
        limit: int | None = None,
        after: str | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Verification:
        """Whether the record is what was written: every journal's chain and receipts are recomputed, and what they say is
        compared with every node, relationship and property that is there.

        name:       one version or run; its own facts alone, and the journals of its project.
        project:    one project; default: everything, whatever this graph's own project is.
        checkpoint: a file that `seal` wrote: was anything rewritten or cut since then?
        public_key: the key that checkpoints must be signed with, or with one that a rotation links to it.
        limit:      at most so many findings (1,000 by default); after: the cursor of an answer that was cut.
        progress:   called with (done, in all), of entries and things.
        `rev` and `lock`, the ledger's counters, are not compared. Raises NameNotUnderstood, NotRecorded, CheckpointProblem,
        ExtraMissing, ParameterWrong, GraphProblem. Runs the files of evidence/.
        """
        whole_number(limit, "limit", 1)
        left_out = cursor(after)
        uid = None
        if name is not None:
            name, uid, project = self._full(name)
        marks = seals.Marks(keys.load_public(Path(public_key)) if public_key is not None else None)
        marks.read(self.graph)
        if checkpoint is not None:
            given = seals.load(Path(checkpoint))
            marks.add(given)
            marks.keeps(given)
        verifier = Verifier(self.graph, Scope(project, name), uid, marks, progress or _silent)
        verifier.run()
        if name is not None and not verifier.compared:
            self.find(name)  # says that it is not there, and what is
        if project is not None and not verifier.journals and not verifier.nodes:
            self.must_be_project(project)
        return verifier.answer(limit, left_out)

    def _full(self, name: str) -> tuple[str, str | None, str]:
        """(full name, uid if the graph has it, project) of a version or run, be it only in the journals."""
        asked = parse(name, self.project)
        if isinstance(asked, RunName):
            return str(asked), asked.uid, asked.project
        try:
            found = self.version(asked)
        except NotRecorded:
            if asked.number is None or not self._spoken_of(str(asked.artifact)):
                raise
            return str(asked), None, asked.artifact.project
        return found.name, found.uid, found.project

    def _spoken_of(self, name: str) -> bool:
        [row] = self.graph.read(trail.SPEAKING, text=f'"{name}"')
        return bool(row["entries"])

    def seal(self, *, key: Path_ | None = None, out: Path_ | None = None) -> Sealed:
        """Seals every journal as far as it is now: a checkpoint in the graph, chained to the one before.

        key: a private key (`audit key` makes one) to sign it with; out: a file to write it to as well, to be kept elsewhere.
        Raises CheckpointProblem, ExtraMissing, GraphProblem. Runs evidence/heads, evidence/checkpoints, record/checkpoint.
        """
        return seals.seal(self._to_write(), Path(key) if key is not None else None, Path(out) if out is not None else None)

    def _to_write(self) -> Graph:
        """The graph, where a checkpoint is kept."""
        return self.graph

    def trail(self, name: str, *, limit: int | None = None, after: str | None = None) -> Trail:
        """Everything that happened to a version, a run, or ('project/name' alone) an artifact, with the entry that says so.

        limit: at most so many steps; after: the cursor of an answer that was cut.
        Raises NameNotUnderstood, NotRecorded, ParameterWrong, GraphProblem. Runs evidence/speaking.
        """
        whole_number(limit, "limit", 1)
        left_out = cursor(after)
        found = parse(name, self.project)
        if isinstance(found, RunName):
            full = str(found)
            steps = trail.run_trail(self.graph, full)
        elif not ALONE.search(name):
            full = str(parse_artifact(name, self.project))
            steps = trail.artifact_trail(self.graph, full)
        else:
            version = self.version(found)
            full = version.name
            steps = trail.version_trail(self.graph, full.rpartition(":v")[0], full, version.digest)
        some = list(islice(steps, left_out, None if limit is None else left_out + limit + 1))
        if not some and not left_out:
            raise NotRecorded(
                "run" if isinstance(found, RunName) else "artifact", full, "no entry speaks of it; `ls` shows what is"
            )
        truncated = None
        if limit is not None and len(some) > limit:
            truncated = Truncated(reason="limit", limit=limit, cursor=str(left_out + limit))
        return Trail(name=full, steps=tuple(some[:limit]), truncated=truncated)
