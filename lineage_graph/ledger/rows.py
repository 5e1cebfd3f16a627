"""What a batch will write: the rows of record/write and record/amend, gathered while it is decided."""

from __future__ import annotations

from typing import Any

from lineage_graph.events import Asked, Json
from lineage_graph.ledger.saying import ASKED
from lineage_graph.ledger.state import Artifact, Run, State, Version

Row = dict[str, Any]


class Rows:
    """Rows by what they are about; things that are new and things that change apart."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.revs: dict[str, int] = {}
        self.artifacts: dict[str, Row] = {}
        self.versions: dict[str, Row] = {}
        self.begun: dict[str, Row] = {}
        self.runs: dict[str, Row] = {}
        self.used: dict[tuple[str, str, str | None], Row] = {}
        self.logged: dict[tuple[str, str], Row] = {}
        self.aliases: dict[str, Row] = {}
        self.links: list[Row] = []
        self.edits: list[Row] = []
        self.questions: list[Row] = []
        self.changed: dict[str, Row] = {}
        self.changed_artifacts: dict[str, Row] = {}
        self.earlier: dict[tuple[str, str, str, str | None], Row] = {}
        self.erasures: list[Row] = []

    def touch(self, artifact: Artifact) -> None:
        """Something about the artifact or its versions changes."""
        self.revs.setdefault(artifact.uid, artifact.rev)

    def run(self, run: Run) -> Row:
        """The row of a run that changes."""
        row = self.begun.get(run.uid) or self.runs.get(run.uid)
        if row is None:
            row = {"uid": run.uid, "rev": run.rev, "props": {}, "started_at": None, "ended_at": None, "resumed_at": None}
            self.runs[run.uid] = row
        return row

    def begin(self, run: Run, props: Row, at: str) -> Row:
        """The row of a run that is new."""
        row = {"props": {"uid": run.uid, **props}, "started_at": at, "ended_at": None, "resumed_at": None}
        self.begun[run.uid] = row
        return row

    def change(self, version: Version, props: Row, at: str | None = None) -> None:
        row = self.versions.get(version.uid) or self.changed.setdefault(
            version.uid, {"uid": version.uid, "props": {}, "at": None}
        )
        row["props"] |= props
        row["at"] = at or row["at"]

    def change_artifact(self, artifact: Artifact, props: Row, at: str | None = None) -> None:
        row = self.artifacts.get(artifact.uid) or self.changed_artifacts.setdefault(
            artifact.uid, {"uid": artifact.uid, "props": {}, "at": None}
        )
        row["props"] |= props
        row["at"] = at or row["at"]

    def move(self, uid: str, artifact: str, name: str, move: Row) -> None:
        """An alias moves, now or in the past; `finish` says what it means in the end."""
        row = self.aliases.get(uid)
        if row is None:
            before = self._state.aliases[uid][1]
            row = self.aliases[uid] = {"uid": uid, "artifact": artifact, "name": name, "before": before, "moves": []}
        row["moves"].append(move)

    def edge_earlier(self, kind: str, run: str, version: str, at: str, used_as: str | None, asked: str | None) -> None:
        """An edge is from an earlier time than was thought."""
        here = self.used.get((run, version, used_as)) if kind == "used" else self.logged.get((run, version))
        if here is not None:
            here |= {"at": at, "asked": asked} if kind == "used" else {"at": at}
            return
        self.earlier[kind, run, version, used_as] = {
            "kind": kind,
            "run": run,
            "version": version,
            "at": at,
            "used_as": used_as,
            "asked": asked,
        }

    def ask(self, event: Asked) -> Json:
        """A question that was asked, and its outcome: nothing else changes by it."""
        props = {field: value for field in ASKED if (value := getattr(event, field)) is not None}
        self.questions.append({"uid": event.uid, "at": event.at_text, "props": props})
        return {"event": event.uid, "result": "recorded", "statement": event.statement_digest}

    def _alias_rows(self) -> list[Row]:
        for uid, row in self.aliases.items():
            (at, event), version = self._state.aliases[uid]
            row |= {"version": version, "at": at, "event": event, "after": None}
            if row["before"] == version:
                row["before"] = None
            elif version in self.versions:
                self.versions[version]["props"]["aliases"].append(row["name"])
            else:
                row["after"] = version
        return [row for _, row in sorted(self.aliases.items())]

    def finish(self) -> tuple[Row, Row | None, list[str]]:
        """(parameters of record/write, of record/amend if there are any, uids of artifacts new to the graph).

        The state's counters become what they will be after the write.
        """
        state = self._state
        new = sorted(uid for uid in self.revs if not state.artifacts[uid].exists)
        write: Row = {
            "aliases": self._alias_rows(),
            "sequences": [[uid, rev, state.artifacts[uid].next] for uid, rev in sorted(self.revs.items())],
            "artifacts": list(self.artifacts.values()),
            "versions": list(self.versions.values()),
            "begun": list(self.begun.values()),
            "runs": [row for _, row in sorted(self.runs.items())],
            "used": [row for _, row in sorted(self.used.items(), key=_by_version)],
            "logged": [row for _, row in sorted(self.logged.items(), key=_by_version)],
        }
        amend: Row = {
            "links": self.links,
            "edits": self.edits,
            "questions": self.questions,
            "versions": [row for _, row in sorted(self.changed.items())],
            "artifacts": [row for _, row in sorted(self.changed_artifacts.items())],
            "earlier": list(self.earlier.values()),
        }
        for uid in self.revs:
            state.artifacts[uid].rev += 1
            state.artifacts[uid].exists = True
        for uid in self.runs:
            state.runs[uid].rev += 1
        return write, amend if any(amend.values()) else None, new


def _by_version(item: tuple[tuple[Any, ...], Row]) -> tuple[str, str]:
    key = item[0]
    return key[1], key[0]
