"""Uses that were refused as nobody had heard of what they name, and could be settled now: journals arrive in any order."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING

from lineage_graph.events import Used, new_uid
from lineage_graph.formats import jsonl
from lineage_graph.journal import genesis, seal

if TYPE_CHECKING:
    from lineage_graph.ledger import Ledger
    from lineage_graph.lineage import Reader

MOST = 200  # refused uses that are looked at, the newest
UNHEARD = "no version "  # how the reason begins


def settled_now(reader: Reader, ledger: Ledger, journals: Collection[str]) -> list[Used]:
    """The uses in these journals that were refused, as events to record anew: what they name is there by now.

    Each is as it was, with a uid that follows from its own, so that it counts once whoever finds it. Raises GraphProblem.
    """
    uses = []
    for row in reader.rejections(MOST):
        if row["kind"] == "used" and row["journal"] in journals and row["reason"].startswith(UNHEARD):
            [entry] = reader.query("lineage/entries", journal=row["journal"], after=row["seq"] - 1, limit=1)
            where = f"{row['journal']}, entry {row['seq']} in the graph"
            for event in jsonl.entry_of(entry["body"], entry["hash"], entry["openings"], where).events:
                if event.uid == row["event"] and isinstance(event, Used):
                    again = str(uuid.uuid5(uuid.UUID(event.uid), "again"))
                    uses.append(event.model_copy(update={"uid": again}))
    if not uses:
        return []
    trial = new_uid()
    [receipt] = ledger.rehearse([seal(trial, 1, genesis(trial), uses)])
    return [use for use, outcome in zip(uses, receipt.outcomes, strict=True) if outcome["result"] == "recorded"]
