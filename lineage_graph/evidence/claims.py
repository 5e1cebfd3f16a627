"""What events and receipts say, sorted by what it is about: kept in a temporary file, so that memory stays as it is."""

from __future__ import annotations

import marshal
import sqlite3
import tempfile
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from lineage_graph.events import Json
from lineage_graph.evidence.chain import Said
from lineage_graph.evidence.facts import SAYING, UNSURE, Claim
from lineage_graph.ledger.uids import alias_uid, artifact_of, run_of, version_uid
from lineage_graph.names import LATEST

BUFFER = 20_000
KEPT = 50_000  # aliases and artifacts kept in memory
LINKS = ("child_of", "retry_of", "resumed_from")
LAST = "~"  # sorts after every time
JOURNALS = 1 << 40  # claims are numbered within their journal's range
RUN, VERSION, ARTIFACT, QUESTION = TABLES = ("run_claims", "version_claims", "artifact_claims", "question_claims")


class Scope:
    """What is looked at. project: one project, or all. name: one run's or one version's full name."""

    def __init__(self, project: str | None = None, name: str | None = None) -> None:
        self.project, self.name = project, name
        self.of_run = name is not None and "/runs/" in name

    def run(self, run: str) -> bool:
        if self.name is not None:
            return run == self.name
        return self.project is None or run.rpartition("/runs/")[0] == self.project

    def version(self, version: str, artifact: str) -> bool:
        if self.name is not None:
            return version == self.name
        return self.project is None or artifact.rpartition("/")[0] == self.project

    def artifact(self, artifact: str) -> bool:
        return self.name is None and (self.project is None or artifact.rpartition("/")[0] == self.project)

    def question(self, project: str | None) -> bool:
        return self.name is None and self.project in (None, project)


