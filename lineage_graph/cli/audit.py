"""Trust: whether the record is what was written, seals, keys, and one thing's history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lineage_graph.cli import show
from lineage_graph.cli.options import CONTEXT, Where, command, format_option, where_options

if TYPE_CHECKING:
    from lineage_graph.answers.verification import Verification

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("audit", context_settings=CONTEXT)
def audit() -> None:
    """Is the record what was written? Verify it, seal it, follow one thing.

    Questions for auditors (who touched what, and when) are `query audit/NAME`; `queries audit` lists them.
    """


@command("verify")
@click.argument("name", required=False)
@click.option("--checkpoint", type=FILE, metavar="FILE", help="A seal kept outside: was anything rewritten or cut since?")
@click.option("--public-key", type=FILE, metavar="FILE", help="The key that seals must be signed with, or be linked to.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many findings. Default: 1000.")
@click.option("--after", metavar="CURSOR", help="Go on where an answer was cut.")
@where_options
@format_option("text", "json")
@click.pass_context
def verify(
    ctx: click.Context,
    name: str | None,
    checkpoint: Path | None,
    public_key: Path | None,
    limit: int | None,
    after: str | None,
    where: Where,
    form: str,
) -> None:
    """Compare all that is in the graph with what was written.

    Every journal's chain and its receipts are recomputed, and every node, relationship and property is compared with what they
    say. With --project, what is of that project; with NAME, one version or run. What was erased is a hole that is told, not a
    fault.

    Exit code 0 when it is as it was written, 1 when it is not.
    """
    graph = where.connect()
    with show.progress("verifying", "entries and things") as advance:
        found = graph.verify(
            name,
            project=where.project if name is None else None,
            checkpoint=checkpoint,
            public_key=public_key,
            limit=limit,
            after=after,
            progress=advance,
        )
    if form == "json":
        show.raw(found.model_dump_json())
    else:
        _show(found)
    ctx.exit(0 if found.ok else 1)


def _show(found: Verification) -> None:
    for finding in found.findings:
        show.line(f"{finding.kind}: {finding.sentence}")
    if found.truncated is not None:
        click.echo(f"there are more; --after {found.truncated.cursor} goes on", err=True)
    counts = (
        f"{found.journals:,} journals, {found.entries:,} entries, {found.events:,} events, {found.receipts:,} receipts,"
        f" {found.nodes:,} nodes, {found.relationships:,} relationships, {found.checkpoints:,} seals"
    )
    show.line(f"{counts}: " + ("as it was written" if found.ok else "NOT as it was written"))
    if found.erased:
        show.line(f"{found.erased:,} values were erased, and cannot be compared")
    if found.moving:
        show.line(f"{found.moving:,} things were written about meanwhile, and are not judged; verify again for those")


@command("seal")
@click.option("--key", type=FILE, metavar="FILE", help="Sign it with this private key; `audit key` makes one.")
@click.option("--out", type=FILE, metavar="FILE", help="Write it to a file as well, to be kept elsewhere.")
@where_options
@format_option("text", "json")
def seal(key: Path | None, out: Path | None, where: Where, form: str) -> None:
    """Seal every journal as far as it is now.

    A checkpoint names each journal's last entry and receipt under one hash, and the checkpoint before it. Kept outside the
    graph, it tells of every chain that is rewritten or cut afterwards: `audit verify --checkpoint FILE`.
    """
    made = where.connect().seal(key=key, out=out)
    if form == "json":
        show.raw(made.model_dump_json())
        return
    signed = f"signed with key {made.key}" if made.key else "not signed (--key signs it)"
    show.line(f"checkpoint {made.number}: {made.journals:,} journals, {made.entries:,} entries, root {made.root}, {signed}")
    if made.file is not None:
        show.line(f"it is in {made.file}; keep it where nobody who writes the graph can write")


@command("key")
@click.argument("file", type=FILE)
@click.option("--rotate", type=FILE, metavar="OLD", help="The key that it follows, which signs that it does.")
def key(file: Path, rotate: Path | None) -> None:
    """Make a key to sign checkpoints with: FILE (private, for you alone) and FILE.pub.

    With --rotate, what was sealed with the old key verifies with the new public key, and the other way round.
    """
    from lineage_graph.evidence import keys

    made = keys.make(file, rotate)
    show.line(f"key {keys.fingerprint(made.key)} is in {file}, its public key in {keys.public_path(file)}")


@command("trail")
@click.argument("name")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many steps, the first ones.")
@click.option("--after", metavar="CURSOR", help="Go on where an answer was cut.")
@where_options
@format_option("table", "json")
def trail(name: str, limit: int | None, after: str | None, where: Where, form: str) -> None:
    """What happened to a version, a run or an artifact, in order, and which entry says so?

    NAME is 'project/name:version', 'project/runs/ID', or 'project/name' for an artifact with all its versions.
    """
    from lineage_graph.formats.json import steady
    from lineage_graph.formats.tree import cut

    found = where.connect().trail(name, limit=limit, after=after)
    if form == "json":
        show.raw(found.model_dump_json())
        return
    rows = [
        (
            str(steady(step.at)),
            f"{step.who or ''} (token {step.via})".strip() if step.via else step.who or "",
            step.what if step.result != "rejected" else f"rejected: {step.what} ({step.reason})",
            step.result,
            f"{step.journal} {step.seq}",
        )
        for step in found.steps
    ]
    show.table(("at", "who", "what", "result", "entry"), rows, "nothing")
    if (why := cut(found)) is not None:
        click.echo(why, err=True)


for one in (verify, seal, key, trail):
    audit.add_command(one)
