"""What this host knows of versions without asking the graph: the name, digest and type of those it heard of in receipts.

One small SQLite file for each graph in `<home>/known`. It may be deleted, and nothing fails for want of it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from lineage_graph.events import Logged, Used
from lineage_graph.limits import KNOWN
from lineage_graph.names import VersionName

if TYPE_CHECKING:
    from sqlite3 import Connection

    from lineage_graph.ledger import Receipt
    from lineage_graph.settings import Settings

T = TypeVar("T")
FOLDER = "known"
PATIENCE = 1.0  # seconds to wait for another process
# A version has one number and one digest: whoever comes with either anew replaces what was there.
TABLE = """
CREATE TABLE IF NOT EXISTS version
(artifact TEXT, number INTEGER, digest TEXT, type TEXT, UNIQUE (artifact, number), UNIQUE (artifact, digest))
"""
PUT = "INSERT OR REPLACE INTO version VALUES (?, ?, ?, ?)"
FORGET = "DELETE FROM version WHERE rowid <= (SELECT max(rowid) FROM version) - ?"
BY_NUMBER = "SELECT number, digest, type FROM version WHERE artifact = ? AND number = ?"
BY_DIGEST = "SELECT number, digest, type FROM version WHERE artifact = ? AND digest >= ? AND digest < ? LIMIT 2"


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A version that the graph gave a number."""

    number: int
    digest: str
    type: str


class Known:
    """The versions that this host knows of one graph, at most the KNOWN ones heard of last. Nothing here raises."""

    def __init__(self, settings: Settings) -> None:
        graph = sha256(f"{settings.uri or 'local'}|{settings.database}".encode()).hexdigest()[:12]
        self.path = settings.home / FOLDER / f"{graph}.sqlite"
        self._heard: dict[str, tuple[str, str, str]] = {}

    def hear(self, event: Logged | Used) -> None:
        """An event is about to be applied; its receipt will say which number its version has."""
        if event.digest is not None and event.type is not None:
            self._heard[event.uid] = (event.artifact, event.digest, event.type)

    def settle(self, receipts: list[Receipt]) -> None:
        """Takes in what was heard of, by the names in its receipts."""
        rows = []
        for receipt in receipts:
            for outcome in receipt.outcomes:
                heard = self._heard.pop(outcome["event"], None)
                number = str(outcome.get("version", "")).rpartition(":v")[2]
                if heard is not None and number.isdecimal():
                    artifact, digest, kind = heard
                    rows.append((artifact, int(number), digest, kind))
        if rows:
            self._open(lambda database: self._put(database, rows), make=True)

    @staticmethod
    def _put(database: Connection, rows: list[tuple[str, int, str, str]]) -> None:
        database.execute(TABLE)
        database.executemany(PUT, rows)
        database.execute(FORGET, (KNOWN,))

    def find(self, asked: VersionName) -> KnownVersion | None:
        """The version of a number, or the one whose digest begins as asked; None for an alias, which may have moved."""
        artifact = str(asked.artifact)
        if asked.number is not None:
            number = asked.number
            rows = self._open(lambda database: database.execute(BY_NUMBER, (artifact, number)).fetchall())
        elif asked.digest is not None:
            begins = asked.digest if ":" in asked.digest else f"sha256:{asked.digest}"
            rows = self._open(lambda database: database.execute(BY_DIGEST, (artifact, begins, f"{begins}~")).fetchall())
        else:
            return None
        return KnownVersion(*rows[0]) if rows is not None and len(rows) == 1 else None

    def _open(self, work: Callable[[Connection], T], make: bool = False) -> T | None:
        import sqlite3  # here, for a training that never asks

        try:
            if make:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            where = f"{self.path.resolve().as_uri()}?mode={'rwc' if make else 'ro'}"
            with closing(sqlite3.connect(where, timeout=PATIENCE, uri=True)) as database:
                if make:
                    database.execute("PRAGMA synchronous = OFF")
                with database:
                    return work(database)
        except sqlite3.OperationalError:
            return None  # it is not there, or others write
        except (OverflowError, OSError):
            return None
        except sqlite3.DatabaseError:
            with suppress(OSError):  # it is none any more: begin anew
                self.path.unlink()
            return None