class Claims:
    """Everything that is said, by what it is about. A context manager: the file is gone afterwards."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.first = 0  # the number of the present journal's first claim
        self._n = 0
        self._rows: dict[str, list[tuple[str, str, int, bytes]]] = {table: [] for table in TABLES}
        self._means: dict[str, tuple[str, str, str, str, str | None]] = {}
        self._began: dict[str, list[Any]] = {}
        self._mentioned: set[str] | None = None
        self._spoken: dict[str, str] = {}  # version → the earliest time at which this journal spoke of it

    def __enter__(self) -> Claims:
        self._folder = tempfile.TemporaryDirectory(prefix="lineage-graph-verify-")
        self._db = sqlite3.connect(Path(self._folder.name) / "claims.db", isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "temp_store = FILE", "cache_size = -32000"):
            self._db.execute(f"PRAGMA {setting}")
        for table in self._rows:
            self._db.execute(f"CREATE TABLE {table} (uid TEXT, recorded TEXT, n INTEGER, claim BLOB)")
        self._db.execute(
            "CREATE TABLE means (uid TEXT PRIMARY KEY, artifact TEXT, name TEXT, at TEXT, event TEXT, version TEXT)"
        )
        self._db.execute(
            "CREATE TABLE began (uid TEXT PRIMARY KEY, name TEXT, type TEXT, at TEXT, recorded TEXT, next INTEGER)"
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        self._folder.cleanup()

    def begin_journal(self) -> None:
        self.first += JOURNALS
        self._n = self.first
        self._spoken.clear()

    def mentions(self) -> set[str]:
        """From now on, uids that claims are about are gathered here and nothing else is done with them."""
        self._mentioned = set()
        return self._mentioned

    def _add(self, table: str, uid: str, recorded: str, *claim: Any) -> None:
        if self._mentioned is not None:
            self._mentioned.add(uid)
            return
        self._n += 1
        rows = self._rows[table]
        rows.append((uid, recorded, self._n, marshal.dumps((recorded, *claim))))
        if len(rows) >= BUFFER:
            self._write(table)

    def _write(self, table: str) -> None:
        self._db.execute("BEGIN")
        self._db.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", self._rows[table])  # noqa: S608
        self._db.execute("COMMIT")
        self._rows[table].clear()

    # ── what an event claims ──────────────────────────────────────────────────────────────────────────────────────────

    def take(self, said: Said) -> None:
        event, outcome = said.event, said.outcome
        if outcome.get("result") == "rejected":
            return
        take = _TAKE.get(event.get("kind", ""))
        if take is not None:
            take(self, event, outcome, said.recorded)

    def _touch(self, run: str, at: str, recorded: str) -> None:
        """A run is spoken of, which makes a stub of it where it is not there."""
        if self.scope.run(run):
            self._add(RUN, run_of(run)[1], recorded, "touch", run, at)

    def _run_started(self, event: Json, outcome: Json, recorded: str) -> None:
        run, at = event["run"], event["at"]
        if outcome["result"] == "repeated":
            return
        links = [(kind.upper(), run_of(event[kind])[1]) for kind in LINKS if event.get(kind) is not None]
        event.setdefault("role", "owner")
        if self.scope.run(run):
            self._add(RUN, run_of(run)[1], recorded, "start", run, at, event, links if event["role"] == "owner" else [])
        if event["role"] == "owner":
            for kind in LINKS:
                if event.get(kind) is not None:
                    self._touch(event[kind], at, recorded)

    def _run_finished(self, event: Json, outcome: Json, recorded: str) -> None:
        if self.scope.run(event["run"]):
            self._add(RUN, run_of(event["run"])[1], recorded, "finish", event["run"], event["at"], event)

    def _used(self, event: Json, outcome: Json, recorded: str) -> None:
        run, at, artifact, name, version = (
            event["run"],
            event["at"],
            event["artifact"],
            outcome["version"],
            outcome["version_uid"],
        )
        said = event.get("alias") or (f"v{event['number']}" if event.get("number") is not None else event.get("prefix"))
        edge = (version, event.get("used_as"), said)
        here = self.scope.version(name, artifact)
        if self.scope.run(run):
            self._add(RUN, run_of(run)[1], recorded, "used", run, at, *edge)
        elif here:
            self._add(VERSION, version, recorded, "used_by", name, at, run_of(run)[1], *edge[1:])
        if event.get("digest") is not None and event.get("type") is not None:
            before = self._spoken.get(version)
            if before is not None and before <= at and event.keys().isdisjoint(SAYING) and "holes" not in event:
                return  # it says nothing that this journal did not say before
            self._speak(version, at)
            if here:
                self._add(VERSION, version, recorded, "said", name, at, event)
            self._begin(artifact, name, event, recorded)

    def _speak(self, version: str, at: str) -> None:
        """This journal spoke of a version, of that time."""
        if len(self._spoken) > KEPT:
            self._spoken.clear()
        self._spoken[version] = min(at, self._spoken.get(version, at))

    def _logged(self, event: Json, outcome: Json, recorded: str) -> None:
        run, at, artifact, name, version = (
            event["run"],
            event["at"],
            event["artifact"],
            outcome["version"],
            outcome["version_uid"],
        )
        here, uid = self.scope.version(name, artifact), run_of(run)[1]
        if self.scope.run(run):
            self._add(RUN, uid, recorded, "logged", run, at, version, outcome["created"])
        elif here:
            self._add(VERSION, version, recorded, "logged_from", name, at, uid, outcome["created"])
        self._speak(version, at)
        if here:
            self._add(VERSION, version, recorded, "said", name, at, event)
            self._add(VERSION, version, recorded, "logged_by", name, at, uid)
        self._begin(artifact, name, event, recorded)
        if not event.get("rerun"):
            for alias in (LATEST, *(a for a in event.get("aliases", ()) if a != LATEST)):
                self._move(event, alias, name, version, recorded)

    def _move(self, event: Json, alias: str, name: str, version: str, recorded: str) -> None:
        removed = event["kind"] == "alias_removed" or None
        artifact, uid = event["artifact"], alias_uid(event["artifact"], alias)
        actor = UNSURE if "personal" in event.get("lost", ()) else event.get("actor")
        if self.scope.version(name, artifact):
            self._add(VERSION, version, recorded, "move", name, event["at"], uid, event["uid"], actor, removed)
        of_name = self.scope.name is not None and not self.scope.of_run and self.scope.name.rpartition(":v")[0] == artifact
        if self.scope.artifact(artifact) or of_name:
            if self._mentioned is not None:
                self._mentioned.add(uid)
                return
            last = self._means.get(uid)
            if last is None or (event["at"], event["uid"]) > last[2:4]:
                self._means[uid] = (artifact, alias, event["at"], event["uid"], None if removed else version)
                if len(self._means) > KEPT:
                    self._write_means()

    def _alias(self, event: Json, outcome: Json, recorded: str) -> None:
        self._move(event, event["alias"], outcome["version"], outcome["version_uid"], recorded)

    def _begin(self, artifact: str, version: str, event: Json, recorded: str) -> None:
        """An artifact has this version, which somebody saw at that time."""
        if not self.scope.artifact(artifact):
            return
        uid, number = artifact_of(artifact)[1], int(version.rpartition(":v")[2])
        if self._mentioned is not None:
            self._mentioned.add(uid)
            return
        first = recorded if number == 0 else LAST
        has = self._began.get(uid)
        if has is None:
            self._began[uid] = [artifact, event["type"], event["at"], first, number + 1]
            if len(self._began) > KEPT:
                self._write_began()
        else:
            has[2] = min(has[2], event["at"])
            has[3] = min(has[3], first)
            has[4] = max(has[4], number + 1)

    def _edited(self, event: Json, outcome: Json, recorded: str) -> None:
        if outcome["result"] == "repeated":
            return
        at = event["at"]
        if event.get("run") is not None:
            if self.scope.run(event["run"]):
                self._add(RUN, run_of(event["run"])[1], recorded, "edit", event["run"], at, event)
        elif event.get("digest") is not None:
            if self.scope.version(outcome["version"], event["artifact"]):
                uid = version_uid(event["artifact"], event["digest"])
                self._add(VERSION, uid, recorded, "edit", outcome["version"], at, event)
        elif self.scope.artifact(event["artifact"]):
            self._add(ARTIFACT, artifact_of(event["artifact"])[1], recorded, "edit", event["artifact"], at, event)

    def _asked(self, event: Json, outcome: Json, recorded: str) -> None:
        if self.scope.question(event.get("project")):
            self._add(QUESTION, event["uid"], recorded, "asked", event["uid"], event["at"], event)

    # ── what is claimed, thing by thing ───────────────────────────────────────────────────────────────────────────────

    def _write_means(self) -> None:
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT INTO means VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (uid) DO UPDATE SET at = excluded.at,"
            " event = excluded.event, version = excluded.version WHERE (excluded.at, excluded.event) > (at, event)",
            ((uid, *means) for uid, means in self._means.items()),
        )
        self._db.execute("COMMIT")
        self._means.clear()

    def _write_began(self) -> None:
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT INTO began VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (uid) DO UPDATE SET at = min(at, excluded.at),"
            " recorded = min(recorded, excluded.recorded), next = max(next, excluded.next)",
            ((uid, *began) for uid, began in self._began.items()),
        )
        self._db.execute("COMMIT")
        self._began.clear()

    def finish(self) -> None:
        """Everything is said: versions learn which aliases they have."""
        self._write_means()
        self._write_began()
        self._n = JOURNALS << 20
        for alias, version in self._db.execute("SELECT name, version FROM means WHERE version IS NOT NULL"):
            self._add(VERSION, version, LAST, "held", "", LAST, alias)
        for table in self._rows:
            self._write(table)

    def of(self, table: str) -> Iterator[tuple[str, list[tuple[int, Claim]]]]:
        """(uid, [(number, claim)]) of everything in a table, in order of uid, its claims in the order of their arrival."""
        rows = self._db.execute(f"SELECT uid, n, claim FROM {table} ORDER BY uid, recorded, n")  # noqa: S608
        for uid, some in groupby(rows, itemgetter(0)):
            yield uid, [(n, marshal.loads(claim)) for _, n, claim in some]  # noqa: S302

    def means(self) -> Iterator[tuple[str, tuple[str, str, str, str, str | None]]]:
        """(uid, (artifact, name, at, event, version)) of every alias, in order of uid."""
        for uid, *means in self._db.execute("SELECT * FROM means ORDER BY uid"):
            yield uid, tuple(means)

    def began(self) -> Iterator[tuple[str, tuple[str, str, str, str | None, int]]]:
        """(uid, (name, type, at, recorded, next number)) of every artifact, in order of uid."""
        for uid, *began in self._db.execute("SELECT * FROM began ORDER BY uid"):
            yield uid, tuple(began)


_TAKE = {
    "run_started": Claims._run_started,
    "used": Claims._used,
    "logged": Claims._logged,
    "run_finished": Claims._run_finished,
    "alias_moved": Claims._alias,
    "alias_removed": Claims._alias,
    "edited": Claims._edited,
    "asked": Claims._asked,
}
