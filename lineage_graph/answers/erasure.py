"""What was erased, and what could not be reached."""

from __future__ import annotations

from datetime import datetime

from lineage_graph.models import Frozen


class Erasure(Frozen):
    """An erasure as the graph keeps it. groups: 'content', 'personal'; at: when it was asked for, UTC; actor: by whom."""

    event: str
    at: datetime
    groups: tuple[str, ...]
    reason: str
    actor: str | None = None


class Copy(Frozen):
    """A journal that said it and is not on this computer. host: where it was written, where that was still known."""

    journal: str
    host: str | None


class Erased(Frozen):
    """What an erasure did, or with `dry_run` would do.

    of:        the run, version or artifact in full; the person as given, which only this answer says.
    groups:    'content', 'personal'. reason: why.
    dry_run:   nothing was erased; the counts are what would be.
    events:    the uids of the events that say so in the record; none where the graph had nothing left to erase.
    values:    taken out of the graph: each is all of one group that one event said. entries: in how many entries.
    here:      values taken out of journals on this computer. elsewhere: journals that may hold a copy and are not on it.
    manifests, blobs, bytes: taken out of the content store. kept: blobs that other versions still have.
    remains:   what could not be erased or reached, a sentence each.
    """

    of: str
    groups: tuple[str, ...]
    reason: str
    dry_run: bool
    events: tuple[str, ...]
    values: int
    entries: int
    here: int
    elsewhere: tuple[Copy, ...]
    manifests: int
    blobs: int
    bytes: int
    kept: int
    remains: tuple[str, ...]
