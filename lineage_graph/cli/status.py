"""`lineage-graph status`: which Neo4j, what waits, what was refused."""

from __future__ import annotations

import click

from lineage_graph.cli import show
from lineage_graph.cli.options import Where, command, format_option, where_options


@command("status")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, metavar="N", help="At most so many rejections.")
@where_options
@format_option("text", "json")
def status(limit: int, where: Where, form: str) -> None:
    """Which Neo4j is it, does it answer, what waits, and what was refused?

    Journals that wait are those of this computer whose events are not in the graph yet; `sync` applies them. Rejections are
    events the graph took note of and refused, the newest first.
    """
    from lineage_graph.recording.status import status as look

    settings = where.settings()
    said = look(settings, limit)
    if form == "json":
        show.json(said)
        return
    server, journals, rejections = said["server"], said["journals"], said["rejections"]
    state = f"answers (Neo4j {server['version']})" if server["reachable"] else server["problem"]
    show.facts(
        [
            ("server", server["uri"] or "none"),
            ("state", state),
            ("schema", _schema(server["schema"])),
            ("home", settings.home),
            ("mode", settings.mode),
        ]
    )
    rows = [
        (j["uid"], str(j["events"]), str(j["bytes"]), "yes" if j["live"] else "", str(j["torn"] or ""), j["problem"] or "")
        for j in journals
    ]
    show.section("journals waiting", ("journal", "events", "bytes", "live", "torn", "problem"), rows)
    if server["reachable"]:
        refused = [(r["at"], r["journal"], str(r["seq"]), r["reason"]) for r in rejections]
        show.section("rejected", ("at", "journal", "entry", "reason"), refused)


def _schema(version: int | None) -> str | None:
    """The graph's schema version, for people."""
    from lineage_graph.migrations import LATEST

    if version is None or version == LATEST:
        return None if version is None else str(version)
    return f"{version}; the next write brings it to {LATEST}" if version else f"none; the first write brings it to {LATEST}"
