"""Uses that were refused as nobody had heard of what they name, and could be settled now: journals arrive in any order."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from lineage_graph.errors import JournalProblem
from lineage_graph.events import Used
from lineage_graph.formats import jsonl
from lineage_graph.journal import genesis, seal
from lineage_graph.names import parse_artifact

if TYPE_CHECKING:
    from lineage_graph.ledger import Ledger
    from lineage_graph.lineage import Reader

MOST = 200  # refused events of a project that are looked at, the newest
UNHEARD = "no version "  # how the reason begins


def settle(reader: Reader, ledger: Ledger, artifacts: Collection[str]) -> int:
    """Records the uses of these artifacts that were refused, where what they name is there by now; how many.

    Each is as it was, alone in a journal whose uid follows from the event's, so that it counts once, whoever finds it and
    whatever arrives later. Raises GraphProblem.
    """
    found: dict[str, Used] = {}
    projects = sorted({parse_artifact(name).project for name in artifacts})
    for row in [row for project in projects for row in reader.query("audit/rejections", project=project, limit=MOST)]:
        if row["kind"] == "used" and row["artifact"] in artifacts and row["reason"].startswith(UNHEARD):
            uid = str(uuid.uuid5(uuid.UUID(row["event"]), "again"))
            found[uid] = _event(reader, row["journal"], row["seq"], row["event"]).model_copy(update={"uid": uid})
    for uid in ledger.applied(list(found)) if found else ():
        del found[uid]
    count = 0
    for uid, use in found.items():
        entry = seal(uid, 1, genesis(uid), [use])
        with suppress(JournalProblem):  # another process does the same at this moment
            [receipt] = ledger.rehearse([entry])
            if receipt.outcomes[0]["result"] != "rejected":
                ledger.apply([entry])
                count += 1
    return count


def _event(reader: Reader, journal: str, seq: int, uid: str) -> Used:
    [row] = reader.query("lineage/entries", journal=journal, after=seq - 1, limit=1)
    entry = jsonl.entry_of(row["body"], row["hash"], row["openings"], f"{journal}, entry {seq} in the graph")
    return next(event for event in entry.events if event.uid == uid and isinstance(event, Used))
